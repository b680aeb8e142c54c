"""An explanation says what was reckoned, step by step, each with its article."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from openets.kernel.money import Decimal
from openets.rulebook.load import load_rulebook
from openets.schemes.allocation.explain import Step, explain, written
from openets.schemes.allocation.files import read_installations
from openets.schemes.allocation.models import Installation, describe

EU = load_rulebook("eu")
EXAMPLE = Path(__file__).parents[3] / "examples" / "installations.yaml"


def one(**sub: object) -> Installation:
    described = {"id": "A", "sub_installations": [{"name": "a", **sub}]}
    return describe({"installations": [described]}).installations[0]


def steps(installation: Installation, year: int, **words: object) -> list[Step]:
    return list(explain(EU, installation, year, **words).steps)  # type: ignore[arg-type]


def test_the_example_of_the_manual() -> None:
    works = read_installations(EXAMPLE).find("works-1")
    assert works is not None
    found = explain(EU, works, 2022)
    assert found.allocation.preliminary == found.allocation.final == 535_313
    change = next(step for step in found.steps if "changed by" in step.formula)
    assert change[1:4] == (
        "activity level changed by -23 %",
        "693,000 × 770,000 / 1,000,000",
        "533,610",
    )
    assert change.article == "Implementing Regulation (EU) 2019/1842, Article 5(1)"


@pytest.mark.parametrize("year", [2013, 2016, 2020, 2021, 2024, 2026, 2028, 2030])
@pytest.mark.parametrize(
    "installation",
    [
        one(
            kind="product",
            product="steam-cracking",
            exposed=False,
            cbam=True,
            historical_level=1000,
            supplemental_feed={"hydrogen": 1},
            emissions={"direct_tonnes": 5, "electricity_mwh": 3},
            heat_from_outside_tj=2,
            heat_from_nitric_acid_tj=1,
            flared_tonnes=4,
        ),
        one(
            kind="product",
            product="vinyl-chloride-monomer",
            exposed=True,
            historical_level=1000,
            emissions={"direct_tonnes": 5, "hydrogen_tj": 3},
            ceased_on="2026-07-01",
        ),
        one(kind="fuel", exposed=False, historical_level=100, levels={2015: 40, 2019: 40}),
        one(kind="process-emissions", exposed=True, historical_level=100, given_up_in=2023),
    ],
    ids=["steam cracking", "vinyl chloride", "fuel", "process"],
)
def test_every_step_but_sums_has_its_article(installation: Installation, year: int) -> None:
    found = explain(EU, installation, year, correction_percent=Decimal(99))
    (part,) = found.allocation.parts
    of_part = [step for step in found.steps if step.part]
    if part.kept == 1:
        assert of_part[-1].result == written(part.preliminary)
    for step in found.steps:
        plain = step.formula.endswith(("authority", "of the installation", "correction-factor"))
        assert bool(step.article) != plain, step
        assert step.numbers or step.result


def test_each_correction_shows_its_numbers() -> None:
    works = one(
        kind="product",
        product="steam-cracking",
        exposed=False,
        cbam=True,
        historical_level=1000,
        supplemental_feed={"hydrogen": 1},
        heat_from_outside_tj=2,
    )
    said = {step.formula: (step.numbers, step.result) for step in steps(works, 2026)}
    assert said["+ supplemental feed"] == ("638 + 1.78", "639.78")
    assert said["− heat from outside the system × heat benchmark"] == ("2 × 31.2", "62.4")
    assert said["share kept: carbon leakage, not-exposed"] == ("× 0.3", "173.214")
    assert said["share kept beside the border adjustment"] == ("× 0.975", "168.88365")
    assert said["preliminary amount: nearest integer"] == ("168.88365", "169")
    assert said["correction-factor of 2026"] == ("", "not in the rulebook: no final amount")


def test_an_unconfirmed_value_says_so() -> None:
    works = one(
        kind="product",
        product="eaf-carbon-steel",
        exposed=True,
        historical_level=1000,
        emissions={"direct_tonnes": 1, "electricity_mwh": 1},
    )
    share = next(step for step in steps(works, 2021) if "direct" in step.formula)
    assert (share.article, share.status) == (
        "Delegated Regulation (EU) 2019/331, Article 22",
        "unconfirmed",
    )


def test_the_article_is_that_of_the_day_the_law_is_asked_for() -> None:
    entrant = describe(
        {
            "installations": [
                {
                    "id": "A",
                    "permit_on": "2020-01-01",
                    "sub_installations": [
                        {"name": "a", "kind": "heat", "exposed": True, "historical_level": 1000}
                    ],
                }
            ]
        }
    ).installations[0]
    then = steps(entrant, 2024, known_on=date(2022, 1, 1))[-1]
    now = steps(entrant, 2024)[-1]
    assert ("0.934" in then.numbers, "0.913" in now.numbers) == (True, True)
    assert "2019/331" in then.article
    assert "2023/959" in now.article


def test_new_parts_ceased_ones_and_partial_cessation_are_explained() -> None:
    new = one(kind="heat", exposed=True, started_on="2022-05-01", levels={2022: 10, 2023: 20})
    assert steps(new, 2021)[0].formula.startswith("activity level: not yet")
    assert "activity of the year" in steps(new, 2022)[0].formula
    assert "first full calendar year" in steps(new, 2024)[0].formula
    fallen = one(kind="heat", exposed=True, historical_level=100, levels={2015: 20})
    part = next(step for step in steps(fallen, 2016) if step.formula == "partial cessation")
    assert (part.numbers, part.result, part.status) == ("6,230 × 0.25", "1,557.5", "unconfirmed")


def test_an_activity_that_is_not_allocated_is_explained() -> None:
    pipeline = one(kind="fuel", exposed=False, historical_level=100)
    pipeline = pipeline.model_copy(update={"activity": 46})
    (part,) = (step for step in steps(pipeline, 2021) if step.formula == "activity not eligible")
    assert (part.numbers, part.result, part.status) == ("× 0", "0", "official")
    assert "Article 10a(3)" in part.article
    assert not any(step.formula == part.formula for step in steps(pipeline, 2024))


def test_numbers_are_written_for_people() -> None:
    assert [written(value) for value in (1234567, Decimal("1E+3"), Decimal("0.30"), "x")] == [
        "1,234,567",
        "1,000",
        "0.3",
        "x",
    ]
    assert not re.search("E", written(Decimal("0.0000001")))
