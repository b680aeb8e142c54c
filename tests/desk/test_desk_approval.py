"""Whether a second person approves: the rule of the law, case by case."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from openets.desk.approval import Facts, Settings, process_of, second_person, settings_by_law
from openets.desk.timing import law_at
from openets.rulebook.load import load_rulebook
from openets.rulebook.model import NoLaw

EASY = Settings(second_for_trusted=False, second_for_surrender=False)
UK = law_at(load_rulebook("uk"), "GB", datetime(2022, 3, 9, tzinfo=UTC))
EU = load_rulebook("eu")


@pytest.mark.parametrize(
    ("facts", "needed"),
    [
        # surrender and return of excess: the account decides, unless an administrator proposes
        (Facts("10-2"), True),
        (Facts("10-2", trusted=True), True),
        (Facts("10-2", settings=EASY), False),
        (Facts("10-2", settings=EASY, to_government=True), False),
        (Facts("10-2", by_administrator=True, settings=EASY), True),
        (Facts("10-42", settings=EASY, to_government=True), False),
        (Facts("10-42"), True),
        # fixed by type
        (Facts("1-40", by_administrator=True), True),
        (Facts("10-90", trusted=True, settings=EASY), True),
        (Facts("10-40"), False),
        (Facts("10-40", by_administrator=True), False),
        (Facts("10-99"), False),
        # from another registry
        (Facts("3-0", inbound=True), True),
        (Facts("10-40", inbound=True), True),
        # a government account acquires
        (Facts("10-50", to_government=True, trusted=True, settings=EASY), True),
        # trust
        (Facts("10-50"), True),
        (Facts("10-50", settings=EASY), True),
        (Facts("10-50", trusted=True), True),
        (Facts("10-50", trusted=True, settings=EASY), False),
        (Facts("10-50", trusted=True, settings=EASY, by_administrator=True), True),
        (Facts("10-37", trusted=True, settings=EASY), False),
    ],
)
def test_second_person_in_the_uk_registry(facts: Facts, needed: bool) -> None:
    answer = second_person(UK, facts)
    assert answer.needed == needed
    assert answer.reason.endswith(".")
    assert answer.citation == f"desk.process.{facts.type}"


@pytest.mark.parametrize(
    ("day", "facts", "needed"),
    [
        ("2010-03-09", Facts("10-0"), False),
        ("2016-03-09", Facts("10-0", trusted=True, settings=EASY), True),
        ("2022-03-09", Facts("10-0", trusted=True), True),
        ("2022-03-09", Facts("10-0", trusted=True, settings=EASY), False),
        ("2022-03-09", Facts("10-0", settings=EASY), True),
        ("2022-03-09", Facts("10-2", settings=EASY), True),
        ("2022-03-09", Facts("10-36", to_government=False), False),
        ("2022-03-09", Facts("10-82"), True),
    ],
)
def test_second_person_in_the_union(day: str, facts: Facts, needed: bool) -> None:
    law = law_at(EU, "AT", datetime.fromisoformat(day).replace(tzinfo=UTC))
    assert second_person(law, facts).needed == needed


def test_a_type_belongs_to_the_process_that_names_it() -> None:
    law = law_at(EU, "AT", datetime(2022, 3, 9, tzinfo=UTC))
    assert process_of(law, "10-90").path == "desk.process.deletion"
    assert process_of(law, "99-99").path == "desk.process.any"
    with pytest.raises(NoLaw, match="who may propose 99-99"):
        process_of(UK, "99-99")


def test_who_has_chosen_nothing_has_what_the_law_gives() -> None:
    law = law_at(EU, "AT", datetime(2022, 3, 9, tzinfo=UTC))
    assert settings_by_law(law, operator=False).outside_list_allowed
    assert not settings_by_law(law, operator=True).outside_list_allowed
    assert not settings_by_law(UK, operator=False).outside_list_allowed
    before = law_at(EU, "AT", datetime(2010, 3, 9, tzinfo=UTC))
    assert settings_by_law(before, operator=True).outside_list_allowed
