"""`openets allocation`: what an installation is allocated free of charge, and why.

The calculation is `openets.schemes.allocation`; here it is asked and printed.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from openets.interfaces.cli.output import CsvOption, JsonOption, console, fail, failing, print_rows
from openets.kernel.money import Decimal
from openets.rulebook.load import BadRulebook, UnknownJurisdiction, load_rulebook
from openets.rulebook.model import EARLIEST, LATEST, NoLaw, Rulebook
from openets.schemes.allocation.explain import Explanation, Step, explain, written
from openets.schemes.allocation.files import read_installations
from openets.schemes.allocation.models import Installation

allocation_app = typer.Typer(help="Free allocation by benchmarks.", no_args_is_help=True)

WHOLE = "installation"


@allocation_app.callback()
def _group() -> None:
    """Free allocation by benchmarks."""


@allocation_app.command("explain")
def explain_allocation(
    installation: Annotated[str, typer.Argument(metavar="INSTALLATION", help="Its id.")],
    year: Annotated[int, typer.Argument(min=EARLIEST, max=LATEST, metavar="YEAR")],
    data: Annotated[
        Path, typer.Option("--data", metavar="FILE", help="YAML or CSV that describes it.")
    ],
    known_on: Annotated[
        str | None, typer.Option("--known-on", metavar="DATE", help="The law as it stood on a day.")
    ] = None,
    correction: Annotated[
        str | None,
        typer.Option("--correction", metavar="PERCENT", help="An assumed correction factor."),
    ] = None,
    jurisdiction: Annotated[str, typer.Option("--jurisdiction", help="Whose law.")] = "eu",
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Print the allocation of an installation in a year: formula, numbers, articles."""
    day, percent = _read_day(known_on), read_percent(correction)
    rulebook = _load(jurisdiction)
    with failing():
        found = read_installations(data).find(installation)
        if found is None:
            fail(f"{data} describes no installation {installation}.")
        explanation = _explained(rulebook, found, year, day, percent)
    if as_json:
        _print_json(explanation)
    elif as_csv:
        rows = [(step.part or WHOLE, *step[1:]) for step in explanation.steps]
        print_rows(Step._fields, rows, as_json=False, as_csv=True)
    else:
        _print(found, explanation)


def _load(jurisdiction: str) -> Rulebook:
    try:
        return load_rulebook(jurisdiction)
    except (UnknownJurisdiction, BadRulebook) as error:
        fail(str(error))


def _explained(
    rulebook: Rulebook,
    installation: Installation,
    year: int,
    known_on: date | None,
    percent: Decimal | None,
) -> Explanation:
    try:
        return explain(rulebook, installation, year, known_on, percent)
    except NoLaw as error:
        fail(str(error))


def _print(installation: Installation, explanation: Explanation) -> None:
    found = explanation.allocation
    name = f" {installation.name}" if installation.name else ""
    console.print(f"{found.installation}{name}, {found.year}, {found.kind}", soft_wrap=True)
    for part in [*(one.name for one in found.parts), ""]:
        table = Table(box=None, pad_edge=False, title=f"\n{part or WHOLE}", title_justify="left")
        for head in ("step", "numbers", "result", "article", "status"):
            table.add_column(head, justify="right" if head == "result" else "left", overflow="fold")
        for step in explanation.steps:
            if step.part == part:
                table.add_row(*step[1:])
        console.print(table)
    final = "open" if found.final is None else f"{written(found.final)} allowances"
    console.print(f"\npreliminary {written(found.preliminary)}, final {final}")


def _print_json(explanation: Explanation) -> None:
    found = explanation.allocation
    document = {
        "installation": found.installation,
        "year": found.year,
        "kind": found.kind,
        "preliminary": found.preliminary,
        "final": found.final,
        "sub_installations": [
            {"name": one.name, "preliminary": one.preliminary, "final": one.final}
            for one in found.parts
        ],
        "steps": [step._asdict() for step in explanation.steps],
    }
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _read_day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        fail(f"--known-on takes a day (2018-10-03), not {text!r}.")


def read_percent(text: str | None) -> Decimal | None:
    """An assumed correction factor as it is typed, in percent."""
    if text is None:
        return None
    digits = text.replace(".", "", 1)
    percent = Decimal(text) if digits.isascii() and digits.isdigit() else None
    if percent is None or percent > 100:
        fail(f"--correction takes a percentage up to 100 (95.5), not {text!r}.")
    return percent
