"""A national allocation plan as a file: YAML with the plan's figures and the Commission's decision.

Strict: a key that is unknown or stands twice, a missing one, a fraction or a text where allowances
belong are refused, all at once and with their place.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError

from openets.kernel.misfits import fields_of, misfits
from openets.kernel.refusal import Refusal, Refused
from openets.rulebook.notation import BadNotation, build, find_slips, parse
from openets.schemes.caps.plans import Decision, Plan, TableRow

SOURCE = "Directive 2003/87/EC, Article 9 and Annex III"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _DecisionFile(_Strict):
    kind: StrictStr
    total: StrictInt | None = None


class _PlanFile(_Strict):
    state: Annotated[StrictStr, Field(pattern=r"^[A-Z]{2}$")]
    first_year: StrictInt
    last_year: StrictInt
    total: StrictInt
    reserve: StrictInt
    auctioned: StrictInt = 0
    method: StrictStr
    table: dict[StrictStr, dict[StrictInt, StrictInt]]
    decision: _DecisionFile


class NotifiedPlan(NamedTuple):
    """A plan with the decision that was taken on it."""

    plan: Plan
    decision: Decision


def read_plan(text: str) -> NotifiedPlan:
    """The plan in a file; raises `Refused` with everything that is not as a plan is written."""
    try:
        root = parse(text)
        if root is None:
            raise Refused(_unreadable("The file is empty"))
        slips = list(find_slips(root))
        content = None if slips else build(root)
    except BadNotation as slip:
        slips, content = [slip], None
    except ValueError as error:
        raise Refused(_unreadable(str(error))) from None
    if slips:
        raise Refused(_unreadable(slip.sentence, f"line {slip.line}") for slip in slips)
    try:
        found = _PlanFile.model_validate(content)
    except ValidationError as error:
        raise Refused(
            _unreadable(one.sentence, " ".join(map(str, one.place)))
            for one in misfits(error, fields_of(_PlanFile))
        ) from None
    table = tuple(TableRow(name, years) for name, years in found.table.items())
    decision = Decision(found.decision.kind, found.decision.total)
    figures = found.model_dump(exclude={"table", "decision"})
    return NotifiedPlan(Plan(**figures, table=table), decision)


def _unreadable(why: str, where: str = "") -> Refusal:
    return Refusal("plan.file", f"{why.rstrip('.')}.", SOURCE, where)
