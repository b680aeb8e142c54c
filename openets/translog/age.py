"""How old a transaction may be when the log is asked to take it.

What took effect long before the log hears of it was held back on its way, by a fault or by
somebody, and whoever asked for it has been told something else meanwhile: Regulation (EC) No
2216/2004, Article 35; Delegated Regulation (EU) 2019/1122, Article 74. It is asked of live stores
only; in practice and replay stores clocks are set as one likes.
"""

from __future__ import annotations

from datetime import timedelta

from openets.kernel.clock import day_of
from openets.kernel.records import Transaction
from openets.kernel.refusal import Refusal
from openets.rulebook.model import NoLaw, Rulebook

LIVE = "live"
HOURS = "desk.aborted-after"


def too_old(record: Transaction, now: int, rulebook: Rulebook) -> Refusal | None:
    """Why a transaction comes too late at an instant (microseconds since 1970), or None.

    None where the law sets no hours; an age of exactly so many hours is none too many.
    """
    try:
        hours = int(rulebook.ask(HOURS, for_=day_of(now)).value)
    except NoLaw:
        return None
    if now - record.effective <= timedelta(hours=hours) // timedelta(microseconds=1):
        return None
    sentence = f"The transaction took effect more than {hours} hours ago; propose it anew."
    return Refusal("log.too-old", sentence, HOURS)
