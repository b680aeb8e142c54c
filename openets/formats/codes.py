"""Published names in the place of codes: of registries and of units, as the rulebook lists them.

The Commission's extracts spell out what other files abbreviate. A name the rulebook does not list
is kept as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import polars as pl

from openets.rulebook.load import load_rulebook

JURISDICTION = "eu"  # whose code lists the files use
REGISTRIES = "registry.registries."


@cache
def registry_codes() -> Mapping[str, str]:
    """Published name -> code of a registry."""
    book = load_rulebook(JURISDICTION)
    paths = [path for path in book.paths() if path.startswith(REGISTRIES)]
    own = {
        book.parameter(path).values[-1].value["name"]: path.removeprefix(REGISTRIES)
        for path in paths
    }
    return {**own, **_list("codes.registry-names")}


@cache
def clear_registry_codes() -> Mapping[str, str]:
    """The same without names that are another registry's code, where both stand in one column."""
    codes = registry_codes()
    others = {code for name, code in codes.items() if name != code}
    return {name: code for name, code in codes.items() if name not in others}


@cache
def unit_codes() -> Mapping[str, str]:
    """Published name -> code of a type of unit."""
    own = {name: code for code, name in _list("codes.unit-type").items()}
    return {**own, **_list("codes.unit-names")}


def coded(column: str, codes: Mapping[str, str]) -> pl.Expr:
    """The code of a name; text that is no known name stays."""
    return pl.col(column).replace(dict(codes)).alias(column)


def named(column: str, codes: Mapping[str, str]) -> pl.Expr:
    """The first name of a code; text that is no known code stays."""
    names: dict[str, str] = {}
    for name, code in codes.items():
        names.setdefault(code, name)
    return pl.col(column).replace(names).alias(column)


def _list(path: str) -> Mapping[str, str]:
    listed: Mapping[str, str] = load_rulebook(JURISDICTION).parameter(path).values[-1].value
    return listed
