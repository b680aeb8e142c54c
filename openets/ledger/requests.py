"""What may be asked of the ledger, and what it answers.

A request carries an idempotency key of 16 bytes: asked again, whatever happened in between, it has
one effect and gets the first answer. `key_of` makes such a key from words that name the act.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import blake2b
from typing import Any, NamedTuple

from openets.kernel.acts import Act
from openets.kernel.records import KEY_BYTES, Block, Leg
from openets.kernel.refusal import Refusal


class TransactionRequest(NamedTuple):
    """A wish to move `quantity` units of `kind`; the ledger picks the serials, oldest first.

    Creations have transferring 0 and rest on the record `refers_to` (a cap, a correction, a
    replacement). With `blocks` the caller names the serials, and kind and quantity must agree.
    """

    key: bytes
    effective: int
    type: int
    transferring: int
    acquiring: int
    kind: int
    quantity: int
    year: int = 0
    refers_to: int = 0
    reservation: int = 0
    blocks: tuple[Block, ...] = ()
    legs: tuple[Leg, ...] = ()


class ActRequest(NamedTuple):
    """A wish to change what transactions are checked against."""

    key: bytes
    effective: int
    act: Act


Request = TransactionRequest | ActRequest

# Made of all its fields, in order, by whoever makes millions (as records are).
transaction_request_of: Callable[[tuple[Any, ...]], TransactionRequest] = partial(
    tuple.__new__, TransactionRequest
)


class Outcome(NamedTuple):
    """Completed under a sequence, or (sequence 0) refused; `repeated` if the key was known."""

    key: bytes
    sequence: int
    refusals: tuple[Refusal, ...] = ()
    repeated: bool = False

    @property
    def completed(self) -> bool:
        """True if the record stands in both books."""
        return self.sequence > 0


def key_of(*words: str | int) -> bytes:
    """An idempotency key for an act that has a natural name, such as allocation, account, year."""
    return blake2b("\x1f".join(map(str, words)).encode(), digest_size=KEY_BYTES).digest()
