"""What may be pending once only: cases of the UK registry, and a law without such a rule."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from openets.desk.timing import law_at
from openets.people.pending import Pending, pending_refusal
from openets.rulebook.answers import code_of
from openets.rulebook.load import load_rulebook

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "pending-uk.yaml").read_text())
AT = datetime(2026, 3, 2, 11, tzinfo=UTC)
UK = law_at(load_rulebook("uk"), "GB", AT)
HOUSE = {"3013": "people.pending-anywhere", "1006": "people.pending-here"}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_may_be_pending_once_only(case: dict[str, Any]) -> None:
    waiting = [Pending(*one) for one in case["waiting"]]
    refusal = pending_refusal(UK, Pending(*case["asked"]), waiting)
    expected = str(case["answer"])
    if refusal is None:
        assert expected == "allowed"
        return
    assert (code_of(UK.rulebook, refusal, UK.day), refusal.code) == (expected, HOUSE[expected])
    assert refusal.citation in UK.rulebook.paths()


def test_a_law_without_the_rule_lets_anything_be_pending() -> None:
    law = law_at(load_rulebook("eu"), "AT", AT)
    assert pending_refusal(law, Pending("4-0", 5), [Pending("4-0", 5)]) is None
