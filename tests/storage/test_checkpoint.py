"""A state kept for the next start: whole and sealed, or as good as none."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from openets.storage.checkpoint import (
    ENOUGH,
    SEAL_BYTES,
    Checkpoint,
    Keeping,
    column,
    numbers,
    pieces,
    threes,
)

KEPT = Checkpoint(
    ENOUGH, {"head": "a"}, {"words": b'{"a": 1}\n', "nothing": b"", "numbers": bytes(range(40))}
)


def seal(message: bytes) -> bytes:
    return sha256(b"secret" + message).digest() * (SEAL_BYTES // 32)


def is_seal(given: bytes, message: bytes) -> bool:
    return given == seal(message)


@pytest.fixture
def keeping(tmp_path: Path) -> Keeping:
    return Keeping(tmp_path / "state.checkpoint", {"shape": 1}, is_seal)


def test_what_was_kept_is_read_again(keeping: Keeping) -> None:
    assert keeping.read() is None
    keeping.write(KEPT, seal)
    assert keeping.read() == KEPT
    for other in ({"shape": 2}, {"shape": 1, "law": "x"}, {"order": "middle"}):
        assert Keeping(keeping.path, other, is_seal).read() is None
    later = Checkpoint(ENOUGH + 2, {}, {})
    keeping.write(later, seal)
    assert keeping.read() == later


def test_it_is_due_when_enough_has_come(keeping: Keeping) -> None:
    assert [keeping.is_due(n) for n in (0, ENOUGH - 1, ENOUGH)] == [False, False, True]
    keeping.write(KEPT, seal)
    assert [keeping.is_due(n) for n in (ENOUGH, 2 * ENOUGH - 1, 2 * ENOUGH)] == [False, False, True]


def test_a_file_that_is_changed_anywhere_or_cut_is_none(keeping: Keeping) -> None:
    keeping.write(KEPT, seal)
    whole = keeping.path.read_bytes()
    for place in range(len(whole)):
        keeping.path.write_bytes(whole[:place])
        assert keeping.read() is None
        changed = bytearray(whole)
        changed[place] ^= 1
        keeping.path.write_bytes(changed)
        assert keeping.read() is None
    keeping.path.write_bytes(whole + b"\0")
    assert keeping.read() is None


def test_nonsense_says_nothing_of_itself(keeping: Keeping) -> None:
    for nonsense in (b"", b"\xff\xfe", b"[1]\n", b"{}\n", b'{"about": 3}\n', b"{" * 10_000):
        keeping.path.write_bytes(nonsense)
        assert keeping.is_due(ENOUGH)
        assert keeping.read() is None


def test_where_it_cannot_be_written_nothing_else_is_lost(keeping: Keeping) -> None:
    keeping.write(KEPT, seal)
    (keeping.path.parent / f"{keeping.path.name}.new").mkdir()
    keeping.write(Checkpoint(0, {}, {}), seal)
    assert keeping.read() == KEPT
    for _ in range(2):
        keeping.discard()
        assert not keeping.path.exists()


def test_columns_give_back_what_was_put_into_them() -> None:
    rows = [(1, 2**62, -3), (4, 5, 6)]
    assert list(threes(column(rows))) == rows
    assert list(numbers(column(rows))) == [1, 2**62, -3, 4, 5, 6]
    assert list(threes(b"")) == []
    with pytest.raises(ValueError, match="shorter"):
        list(threes(column([(1, 2)])))
    assert list(pieces(b"aabbc", 2)) == [b"aa", b"bb", b"c"]
