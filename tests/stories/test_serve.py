"""A store being served: people work at the desk meanwhile, and processes die.

The real processes on a free port of this machine. What a command prints is the same as without
them; what was acknowledged stands, once, whoever is killed; and when all is over nobody is left.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import psycopg
import pytest

from openets.ledger.store import open_store, open_writer
from openets.people.counter.process import MAY_NOT_GO_ON
from openets.translog.client import connect_log
from openets.translog.store import load
from tests.conftest import MakeDatabase
from tests.small_office import (
    CEMENT,
    CEMENT_ONE,
    OTHER_SENIOR,
    SENIOR,
    TRADER,
    make_office,
)
from tests.stories.command_line import rows_as_json, run, say
from tests.waiting import SECONDS, wait_for

SERVED = re.compile(r"is served at (http://\S+/)")


class Served:
    """`openets serve` as a process, and what it answers."""

    def __init__(self, store: Path, *options: str) -> None:
        self.store = store
        command = [sys.executable, "-m", "openets", "serve", "--port", "0", "--store", str(store)]
        self.errors = (store.parent / "errors.txt").open("w+")
        self.process = subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, stderr=self.errors, text=True
        )
        assert self.process.stdout is not None
        found = SERVED.search(self.process.stdout.readline())
        if not found:
            self.end(signal.SIGKILL)  # nobody else would
        assert found, self.said()
        self.address = found[1]

    def said(self) -> str:
        """What it has said on standard error."""
        self.errors.seek(0)
        return self.errors.read()

    def get(self, path: str = "") -> tuple[int, str]:
        """The status and the text of an address."""
        try:
            with urlopen(self.address + path, timeout=SECONDS) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()

    def get_as(self, person: int, path: str) -> int:
        """The status of an address of the portal for a person, who is known by number."""
        shown = b64encode(f"{person}:".encode()).decode()
        asked = Request(self.address + path, headers={"Authorization": f"Basic {shown}"})
        try:
            with urlopen(asked, timeout=SECONDS) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code

    def health(self) -> dict[str, Any]:
        """What `/health` says."""
        return dict(json.loads(self.get("health")[1]))

    def children(self) -> dict[str, int]:
        """Its child processes: the module each runs, and its number."""
        found = {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                words = command_of(int(folder.name))
                if str(self.store) in " ".join(words) and "--with-parent" in words:
                    found[words[2].rpartition("openets.")[2]] = int(folder.name)
        return found

    def end(self, with_: signal.Signals = signal.SIGTERM) -> int:
        """Ends it and waits; afterwards nobody is left."""
        self.process.send_signal(with_)
        code = self.process.wait(SECONDS)
        wait_for(lambda: not self.children())
        return code

    def close(self) -> None:
        """Lets go of what it says, and ends it if nobody has."""
        if self.process.poll() is None:
            self.end(signal.SIGKILL)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.errors.close()


def command_of(number: int) -> list[str]:
    """The words a process was started with; none if it has gone."""
    try:
        return Path(f"/proc/{number}/cmdline").read_text().split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


on_sqlite, on_both = (
    pytest.mark.parametrize("make_database", engines, indirect=True)
    for engines in (["sqlite"], ["sqlite", "postgresql"])
)


@pytest.fixture
def served(make_database: MakeDatabase, tmp_path: Path) -> Iterator[Served]:
    """A store that is served, its books and its desk on either engine."""
    urls = {name: make_database(name) for name in ("journal", "query", "desk", "log")}
    found = Served(make_office(tmp_path / "office", urls).directory)
    yield found
    found.close()


# The hour; and how many notices there were to send, for a running writer sends them by itself.
UNEQUAL = re.compile(r"\d\d:\d\d|notices, [^\\]*\\n|Nothing is due\.\\n")
WRITER, LOG, WEB = "schemes.writer", "translog.server", "interfaces.web.server"


def freeze(store: Path, account: int, who: int = SENIOR) -> str:
    fields = ("order=freeze", f"account={account}", "reason=drill")
    sets = [word for field in fields for word in ("--set", field)]
    return run("desk", "propose", "freeze", *sets, "--as", who, store=store)


def walk(store: Path) -> list[object]:
    """A morning at the desk: what each command says, how it ends."""
    said = [
        freeze(store, TRADER),
        say("desk", "approve", 1, "--as", SENIOR, store=store),
        say("desk", "approve", 1, store=store),
        say("desk", "approve", 1, "--as", OTHER_SENIOR, store=store),
        say("desk", "cancel", 1, "--as", SENIOR, "--reason", "late", store=store),
        freeze(store, CEMENT),
        say("desk", "reject", 2, "--as", OTHER_SENIOR, "--reason", "no", store=store),
        freeze(store, CEMENT),
        say("desk", "withdraw", 3, "--as", SENIOR, "--reason", "mistyped", store=store),
        say("account", "refuse", 3, "--ground", "luck", "--as", OTHER_SENIOR, store=store),
        say("account", "papers", "trading", "organisation", store=store),
        say("account", "reviews", "--json", "--as", SENIOR, store=store),
        say("holder", "accounts", 99, "--as", SENIOR, store=store),
        say("holder", "accounts", TRADER, "--as", CEMENT_ONE, store=store),
        say("desk", "list", "--all", "--language", "sl", "--as", SENIOR, store=store),
        say("desk", "list", "--all", "--as", CEMENT_ONE, store=store),
        say("desk", "propose", "melt", "--set", "x=1", "--as", SENIOR, store=store),
        say("work", store=store).error,  # who serves has sent the notices, or some of them
        told(store),
        say("inbox", "list", "--as", OTHER_SENIOR, store=store),
        say("audit", "--as", SENIOR, store=store),
        say("account", "show", TRADER, store=store),
        say("inbox", "list", "--all", "--as", SENIOR, store=store),
        say("inbox", "claim", 1, "--as", OTHER_SENIOR, store=store),
        say("inbox", "request", "permit", "--account", CEMENT, "--as", SENIOR, store=store),
        say("audit", "--as", SENIOR, "--language", "sl", store=store),
        say("compliance", "surrender", "EX-000009", "--as", SENIOR, store=store),
    ]
    return [UNEQUAL.sub("", str(one)) for one in said]


def told(store: Path) -> list[tuple[str, str]]:
    """Whom the outbox tells what."""
    rows = rows_as_json("outbox", "list", "--as", SENIOR, store=store)
    return sorted((row["to"], row["subject"]) for row in rows)


@on_both
def test_a_morning_at_the_desk_is_the_same_and_the_page_changes(
    served: Served, tmp_path: Path
) -> None:
    alone = walk(make_office(tmp_path / "alone").directory)
    status, page = served.get()
    assert status == 200
    before = int(re.findall(r"Records in the log</dt><dd>(\d+)", page)[0])
    assert walk(served.store) == alone
    assert (
        rows_as_json("desk", "list", "--all", "--as", SENIOR, store=served.store)[-1]["state"]
        == "completed"
    )
    status, page = served.get()
    after = int(re.findall(r"Records in the log</dt><dd>(\d+)", page)[0])
    assert after == before + 1  # the freeze that was approved
    assert f"figures go up to record {after}" in page
    assert "query tables were last caught up" in page
    health = served.health()
    assert health["well"] is True
    assert {part["record"] for name, part in health.items() if name in ("writer", "log")} == {after}
    assert health["tables"]["lag"] == 0
    assert [served.get_as(SENIOR, "portal/"), served.get("portal/")[0]] == [200, 401]
    assert served.get_as(SENIOR, "portal/operators/EX-000009/") == 404
    second = say("serve", "--port", 0, store=served.store)
    assert (second.code, second.out) == (2, "")
    assert "Another `openets serve` serves the store" in second.error
    assert served.end() == 0
    assert served.process.returncode == 0
    assert json.loads(run("verify", "--json", store=served.store))["sound"] is True
    assert not list(served.store.rglob("*.sock"))


@pytest.mark.parametrize(
    ("make_database", "victim"),
    [
        *(("sqlite", victim) for victim in (WRITER, LOG, WEB)),
        *(("postgresql", victim) for victim in (WRITER, LOG)),
    ],
    indirect=["make_database"],
)
def test_who_is_killed_is_started_again_and_nothing_is_lost_or_done_twice(
    served: Served, victim: str
) -> None:
    freeze(served.store, TRADER)
    before = served.children()
    assert set(before) == {WRITER, LOG, WEB}
    os.kill(before[victim], signal.SIGKILL)
    # At once, whoever of the others is there: what cannot be done now is asked again.
    words = ("desk", "approve", 1, "--as", OTHER_SENIOR)
    said = [say(*words, store=served.store)]
    wait_for(lambda: served.children().get(victim, before[victim]) != before[victim])
    wait_for(lambda: served.health()["well"])
    said.append(say(*words, store=served.store))
    assert any("completed" in one.out + one.error for one in said), said
    assert "ended (killed by signal 9); it is started again" in served.said()
    (row,) = rows_as_json("desk", "list", "--all", "--as", SENIOR, store=served.store)
    assert row["state"] == "completed"
    assert "frozen by record" in run("account", "show", TRADER, store=served.store)
    assert served.end(signal.SIGINT) == 0
    found = json.loads(run("verify", "--json", store=served.store))
    assert (found["sound"], found["records"]) == (True, 14)  # 13 of the office, one freeze


@pytest.mark.parametrize("make_database", ["postgresql"], indirect=True)
def test_a_database_server_that_drops_every_connection_is_come_back_to(
    served: Served, postgres_dsn: str
) -> None:
    freeze(served.store, TRADER)
    before = served.children()
    store = open_store(served.store)
    urls = (store.journal_url, store.query_url, store.desk_url, load(store.log_directory).url)
    names = [urlsplit(url).path.strip("/") for url in urls]
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY(%s)"
        assert connection.execute(sql, (names,)).fetchall()
    for who in (WRITER, LOG):
        wait_for(lambda who=who: served.children().get(who, before[who]) != before[who])
    wait_for(lambda: served.health()["well"])
    assert served.said().count("ended (exit code 1); it is started again") >= 2
    assert "completed" in run("desk", "approve", 1, "--as", OTHER_SENIOR, store=served.store)
    assert served.end() == 0
    assert json.loads(run("verify", "--json", store=served.store))["sound"] is True


@on_sqlite
def test_when_the_parent_is_killed_nobody_is_left_and_the_next_serves(served: Served) -> None:
    assert set(served.children()) == {WRITER, LOG, WEB}
    served.end(signal.SIGKILL)
    again = Served(served.store)
    assert again.health()["well"] is True
    assert again.end() == 0
    again.close()


@on_sqlite
def test_a_writer_that_may_not_go_on_ends_everything(served: Served) -> None:
    """Another writer, past the lock of this machine, takes over at the log."""
    store = open_store(served.store)
    log = connect_log(store.log_directory)
    second = open_writer(store, log, exclusive=False)
    second.close()
    log.stop()
    freeze(served.store, TRADER)
    late = say("desk", "approve", 1, "--as", OTHER_SENIOR, store=served.store)
    assert (late.code, "Another writer has taken over" in late.error) == (2, True)
    assert served.process.wait(SECONDS) == 1
    assert "Another writer has taken over" in served.said()
    assert "The writer may not go on." in served.said()
    assert f"exit code {MAY_NOT_GO_ON}" not in served.said()
    wait_for(lambda: not served.children())


def test_a_log_that_is_a_service_of_its_own_is_used_and_left_alone(tmp_path: Path) -> None:
    store = make_office(tmp_path / "office").directory
    command = [sys.executable, "-m", "openets", "log", "serve", "--store", str(store)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as log:
        assert log.stdout is not None and log.stdout.readline() == "ready\n"
        served = Served(store)
        assert set(served.children()) == {WRITER, WEB}
        assert served.end() == 0
        served.close()
        assert log.poll() is None
        log.send_signal(signal.SIGTERM)
        assert log.wait(SECONDS) == 0


def test_a_port_in_use_and_a_store_that_cannot_be_served(tmp_path: Path) -> None:
    store = make_office(tmp_path / "office").directory
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = say("serve", "--port", taken.getsockname()[1], store=store)
    assert (said.code, said.out) == (1, "")
    assert "Address already in use. Choose with --port" in said.error
    said = say("serve", "--port", 0, "--host", "nowhere.invalid", store=store)
    assert (said.code, "Cannot listen on nowhere.invalid port 0" in said.error) == (1, True)
    (store / "log" / "log.toml").unlink()
    said = say("serve", "--port", 0, store=store)
    assert (said.code, "There is no log at" in said.error) == (2, True)


def test_a_child_that_cannot_get_ready_ends_everything(tmp_path: Path) -> None:
    store = make_office(tmp_path / "office").directory
    (store / "log" / "signing.pem").write_text("no key")
    command = [sys.executable, "-m", "openets", "serve", "--port", "0", "--store", str(store)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    assert ended.returncode == 1
    assert "The log did not start (exit code 1)." in ended.stderr
