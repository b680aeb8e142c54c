"""`openets allocation compare`: calculated against published allocation."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from openets.interfaces.cli.allocation import read_percent
from openets.interfaces.cli.allocation_lists import allocation_app
from openets.interfaces.cli.output import CsvOption, JsonOption, console, fail, failing, print_rows
from openets.kernel.money import Decimal
from openets.kernel.refusal import Refused
from openets.rulebook.load import load_rulebook
from openets.rulebook.model import EARLIEST, LATEST, Rulebook
from openets.schemes.allocation.compare import compare, explain_series
from openets.schemes.allocation.files import read_installations
from openets.schemes.allocation.rules import allocate

UNEXPLAINED = "none"


@allocation_app.command("compare")
def compare_allocation(
    published: Annotated[Path, typer.Argument(help="A published file `openets import` reads.")],
    first: Annotated[int, typer.Option("--from", min=EARLIEST, max=LATEST)],
    last: Annotated[int, typer.Option("--to", min=EARLIEST, max=LATEST)],
    data: Annotated[
        Path | None, typer.Option("--data", metavar="FILE", help="Descriptions to calculate from.")
    ] = None,
    correction: Annotated[
        str | None,
        typer.Option("--correction", metavar="PERCENT", help="An assumed correction factor."),
    ] = None,
    at_least: Annotated[
        int, typer.Option("--at-least", help="Only operators with as much in each year.", min=0)
    ] = 0,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Hold calculated amounts against published ones; without --data, see which rule fits them."""
    rulebook = load_rulebook("eu")
    years = range(first, last + 1)
    with failing():
        amounts = _published(published)
        if data is not None:
            calculated = _calculated(rulebook, data, years, read_percent(correction))
            found = compare(calculated, amounts)
            rows: list[tuple[object, ...]] = [
                (one.operator, one.year, *map(_cell, (*one[2:], one.difference))) for one in found
            ]
            columns: tuple[str, ...] = ("operator", "year", "calculated", "published", "difference")
            print_rows(columns, rows, as_json=as_json, as_csv=as_csv, years=("year",))
            return
    small = {
        operator for (operator, year), one in amounts.items() if year in years if one < at_least
    }
    large = {key: amount for key, amount in amounts.items() if key[0] not in small}
    series = explain_series(rulebook, large, years)
    if as_json or as_csv:
        rows = [
            (
                one.operator,
                f"{one.years[0]}-{one.years[-1]}",
                one.factor or UNEXPLAINED,
                one.exposure,
                f"{one.least:.2f}" if one.factor else "",
            )
            for one in series
        ]
        columns = ("operator", "years", "factor", "carbon leakage", "basis at least")
        print_rows(columns, rows, as_json=as_json, as_csv=as_csv)
        return
    counts = Counter((one.factor or UNEXPLAINED, one.exposure) for one in series)
    rows = [(*names, count) for names, count in counts.most_common()]
    print_rows(("factor", "carbon leakage", "operators"), rows, as_json=False, as_csv=False)
    console.print(f"{len(series):,} operators with at least three years of {first} to {last}.")


def _cell(value: int | None) -> object:
    return "" if value is None else value


def _published(path: Path) -> dict[tuple[str, int], int]:
    """What a published file says operators were allocated, without reserve and Article 10c."""
    from openets.formats.recognise import read_file

    tables = read_file(path).reading.tables
    if "operator_years" not in tables:
        fail(f"{path} holds no allocation of operators.")
    frame = tables["operator_years"]
    rows = frame.select("operator_key", "year", "allocation_base").drop_nulls().iter_rows()
    return {(str(operator), int(year)): int(amount) for operator, year, amount in rows}


def _calculated(
    rulebook: Rulebook, data: Path, years: range, percent: Decimal | None
) -> dict[tuple[str, int], int]:
    """The final amounts of the installations a file describes, where the law gives one."""
    found = {}
    for one in read_installations(data).installations:
        for year in years:
            try:
                final = allocate(rulebook, one, year, correction_percent=percent).final
            except Refused as refused:
                console.print(f"{one.id} {year}: {refused}", style="dim")
                continue
            if final is not None:
                found[one.id, year] = final
    return found


__all__ = ["allocation_app"]
