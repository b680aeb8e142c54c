"""History replayed: the operators of published files, in the place of synthetic ones.

A row is one operator's year as it was published. Surrender that was not published is taken to equal
verified emissions. The sums of the rows are the figures both books are held against in the end; a
finished replay keeps them. A replay that was interrupted goes on where it stopped, if it is given
the same files.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from itertools import starmap
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from openets.kernel.refusal import Refusal, Refused
from openets.ledger.post import Writer
from openets.ledger.store import Store, create_store, open_store
from openets.rulebook.load import load_rulebook
from openets.rulebook.tables import REGISTRIES
from openets.storage.database import StorageError
from openets.storage.whole import unfinished, write_whole
from openets.world.course import load_course
from openets.world.figures import Figure, load_figures, read_figures, written_figures
from openets.world.operators import OperatorYear, Population
from openets.world.play import play_operators
from openets.world.run import Player
from openets.world.stage import Progress
from openets.world.symbols import SymbolYear

if TYPE_CHECKING:
    import polars

# What an operator does stands in lists of operators, such as the installations beside compliance.
KIND_UNKNOWN = "of operators whose activity no file tells (give the list of operators too)"
SEED = 1  # of the order in which the market is asked
STATE = "replay.json"  # the files' digests, and whether they were played to the end
FIGURES = "figures.csv"  # the sums of the files, once they were
# What a store is made of before its store.toml.
PARTS = {"registry", "log", STATE, unfinished(Path(STATE)).name}


# An operator, and what is used of its published year; units and tonnes are empty where nothing was
# published. The kind is one of the kinds of the course (`stationary`, `aviation`).
OPERATOR = ("registry", "kind", "operator_key")
COLUMNS = tuple(dict.fromkeys((*OPERATOR, "allocation_total", *SymbolYear._fields)))


class LeftOut(NamedTuple):
    """Operators' years of a file that are not played, and why."""

    file: str
    rows: int
    reason: str


class History(NamedTuple):
    """What files hold, ready to be played."""

    files: tuple[str, ...]  # digests
    rows: int
    figures: tuple[Figure, ...]
    population: Population
    published: polars.DataFrame
    left_out: tuple[LeftOut, ...]

    def symbol_years(self) -> Iterator[SymbolYear]:
        """The published years, as symbols are computed from them."""
        return map(SymbolYear._make, self.published.select(SymbolYear._fields).rows())

    @property
    def player(self) -> Player:
        """Plays these operators."""

        def play(writer: Writer, on_progress: Progress) -> None:
            rulebook = load_rulebook(load_course().jurisdiction)
            play_operators(writer, rulebook, self.figures, self.population, SEED, on_progress)

        return play


def read_history(files: Sequence[Path]) -> History:
    """Reads files with operators' years, and lists of operators that say what these do.

    Raises `Refused` with all that is wrong.
    """
    import polars as pl

    from openets.formats.tables import SCHEMAS

    played = [pl.DataFrame(schema=SCHEMAS["operator_years"])]
    left_out: list[LeftOut] = []
    for file, frame in _operator_years(files):
        years, reasons = _sifted(frame)
        left_out += [LeftOut(file.name, count, reason) for reason, count in reasons.items()]
        played.append(years)
    together = pl.concat(years.select(COLUMNS) for years in played)
    figures, population = population_of(together)
    _check(figures, left_out)
    digests = digests_of(files)
    return History(digests, together.height, figures, population, together, tuple(left_out))


def digests_of(files: Iterable[Path]) -> tuple[str, ...]:
    """The digests by which a replay knows its files again."""
    from openets.formats.snapshot import digest_of

    return tuple(digest_of(file) for file in files)


def _operator_years(files: Sequence[Path]) -> list[tuple[Path, polars.DataFrame]]:
    """The operators' years of each file that has any, with the kinds that the other files tell."""
    import polars as pl

    from openets.formats.recognise import read_file
    from openets.formats.tables import kinds_from

    years: list[tuple[Path, pl.DataFrame]] = []
    operators: list[pl.DataFrame] = []
    refusals: list[Refusal] = []
    for file in files:
        reading = read_file(file).reading
        refusals += [one.as_refusal() for one in reading.problems if one.row_left_out]
        if "operators" in reading.tables:
            operators.append(reading.tables["operators"])
        if "operator_years" in reading.tables:
            years.append((file, reading.tables["operator_years"]))
        elif "operators" not in reading.tables:
            sentence = f"{file.name} is a {reading.layout} file and holds no operators' years."
            refusals.append(Refusal("replay.no-operators", sentence, file.name))
    if refusals:
        raise Refused(refusals)
    return [(file, kinds_from(frame, operators)) for file, frame in years]


def _sifted(frame: polars.DataFrame) -> tuple[polars.DataFrame, dict[str, int]]:
    """The rows that can be played, and how many cannot, by reason."""
    import polars as pl

    course = load_course()
    known = {figure.year for figure in load_figures()}
    reason = (
        pl.when(pl.col("system").is_not_null() & (pl.col("system") != course.system))
        .then(pl.concat_str(pl.lit("of the system "), "system"))
        .when(~pl.col("year").is_in(known))
        .then(pl.lit(f"outside {min(known)}-{max(known)}"))
        .when(pl.col("kind").is_null())
        .then(pl.lit(KIND_UNKNOWN))
        .when(~pl.col("kind").is_in(list(course.operators)))
        .then(pl.concat_str(pl.lit("of the kind "), "kind"))
    )
    reasons = frame.select(reason.alias("reason"))["reason"]
    counts = reasons.drop_nulls().value_counts(sort=True).iter_rows()
    return frame.filter(reasons.is_null()), dict(counts)


