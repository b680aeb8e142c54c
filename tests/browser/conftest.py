"""A real browser: Chromium of the system, driven by Playwright; it never skips.

Playwright would fetch a browser of its own; ours is the system's, so that an install step that
downloads nothing but packages is enough.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from openets.channel.process import Child
from openets.interfaces.serving.household import WEB_MODULE
from tests.browser.watched import DESKTOP, Watched
from tests.public_stores import make_europe

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = [
    "--no-sandbox",  # as root, in a container
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def find_chromium() -> str:
    """The system's Chromium; fails with what to install."""
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    pytest.fail(
        f"The browser tests need Chromium, and none of {', '.join(NAMES)} is on the path. "
        "On Debian: apt-get install chromium (`.ci/run` does)."
    )


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=OPTIONS, env={**os.environ, "TMPDIR": "/tmp"}
        )  # it has a socket there, whose path may not be long
        yield browser
        browser.close()


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    """An empty page."""
    page = browser.new_page(viewport={"width": DESKTOP[0], "height": DESKTOP[1]})
    yield Watched(page)
    page.close()


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a site whose store keeps holdings confidential, served as in earnest."""
    store = make_europe(tmp_path_factory.mktemp("browser") / "europe")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        number = listening.fileno()
        words = (str(store.directory), str(number), "127.0.0.1")
        child = Child(WEB_MODULE, *words, keep=(number,))
        try:
            assert child.await_ready()
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            child.stop()
