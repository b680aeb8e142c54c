"""`openets law`: what the rulebook says, since when, by which article, and what it said before.

The commands only ask and print; the answers are the rulebook's. An unknown path is met with the
paths that may have been meant, because nobody knows them by heart.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from openets.interfaces.cli.output import CsvOption, JsonOption, console, fail, print_rows
from openets.rulebook import explain as history
from openets.rulebook.load import (
    BadRulebook,
    UnknownJurisdiction,
    jurisdictions,
    load_folder,
    load_rulebook,
)
from openets.rulebook.model import NoLaw, Rulebook, plain

law_app = typer.Typer(help="Ask the rulebook.", no_args_is_help=True)

PathArgument = Annotated[str, typer.Argument(metavar="PATH", help="A parameter: caps.…")]
JurisdictionOption = Annotated[str, typer.Option("--jurisdiction", help="Whose law.")]
ForOption = Annotated[
    str | None, typer.Option("--for", metavar="YEAR|DATE", help="What it is to apply to.")
]
KnownOption = Annotated[
    str | None, typer.Option("--known-on", metavar="DATE", help="The law as it stood on a day.")
]


@contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except (UnknownJurisdiction, NoLaw, BadRulebook) as error:
        fail(str(error))


@law_app.command("show")
def show(
    path: PathArgument,
    for_: ForOption = None,
    known_on: KnownOption = None,
    jurisdiction: JurisdictionOption = "eu",
    as_json: JsonOption = False,
) -> None:
    """Show the value that applies to a year or day (today if none is given), and its article."""
    with _failing():
        found = load_rulebook(jurisdiction).ask(
            path,
            for_=_read_when(for_),
            known_on=_read_date("--known-on", known_on),
        )
    if as_json:
        _print_json(
            {
                "path": found.path,
                "value": _as_json(found.value),
                "unit": found.unit,
                "from": found.from_,
                "until": found.until,
                "enacted": found.enacted,
                "source": {"act": found.source.act, "article": found.source.article},
                "status": found.status,
                "note": found.note,
            }
        )
        return
    rows = [
        ("value", history.write_value(found.value) + (f" {found.unit}" if found.unit else "")),
        ("article", str(found.source)),
        ("status", found.status),
        ("from", f"{found.from_}" + (f" until {found.until}" if found.until else "")),
        ("enacted", str(found.enacted)),
    ]
    if found.note:
        rows.append(("note", found.note))
    table = Table(box=None, pad_edge=False, show_header=False, title=path, title_justify="left")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in rows:
        table.add_row(name, text)
    console.print(table)


@law_app.command("explain")
def explain(
    path: PathArgument,
    jurisdiction: JurisdictionOption = "eu",
    as_json: JsonOption = False,
) -> None:
    """Print every value a parameter has or had, and the article of each."""
    with _failing():
        found = history.explain(load_rulebook(jurisdiction), path)
    if as_json:
        _print_json(
            {
                "path": found.path,
                "title": found.title,
                "unit": found.unit,
                "values": [
                    {
                        "from": row.from_,
                        "until": row.until,
                        "enacted": row.enacted,
                        "value": _as_json(row.value),
                        "source": {"act": row.source.act, "article": row.source.article},
                        "status": row.status,
                        "note": row.note,
                        "replaced_on": row.replaced_on,
                    }
                    for row in found.rows
                ],
            }
        )
        return
    unit = f" ({found.unit})" if found.unit else ""
    console.print(f"{found.path}\n{found.title}{unit}", markup=False, soft_wrap=True)
    for row in found.rows:
        console.print(f"\n{history.describe_row(row)}", markup=False, soft_wrap=True)


@law_app.command("list")
def list_paths(
    part: Annotated[str, typer.Argument(metavar="PART", help="Part of a path.")] = "",
    jurisdiction: JurisdictionOption = "eu",
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List the parameters of the rulebook, or those whose path contains a word."""
    with _failing():
        book = load_rulebook(jurisdiction)
    rows = [
        (path, book.parameter(path).title, len(book.parameter(path).values))
        for path in book.paths()
        if part.lower() in path.lower()
    ]
    print_rows(("path", "title", "values"), rows, as_json=as_json, as_csv=as_csv)


@law_app.command("check")
def check(
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help="Law in files of your own.")
    ] = None,
) -> None:
    """Read all law strictly and say what is wrong, with file and line; or that nothing is."""
    if folder is not None and not folder.is_dir():
        fail(f"There is no folder {folder}.")
    with _failing():
        books: list[Rulebook] = (
            [load_folder(folder)] if folder else [load_rulebook(name) for name in jurisdictions()]
        )
    for book in books:
        line = f"{book.jurisdiction}: {len(book.paths())} parameters, {book.digest.hex()}"
        console.print(line, soft_wrap=True)


def _read_when(text: str | None) -> int | date | None:
    if text is not None and re.fullmatch(r"\d{4}", text) and int(text):
        return int(text)
    return _read_date("--for", text)


def _read_date(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        years = "a year (2024) or " if option == "--for" else ""
        fail(f"{option} takes {years}a day (2018-10-03), not {text!r}.")


def _as_json(value: Any) -> Any:
    """A value for programs: a decimal is text, so that none of its digits is lost."""
    written = plain(value)
    return written["decimal"] if isinstance(written, dict) and "decimal" in written else written


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=2, default=str, ensure_ascii=False) + "\n")
