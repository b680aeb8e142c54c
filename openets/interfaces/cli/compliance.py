"""`openets compliance`: where operators stand, why, what is public, uploads, surrenders, receipts.

Reads need no log and no writer; what changes something is brought to the desk as a proposal.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from rich.text import Text

from openets.desk.proposals import Proposals
from openets.formats.listing import write_listing
from openets.formats.problems import Problem
from openets.interfaces.cli.acting import AsOption
from openets.interfaces.cli.desk import at_the_desk, show_proposal
from openets.interfaces.cli.output import (
    DEFAULT_STORE,
    CsvOption,
    JsonOption,
    StoreOption,
    console,
    fail,
    headed,
    moment,
    number,
    opened,
    print_rows,
    saying_what_takes_time,
)
from openets.kernel.clock import SystemClock
from openets.kernel.money import euros
from openets.ledger.store import Store
from openets.people.counter import actions
from openets.people.opening import desk_database
from openets.people.register import Register
from openets.schemes.compliance import asking, tables
from openets.schemes.compliance.actions import EmissionsTable, digest_of
from openets.schemes.compliance.checks import read_upload
from openets.schemes.compliance.cockpit import Cockpit, cockpit, surrendered
from openets.schemes.compliance.days import concerns_year
from openets.schemes.compliance.explain import explain
from openets.schemes.compliance.models import Happenings, Penalties
from openets.schemes.compliance.penalising import Case, cases, is_the_least
from openets.schemes.compliance.reads import History, Sources, history
from openets.schemes.compliance.surrendering import Suggestion
from openets.translog.proof import prove

compliance_app = typer.Typer(
    help="Compliance of operators: figures, surrender, symbols.", no_args_is_help=True
)
OperatorArgument = Annotated[str, typer.Argument(metavar="OPERATOR", help="Its code: EX-000001.")]
YearArgument = Annotated[int, typer.Argument(metavar="YEAR", min=1990, max=2999)]
YearOption = Annotated[
    int, typer.Option("--year", help="Year of emissions; else the last complete one.", min=0)
]
AsOfOption = Annotated[
    str, typer.Option("--as-of", metavar="DAY", help="As it stood when a day began: 2031-05-01.")
]


READING = "Reading what happened to every operator ..."


class Reading(NamedTuple):
    """What a question is answered from, and the instant it is asked for."""

    store: Store
    sources: Sources
    proposals: Proposals
    now: datetime


@contextmanager
def _reading(directory: Path) -> Iterator[Reading]:
    """The tables of a store, brought up to its journal; nothing else is opened."""
    with opened(directory) as store:
        projection, journal = store.projection(), store.journal(read_only=True)
        with (
            closing(projection.database),
            closing(journal.database),
            closing(desk_database(store)) as desk,
        ):
            projection.catch_up(journal)
            register = Register(desk)
            sources = Sources(store.rulebook, register, Happenings(desk), projection.database)
            now = SystemClock().now()
            yield Reading(store, sources, Proposals(desk, store.store), now)


def _of(reading: Reading, code: str) -> History:
    found = history(reading.sources, code, reading.now)
    if found is None or found.state is None:
        fail(f"There is no operator {code}.")
    return found


def _must_concern(reading: Reading, year: int) -> None:
    """Ends the command for a year of which the law asks nothing, before anything is read."""
    if not concerns_year(reading.store.rulebook, year):
        fail(f"The law asks nothing of any operator for emissions of {year}.")


def _day(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    except ValueError:
        fail(f"{text!r} is no day: write it as 2031-05-01.")


# -- where an operator stands ----------------------------------------------------------------------


@compliance_app.command("cockpit")
def show_cockpit(
    operator: OperatorArgument,
    year: YearOption = 0,
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Show what an operator owes, has surrendered and misses, by when, and who can still act."""
    with _reading(directory) as reading:
        if year:
            _must_concern(reading, year)
        found = cockpit(
            reading.sources, reading.proposals, _of(reading, operator), reading.now, year or None
        )
        assert found is not None  # it has a state
        if as_json:
            sys.stdout.write(json.dumps(_plain(found), indent=2, default=str) + "\n")
            return
        steps = [
            (
                str(one.day),
                one.step,
                one.progress,
                one.days_left if as_csv else one.when,
                one.sentence,
                one.citation,
            )
            for one in found.steps
        ]
        if not as_csv:
            _print_cockpit(found)
        far = "days left" if as_csv else "when"
        columns = ("day", "step", "progress", far, "what", "by")
        print_rows(columns, steps, as_json=False, as_csv=as_csv)


