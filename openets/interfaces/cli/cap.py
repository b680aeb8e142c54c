"""`openets cap`: quantities of allowances step by step, and the parts a year's quantity has.

The commands only ask and print. What the rulebook states stands beside what was computed, with the
difference; what is not known is printed as not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from openets.interfaces.cli.output import CsvOption, JsonOption, fail, failing, print_rows
from openets.kernel.money import Decimal
from openets.rulebook.load import BadRulebook, UnknownJurisdiction, load_rulebook
from openets.rulebook.model import EARLIEST, LATEST, NoLaw, Rulebook
from openets.schemes.caps.plan_file import read_plan
from openets.schemes.caps.plans import plan_law, yearly_issue
from openets.schemes.caps.quantities import SYSTEMS, Quantity, cap_of
from openets.schemes.caps.supply import SYSTEMS as DIVIDED
from openets.schemes.caps.supply import WHOLE, Identity, Part, supply_of

cap_app = typer.Typer(help="Quantities of allowances and their parts.", no_args_is_help=True)

NOT_KNOWN = "not known"
SHOWN = ("system", "year", "step", "figure", "total", "article", "status")
ISSUES = ("state", "year", "installation", "allowances")
DIVISION = ("system", "year", "part", "what", "within", "allowances", "article", "status")
ALIASES = {"ets2": "regulated-entities"}  # what the second system is called in conversation
SPAN = re.compile(r"(\d{4})(?:\.\.(\d{4}))?")

YearsArgument = Annotated[str, typer.Argument(metavar="YEARS", help="A year or a span: 2013..2040")]
KnownOption = Annotated[
    str | None, typer.Option("--known-on", metavar="DATE", help="The law as it stood on a day.")
]
SystemOption = Annotated[
    str | None, typer.Option("--system", help=f"{', '.join(SYSTEMS)} (or ets2); all if not said.")
]
JurisdictionOption = Annotated[str, typer.Option("--jurisdiction", help="Whose law.")]
Row = tuple[object, ...]


@cap_app.command("show")
def show(
    years: YearsArgument,
    known_on: KnownOption = None,
    system: SystemOption = None,
    jurisdiction: JurisdictionOption = "eu",
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Compute quantities step by step, each with its article, beside those the law states."""
    book, day = _book(jurisdiction), _read_day(known_on)
    found: list[Quantity] = []
    missing = ""
    for year in _read_years(years):
        for one in _read_systems(system, SYSTEMS):
            try:
                found.append(cap_of(book, one, year, day))
            except NoLaw as error:
                missing = missing or str(error)
    if not found:
        fail(missing)
    _print(SHOWN, [list(_quantity_rows(one)) for one in found], as_json=as_json, as_csv=as_csv)


@cap_app.command("identity")
def identity(
    years: YearsArgument,
    known_on: KnownOption = None,
    system: SystemOption = None,
    given: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="PART=FIGURE", help="A part's figure from elsewhere."),
    ] = None,
    jurisdiction: JurisdictionOption = "eu",
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Show the parts of a year's quantity, and whether they close to the unit or what is left."""
    book, day, figures = _book(jurisdiction), _read_day(known_on), _read_given(given or [])
    found: list[Identity] = []
    missing = ""
    for year in _read_years(years):
        for one in _read_systems(system or ("stationary" if figures else None), DIVIDED):
            try:
                found.append(supply_of(book, one, year, day, figures))
            except NoLaw as error:
                missing = missing or str(error)
            except ValueError as error:
                fail(str(error))
    if not found:
        fail(missing)
    _print(DIVISION, [list(_identity_rows(one)) for one in found], as_json=as_json, as_csv=as_csv)
    if any(one.contradicts for one in found):
        fail("Parts are more than their whole, or do not add up; see the rows `residual`.", code=1)


