"""Files written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from openets.storage.whole import unfinished, write_whole


def test_a_file_is_written_and_written_over(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    for content in (b"first", b"", b"another one"):
        write_whole(path, content)
        assert path.read_bytes() == content
        assert list(tmp_path.iterdir()) == [path]


def test_broken_off_it_is_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.json"
    write_whole(path, b"first")

    def full(_: int) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="no space left"):
            write_whole(path, b"second")
    assert path.read_bytes() == b"first"
    assert set(tmp_path.iterdir()) == {path, unfinished(path)}
    write_whole(path, b"third")
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"third", [path])
