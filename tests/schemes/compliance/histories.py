"""Reading histories of operators as the YAML cases write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml

from openets.rulebook.load import load_rulebook
from openets.schemes.compliance.events import Event, read_event

HERE = Path(__file__).parent
EU, UK = load_rulebook("eu"), load_rulebook("uk")
BOOKS = {"eu": EU, "uk": UK}
BEGIN = datetime(2000, 1, 1, tzinfo=UTC)
EXPECTED = {
    "symbol",
    "symbol_not",
    "base_symbol",
    "in_last_year",
    "first_due",
    "last_due",
    "figure",
    "refused",
    "of",
}


def read_cases(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = yaml.safe_load((HERE / name).read_text())
    return cases


def at_midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def read_step(step: dict[str, Any], last: datetime) -> tuple[Event, dict[str, Any]]:
    """The event of a step, and what is expected after it."""
    values = {key: value for key, value in step.items() if key not in EXPECTED}
    expected = {key: value for key, value in step.items() if key in EXPECTED}
    day = values.get("at")
    values["at"] = last + timedelta(minutes=1) if day is None else at_midnight(day)
    return read_event(values), expected
