"""People write brackets and colons: what they wrote is shown as they wrote it, everywhere.

The library that prints has a notation of its own in which `[bold]` is an order and `[/x]` a mistake
that ends the program; nothing anybody types is ever read in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from openets.interfaces.cli import output
from openets.kernel.clock import FixedClock
from openets.translog.server import at_its_socket
from tests.small_office import (
    CENTRAL,
    MONDAY,
    OTHER_CENTRAL,
    OTHER_SENIOR,
    SENIOR,
    TRADER,
    TRADER_ONE,
    make_office,
)
from tests.stories.command_line import run, say

WRITTEN = "[/x] [bold]no[/] [name] :smile: [/b]"


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for module in ("people.opening", "interfaces.cli.people"):
        monkeypatch.setattr(f"openets.{module}.SystemClock", lambda: FixedClock(MONDAY))
    made = make_office(tmp_path / "office")
    with at_its_socket(made.log_directory):
        yield made.directory


def shown(office: Path, *words: str | int) -> str:
    """What a command prints, without the breaks that columns make; it must succeed."""
    return "".join(run(*words, store=office).split())


def has_it(text: str, times: int = 1) -> bool:
    return text.count("".join(WRITTEN.split())) >= times


def test_what_people_write_is_shown_as_it_is(office: Path) -> None:
    fields = ("order=freeze", f"account={TRADER}", f"reason={WRITTEN}")
    sets = [word for field in fields for word in ("--set", field)]
    run("desk", "propose", "freeze", *sets, "--as", CENTRAL, store=office)
    run("inbox", "comment", 1, WRITTEN, "--as", CENTRAL, store=office)
    central = ("--as", CENTRAL)
    assert has_it(shown(office, "desk", "list", *central))
    assert has_it(shown(office, "inbox", "list", *central))
    assert has_it(shown(office, "inbox", "show", 1, *central), 2)  # its field, and the comment
    rejected = ("desk", "reject", 1, "--reason", WRITTEN, "--as", OTHER_CENTRAL)
    assert has_it(shown(office, *rejected))
    assert has_it(shown(office, "audit", *central), 3)
    assert has_it(shown(office, "desk", "list", "--all", *central))
    assert has_it(shown(office, "inbox", "list", "--all", *central))


def test_entries_in_the_register_and_documents(office: Path, tmp_path: Path) -> None:
    documents = ("--document", f"register extract={WRITTEN}")
    entered = ("holder", "register", "organisation", "AT", "--registry", "EX", *documents)
    said = run(*entered, "--registration", WRITTEN, "--as", SENIOR, store=office)
    run("desk", "approve", said.split()[1], "--as", OTHER_SENIOR, store=office)
    assert has_it(shown(office, "holder", "list", "--as", SENIOR))
    said = run("inbox", "request", "permit", "--account", TRADER, "--as", SENIOR, store=office)
    task = said.split()[1]
    file = tmp_path / "[x] [bold].pdf"
    file.write_bytes(b"%PDF-1.7 a permit")
    run("inbox", "submit", task, "permit", file, "--as", TRADER_ONE, store=office)
    refused = ("inbox", "refuse", task, "permit", "--reason", WRITTEN, "--as", SENIOR)
    run(*refused, store=office)
    kept = shown(office, "inbox", "show", task, "--as", TRADER_ONE)
    assert "[x][bold].pdf" in kept and has_it(kept)
    assert has_it(shown(office, "audit", "--as", SENIOR))


def test_a_refusal_repeats_what_was_written(office: Path) -> None:
    said = say("desk", "propose", WRITTEN, "--as", SENIOR, store=office)
    assert WRITTEN in said.error
    said = say("desk", "propose", "freeze", "--set", f"{WRITTEN}=1", "--as", SENIOR, store=office)
    assert f"[{WRITTEN}]" in said.error  # the name of the field, where it is wrong


def test_fields_a_command_can_do_without_are_in_brackets() -> None:
    assert "[account]" in run("desk", "commands")


def test_what_is_to_stand_out_does() -> None:
    coloured = Console(force_terminal=True, markup=False, color_system="standard")
    with coloured.capture() as captured:
        coloured.print(output.headed("  proved", f"  {WRITTEN}", style="green"))
    assert captured.get() == f"\x1b[32m  proved\x1b[0m  {WRITTEN}\n"