def _print_cockpit(found: Cockpit) -> None:
    owed = found.obligation
    about = f"  {found.kind}, emissions of {found.year}, symbol "
    symbol = headed(found.standing.symbol, f": {found.standing.rule}")
    console.print(Text.assemble((found.code, "bold"), about, symbol), soft_wrap=True)
    rows = [
        ("due for the year", owed.due),
        (
            "surplus carried over" if owed.carried_over < 0 else "carried over",
            abs(owed.carried_over),
        ),
        ("surrendered for the year", owed.surrendered),
        ("pending", found.pending_units),
        ("missing", found.missing),
    ]
    print_rows(("", "units"), rows, as_json=False, as_csv=False)
    for one in found.pending:
        who = " or ".join(map(str, one.approvers)) or "nobody"
        when = f"carried out {moment(one.execute_at)} UTC" if one.execute_at else "not approved"
        waits = f"; person {who} can approve it" if not one.execute_at else ""
        console.print(f"proposal {one.proposal}: {number(one.quantity)} units, {when}{waits}")
    who = ", ".join(map(str, found.approvers)) or "nobody"
    console.print(f"account {found.status or 'none'}; surrenders are approved by: {who}\n")


def _plain(found: Cockpit) -> dict[str, object]:
    return {
        "operator": found.code,
        "registry": found.registry,
        "class": found.kind,
        "account status": found.status,
        **found.obligation._asdict(),
        "pending": [one._asdict() for one in found.pending],
        "missing": found.missing,
        "symbol": found.standing.symbol,
        "rule": found.standing.rule,
        "citation": found.standing.citation,
        "steps": [one._asdict() for one in found.steps],
        "approvers": found.approvers,
    }


