"""Holders, operators and verifiers are entered and changed; what is wrong is told at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from openets.kernel.refusal import Refused
from openets.ledger.store import Store
from openets.people.accounts import OPERATORS
from openets.people.commands import load_command
from openets.people.identity import is_lei, is_vat
from openets.people.office import Office
from openets.people.reviewing import reviews_due
from openets.people.reviews import due_on
from tests.conftest import MakeDatabase
from tests.people.test_people_accounts import BOTH, NEXT, codes, done, installation, request
from tests.people.test_people_desk import Day, at_work
from tests.small_office import CEMENT, GLASS, MONDAY, QUANTITY, TRADER, TRADER_ONE, make_office

LEI = "5493001KJTIIGC8Y1R12"  # of no holder of this register: an example of the standard
COMPANY = {"registry": "EX", "kind": "organisation", "country": "AT", "registration": "FN 1"}


@pytest.fixture
def store(make_database: MakeDatabase, tmp_path: Path) -> Store:
    """On both engines."""
    urls = {name: make_database(name) for name in ("journal", "query", "log", "desk")}
    return make_office(tmp_path / "store", urls)


@pytest.fixture
def day(store: Store) -> Iterator[Day]:
    with ExitStack() as stack:
        yield stack.enter_context(at_work(store))


@pytest.mark.parametrize(
    ("number", "right"),
    [(LEI, True), (LEI[:-1] + "3", False), ("", False), ("1", False), (LEI.lower(), False)],
)
def test_the_check_digits_of_a_legal_entity_identifier(number: str, right: bool) -> None:
    assert is_lei(number) == right


@pytest.mark.parametrize(
    ("number", "right"),
    [
        ("ATU57194903", True),
        ("ATU57194904", False),
        ("SI50223054", True),
        ("EL094259216", True),
        ("GB980780684", True),
        ("CHE-107.787.577 IVA", True),
        ("NO995525828MVA", True),
        ("980780684", False),
        ("ZZ1", False),
        ("", False),
    ],
)
def test_a_vat_number_is_one_its_country_could_have_given(number: str, right: bool) -> None:
    assert is_vat(number) == right


def test_a_holder_is_entered_by_two_and_changed_by_two(day: Day) -> None:
    papers = {"register extract": "file 3"}
    done(day, "register holder", **COMPANY, lei=LEI, vat="ATU57194903", documents=papers)
    holder = day.office.register.holders.every()[-1]
    assert (holder.kind, holder.lei, holder.documents) == ("organisation", LEI, papers)
    moved = COMPANY | {"country": "SI", "holder": holder.number}
    assert done(day, "register holder", **moved).state == "completed"
    changed = day.office.register.holders.get(holder.number)
    assert changed and (changed.country, changed.lei) == ("SI", None)


def test_what_is_entered_twice_for_one_proposal_is_there_once(day: Day) -> None:
    proposal = day.propose(1, "register holder", **COMPANY)
    day.approve(2, proposal)
    before = day.office.register.holders.every()
    load_command(day.office.office, proposal.command, proposal.body).carry_out(proposal.number, 0)
    assert day.office.register.holders.every() == before


def test_everything_wrong_with_a_holder_is_told_at_once(day: Day) -> None:
    wrong = COMPANY | {"country": "XX", "registration": None, "lei": "1", "vat": "AT1"}
    assert codes(day, "register holder", **wrong, documents={"shoe size": "file 1"}) == [
        "people.country country",
        "people.registration-missing registration",
        "people.lei lei",
        "people.vat vat",
        "people.document-not-asked documents.shoe size",
    ]
    person = {"registry": "EX", "kind": "person", "country": "AT", "registration": "FN 1"}
    assert codes(day, "register holder", **person) == ["people.number-of-a-person registration"]
    assert codes(day, "register holder", **COMPANY, holder=99) == ["people.holder-unknown holder"]
    other_kind = {"registry": "EX", "kind": "government", "country": "AT", "holder": TRADER}
    assert codes(day, "register holder", **other_kind) == ["people.holder-kind-changes kind"]
    with pytest.raises(Refused):
        day.propose(1, "register holder", **COMPANY | {"kind": "ghost"})


def test_everything_wrong_with_an_operator_is_told_at_once(day: Day) -> None:
    code = installation(day)
    assert code == "EX-000001"
    fields = {"registry": "EX", "kind": "balloon", "permit": "permit 12", "activity": 20}
    years = {"first_year": 2031, "last_year": 2030}
    assert codes(day, "register operator", **fields, **years, operator="EX-000009") == [
        "people.operator-unknown operator",
        "people.operator-kind-unknown kind",
        "people.years last_year",
    ]
    fields["kind"] = "installation"
    assert codes(day, "register operator", **fields, first_year=2030) == [
        "people.permit-taken permit"
    ]
    assert codes(day, "exclude year", operator="EX-7", year=2030, ground="luck") == [
        "people.operator-unknown operator",
        "people.exclusion-ground ground",
    ]
    assert codes(day, "exclude year", operator=code, year=2030, ground="luck") == [
        "people.exclusion-ground ground"
    ]
    assert codes(day, "register operator", **fields | {"registry": "ZZ"}, first_year=2030) == [
        "people.not-permitted"
    ]


def verifier(day: Day, *persons: int, **changed: Any) -> dict[str, Any]:
    fields = {"registry": "EX", "accreditation": "no 5", "scope": [20, 21], "persons": persons}
    return fields | {"expires": "2030-12-31"} | changed


def test_a_verifier_has_a_scope_and_a_last_day(day: Day) -> None:
    who = day.office.register.add_person("verifier", "EX")[0].number
    done(day, "register verifier", **verifier(day, who))
    found = day.office.register.verifiers.of_person(who)
    assert found and found.may_verify(20, date(2030, 12, 31))
    assert not found.may_verify(20, date(2031, 1, 1)) and not found.may_verify(22, date(2030, 5, 1))
    longer = verifier(day, who, expires="2035-12-31", verifier=found.number)
    assert done(day, "register verifier", **longer).state == "completed"
    (changed,) = day.office.register.verifiers.every()
    assert (changed.number, changed.expires) == (found.number, date(2035, 12, 31))
    assert codes(day, "register verifier", **verifier(day, who)) == [
        "people.of-another-verifier persons"
    ]


def test_a_verifier_represents_no_account(day: Day) -> None:
    who = day.office.register.add_person("verifier", "EX")[0].number
    found = codes(day, "register verifier", **verifier(day, TRADER_ONE))
    assert found == ["people.not-a-verifier persons", "people.verifier-represents persons"]
    done(day, "register verifier", **verifier(day, who))
    (told, for_whom) = codes(
        day, "open account", **request(representatives={who: BOTH, TRADER_ONE: BOTH})
    )
    assert told.startswith("people.not-to-represent")
    assert for_whom.startswith("people.acts-for-verifier")


def test_everything_wrong_with_a_verifier_is_told_at_once(day: Day) -> None:
    assert codes(day, "register verifier", **verifier(day, expires="2029-01-01", verifier=9)) == [
        "people.verifier-unknown verifier",
        "people.accreditation-expired expires",
        "people.too-few-for-verifier persons",
    ]


def test_activities_are_those_of_the_law_where_it_lists_them(
    day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openets.people.registrations.activities_of", lambda _: {21: "steel"})
    fields = {"registry": "EX", "kind": "installation", "permit": "permit 3", "activity": 20}
    found = codes(day, "register operator", **fields, first_year=2030)
    assert found == ["people.activity-unknown activity"]
    who = day.office.register.add_person("verifier", "EX")[0].number
    assert codes(day, "register verifier", **verifier(day, who)) == ["people.scope scope"]


def test_an_operator_keeps_its_kind_and_stands_behind_accounts_of_that_kind(
    day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = installation(day)
    fields = {"registry": "EX", "kind": "balloon", "permit": "permit 3", "activity": 20}
    found = codes(day, "register operator", **fields, first_year=2030, operator=code)
    assert "people.operator-changes kind" in found
    by_law = Office.by_law
    monkeypatch.setattr(
        Office,
        "by_law",
        lambda office, path, default: (
            {"operator-holding": "ship"} if path == OPERATORS else by_law(office, path, default)
        ),
    )
    assert "people.operator-kind operator" in codes(
        day, "open account", **request(type="operator-holding", operator=code)
    )


# -- reviews --------------------------------------------------------------------------------------


def test_a_review_is_due_after_the_years_of_the_law(day: Day) -> None:
    office, register = day.office.office, day.office.register
    assert {one.number for one in reviews_due(office, MONDAY.date())} == {
        CEMENT,
        GLASS,
        TRADER,
    }  # never yet
    for account in (CEMENT, GLASS, TRADER):
        assert done(day, "review", account=account).state == "completed"
    who = register.add_person("verifier", "EX")[0].number
    done(day, "register verifier", **verifier(day, who))
    done(day, "open account", **request())
    assert reviews_due(office, date(2033, 3, 3)) == []
    usual = [(one.subject, one.number) for one in reviews_due(office, date(2033, 3, 4))]
    assert usual == [("account", TRADER), ("account", NEXT)]
    every = [(one.subject, one.number) for one in reviews_due(office, date(2035, 3, 4))]
    assert every == [*usual, ("account", CEMENT), ("account", GLASS), ("verifier", 1)]
    day.clock.step(timedelta(days=1))
    done(day, "review", verifier=1)
    assert register.reviews.last("verifier", 1) == date(2030, 3, 5)


def test_a_review_needs_the_documents_of_the_law(day: Day) -> None:
    done(day, "register holder", **COMPANY, holder=CEMENT)  # without its papers
    missing = ["people.document-missing documents.register extract"]
    assert codes(day, "review", account=CEMENT) == missing
    done(day, "review", account=CEMENT, documents={"register extract": "file 4", "diary": "file 5"})
    holder = day.office.register.holders.get(CEMENT)
    assert holder and holder.documents == {"register extract": "file 4"}
    day.office.register.database.run("DELETE FROM holding WHERE account = ?", (QUANTITY,))
    assert codes(day, "review", account=QUANTITY) == ["people.no-holder-known account"]
    assert codes(day, "review", account=99) == ["people.account-unknown account"]
    assert codes(day, "review", verifier=9)[0].startswith("people.verifier-unknown")
    with pytest.raises(Refused) as refused:
        day.propose(1, "review", account=CEMENT, verifier=1)
    assert refused.value.refusals[0].code == "people.malformed"


@pytest.mark.parametrize(
    ("last", "years", "due"),
    [
        (date(2030, 3, 4), 3, date(2033, 3, 4)),
        (date(2032, 2, 29), 3, date(2035, 2, 28)),
        (date(2032, 2, 29), 4, date(2036, 2, 29)),
        (None, 3, date.min),
    ],
)
def test_the_day_of_the_next_review(last: date | None, years: int, due: date) -> None:
    assert due_on(last, years) == due
