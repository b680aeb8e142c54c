"""An installation's life in the register, typed: entered, opened, passed on, reviewed, closed.

The office is a practice store under the law of the example, which begins in 2030; its clock is set
to a day of that year.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from openets.kernel.clock import FixedClock
from openets.ledger.store import open_store, open_writer
from openets.translog.client import open_local_log
from openets.translog.server import at_its_socket
from tests.small_office import (
    CEMENT,
    GLASS,
    GLASS_ONE,
    GLASS_TWO,
    KIND,
    MONDAY,
    OTHER_SENIOR,
    SENIOR,
    TRADER,
    TRADER_ONE,
    TRADER_TWO,
    make_office,
)
from tests.stories.command_line import rows_as_csv, rows_as_json, run, say

NEXT = TRADER + 1
BOTH = "initiate and approve"
REPRESENTED = (
    "--representative",
    f"{TRADER_ONE}={BOTH}",
    "--representative",
    f"{TRADER_TWO}={BOTH}",
)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for module in ("people.opening", "interfaces.cli.people"):
        monkeypatch.setattr(f"openets.{module}.SystemClock", lambda: FixedClock(MONDAY))
    made = make_office(tmp_path / "office")
    with at_its_socket(made.log_directory):
        yield made.directory


def two(office: Path, *words: str | int) -> str:
    """Proposed by one senior administrator, approved by the other."""
    said = run(*words, "--as", SENIOR, store=office)
    number = said.split()[1]
    return run("desk", "approve", number, "--as", OTHER_SENIOR, store=office)


OPERATOR = ("operator", "register", "installation", "permit 12", "--registry", "EX")
YEARS = ("--activity", 20, "--first-year", 2030)


def test_what_the_law_asks_for_is_answered_while_another_writes(office: Path) -> None:
    store = open_store(office)
    log = open_local_log(store.log_directory)
    with closing(open_writer(store, log)):
        asked = rows_as_csv("account", "papers", "operator-holding", "government", store=office)
        assert "already the writer" in say("account", "reviews", "--as", SENIOR, store=office).error
    log.stop()
    assert [row["document"] for row in asked] == ["permit"]


def test_from_the_first_entry_to_the_closing(office: Path) -> None:
    assert "completed" in two(office, *OPERATOR, *YEARS)
    (row,) = rows_as_json("operator", "list", store=office)
    assert (row["operator"], row["permit"], row["until"]) == ("EX-000001", "permit 12", "")
    asked = rows_as_csv("account", "papers", "operator-holding", "organisation", store=office)
    assert [one["document"] for one in asked] == ["register extract", "permit"]
    request = ("account", "request", "operator-holding", "--registry", "EX", "--holder", TRADER)
    request += ("--operator", "EX-000001")
    said = say(*request, "--as", SENIOR, store=office)
    assert said.code == 2
    assert "people.document-missing" in said.error
    assert "people.too-few-representatives" in said.error
    opened = two(office, *request, *REPRESENTED, "--document", "permit=file 7")
    assert "open account, completed" in opened
    rows = rows_as_json("holder", "accounts", TRADER, "--as", SENIOR, store=office)
    assert rows[-1]["account"].startswith(f"EX-100-{NEXT}-0-")
    full = rows[-1]["account"]
    close = ("account", "close", full, "--reason", "the works are gone")
    assert "people.closing-no-last-year" in say(*close, "--as", SENIOR, store=office).error
    two(office, *OPERATOR, *YEARS, "--last-year", 2030, "--update", "EX-000001")
    two(office, "operator", "exclude", "EX-000001", 2030, "--ground", "out of scope")
    assert "close account, completed" in two(office, *close)
    assert f"{full}  operator-holding, closed" in run("account", "show", full, store=office)


def test_a_holder_and_a_verifier_are_entered(office: Path) -> None:
    wrong = ("holder", "register", "organisation", "XX", "--registry", "EX", "--vat", "AT1")
    said = say(*wrong, "--as", SENIOR, store=office).error
    assert all(code in said for code in ("people.country", "people.registration", "people.vat"))
    right = ("holder", "register", "organisation", "AT", "--registry", "EX")
    right += ("--registration", "FN 9", "--document", "register extract=file 3")
    two(office, *right)
    row = rows_as_json("holder", "list", "--as", SENIOR, store=office)[-1]
    assert (row["country"], row["registration"], row["accounts"]) == ("AT", "FN 9", "")
    person = run("person", "add", "verifier", "--registry", "EX", store=office).split()[1][:-1]
    verifier = ("verifier", "register", "no 5", "--registry", "EX", "--scope", 20)
    two(office, *verifier, "--person", person, "--expires", "2030-12-31")
    (row,) = rows_as_csv("verifier", "list", store=office)
    assert (row["accreditation"], row["scope"], row["expires"]) == ("no 5", "20", "2030-12-31")
    said = say(*right[:-1], "file 3", "--as", SENIOR, store=office).error
    assert "'file 3' is not written name=value." in said


def test_a_request_is_refused_on_a_ground_of_the_law(office: Path) -> None:
    request = ("account", "request", "trading", "--registry", "EX", "--holder", TRADER)
    run(*request, *REPRESENTED, "--as", SENIOR, store=office)
    refuse = ("account", "refuse", 1, "--as", OTHER_SENIOR, "--ground")
    assert "people.refusal-ground" in say(*refuse, "a bad feeling", store=office).error
    said = run(*refuse, "reasonable suspicion", "--note", "file 9", store=office)
    assert "because: reasonable suspicion: file 9" in said


def test_an_account_is_suspended_passed_on_and_reviewed(office: Path) -> None:
    two(office, "account", "status", CEMENT, "suspended", "--reason", "fees unpaid")
    assert "operator-holding, suspended" in run("account", "show", CEMENT, store=office)
    two(office, "account", "status", CEMENT, "open", "--reason", "fees paid")
    pass_on = ("account", "hand-over", CEMENT, "--holder", GLASS, "--reason", "sale of the works")
    named = ("--representative", f"{GLASS_ONE}={BOTH}", "--representative", f"{GLASS_TWO}={BOTH}")
    two(office, *pass_on, *named, "--document", "permit=file 8")
    assert len(rows_as_json("holder", "accounts", GLASS, "--as", SENIOR, store=office)) == 2
    due = rows_as_csv("account", "reviews", "--as", SENIOR, store=office)
    assert [one["due"] for one in due] == ["overdue", "overdue"]  # glass and the trader
    two(office, "account", "review", GLASS)
    two(office, "account", "review", TRADER)
    assert run("account", "reviews", "--as", SENIOR, store=office) == "No review is due.\n"
    (row,) = rows_as_json("account", "reviews", "--by", "2033-03-04", "--as", SENIOR, store=office)
    assert (row["last review"], row["due"]) == ("2030-03-04", "2033-03-04")
    assert (
        "is no day" in say("account", "reviews", "--by", "soon", "--as", SENIOR, store=office).error
    )


TO_GLASS = {"transferring": TRADER, "acquiring": GLASS, "kind": KIND, "quantity": 5}


def sets(**fields: object) -> tuple[str, ...]:
    return tuple(word for name, value in fields.items() for word in ("--set", f"{name}={value}"))


NO_LAW: list[tuple[tuple[str | int, ...], str]] = [
    (("holder", "accounts", TRADER), "The law of 2026-11-25 has no account type trading."),
    (
        ("account", "hand-over", CEMENT, "--holder", GLASS, "--reason", "sale"),
        "The law of 2026-11-25 has no account type operator-holding.",
    ),
    (
        ("desk", "propose", "transaction", *sets(type="10-0", **TO_GLASS)),
        "desk.calendar has no value for 2026-11-25; it applies from 2030-01-01.",
    ),
    (
        ("desk", "propose", "trusted account", *sets(account=TRADER, listed=GLASS)),
        "desk.calendar has no value for 2026-11-25",
    ),
]
REFUSED: list[tuple[tuple[str | int, ...], str]] = [
    (("account", "status", TRADER, "blocked", "--reason", "x"), "no account status blocked"),
    (("account", "close", TRADER, "--reason", "x"), "no account status closing"),
    (
        ("account", "request", "trading", "--registry", "EX", "--holder", TRADER),
        "has no account type trading on that day",
    ),
]
ANSWERED: list[tuple[str | int, ...]] = [
    ("account", "reviews"),
    ("allocation", "show"),
    ("allocation", "reserve", 2030),
    ("desk", "list"),
    ("inbox", "list"),
]


def test_before_the_law_of_a_store_applies_that_is_said(
    office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The example's law applies from 2030; what needs none of it is answered all the same."""
    clock = FixedClock(datetime(2026, 11, 25, 12, tzinfo=UTC))
    monkeypatch.setattr("openets.people.opening.SystemClock", lambda: clock)
    for words, sentence in [*NO_LAW, *REFUSED]:
        answer = say(*words, "--as", SENIOR, store=office)
        assert (answer.code, answer.out) == (2, "")
        assert sentence in answer.error
        assert ("people.no-law" in answer.error) == ((words, sentence) in NO_LAW)
    for words in ANSWERED:
        assert run(*words, "--as", SENIOR, store=office)
    assert run("work", store=office) == "Nothing is due.\n"
