"""How a story types a command, and what it reads back."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any, NamedTuple

from typer.testing import CliRunner

from openets.interfaces.cli.main import app

FIGURES_OF = "openets.interfaces.cli.demo.load_figures"
RECORDS = 1_273  # of the small demonstration, its day at the desk included


class Said(NamedTuple):
    """What a command printed, and how it ended."""

    out: str
    error: str
    code: int


def say(*words: str | int | Path, store: Path | None = None) -> Said:
    """Types a command as a person would; an exception that escapes it fails the story."""
    options = ["--store", str(store)] if store is not None else []
    result = CliRunner().invoke(app, [*map(str, words), *options])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise AssertionError(f"openets {words} broke off") from result.exception
    return Said(result.stdout, result.stderr, result.exit_code)


def run(*words: str | int | Path, store: Path | None = None) -> str:
    """Types a command that must succeed without a word on standard error."""
    said = say(*words, store=store)
    assert (said.code, said.error) == (0, ""), said
    return said.out


def rows_as_json(*words: str | int | Path, store: Path | None = None) -> list[dict[str, Any]]:
    """The rows of a listing, through --json."""
    rows: list[dict[str, Any]] = json.loads(run(*words, "--json", store=store))
    return rows


def rows_as_csv(*words: str | int | Path, store: Path | None = None) -> list[dict[str, str]]:
    """The rows of a listing, through --csv."""
    return list(csv.DictReader(io.StringIO(run(*words, "--csv", store=store))))


def officers(store: Path) -> list[str]:
    """The options that name the two officers' keys of a demonstration."""
    return [
        word for number in (1, 2) for word in ("--key", str(store / "officers" / f"{number}.pem"))
    ]
