"""What a replay does not begin: files without operators' years, and registries nobody knows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from openets.kernel.refusal import Refused
from openets.world.replay import _check, _operator_years
from tests.formats import samples
from tests.world.small_europe import small_figures


def test_a_file_without_operators_years_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"replay.no-operators"):
        _operator_years([samples.text_file(tmp_path, samples.TRANSACTION)])


def test_nothing_to_play_is_refused() -> None:
    with pytest.raises(Refused, match=r"replay.nothing-to-play"):
        _check((), ())


def test_a_registry_nobody_knows_is_refused() -> None:
    unknown = replace(small_figures()[0], registry="QQ")
    with pytest.raises(Refused, match=r"replay.registry-unknown: .*QQ"):
        _check((unknown,), ())
