"""`openets import` and `export`: the files people have, in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from openets.interfaces.cli.output import errors, fail, failing, number, print_rows
from openets.kernel.refusal import Refusal, Refused

DEFAULT_OUT = Path("snapshots")


def import_file(
    files: Annotated[list[Path], typer.Argument(help="Files as downloaded, packed or not.")],
    out: Annotated[
        Path, typer.Option("--out", help="Folder that gets a snapshot for each file.")
    ] = DEFAULT_OUT,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Import without the rows that cannot be read.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the snapshots' pages.")] = False,
) -> None:
    """Recognise files, check them, and keep each as a snapshot of common tables."""
    from openets.formats.snapshot import import_into

    refused: list[Refusal] = []
    pages: list[dict[str, Any]] = []
    for index, file in enumerate(files, start=1):
        errors.print(f"({index}/{len(files)}) {file.name}", style="dim", markup=False)
        try:
            done = import_into(file, out / file.name, leave_out_bad_rows=leave_out)
        except Refused as refusal:
            refused += refusal.refusals
            continue
        pages.append({**done.page, "folder": str(done.folder)})
        if not as_json:
            typer.echo(done.sentence)
            _print_report(done.page)
            typer.echo(f"Snapshot: {done.folder}\n")
    if as_json:
        typer.echo(_json(pages))
    if refused:
        fail("\n".join(str(refusal) for refusal in refused))


def export_file(
    snapshot: Annotated[Path, typer.Argument(help="Folder of a snapshot.")],
    layout: Annotated[str, typer.Argument(help="Layout to write, such as merged.")],
    file: Annotated[Path, typer.Argument(help="File to write: .csv, .csv.gz or .xlsx.")],
) -> None:
    """Write a snapshot's tables in one of the layouts that can be read."""
    from openets.formats.export import export
    from openets.formats.snapshot import load

    with failing():
        rows = export(load(snapshot), layout, file)
    typer.echo(f"{number(rows)} rows written to {file}.")


def _print_report(page: dict[str, Any]) -> None:
    """Remarks, problems, findings, and the sums by year of all registries."""
    for remark in page["remarks"]:
        typer.echo(f"  {remark}")
    for problem in page["problems"]:
        done = "left out" if problem["row_left_out"] else "read all the same"
        where = "; ".join(problem["where"])
        typer.echo(
            f"  {problem['code']}: {number(problem['count'])} rows {done}. "
            f"{problem['sentence']} ({where})"
        )
    for finding in page["findings"]:
        examples = "; ".join(finding["examples"])
        typer.echo(
            f"  {finding['code']}: {number(finding['count'])} in {finding['table']}. "
            f"{finding['sentence']} ({examples})"
        )
    years: dict[int, list[int]] = {}
    for row in page["sums"]:
        sums = [row["verified"], row["allocation_total"], row["surrendered"]]
        before = years.setdefault(row["year"], [0, 0, 0])
        years[row["year"]] = [left + right for left, right in zip(before, sums, strict=True)]
    if years:
        columns = ("year", "verified", "allocation", "surrendered")
        rows = [(str(year), *years[year]) for year in sorted(years)]
        print_rows(columns, rows, as_json=False, as_csv=False)


def _json(pages: list[dict[str, Any]]) -> str:
    import json

    return json.dumps(pages, indent=2, ensure_ascii=False)
