"""Lists of installations at the desk, and the table that is calculated from an accepted one.

A national administrator submits a list; who administers the whole accepts or rejects it, with a
reason. From an accepted list the allocation of every year of the period is reckoned, and enters the
allocation table as any other change does: shown as a difference, approved by a second person.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, ClassVar

from pydantic import Field

from openets.desk.desk import Outcome
from openets.desk.said import Said
from openets.kernel import acts
from openets.kernel.money import Decimal
from openets.kernel.refusal import Refusal, Refused
from openets.people.asked import Asked, Body
from openets.people.office import Office
from openets.schemes.allocation.actions import ChangeTable, change_of
from openets.schemes.allocation.checks import CellChecks
from openets.schemes.allocation.law import BASELINE
from openets.schemes.allocation.measures import (
    LIST,
    described,
    due_day,
    list_problems,
    years_of_period,
)
from openets.schemes.allocation.models import Installations
from openets.schemes.allocation.reads import known_operators, stored
from openets.schemes.allocation.rules import allocate_years

INSTALLATIONS = 20_000


class SubmitList(Body):
    """The list of a registry's installations for the period that begins with a year."""

    name: ClassVar[str] = LIST
    action: ClassVar[str] = "measures"
    registry: acts.Registry
    first_year: acts.Year
    installations: Annotated[
        tuple[dict[str, Any], ...], Field(min_length=1, max_length=INSTALLATIONS)
    ]

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Submitted(office, self)

    def text(self) -> str:
        """The list as it is kept."""
        return json.dumps(self.installations, sort_keys=True, separators=(",", ":"))


class _Submitted(Asked):
    body: SubmitList

    @property
    def registry(self) -> str:
        """The registry whose list it is."""
        return self.body.registry

    def said(self) -> Said:
        """How much is listed, by which day it is due, and what tells it from every other."""
        body = self.body
        day = due_day(self.office.rulebook, body.first_year)
        facts = {
            "registry": body.registry,
            "year": body.first_year,
            "count": len(body.installations),
            "units": sum(len(one.get("sub_installations", ())) for one in body.installations),
            "due": Said("due", {"day": str(day)}) if day else "",
            "digest": hashlib.sha256(body.text().encode()).hexdigest(),
        }
        return Said("asked-installations", facts)

    def problems(self) -> list[Refusal]:
        """That there is such a period, the operators are the registry's, and all is well formed."""
        body, rulebook = self.body, self.office.rulebook
        if not years_of_period(rulebook, body.first_year):
            sentence = f"No period of free allocation begins with {body.first_year}."
            return [Refusal("allocation.list-of-no-period", sentence, BASELINE, "first_year")]
        checks = CellChecks(rulebook, known_operators(self.office), body.registry, LIST)
        found = [
            checks.operator(str(one.get("id")), f"installations.{place}")
            for place, one in enumerate(body.installations)
        ]
        return [*filter(None, found), *list_problems(body.installations, "installations")]

    def carry_out(self, number: int, at: int) -> Outcome:
        """Accepts the list in the place of an earlier one."""
        body, origin = self.body, self.office.key(number).hex()
        stored(self.office).accept_measures(body.registry, body.first_year, body.text(), origin)
        return Outcome(0)


def accepted_list(office: Office, registry: str, first_year: int) -> Installations:
    """The accepted list of a registry for a period; raises `Refused` if there is none."""
    text = stored(office).measures(registry, first_year)
    if text is None:
        sentence = f"No list of {registry} for the period from {first_year} has been accepted."
        raise Refused(Refusal("allocation.no-list", sentence, LIST))
    return described(json.loads(text))


def calculated(
    office: Office, registry: str, first_year: int, correction_percent: Decimal | None = None
) -> dict[tuple[str, int], int]:
    """The final amounts of an accepted list, by operator and year of the period.

    `correction_percent` is an assumed correction factor for years for which the law has none. Every
    reason why an installation cannot be reckoned is raised at once, as `Refused`.
    """
    years = years_of_period(office.rulebook, first_year)
    amounts: dict[tuple[str, int], int] = {}
    refusals: list[Refusal] = []
    for one in accepted_list(office, registry, first_year).installations:
        try:
            found = allocate_years(
                office.rulebook, one, years, correction_percent=correction_percent
            )
        except Refused as refused:
            refusals += [
                Refusal(why.code, why.sentence, why.citation, f"{one.id} {why.where}".strip())
                for why in refused.refusals
            ]
            continue
        for allocation in found:
            if allocation.final is None:
                refusals.append(_no_factor(one.id, allocation.year))
            else:
                amounts[one.id, allocation.year] = allocation.final
    if refusals:
        raise Refused(refusals)
    return amounts


def _no_factor(operator: str, year: int) -> Refusal:
    sentence = f"The law has no correction factor for {year}; wait for it, or assume one."
    return Refusal("allocation.no-factor", sentence, LIST, f"{operator} {year}")


def calculated_change(
    office: Office,
    table: str,
    registry: str,
    first_year: int,
    correction_percent: Decimal | None = None,
) -> ChangeTable:
    """The change that enters what an accepted list comes to into a table."""
    amounts = calculated(office, registry, first_year, correction_percent)
    return change_of(office, table, registry, amounts)
