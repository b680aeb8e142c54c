"""The sample of the demonstration: listed, accepted, calculated, created under the cap, issued."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest

import openets.interfaces.cli.main  # noqa: F401  (loads the module that is patched below)
from openets.desk.proposals import Proposals
from openets.kernel.money import round_half_up
from openets.ledger.store import open_store
from openets.people.opening import desk_database
from openets.rulebook.load import load_rulebook
from openets.schemes.allocation.benchmarks import products
from openets.schemes.allocation.measures import described
from openets.schemes.allocation.rules import allocate_years
from openets.world.allocating import describe, load_sample
from tests.stories.command_line import FIGURES_OF, rows_as_json, run
from tests.world.small_europe import small_figures


def test_every_sector_is_in_the_sample_and_known_to_the_law() -> None:
    law, sample = load_rulebook("eu"), load_sample()
    known = products(law, sample["first_year"])
    activities = [one["activity"] for one in sample["installations"]]
    assert len(set(activities)) == len(activities)
    assert set(activities) == set(range(20, 48))  # Annex I without aviation and shipping
    for one in sample["installations"]:
        assert f"monitoring.activities.{one['activity']}" in law
        assert all(part.get("product", "heat") in known for part in one["parts"])


def test_every_sector_is_allocated_what_the_law_gives_it() -> None:
    law, sample = load_rulebook("eu"), load_sample()
    chosen = {f"AT-{one['activity']:06d}": one for one in sample["installations"]}
    listed = described(describe(law, chosen, sample["first_year"], seed=1)).installations
    assert {one.activity for one in listed} == set(range(20, 48))
    nothing = {
        (one.activity, found.year)
        for one in listed
        for found in allocate_years(law, one, range(2021, 2026))
        if not found.final
    }
    assert nothing == {(activity, year) for activity in (45, 46, 47) for year in (2021, 2022, 2023)}


def test_the_demonstration_allocates_by_the_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FIGURES_OF, small_figures)
    said = run("demo", store=tmp_path / "demo")
    assert "none differs" in said
    assert "free allocation  calculated from baselines, issued by one act" in said
    assert re.search(r"13 installations, .*: [0-9,]+ allowances calculated for 2021 to 2025", said)
    store = open_store(tmp_path / "demo")
    with closing(desk_database(store)) as database:
        states = {
            one.command: one.state
            for one in Proposals(database, store.store).every()
            if one.command.startswith(("allocation", "implementation", "cap", "creation"))
        }
    assert states == dict.fromkeys(
        ("implementation measures", "allocation table", "cap", "creation", "allocation run"),
        "completed",
    )
    rows = rows_as_json("allocation", "show", "--year", 2025, "--as", 1, store=store.directory)
    assert rows and all(row["class"] == "fully allocated" for row in rows)
    # The town's heat: 47.3 allowances a TJ, × 0.3, of the median level; and the dairy's.
    heat = next(row for row in rows if row["operator"] == "AT-000001")
    assert (
        0
        < heat["entitlement"]
        <= round_half_up(
            load_rulebook("eu")
            .ask("free-allocation.benchmarks.heat", for_=2025)
            .value["allowances"]
            * 1_590
        )
    )
    assert run("verify", store=store.directory).count("proved") == 4
