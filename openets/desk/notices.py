"""Notices: which event tells whom. The table is data (`events.yaml`), and so are the texts.

A notice names a person by number and holds what is said without a language; address and language
are asked for when it goes out. Its origin tells it apart from every other, so that an event tells a
person once, however often it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import yaml

from openets.desk.said import Said

PROPOSALS, COMPLETED, TASKS = "proposals", "completed", "tasks"
REMIND = "remind_working_days_before"


class Notice(NamedTuple):
    """What one person is told."""

    origin: str
    person: int
    said: Said


class Rule(NamedTuple):
    """A text of the catalogue, and the circles it goes to."""

    text: str
    whom: tuple[str, ...]


@cache
def table() -> dict[str, Any]:
    """The file, read."""
    text = files("openets.desk").joinpath("events.yaml").read_text("utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def rule_of_proposal(state: str, command: str) -> Rule | None:
    """Whom a proposal's coming into a state tells, or None."""
    own = table()[COMPLETED].get(command) if state == COMPLETED else None
    return _rule(own or table()[PROPOSALS].get(state))


def rule_of_task(event: str) -> Rule | None:
    """Whom an event of a task tells, or None."""
    return _rule(table()[TASKS].get(event))


def _rule(found: Mapping[str, Any] | None) -> Rule | None:
    return Rule(found["text"], tuple(found["whom"])) if found else None


def remind_before() -> int:
    """Working days before a deadline at which it is near."""
    return int(table()[REMIND])


def notices(
    rule: Rule | None, origin: str, circles: Mapping[str, Iterable[int]], facts: Mapping[str, Any]
) -> list[Notice]:
    """A notice for each person of the circles, once for each; nobody is person 0."""
    if rule is None:
        return []
    persons = dict.fromkeys(one for name in rule.whom for one in circles[name] if one)
    return [Notice(f"{origin} to {one}", one, Said(rule.text, facts)) for one in persons]
