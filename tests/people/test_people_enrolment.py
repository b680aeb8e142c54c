"""Enrolment: what a key looks like, and who is let in by one, under the law of the UK registry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, nullcontext
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import pytest
import yaml

from openets.desk.trail import Trail
from openets.kernel.clock import FixedClock
from openets.kernel.refusal import Refused
from openets.ledger.post import Writer
from openets.people.enrolment import enrol, first_state, key_form, make_key
from openets.people.office import Office, by_law
from openets.people.register import Person, Register
from openets.people.roles import ACTIVE, REGISTERED, ROLES
from openets.rulebook.load import load_rulebook
from openets.storage.database import Database
from tests.books_by_law import TwoBooks

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "enrolment-keys.yaml").read_text())
DAY, AT = date(2026, 3, 2), datetime(2026, 3, 2, 11, tzinfo=UTC)
UK = partial(by_law, load_rulebook("uk"), DAY)
GOOD = "9GDT-62T8-3HEE-YWLW-YTH2"


@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case["key"]))
def test_what_a_key_looks_like(case: dict[str, Any]) -> None:
    form = key_form(UK)
    assert form is not None
    assert form.fits(case["key"]) is case["fits"]


def test_a_new_key_fits_and_is_another_each_time() -> None:
    form = key_form(UK)
    assert form is not None
    keys = {form.new() for _ in range(100)}
    assert len(keys) == 100
    assert all(map(form.fits, keys))


def test_who_is_entered_waits_for_a_key_only_where_the_law_says_so() -> None:
    assert [role for role in ROLES if first_state(UK, role) == REGISTERED] == ["representative"]
    others = partial(by_law, load_rulebook("example"), date(2030, 3, 4))
    assert {first_state(others, role) for role in ROLES} == {ACTIVE}


class Scene(NamedTuple):
    """An office with an administrator, one of another registry, and a person who registered."""

    office: Office
    trail: Trail
    clock: FixedClock
    senior: Person
    stranger: Person
    person: Person

    def state(self) -> str:
        """How the person stands."""
        found = self.office.register.person(self.person.number)
        assert found is not None
        return found.state


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with closing(Database(f"sqlite:///{tmp_path / 'desk.sqlite3'}", name="desk")) as database:
        register, clock = Register(database), FixedClock(AT)
        writer = cast(Writer, SimpleNamespace(book=TwoBooks("uk", DAY, "GB").book))
        office = Office(
            writer=writer,
            register=register,
            clock=clock,
            identity="case",
            record=lambda _: None,
            resting_on=lambda _: 0,
            law_kept=Path(),
            statement=lambda _: [],
            undecided=lambda _: [],
            pending=list,
            tables=cast(Any, nullcontext),
        )
        people = [
            register.add_person("senior administrator", "GB")[0],
            register.add_person("senior administrator", "UK")[0],
            register.add_person("representative", "GB", REGISTERED)[0],
        ]
        yield Scene(office, Trail(database), clock, *people)


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [one.code for one in refused.value.refusals]


def test_the_key_that_was_sent_lets_in_once(scene: Scene) -> None:
    office, trail, _, senior, _, person = scene
    made = make_key(office, trail, senior.actor, person.number)
    enrol(office, trail, person, made.key)
    assert scene.state() == ACTIVE
    told = [event.sentence for event in trail.events()]
    assert told == [
        f"Person {senior.number} (senior administrator) made a key to enrol for "
        f"Person {person.number} (representative).",
        f"Person {person.number} (representative) enrolled with the key that was sent.",
    ]
    assert made.key not in "".join(told)
    again = office.register.person(person.number)
    assert again is not None
    with pytest.raises(Refused) as refused:
        enrol(office, trail, again, made.key)
    assert codes(refused) == ["people.needs-no-key"]


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (GOOD, "people.key-wrong"),
        ("", "people.key-malformed"),
        ("W0TT-JNBA-79HY-KZM3-JMK7", "people.key-malformed"),
    ],
)
def test_no_other_key_does(scene: Scene, key: str, code: str) -> None:
    office, trail, _, senior, _, person = scene
    for _ in range(2):  # before a key was made, and after
        with pytest.raises(Refused) as refused:
            enrol(office, trail, person, key)
        assert codes(refused) == [code]
        make_key(office, trail, senior.actor, person.number)
    assert scene.state() == REGISTERED


def test_a_new_key_takes_the_place_of_the_one_before(scene: Scene) -> None:
    office, trail, _, senior, _, person = scene
    first, second = (make_key(office, trail, senior.actor, person.number) for _ in range(2))
    with pytest.raises(Refused) as refused:
        enrol(office, trail, person, first.key)
    assert codes(refused) == ["people.key-wrong"]
    enrol(office, trail, person, second.key)
    assert scene.state() == ACTIVE


@pytest.mark.parametrize(("days", "seconds", "state"), [(60, -1, ACTIVE), (60, 0, REGISTERED)])
def test_a_key_is_good_for_as_long_as_the_law_says(
    scene: Scene, days: int, seconds: int, state: str
) -> None:
    office, trail, clock, senior, _, person = scene
    made = make_key(office, trail, senior.actor, person.number)
    clock.set(AT + timedelta(days=days, seconds=seconds))
    if state == ACTIVE:
        enrol(office, trail, person, made.key)
    else:
        with pytest.raises(Refused) as refused:
            enrol(office, trail, person, made.key)
        assert codes(refused) == ["people.key-expired"]
    assert scene.state() == state


def test_who_makes_keys_and_for_whom(scene: Scene) -> None:
    office, trail, _, senior, stranger, person = scene
    for actor, number, code in (
        (stranger.actor, person.number, "people.not-permitted"),
        (person.actor, person.number, "people.not-permitted"),
        (senior.actor, stranger.number, "people.not-permitted"),
        (senior.actor, senior.number, "people.needs-no-key"),
        (senior.actor, 99, "people.person-unknown"),
    ):
        with pytest.raises(Refused) as refused:
            make_key(office, trail, actor, number)
        assert codes(refused) == [code]
    assert list(trail.events()) == []
