"""The demonstration, killed while it plays, while people work and while it is swept away."""

from __future__ import annotations

import json
import os
import shutil
import signal
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from openets.interfaces.cli.demo import STATE
from openets.ledger.store import open_store
from openets.storage import boundary
from openets.translog.client import start_log
from tests.faults.test_processes import patiently
from tests.stories.command_line import run, say


def demo_that_dies(store: Path, name: str, times: int) -> None:
    """`openets demo` in a process that is killed when it is so often at a boundary."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads
        child = os.fork()
    if child == 0:
        try:
            boundary.install(_killer(name, times))
            say("demo", store=store)
        finally:
            os._exit(1)  # it was not killed
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    if (store / "store.toml").exists():  # its log ends by itself; nobody is as fast as a test
        patiently(lambda: start_log(open_store(store).log_directory)).stop()


def _killer(name: str, times: int) -> Callable[[str], None]:
    left = times

    def hook(reached: str) -> None:
        nonlocal left
        left -= reached == name
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    return hook


def end_of(said: str) -> str:
    """What a demonstration tells of allocation, penalties and the desk."""
    return said.partition("free allocation")[2].partition("where to look next")[0]


def state(store: Path, **changed: object) -> dict[str, object]:
    kept: dict[str, object] = json.loads((store / STATE).read_text())
    (store / STATE).write_text(json.dumps({**kept, **changed}))
    return kept


def test_killed_at_play_and_at_the_desk_it_ends_as_if_nothing_was(
    store: Path, tmp_path: Path
) -> None:
    state(store, finished=False)  # killed just before it said so: all is told, nothing is done
    whole = run("demo", store=store)
    assert "none differs" in whole and "penalty payment, completed" in end_of(whole)
    broken = tmp_path / "broken"
    demo_that_dies(broken, "journal.commit.during", 40)
    assert state(broken)["agenda"] is None
    demo_that_dies(broken, "desk.move.during", 11)
    assert state(broken)["agenda"]
    demo_that_dies(broken, "compliance.penalty.before", 1)
    said = run("demo", store=broken)
    assert end_of(said) == end_of(whole)
    assert "none differs" in said and said.count("  proved  ") == 4
    assert "There is a finished demonstration" in say("demo", store=broken).error


def test_swept_away_by_half_it_starts_clean(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = shutil.rmtree

    def gone(path: Path) -> None:
        sweep(path)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("openets.interfaces.cli.demo.shutil.rmtree", gone)
        say("demo", "--again", store=store)
    assert state(store)["swept"] is True
    assert not all((store / name).exists() for name in ("registry", "log", "officers"))
    assert "none differs" in run("demo", store=store)


def test_others_who_work_meanwhile_are_not_taken_for_the_day(store: Path) -> None:
    state(store, finished=False)
    run("person", "add", "senior administrator", "--registry", "AT", store=store)
    run("demo", store=store)  # one person more than the day needs is nothing to it
    state(store, finished=False, agenda={"accounts": [], "short": []})
    error = say("demo", store=store).error
    assert "world.day-differs: The day at the desk cannot be gone on with" in error
    assert "person 3 is representative" in error
