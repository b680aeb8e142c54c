"""Batches: how records travel from the registry to the log, and the chain that binds them.

A batch is taken whole or not at all. It names the store, the writer's epoch, the head it builds on,
the head it leads to and the rulebook it was made under, and is signed over all of that and every
record. The chain has one link per record: each head is the SHA-256 of the head before it and the
record's bytes, so no record can be changed, dropped or moved without changing every later head.

    batch      4 bytes "OETS", u16 version, u8 origin (1 registry, 2 officers' order), u8 zero,
               16 bytes store, u64 epoch, u64 first sequence, u32 count, 32 bytes head before,
               32 bytes head after, 32 bytes rulebook digest, u32 length of the records,
               records (each u32 length, bytes), u8 signatures, signatures
    signature  32 bytes public key, 64 bytes Ed25519 over everything before the signature count
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

from openets.kernel.records import Malformed
from openets.kernel.signing import SigningKey, is_signed_by

BATCH_VERSION = 1
FROM_REGISTRY, FROM_OFFICERS = 1, 2
STORE_BYTES = 16
HEAD_BYTES = 32
SALT_BYTES = 16

_HEADER = struct.Struct("<4sHBB16sQQI32s32s32sI")
_STORE_AT = struct.calcsize("<4sHBB")
_LENGTH = struct.Struct("<I")
_SIGNATURE = struct.Struct("<32s64s")
_MAGIC = b"OETS"


def genesis(store: bytes) -> bytes:
    """The head before the first record of a store."""
    return sha256(b"openets store " + store).digest()


def extend_chain(head: bytes, records: Iterable[bytes]) -> bytes:
    """The head after these records."""
    for record in records:
        head = sha256(head + record).digest()
    return head


class Signature(NamedTuple):
    """Who signed (raw public key) and the signature."""

    public_key: bytes
    value: bytes


class Batch(NamedTuple):
    """A batch read back from its bytes; `signed` are the bytes the signatures cover."""

    origin: int
    store: bytes
    epoch: int
    first: int
    previous: bytes
    head: bytes
    rulebook: bytes
    records: tuple[bytes, ...]
    signatures: tuple[Signature, ...]
    signed: bytes

    @property
    def last(self) -> int:
        """The sequence of the last record."""
        return self.first + len(self.records) - 1

    def signers(self) -> set[bytes]:
        """The public keys whose signatures are valid; signatures that fail count for nothing."""
        return {
            signature.public_key
            for signature in self.signatures
            if is_signed_by(signature.public_key, signature.value, self.signed)
        }

    def is_chained(self) -> bool:
        """True if the records lead from the head before to the head after."""
        return extend_chain(self.previous, self.records) == self.head


def encode_batch(
    *,
    origin: int,
    store: bytes,
    epoch: int,
    first: int,
    previous: bytes,
    head: bytes,
    rulebook: bytes,
    records: Sequence[bytes],
    signers: Sequence[SigningKey],
) -> bytes:
    """The signed bytes of a batch; `head` is the caller's chain over `records`."""
    parts = [b""]
    for record in records:
        parts.append(_LENGTH.pack(len(record)))
        parts.append(record)
    body = b"".join(parts)
    header = _HEADER.pack(
        _MAGIC,
        BATCH_VERSION,
        origin,
        0,
        store,
        epoch,
        first,
        len(records),
        previous,
        head,
        rulebook,
        len(body),
    )
    signed = header + body
    signatures = b"".join(_SIGNATURE.pack(key.public, key.sign(signed)) for key in signers)
    return signed + bytes([len(signers)]) + signatures


def decode_batch(data: bytes) -> Batch:
    """The batch these bytes are; raises `Malformed`. Signatures and chain are not checked here."""
    if len(data) <= _HEADER.size:
        raise Malformed("A batch ends inside its header.")
    fields = _HEADER.unpack_from(data)
    magic, version, origin, zero, store, epoch, first, count, previous, head, rulebook, size = (
        fields
    )
    if magic != _MAGIC:
        raise Malformed("These bytes do not open like a batch.")
    if version != BATCH_VERSION:
        raise Malformed(f"Batch format {version} is not known; this release reads 1.")
    if zero or origin not in (FROM_REGISTRY, FROM_OFFICERS):
        raise Malformed("The batch has an unknown origin.")
    end = _HEADER.size + size
    if len(data) <= end:
        raise Malformed("A batch ends inside its records.")
    records = _split_records(data, _HEADER.size, end)
    if len(records) != count or not records:
        raise Malformed(f"The batch holds {len(records)} records and says {count}.")
    if len(data) != end + 1 + data[end] * _SIGNATURE.size:
        raise Malformed("The batch is longer or shorter than its signatures say.")
    signatures = tuple(map(Signature._make, _SIGNATURE.iter_unpack(data[end + 1 :])))
    return Batch(
        origin, store, epoch, first, previous, head, rulebook, records, signatures, data[:end]
    )


def store_of(batch: bytes) -> bytes:
    """The store that a batch names, from its stored bytes; nothing else is read."""
    return batch[_STORE_AT : _STORE_AT + STORE_BYTES]


def _split_records(data: bytes, start: int, end: int) -> tuple[bytes, ...]:
    records = []
    while start < end:
        if start + _LENGTH.size > end:
            raise Malformed("A record's length is cut off.")
        (length,) = _LENGTH.unpack_from(data, start)
        start += _LENGTH.size
        if start + length > end:
            raise Malformed("A record is cut off.")
        records.append(data[start : start + length])
        start += length
    return tuple(records)


class TreeHead(NamedTuple):
    """What the log promises after a batch: its Merkle root over all records up to `size`.

    `recorded` is the log's clock (microseconds since 1970 UTC); `head` the chain's head at `size`.
    """

    store: bytes
    size: int
    root: bytes
    head: bytes
    recorded: int
    signature: bytes = b""

    def message(self) -> bytes:
        """The bytes the log signs."""
        numbers = struct.pack("<Qq", self.size, self.recorded)
        return b"openets tree head 1" + self.store + self.root + self.head + numbers

    def signed(self, key: SigningKey) -> TreeHead:
        """The same head with the log's signature."""
        return self._replace(signature=key.sign(self.message()))

    def is_signed_by(self, log_key: bytes) -> bool:
        """True if the log with this public key made the promise."""
        return is_signed_by(log_key, self.signature, self.message())


class Receipt(NamedTuple):
    """The log's answer to an accepted batch: its promise, and a secret salt for each record.

    Leaves of the tree are salted because the law keeps serials and fresh transactions secret:
    without its salt nobody can test a guess of a record against the published tree. The salts
    stand one after the other, `SALT_BYTES` each.
    """

    tree_head: TreeHead
    salts: bytes

    def salt(self, index: int) -> bytes:
        """The salt of a record, counted from 0 within the batch."""
        return self.salts[index * SALT_BYTES : (index + 1) * SALT_BYTES]
