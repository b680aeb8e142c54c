"""What is asked of a record that stands in a book already: when it is taken over, and when proved.

What a batch was made under may no longer be the law this release knows. Then its law is not judged
again; but that law must have been adopted, and only what needs no law stands before it is.
"""

from __future__ import annotations

from openets.kernel.acts import Act, Freeze, Lift, RulebookAdopted, StoreCreated
from openets.kernel.batch import FROM_OFFICERS, Batch
from openets.kernel.records import Record
from openets.kernel.refusal import Refusal
from openets.ledger.book import Book
from openets.ledger.checks import LEDGER

NEEDS_NO_LAW = StoreCreated | RulebookAdopted | Freeze | Lift


def check_stored(book: Book, batch: Batch, record: Record, act: Act | None) -> Refusal | None:
    """Why a record of a stored batch ought not to stand there, or None.

    The book is where the record before it left it.
    """
    if batch.origin == FROM_OFFICERS and not isinstance(act, Freeze | Lift):
        return Refusal("ledger.order", "An order of officers freezes or lifts.", LEDGER)
    if batch.rulebook == book.rulebook.digest:
        return book.check(record, act)
    if batch.rulebook == book.rulebook_digest or isinstance(act, NEEDS_NO_LAW):
        return None
    sentence = "It was made under a rulebook that was never adopted."
    return Refusal("ledger.never-adopted", sentence, LEDGER)
