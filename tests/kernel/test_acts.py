"""What an act must say to be one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from openets.kernel.acts import KindDefined

KINDS = yaml.safe_load((Path(__file__).parent / "kinds.yaml").read_text())


@pytest.mark.parametrize("case", KINDS, ids=lambda case: str(case["given"]))
def test_a_kind_names_its_unit_and_both_periods(case: dict[str, Any]) -> None:
    given = {"kind": 1, "registry": "GB", **case["given"]}
    if not case["named"]:
        found = KindDefined.model_validate(given)
        assert found.model_dump(include=set(case["given"])) == case["given"]
        return
    with pytest.raises(ValidationError) as refused:
        KindDefined.model_validate(given)
    assert [error["loc"][-1] for error in refused.value.errors()] == case["named"]
