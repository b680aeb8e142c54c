"""An operator's year in a real browser: for a person in a hurry, a phone, a screen reader.

The pages come from the site in this process, since its clock has to stand on a day of the story.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client, override_settings
from playwright.sync_api import Route

from openets.interfaces.web.settings import site_settings
from tests.browser.watched import DESKTOP, PHONE, RULES, SMALLEST, Watched, resize
from tests.django_once import django_once
from tests.interfaces.portal.people import basic, desk_on_a_page, surrender
from tests.schemes.compliance.office import KILN, make, on
from tests.small_office import AUTHORITY, CEMENT_ONE, CEMENT_TWO, GLASS_ONE, OTHER_AUTHORITY

SITE = "http://localhost"
YEAR = f"/portal/operators/{KILN}/2030/"


@pytest.fixture
def signed_in(
    watched: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Watched]:
    """The browser of a representative; half is surrendered, a part waits, a part is missing."""
    django_once()
    store = make(tmp_path / "office")
    site = override_settings(**site_settings(store.directory))
    with desk_on_a_page(store, monkeypatch) as desk, site:
        desk.clock.set(on(2031, 4, 20))
        desk.enter(KILN, 2030, 200)
        desk.two(CEMENT_ONE, CEMENT_TWO, "transaction", **surrender(100))
        desk.propose(CEMENT_ONE, "transaction", **surrender(20))
        notice = {"operator": KILN, "year": 2030, "document": "file 12"}
        desk.clock.set(on(2031, 5, 2))
        desk.two(AUTHORITY, OTHER_AUTHORITY, "penalty notice", **notice)
        desk.clock.set(on(2031, 4, 28))
        _answer(watched, Client(headers={"host": "localhost"}), basic(str(CEMENT_ONE)))
        yield watched


def _answer(watched: Watched, client: Client, headers: dict[str, str]) -> None:
    """Lets the site answer what the browser asks for."""

    def fulfil(route: Route) -> None:
        path = route.request.url.removeprefix(SITE)
        answer = client.get(path, headers=headers, follow=True)
        body = b"".join(answer) if answer.streaming else answer.content
        route.fulfill(status=answer.status_code, headers=dict(answer.items()), body=body)

    watched.page.unroute_all()
    watched.page.route("**/*", fulfil)


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("path", ["/portal/", YEAR, "/portal/operators/EX-000002/"])
def test_axe_finds_nothing(signed_in: Watched, size: tuple[int, int], path: str) -> None:
    resize(signed_in.page, size)
    signed_in.page.goto(SITE + path)
    results = Axe().run(signed_in.page, options=RULES)
    assert results.violations_count == 0, results.generate_report()
    assert len(results.response["passes"]) > 15  # it has looked


@pytest.mark.parametrize("size", [DESKTOP, PHONE, SMALLEST])
@pytest.mark.parametrize("path", ["/portal/", YEAR])
def test_it_is_read_without_scrolling_sideways(
    signed_in: Watched, size: tuple[int, int], path: str
) -> None:
    resize(signed_in.page, size)
    signed_in.page.goto(SITE + path)
    assert signed_in.page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_a_person_finds_what_to_do_and_takes_the_receipt_along(signed_in: Watched) -> None:
    page = signed_in.page
    page.goto(f"{SITE}/portal/")
    page.get_by_role("row").filter(has_text="surrender 100 more units").get_by_role("link").click()
    assert page.get_by_role("heading", level=1).inner_text().endswith("emissions of 2030")
    assert page.get_by_text("80 units are still to be surrendered, 30 April 2031").is_visible()
    assert page.get_by_text("50 units are not covered by what the account has").is_visible()
    assert page.get_by_text(f"waits for approval by person {CEMENT_TWO}").is_visible()
    assert page.get_by_role("heading", name="Penalties").is_visible()
    assert page.get_by_text("openets compliance surrender EX-000001 --year 2030").is_visible()
    with page.expect_download() as started:
        page.get_by_role("link", name="receipt of record").click()
    assert started.value.suggested_filename.startswith("surrender-")
    assert signed_in.complaints == []
    assert page.context.cookies() == []


def test_another_operator_is_looked_up_by_keyboard(signed_in: Watched) -> None:
    page = signed_in.page
    page.goto(f"{SITE}/portal/")
    page.get_by_label("Another operator you may see").press_sequentially("EX-000002")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="You may not see this").wait_for()
    _answer(signed_in, Client(headers={"host": "localhost"}), basic(str(GLASS_ONE)))
    page.reload()
    assert "emissions of 2030" in page.get_by_role("heading", level=1).inner_text()
