"""A compliance year at the desk: figures, blocked accounts, surrenders, reversals, corrections."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from openets.kernel.clock import instant
from openets.kernel.refusal import Refused
from openets.ledger.store import Store
from openets.ledger.verify import verify
from openets.people.verifiers import Verifier
from openets.schemes.compliance import events as ev
from tests.conftest import MakeDatabase
from tests.schemes.compliance.office import (
    FURNACE,
    FURNACE_ACCOUNT,
    KILN,
    KILN_ACCOUNT,
    desk_of,
    make,
    on,
)
from tests.small_office import (
    AUTHORITY,
    CEMENT_ONE,
    CEMENT_TWO,
    CENTRAL,
    ENDED,
    GLASS_ONE,
    GLASS_TWO,
    KIND,
    OTHER_AUTHORITY,
    OTHER_CENTRAL,
    OTHER_SENIOR,
    SENIOR,
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return make(tmp_path / "store")


def codes(action: Callable[..., Any], *given: Any, **named: Any) -> list[str]:
    with pytest.raises(Refused) as refused:
        action(*given, **named)
    return [one.code for one in refused.value.refusals]


def test_a_year_in_compliance(make_database: MakeDatabase, tmp_path: Path) -> None:
    urls = {name: make_database(name) for name in ("journal", "query", "log", "desk")}
    store = make(tmp_path / "store", urls)
    with desk_of(store, on(2031, 3, 10)) as desk:
        assert desk.stands(KILN).symbol == "C"
        report = {"operator": KILN, "year": 2030, "tonnes": 120, "report": "file 9"}
        asked = desk.propose(CEMENT_ONE, "emissions", **report)  # the operator's own report
        assert codes(desk.approve, CEMENT_TWO, asked) == ["people.not-permitted"]
        assert desk.approve(AUTHORITY, asked).state == "completed"
        assert desk.opened.office.writer.book.emissions[KILN_ACCOUNT, 2030] == 120
        assert desk.stands(KILN).symbol == "B"
        desk.surrender(KILN_ACCOUNT, 120, 2030)
        assert desk.stands(KILN).symbol == "A"
        assert desk.work(on(2031, 5, 2)) != []  # the furnace, which reported nothing
        assert desk.fixed(KILN) == {2030: "A"}
    assert verify(store).sound


def test_an_account_without_a_figure_is_blocked_on_its_day_once_and_opened_by_the_figure(
    store: Store,
) -> None:
    with desk_of(store, on(2031, 3, 10)) as desk:
        desk.enter(KILN, 2030, 0)  # zero is a figure
        assert desk.work(on(2031, 3, 31)) == []
    with desk_of(store, on(2031, 4, 20)) as desk:  # nobody was there on the first of April
        (blocked,) = desk.work(on(2031, 4, 20))
        assert (blocked.command, blocked.state) == ("block account", "completed")
        assert (desk.status(FURNACE_ACCOUNT), desk.status(KILN_ACCOUNT)) == ("blocked", "open")
        assert desk.work(on(2031, 4, 21)) == []
        refused = codes(desk.move, "10-0", FURNACE_ACCOUNT, 5, 1)
        assert refused == ["ledger.sender-status"]
        desk.surrender(FURNACE_ACCOUNT, 40, 2030)
        desk.enter(FURNACE, 2030, 40)
        assert desk.status(FURNACE_ACCOUNT) == "open"
        assert desk.work(on(2031, 4, 22)) == []
        told = [line.sentence for line in desk.opened.desk.proposals.events(blocked.number)]
        assert "No emissions of 2030 stand since 2031-04-01" in told[0]
    assert verify(store).sound


def test_who_opens_a_blocked_account_by_hand_is_not_overruled(store: Store) -> None:
    with desk_of(store, on(2031, 4, 1)) as desk:
        assert len(desk.work(on(2031, 4, 1))) == 2
        status = {"account": KILN_ACCOUNT, "status": "open", "reason": "a report is on its way"}
        desk.two(SENIOR, OTHER_SENIOR, "change status", **status)
        assert desk.work(on(2031, 4, 2)) == []
        desk.enter(KILN, 2030, 1)
        assert desk.status(KILN_ACCOUNT) == "open"


def test_what_opens_an_account_without_an_entry_does_it_at_the_next_work(store: Store) -> None:
    with desk_of(store, on(2031, 4, 1)) as desk:
        desk.work(on(2031, 4, 1))
        exclude = {"operator": KILN, "year": 2030, "ground": "out of scope"}
        desk.two(SENIOR, OTHER_SENIOR, "exclude year", **exclude)
        (opened,) = desk.work(on(2031, 4, 2))
        assert (opened.command, desk.status(KILN_ACCOUNT)) == ("open account again", "open")
        assert desk.work(on(2031, 4, 3)) == []


def test_nobody_does_by_hand_what_happens_by_itself(store: Store) -> None:
    with desk_of(store, on(2031, 4, 1)) as desk:
        block = {"operator": KILN, "account": KILN_ACCOUNT, "year": 2030}
        named = {"step": "account blocked", "reason": "because"}
        assert codes(desk.propose, SENIOR, "block account", **block, **named) == [
            "people.by-itself"
        ]


def test_the_authority_estimates_from_its_day_and_a_report_replaces_the_estimate(
    store: Store,
) -> None:
    with desk_of(store, on(2031, 4, 14)) as desk:
        estimate = {"operator": KILN, "year": 2030, "tonnes": 150, "how": "estimate"}
        two = (AUTHORITY, "emissions")
        assert codes(desk.propose, *two, **estimate) == ["compliance.estimate-early"]
        desk.clock.set(on(2031, 4, 15))
        assert codes(desk.propose, CEMENT_ONE, "emissions", **estimate) == [
            "compliance.authority-only"
        ]
        nothing = {**estimate, "tonnes": None}
        assert codes(desk.propose, *two, **nothing) == ["compliance.tonnes-missing"]
        desk.enter(KILN, 2030, 150, how="estimate")
        assert desk.stands(KILN).symbol == "B*"
        desk.enter(KILN, 2030, 130)
        desk.surrender(KILN_ACCOUNT, 130, 2030)
        assert (desk.stands(KILN).symbol, desk.stands(KILN).figure) == ("A", 0)


def test_a_correction_after_the_date_leaves_what_was_fixed(store: Store) -> None:
    with desk_of(store, on(2031, 3, 1)) as desk:
        desk.enter(KILN, 2030, 100)
        desk.surrender(KILN_ACCOUNT, 100, 2030)
        desk.clock.set(on(2031, 6, 1))
        desk.enter(KILN, 2030, 110, how="correction")
        assert desk.stands(KILN).symbol == "B*"
        assert desk.fixed(KILN) == {2030: "A"}
        before = desk.history(KILN).state_at(on(2031, 5, 31))
        assert before is not None
        assert before.emissions[2030].tonnes == 100


def test_a_shortfall_is_owed_with_the_next_surrender_and_a_reversal_counts(store: Store) -> None:
    with desk_of(store, on(2031, 4, 26)) as desk:
        desk.enter(KILN, 2030, 100)
        desk.surrender(KILN_ACCOUNT, 60, 2030)
        wrong = desk.surrender(KILN_ACCOUNT, 30, 2030)
        back = ("10-82", ENDED, KILN_ACCOUNT, 30, SENIOR, OTHER_SENIOR)
        desk.move(*back, refers_to=wrong.result)
        desk.clock.set(on(2032, 3, 1))
        assert desk.fixed(KILN) == {2030: "B"}
        desk.enter(KILN, 2031, 50)
        assert (desk.stands(KILN).symbol, desk.stands(KILN).shortfall) == ("B", 90)
        desk.surrender(KILN_ACCOUNT, 90, 2031)
        assert desk.stands(KILN).symbol == "A"


def test_years_are_excluded_taken_in_again_and_ended(store: Store) -> None:
    with desk_of(store, on(2031, 3, 1)) as desk:
        desk.enter(KILN, 2030, 100)
        out = {"operator": KILN, "year": 2030, "ground": "out of scope"}
        two = (SENIOR, "exclude year")
        assert codes(desk.propose, *two, **out) == ["compliance.emissions-in-excluded-year"]
        desk.enter(KILN, 2030, None)  # the figure is taken back
        assert (KILN_ACCOUNT, 2030) not in desk.opened.office.writer.book.emissions
        desk.two(SENIOR, OTHER_SENIOR, "exclude year", **out)
        assert desk.stands(KILN).symbol == "A"
        assert desk.work(on(2031, 4, 1))[0].body.startswith(f'{{"operator":"{FURNACE}"')
        again = {"operator": KILN, "year": 2030, "reason": "back in scope"}
        desk.clock.set(on(2031, 4, 2))
        desk.two(SENIOR, OTHER_SENIOR, "take year in", **again)
        assert desk.stands(KILN).symbol == "C"
        assert codes(desk.propose, SENIOR, "take year in", **again) == ["people.year-not-excluded"]
        desk.enter(KILN, 2030, 10)
        operator = {"registry": "EX", "kind": "installation", "permit": "permit 6"}
        later = {**operator, "activity": 20, "first_year": 2031, "operator": KILN}
        assert codes(desk.propose, SENIOR, "register operator", **later) == [
            "compliance.emissions-before-first-year"
        ]
        ended = {**later, "first_year": 2030, "last_year": 2030}
        desk.two(SENIOR, OTHER_SENIOR, "register operator", **ended)
        state = desk.history(KILN).state
        assert state is not None
        assert (state.last_year, state.missing) == (2030, ())
        kinds = [type(event).__name__ for event in desk.history(KILN).events]
        assert kinds.count("LastYearSet") == 1
    assert verify(store).sound  # a figure that was taken back is gone from the query tables too


def test_a_verifier_enters_figures_within_its_scope(store: Store) -> None:
    with desk_of(store, on(2031, 3, 1)) as desk:
        register = desk.opened.register
        people = [register.add_person("verifier", "EX")[0].number for _ in range(2)]
        scope = Verifier(0, "EX", "no 5", frozenset({21}), date(2031, 12, 31))
        number = register.verifiers.put(scope, people, "case")
        figure = {"operator": KILN, "year": 2030, "tonnes": 7}
        asked = (people[0], "emissions")
        assert codes(desk.propose, *asked, **figure) == ["compliance.verifier-scope"]
        fitting = scope._replace(number=number, scope=frozenset({20}))
        register.verifiers.put(fitting, people, "again")
        desk.two(people[0], people[1], "emissions", **figure)
        assert desk.history(KILN).state.emissions[2030].tonnes == 7  # type: ignore[union-attr]


def test_a_figure_that_changes_nothing_or_has_no_account_is_refused(store: Store) -> None:
    with desk_of(store, on(2031, 3, 1)) as desk:
        desk.enter(KILN, 2030, 5)
        figure = {"operator": KILN, "year": 2030, "tonnes": 5}
        assert codes(desk.propose, AUTHORITY, "emissions", **figure) == ["compliance.unchanged"]
        nobody = {**figure, "operator": "EX-000009"}
        assert codes(desk.propose, AUTHORITY, "emissions", **nobody) == ["compliance.no-account"]
        running = {**figure, "year": 2031}
        assert codes(desk.propose, AUTHORITY, "emissions", **running) == [
            "compliance.emissions-of-running-year"
        ]


LINES = [{"operator": KILN, "year": 2030, "tonnes": 5}, {"operator": FURNACE, "year": 2030}]


def test_a_table_is_one_act_of_two_people_and_each_line_stands_for_itself(store: Store) -> None:
    with desk_of(store, on(2031, 4, 3)) as desk:
        desk.work(on(2031, 4, 3))
        desk.enter(FURNACE, 2030, 9)
        table = {"file": "emissions.csv", "digest": "0" * 64, "lines": LINES}
        asked = desk.propose(AUTHORITY, "emissions table", **table)
        desk.enter(FURNACE, 2030, None)  # meanwhile, so that the second line changes nothing
        done = desk.approve(OTHER_AUTHORITY, asked)
        assert done.state == "completed"
        assert "compliance.unchanged" in done.why
        assert desk.status(KILN_ACCOUNT) == "open"
        assert (
            len([e for e in desk.history(KILN).events if isinstance(e, ev.EmissionsEntered)]) == 1
        )
        whole = {**table, "lines": [{"operator": "EX-000009", "year": 2030}, *LINES]}
        assert codes(desk.propose, AUTHORITY, "emissions table", **whole) == [
            "compliance.no-account",
            "compliance.unchanged",
            "compliance.unchanged",
        ]


def test_what_a_crash_left_half_done_is_finished_once(store: Store) -> None:
    with desk_of(store, on(2031, 3, 1)) as desk:
        done = desk.enter(KILN, 2030, 5)
        office = desk.opened.office
        asked = desk.opened.desk.load(done.command, done.body)
        happenings = desk.opened.register.database
        with happenings.durable("test"):
            happenings.run("DELETE FROM compliance_event")
        for _ in range(2):  # the record stands, the event was not kept yet
            again = asked.carry_out(done.number, instant(on(2031, 3, 2)))
            assert again.record == done.result
        assert desk.history(KILN).state.emissions[2030].entered == date(2031, 3, 1)  # type: ignore[union-attr]
        rows = happenings.rows("SELECT COUNT(*) FROM compliance_event")
        assert list(rows) == [(1,)]
        assert office.writer.book.emissions[KILN_ACCOUNT, 2030] == 5


def test_a_registry_whose_processes_are_suspended_takes_nothing(store: Store) -> None:
    with desk_of(store, on(2031, 3, 1)) as desk:
        order = {"order": "suspend", "registry": "EX", "reason": "a decision of the centre"}
        desk.two(CENTRAL, OTHER_CENTRAL, "processes", **order)
        assert codes(desk.propose, CENTRAL, "processes", **order) == ["compliance.processes"]
        figure = {"operator": KILN, "year": 2030, "tonnes": 5}
        assert codes(desk.propose, AUTHORITY, "emissions", **figure) == ["compliance.suspended"]
        move = {"type": "10-2", "transferring": KILN_ACCOUNT, "acquiring": ENDED, "kind": KIND}
        fields = {**move, "quantity": 5, "year": 2030}
        assert codes(desk.propose, CEMENT_ONE, "transaction", **fields) == ["compliance.suspended"]
        desk.clock.set(on(2031, 3, 2))
        desk.two(CENTRAL, OTHER_CENTRAL, "processes", **{**order, "order": "resume"})
        desk.enter(KILN, 2030, 5)


def test_units_are_not_surrendered_for_a_year_before_they_could_be_used(store: Store) -> None:
    with desk_of(store, on(2031, 3, 1)) as desk:
        move = {"type": "10-2", "transferring": FURNACE_ACCOUNT, "acquiring": ENDED, "kind": KIND}
        early = {**move, "quantity": 5, "year": 2029}
        assert codes(desk.propose, GLASS_ONE, "transaction", **early) == ["ledger.unit-not-usable"]
        assert desk.two(GLASS_ONE, GLASS_TWO, "transaction", **{**early, "year": 2030})
