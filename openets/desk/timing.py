"""When an approved transaction is carried out, and why then.

The rulebook names the registered formula and gives its figures; the formulas are below, one for
each regime a registry has had. All reckon on a working calendar, in its local clock, and answer
with an instant in UTC. Whole days are days of the calendar, so that a clock change moves nothing:
what was to happen at ten happens at ten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from openets.desk.calendars import calendar_of
from openets.desk.said import Said
from openets.kernel.clock import WorkingCalendar
from openets.rulebook.model import NoLaw, Rulebook

FORMULA = "desk.delay.formula"
DELAYED_TYPES = "desk.delay.delayed-types"
HOURS = "desk.hours"
LISTING = "desk.trusted-list.addition"
MIDNIGHT = time(0)
MINUTES_A_DAY = 24 * 60


class Execution(NamedTuple):
    """The instant (UTC) of execution, the reason as something said, what parameter decides."""

    at: datetime
    reason: Said
    citation: str


@dataclass(frozen=True)
class Movement:
    """What the time of a transaction depends on. `type` is its label, `10-50`.

    `to_government` and `inbound` are facts about the acquiring and the transferring side.
    """

    type: str
    trusted: bool
    to_government: bool = False
    inbound: bool = False


@dataclass(frozen=True)
class Law:
    """The desk's law on the local day of an instant, for one registry."""

    rulebook: Rulebook
    day: date
    calendar: WorkingCalendar

    def ask(self, path: str) -> Any:
        """The value of a parameter on the day; raises `NoLaw` if it has none."""
        return self.rulebook.ask(path, for_=self.day).value

    def hours(self) -> tuple[time, time]:
        """Opening and closing; both belong to the hours."""
        value = self.ask(HOURS)
        return time.fromisoformat(value["opens"]), time.fromisoformat(value["closes"])


def law_at(rulebook: Rulebook, registry: str, at: datetime) -> Law:
    """The desk's law for a registry at an instant."""
    calendar = calendar_of(rulebook, registry, at.astimezone(UTC).date())
    day = calendar.local_day(at)
    return Law(rulebook, day, calendar_of(rulebook, registry, day))


def execution(rulebook: Rulebook, registry: str, movement: Movement, at: datetime) -> Execution:
    """When a movement confirmed at an instant is carried out.

    Raises `NoLaw` where the rulebook has no regime on that day, and `KeyError` if it names a
    formula that is not registered.
    """
    law = law_at(rulebook, registry, at)
    formula = str(law.ask(FORMULA))
    waits = _waits(law, movement)
    if not waits:
        return Execution(at, Said("when-type-does-not-wait"), DELAYED_TYPES)
    return FORMULAS[formula](law, movement.trusted, at)


def listing(
    rulebook: Rulebook, registry: str, proposed: datetime, confirmed: datetime
) -> Execution:
    """When an account put on a list of trusted accounts becomes trusted; raises `NoLaw`."""
    law = law_at(rulebook, registry, confirmed)
    try:
        rule = law.ask(LISTING)
    except NoLaw:
        minutes = int(law.ask("desk.delay.minutes")["trusted_list_addition"])
        when = shift_by_working_days(law, confirmed, minutes)
        reason = Said("when-trusted-after-minutes", {"minutes": minutes})
        return Execution(when, reason, "desk.delay.minutes")
    day = law.calendar.add_working_days(law.calendar.local_day(proposed), rule["working_days"])
    when = max(law.calendar.at(day, time.fromisoformat(rule["at"])), confirmed)
    facts = {"hour": rule["at"], "day": rule["working_days"]}
    reason = Said("when-trusted-on-working-day", facts)
    return Execution(when, reason, LISTING)


def _waits(law: Law, movement: Movement) -> bool:
    if movement.to_government or movement.inbound:
        return False
    try:
        return movement.type in law.ask(DELAYED_TYPES)
    except NoLaw:  # a regime that delays nothing needs no list
        return True


# -- the formulas --------------------------------------------------------------------------------


def at_once(_: Law, _trusted: bool, at: datetime) -> Execution:
    """Regulation (EC) No 2216/2004, Articles 34 and 35: final when both logs agree."""
    return Execution(at, Said("when-at-once"), FORMULA)


