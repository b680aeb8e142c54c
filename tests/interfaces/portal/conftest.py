"""A portal whose writer is an office in this process, so that its clock can be moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.http import HttpResponse

from openets.ledger.store import Store
from tests.interfaces.conftest import Site
from tests.interfaces.portal.people import basic, desk_on_a_page
from tests.schemes.compliance.office import Desk, make
from tests.small_office import CEMENT_ONE

Ask = Callable[..., HttpResponse]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return make(tmp_path / "office")


@pytest.fixture
def desk(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with desk_on_a_page(store, monkeypatch) as found:
        yield found


@pytest.fixture
def ask(site: Site, store: Store, desk: Desk) -> Ask:
    """Asks for an address as a person, known by number."""
    client = site(store.directory)

    def asked(path: str, who: int | None = CEMENT_ONE, **headers: str) -> HttpResponse:
        shown = basic(str(who)) if who else {}
        return client.get(path, headers={**shown, **headers})

    return asked
