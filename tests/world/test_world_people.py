"""The people of the demonstration: a sample of accounts, and what they did at their desk."""

from __future__ import annotations

import json
import re
from contextlib import closing
from pathlib import Path

import pytest

import openets.interfaces.cli.main  # noqa: F401  (loads the module that is patched below)
from openets.desk.proposals import AWAITING, COMPLETED, DELAYED, Proposals
from openets.kernel.money import euros
from openets.ledger.store import open_store
from openets.people.opening import desk_database
from openets.people.register import Register
from openets.people.roles import REPRESENTATIVE
from openets.rulebook.load import load_rulebook
from openets.schemes.compliance.penalties import penalty
from tests.stories.command_line import FIGURES_OF, run
from tests.world.small_europe import small_figures


def test_a_played_world_has_people_and_their_proposals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Played by the command, as anybody would; then the desk's tables are read."""
    monkeypatch.setattr(FIGURES_OF, small_figures)
    said = run("demo", store=tmp_path / "demo")
    assert "the desk" in said and "transaction, awaiting approval" in said
    assert "1  task, approval, claimed" in said and "1  task, documents, open" in said
    assert "notice, sent" in said and "A document was handed in for task" in said
    assert list((tmp_path / "demo" / "outbox").glob("*.eml"))
    store = open_store(tmp_path / "demo")
    with closing(desk_database(store)) as database:
        proposals, register = Proposals(database, store.store), Register(database)
        named = [one for one in proposals.every() if one.command == "representative"]
        assert named and {one.state for one in named} == {COMPLETED}
        assert {one.state for one in proposals.every() if one.command == "trusted account"} == {
            DELAYED
        }
        (first, *_) = proposals.in_state(AWAITING)
        account = json.loads(first.body)["transferring"]
        second = next(
            one.person for one in register.representatives(account) if one.person != first.proposer
        )
        persons = {one.number: one for one in register.persons()}
        assert persons[first.proposer].role == persons[second].role == REPRESENTATIVE
    assert f"desk approve {first.number} --as {second}" in said
    done = run("desk", "approve", first.number, "--as", second, store=store.directory)
    assert "transaction, completed" in done
    assert run("verify", store=store.directory).count("proved") == 4


def test_operators_that_are_short_get_their_penalties_and_still_owe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the final table: symbols, and penalties as computed, as set and as paid."""
    monkeypatch.setattr(FIGURES_OF, small_figures)
    said = run("demo", store=tmp_path / "demo")
    assert "set at the desk, EUR" in said
    table = said.partition("penalties  set, objected to")[2].partition("the desk")[0]
    lines = [line for line in table.splitlines() if line.startswith(("AT-", "SI-"))]
    stands = (r"settled +yes", r"to be paid +yes", r"objected to")
    assert all(re.search(*pair) for pair in zip(stands, lines, strict=True))
    rows = [line.split() for line in lines]
    assert [row[2] for row in rows] == ["B", "B", "B"]
    law = load_rulebook("eu")
    for row in rows:
        assert int(row[-1].replace(",", "")) > 0  # paid or not, it owes
        cents = penalty(law, int(row[1]), int(row[3].replace(",", ""))).cents
        assert f"{euros(cents):,}" in row
    assert "penalty payment, completed" in said
    assert "set at the desk" in run("totals", store=tmp_path / "demo")
