"""Until when, and how much, a transaction may be moved back: law cases by regime."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, date, datetime, time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml

from openets.desk.timing import law_at
from openets.kernel.clock import FixedClock, instant
from openets.kernel.records import type_code
from openets.ledger.post import Writer
from openets.ledger.reads import RecordView
from openets.people.office import Office
from openets.people.register import Register
from openets.people.reversals import reversal_problems
from openets.people.transactions import Move
from openets.rulebook.answers import code_of
from openets.rulebook.load import load_rulebook
from openets.rulebook.model import Rulebook

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "reversals.yaml").read_text())
HOLDER, ENDED, KIND, DONE = 1, 2, 1, 50
HOME = {"eu": "AT", "uk": "GB"}


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=UTC)


def undone(case: dict[str, Any]) -> RecordView | None:
    """The record that is to be reversed."""
    if case.get("of") == "nothing":
        return None
    act = "freeze" if case.get("of") == "an act" else None
    at = instant(noon(case["done"]))
    blocks = [(KIND, "allowance", "AT", 1, 100)]
    tables = load_rulebook(case["law"]).tables_on(case["done"])
    rule = tables.transaction_types.get(type_code(case["type"]))
    type_ = type_code(min(rule.undoes)) if rule and rule.undoes else 0
    return RecordView(DONE, b"", at, at, type_, 0, HOLDER, ENDED, 0, 100, act, blocks, [])


def office_on(case: dict[str, Any], book: Rulebook) -> Office:
    return Office(
        writer=cast(Writer, SimpleNamespace(book=SimpleNamespace(rulebook=book))),
        register=cast(Register, None),
        clock=FixedClock(noon(case["asked"])),
        identity="case",
        record=lambda _number: undone(case),
        resting_on=lambda _number: int(case.get("back", 0)),
        law_kept=Path(),
        statement=lambda _: [],
        undecided=lambda _: [],
        pending=list,
        tables=cast(Any, nullcontext),
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['law']} {case['asked']}")
def test_a_reversal_lies_in_its_window_and_moves_back_no_more(case: dict[str, Any]) -> None:
    book = load_rulebook(case["law"])
    office = office_on(case, book)
    body = Move(
        type=case["type"],
        transferring=ENDED,
        acquiring=case.get("to", HOLDER),
        kind=KIND,
        quantity=case.get("quantity", 100),
        refers_to=DONE,
    )
    law = law_at(book, HOME[case["law"]], noon(case["asked"]))
    found = reversal_problems(office, law, body, asking=False)
    codes = [code_of(book, one, case["asked"]) or one.code for one in found] or ["allowed"]
    assert codes == [str(case["answer"])]


def test_a_holder_has_fewer_days_to_ask_than_the_administration_to_act() -> None:
    """Delegated Regulation (EU) 2019/1122, Article 58: ten working days, and thirty."""
    case: dict[str, Any] = {"law": "eu", "type": "10-82", "asked": date(2022, 5, 20)}
    case |= {"done": date(2022, 4, 29)}
    book = load_rulebook("eu")
    office = office_on(case, book)
    body = Move(
        type="10-82", transferring=ENDED, acquiring=HOLDER, kind=KIND, quantity=1, refers_to=DONE
    )
    law = law_at(book, HOME["eu"], noon(case["asked"]))
    (late,) = reversal_problems(office, law, body, asking=True)
    assert late.code == "people.reversal-asked-late"
    assert not reversal_problems(office, law, body, asking=False)
    other = body.model_copy(update={"type": "10-190"})
    (wrong,) = reversal_problems(office, law, other, asking=False)
    assert wrong.code == "people.reverses-another-type"


@pytest.mark.parametrize("jurisdiction", ["eu", "uk", "example"])
def test_a_type_that_undoes_another_does_so_in_every_text_of_the_law(jurisdiction: str) -> None:
    """Without it neither the window nor what was moved back before would be asked for."""
    book = load_rulebook(jurisdiction)
    found: dict[str, set[frozenset[str]]] = {}
    for year in range(2005, 2041):
        for rule in book.tables_on(date(year, 12, 31)).transaction_types.values():
            found.setdefault(rule.label, set()).add(rule.undoes)
    undoing = {label: texts for label, texts in found.items() if any(texts)}
    assert undoing and all(all(texts) for texts in undoing.values())
