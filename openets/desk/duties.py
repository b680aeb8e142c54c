"""What the inbox does by itself: duties that fall due become tasks, deadlines are reminded of.

Both may be done again at any time with no further effect. Registries in maintenance are left alone.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from openets.desk.desk import Desk
from openets.desk.directory import Duty
from openets.desk.notices import remind_before
from openets.desk.tasks import DUTY, Task
from openets.desk.telling import tell, workers
from openets.kernel.clock import instant, moment


def follow_duties(desk: Desk) -> None:
    """Opens a task for each duty that is due, and ends those of duties that were done."""
    now = instant(desk.clock.now())
    tasks = [task for task in desk.tasks.every(ended=False) if task.kind == DUTY]
    due = {one.origin: one for one in desk.directory.duties(moment(now).date())}
    known = {task.origin for task in tasks}
    for origin, duty in due.items():
        if origin not in known and not desk.windows.open_at(duty.registry, now):
            with desk.proposals.database.durable("desk.duty"):
                desk.tasks.open(_task(duty, now))
    for origin in known - due.keys():
        with desk.proposals.database.durable("desk.duty"):
            desk.tasks.end(origin, "done", now)


def _task(duty: Duty, opened: int) -> Task:
    return Task(
        number=0,
        origin=duty.origin,
        kind=DUTY,
        proposal=0,
        registry=duty.registry,
        account=duty.account,
        person=0,
        asked_by=0,
        said=duty.said,
        opened=opened,
        deadline=_end_of(duty.due) if duty.due else 0,
    )


def _end_of(day: date) -> int:
    return instant(datetime.combine(day, time(0), UTC) + timedelta(days=1))


def remind(desk: Desk) -> None:
    """Tells the workers of each open task, once, that its deadline is near."""
    now = instant(desk.clock.now())
    for task in desk.tasks.every(ended=False):
        if task.reminded or not task.deadline or desk.windows.open_at(task.registry, now):
            continue
        deadline = desk.deadline(task.registry, task.deadline)
        if _is_near(desk, task, deadline, now):
            with desk.proposals.database.durable("desk.remind"):
                desk.tasks.remind(task.number)
                whom = {"workers": workers(desk, task)}
                tell(desk, "near", task._replace(deadline=deadline), now, whom)


def _is_near(desk: Desk, task: Task, deadline: int, now: int) -> bool:
    """True from some working days before the deadline on; plain days where no law has any."""
    law = desk.directory.law(task.registry, moment(now))
    if law is None:
        return moment(deadline) - timedelta(days=remind_before()) <= moment(now)
    last = law.calendar.local_day(moment(deadline))
    first = law.calendar.add_working_days(last, -remind_before())
    return law.calendar.local_day(moment(now)) >= first
