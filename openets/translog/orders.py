"""Orders to the log: two officers freeze or lift at the log itself, with their own keys.

The order is a batch of its own, signed by the officers and not by the registry, so that a freeze
takes hold even while the registry is away or not to be trusted. It enters the log's sequence, and
the registry takes it over when it next catches up.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence

from openets.kernel import acts
from openets.kernel.batch import FROM_OFFICERS, encode_batch, extend_chain
from openets.kernel.records import ActRecord
from openets.kernel.signing import SigningKey
from openets.translog.messages import Here


def encode_order(
    here: Here, store: bytes, act: acts.Freeze | acts.Lift, officers: Sequence[SigningKey]
) -> bytes:
    """The signed batch of an order, effective now, that builds on where the log is."""
    record = ActRecord(
        here.sequence + 1, secrets.token_bytes(16), time.time_ns() // 1_000, act.payload()
    ).encode()
    return encode_batch(
        origin=FROM_OFFICERS,
        store=store,
        epoch=here.epoch,
        first=here.sequence + 1,
        previous=here.head,
        head=extend_chain(here.head, (record,)),
        rulebook=here.rulebook,
        records=(record,),
        signers=officers,
    )
