"""What of the register is for everybody, by the law of the day.

Where the law keeps holdings confidential (`publication.confidential`), a sum is shown only if it
tells nobody what a single account holds. A sum of two accounts tells each holder what the other
has, so three is the fewest; and where the sums of a division are shown, those kept back are enough
together that nothing can be worked out from the rest. Where the law publishes totals, they are
those held at the end of the day before (`publication.totals`): fresher ones would show by their
change what was moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import NamedTuple

from openets.kernel.clock import instant
from openets.rulebook.model import NoLaw, Rulebook, UnknownPath

TOTALS, CONFIDENTIAL = "publication.totals", "publication.confidential"
FEWEST_ACCOUNTS = 3


class Publication(NamedTuple):
    """The law of publishing on a day.

    `before` is the instant (microseconds since 1970) up to which totals are shown, None where they
    are shown as they stand. `confidential` is the provision that keeps holdings back, empty if none
    does; `totals` the one that publishes totals.
    """

    before: int | None
    totals: str
    confidential: str


def publication(rulebook: Rulebook, now: datetime) -> Publication:
    """What the law says on the day (UTC) of an instant."""
    totals = _source(rulebook, TOTALS, now)
    midnight = datetime.combine(now.date(), time(), UTC)
    confidential = _source(rulebook, CONFIDENTIAL, now)
    return Publication(instant(midnight) if totals else None, totals, confidential)


def _source(rulebook: Rulebook, path: str, now: datetime) -> str:
    try:
        return str(rulebook.ask(path, for_=now.date()).source)
    except (NoLaw, UnknownPath):
        return ""


def kept_back(accounts: Sequence[int]) -> set[int]:
    """Which sums of a division to keep back, given how many accounts make up each.

    Returns places in the sequence. What is kept back rests on three accounts or more together, so
    that subtracting the others from their total tells nobody's holding; all of it is kept back
    where even the whole rests on fewer.
    """
    by_size = sorted(range(len(accounts)), key=lambda place: (accounts[place], place))
    hidden = [place for place in by_size if accounts[place] < FEWEST_ACCOUNTS]
    for place in by_size[len(hidden) :]:
        if not hidden or sum(accounts[one] for one in hidden) >= FEWEST_ACCOUNTS:
            break
        hidden.append(place)
    return set(hidden)
