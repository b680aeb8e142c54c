"""The judge: takes one record of a batch after the other, each on top of what those before it did.

A log that is offered a batch and the reading that proves a stored one use the same loop, `take`: it
reads a record, asks the checks that concern it, and only then shows it to the picture. It stops at
the first record that is refused; what becomes of those before it is the caller's affair.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from openets.kernel.acts import Act, Freeze, Lift, act_of
from openets.kernel.batch import FROM_OFFICERS, Batch
from openets.kernel.clock import day_of
from openets.kernel.records import Malformed, Record, Transaction, decode_record
from openets.kernel.refusal import Refusal
from openets.rulebook.model import Rulebook
from openets.rulebook.tables import Tables
from openets.translog import checks
from openets.translog.age import LIVE, oldest_taken
from openets.translog.checks import ALWAYS, LAW, RULE, MoveCheck, View
from openets.translog.picture import Picture
from openets.translog.store import Configuration

Likeness = tuple[object, ...]


class Stopped(NamedTuple):
    """The first record of a batch that is refused, and why; None if it cannot even be read."""

    at: int  # counted from 0
    refusal: Refusal
    record: Record | None = None
    act: Act | None = None


class Judge:
    """Judges records by the checks; the picture takes in those that pass.

    What the law says of a transaction depends on its type, year, unit and the types and statuses of
    its two accounts. Where all of these are as in one that was permitted under the same tables, the
    law is not asked a second time, nor what cannot concern it: `_left_of` says what still is.
    """

    def __init__(self, picture: Picture, rulebook: Rulebook, configuration: Configuration) -> None:
        self._picture = picture
        self._rulebook = rulebook
        self._configuration = configuration
        self._left: dict[Likeness, tuple[MoveCheck, ...]] = {}
        self._made_under = rulebook.digest  # the rulebook of the batch
        self._tables: Tables | None = None  # those it was permitted under
        self._effective: int | None = None  # when the last record took effect, ...
        self._view: View  # ... and what was then to be seen

    def take(
        self, batch: Batch, *, law: bool = True, now: Callable[[], int] | None = None
    ) -> Stopped | None:
        """Takes in the records of a batch up to the first that is refused; None if none is.

        Without `law` they owe only what is always owed. By the clock `now`, if there is one, a
        transaction of a live store may be too old.
        """
        picture, ordered = self._picture, batch.origin == FROM_OFFICERS
        if batch.rulebook != self._made_under:
            self._made_under, self._effective = batch.rulebook, None
        oldest = oldest_taken(now(), self._rulebook) if now and picture.mode == LIVE else None
        for index, data in enumerate(batch.records):
            try:
                record = decode_record(data)
                act = act_of(record)
            except Malformed as error:
                return Stopped(index, Refusal("log.malformed", str(error), RULE))
            refusal = self.check(record, act, law=law)
            if refusal is None and ordered and not isinstance(act, Freeze | Lift):
                refusal = Refusal("log.order", "An order of officers freezes or lifts.", RULE)
            if refusal is None and oldest is not None and isinstance(record, Transaction):
                refusal = oldest.refuses(record)
            if refusal is not None:
                return Stopped(index, refusal, record, act)
            picture.apply(record, act, self._view.tables)
        return None

    def check(self, record: Record, act: Act | None, *, law: bool) -> Refusal | None:
        """The first reason against a record, or None; without `law` only what is always owed."""
        picture = self._picture
        if record.effective != self._effective:
            refusal = checks.takes_effect(record)
            if refusal is not None:
                return refusal
            self.turn_to(record.effective)
        view = self._view
        if record.sequence != picture.sequence + 1 or record.key in picture.keys:
            return checks.is_next(picture, record)
        if not isinstance(record, Transaction):
            assert act is not None
            return _first(view, act, checks.checks_of(type(act), law))
        if not law:
            return _first(view, record, ALWAYS)
        likeness = _likeness(picture, record)
        left = self._left.get(likeness)
        refusal = _first(view, record, left or (*ALWAYS, *LAW))
        if left is None and refusal is None:
            self._left[likeness] = _left_of(view, record)
        return refusal

    def turn_to(self, effective: int) -> View:
        """What there is to see when something takes effect at this instant."""
        tables = self._rulebook.tables_on(day_of(effective))
        self._view = View(
            self._picture, self._rulebook, tables, self._configuration, self._made_under
        )
        self._effective = effective
        if tables is not self._tables:
            self._tables = tables
            self._left.clear()
        return self._view

    def tables_at(self, effective: int) -> Tables:
        """The law of the day on which something takes effect."""
        if effective != self._effective:
            self.turn_to(effective)
        return self._view.tables

    def forget(self) -> None:
        """What was permitted may have rested on records that were taken back."""
        self._left.clear()


def _first(
    view: View, subject: object, asked: tuple[Callable[..., Refusal | None], ...]
) -> Refusal | None:
    for check in asked:
        refusal = check(view, subject)
        if refusal is not None:
            return refusal
    return None


def _likeness(picture: Picture, record: Transaction) -> Likeness:
    """All that decides which checks concern a record, and what the law says in them."""
    _, _, _, type_, year, transferring, acquiring, _, _, blocks, legs = record
    sender, receiver = picture.places.get(transferring), picture.places.get(acquiring)
    return (
        picture.rulebook,
        _is_bound(picture, record),
        type_,
        year,
        sender.sort if sender else transferring,
        receiver.sort if receiver else acquiring,
        blocks[0].kind if len(blocks) == 1 else frozenset([kind for kind, _, _ in blocks]),
        bool(legs),
    )


def _is_bound(picture: Picture, record: Transaction) -> bool:
    """True if the record uses a reservation, or anything stands still that it might move."""
    bound = picture.claims or picture.frozen or picture.arrested or picture.compared
    return bool(bound or record.reservation)


def _left_of(view: View, record: Transaction) -> tuple[MoveCheck, ...]:
    """What each record must still be asked, where one like it passed every check."""
    picture, tables = view.picture, view.tables
    left: set[MoveCheck] = {checks.blocks_are_whole}
    if not record.transferring:
        left |= {checks.new_serials_are_next, checks.creation_is_allowed}
    else:
        left.add(checks.serials_are_the_senders)
        if picture.places[record.transferring].sort == picture.places[record.acquiring].sort:
            left.add(checks.parties_differ)
    if _is_bound(picture, record):
        left |= {checks.claims_are_kept, checks.no_serial_is_arrested}
        left |= {checks.nothing_is_frozen, checks.nothing_is_compared}
    if record.legs:
        left |= {checks.accounts_are_known, checks.money_sums_to_zero}
    if tables.transaction_types[record.type].reverses:
        left.add(checks.ended_units_stay)
    if tables.blocks_at_most is not None:
        left.add(checks.blocks_are_few)
    return tuple(check for check in (*ALWAYS, *LAW) if check in left)
