"""Published years become operators and figures, whether blank, zero or given twice."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from openets.kernel.refusal import Refused
from openets.world.figures import read_figures, written_figures
from openets.world.operators import OperatorYear
from openets.world.replay import COLUMNS, population_of

NAMES = ("registry", "operator_key", "kind", "year", "allocation_total", "verified", "surrendered")
INT = pl.Int64
TYPES = {"year": pl.Int32, "allocation_total": INT, "verified": INT, "surrendered": INT}


def years(*rows: tuple[Any, ...]) -> pl.DataFrame:
    """Operators' years, of which nothing else is published."""
    schema = {name: TYPES.get(name, pl.String) for name in NAMES}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    blank = [pl.lit(None).alias(name) for name in COLUMNS if name not in NAMES]
    return frame.with_columns(blank).select(COLUMNS)


def test_surrender_that_was_not_published_equals_emissions() -> None:
    figures, population = population_of(
        years(
            ("AT", "AT_1", "stationary", 2005, 10, 7, None),
            ("AT", "AT_1", "stationary", 2006, None, None, None),
            ("AT", "AT_2", "stationary", 2005, None, 5, 4),
        )
    )
    assert population == {
        ("AT", 2005, "stationary"): [
            OperatorYear(1, 10, 7, 7, "AT_1"),
            OperatorYear(2, 0, 5, 4, "AT_2"),
        ]
    }
    (figure,) = figures
    assert (figure.operators, figure.operators_emitting) == (2, 2)
    assert (figure.free_allocation, figure.units_surrendered) == (10, 11)
    assert figure.surrender_assumed == 7
    assert read_figures(written_figures(figures).splitlines()) == figures


def test_operators_keep_their_number_and_stand_in_the_order_of_the_file() -> None:
    _, population = population_of(
        years(
            ("SI", "SI_9", "stationary", 2006, 1, 0, 0),
            ("AT", "AT_7", "aviation", 2012, 0, 0, 3),
            ("SI", "SI_2", "stationary", 2006, 0, 2, None),
            ("SI", "SI_9", "stationary", 2005, 1, 0, 0),
            ("AT", "AT_7", "stationary", 2012, 4, 0, 0),
        )
    )
    assert list(population.items()) == [
        (("AT", 2012, "aviation"), [OperatorYear(2, 0, 0, 3, "AT_7")]),
        (("AT", 2012, "stationary"), [OperatorYear(4, 4, 0, 0, "AT_7")]),
        (("SI", 2005, "stationary"), [OperatorYear(1, 1, 0, 0, "SI_9")]),
        (
            ("SI", 2006, "stationary"),
            [OperatorYear(1, 1, 0, 0, "SI_9"), OperatorYear(3, 0, 2, 2, "SI_2")],
        ),
    ]


def test_sums_go_beyond_what_a_column_can_hold() -> None:
    most = 2**63 - 1
    rows = [("AT", f"AT_{one}", "stationary", 2005, most, 0, 0) for one in range(3)]
    ((figure,), _) = population_of(years(*rows))
    assert figure.free_allocation == 3 * most


def test_every_year_given_twice_is_named_in_the_order_of_the_file() -> None:
    again = ("AT", "AT_1", "stationary", 2005, 1, 1, 1)
    with pytest.raises(Refused) as refused:
        population_of(
            years(
                again,
                ("SI", "SI_1", "stationary", 2006, None, None, None),
                again,
                ("AT", "AT_1", "aviation", 2005, 1, 1, 1),
                ("SI", "SI_1", "stationary", 2006, 1, 1, 1),
                again,
            )
        )
    assert [one.sentence for one in refused.value.refusals] == [
        "Operator AT_1 has the year 2005 twice.",
        "Operator SI_1 has the year 2006 twice.",
        "Operator AT_1 has the year 2005 twice.",
    ]