def hours_with_stopped_clock(law: Law, trusted: bool, at: datetime) -> Execution:
    """Regulation (EU) No 389/2013, Article 39(2) and (3)."""
    if trusted:
        return _in_hours(law, at, "desk.delay.trusted")
    hours = int(law.ask("desk.delay.hours"))
    rest = timedelta(hours=hours)
    day = law.calendar.local_day(at)
    clock = at
    while True:
        following = law.calendar.at(day + timedelta(days=1), MIDNIGHT)
        if law.calendar.is_working_day(day):
            if clock + rest <= following:
                reason = Said("when-hours-after", {"hours": hours})
                return Execution(clock + rest, reason, "desk.delay.hours")
            rest -= following - clock
        clock, day = following, day + timedelta(days=1)


def noon_rule(law: Law, trusted: bool, at: datetime) -> Execution:
    """Delegated Regulation (EU) 2019/1122, Article 35(2) and (3).

    What is confirmed on a day that is not a working day counts as confirmed when the next one
    begins.
    """
    if trusted:
        return _in_hours(law, at, "desk.delay.trusted")
    rule = law.ask("desk.delay.noon")
    day, hour = _local(law, at)
    if not law.calendar.is_working_day(day):
        day, hour = law.calendar.next_working_day(day), MIDNIGHT
    early = hour < time.fromisoformat(rule["before"])
    days = rule["executed_working_days_after" if early else "else_working_days_after"]
    done = law.calendar.add_working_days(day, days)
    facts = {"limit": rule["before"], "hour": rule["at"], "day": days}
    reason = Said("when-confirmed-before" if early else "when-confirmed-after", facts)
    when = law.calendar.at(done, time.fromisoformat(rule["at"]))
    return Execution(when, reason, "desk.delay.noon")


def working_days_then_minutes(law: Law, trusted: bool, at: datetime) -> Execution:
    """The UK registry: whole days of the delay are working days, the rest are plain minutes."""
    minutes = int(law.ask("desk.delay.minutes")["trusted" if trusted else "transfer"])
    clock = shift_by_working_days(law, at, minutes)
    rounding = law.ask("desk.delay.rounding")
    clock = clock.replace(second=0, microsecond=0) + timedelta(minutes=rounding["then_minutes"])
    day, _ = _local(law, clock)
    reason = (
        Said("when-trusted-within-hours")
        if trusted
        else Said("when-minutes-after", {"minutes": minutes, "day": day.isoformat()})
    )
    return Execution(clock, reason, "desk.delay.minutes")


def shift_by_working_days(law: Law, at: datetime, minutes: int) -> datetime:
    """Start clock, stop clock and execution of the UK registry, without its final rounding."""
    start = into_hours(law, at, keep_time=False)
    day, hour = _local(law, start)
    done = law.calendar.add_working_days(day, minutes // MINUTES_A_DAY)
    stop = law.calendar.at(done, hour) + timedelta(minutes=minutes % MINUTES_A_DAY)
    return into_hours(law, stop, keep_time=True)


FORMULAS: dict[str, Callable[[Law, bool, datetime], Execution]] = {
    "at-once": at_once,
    "hours-with-stopped-clock": hours_with_stopped_clock,
    "noon-rule": noon_rule,
    "working-days-then-minutes": working_days_then_minutes,
}


# -- hours ---------------------------------------------------------------------------------------


def into_hours(law: Law, at: datetime, *, keep_time: bool) -> datetime:
    """The instant itself if it lies in the hours of a working day, else the next such moment.

    With `keep_time` a moment on a day that is not a working day keeps its time on the next one that
    is, if that time lies in the hours.
    """
    opens, closes = law.hours()
    day, hour = _local(law, at)
    if not law.calendar.is_working_day(day):
        day = law.calendar.next_working_day(day)
        if not keep_time:
            return law.calendar.at(day, opens)
        at = law.calendar.at(day, hour)
    if hour < opens:
        return law.calendar.at(day, opens)
    if hour > closes:
        return law.calendar.at(law.calendar.next_working_day(day), opens)
    return at


def _in_hours(law: Law, at: datetime, citation: str) -> Execution:
    when = into_hours(law, at, keep_time=False)
    opens, closes = law.hours()
    key = "when-trusted-now" if when == at else "when-trusted-next-hours"
    facts = {"first": f"{opens:%H:%M}", "last": f"{closes:%H:%M}"}
    return Execution(when, Said(key, facts), citation)


def _local(law: Law, at: datetime) -> tuple[date, time]:
    local = at.astimezone(law.calendar.zone)
    return local.date(), local.time()
