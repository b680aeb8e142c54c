"""A morning at the inbox, typed: a request for documents, claims, notices as files, the trail.

The office is a practice store under the law of the example, which begins in 2030; its clock is set
to a day of that year.
"""

from __future__ import annotations

import email
from collections.abc import Iterator
from email import policy
from pathlib import Path

import pytest

from openets.kernel.clock import FixedClock
from openets.translog.server import at_its_socket
from tests.small_office import (
    AUDITOR,
    CEMENT,
    CEMENT_ONE,
    CEMENT_TWO,
    ENDED,
    GLASS_ONE,
    KIND,
    MONDAY,
    OTHER_SENIOR,
    SENIOR,
    make_office,
)
from tests.stories.command_line import rows_as_csv, rows_as_json, run, say

SURRENDER = {
    "type": "10-2",
    "transferring": CEMENT,
    "acquiring": ENDED,
    "kind": KIND,
    "quantity": 2,
    "year": 2030,
}


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr("openets.people.opening.SystemClock", lambda: FixedClock(MONDAY))
    made = make_office(tmp_path / "office")
    with at_its_socket(made.log_directory):
        yield made.directory


def propose(office: Path) -> None:
    sets = [word for name, value in SURRENDER.items() for word in ("--set", f"{name}={value}")]
    run("desk", "propose", "transaction", *sets, "--as", CEMENT_ONE, store=office)


def test_a_task_is_claimed_commented_taken_over_and_given(office: Path) -> None:
    propose(office)
    (row,) = rows_as_json("inbox", "list", "--as", CEMENT_TWO, store=office)
    assert row["what"] == "2 units of kind 1 by 10-2 from account 3 to account 2, for 2030"
    assert (row["state"], row["you may"]) == ("open", "claim, comment, approve, reject, withdraw")
    assert rows_as_json("inbox", "list", "--as", GLASS_ONE, store=office) == []
    said = run("inbox", "claim", 1, "--as", CEMENT_TWO, store=office)
    assert said == "task 1 is claimed by person 6\n"
    run("inbox", "comment", 1, "wait for the report", "--as", CEMENT_TWO, store=office)
    late = say("desk", "approve", 1, "--as", SENIOR, store=office)
    assert "desk.claimed-by-another" in late.error
    run("inbox", "claim", 1, "--as", SENIOR, store=office)
    run("inbox", "assign", 1, OTHER_SENIOR, "--as", SENIOR, store=office)
    shown = run("inbox", "show", 1, "--as", CEMENT_TWO, store=office)
    assert "claimed by person 2" in shown
    assert "person 6 (representative): wait for the report" in shown
    run("inbox", "release", 1, "--as", OTHER_SENIOR, store=office)
    assert "completed" in run("desk", "approve", 1, "--as", CEMENT_TWO, store=office)
    assert rows_as_json("inbox", "list", "--as", CEMENT_TWO, store=office) == []
    (row,) = rows_as_csv("inbox", "list", "--all", "--as", CEMENT_TWO, store=office)
    assert row["state"] == "approved"


def test_documents_by_digest(office: Path, tmp_path: Path) -> None:
    said = run("inbox", "request", "permit", "--account", CEMENT, "--as", SENIOR, store=office)
    assert said == "task 1 asks for: permit, before 2030-03-19 00:00 UTC\n"
    file = tmp_path / "permit 7.pdf"
    file.write_bytes(b"a permit")
    submit = ("inbox", "submit", 1, "permit", file)
    assert "SHA-256 " in run(*submit, "--as", CEMENT_ONE, store=office)
    refuse = ("inbox", "refuse", 1, "permit", "--reason", "not legible")
    assert "refused" in run(*refuse, "--as", OTHER_SENIOR, store=office)
    assert "permit, refused: permit 7.pdf, 8 bytes, " in run(
        "inbox", "show", 1, "--as", CEMENT_ONE, store=office
    )
    run(*submit, "--as", CEMENT_ONE, store=office)
    assert "accepted" in run("inbox", "accept", 1, "permit", "--as", OTHER_SENIOR, store=office)
    run("inbox", "request", "identity", "--person", GLASS_ONE, "--as", SENIOR, store=office)
    said = run("inbox", "close", 2, "--reason", "it came", "--as", SENIOR, store=office)
    assert said == "task 2 is closed\n"
    empty = ("inbox", "submit", 2, "identity", tmp_path / "nowhere", "--as", GLASS_ONE)
    assert "No such file" in say(*empty, store=office).error


