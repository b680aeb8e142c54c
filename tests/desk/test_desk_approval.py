"""Whether a second person approves: the rule of the law, case by case."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from openets.desk.approval import Facts, Settings, process_of, second_person, settings_by_law
from openets.desk.timing import law_at
from openets.rulebook.load import load_rulebook
from openets.rulebook.model import NoLaw

EASY = Settings(second_for_trusted=False, second_for_surrender=False)
UK = law_at(load_rulebook("uk"), "GB", datetime(2022, 3, 9, tzinfo=UTC))
EU = load_rulebook("eu")
DEFAULTS = {"second_for_trusted": True, "second_for_surrender": True}
CASES = [
    {**DEFAULTS, **case}
    for case in yaml.safe_load((Path(__file__).parent / "cases/approval-uk.yaml").read_text())
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_second_person_in_the_uk_registry(case: dict[str, Any]) -> None:
    given = dict(case)
    needed = given.pop("needed")
    settings = Settings(given.pop("second_for_trusted"), given.pop("second_for_surrender"))
    answer = second_person(UK, Facts(**given, settings=settings))
    assert answer.needed == needed
    assert answer.reason.told().endswith(".")
    assert answer.citation == f"desk.process.{case['type']}"


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
