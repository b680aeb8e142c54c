"""The published figures the demonstration world is played from and held against.

They are facts: sums over the public compliance data of the EU transaction log, one row per
registry, year and kind. `published/sources.md` says where they come from and what they leave out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from functools import cache
from importlib.resources import files

FILE = "published/eu_registry_year_2005_2022.csv"


@dataclass(frozen=True, slots=True)
class Figure:
    """What was published for the operators of one registry, year and kind; tonnes and units.

    `surrender_assumed` is the part of the surrender that was not published and is taken to equal
    the emissions of its operators.
    """

    registry: str
    year: int
    kind: str
    operators: int
    operators_emitting: int
    free_allocation: int
    verified_emissions_t: int
    units_surrendered: int
    surrender_assumed: int = 0

    @property
    def cell(self) -> tuple[str, int, str]:
        """Registry, year and kind: what names the figure."""
        return self.registry, self.year, self.kind


@cache
def load_figures() -> tuple[Figure, ...]:
    """All published figures, ordered by registry, year and kind."""
    text = files("openets.world").joinpath(FILE).read_text(encoding="ascii")
    return read_figures(text.splitlines())


def read_figures(lines: Iterable[str]) -> tuple[Figure, ...]:
    """Figures from CSV lines with a header; raises `ValueError` for a cell named twice."""
    figures = tuple(
        Figure(
            row["registry"],
            int(row["year"]),
            row["kind"],
            int(row["operators"]),
            int(row["operators_emitting"]),
            int(row["free_allocation"]),
            int(row["verified_emissions_t"]),
            int(row["units_surrendered"]),
            int(row.get("surrender_assumed", 0)),
        )
        for row in csv.DictReader(lines)
    )
    if len({figure.cell for figure in figures}) != len(figures):
        raise ValueError("A registry, year and kind stands twice among the figures.")
    return tuple(sorted(figures, key=lambda figure: figure.cell))


def written_figures(figures: Iterable[Figure]) -> str:
    """Figures as CSV with a header, as `read_figures` reads them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(Figure))
    writer.writerows(map(astuple, figures))
    return text.getvalue()
