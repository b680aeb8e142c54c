"""A transfer at the desk, typed: proposed, refused to its proposer, approved, cancelled, told.

The office is a practice store, so people act with --as; its clock is the real one, and its law
applies from 2030 on: what is typed here is therefore what needs no day of that law.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from openets.ledger.store import create_store, open_store
from openets.people.opening import desk_database
from openets.people.register import Register
from openets.translog.server import at_its_socket
from tests.small_office import (
    CEMENT_ONE,
    CENTRAL,
    OTHER_CENTRAL,
    OTHER_SENIOR,
    SENIOR,
    TRADER,
    TRADER_ONE,
    make_office,
)
from tests.stories.command_line import rows_as_csv, rows_as_json, run, say

NOT_TO, STOLEN = "incoming units too: no", "stolen credentials"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Path]:
    made = make_office(tmp_path / "office")
    with at_its_socket(made.log_directory):
        yield made.directory


def freeze(office: Path, who: int) -> str:
    fields = ("order=freeze", f"account={TRADER}", f"reason={STOLEN}")
    sets = [word for field in fields for word in ("--set", field)]
    return run("desk", "propose", "freeze", *sets, "--as", who, store=office)


def test_a_freeze_by_two_people(office: Path) -> None:
    said = freeze(office, SENIOR)
    assert "proposal 1  freeze, awaiting approval" in said
    assert "needs a second person" in said
    assert "If approved now: " in said
    own = say("desk", "approve", 1, "--as", SENIOR, store=office)
    assert (own.code, "desk.own-proposal" in own.error) == (2, True)
    assert "completed" in run("desk", "approve", 1, "--as", OTHER_SENIOR, store=office)
    assert "frozen by record" in run("account", "show", TRADER, store=office)
    (row,) = rows_as_json("desk", "list", "--all", "--as", SENIOR, store=office)
    assert (row["state"], row["by"]) == ("completed", str(SENIOR))
    assert row["what"] == f"freeze, order freeze, account {TRADER}, {NOT_TO}, reason {STOLEN}"
    assert json.loads(row["body"])["reason"] == STOLEN
    shown = run("desk", "list", "--all", "--language", "sl", "--as", SENIOR, store=office)
    assert "odredba: zamrznitev" in " ".join(shown.split()) and '"reason"' not in shown
    (as_csv,) = rows_as_csv("desk", "list", "--all", "--as", SENIOR, store=office)
    assert as_csv == row
    assert rows_as_json("desk", "list", "--as", SENIOR, store=office) == []  # it has ended
    assert rows_as_json("desk", "list", "--all", "--as", CEMENT_ONE, store=office) == []
    assert "Nobody is signed in" in say("desk", "list", store=office).error
    assert "There is no active person 99." in say("desk", "list", "--as", 99, store=office).error
    latin = say("desk", "list", "--language", "la", "--as", SENIOR, store=office)
    assert "--language is one of en, sl." in latin.error
    trail = rows_as_csv("audit", "--proposal", 1, "--as", SENIOR, store=office)
    told = [row["what"] for row in trail]
    assert told[0].startswith(f"Person {SENIOR} (senior administrator) proposed: freeze")
    assert any(f"Person {OTHER_SENIOR} (senior administrator) approved it" in line for line in told)


def test_a_proposal_is_rejected_or_taken_back_with_a_reason(office: Path) -> None:
    freeze(office, CENTRAL)
    said = run(
        "desk", "reject", 1, "--reason", "wrong account", "--as", OTHER_CENTRAL, store=office
    )
    assert "freeze, rejected" in said and "because: wrong account" in said
    freeze(office, CENTRAL)
    said = run("desk", "withdraw", 2, "--reason", "mistyped", "--as", CENTRAL, store=office)
    assert "freeze, withdrawn" in said
    late = say("desk", "cancel", 2, "--reason", "again", "--as", CENTRAL, store=office)
    assert "desk.other-state" in late.error
    assert "notices, no address: " in run("work", store=office)
    assert run("work", store=office) == "Nothing is due.\n"


def test_who_may_not_and_what_is_malformed(office: Path) -> None:
    sets = ("--set", "order=melt", "--set", "rubbish=1")
    said = say("desk", "propose", "freeze", *sets, "--as", SENIOR, store=office)
    assert said.error.count("people.malformed") == 3  # order, reason, rubbish: all at once
    assert "'melt' is not 'freeze' or 'lift'. [order]" in said.error
    assert "This field is missing. [reason]" in said.error
    assert "There is no such field; there are order, account, " in said.error
    fields = ("--set", "order=freeze", "--set", f"account={TRADER}", "--set", "reason=x")
    said = say("desk", "propose", "freeze", *fields, "--as", TRADER_ONE, store=office)
    assert "A representative may not propose freeze" in said.error
    said = say("desk", "propose", "melt", *fields, "--as", SENIOR, store=office)
    assert "There is no command 'melt'; there are transaction, " in said.error
    said = say("desk", "propose", "melt", "--as", SENIOR, store=office)
    assert "There is no command 'melt'; there are transaction, " in said.error
    said = say("desk", "propose", "freeze", "--as", SENIOR, store=office)
    assert "freeze has the fields order, [account], " in said.error
    said = say("desk", "propose", "freeze", "--set", "reason", "--as", SENIOR, store=office)
    assert "'reason' is no field: write name=value." in said.error
    assert rows_as_json("desk", "list", "--all", "--as", SENIOR, store=office) == []


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        ("transaction", ("type=10-0", "transferring=3", "acquiring=5", "kind=1", "quantity=5")),
        ("transaction", ("type=99-9", "transferring=3", "acquiring=5", "kind=9", "quantity=5")),
        ("trusted account", ("account=3", "listed=5")),
    ],
)
def test_where_the_law_has_not_begun_a_sentence_says_so(
    office: Path, command: str, fields: tuple[str, ...]
) -> None:
    sets = [word for field in fields for word in ("--set", field)]
    said = say("desk", "propose", command, *sets, "--as", SENIOR, store=office)
    assert (said.code, "people.no-law" in said.error) == (2, True)
    assert "applies from 2030-01-01" in said.error


def test_a_person_and_the_token_that_proves_it(
    office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = run("person", "add", "senior administrator", "--registry", "EX", store=office)
    number, token = said.split()[1].rstrip(":"), said.split()[-1]
    assert {
        "person": number,
        "role": "senior administrator",
        "registry": "EX",
        "state": "active",
    } in (rows_as_json("person", "list", store=office))
    monkeypatch.setenv("OPENETS_TOKEN", token)
    fields = ("--set", "order=freeze", "--set", f"account={TRADER}", "--set", "reason=x")
    run("desk", "propose", "freeze", *fields, store=office)
    (row,) = rows_as_json("desk", "list", "--as", SENIOR, store=office)
    assert row["by"] == number
    database = desk_database(open_store(office))
    Register(database).set_person_state(int(number), "suspended")
    database.close()
    assert "Nobody is signed in" in say("desk", "approve", 1, store=office).error


def test_a_stranger_is_told_so_without_the_books(office: Path) -> None:
    """A store whose books cannot be opened answers a person with why, and a stranger at once."""
    (office / "registry" / "signing.pem").unlink()
    assert "Nobody is signed in" in say("desk", "approve", 1, store=office).error
    known = say("desk", "approve", 1, "--as", SENIOR, store=office)
    assert "signing.pem" in known.error and "signed in" not in known.error


def test_who_registered_enrols_with_a_key_that_came_by_letter(tmp_path: Path) -> None:
    store = create_store(tmp_path / "isles", jurisdiction="uk", mode="practice").directory
    add = ("person", "add")
    assert ", active\n" in run(*add, "senior administrator", "--registry", "GB", store=store)
    assert ", registered\n" in run(*add, "representative", "--registry", "GB", store=store)
    assert "There is no active person 2." in say("inbox", "list", "--as", 2, store=store).error
    said = run("person", "key", 2, "--as", 1, store=store)
    assert said.startswith("key for person 2: ") and "good until" in said
    key = said.split()[4]
    wrong = say("person", "enrol", key[:-1] + "0", "--as", 2, store=store)
    assert (wrong.code, "people.key-malformed" in wrong.error) == (2, True)
    assert run("person", "enrol", key, "--as", 2, store=store) == "person 2: active\n"
    run("inbox", "list", "--as", 2, store=store)
    again = say("person", "key", 2, "--as", 1, store=store)
    assert "people.needs-no-key" in again.error


def test_what_can_be_proposed_and_who_may(office: Path) -> None:
    assert {row["command"] for row in rows_as_json("desk", "commands")} >= {"transaction", "freeze"}
    cells = rows_as_csv("person", "rights")
    assert {"role": "auditor", "may": "trace units", "where": "anywhere"} in cells
