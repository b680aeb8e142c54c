"""`openets law`: what the rulebook says, since when, by which article, and what it said before.

The commands only ask and print; the answers are the rulebook's. An unknown path is met with the
paths that may have been meant, because nobody knows them by heart.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from openets.interfaces import refusals as made_here
from openets.interfaces.cli.output import (
    DEFAULT_STORE,
    CsvOption,
    JsonOption,
    StoreOption,
    console,
    fail,
    opened,
    print_rows,
)
from openets.ledger.reads import adopted_rulebook
from openets.rulebook import explain as history
from openets.rulebook.acts import Act, acts
from openets.rulebook.answers import ANSWERS, codes_for
from openets.rulebook.diff import Difference, difference
from openets.rulebook.kept import as_kept, changes, kept
from openets.rulebook.load import (
    LAW,
    BadRulebook,
    UnknownJurisdiction,
    check_folder,
    jurisdictions,
    load_rulebook,
)
from openets.rulebook.model import NoLaw, Value, plain
from openets.rulebook.pages import count_by_status, pages
from openets.rulebook.schema import FILE_NAME as SCHEMA_FILE
from openets.rulebook.schema import schema_text

DIFF_COLUMNS = (
    *("path", "from", "until", "what"),
    *("old", "old_article", "new", "new_article", "unit"),
)

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
    console.print(f"{found.path}\n{found.title}{unit}", soft_wrap=True)
    for row in found.rows:
        console.print(f"\n{history.describe_row(row)}", soft_wrap=True)


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


@law_app.command("acts")
def list_acts(
    known_on: KnownOption = None,
    jurisdiction: JurisdictionOption = "eu",
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List the acts: their days, what they amend or repeal, and how many values stand in each."""
    with _failing():
        book = load_rulebook(jurisdiction)
    found = acts(book, _read_date("--known-on", known_on))
    if as_json or as_csv:
        rows = [
            ["; ".join(part) if as_csv and isinstance(part, tuple) else part for part in act]
            for act in found
        ]
        print_rows(Act._fields, rows, as_json=as_json, as_csv=as_csv)
        return
    table = Table(box=None, pad_edge=False)
    for name in ("act", "about", "adopted", "in force", "values"):
        table.add_column(name, overflow="fold", justify="right" if name == "values" else "left")
    for act in found:
        about = act.subject
        if act.amends:
            about += f"; amends {', '.join(act.amends)}"
        if act.repealed_by:
            about += f"; repealed from {act.repealed_from} by {act.repealed_by}"
        table.add_row(act.name, about, str(act.adopted), str(act.in_force or ""), str(act.cited))
    console.print(table)


@law_app.command("diff")
def diff(
    known_on: Annotated[
        tuple[str, str],
        typer.Option("--known-on", metavar="DATE DATE", help="The law of one day and of another."),
    ],
    part: Annotated[str, typer.Argument(metavar="PART", help="Part of a path.")] = "",
    jurisdiction: JurisdictionOption = "eu",
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Show what a reform changed: every value that the law of two days states differently."""
    before, after = (_known_day(text) for text in known_on)
    with _failing():
        found = difference(load_rulebook(jurisdiction), before, after)
    found = [one for one in found if part.lower() in one.path.lower()]
    if not (as_json or as_csv):
        for one in found:
            console.print(_describe_difference(one), soft_wrap=True)
        return
    write = _as_json if as_json else history.write_value
    none = None if as_json else ""
    rows = [
        (
            *(one.path, one.from_, one.until or none, one.what),
            *(part for side in (one.old, one.new) for part in _side(side, write, none)),
            one.unit or none,
        )
        for one in found
    ]
    print_rows(DIFF_COLUMNS, rows, as_json=as_json, as_csv=as_csv)


def _known_day(text: str) -> date:
    return _read_date("--known-on", text) or date.max


def _side(value: Value | None, write: Callable[[Any], Any], none: Any) -> tuple[Any, Any]:
    return (write(value.value), f"{value.source}") if value else (none, none)


def _describe_difference(one: Difference) -> str:
    """A difference as lines of text: what was there, and under it what is there now."""
    unit = f" {one.unit}" if one.unit else ""
    until = f" until {one.until}" if one.until else ""
    lines = [f"{one.path} from {one.from_}{until}: {one.what}"]
    for mark, value in (("-", one.old), ("+", one.new)):
        if value is not None:
            said = history.write_value(value.value) + unit
            lines.append(f"  {mark} {said}    {value.source} ({value.status})")
    return "\n".join(lines)


@law_app.command("changes")
def changes_of_a_store(
    part: Annotated[str, typer.Argument(metavar="PART", help="Part of a path.")] = "",
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Show what the law of this release changes for a store that works by an earlier one."""
    with opened(directory) as store:
        with closing(store.projection().database) as database:
            digest = adopted_rulebook(database)
        before = kept(store.law_directory, digest)
        if before is None:
            fail(f"The law with digest {digest.hex()} is not kept in {store.law_directory}.")
        found = changes(before, as_kept(store.rulebook))
        rows = [
            (one.path, one.what, json.dumps(one.before), json.dumps(one.after))
            for one in found
            if part.lower() in one.path.lower()
        ]
        if rows or as_json or as_csv:
            columns = ("path", "what", "in force", "in this release")
            print_rows(columns, rows, as_json=as_json, as_csv=as_csv)
        else:
            console.print("The store works by the law of this release.")


@law_app.command("check")
def check(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="Law of your own, or one act's folder."),
    ] = None,
) -> None:
    """Read all law strictly and say what is wrong, with file and line; or that nothing is."""
    if folder is not None and not folder.is_dir():
        fail(f"There is no folder {folder}.")
    with _failing():
        books = check_folder(folder or LAW)
    for book in books:
        counts = count_by_status(book)
        said = ", ".join(f"{number} {status}" for status, number in counts.items())
        total = sum(counts.values())
        line = f"{book.jurisdiction}: {len(book.paths())} parameters, {total} values ({said}), "
        console.print(line + book.digest.hex(), soft_wrap=True)


@law_app.command("schema")
def schema(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the file goes.")],
) -> None:
    """Write the JSON Schema of a file of law, for editors that complete and check YAML."""
    _write(out, {SCHEMA_FILE: schema_text()})


@law_app.command("pages")
def write_pages(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the pages go.")],
    jurisdiction: JurisdictionOption = "eu",
) -> None:
    """Write the law as pages for the manual: every value, its article, its status, its history."""
    with _failing():
        made = pages(load_rulebook(jurisdiction))
    _write(out, made)


@law_app.command("refusals")
def list_refusals(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write them as a page there.")
    ] = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List every refusal of the house: code, sentence, what it cites, the jurisdictions' codes."""
    with _failing():
        books = [
            book for name in jurisdictions() if ANSWERS in (book := load_rulebook(name)).paths()
        ]
    entries = made_here.catalogue()
    if out is not None:
        _write(out, {made_here.PAGE: made_here.page(entries, books)})
        return
    columns = (*made_here.Entry._fields, *(book.jurisdiction for book in books))
    rows = [(*one, *(", ".join(codes_for(book, one.code)) for book in books)) for one in entries]
    print_rows(columns, rows, as_json=as_json, as_csv=as_csv)


def _write(out: Path, files: dict[str, str]) -> None:
    """Writes files into a folder, making it if need be, and names each."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (out / name).write_text(text, encoding="utf-8")
            console.print(str(out / name), soft_wrap=True)
    except OSError as error:
        fail(f"Cannot write to {out}: {error.strerror}.")


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