@compliance_app.command("explain")
def explain_symbol(
    operator: OperatorArgument,
    year: YearArgument,
    as_of: AsOfOption = "",
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Print what led to a symbol: every event, the rule and its article, as of any past day."""
    at = _day(as_of)
    with _reading(directory) as reading:
        _must_concern(reading, year)
        found = explain(_of(reading, operator).events, reading.store.rulebook, year, at)
        if as_json:
            plain = {
                "year": found.year,
                "events": [one._asdict() for one in found.lines],
                "standing": found.standing._asdict(),
                "fixed": found.fixed._asdict() if found.fixed else None,
            }
            sys.stdout.write(json.dumps(plain, indent=2, default=str) + "\n")
            return
        for sentence in found.sentences():
            console.print(sentence, soft_wrap=True)


# -- what is public --------------------------------------------------------------------------------

XlsxOption = Annotated[
    Path | None, typer.Option("--xlsx", metavar="FILE", help="Write a workbook instead.")
]
TableYear = Annotated[int, typer.Option("--year", help="Year of emissions.", min=1990, max=2999)]


@compliance_app.command("table")
def show_table(
    year: TableYear,
    xlsx: XlsxOption = None,
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List the public compliance of every operator in a year; blank is what is not public yet."""
    with _reading(directory) as reading:
        _must_concern(reading, year)
        with saying_what_takes_time(READING):
            rows = list(tables.compliance_table(reading.sources, year, reading.now))
        _out(tables.Row._fields, rows, xlsx, f"compliance {year}", as_json, as_csv)


@compliance_app.command("summary")
def show_summary(
    year: TableYear,
    xlsx: XlsxOption = None,
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Sum the public compliance of a year by registry and sector."""
    with _reading(directory) as reading:
        _must_concern(reading, year)
        with saying_what_takes_time(READING):
            rows = tables.summary(tables.compliance_table(reading.sources, year, reading.now))
        _out(tables.Sum._fields, rows, xlsx, f"summary {year}", as_json, as_csv)


def _out(
    columns: tuple[str, ...],
    rows: list[tables.Row] | list[tables.Sum],
    xlsx: Path | None,
    name: str,
    as_json: bool,
    as_csv: bool,
) -> None:
    shown = [tuple("" if cell is None else cell for cell in row) for row in rows]
    if xlsx is None:
        years = ("year", "activity")
        plain = [tuple(row) for row in rows] if as_json else shown
        print_rows(columns, plain, as_json=as_json, as_csv=as_csv, years=years)
        return
    count = write_listing(columns, shown, xlsx, name)
    console.print(f"{number(count)} rows written to {xlsx}", soft_wrap=True)


# -- uploads ---------------------------------------------------------------------------------------


@compliance_app.command("upload")
def upload(
    file: Annotated[Path, typer.Argument(help="Table of emissions, CSV or XLSX.")],
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print what is wrong as CSV.")] = False,
) -> None:
    """Check a table of emissions and propose what it changes; nothing is, if anything is wrong."""
    with opened(directory) as store, at_the_desk(directory, as_person) as (counter, who):
        operators = counter.ask(asking.operators_known, who)
        known = {name: one.known for one in operators for name in (one.code, str(one.number))}
        codes = {name: one.code for one in operators for name in (one.code, str(one.number))}
        found = read_upload(file, known, store.rulebook, SystemClock().now().year)
        if found.problems:
            _print_problems(found.problems, as_csv=as_csv)
            raise typer.Exit(2)
        if not found.changes:
            console.print("The table changes nothing; nothing was proposed.")
            return
        body = EmissionsTable.model_validate(
            {
                "file": file.name,
                "digest": digest_of(file.read_bytes()),
                "lines": [
                    {"operator": codes[one.operator], "year": one.year, "tonnes": one.tonnes}
                    for one in found.changes
                ],
            }
        )
        written = body.model_dump_json(exclude_none=True)
        show_proposal(counter.ask(actions.propose, who, body.name, written).proposal)
        console.print(f"{number(len(found.changes))} figures change.")


def _print_problems(problems: list[Problem], *, as_csv: bool) -> None:
    rows = [(one.row or "", one.column, one.code, one.sentence, one.citation) for one in problems]
    columns = ("row", "column", "code", "what is wrong", "by")
    print_rows(columns, rows, as_json=False, as_csv=as_csv)


# -- surrender -------------------------------------------------------------------------------------


@compliance_app.command("surrender")
def surrender(
    operator: OperatorArgument,
    year: YearOption = 0,
    quantity: Annotated[
        int, typer.Option("--quantity", help="Units; else what is missing.", min=0)
    ] = 0,
    only_show: Annotated[
        bool, typer.Option("--show", help="Only show what would be surrendered.")
    ] = False,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Propose the surrender of what is missing, from the units that may be used, oldest first."""
    with at_the_desk(directory, as_person) as (counter, who):
        suggested = counter.ask(asking.suggest_surrender, who, operator, year, quantity)
        if suggested is None:
            fail(f"There is no account of an operator {operator}.")
        _print_suggestion(suggested)
        if only_show or suggested.way is None:
            return
        for part in suggested.parts:
            body = {
                "type": suggested.way.label,
                "transferring": suggested.account,
                "acquiring": suggested.way.into,
                "kind": part.kind,
                "quantity": part.quantity,
                "year": suggested.year,
            }
            proposed = counter.ask(actions.propose, who, "transaction", json.dumps(body))
            show_proposal(proposed.proposal)


def _print_suggestion(found: Suggestion) -> None:
    rows = [(one.unit, one.registry, one.quantity, "") for one in found.parts]
    rows += [(one.unit, one.registry, one.quantity, f"not: {one.refusal}") for one in found.refused]
    console.print(f"{number(found.asked)} units are missing for {found.year}.")
    if rows:
        columns = ("unit", "of", "units", "surrendered")
        print_rows(columns, rows, as_json=False, as_csv=False)
    if found.uncovered:
        console.print(f"{number(found.uncovered)} units are not covered by what the account has.")


@compliance_app.command("receipts")
def receipts(
    operator: OperatorArgument,
    year: YearArgument,
    out: Annotated[Path, typer.Option("--out", help="Folder for the receipts.")],
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Write the log's signed receipt, with its proof, of every surrender for a year."""
    with _reading(directory) as reading:
        entries = surrendered(reading.sources, _of(reading, operator), year)
        if not entries:
            fail(f"{operator} has surrendered nothing for {year}.")
        try:
            out.mkdir(parents=True, exist_ok=True)
            for entry in entries:
                file = out / f"surrender-{entry.record}.json"
                file.write_text(prove(reading.store.log_directory, entry.record), "utf-8")
                console.print(
                    f"record {number(entry.record)}, {entry.type}, "
                    f"{number(entry.quantity)} units: {file}",
                    soft_wrap=True,
                )
        except OSError as error:
            fail(f"The receipts cannot be written to {out}: {error.strerror}.")
    console.print("Check each with `openets log check FILE`; no store is needed.")


@compliance_app.command("penalties")
def list_penalties(
    operator: Annotated[str, typer.Argument(metavar="[OPERATOR]", help="Only its own.")] = "",
    public: Annotated[
        bool, typer.Option("--public", help="Only those whose operators are published.")
    ] = False,
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List penalties and measures: what is due, what was paid, how each stands.

    What is due is the least it can be (≥) where the law raises it by an index that is not known.
    """
    for_the_eye = not (as_json or as_csv)
    with _reading(directory) as reading:
        found = cases(Penalties(reading.sources.register.database).of(operator)).values()
        rows = [_penalty(reading, one, for_the_eye) for one in found if one.published or not public]
    columns = ("operator", "year", "breach", "eur due", "eur paid", "state", "published")
    more = () if for_the_eye else ("at least",)
    print_rows((*columns, *more), rows, as_json=as_json, as_csv=as_csv)


def _penalty(reading: Reading, one: Case, for_the_eye: bool) -> tuple[str, ...]:
    """A penalty as a row: plain amounts and a word, or amounts that are easy to read."""
    known = history(reading.sources, one.operator, reading.now)
    least = known is not None and is_the_least(reading.store.rulebook, known, one)
    what = (one.operator, str(one.year), one.breach or "units missing")
    stands = (one.state, "yes" if one.published else "")
    due, paid = euros(one.cents), euros(one.paid)
    if for_the_eye:
        return (*what, f"{'≥ ' if least else ''}{due:,}", f"{paid:,}", *stands)
    return (*what, str(due), str(paid), *stands, "yes" if least else "")
