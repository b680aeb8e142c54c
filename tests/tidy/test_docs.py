"""The manual cannot lie by omission: commands, files and pages are named where they belong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from openets.interfaces.cli.main import app

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent for path in (ROOT / "openets").rglob("README.md"))
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "openets").rglob("*.md")]
)


def commands() -> list[tuple[str, ...]]:
    """Every command of the program, as the words a person types."""
    found = []

    def walk(command: object, words: tuple[str, ...]) -> None:
        below = getattr(command, "commands", None)
        if below is None:
            found.append(words)
            return
        for name, child in below.items():
            walk(child, (*words, name))

    walk(typer.main.get_command(app), ())
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_has_its_place_in_the_manual(words: tuple[str, ...]) -> None:
    page = (ROOT / "openets/interfaces/cli/README.md").read_text()
    assert words[-1] in re.findall(r"[a-z-]+", page), f"openets {' '.join(words)} is not listed"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_every_folder_names_its_files(folder: Path) -> None:
    page = (folder / "README.md").read_text()
    missing = [
        path.name
        for path in sorted(folder.glob("*.py"))
        if path.read_text().strip() and path.name not in page and path.name != "__main__.py"
    ]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_every_decision_is_listed() -> None:
    listed = (ROOT / "docs/decisions/README.md").read_text()
    for page in (ROOT / "docs/decisions").glob("2*.md"):
        assert page.name in listed
