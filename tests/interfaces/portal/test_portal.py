"""The portal, asked without a browser: who sees what, and an operator that is short and pays."""

from __future__ import annotations

from datetime import datetime

import pytest

from openets.kernel.records import Malformed
from openets.ledger.post import WriterStopped
from openets.ledger.store import Store
from openets.people.counter.client import OpenedCounter
from openets.translog.client import LogAway
from openets.translog.proof import check_proof
from tests.interfaces.conftest import Site
from tests.interfaces.page import Page
from tests.interfaces.portal.conftest import Ask
from tests.interfaces.portal.people import basic, surrender
from tests.schemes.compliance.office import FURNACE, KILN, Desk, on
from tests.small_office import (
    AUDITOR,
    AUTHORITY,
    CEMENT_ONE,
    CEMENT_TWO,
    GLASS_ONE,
    OTHER_AUTHORITY,
    TRADER_ONE,
)

PENALTY: tuple[tuple[str, dict[str, object]], ...] = (
    ("notice", {"document": "file 12"}),
    ("payment", {"cents": 250_000, "reference": "bank 5"}),
    ("publication", {}),
)
YEAR = f"/portal/operators/{KILN}/2030/"


def test_it_wants_to_know_who_asks(ask: Ask) -> None:
    for path in ("/portal/", YEAR, f"/portal/operators/{KILN}/", f"{YEAR}receipt-1.json"):
        answer = ask(path, None)
        assert answer.status_code == 401, path
        assert answer["WWW-Authenticate"].startswith("Basic realm=")
    assert ask("/portal/", 99).status_code == 401
    for shown in (
        "Basic",
        "Basic !!!",
        "Bearer abc",
        "Basic /w==",
        "Basic OQ==",
        "Basic " + "9" * 99,
    ):
        assert ask("/portal/", None, Authorization=shown).status_code == (
            200 if shown == "Basic OQ==" else 401  # person 9, of the trader
        )
    token = basic("", "a token nobody has")["Authorization"]
    assert ask("/portal/", None, Authorization=token).status_code == 401


def test_a_token_is_the_password(ask: Ask, desk: Desk) -> None:
    _, token = desk.opened.register.add_person("auditor", None)
    answer = ask(YEAR, None, **basic("", token))
    assert answer.status_code == 200
    assert "120" not in answer.content.decode()


