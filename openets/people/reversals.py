"""Whether a transaction may still be reversed: the window of the regime, and what it must name.

A reversal is a transaction of its own that names the one it undoes: the same kind, the other way
round, not more than was moved, and not older than the law allows (Regulation (EC) No 2216/2004,
Article 34a; Regulation (EU) No 389/2013, Article 70; Delegated Regulation (EU) 2019/1122,
Article 58).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from openets.desk.timing import Law
from openets.kernel.clock import moment
from openets.kernel.records import type_code, type_label
from openets.kernel.refusal import Refusal
from openets.people.office import Office
from openets.rulebook.model import NoLaw

if TYPE_CHECKING:
    from openets.people.transactions import Move

ASKED = "reversals.surrender.request-within"  # working days, for every process
AGE = "reversals.surrender.not-older-than"
COUNTED_IN = "reversals.age-counted-in"
WORKING_DAYS = "working days"


def reversal_problems(office: Office, law: Law, body: Move, *, asking: bool) -> list[Refusal]:
    """Why a reversal may not be made now; nothing for what is no reversal.

    `asking` is true when it is proposed: the holder has fewer days to ask for it than the
    administration has to make it.
    """
    rule = office.rulebook.tables_on(law.day).transaction_types.get(type_code(body.type))
    if rule is None or not rule.undoes:
        return []
    citation = f"registry.transaction_types.{body.type}"
    undone = office.record(body.refers_to)
    if undone is None or undone.act is not None:
        sentence = f"Record {body.refers_to} is no transaction that could be reversed."
        return [Refusal("people.reverses-nothing", sentence, citation)]
    if type_label(undone.type) not in rule.undoes:
        named = ", ".join(sorted(rule.undoes))
        sentence = (
            f"Record {body.refers_to} is a transaction of type {type_label(undone.type)}; by "
            f"{body.type} only {named} is undone."
        )
        return [Refusal("people.reverses-another-type", sentence, citation)]
    kinds = {kind for kind, *_ in undone.blocks}
    swapped = (undone.acquiring, undone.transferring) == (body.transferring, body.acquiring)
    if not swapped or kinds != {body.kind} or body.quantity > undone.quantity:
        sentence = (
            f"Record {body.refers_to} moved {undone.quantity} units from account "
            f"{undone.transferring} to {undone.acquiring}; a reversal moves as many or fewer of "
            "the same kind back."
        )
        return [Refusal("people.reverses-otherwise", sentence, citation)]
    before = office.resting_on(body.refers_to)
    if before + body.quantity > undone.quantity:
        sentence = f"{before} of {undone.quantity} units were moved back already."
        return [Refusal("people.reversed-already", sentence, citation)]
    done = law.calendar.local_day(moment(undone.effective))
    return [*(_asked_late(office, law, done) if asking else ()), *_too_old(office, law, done)]


def _asked_late(office: Office, law: Law, done: date) -> list[Refusal]:
    try:
        days = int(law.ask(ASKED))
    except NoLaw:  # a regime that gives the holder no shorter time
        return []
    last = law.calendar.add_working_days(done, days)
    if law.calendar.local_day(office.clock.now()) <= last:
        return []
    sentence = f"It was carried out on {done}; its reversal could be asked for until {last}."
    return [Refusal("people.reversal-asked-late", sentence, ASKED)]


def _too_old(office: Office, law: Law, done: date) -> list[Refusal]:
    try:
        days = int(law.ask(AGE))
        counted_in = str(law.ask(COUNTED_IN))
    except NoLaw:  # a regime without a window
        return []
    today = law.calendar.local_day(office.clock.now())
    if counted_in == WORKING_DAYS:
        last = law.calendar.add_working_days(done, days)
    else:
        last = done + timedelta(days=days)
    if today <= last:
        return []
    sentence = f"It was carried out on {done} and could be reversed until {last}."
    return [Refusal("people.reversal-too-late", sentence, AGE)]
