"""The audit trail: sentences a lawyer can read, and who may read which."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from openets.desk.audit import notices_for
from openets.desk.said import LANGUAGES, has
from openets.kernel.clock import instant
from openets.kernel.refusal import Refused
from openets.people.commands import commands
from openets.schemes.desk import EXTENSIONS
from tests.small_inbox import InboxDay, inbox_day
from tests.small_office import (
    AUDITOR,
    CEMENT,
    CEMENT_ONE,
    CEMENT_TWO,
    GLASS,
    GLASS_ONE,
    GLASS_TWO,
    MONDAY,
    OTHER_SENIOR,
    SENIOR,
    TRADER,
    make_office,
)

COMMANDS = commands(EXTENSIONS)
OWN_SENTENCES = {
    *("transaction", "bulk transaction", "adopt rulebook", "emissions table"),
    *("cap", "creation", "allocation table", "allocation run", "implementation measures"),
    *("correction", "cancel maintenance"),
}


@pytest.fixture
def day(tmp_path: Path) -> Iterator[InboxDay]:
    with inbox_day(make_office(tmp_path / "store")) as found:
        yield found


def a_transfer(day: InboxDay) -> None:
    day.approve(CEMENT_TWO, day.transfer(CEMENT_ONE, CEMENT, TRADER, 150))
    day.clock.set(datetime(2030, 3, 5, 12, tzinfo=UTC))
    day.work()


def test_a_transfer_in_english(day: InboxDay) -> None:
    a_transfer(day)
    proposed, awaiting, approved, done = day.trail(SENIOR, account=CEMENT)
    assert proposed == (
        "Person 5 (representative) proposed: 150 units of kind 1 by 10-0 from account 3 to "
        "account 5. It rests on Founding Act, Article 8."
    )
    assert awaiting == "A second person must approve: The acquiring account is not trusted."
    assert approved == (
        "Person 6 (representative) approved it. To be carried out at 2030-03-05 12:00 UTC: The "
        "account is not trusted; confirmed before 12:00, so at 12:00 of working day 1 after. It "
        "rests on Founding Act, Article 7."
    )
    assert done == (
        "It was carried out by record 15, proposed by person 5 (representative), approved by "
        "person 6 (representative). Before: account 3 holds 400 units of kind 1, account 5 holds "
        "300 units of kind 1. After: account 3 holds 250 units of kind 1, account 5 holds 450 "
        "units of kind 1."
    )


def test_a_transfer_in_slovenian(day: InboxDay) -> None:
    a_transfer(day)
    proposed, awaiting, approved, done = day.trail(SENIOR, language="sl", account=CEMENT)
    assert proposed == (
        "Oseba 5 (pooblaščeni predstavnik) je predlagala: 150 enot vrste 1 s postopkom 10-0 z "
        "računa 3 na račun 5. Podlaga: Founding Act, Article 8."
    )
    assert awaiting == "Odobriti mora druga oseba. Razlog: Prejemni račun ni zaupanja vreden."
    assert approved == (
        "Oseba 6 (pooblaščeni predstavnik) je odobrila predlog. Izvedba: 2030-03-05 12:00 UTC. "
        "Razlog: Račun ni zaupanja vreden; potrjeno pred 12:00, zato ob 12:00 1. delovnega dne "
        "zatem. Podlaga: Founding Act, Article 7."
    )
    assert done == (
        "Predlog je bil izveden z zapisom 15, predlagala oseba 5 (pooblaščeni predstavnik), "
        "odobrila oseba 6 (pooblaščeni predstavnik). Prej: na računu 3 je 400 enot vrste 1, na "
        "računu 5 je 300 enot vrste 1. Potem: na računu 3 je 250 enot vrste 1, na računu 5 je 450 "
        "enot vrste 1."
    )


def test_what_changes_in_the_register_is_told_before_and_after(day: InboxDay) -> None:
    fields = {"account": CEMENT, "person": GLASS_ONE, "right": "read only"}
    day.approve(OTHER_SENIOR, day.propose(SENIOR, "representative", **fields))
    last = day.trail(SENIOR, account=CEMENT)[-1]
    assert last.endswith(
        "Before: person 7 has no right on account 3. After: person 7 has on account 3 the right "
        "read only (active)."
    )
    status = {"account": CEMENT, "status": "blocked", "reason": "no figure"}
    day.approve(OTHER_SENIOR, day.propose(SENIOR, "change status", **status))
    assert "Before: account 3 is open. After: account 3 is blocked." in day.trail(SENIOR)[-1]
    day.approve(
        CEMENT_TWO, day.propose(CEMENT_ONE, "trusted account", account=CEMENT, listed=GLASS)
    )
    day.clock.step(timedelta(days=7))
    day.work()
    assert "After: account 4 is on the list of account 3." in day.trail(SENIOR)[-1]


def test_who_reads_which_lines(day: InboxDay) -> None:
    a_transfer(day)
    day.transfer(GLASS_ONE, GLASS, TRADER, 10)
    every = day.trail(AUDITOR)
    assert day.trail(SENIOR) == every
    cement, glass = day.trail(CEMENT_ONE), day.trail(GLASS_TWO)
    assert len(cement) + len(glass) == len(every)
    assert all("from account 4" not in line for line in cement)
    with pytest.raises(Refused, match="does not represent this account"):
        day.trail(GLASS_ONE, account=CEMENT)
    actor = day.who(GLASS_ONE)
    day.office.register.set_person_state(GLASS_ONE, "suspended")
    with pytest.raises(Refused, match="not active"):
        day.office.register.person(GLASS_ONE)
        day.trail(actor.id, account=GLASS)


def test_lines_of_a_person_and_of_a_period(day: InboxDay) -> None:
    a_transfer(day)
    assert len(day.trail(SENIOR, person=CEMENT_TWO)) == 1
    tuesday = instant(datetime(2030, 3, 5, tzinfo=UTC))
    assert len(day.trail(SENIOR, since=tuesday)) == 1
    assert len(day.trail(SENIOR, until=tuesday)) == 3
    assert day.trail(SENIOR, since=instant(MONDAY + timedelta(days=9))) == []


def test_who_reads_which_notices(day: InboxDay) -> None:
    a_transfer(day)

    def persons(who: int) -> set[int]:
        found = notices_for(day.office.desk.outbox, day.office.directory, day.who(who))
        return {one.person for one in found}

    assert persons(SENIOR) == persons(AUDITOR) == {CEMENT_ONE, CEMENT_TWO}
    assert persons(CEMENT_ONE) == {CEMENT_ONE}
    assert persons(GLASS_ONE) == set()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_field_has_its_words(name: str, language: str) -> None:
    assert has("word-" + name.replace(" ", "-"), language)
    if name not in OWN_SENTENCES:
        for field in COMMANDS[name].model_fields:
            assert has(f"field-{field}", language), field
