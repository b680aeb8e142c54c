"""How old a transaction may be at the log, case by case; the log asks of live stores only."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from openets.kernel.clock import instant
from openets.kernel.records import Transaction
from openets.rulebook.load import load_rulebook
from openets.translog.age import LIVE, oldest_taken
from openets.translog.client import Accepted, RecordRefused
from tests.busy_world import SCENE
from tests.small_world import FIRST, SECOND
from tests.translog.batches import Forger
from tests.translog.worlds import world_with_officers

CASES = yaml.safe_load((Path(__file__).parent / "ages.yaml").read_text())


def at(text: str) -> int:
    return instant(datetime.fromisoformat(text).replace(tzinfo=UTC))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_age(case: dict[str, Any]) -> None:
    record = Transaction(1, b"", at(case["effective"]), 1, 0, 1, 2, 0, 0, (), ())
    oldest = oldest_taken(at(case["now"]), load_rulebook(case["law"]))
    refusal = oldest.refuses(record) if oldest is not None else None
    assert (refusal is None) is case["taken"]
    assert refusal is None or refusal.code == "log.too-old"


@pytest.mark.parametrize("mode", [LIVE, "practice"])
def test_the_log_asks_of_live_stores_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    urls = {role: f"sqlite:///{tmp_path / role}.sqlite3" for role in ("journal", "query", "log")}
    forger = Forger(world_with_officers(tmp_path, urls), SCENE)
    monkeypatch.setattr(forger.log._log._picture, "mode", mode)
    answer = forger.offer(forger.move("10-0", FIRST, SECOND, (51, 51)))
    forger.log.stop()
    if mode == LIVE:
        assert isinstance(answer, RecordRefused)
        assert answer.refusal.code == "log.too-old"
    else:
        assert isinstance(answer, Accepted)
