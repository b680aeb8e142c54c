"""The public page in a real browser: for a keyboard, a phone, a printer, a screen reader."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.watched import DESKTOP, PHONE, RULES, SMALLEST, Watched, resize


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("path", ["", "nowhere"])
def test_axe_finds_nothing(
    watched: Watched, address: str, size: tuple[int, int], path: str
) -> None:
    resize(watched.page, size)
    watched.page.goto(address + path)
    results = Axe().run(watched.page, options=RULES)
    assert results.violations_count == 0, results.generate_report()
    assert len(results.response["passes"]) > 15  # it has looked


def test_nothing_is_wrong_and_nothing_comes_from_elsewhere(watched: Watched, address: str) -> None:
    answer = watched.page.goto(address)
    assert answer is not None and answer.status == 200
    watched.page.wait_for_load_state("networkidle")
    assert watched.complaints == []
    assert {request.url.startswith(address) for request in watched.asked} == {True}
    assert watched.page.context.cookies() == []
    assert watched.page.title() == "Accounts and holdings – OpenETS"


@pytest.mark.parametrize("size", [DESKTOP, PHONE, SMALLEST])
def test_it_is_read_without_scrolling_sideways(
    watched: Watched, address: str, size: tuple[int, int]
) -> None:
    resize(watched.page, size)
    watched.page.goto(address)
    inner = watched.page.evaluate("document.documentElement.scrollWidth")
    assert inner <= size[0]


def test_by_keyboard_one_gets_past_the_header(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(address)
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to main content")
    assert link.evaluate("one => one === document.activeElement")
    box = link.bounding_box()
    assert box is not None and box["width"] > 100 and box["y"] >= 0  # it is seen when it is used
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    focused = page.evaluate("getComputedStyle(document.activeElement).backgroundColor")
    assert focused == "rgb(255, 221, 0)"


def test_what_a_screen_reader_finds(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(address)
    assert page.get_by_role("banner").count() == page.get_by_role("contentinfo").count() == 1
    assert page.get_by_role("heading", level=1).inner_text() == "Accounts and holdings"
    names = page.get_by_role("table").evaluate_all(
        "tables => tables.map(one => one.caption.innerText)"
    )
    assert len(names) == 3 and all("at the end of" in name for name in names)
    for header in ("Units", "Accounts", "Unit"):
        assert page.get_by_role("columnheader", name=header, exact=True).count() >= 2
    assert page.get_by_role("rowheader", name="AT", exact=True).count() >= 1
    downloads = page.get_by_role("link", name="Units by registry as CSV")
    with page.expect_download() as started:
        downloads.click()
    assert started.value.suggested_filename == "holdings-by-registry.csv"


def test_numbers_stand_under_each_other(watched: Watched, address: str) -> None:
    watched.page.goto(address)
    cell = watched.page.get_by_role("cell").first
    assert cell.evaluate("one => getComputedStyle(one).textAlign") == "right"
    assert "tabular-nums" in cell.evaluate("one => getComputedStyle(one).fontVariantNumeric")


def test_on_paper_there_is_nothing_to_click(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(address)
    page.emulate_media(media="print")
    assert not page.get_by_text("Download:").first.is_visible()
    assert page.get_by_role("heading", level=1).is_visible()
    header = page.locator(".ets-header")
    assert header.evaluate("one => getComputedStyle(one).backgroundColor") == "rgba(0, 0, 0, 0)"