@cap_app.command("plan")
def plan(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A plan with its decision.")],
    jurisdiction: JurisdictionOption = "eu",
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Check a national allocation plan against its law, and list what is issued each year."""
    book = _book(jurisdiction)
    with failing():
        try:
            notified = read_plan(file.read_text(encoding="utf-8"))
            law = plan_law(book, notified.plan.first_year)
        except UnicodeDecodeError:
            fail(f"{file} is not text in UTF-8.")
        except NoLaw as error:
            fail(str(error))
        rows = [
            (notified.plan.state, year, installation, allowances)
            for year in range(law.first_year, law.last_year + 1)
            for installation, allowances in yearly_issue(*notified, law, year).items()
        ]
    print_rows(ISSUES, rows, as_json=as_json, as_csv=as_csv, years=("year",))


def _print(columns: Sequence[str], tables: list[list[Row]], *, as_json: bool, as_csv: bool) -> None:
    """One listing for programs; for people a table for each system and year, under their names."""
    if as_json or as_csv:
        rows = [row for table in tables for row in table]
        print_rows(columns, rows, as_json=as_json, as_csv=as_csv)
        return
    for table in tables:
        system, year = table[0][:2]
        bare = [[_as_read(cell) for cell in row[2:]] for row in table]
        print_rows(columns[2:], bare, as_json=False, as_csv=False, title=f"\n{system} {year}")


def _quantity_rows(found: Quantity) -> Iterator[Row]:
    """The steps, and under them the quantity, what the law states, and the difference."""
    head = (found.system, found.year)
    for step in found.steps:
        yield (
            *head,
            step.label,
            _figure(step.figure),
            _figure(step.total),
            step.article,
            step.status,
        )
    yield (*head, "quantity", "", _figure(found.computed), found.article, found.status)
    if found.stated is not None:
        stated = found.stated
        yield (*head, "as stated", "", int(stated.value), str(stated.source), stated.status)
        if found.difference is not None:
            yield (*head, "computed less stated", found.difference, "", "", "")
    if found.issued is not None:
        issued = found.issued
        label = "issued for what is covered"
        yield (*head, label, "", int(issued.value), str(issued.source), issued.status)


def _identity_rows(found: Identity) -> Iterator[Row]:
    """The quantity, its parts, and for every sum what is left for the parts not known."""
    head = (found.system, found.year)
    yield (*head, "quantity", "the quantity of the year", "", found.quantity, found.article, "")
    for part in found.parts:
        yield (*head, *_part_cells(part))
    for level in found.levels:
        if level.unknown:
            what = f"left for {', '.join(level.unknown)}"
        else:
            what = "closes to the unit" if level.closes else "does not close"
        within = level.key if level.key != WHOLE else "quantity"
        yield (*head, "residual", what, within, level.residual, "", "")


def _part_cells(part: Part) -> Sequence[object]:
    within = part.within if part.within != WHOLE else "quantity"
    return (part.key, part.label, within, _figure(part.quantity), part.article, part.status)


def _figure(number: Decimal | int | None) -> object:
    return NOT_KNOWN if number is None else number


def _as_read(cell: object) -> object:
    """A cell as a person reads it: thousands apart also where a number is not whole."""
    return f"{cell:,f}" if isinstance(cell, Decimal) else cell


@contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except (UnknownJurisdiction, BadRulebook) as error:
        fail(str(error))


def _book(jurisdiction: str) -> Rulebook:
    with _failing():
        return load_rulebook(jurisdiction)


def _read_years(text: str) -> range:
    """A year or a span of years, both ends in it."""
    found = SPAN.fullmatch(text)
    first, last = (int(year) for year in (found[1], found[2] or found[1])) if found else (0, 0)
    if not EARLIEST <= first <= last <= LATEST:
        fail(f"YEARS is a year (2024) or a span (2013..2040), not {text!r}.")
    return range(first, last + 1)


def _read_systems(text: str | None, systems: Sequence[str]) -> Sequence[str]:
    if text is None:
        return systems
    name = ALIASES.get(text, text)
    if name not in systems:
        fail(f"--system is one of {', '.join(systems)} or ets2, not {text!r}.")
    return (name,)


def _read_day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        fail(f"--known-on takes a day (2018-10-03), not {text!r}.")


def _read_given(texts: Sequence[str]) -> dict[str, int]:
    """`free-allocation=552000000`, each part once."""
    given: dict[str, int] = {}
    for text in texts:
        key, sign, figure = text.partition("=")
        if not (sign and figure.isascii() and figure.isdigit() and key not in given):
            fail(f"--with takes each part once with whole allowances (part=1000), not {text!r}.")
        given[key] = int(figure)
    return given
