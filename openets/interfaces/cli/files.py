"""`openets import` and `export`: the files people have, in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from openets.interfaces.cli.output import errors, fail, failing, number, print_rows
from openets.kernel.refusal import Refusal, Refused

KEY = ("year", "kind", "system")
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
        errors.print(f"({index}/{len(files)}) {file.name}", style="dim")
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
        fail("\n".join([*map(str, refused), *_what_is_known(refused)]))


def _what_is_known(refused: list[Refusal]) -> list[str]:
    """The layouts that can be read, once, if any of the files was of none of them."""
    from openets.formats.recognise import what_is_known

    return (
        [what_is_known()] if any(refusal.code == "formats.unknown" for refusal in refused) else []
    )


def export_file(
    snapshot: Annotated[Path, typer.Argument(help="Folder of a snapshot.")],
    layout: Annotated[str, typer.Argument(help="Layout to write, such as merged.")],
    file: Annotated[Path, typer.Argument(help="File to write: .csv, .csv.gz or .xlsx; .xml.")],
) -> None:
    """Write a snapshot's tables in one of the layouts that can be read."""
    from openets.formats.export import export
    from openets.formats.snapshot import load

    with failing():
        rows = export(load(snapshot), layout, file)
    typer.echo(f"{number(rows)} rows written to {file}.")


def _print_report(page: dict[str, Any]) -> None:
    """Remarks, problems, findings, and the sums of all registries."""
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
    for table, rows in page["sums"].items():
        _print_sums(_of_all_registries(rows) if table == "operator_years" else rows)


def _of_all_registries(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sums of operators' years without regard to the registry."""
    together: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = (row["year"], row["kind"], row["system"])
        so_far = together.setdefault(key, dict.fromkeys(row) | dict(zip(KEY, key, strict=True)))
        for name in row.keys() - {"registry", *KEY}:
            given = [value for value in (so_far[name], row[name]) if value is not None]
            so_far[name] = sum(given) if given else None
    ordered = sorted(together.values(), key=lambda row: [str(row[name] or "~") for name in KEY])
    return [{name: row[name] for name in row if name != "registry"} for row in ordered]


def _print_sums(rows: list[dict[str, Any]]) -> None:
    """A table of sums; what no row says anything of has no column, and nothing is a dash."""
    columns = [name for name in (rows[0] if rows else ()) if any(r[name] is not None for r in rows)]
    shown = [
        [
            "-" if row[name] is None else str(row[name]) if name in KEY else row[name]
            for name in columns
        ]
        for row in rows
    ]
    if columns:
        titles = [name.removesuffix("_total") for name in columns]
        print_rows(titles, shown, as_json=False, as_csv=False)


def _json(pages: list[dict[str, Any]]) -> str:
    import json

    return json.dumps(pages, indent=2, ensure_ascii=False)
