"""Whether a second person approves a transaction: the first rule of the law that applies.

A process of the rulebook (`desk.process.*`) says who may propose a type of transaction and whether
a second person is needed: always, never, by a setting of the account, or unless the acquiring
account is trusted. What comes from another registry, what an administrator proposes, and what a
government account acquires is always approved by somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from openets.desk.said import Said
from openets.desk.timing import Law
from openets.rulebook.model import NoLaw

PROCESSES = "desk.process."
ANY = "any"
SETTINGS = "desk.account-rules"


@dataclass(frozen=True)
class Settings:
    """What the holder of an account has chosen; the defaults are the law's, else these."""

    second_for_trusted: bool = True
    second_for_surrender: bool = True
    outside_list_allowed: bool = True
    ceiling: int | None = None  # most units of one transfer to an account that is not trusted


class Process(NamedTuple):
    """Who may propose a type of transaction, when a second person approves, and where it says."""

    path: str
    proposed_by: tuple[str, ...]
    second_person: str


class Answer(NamedTuple):
    """Whether a second person is needed, the reason as something said, and what decides."""

    needed: bool
    reason: Said
    citation: str


@dataclass(frozen=True)
class Facts:
    """What the rule looks at. `type` is the label of the transaction type."""

    type: str
    by_administrator: bool = False
    trusted: bool = False
    to_government: bool = False
    inbound: bool = False
    settings: Settings = Settings()


def process_of(law: Law, label: str) -> Process:
    """The process a transaction type belongs to; raises `NoLaw` if the law has none."""
    values = law.rulebook.values_on(law.day)
    found: dict[str, Any] = {
        path.removeprefix(PROCESSES): value
        for path, value in values.items()
        if path.startswith(PROCESSES) and "second_person" in value
    }
    key = label if label in found else None
    if key is None:
        key = next((name for name, one in found.items() if label in one.get("types", ())), ANY)
    if key not in found:
        raise NoLaw(f"No process of the law on {law.day} says who may propose {label}.")
    value = found[key]
    return Process(PROCESSES + key, tuple(value["proposed_by"]), str(value["second_person"]))


def settings_by_law(law: Law, *, operator: bool) -> Settings:
    """The settings of an account nobody has changed."""
    try:
        value = law.ask(SETTINGS)
    except NoLaw:
        return Settings()
    outside = value["outside_list_allowed"]
    if operator:
        outside = value.get("operators_outside_list_allowed", outside)
    return Settings(value["second_for_trusted"], value["second_for_surrender"], outside)


def second_person(law: Law, facts: Facts) -> Answer:
    """Whether a second person approves; raises `NoLaw` if the law has no process for the type."""
    process = process_of(law, facts.type)
    by_setting = facts.settings.second_for_surrender
    rules = (
        (facts.inbound, True, Said("needs-inbound")),
        (process.second_person == "always", True, Said("needs-always", {"type": facts.type})),
        (process.second_person == "never", False, Said("needs-nobody", {"type": facts.type})),
        (facts.by_administrator, True, Said("needs-administrator")),
        (
            process.second_person == "by account setting",
            by_setting,
            Said("needs-second-asked" if by_setting else "needs-second-not-asked"),
        ),
        (facts.to_government, True, Said("needs-government")),
        (not facts.trusted, True, Said("needs-not-trusted")),
        (facts.settings.second_for_trusted, True, Said("needs-also-towards-trusted")),
    )
    for applies, needed, reason in rules:
        if applies:
            return Answer(needed, reason, process.path)
    return Answer(False, Said("needs-not-towards-trusted"), process.path)
