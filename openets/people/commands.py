"""Every command there is, by its name, and how a stored proposal becomes one again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import ValidationError

from openets.desk.desk import DESK
from openets.kernel.refusal import Refusal, Refused
from openets.people.accounts import ChangeStatus, OpenAccount
from openets.people.adoption import AdoptRulebook
from openets.people.asked import Asked, Body, malformed
from openets.people.bulk import Bulk
from openets.people.closing import CloseAccount
from openets.people.corrections import Correct
from openets.people.extension import Extension
from openets.people.freezes import Freeze
from openets.people.handover import HandOver
from openets.people.maintenance import CancelMaintenance, Maintain
from openets.people.office import Office
from openets.people.registrations import (
    ExcludeYear,
    RegisterHolder,
    RegisterOperator,
    RegisterVerifier,
    TakeYearIn,
)
from openets.people.representatives import Appoint
from openets.people.reviewing import Review
from openets.people.transactions import Move
from openets.people.trust import ChooseRules, Trust


def commands(extensions: Iterable[Extension] = ()) -> Mapping[str, type[Body]]:
    """Every command by its name, with those the schemes bring."""
    every: tuple[type[Body], ...] = (
        Move,
        Correct,
        OpenAccount,
        ChangeStatus,
        Freeze,
        AdoptRulebook,
        Bulk,
        Trust,
        ChooseRules,
        Appoint,
        RegisterHolder,
        RegisterOperator,
        RegisterVerifier,
        ExcludeYear,
        TakeYearIn,
        CloseAccount,
        HandOver,
        Review,
        Maintain,
        CancelMaintenance,
    )
    brought = (one for extension in extensions for one in extension.commands)
    return {one.name: one for one in (*every, *brought)}


def load_command(office: Office, name: str, body: str) -> Asked:
    """The command of a stored proposal; raises `Refused` with everything malformed in it."""
    every = commands(office.extensions)
    known = every.get(name)
    if known is None:
        sentence = f"There is no command {name!r}; there are {', '.join(every)}."
        raise Refused(Refusal("people.command-unknown", sentence, DESK))
    try:
        return known.model_validate_json(body).of(office)
    except ValidationError as error:
        raise malformed(error, known) from None