def test_in_a_live_store_a_number_is_not_enough(
    ask: Ask, store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openets.people.signing_in.LIVE", store.mode)
    answer = ask("/portal/")
    assert answer.status_code == 401
    assert b"A number is not enough in this store" in answer.content


def test_nobody_sees_another_holders_operator(ask: Ask) -> None:
    for who, status in (
        (CEMENT_ONE, 200),
        (CEMENT_TWO, 200),
        (GLASS_ONE, 403),
        (TRADER_ONE, 403),
        (AUTHORITY, 200),
        (AUDITOR, 200),
    ):
        answer = ask(YEAR, who)
        assert answer.status_code == status, who
        assert answer["Cache-Control"] == "no-store"
        if status == 403:
            words = Page(answer.content).words
            assert f"Person {who} does not represent this account." in words
            assert "people.not-permitted" in words
            assert "150" not in words
    assert ask(f"{YEAR}receipt-1.json", GLASS_ONE).status_code == 403


def test_what_is_not_there(ask: Ask) -> None:
    for path in (
        "/portal/operators/EX-000009/",
        f"/portal/operators/{KILN}/99999/",
        f"{YEAR}receipt-1.json",  # a record, and no surrender
        f"{YEAR}receipt-999999999999999999999999.json",
        "/portal/nowhere",
        f"/portal/operators/{KILN}/1/",
        f"/portal/operators/{KILN}/1999/",
    ):
        assert ask(path).status_code == 404, path
    page = Page(ask(YEAR).content)
    assert "2029" not in page.words.partition("your operators")[0]  # the law begins in 2030
    assert f"Signed in as person {CEMENT_ONE}." in page.words
    assert ask(YEAR.replace(KILN, KILN.lower())).status_code == 200


def test_a_name_is_looked_up(ask: Ask) -> None:
    answer = ask(f"/portal/?operator=+{FURNACE}+", AUDITOR)
    assert (answer.status_code, answer["Location"]) == (302, f"/portal/operators/{FURNACE}/")
    for odd in ("//evil.example", "../../", "%00", "<script>"):
        answer = ask(f"/portal/?operator={odd}", AUDITOR)
        assert answer.status_code in (200, 302), odd
        if answer.status_code == 302:
            assert answer["Location"].startswith("/portal/operators/")
            assert ask(answer["Location"], AUDITOR).status_code == 404
        assert b"<script>" not in answer.content


def test_an_operator_is_short_pays_and_still_owes(ask: Ask, desk: Desk) -> None:
    def page(day: datetime) -> str:
        desk.clock.set(day)
        return Page(ask(YEAR).content).words

    words = page(on(2031, 4, 3))
    assert "Symbol C" in words and "No emissions of 2030 stand in the registry." in words
    desk.enter(KILN, 2030, 200)
    words = page(on(2031, 4, 20))
    assert "200 units are still to be surrendered, 30 April 2031, 10 days left." in words
    assert "Owed 200 Surrendered 0 Pending 0 Missing 200" in words
    assert "allowance EX 150" in words
    assert "50 units are not covered by what the account has" in words
    assert f"A surrender is approved by person {CEMENT_ONE} or person {CEMENT_TWO}." in words
    proposal = desk.propose(CEMENT_ONE, "transaction", **surrender(150))
    words = page(on(2031, 4, 20))
    assert "Owed 200 Surrendered 0 Pending 150 Missing 50" in words
    assert f"150 units: waits for approval by person {CEMENT_TWO}." in words
    desk.approve(CEMENT_TWO, proposal)
    words = page(on(2031, 5, 2))
    assert "50 units are still to be surrendered, 30 April 2031: overdue." in words
    assert "Symbol B" in words and "Surrendered 150" in words
    answer = ask("/portal/")
    assert (
        f"{KILN.replace('-', chr(0x2011))} 50 2030 For 2030: surrender 50 more units."
        in Page(answer.content).words
    )
    (link,) = [one for one in Page(ask(YEAR).content).all("a") if "receipt-" in str(one["href"])]
    receipt = ask(str(link["href"]))
    assert receipt["Content-Disposition"].startswith("attachment; filename=")
    assert f"receipt-{check_proof(receipt.content.decode()).sequence}.json" in str(link["href"])
    for what, more in PENALTY:
        desk.two(AUTHORITY, OTHER_AUTHORITY, f"penalty {what}", operator=KILN, year=2030, **more)
    words = page(on(2031, 9, 1))
    assert "units missing 2,500.00 2,500.00 settled yes" in words
    assert "Missing 50" in words  # paid, and still owed


def test_what_a_person_sees_is_kept_by_nobody_and_runs_nothing(ask: Ask) -> None:
    answer = ask(YEAR)
    assert answer["Cache-Control"] == "no-store"
    assert "form-action 'self'" in answer["Content-Security-Policy"]
    page = Page(answer.content)
    assert not page.all("script") and not page.all("style")
    assert len(page.all("h1")) == 1


def test_when_the_writer_is_away_it_says_so(
    site: Site, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = site(store.directory).get("/portal/", headers=basic(str(CEMENT_ONE)))
    assert answer.status_code == 503
    assert "The desk cannot be asked just now" in Page(answer.content).words
    assert str(store.directory) not in answer.content.decode()
    assert "portal: " in capsys.readouterr().err


@pytest.mark.parametrize(
    "broken", [WriterStopped("taken over"), Malformed("row 7"), LogAway("no socket")]
)
def test_what_breaks_off_at_the_counter_is_no_fault_of_the_page(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, broken: Exception
) -> None:
    def breaks(*_: object) -> None:
        raise broken

    monkeypatch.setattr(OpenedCounter, "ask", breaks)
    answer = ask(YEAR)
    assert answer.status_code == 503
    assert str(broken) not in answer.content.decode()


def test_it_is_only_read(site: Site, store: Store) -> None:
    client = site(store.directory)
    assert client.post("/portal/", headers=basic(str(CEMENT_ONE))).status_code == 405
