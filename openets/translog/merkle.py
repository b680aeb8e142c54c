"""The Merkle tree over all records of a log: RFC 9162, section 2, with SHA-256.

A root is one short promise about everything so far. An inclusion proof shows with a few hashes that
a record is under a root, a consistency proof that one root grew from another and nothing before it
was changed. Proofs are checked without the tree, by the functions at the end.

The hash of every complete subtree is kept, level by level (64 bytes a leaf in all), so that leaves
are appended and a proof is cut in a handful of steps, and the newest leaves can be taken off again.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from hashlib import sha256

from openets.kernel.batch import SALT_BYTES

HASH_BYTES = 32
_SALT = struct.Struct(f"{SALT_BYTES}s")
_PAIR = struct.Struct(f"{2 * HASH_BYTES}s")


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf: RFC 9162, 2.1.1."""
    return sha256(b"\x00" + data).digest()


def leaf_hashes(salts: bytes, records: Sequence[bytes]) -> list[bytes]:
    """The hashes of a batch's leaves: each record behind its salt."""
    salted = zip(_SALT.iter_unpack(salts), records, strict=True)
    return [sha256(b"\x00" + salt + record).digest() for (salt,), record in salted]


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two children: RFC 9162, 2.1.1."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows. Sizes and positions count leaves, the first leaf has position 0."""

    def __init__(self, levels: Iterable[bytes] = ()) -> None:
        """An empty tree, or one that `levels` was taken from."""
        self._levels = [bytearray(hashes) for hashes in levels] or [bytearray()]

    def __len__(self) -> int:
        return len(self._levels[0]) // HASH_BYTES

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Adds the hashes of leaves and, level by level, of every subtree they complete."""
        added, level = b"".join(leaves), 0
        while added:
            if level == len(self._levels):
                self._levels.append(bytearray())
            hashes = self._levels[level]
            start = len(hashes) // _PAIR.size * _PAIR.size  # of the pair that is incomplete
            hashes += added
            pairs = hashes[start : len(hashes) // _PAIR.size * _PAIR.size]
            nodes = [sha256(b"\x01" + pair).digest() for (pair,) in _PAIR.iter_unpack(pairs)]
            added, level = b"".join(nodes), level + 1

    def levels(self) -> list[bytes]:
        """The hashes of all complete subtrees, level by level, leaves first."""
        return [bytes(hashes) for hashes in self._levels]

    def cut_back(self, size: int) -> None:
        """Takes the newest leaves off until `size` are left."""
        for level, hashes in enumerate(self._levels):
            del hashes[(size >> level) * HASH_BYTES :]

    def root(self, size: int | None = None) -> bytes:
        """The root over the first `size` leaves (all, if not given): RFC 9162, 2.1.1."""
        return self._root_of(0, len(self) if size is None else size)

    def inclusion(self, position: int, size: int) -> list[bytes]:
        """The path that proves a leaf under the root of `size` leaves: RFC 9162, 2.1.3."""
        if not 0 <= position < size <= len(self):
            raise ValueError(f"There is no leaf {position} under a root of {size}.")
        start, end, path = 0, size, []
        while end - start > 1:
            middle = start + _split(end - start)
            if position < middle:
                path.append(self._root_of(middle, end))
                end = middle
            else:
                path.append(self._root_of(start, middle))
                start = middle
        return path[::-1]

    def consistency(self, first: int, second: int) -> list[bytes]:
        """The proof that the root of `second` leaves extends that of `first`: RFC 9162, 2.1.4."""
        if not 0 < first <= second <= len(self):
            raise ValueError(f"A root of {second} leaves cannot extend one of {first}.")
        start, end, whole = 0, second, True
        path = []
        while first < end:
            middle = start + _split(end - start)
            if first <= middle:
                path.append(self._root_of(middle, end))
                end = middle
            else:
                path.append(self._root_of(start, middle))
                start, whole = middle, False
        if not whole:
            path.append(self._root_of(start, end))
        return path[::-1]

    def _root_of(self, start: int, end: int) -> bytes:
        """The root over the leaves from `start` to before `end`; `start` is where a subtree is."""
        count = end - start
        if not count:
            return sha256(b"").digest()
        if not count & (count - 1):
            level = count.bit_length() - 1
            at = (start >> level) * HASH_BYTES
            return bytes(self._levels[level][at : at + HASH_BYTES])
        middle = start + _split(count)
        return node_hash(self._root_of(start, middle), self._root_of(middle, end))


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def is_included(leaf: bytes, position: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """True if the path proves the leaf's hash at that position: RFC 9162, 2.1.3.2."""
    if not 0 <= position < size:
        return False
    place, last, digest = position, size - 1, leaf
    for step in path:
        if not last:
            return False
        if place & 1 or place == last:
            digest = node_hash(step, digest)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            digest = node_hash(digest, step)
        place, last = place >> 1, last >> 1
    return not last and digest == root


def is_consistent(
    first: int, first_root: bytes, second: int, second_root: bytes, path: Sequence[bytes]
) -> bool:
    """True if the path proves that one root extends the other: RFC 9162, 2.1.4.2."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    steps = list(path)
    if not first & (first - 1):
        steps.insert(0, first_root)  # a complete subtree is its own first step
    if not steps:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if not last:
            return False
        if place & 1 or place == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, step)
        place, last = place >> 1, last >> 1
    return not last and (old, new) == (first_root, second_root)