def test_notices_go_out_as_files_in_each_ones_language(office: Path) -> None:
    address = "person-6@example.org"
    said = run("person", "contact", CEMENT_TWO, "--mail", address, "--language", "sl", store=office)
    assert said == f"person 6: {address}, sl\n"
    propose(office)
    assert run("work", store=office).endswith("notices, sent: 1\n")
    (path,) = (office / "outbox").iterdir()
    message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
    assert (message["To"], message["Subject"]) == (address, "Predlog 1 čaka na vašo odobritev")
    run("desk", "approve", 1, "--as", CEMENT_TWO, store=office)
    assert "notices, no address: 1" in run("work", store=office)
    rows = rows_as_json("outbox", "list", "--as", SENIOR, store=office)
    states = {(row["to"], row["subject"]): row["state"] for row in rows}
    assert states["5", "Proposal 1 has been carried out"] == "no address"
    (mine, *_) = rows_as_csv("outbox", "list", "--as", CEMENT_TWO, "--language", "sl", store=office)
    assert mine["subject"] == "Predlog 1 je izveden"
    run("person", "contact", CEMENT_ONE, "--mail", "five@example.org", store=office)
    number = next(row["notice"] for row in rows if row["state"] == "no address")
    run("outbox", "retry", number, "--as", SENIOR, store=office)
    assert "notices, sent: 1" in run("work", store=office)
    again = say("outbox", "retry", number, "--as", SENIOR, store=office)
    assert "neither dead nor without an address" in again.error
    mine_ = say("outbox", "retry", number, "--as", CEMENT_ONE, store=office)
    assert "people.not-permitted" in mine_.error


def test_the_trail_by_account_person_and_period(office: Path) -> None:
    propose(office)
    run("desk", "approve", 1, "--as", CEMENT_TWO, store=office)
    every = rows_as_csv("audit", "--as", AUDITOR, store=office)
    assert [row["by"] for row in every] == ["5", "", "6", ""]
    assert rows_as_json("audit", "--account", CEMENT, "--as", CEMENT_ONE, store=office)
    refused = say("audit", "--account", CEMENT, "--as", GLASS_ONE, store=office)
    assert "people.not-permitted" in refused.error
    said = run("audit", "--person", CEMENT_TWO, "--language", "sl", "--as", SENIOR, store=office)
    assert "je odobrila predlog" in said
    day = ("--since", "2030-03-04", "--until", "2030-03-04")
    assert len(rows_as_json("audit", *day, "--as", SENIOR, store=office)) == 4
    assert rows_as_json("audit", "--since", "2030-03-05", "--as", SENIOR, store=office) == []


def test_a_window_is_planned_listed_and_cancelled(office: Path) -> None:
    """The example's law begins later: where it is silent windows are windows all the same."""
    when = ("2036-12-31T16:00Z", "2037-01-04T12:00Z", "--registry", "EX")
    as_, other = ("--as", SENIOR), ("--as", OTHER_SENIOR)
    said = run("maintenance", "plan", *when, "--reason", "new release", *as_, store=office)
    assert "proposal 1  maintenance, awaiting approval" in said
    run("desk", "approve", 1, *other, store=office)
    (row,) = rows_as_json("maintenance", "list", "--as", CEMENT_ONE, store=office)
    assert (row["proposal"], row["registry"], row["state"]) == ("1", "EX", "planned")
    assert (row["opens"], row["closes"]) == ("2036-12-31 16:00", "2037-01-04 12:00")
    run("maintenance", "cancel", 1, "--reason", "put off", *as_, store=office)
    assert "completed" in run("desk", "approve", 2, *other, store=office)
    (row,) = rows_as_csv("maintenance", "list", "--as", CEMENT_ONE, store=office)
    assert (row["state"], row["reason"]) == ("cancelled", "new release")
    again = say("maintenance", "cancel", 1, "--reason", "x", *as_, store=office)
    assert "people.maintenance-cancelled" in again.error
    told = rows_as_json("outbox", "list", "--language", "sl", "--as", CEMENT_ONE, store=office)
    assert told[0]["subject"] == "Register ostane odprt: vzdrževanje je preklicano"
    malformed = say("maintenance", "plan", "soon", "later", "--reason", "x", *as_, store=office)
    assert malformed.error.count("people.malformed") == 2
