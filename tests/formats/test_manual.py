"""The manual cannot lie: every layout and every code has its place in it."""

from __future__ import annotations

import re
from pathlib import Path

from openets.formats.recognise import known

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs" / "manual" / "files.md").read_text()


def test_every_layout_is_in_the_manual() -> None:
    names = {name for name, _ in known()}
    assert len(names) > 15
    assert {name for name in names if f"`{name}`" not in MANUAL} == set()


def test_every_code_is_in_the_manual_and_every_code_there_exists() -> None:
    code = re.compile(r"formats\.[a-z]+(?:-[a-z0-9]+)*(?![\w.])")
    product = "\n".join(path.read_text() for path in (ROOT / "openets/formats").glob("*.py"))
    used = set(re.findall(r'"(formats\.[a-z0-9-]+)"', product))
    assert used
    assert {one for one in used if f"`{one}`" not in MANUAL} == set()
    assert {one for one in code.findall(MANUAL) if one not in used} == set()
