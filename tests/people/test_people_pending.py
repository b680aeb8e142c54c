"""What may be pending once only: cases of the UK registry, and a law without such a rule."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from openets.desk.proposals import Proposal
from openets.desk.timing import law_at
from openets.kernel.clock import FixedClock
from openets.kernel.refusal import Refused
from openets.people.opening import Opened
from openets.people.pending import Pending, pending_refusal
from openets.rulebook.answers import code_of
from openets.rulebook.load import FURTHER_LAW, LAW, load_rulebook
from tests.small_office import (
    CEMENT,
    CEMENT_ONE,
    CEMENT_TWO,
    GLASS,
    GLASS_ONE,
    KIND,
    MONDAY,
    TRADER,
    make_office,
    person,
    staffed,
)

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "pending-uk.yaml").read_text())
AT = datetime(2026, 3, 2, 11, tzinfo=UTC)
UK = law_at(load_rulebook("uk"), "GB", AT)
HOUSE = {"3013": "people.pending-anywhere", "1006": "people.pending-here"}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_may_be_pending_once_only(case: dict[str, Any]) -> None:
    waiting = [Pending(*one) for one in case["waiting"]]
    refusal = pending_refusal(UK, Pending(*case["asked"]), waiting)
    expected = str(case["answer"])
    if refusal is None:
        assert expected == "allowed"
        return
    assert (code_of(UK.rulebook, refusal, UK.day), refusal.code) == (expected, HOUSE[expected])
    assert refusal.citation in UK.rulebook.paths()


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """The small office where of two transfers from one account the second has to wait."""
    name = f"one-by-one-{tmp_path.name}"
    monkeypatch.setenv(FURTHER_LAW, str(tmp_path / "law"))
    shutil.copytree(LAW / "example", tmp_path / "law" / name)
    rule = """desk.one-pending:
  title: Types of which one transaction at a time may be pending
  values:
    - from: 2030
      enacted: 2029-06-01
      value: { anywhere: [], from_account: ["10-0"] }
      source: { act: Founding Act, article: Article 8 }
      status: official
"""
    (tmp_path / "law" / name / "founding-act" / "pending.yaml").write_text(rule)
    store = make_office(tmp_path / "store", jurisdiction=name)
    with staffed(store, FixedClock(MONDAY)) as opened:
        yield opened


def propose(office: Opened, who: int, sender: int, receiver: int) -> Proposal:
    fields = {"type": "10-0", "transferring": sender, "acquiring": receiver, "kind": KIND}
    body = json.dumps({**fields, "quantity": 10})
    return office.desk.propose(person(office, who), "transaction", body)


def test_at_the_desk_the_second_waits_for_the_first_to_end(office: Opened) -> None:
    first = propose(office, CEMENT_ONE, CEMENT, TRADER)
    assert propose(office, GLASS_ONE, GLASS, TRADER).state == "awaiting approval"
    with pytest.raises(Refused, match=r"people\.pending-here"):
        propose(office, CEMENT_TWO, CEMENT, GLASS)
    assert office.desk.approve(person(office, CEMENT_TWO), first.number).state == "delayed"
    with pytest.raises(Refused, match=r"people\.pending-here"):
        propose(office, CEMENT_TWO, CEMENT, GLASS)
    office.desk.cancel(person(office, CEMENT_ONE), first.number, "another buyer")
    assert propose(office, CEMENT_TWO, CEMENT, GLASS).state == "awaiting approval"


def test_a_bulk_act_waits_like_any_other(office: Opened) -> None:
    propose(office, CEMENT_ONE, CEMENT, TRADER)
    lines = [{"acquiring": GLASS, "quantity": 1}]
    asked = {"type": "10-0", "transferring": CEMENT, "kind": KIND, "lines": lines}
    with pytest.raises(Refused, match=r"people\.pending-here"):
        office.desk.propose(person(office, CEMENT_TWO), "bulk transaction", json.dumps(asked))


def test_a_law_without_the_rule_lets_anything_be_pending() -> None:
    law = law_at(load_rulebook("eu"), "AT", AT)
    assert pending_refusal(law, Pending("4-0", 5), [Pending("4-0", 5)]) is None