def _check(figures: tuple[Figure, ...], left_out: Sequence[LeftOut]) -> None:
    """Refuses files without anything to play, and registries the rulebook does not know."""
    if not figures:
        why = "; ".join(f"{one.rows:,} of {one.file} are {one.reason}" for one in left_out)
        sentence = f"The files hold no operators' years that can be played{why and ': '}{why}."
        raise Refused(Refusal("replay.nothing-to-play", sentence, "replay"))
    paths = set(load_rulebook(load_course().jurisdiction).paths())
    unknown = sorted({f.registry for f in figures if REGISTRIES + f.registry not in paths})
    if unknown:
        sentence = f"The rulebook knows no registry {', '.join(unknown)}."
        raise Refused(Refusal("replay.registry-unknown", sentence, REGISTRIES.rstrip(".")))


def population_of(years: polars.DataFrame) -> tuple[tuple[Figure, ...], Population]:
    """The figures and operators of published years, by `COLUMNS`; who has only zeros is no one.

    Raises `Refused` with every operator-year given twice.
    """
    import polars as pl

    again = years.filter(~pl.struct(*OPERATOR, "year").is_first_distinct())
    if again.height:
        raise Refused(list(starmap(_given_twice, again.select("operator_key", "year").rows())))
    quantities = (
        pl.col("allocation_total").fill_null(0),
        pl.col("verified").fill_null(0),
        pl.coalesce("surrendered", "verified", 0).alias("surrendered"),
        pl.when(pl.col("surrendered").is_null()).then("verified").fill_null(0).alias("assumed"),
    )
    active = years.select(*OPERATOR, "year", *quantities).filter(
        pl.any_horizontal(pl.col("allocation_total", "verified", "surrendered") != 0)
    )
    numbers = active.select(OPERATOR).unique(maintain_order=True).with_row_index("number", 1)
    numbered = active.join(numbers, on=OPERATOR, maintain_order="left")
    cells = numbered.partition_by("registry", "year", "kind", maintain_order=True, as_dict=True)
    population: Population = {}
    figures = []
    for (registry, year, kind), rows in sorted(cells.items()):
        named = ("number", "allocation_total", "verified", "surrendered", "operator_key")
        columns = [rows[name].to_list() for name in named]
        population[registry, year, kind] = list(map(OperatorYear, *columns))
        emitting = int((rows["verified"] > 0).sum())
        # as Python adds, beyond 64 bits too
        free, verified, surrendered = map(sum, columns[1:4])
        assumed = sum(rows["assumed"].to_list())
        sums = (free, verified, surrendered, assumed)
        figures.append(Figure(registry, year, kind, rows.height, emitting, *sums))
    return tuple(figures), population


def _given_twice(operator: str, year: int) -> Refusal:
    return Refusal("replay.twice", f"Operator {operator} has the year {year} twice.", "replay")


# -- the store of a replay -----------------------------------------------------------------------


def open_replay(directory: Path, files: Sequence[str]) -> Store:
    """The store to replay files with these digests into: a new one, or the one interrupted.

    Raises `StorageError` if the folder holds anything else: it is left alone.
    """
    if (directory / "store.toml").exists():
        return _go_on(directory, files)
    if directory.exists():
        if any(path.name not in PARTS for path in directory.iterdir()):
            raise StorageError(f"{directory} exists already; choose another folder.")
        shutil.rmtree(directory)  # a replay that was interrupted while its store was made
    directory.mkdir(parents=True)
    _write_state(directory, files, finished=False)
    return create_store(directory, jurisdiction=load_course().jurisdiction, mode="replay")


def finish_replay(store: Store, files: Sequence[str], figures: Sequence[Figure] = ()) -> None:
    """Notes that everything was played, and what the books were held against, if it was figures."""
    if figures:
        write_whole(store.directory / FIGURES, written_figures(figures).encode())
    _write_state(store.directory, files, finished=True)


def kept_figures(directory: Path) -> tuple[Figure, ...] | None:
    """What the books of a finished replay were held against; None if there is none."""
    path = directory / FIGURES
    return read_figures(path.read_text(encoding="utf-8").splitlines()) if path.exists() else None


def _go_on(directory: Path, files: Sequence[str]) -> Store:
    state = directory / STATE
    if not state.exists():
        raise StorageError(f"The store at {directory} exists already and is no replay.")
    said = json.loads(state.read_text(encoding="utf-8"))
    if said["finished"]:
        raise StorageError(f"A finished replay exists already at {directory}.")
    if said["files"] != list(files):
        raise StorageError(f"The replay at {directory} was begun with other files.")
    return open_store(directory)


def _write_state(directory: Path, files: Sequence[str], *, finished: bool) -> None:
    words = json.dumps({"files": list(files), "finished": finished})
    write_whole(directory / STATE, words.encode())
