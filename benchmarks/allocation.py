"""`python -m benchmarks.allocation`: five years for all installations of the Union, on one core.

Made-up installations of ten sub-installations of every kind, seeded, with the activity levels of
nine years, so that changes of levels occur as often as not. Explanations are not built.
"""

from __future__ import annotations

import random
import sys
import time
from typing import Any

from openets.rulebook.load import load_rulebook
from openets.rulebook.model import Rulebook
from openets.schemes.allocation.benchmarks import products
from openets.schemes.allocation.models import Installation, describe
from openets.schemes.allocation.rules import allocate_years

INSTALLATIONS, PARTS, SEED = 11_600, 10, 1
YEARS = range(2021, 2026)
LEVELS = range(2014, 2025)
FALL_BACKS = ("heat", "district-heating", "fuel", "process-emissions")
TARGET_SECONDS = 60


def made_up(count: int, rulebook: Rulebook) -> list[Installation]:
    """Installations as a file would describe them, the same for the same seed."""
    drawn = random.Random(SEED)
    made = [name for name in products(rulebook, YEARS[0]) if name not in FALL_BACKS]
    described = [
        {"id": str(number), "sub_installations": [_part(drawn, made, n) for n in range(PARTS)]}
        for number in range(count)
    ]
    return list(describe({"installations": described}).installations)


def _part(drawn: random.Random, made: list[str], number: int) -> dict[str, Any]:
    kind = "product" if number < PARTS - len(FALL_BACKS) else FALL_BACKS[number - PARTS]
    usual = drawn.randint(100, 1_000_000)
    part: dict[str, Any] = {
        "name": f"part {number}",
        "kind": kind,
        "levels": {year: usual * drawn.randint(60, 140) // 100 for year in LEVELS},
    }
    if kind == "product":
        part["product"] = drawn.choice(made)
    if kind != "district-heating":
        part["exposed"] = drawn.random() < 0.7
    return part


def main() -> None:
    """Measures and prints."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else INSTALLATIONS
    rulebook = load_rulebook("eu")
    installations = made_up(count, rulebook)
    started = time.process_time()
    total = changed = 0
    for installation in installations:
        for found in allocate_years(rulebook, installation, YEARS):
            total += found.final or 0
            changed += sum(bool(part.applied) for part in found.parts)
    seconds = time.process_time() - started
    amounts = count * len(YEARS) * PARTS
    print(
        f"{count:,} installations, {len(YEARS)} years, {PARTS} sub-installations each: "
        f"{seconds:.1f} s of one core, {1e6 * seconds / amounts:.1f} µs an amount; "
        f"{changed:,} of {amounts:,} with a changed level; {total:,} allowances. "
        f"The target is {TARGET_SECONDS} s."
    )


if __name__ == "__main__":
    main()
