"""A changed law on a running registry: shown, decided by two, adopted as an act."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from openets.kernel.clock import FixedClock
from openets.kernel.refusal import Refused
from openets.ledger.store import Store
from openets.ledger.verify import verify
from openets.people.opening import Opened
from openets.rulebook.kept import kept
from openets.rulebook.load import FURTHER_LAW, LAW, load_rulebook
from tests.small_office import (
    CEMENT,
    CEMENT_ONE,
    CENTRAL,
    KIND,
    MONDAY,
    OTHER_CENTRAL,
    SENIOR,
    TRADER,
    make_office,
    person,
    staffed,
)
from tests.stories.command_line import rows_as_json, run, say

NAME = "changing"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv(FURTHER_LAW, str(tmp_path / "law"))
    shutil.copytree(LAW / "example", tmp_path / "law" / NAME)
    load_rulebook.cache_clear()
    made = make_office(tmp_path / "store", jurisdiction=NAME)
    run("recover", store=made.directory)
    return made


def change_the_law(tmp_path: Path) -> bytes:
    """The next release: transfers may be cancelled until three hours before, not two."""
    file = tmp_path / "law" / NAME / "founding-act" / "desk.yaml"
    before = "    - from: 2030\n      enacted: 2029-06-01\n      value: 2\n"
    text = file.read_text()
    assert text.count(before) == 1
    file.write_text(text.replace(before, before.replace("value: 2", "value: 3")))
    load_rulebook.cache_clear()
    return load_rulebook(NAME).digest


def transfer(office: Opened) -> None:
    fields = {"type": "10-0", "transferring": CEMENT, "acquiring": TRADER, "kind": KIND}
    body = json.dumps({**fields, "quantity": 1})
    proposal = office.desk.propose(person(office, CEMENT_ONE), "transaction", body)
    office.desk.approve(person(office, SENIOR), proposal.number)


def test_two_people_adopt_a_changed_law(store: Store, tmp_path: Path) -> None:
    old = load_rulebook(NAME).digest
    assert kept(store.law_directory, old) is not None
    assert run("law", "changes", store=store.directory).startswith("The store works by the law")
    digest = change_the_law(tmp_path)
    (row,) = rows_as_json("law", "changes", store=store.directory)
    assert (row["path"], row["what"]) == ("desk.cancel-before", "changed")
    body = json.dumps({"digest": digest.hex()})
    with staffed(store, FixedClock(MONDAY)) as office:
        with pytest.raises(Refused, match=r"people\.not-permitted"):
            office.desk.propose(person(office, SENIOR), "adopt rulebook", body)
        proposal = office.desk.propose(person(office, CENTRAL), "adopt rulebook", body)
        told = next(iter(office.desk.proposals.events(proposal.number))).sentence
        assert "1 parameter differs from the law in force: desk.cancel-before" in told
        with pytest.raises(Refused, match="a second person must"):
            office.desk.approve(person(office, CENTRAL), proposal.number)
        done = office.desk.approve(person(office, OTHER_CENTRAL), proposal.number)
        assert done.state == "completed"
        assert office.office.writer.book.rulebook_digest == digest
        transfer(office)
        with pytest.raises(Refused, match=r"people\.law-already-adopted"):
            office.desk.propose(person(office, CENTRAL), "adopt rulebook", body)
        other = json.dumps({"digest": "0" * 64})
        with pytest.raises(Refused, match=r"ledger\.other-rulebook"):
            office.desk.propose(person(office, CENTRAL), "adopt rulebook", other)
    assert kept(store.law_directory, digest) is not None
    assert verify(store).sound


def test_until_then_no_unit_moves(store: Store, tmp_path: Path) -> None:
    change_the_law(tmp_path)
    with staffed(store, FixedClock(MONDAY)) as office:
        body = json.dumps(
            {"type": "10-2", "transferring": CEMENT, "acquiring": 2, "kind": KIND, "quantity": 1}
            | {"year": 2030}
        )
        with pytest.raises(Refused, match=r"log\.rulebook-not-adopted"):
            office.desk.propose(person(office, CEMENT_ONE), "transaction", body)
        assert office.office.writer.held(CEMENT, KIND) == 400


def test_law_that_is_lost_or_was_changed_is_said_so(store: Store, tmp_path: Path) -> None:
    (file,) = store.law_directory.iterdir()
    file.write_bytes(file.read_bytes().replace(b"noon-rule", b"at-once!!"))
    assert kept(store.law_directory, load_rulebook(NAME).digest) is None
    said = say("law", "changes", store=store.directory)
    assert (said.code, "is not kept in" in said.error) == (2, True)
    digest = change_the_law(tmp_path)
    with staffed(store, FixedClock(MONDAY)) as office:
        body = json.dumps({"digest": digest.hex()})
        proposal = office.desk.propose(person(office, CENTRAL), "adopt rulebook", body)
        told = next(iter(office.desk.proposals.events(proposal.number))).sentence
        assert "the law adopted before is not kept" in told
