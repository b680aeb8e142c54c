"""A demonstration that was played once, by the command itself, and a copy of it for each story.

The figures are those of two registries at a thousandth of their size, so that a play takes a second
and has every step of the large one: eighteen years, all kinds of transaction, both books.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import openets.interfaces.cli.main  # noqa: F401  (loads the module that is patched below)
from openets.translog.server import at_its_socket
from tests.stories.command_line import FIGURES_OF, run
from tests.world.small_europe import small_figures


@pytest.fixture(autouse=True, scope="session")
def small_world_of_figures() -> Iterator[None]:
    """What `demo` and `totals` take for the published figures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FIGURES_OF, small_figures)
        yield


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory, small_world_of_figures: None) -> Path:
    """The folder of a store the demonstration has been played into; to be copied, not changed."""
    directory = tmp_path_factory.mktemp("stories") / "demo"
    assert "none differs" in run("demo", store=directory)
    return directory


@pytest.fixture
def store(played: Path, tmp_path: Path) -> Path:
    """A copy of the played store, to do with as one likes."""
    return Path(shutil.copytree(played, tmp_path / "store"))


@pytest.fixture
def log_at_work(store: Path) -> Iterator[None]:
    """The store's log answers already, so that no command has to start one and wait for it."""
    with at_its_socket(store / "log"):
        yield
