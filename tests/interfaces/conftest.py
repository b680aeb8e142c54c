"""Django set up once for the tests, and the site of a store asked as a browser would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client, override_settings

from openets.interfaces.public.views import reader
from openets.interfaces.web.settings import site_settings
from openets.ledger.store import Store
from tests.django_once import django_once
from tests.public_stores import make_europe, make_example

Site = Callable[[Path], Client]


@pytest.fixture(scope="session", autouse=True)
def site_of_nothing() -> None:
    """Django is set up once in a process."""
    django_once()


@pytest.fixture
def site() -> Iterator[Site]:
    """Asks the site of a store."""
    changes = []

    def of(directory: Path) -> Client:
        change = override_settings(**site_settings(directory))
        change.enable()
        changes.append(change)
        return Client(headers={"host": "localhost"})

    yield of
    for change in reversed(changes):
        change.disable()
    reader.cache_clear()


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store whose law keeps nothing confidential; not to be changed."""
    return make_example(tmp_path_factory.mktemp("public") / "example")


@pytest.fixture(scope="session")
def europe(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store whose law keeps holdings confidential; not to be changed."""
    return make_europe(tmp_path_factory.mktemp("public") / "europe")
