"""The written form of a record: what both books store, hash and sign.

A record is a *transaction*, which moves units, or an *act*, which changes what transactions are
checked against. Both are bytes in a fixed, little-endian layout that opens with a format version,
so that a reader of each released version can stay beside the newest. Registry and log share this
alphabet and nothing else: what a record means is decided by each book in its own code.

Layout of version 1 (all integers unsigned unless said):

    record       u16 version, u8 form (1 transaction, 2 act), u8 zero, u64 sequence,
                 16 bytes key, i64 effective (microseconds since 1970 UTC), then the form's part
    transaction  u16 type, u16 year, u64 transferring, u64 acquiring, u64 refers to,
                 u64 reservation, u16 blocks, u16 money legs, then blocks, then legs
    block        u32 kind, u64 first serial, u64 last serial
    money leg    u64 account, 3 bytes currency, i64 cents
    act          u32 length, that many bytes of JSON (`openets.kernel.acts`)
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

FORMAT_VERSION = 1
TRANSACTION, ACT = 1, 2
KEY_BYTES = 16  # of what makes a request known again when it is repeated

_RECORD = struct.Struct("<HBBQ16sq")
_TRANSACTION = struct.Struct("<HBBQ16sqHHQQQQHH")
_BLOCK = struct.Struct("<IQQ")
_LEG = struct.Struct("<Q3sq")
# Most transactions move one block and no money, so they are read and written in one piece: what
# each of them opens with, its fields (the two counts as one number) and its block.
_OF_ONE_BLOCK = struct.Struct("<4sQ16sqHHQQQQIIQQ")
_OPENS_A_TRANSACTION = struct.pack("<HBB", FORMAT_VERSION, TRANSACTION, 0)
_ONE_BLOCK_NO_MONEY, _BYTES_OF_ONE_BLOCK = 1, _OF_ONE_BLOCK.size
_OPENS_AN_ACT = struct.pack("<HBB", FORMAT_VERSION, ACT, 0)
_ACT = struct.Struct("<4sQ16sqI")


class Malformed(ValueError):
    """Bytes that are not a record or batch of a known version; says what is wrong."""


class Block(NamedTuple):
    """An inclusive range of serials of one kind. Serials are unique per originating registry."""

    kind: int
    start: int
    end: int

    @property
    def quantity(self) -> int:
        """Number of units in the block."""
        return self.end - self.start + 1


class Leg(NamedTuple):
    """A movement of money on an account: positive is received, negative is paid, in cents."""

    account: int
    currency: str
    cents: int


class Transaction(NamedTuple):
    """A movement of units. Account numbers and sequences are 0 where there is none.

    `type` is main code x 1000 + supplementary code; `year` is the year of allocation or compliance
    the movement is for; `refers_to` is the sequence of the record it rests on (the cap of a
    creation, the transaction a reversal undoes).
    """

    sequence: int
    key: bytes
    effective: int
    type: int
    year: int
    transferring: int
    acquiring: int
    refers_to: int
    reservation: int
    blocks: tuple[Block, ...]
    legs: tuple[Leg, ...] = ()

    @property
    def quantity(self) -> int:
        """Number of units moved."""
        quantity = 0
        for _, start, end in self.blocks:
            quantity += end - start + 1
        return quantity

    def encode(self) -> bytes:
        """The record's bytes; raises `Malformed` for what the layout has no room for."""
        blocks, legs = self.blocks, self.legs
        try:
            if len(blocks) == 1 and not legs:
                opening, count = _OPENS_A_TRANSACTION, _ONE_BLOCK_NO_MONEY
                return _OF_ONE_BLOCK.pack(opening, *self[:9], count, *blocks[0])
            head = (FORMAT_VERSION, TRANSACTION, 0, *self[:9], len(blocks), len(legs))
            parts = [_TRANSACTION.pack(*head), *[_BLOCK.pack(*block) for block in blocks]]
            parts.extend(_LEG.pack(leg.account, leg.currency.encode(), leg.cents) for leg in legs)
            return b"".join(parts)
        except struct.error:
            sentence = "A number of the record, or the number of its blocks or money legs, is"
            raise Malformed(f"{sentence} beyond what a record has room for.") from None


