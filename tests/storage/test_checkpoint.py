"""A state kept for the next start: whole and sealed, or as good as none."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from openets.storage.checkpoint import (
    SEAL_BYTES,
    Checkpoint,
    about_checkpoint,
    discard_checkpoint,
    read_checkpoint,
    write_checkpoint,
)

ABOUT = {"shape": 1, "sequence": 7}
KEPT = Checkpoint(ABOUT, {"words": b'{"a": 1}\n', "nothing": b"", "numbers": bytes(range(40))})


def seal(message: bytes) -> bytes:
    return sha256(b"secret" + message).digest() * (SEAL_BYTES // 32)


def is_seal(given: bytes, message: bytes) -> bool:
    return given == seal(message)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.checkpoint"


def test_what_was_kept_is_read_again(path: Path) -> None:
    assert read_checkpoint(path, {}, is_seal) is None
    assert about_checkpoint(path) == {}
    write_checkpoint(path, KEPT, seal)
    assert read_checkpoint(path, {}, is_seal) == KEPT
    assert read_checkpoint(path, {"shape": 1}, is_seal) == KEPT
    assert about_checkpoint(path) == ABOUT
    later = Checkpoint({**ABOUT, "sequence": 9}, {})
    write_checkpoint(path, later, seal)
    assert read_checkpoint(path, ABOUT, is_seal) is None  # it is about something else
    assert read_checkpoint(path, {}, is_seal) == later


def test_a_file_that_is_changed_anywhere_or_cut_is_none(path: Path) -> None:
    write_checkpoint(path, KEPT, seal)
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place])
        assert read_checkpoint(path, {}, is_seal) is None
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(changed)
        assert read_checkpoint(path, {}, is_seal) is None
    path.write_bytes(whole + b"\0")
    assert read_checkpoint(path, {}, is_seal) is None


def test_nonsense_says_nothing_of_itself(path: Path) -> None:
    for nonsense in (b"", b"\xff\xfe", b"[1]\n", b"{}\n", b'{"about": 3}\n', b"{" * 10_000):
        path.write_bytes(nonsense)
        assert about_checkpoint(path) == {}
        assert read_checkpoint(path, {}, is_seal) is None


def test_where_it_cannot_be_written_nothing_else_is_lost(path: Path) -> None:
    write_checkpoint(path, KEPT, seal)
    (path.parent / f"{path.name}.new").mkdir()
    write_checkpoint(path, Checkpoint({}, {}), seal)
    assert read_checkpoint(path, {}, is_seal) == KEPT
    for _ in range(2):
        discard_checkpoint(path)
        assert not path.exists()
