"""Acts: listed by their days, with their repeal known only once it was adopted."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from openets.rulebook.acts import acts, parts_of, undescribed
from openets.rulebook.load import load_folder, load_rulebook

EU = load_rulebook("eu")
LAW = """
rate:
  title: A rate
  values:
    - { from: 2020, enacted: 2019-01-01, value: 1, source: { act: Act B, article: Article 1 },
        status: official }
    - { from: 2022, enacted: 2021-01-01, value: 2, source: { act: Act B as amended by Act C,
        article: Article 1 }, status: official }
acts.b:
  title: The act on rates
  values:
    - from: 2020
      enacted: 2019-01-01
      value: { name: Act B, subject: rates, adopted: 2019-01-01 }
      source: { act: Act B, article: Article 9 }
      status: official
"""


def test_an_act_that_is_cited_and_not_described_is_found(tmp_path: Path) -> None:
    (tmp_path / "law.yaml").write_text(LAW)
    book = load_folder(tmp_path)
    assert undescribed(book) == ["Act C"]
    (act,) = acts(book)
    assert (act.key, act.name, act.cited, act.in_force) == ("b", "Act B", 1, None)


@pytest.mark.parametrize(
    ("citation", "parts"),
    [("Act B", ("Act B",)), ("Act B as amended by Act C", ("Act B", "Act C"))],
)
def test_a_citation_names_the_act_and_its_amendment(citation: str, parts: tuple[str, ...]) -> None:
    assert parts_of(citation) == parts


def test_a_repeal_is_known_from_the_day_the_repealing_act_was_adopted() -> None:
    def registry_law(known_on: date) -> str | None:
        (act,) = [act for act in acts(EU, known_on) if act.key == "regulation-389-2013"]
        return act.repealed_by

    assert registry_law(date(2019, 3, 11)) is None
    assert registry_law(date(2019, 3, 12)) == "Delegated Regulation (EU) 2019/1122"


def test_acts_stand_in_the_order_of_their_adoption_and_none_is_from_the_future() -> None:
    known = acts(EU, date(2010, 12, 31))
    days = [act.adopted for act in known]
    assert days == sorted(days)
    assert "directive-2018-410" not in {act.key for act in known}
    assert {act.key for act in known} < {act.key for act in acts(EU)}


def test_what_an_act_amends_or_is_repealed_by_is_an_act() -> None:
    names = {act.name for act in acts(EU)}
    for act in acts(EU):
        assert {*act.amends, *filter(None, [act.repealed_by])} <= names
        assert act.in_force is None or act.in_force >= act.adopted
