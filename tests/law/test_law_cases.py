"""Cases of law in YAML, put to the public functions of the rulebook; a lawyer can add one.

A folder holds the cases of one jurisdiction. A case in its `movements.yaml` names a day, a
transaction type, two account types and a unit, and says whether units may go that way. One in its
`permissions.yaml` names all account types and units a transaction type is open to, so that every
other one is refused. Every other file asks for a parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from openets.kernel.money import Decimal
from openets.kernel.records import type_code
from openets.rulebook.acts import undescribed
from openets.rulebook.load import jurisdictions, load_rulebook
from openets.rulebook.model import NoLaw, Rulebook

HERE = Path(__file__).parent
BOOKS = {name: load_rulebook(name) for name in jurisdictions()}
QUESTIONS, MOVEMENTS, PERMISSIONS = "", "movements.yaml", "permissions.yaml"
ASKED = {"ask", "for", "known_on", "expect", "no_law", "source"}


def cases(kind: str) -> list[tuple[Rulebook, dict[str, Any]]]:
    """The cases of all jurisdictions in files of a kind; what has no kind are questions."""
    return [
        (BOOKS[file.parent.name], case)
        for file in sorted(HERE.glob("*/*.yaml"))
        if (file.name if file.name in (MOVEMENTS, PERMISSIONS) else QUESTIONS) == kind
        for case in yaml.safe_load(file.read_text())
    ]


def name_of(case: Mapping[str, Any]) -> str:
    words = [case.get(key) for key in ("ask", "day", "type", "from", "to", "unit", "for")]
    known = f"known {case['known_on']}" if "known_on" in case else ""
    return " ".join(str(word) for word in [*words, known] if word)


def agrees(found: object, expected: object) -> bool:
    """Whether an answer is what a case expects; of a mapping a case may name a few keys.

    A key that is expected to be null is one the answer must not have.
    """
    if isinstance(expected, dict):
        return isinstance(found, Mapping) and all(
            agrees(found.get(key), item) for key, item in expected.items()
        )
    if isinstance(expected, list):
        same_length = isinstance(found, tuple) and len(found) == len(expected)
        return same_length and all(map(agrees, found, expected))
    if isinstance(found, Decimal):
        return found == Decimal(str(expected))
    return type(found) is type(expected) and found == expected


def case_name(value: object) -> str:
    return name_of(value) if isinstance(value, dict) else getattr(value, "jurisdiction", "")


@pytest.mark.parametrize(("book", "case"), cases(QUESTIONS), ids=case_name)
def test_the_rulebook_answers(book: Rulebook, case: dict[str, Any]) -> None:
    assert case.keys() <= ASKED
    assert case["source"]
    if "no_law" in case:
        with pytest.raises(NoLaw, match=case["no_law"]):
            book.ask(case["ask"], for_=case["for"], known_on=case.get("known_on"))
        return
    answer = book.ask(case["ask"], for_=case["for"], known_on=case.get("known_on"))
    assert agrees(answer.value, case["expect"]), f"the answer is {answer.value}"


@pytest.mark.parametrize(("book", "case"), cases(MOVEMENTS), ids=case_name)
def test_units_may_go_this_way_or_not(book: Rulebook, case: dict[str, Any]) -> None:
    assert case["source"]
    tables = book.tables_on(case["day"])
    rule = tables.transaction_types.get(type_code(case["type"]))
    target = tables.account_types.get(case["to"])
    may = (
        rule is not None
        and target is not None
        and (case.get("from", ""), case["to"]) in rule.routes
        and case["unit"] in rule.units
        and case["unit"] in target.units
    )
    assert may is case["may"]


@pytest.mark.parametrize(("book", "case"), cases(PERMISSIONS), ids=case_name)
def test_a_transaction_type_is_open_to_these_and_to_no_others(
    book: Rulebook, case: dict[str, Any]
) -> None:
    rule = book.tables_on(date.max).transaction_types[type_code(case["type"])]
    assert case["source"]
    assert rule.transferring == set(case["from"])
    assert rule.acquiring == set(case["to"])
    assert rule.units == set(case["units"])


def test_a_file_of_permissions_names_every_transaction_type() -> None:
    listed: dict[str, set[str]] = {}
    for book, case in cases(PERMISSIONS):
        listed.setdefault(book.jurisdiction, set()).add(case["type"])
    assert list(listed) == ["uk"]
    for name, labels in listed.items():
        rules = BOOKS[name].tables_on(date.max).transaction_types
        assert labels == {rule.label for rule in rules.values()}


@pytest.mark.parametrize("jurisdiction", BOOKS)
def test_every_value_is_cited_and_doubt_is_said(jurisdiction: str) -> None:
    """A value whose article is not known is not official, and an unconfirmed one says what."""
    book = BOOKS[jurisdiction]
    for path in book.paths():
        for value in book.parameter(path).values:
            if "not confirmed" in value.source.article:
                assert value.status != "official", path
            if value.status == "unconfirmed" and "phase-2." not in path:
                assert value.note, path


@pytest.mark.parametrize("jurisdiction", BOOKS)
def test_every_act_that_is_cited_is_described(jurisdiction: str) -> None:
    assert undescribed(BOOKS[jurisdiction]) == []


@pytest.mark.parametrize("jurisdiction", BOOKS)
def test_every_jurisdiction_has_cases(jurisdiction: str) -> None:
    assert list((HERE / jurisdiction).glob("*.yaml"))
