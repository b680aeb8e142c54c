"""What a task offers: cases, and what holds whatever the facts are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from openets.desk.offers import Facts, offered
from openets.desk.tasks import APPROVAL, DOCUMENTS, DUTY

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "offers.yaml").read_text())
facts = st.builds(
    Facts,
    kind=st.sampled_from((APPROVAL, DOCUMENTS, DUTY)),
    **{
        name: st.booleans()
        for name in (
            "sees",
            "ended",
            "proposed",
            "withdraws",
            "decides",
            "answers",
            "handles",
            "assigns",
            "wanted",
            "handed_in",
        )
    },
    claimed=st.sampled_from(("by nobody", "by this person", "by another")),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_a_task_offers(case: dict[str, Any]) -> None:
    given_ = dict(case)
    assert (
        list(offered(Facts(**{k: v for k, v in given_.items() if k != "offers"})))
        == (given_["offers"])
    )


@given(facts)
def test_nothing_to_who_may_not_see_it_and_nothing_of_what_has_ended(one: Facts) -> None:
    if one.ended or not one.sees:
        assert offered(one) == ()


@given(facts)
def test_deciding_takes_the_right_and_no_other_claim(one: Facts) -> None:
    found = set(offered(one))
    if found & {"approve", "reject"}:
        assert one.decides and one.claimed != "by another"
    if found & {"accept", "refuse", "close"}:
        assert one.handles and one.claimed != "by another"
    assert not {"claim", "take over"} <= found
    if "take over" in found:
        assert one.assigns
