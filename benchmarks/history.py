"""A file of all 32 registries, of the size and layout of the merged compliance of 2005 to 2022.

Its operators are synthetic, drawn from a seed, and add up to the published figures the product
itself carries; operators that were excluded fill it up to the number of published rows. It is
written by the product's own writer of that layout.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console

from openets.formats.export import export
from openets.formats.tables import AVIATION, conform
from openets.world.figures import load_figures
from openets.world.operators import OperatorYear, populate

ROWS = 229_566  # operator-years of the published file
COMBUSTION = 20
AIRCRAFT, EXCLUDED = 200_000, 300_000  # their numbers lie beyond those of installations
SEED = 11

Row = dict[str, Any]


def print_history(console: Console) -> None:
    """Reads the file, posts every operator and act to both books, and verifies all of it."""
    with tempfile.TemporaryDirectory(prefix="openets-bench-") as folder:
        file = Path(folder) / "history.csv.gz"
        rows = write_history(file)
        command = [
            sys.executable,
            "-m",
            "openets",
            "replay",
            str(file),
            "--store",
            folder + "/store",
        ]
        started = time.perf_counter()
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        seconds = time.perf_counter() - started
    proved = said.strip().splitlines()[-1]
    console.print(f"{rows:,} operator-years read, posted and verified: {seconds:.1f} s. {proved}")


def write_history(target: Path) -> int:
    """Writes the file, a .csv.gz; returns the number of its rows."""
    rows = list(_years())
    rows += islice(_excluded(), ROWS - len(rows))
    rows.sort(key=lambda row: (row["registry"], int(row["operator_id"]), row["year"]))
    frame = conform("operator_years", pl.DataFrame(rows, infer_schema_length=None))
    return export({"operator_years": frame}, "merged", target)


def _years() -> Iterator[Row]:
    """The years of operators whose sums were published, each operator's in order."""
    sums: dict[str, tuple[int, int]] = {}
    population = populate(load_figures(), SEED)
    for registry, year, kind in sorted(population, key=lambda cell: cell[1]):
        first, activity = (AIRCRAFT, AVIATION) if kind == "aviation" else (0, COMBUSTION)
        for operator in population[registry, year, kind]:
            row = _row(registry, first + operator.operator, activity, year)
            key = row["operator_key"]
            verified, surrendered = sums.get(key, (0, 0))
            sums[key] = (verified + operator.verified, surrendered + operator.surrendered)
            yield row | _figures(operator, *sums[key])


def _figures(operator: OperatorYear, verified: int, surrendered: int) -> Row:
    return {
        "allocation_base": operator.free_allocation,
        "allocation_base_state": "given",
        "allocation_total": operator.free_allocation,
        "verified": operator.verified,
        "verified_state": "given",
        "verified_cumulative": verified,
        "verified_cumulative_state": "given",
        "surrendered": operator.surrendered,
        "surrendered_state": "given",
        "surrendered_allowances": operator.surrendered,
        "surrendered_cumulative": surrendered,
        "surrendered_cumulative_state": "given",
        "compliance_code": "A" if surrendered >= verified else "B",
    }


def _excluded() -> Iterator[Row]:
    """Small operators their state had left out of the system, registry after registry."""
    registries = cycle(sorted({figure.registry for figure in load_figures()}))
    for number, registry in enumerate(registries, EXCLUDED):
        for year in range(2013, 2023):
            states = dict.fromkeys(("allocation_base_state", "surrendered_state"), "blank")
            row = _row(registry, number, COMBUSTION, year)
            yield row | states | {"verified_state": "excluded"}


def _row(registry: str, number: int, activity: int, year: int) -> Row:
    return {
        "operator_key": f"{registry}_{number}",
        "registry": registry,
        "operator_id": str(number),
        "activity": activity,
        "year": year,
        "code_starred": False,
    }
