"""Whether the running system is well: writer, log, due work, query tables; and how far behind.

For whoever keeps the system, and for the machine that watches it: the answer names each part, says
whether it is alive, and if not why.
"""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from typing import Any

from openets.channel.line import NoAnswer
from openets.interfaces.public.figures import mark
from openets.kernel.clock import Clock, instant, moment
from openets.ledger.store import Store
from openets.people.counter.client import RunningCounter
from openets.people.counter.messages import Well
from openets.storage.database import Database, StorageError
from openets.translog.client import LogAway, connect_log

PATIENCE_SECONDS = 2
NOT_TO_KEEP_WAITING_SECONDS = 1
STALE_SECONDS = 60  # without a pass of due work or a comparison of the tables
MICROSECONDS = 10**6

Part = dict[str, Any]


def health(store: Store, clock: Clock) -> dict[str, Part]:
    """Each part by name: `alive`, and what is known of it. Lags are in records and seconds."""
    writer, well = _writer(store)
    log = _log(store)
    now = instant(clock.now())
    work = _at_work(well, "work", well.worked if well else 0, now)
    tables = _at_work(well, "tables", well.caught_up if well else 0, now)
    tables |= _tables(store, log.get("record") or writer.get("record"))
    return {"writer": writer, "log": log, "work": work, "tables": tables}


def is_well(parts: dict[str, Part]) -> bool:
    """True if every part is alive."""
    return all(part["alive"] for part in parts.values())


def caught_up(store: Store) -> datetime | None:
    """When the query tables were last compared with the journal; None if no writer says."""
    running = RunningCounter(store, NOT_TO_KEEP_WAITING_SECONDS)
    try:
        last = running.how_is_it().caught_up
    except (NoAnswer, StorageError, OSError):
        return None
    finally:
        running.hang_up()
    return moment(last) if last else None


def _writer(store: Store) -> tuple[Part, Well | None]:
    running = RunningCounter(store, PATIENCE_SECONDS)
    try:
        well = running.how_is_it()
    except (NoAnswer, StorageError, OSError) as error:
        return {"alive": False, "why": f"The writer does not answer: {error}."}, None
    finally:
        running.hang_up()
    return {"alive": True, "record": well.record}, well


def _log(store: Store) -> Part:
    try:
        log = connect_log(store.log_directory, seconds=PATIENCE_SECONDS)
    except (LogAway, StorageError, OSError) as error:
        return {"alive": False, "why": str(error)}
    try:
        return {"alive": True, "record": log.where().sequence}
    except LogAway as error:
        return {"alive": False, "why": str(error)}
    finally:
        log.stop()


def _at_work(well: Well | None, part: str, last: int, now: int) -> Part:
    """What the writer says of a part it sees to."""
    if well is None:
        return {"alive": False, "why": "The writer sees to it, and does not answer."}
    found: Part = {"alive": True, "last": moment(last).isoformat() if last else None}
    why = well.problems.get(part) or (well.problems.get("log") if part == "work" else None)
    if why is None and now - last > STALE_SECONDS * MICROSECONDS:
        why = f"Nothing was seen to for {(now - last) // MICROSECONDS} seconds."
    return found | ({"alive": False, "why": why} if why else {})


def _tables(store: Store, last: int | None) -> Part:
    try:
        with closing(Database(store.query_url, name="query", read_only=True)) as database:
            record, _ = mark(database)
    except StorageError as error:
        return {"alive": False, "why": str(error)}
    return {"record": record, "lag": max(last - record, 0) if last is not None else None}
