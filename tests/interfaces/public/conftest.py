"""Django set up once for the tests, and the site of a store asked as a browser would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import django
import pytest
from django.conf import settings
from django.test import Client, override_settings

from openets.interfaces.public.site import site_settings
from openets.interfaces.public.views import reader
from openets.ledger.store import Store, open_writer
from openets.translog.client import open_local_log
from tests.small_office import make_office
from tests.small_world import make_store, script

Site = Callable[[Path], Client]


@pytest.fixture(scope="session", autouse=True)
def site_of_nothing() -> None:
    """Django is set up once in a process."""
    settings.configure(**site_settings(Path("nowhere")))
    django.setup(set_prefix=False)


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


@contextmanager
def _written(store: Store) -> Iterator[None]:
    """Brings the query tables up after what is posted inside."""
    yield
    journal, projection = store.journal(read_only=True), store.projection()
    with closing(journal.database), closing(projection.database):
        projection.catch_up(journal)


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store of the example's law, which keeps nothing confidential; not to be changed."""
    store = make_office(tmp_path_factory.mktemp("public") / "example")
    with _written(store):
        pass
    return store


@pytest.fixture(scope="session")
def europe(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store of the Union's law with two registries and six accounts; not to be changed."""
    store = make_store(tmp_path_factory.mktemp("public") / "europe")
    log = open_local_log(store.log_directory)
    with _written(store), closing(open_writer(store, log)) as writer:
        for requests in script():
            writer.post(requests)
    log.stop()
    return store
