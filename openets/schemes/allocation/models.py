"""What the calculation must know of an installation: the smallest description that suffices.

A file names installations; each has sub-installations with their yearly activity levels and, where
the law asks, a few further quantities. Unknown fields, negative amounts, numbers that are not plain
digits and years out of range are refused, all at once and by the name of the field. Quantities are
tonnes, TJ or MWh a year, exact decimals. A quantity may be one number, which then stands for the
whole baseline, or numbers by year.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from openets.kernel.money import Decimal
from openets.rulebook.model import EARLIEST, LATEST

PRODUCT, HEAT, DISTRICT_HEATING = "product", "heat", "district-heating"
FUEL, PROCESS_EMISSIONS = "fuel", "process-emissions"
FALL_BACKS = (HEAT, DISTRICT_HEATING, FUEL, PROCESS_EMISSIONS)

_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,12})?")


def _read_number(value: object) -> object:
    """An exact number of zero or more; never a float, a thousands separator or an exponent."""
    if isinstance(value, Decimal):
        value = format(value, "f") if value.is_finite() else str(value)
    elif type(value) is int:
        value = str(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip())
    raise ValueError("Write a number of zero or more with a point, like 1234.5")


def _read_year(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}", value):
        value = int(value)
    if type(value) is int and EARLIEST <= value <= LATEST:
        return value
    raise ValueError(f"Write a year between {EARLIEST} and {LATEST}")


def _read_activity(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"[1-9][0-9]?", value):
        value = int(value)
    if type(value) is int and 0 < value < 100:
        return value
    raise ValueError("Write the number of an activity of Annex I, like 29")


Number = Annotated[Decimal, BeforeValidator(_read_number)]
Year = Annotated[int, BeforeValidator(_read_year)]
ByYear = Mapping[Year, Number]
Name = Annotated[str, Field(min_length=1, max_length=120, pattern=r"\S")]
Slug = Annotated[str, Field(pattern=r"^[a-z][a-z-]*$", max_length=120)]


def _by_year(value: object) -> object:
    """One number is the number of every year: it is kept under no year, as year zero."""
    return value if isinstance(value, Mapping) else {0: _read_number(value)}


def _read_year_or_all(value: object) -> object:
    return 0 if value == 0 else _read_year(value)


Quantity = Annotated[
    Mapping[Annotated[int, BeforeValidator(_read_year_or_all)], Number], BeforeValidator(_by_year)
]


def _at_least_one(value: object) -> object:
    if isinstance(value, list | tuple) and not value:
        raise ValueError("At least one is needed.")
    return value


AtLeastOne = BeforeValidator(_at_least_one)


class _Described(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Emissions(_Described):
    """What the shares of direct emissions are made of: tonnes of CO2e, TJ and MWh a year."""

    direct_tonnes: Quantity
    heat_imported_tj: Quantity = Field(default={0: Decimal(0)})
    electricity_mwh: Quantity = Field(default={0: Decimal(0)})
    hydrogen_tj: Quantity = Field(default={0: Decimal(0)})


class SupplementalFeed(_Described):
    """Tonnes a year that steam cracking makes of supplemental feed."""

    hydrogen: Quantity = Field(default={0: Decimal(0)})
    ethylene: Quantity = Field(default={0: Decimal(0)})
    other: Quantity = Field(default={0: Decimal(0)})


class WasteGas(_Described):
    """Waste gas counted as process emissions: TJ a year, and tonnes of CO2 for each."""

    tj: Quantity
    tonnes_per_tj: Number


class CapacityChange(_Described):
    """A change of capacity before the period 2013-2020; capacities in units of product a year."""

    on: date
    initial: Number
    changed: Number
    utilisation_percent: Annotated[Number, Field(le=100)]
    physical: bool = True


class SubInstallation(_Described):
    """A part of an installation that has a benchmark or a fall-back of its own.

    `levels` are yearly activity levels: tonnes of product, TJ of heat or fuel, tonnes of CO2e of
    process emissions. A year without a day of operation stands in `idle_years`.
    """

    name: Name
    kind: Literal["product", "heat", "district-heating", "fuel", "process-emissions"]
    product: Slug | None = None
    exposed: bool | None = None
    cbam: bool = False
    levels: ByYear = Field(default={})
    idle_years: frozenset[Year] = frozenset()
    historical_level: Quantity | None = None
    expected_levels: ByYear = Field(default={})
    efficiency: Mapping[Year, Literal["decrease from efficiency", "increase from inefficiency"]] = (
        Field(default={})
    )
    started_on: date | None = None
    ceased_on: date | None = None
    given_up_in: Year | None = None
    emissions: Emissions | None = None
    supplemental_feed: SupplementalFeed | None = None
    waste_gas: WasteGas | None = None
    heat_from_outside_tj: Quantity | None = None
    heat_from_nitric_acid_tj: Quantity | None = None
    flared_tonnes: Quantity | None = None
    specific_emissions: Number | None = None
    supplement: bool = False
    capacity_change: CapacityChange | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> SubInstallation:
        wrong = [sentence for applies, sentence in self._rules() if applies]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def _rules(self) -> list[tuple[bool, str]]:
        is_product = self.kind == PRODUCT
        of_products = (
            *("emissions", "supplemental_feed", "heat_from_outside_tj"),
            *("heat_from_nitric_acid_tj", "flared_tonnes", "specific_emissions"),
        )
        given = [name for name in of_products if getattr(self, name) is not None]
        district = self.kind == DISTRICT_HEATING
        return [
            (is_product and self.product is None, "product names the benchmark, and is missing"),
            (not is_product and self.product is not None, "product belongs to kind product"),
            (not is_product and bool(given), f"{', '.join(given)} belongs to kind product"),
            (district and self.exposed is True, "District heating is not exposed"),
            (
                not district and self.exposed is None,
                "exposed says whether there is a risk of carbon leakage, and is missing",
            ),
            (self.supplement and not district, "supplement belongs to district-heating"),
            (
                self.waste_gas is not None and self.kind != PROCESS_EMISSIONS,
                "waste_gas belongs to kind process-emissions",
            ),
            (
                bool(self.expected_levels) and self.kind not in FALL_BACKS,
                "expected_levels belongs to heat, fuel and process emissions",
            ),
            (
                not self.levels and self.historical_level is None,
                "levels or historical_level is needed",
            ),
            (
                bool(self.idle_years & self.levels.keys() & self._active()),
                "An idle year has no activity level above zero",
            ),
        ]

    def _active(self) -> set[int]:
        return {year for year, level in self.levels.items() if level}


class AuditMeasure(_Described):
    """A measure recommended by an energy audit; costs as shares of turnover and of profit."""

    carried_out: bool
    payback_years: Number = Decimal(0)
    turnover_percent: Number = Decimal(0)
    profit_percent: Number = Decimal(0)


class Installation(_Described):
    """An installation and what decides its final amount.

    `activity` is its activity of Annex I, by number, where the law leaves some out; `permit_on`
    makes it a new entrant of the period if it is late enough, None an incumbent;
    `decided_on` is the day of the decision on its allocation, where the factor depends on it;
    `climate_neutrality_plan_missing` that the plan was due and not handed in.
    """

    id: Name
    name: str = ""
    activity: Annotated[int, BeforeValidator(_read_activity)] | None = None
    permit_on: date | None = None
    started_on: date | None = None
    ceased_on: date | None = None
    decided_on: date | None = None
    electricity_generator: bool = False
    double_counted: Annotated[int, Field(strict=True, ge=0)] = 0
    audit_measures: tuple[AuditMeasure, ...] = ()
    climate_neutrality_plan_missing: bool = False
    above_percentile_share_percent: Annotated[Number, Field(le=100)] | None = None
    sub_installations: Annotated[tuple[SubInstallation, ...], AtLeastOne]

    @model_validator(mode="after")
    def _names_are_unique(self) -> Installation:
        names = [one.name for one in self.sub_installations]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"Two sub-installations are named {', '.join(twice)}")
        return self


class Installations(_Described):
    """A file: installations, each with an id of its own."""

    installations: Annotated[tuple[Installation, ...], AtLeastOne]

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Installations:
        counts = Counter(one.id for one in self.installations)
        twice = sorted(found for found, number in counts.items() if number > 1)
        if twice:
            raise ValueError(f"Two installations have the id {', '.join(twice)}")
        return self

    def find(self, identifier: str) -> Installation | None:
        """The installation with an id, if there is one."""
        return next((one for one in self.installations if one.id == identifier), None)


def describe(raw: Any) -> Installations:
    """Installations from plain data; pydantic's `ValidationError` names everything wrong."""
    return Installations.model_validate(raw)
