"""How old a transaction may be when the log is asked to take it.

What took effect long before the log hears of it was held back on its way, by a fault or by
somebody, and whoever asked for it has been told something else meanwhile: Regulation (EC) No
2216/2004, Article 35; Delegated Regulation (EU) 2019/1122, Article 74. It is asked of live stores
only; in practice and replay stores clocks are set as one likes.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from openets.kernel.clock import day_of
from openets.kernel.records import Transaction
from openets.kernel.refusal import Refusal
from openets.rulebook.model import NoLaw, Rulebook

LIVE = "live"
HOURS = "desk.aborted-after"


class Oldest(NamedTuple):
    """The earliest instant (microseconds since 1970) at which what is taken now took effect."""

    instant: int
    hours: int

    def refuses(self, record: Transaction) -> Refusal | None:
        """Why a transaction comes too late, or None."""
        if record.effective >= self.instant:
            return None
        sentence = f"The transaction took effect more than {self.hours} hours ago; propose it anew."
        return Refusal("log.too-old", sentence, HOURS)


def oldest_taken(now: int, rulebook: Rulebook) -> Oldest | None:
    """What is taken at an instant, or None where the law sets no hours.

    An age of exactly so many hours is none too many.
    """
    try:
        hours = int(rulebook.ask(HOURS, for_=day_of(now)).value)
    except NoLaw:
        return None
    return Oldest(now - timedelta(hours=hours) // timedelta(microseconds=1), hours)
