"""The house as a Python library: published files as frames, the law, history replayed.

`import openets` gives these; nothing is loaded before it is used. Frames are Polars frames, and
`frame.to_pandas()` makes a pandas frame of one where pandas is installed. Quantities are integers:
units, or tonnes of CO2 equivalent; what was not published is null and never zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openets.ledger.verify import Verification
from openets.rulebook.load import load_rulebook
from openets.rulebook.model import Rulebook
from openets.world.figures import Figure, load_figures
from openets.world.replay import finish_replay, open_replay, read_history
from openets.world.run import prove_and_sum, run
from openets.world.stage import Progress
from openets.world.symbols import Found, symbols
from openets.world.table import MEASURES
from openets.world.totals import Totals

if TYPE_CHECKING:
    import polars as pl

PathLike = str | Path
TABLE_COLUMNS = [
    *("registry", "year", "kind", "measure"),
    *("published", "assumed", "ledger", "log", "difference"),
]


@dataclass(frozen=True)
class Data(Mapping[str, "pl.DataFrame"]):
    """What a file holds: the common tables by name, and what was noticed while reading.

    `data["operator_years"]` is a table. `problems` are sentences about rows that could not be read
    as they are, with their places; `findings` what is odd and was kept.
    """

    source: str
    layout: str
    tables: Mapping[str, pl.DataFrame] = field(repr=False)
    remarks: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> pl.DataFrame:
        try:
            return self.tables[name]
        except KeyError:
            there = ", ".join(self.tables)
            raise KeyError(f"{self.source} has no table {name}; it has {there}.") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)


@dataclass(frozen=True)
class Replayed:
    """History as it was played, held against what was published.

    `table` has a row for each registry, year, kind and measure, with `published`, `assumed` (where
    surrender is not published), `ledger`, `log` and `difference` (0 where both books say what was
    published and assumed). `symbols` has a row for each
    operator's year with the published and the computed symbol of compliance, and why they differ.
    `verification` is the proof of both books from their stored rows; `store` is their folder.
    """

    store: Path
    table: pl.DataFrame = field(repr=False)
    symbols: pl.DataFrame = field(repr=False)
    verification: Verification = field(repr=False)

    @property
    def agrees(self) -> bool:
        """Whether both books are sound and say in every cell what was published."""
        return self.verification.sound and self.table["difference"].sum() == 0


def read(path: PathLike) -> Data:
    """Reads a published file of any known layout, or a snapshot that `openets import` made.

    Raises `openets.Refused` with code, sentence and place if the file is nothing known, damaged or
    dangerous to open.
    """
    from openets.formats.recognise import read_file
    from openets.formats.snapshot import findings, load, page_of

    place = Path(path)
    if place.is_dir():
        tables = load(place)
        page = page_of(place)
        layout, remarks = (page["layout"], tuple(page["remarks"])) if page else ("", ())
        problems: Iterable[str] = (one["sentence"] for one in page["problems"]) if page else ()
    else:
        reading = read_file(place).reading
        tables, layout, remarks = reading.tables, reading.layout, tuple(reading.remarks)
        problems = (str(problem.as_refusal()) for problem in reading.problems)
    found = tuple(
        f"{one.table}: {one.count} times: {one.sentence} ({'; '.join(one.examples)})"
        for one in findings(tables)
    )
    return Data(place.name, layout, tables, remarks, tuple(problems), found)


def law(jurisdiction: str = "eu") -> Rulebook:
    """The law of a jurisdiction: `law().ask("linear-reduction-factor", for_=2024).value`.

    `ask` answers with value, unit, article and status; `known_on` asks for the law as it stood on a
    day. Raises `LookupError` with the jurisdictions there are.
    """
    return load_rulebook(jurisdiction)


def figures() -> pl.DataFrame:
    """The published figures in the package: a row for each registry, year and kind, 2005-2022.

    Columns: `registry`, `year`, `kind`, `operators`, `operators_emitting`, `free_allocation`,
    `verified_emissions_t`, `units_surrendered`.
    """
    import polars as pl

    return pl.DataFrame(load_figures())


def replay(
    files: PathLike | Sequence[PathLike], store: PathLike, on_progress: Progress | None = None
) -> Replayed:
    """Plays the operators of published files through ledger and log, and proves both.

    The books are made in the folder `store`, which must not exist; a replay that was interrupted
    goes on if it is given the same files. `on_progress(year, step, records)` hears of each call.
    Raises `openets.Refused` or `openets.StorageError` with what is wrong; nothing is stored then.
    """
    import polars as pl

    given: Sequence[PathLike] = [files] if isinstance(files, str | Path) else files
    history = read_history([Path(file) for file in given])
    place = open_replay(Path(store), history.files)
    run(place, history.player, on_progress or (lambda year, step, records: None))
    proof, ledger, log = prove_and_sum(place)
    finish_replay(place, history.files, history.figures)
    found = list(symbols(history.symbol_years(), place.rulebook))
    return Replayed(
        store=place.directory,
        table=pl.DataFrame(
            list(_cells(history.figures, ledger, log)), schema=TABLE_COLUMNS, orient="row"
        ),
        symbols=pl.DataFrame(
            found, schema=list(Found._fields), orient="row", infer_schema_length=None
        ),
        verification=proof,
    )


def _cells(figures: Sequence[Figure], ledger: Totals, log: Totals) -> Iterator[tuple[Any, ...]]:
    """Each measure of each cell anything is known of, in the order of registry, year and kind."""
    published = {figure.cell: figure for figure in figures}
    for cell in sorted(published.keys() | ledger.cells.keys() | log.cells.keys()):
        for measure, name in MEASURES.items():
            figure = published.get(cell)
            told = getattr(figure, name, 0)
            assumed = getattr(figure, "surrender_assumed", 0) if measure == "surrendered" else 0
            booked = [getattr(book.cell(cell), name) for book in (ledger, log)]
            apart = sum(abs(value - told) for value in booked)
            yield (*cell, measure, told - assumed, assumed, *booked, apart)
