"""The small world in use: units allocated, some surrendered, some reserved, some accounts shut.

After the scene account 4 (FIRST) holds serials AT 51-300, account 5 (SECOND) 301-500 of which 150
units are reserved, account 1 (PARTY) 501-1000, account 2 (RETIREMENT) 1-50; 1001 comes next.
"""

from __future__ import annotations

from openets.kernel import acts
from openets.kernel.records import Block, Leg
from openets.ledger.requests import Request
from tests.small_world import (
    CAP_RECORD,
    FIRST,
    KIND,
    PARTY,
    RETIREMENT,
    SECOND,
    act,
    move,
    opening,
)

LATER_KIND, AIRCRAFT_KIND = 2, 3
CLOSED, PERSON, FROZEN, SPARE = 11, 12, 13, 14


def kind(number: int, unit: str) -> acts.KindDefined:
    return acts.KindDefined(
        kind=number, unit=unit, registry="AT", original_period=0, applicable_period=0
    )


def account(number: int, type_: str = "operator-holding", registry: str = "AT") -> Request:
    opened = acts.AccountOpened(number=number, registry=registry, type=type_)
    return act(opened, "more", number)


SCENE: list[Request] = [
    *opening(),
    move("1-51", 0, PARTY, 1_000, "all", refers_to=CAP_RECORD),
    move("10-53", PARTY, FIRST, 300, "first", year=2006),
    move("10-53", PARTY, SECOND, 200, "second", year=2006),
    move("10-2", FIRST, RETIREMENT, 50, "first", day="2006-04-30", year=2006),
    act(kind(LATER_KIND, "allowance-2008-2012"), LATER_KIND, day="2008-01-02"),
    account(CLOSED),
    account(PERSON, "person-holding"),
    account(FROZEN),
    account(SPARE),
    act(acts.StatusChanged(account=CLOSED, status="closed", reason="test"), CLOSED),
    act(acts.Freeze(account=FROZEN, reason="test"), FROZEN),
    act(acts.Reserved(account=SECOND, kind=KIND, quantity=150), SECOND),
]

# Serials that are named, money, and figures that replace each other or are taken back.
MORE: list[Request] = [
    move("10-0", FIRST, SPARE, 10, "named")._replace(blocks=(Block(KIND, 100, 109),)),
    move("10-0", FIRST, SPARE, 60, "over the gap"),
    move("10-0", SPARE, FIRST, 15, "back")._replace(
        legs=(Leg(FIRST, "EUR", -500), Leg(SPARE, "EUR", 500))
    ),
    act(acts.EmissionsVerified(account=FIRST, year=2006, tonnes=50), "first figure"),
    act(acts.EmissionsVerified(account=FIRST, year=2006, tonnes=55), "second figure"),
    act(acts.EmissionsVerified(account=SECOND, year=2006, tonnes=7), "a wrong figure"),
    act(acts.EmissionsVerified(account=SECOND, year=2006), "taken back"),
]
