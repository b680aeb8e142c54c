"""The rulebook as pages for the manual: every value with its article, its status and its history.

One page for each first word of the paths, an index, and a page that counts the values by status and
lists those nobody has confirmed. The pages are made from the rulebook and never written by hand, so
they cannot fall behind it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import get_args

from openets.rulebook.explain import Row, explain, write_value
from openets.rulebook.model import Rulebook, Status, Value

INDEX, STATUS = "index.md", "status.md"
STATUSES: tuple[Status, ...] = get_args(Status)
MEANING: dict[Status, str] = {
    "official": "read in an official text",
    "derived": "computed from official or secondary figures",
    "secondary": "from a named secondary source",
    "unconfirmed": "not checked against a source; never a basis for real decisions",
}


def pages(rulebook: Rulebook) -> dict[str, str]:
    """The text of each page by the name of its file."""
    groups: dict[str, list[str]] = {}
    for path in rulebook.paths():
        groups.setdefault(path.split(".")[0], []).append(path)
    made = {f"{group}.md": _group_page(rulebook, group, paths) for group, paths in groups.items()}
    for name in (INDEX, STATUS):
        if name in made:
            raise ValueError(f"The paths under {name.removesuffix('.md')} would hide {name}.")
    made[INDEX] = _index_page(rulebook, groups)
    made[STATUS] = _status_page(rulebook)
    return {name: made[name] for name in sorted(made)}


def _group_page(rulebook: Rulebook, group: str, paths: Sequence[str]) -> str:
    lines = [f"# {group}", "", _made_from(rulebook)]
    for path in paths:
        history = explain(rulebook, path)
        unit = f" ({history.unit})" if history.unit else ""
        lines += ["", f"## `{path}`", "", _cell(history.title + unit), ""]
        lines += _table(
            ("From", "Until", "Value", "Article", "Status", "Enacted", "Replaced"),
            (_value_cells(row) for row in history.rows),
        )
        notes = [row for row in history.rows if row.note]
        lines += [""] * bool(notes)
        lines += [f"- From {row.from_}, enacted {row.enacted}: {_cell(row.note)}" for row in notes]
    return "\n".join(lines) + "\n"


def _value_cells(row: Row) -> tuple[object, ...]:
    return (
        row.from_,
        row.until or "",
        write_value(row.value),
        row.source,
        row.status,
        row.enacted,
        row.replaced_on or "",
    )


def _index_page(rulebook: Rulebook, groups: dict[str, list[str]]) -> str:
    rows = []
    for group, paths in groups.items():
        values = [value for path in paths for value in rulebook.parameter(path).values]
        rows.append((f"[{group}]({group}.md)", len(paths), len(values), *_counts(values)))
    head = ("Subject", "Parameters", "Values", *STATUSES)
    lines = [f"# The law: {rulebook.jurisdiction}", "", _made_from(rulebook), ""]
    lines += [
        *_table(head, rows),
        "",
        f"How sure each value is, and what is open: [{STATUS}]({STATUS}).",
        "",
        f"Digest of this rulebook: `{rulebook.digest.hex()}`.",
    ]
    return "\n".join(lines) + "\n"


def _status_page(rulebook: Rulebook) -> str:
    every = [(path, row) for path in rulebook.paths() for row in explain(rulebook, path).rows]
    counts = Counter(row.status for _, row in every)
    lines = ["# How sure the law here is", "", _made_from(rulebook), ""]
    lines += _table(
        ("Status", "Meaning", "Values"),
        [(status, MEANING[status], counts[status]) for status in STATUSES],
    )
    lines += ["", "## Unconfirmed", ""]
    open_ones = [(path, row) for path, row in every if row.status == "unconfirmed"]
    if not open_ones:
        lines.append("None.")
    else:
        lines += _table(
            ("Parameter", "From", "Value", "Article", "What is open"),
            (
                (f"`{path}`", row.from_, write_value(row.value), row.source, row.note or "")
                for path, row in open_ones
            ),
        )
    return "\n".join(lines) + "\n"


def count_by_status(rulebook: Rulebook) -> dict[Status, int]:
    """The number of values of each status."""
    values = [value for path in rulebook.paths() for value in rulebook.parameter(path).values]
    return dict(zip(STATUSES, _counts(values), strict=True))


def _counts(values: Sequence[Value]) -> list[int]:
    counts = Counter(value.status for value in values)
    return [counts[status] for status in STATUSES]


def _made_from(rulebook: Rulebook) -> str:
    return f"Made by `openets law pages` from the rulebook {rulebook.jurisdiction}; do not edit."


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(_cell(cell) for cell in row)} |"


def _cell(value: object) -> str:
    """A text that stays in its cell: on one line, without bars and without markup of its own."""
    text = " ".join(str(value).split())
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
