"""Serial ranges: which units, as inclusive ranges of serial numbers, and the algebra on them.

Units are never listed one by one. A block is a range, a holding is a set of disjoint ranges, and
every movement of units takes ranges apart and puts them together again. This algebra is all that
is needed for that; which kind of unit a range belongs to is the caller's business. Serial numbers
identify units within their originating registry: Regulation (EC) No 2216/2004, Annex VI.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True, order=True)
class SerialRange:
    """The serials from `start` to `end`, both included; ordered by start.

    Raises `ValueError` for a range that is reversed or begins below 1.
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        if self.start < 1:
            raise ValueError(f"Serials begin at 1; this range begins at {self.start}.")
        if self.end < self.start:
            raise ValueError(f"A range runs upwards; this one is {self.start} to {self.end}.")

    def __str__(self) -> str:
        return f"{self.start}-{self.end}"

    @property
    def quantity(self) -> int:
        """Number of units in the range, at least 1."""
        return self.end - self.start + 1

    def contains(self, other: SerialRange) -> bool:
        """True if every serial of the other range is in this one."""
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: SerialRange) -> bool:
        """True if at least one serial is in both ranges."""
        return self.start <= other.end and other.start <= self.end

    def adjoins(self, other: SerialRange) -> bool:
        """True if one range begins right after the other ends, on either side."""
        return self.end + 1 == other.start or other.end + 1 == self.start

    def intersection(self, other: SerialRange) -> SerialRange | None:
        """The serials that are in both ranges, or None."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return SerialRange(start, end) if start <= end else None

    def split_at(self, serial: int) -> tuple[SerialRange, SerialRange]:
        """The serials below `serial`, and those from it on.

        Raises `ValueError` unless both parts would hold a serial.
        """
        if not self.start < serial <= self.end:
            raise ValueError(f"The range {self} cannot be split at {serial}.")
        return SerialRange(self.start, serial - 1), SerialRange(serial, self.end)

    def take(self, quantity: int) -> tuple[SerialRange, SerialRange | None]:
        """The lowest `quantity` serials, and the rest (None if nothing is left).

        Raises `ValueError` for a quantity below 1 or above what the range holds.
        """
        if not 1 <= quantity <= self.quantity:
            raise ValueError(
                f"{quantity} units cannot be taken from the range {self}; it has {self.quantity}."
            )
        if quantity == self.quantity:
            return self, None
        return self.split_at(self.start + quantity)

    def subtract(self, other: SerialRange) -> tuple[SerialRange, ...]:
        """What remains without the other range: none, one or two ranges, ascending."""
        if not self.overlaps(other):
            return (self,)
        remains = []
        if self.start < other.start:
            remains.append(SerialRange(self.start, other.start - 1))
        if other.end < self.end:
            remains.append(SerialRange(other.end + 1, self.end))
        return tuple(remains)


def merge(ranges: Iterable[SerialRange]) -> tuple[SerialRange, ...]:
    """The same serials in as few ranges as possible, ascending.

    Raises `ValueError` if two ranges overlap: the same unit would be counted twice.
    """
    merged: list[SerialRange] = []
    for current in sorted(ranges):
        if not merged or merged[-1].end + 1 < current.start:
            merged.append(current)
        elif merged[-1].end + 1 == current.start:
            merged[-1] = SerialRange(merged[-1].start, current.end)
        else:
            raise ValueError(f"The ranges up to {merged[-1].end} and {current} overlap.")
    return tuple(merged)


def total(ranges: Iterable[SerialRange]) -> int:
    """Number of units in all ranges together; an overlap would count twice, so `merge` first."""
    return sum(each.quantity for each in ranges)


def digest_of_holders(intervals: Iterable[tuple[str, int, int, int, int]]) -> bytes:
    """The SHA-256 of who holds what: (registry, kind, first, last, account) in their order.

    Two books that give the same digest give every serial to the same account.
    """
    digest = sha256()
    for interval in intervals:
        digest.update(b"%s %d %d %d %d\n" % (interval[0].encode(), *interval[1:]))
    return digest.digest()