class ActRecord(NamedTuple):
    """An act as it stands in the books: `payload` is the canonical JSON of an act."""

    sequence: int
    key: bytes
    effective: int
    payload: bytes

    def encode(self) -> bytes:
        """The record's bytes."""
        sequence, key, effective, payload = self
        return _ACT.pack(_OPENS_AN_ACT, sequence, key, effective, len(payload)) + payload


Record = Transaction | ActRecord

# Made of all their fields, in order. Millions are made, so the fields are not counted once more.
block_of: Callable[[tuple[int, int, int]], Block] = partial(tuple.__new__, Block)
transaction_of: Callable[[tuple[Any, ...]], Transaction] = partial(tuple.__new__, Transaction)
act_record_of: Callable[[tuple[int, bytes, int, bytes]], ActRecord] = partial(
    tuple.__new__, ActRecord
)


def decode_record(data: bytes) -> Record:
    """The record these bytes are; raises `Malformed` unless every byte is accounted for."""
    opening = data[:4]
    if opening == _OPENS_A_TRANSACTION:
        return _decode_transaction(data)
    if opening == _OPENS_AN_ACT:
        return _decode_act(data)
    raise Malformed(_what_is_wrong(data))


def _decode_transaction(data: bytes) -> Transaction:
    if len(data) == _BYTES_OF_ONE_BLOCK:
        fields = _OF_ONE_BLOCK.unpack(data)
        if fields[10] == _ONE_BLOCK_NO_MONEY:
            return transaction_of((*fields[1:10], (block_of(fields[11:]),), ()))
    if len(data) < _TRANSACTION.size:
        raise Malformed("A transaction record ends inside its head.")
    fields = _TRANSACTION.unpack_from(data)
    block_count, leg_count = fields[12], fields[13]
    legs_at = _TRANSACTION.size + block_count * _BLOCK.size
    if len(data) != legs_at + leg_count * _LEG.size:
        raise Malformed("A transaction record is longer or shorter than its counts say.")
    found = _BLOCK.iter_unpack(data[_TRANSACTION.size : legs_at])
    blocks = tuple(map(block_of, found))
    legs: tuple[Leg, ...] = ()
    if leg_count:
        legs = tuple(
            Leg(account, currency.decode("ascii", "replace"), cents)
            for account, currency, cents in _LEG.iter_unpack(data[legs_at:])
        )
    return transaction_of((*fields[3:12], blocks, legs))


def _decode_act(data: bytes) -> ActRecord:
    if len(data) < _ACT.size:
        raise Malformed("An act record ends inside its head.")
    _, sequence, key, effective, length = _ACT.unpack_from(data)
    if len(data) != _ACT.size + length:
        raise Malformed("An act record is longer or shorter than its length says.")
    return act_record_of((sequence, key, effective, data[_ACT.size :]))


def _what_is_wrong(data: bytes) -> str:
    """Why bytes do not open like a record."""
    if len(data) < _RECORD.size:
        return f"A record has at least {_RECORD.size} bytes; this has {len(data)}."
    version = int.from_bytes(data[:2], "little")
    if version != FORMAT_VERSION:
        return f"Record format {version} is not known; this release reads 1."
    if data[3]:
        return "The reserved byte of a record is not zero."
    return f"Record form {data[2]} is neither transaction (1) nor act (2)."


def type_code(label: str) -> int:
    """'10-53' as the number records carry: 10053. Raises `ValueError` for anything else."""
    main, _, supplementary = label.partition("-")
    if not (main.isdigit() and supplementary.isdigit() and int(supplementary) < 1000):
        raise ValueError(f"{label!r} is not a transaction type: write main-supplementary, 10-53.")
    return int(main) * 1000 + int(supplementary)


def type_label(code: int) -> str:
    """10053 as the field writes it: '10-53'."""
    return f"{code // 1000}-{code % 1000}"
