"""What the fault tests post: the small world's script, or one drawn from a seed.

A drawn script may be asked again from its beginning at any later moment and must then come to the
same end. So whatever it holds that is refused can never be fulfilled: more units than there are, an
account nobody opened, a year the units are not good for, an account frozen for good.
"""

from __future__ import annotations

from random import Random

from openets.kernel import acts
from openets.kernel.records import Leg
from openets.ledger.requests import Request
from tests.small_world import (
    CAP_RECORD,
    FIRST,
    KIND,
    PARTY,
    RETIREMENT,
    SECOND,
    THIRD,
    act,
    move,
    opening,
    script,
)

Calls = list[list[Request]]
MORE_THAN_THERE_IS = 10_000_000
NOBODY = 77


def script_of(seed: int) -> Calls:
    """The small world's own script for seed 0, else one drawn from the seed."""
    return script() if seed == 0 else _Drawing(Random(f"script {seed}")).calls()


class _Drawing:
    """Draws requests that can be fulfilled, and keeps count of what that leaves in each account."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.held = {PARTY: 0, FIRST: 0, SECOND: 0, THIRD: 0}
        self.asked: list[Request] = []

    def calls(self) -> Calls:
        first = self.random.randint(0, 10)
        calls: Calls = [opening()[:first], opening()[first:]] if first else [opening()]
        self.held[PARTY] = self.random.randint(200_000, 900_000)
        calls.append([move("1-51", 0, PARTY, self.held[PARTY], "all", refers_to=CAP_RECORD)])
        calls.append([self._allocate(account) for account in (FIRST, SECOND)])
        for _ in range(self.random.randint(3, 6)):
            calls.append([self._request() for _ in range(self.random.randint(1, 5))])
        return [call for call in calls if call]

    def _request(self) -> Request:
        ways = [self._sell, self._send, self._reserve, self._verify, self._surrender]
        drawn = self.random.choice([*ways * 3, *[self._refused] * 3, self._freeze])()
        self.asked.append(drawn)
        # Sometimes the same is asked again: a caller who was not answered in time.
        return self.random.choice(self.asked) if self.random.random() < 0.1 else drawn

    def _take(self, account: int) -> int:
        """Part of what an account holds; a part always remains, so it never runs out."""
        quantity = self.random.randint(1, self.held[account] // 4 or 1)
        assert self.held[account] > quantity
        self.held[account] -= quantity
        return quantity

    def _word(self) -> str:
        return str(self.random.getrandbits(60))

    def _allocate(self, account: int) -> Request:
        quantity = self._take(PARTY)
        self.held[account] += quantity
        return move("10-53", PARTY, account, quantity, "2006", year=2006)

    def _sell(self) -> Request:
        seller, buyer = self.random.sample((FIRST, SECOND), 2)
        quantity = self._take(seller)
        self.held[buyer] += quantity
        cents = self.random.randint(100, 3_000) * quantity
        legs = (Leg(seller, "EUR", cents), Leg(buyer, "EUR", -cents))
        return move("10-0", seller, buyer, quantity, self._word())._replace(legs=legs)

    def _send(self) -> Request:
        sender = self.random.choice((FIRST, SECOND))
        quantity = self._take(sender)
        self.held[THIRD] += quantity
        return move("3-21", sender, THIRD, quantity, self._word())

    def _reserve(self) -> Request:
        account = self.random.choice((FIRST, SECOND))
        quantity = self._take(account)  # what is set aside can no longer be sold
        return act(acts.Reserved(account=account, kind=KIND, quantity=quantity), self._word())

    def _verify(self) -> Request:
        account = self.random.choice((FIRST, SECOND))
        tonnes = self.random.randint(0, 5_000)
        return act(acts.EmissionsVerified(account=account, year=2006, tonnes=tonnes), self._word())

    def _freeze(self) -> Request:
        """From here on, and for good, nothing can be sent abroad."""
        return act(acts.Freeze(account=THIRD, reason="drill"), self._word())

    def _surrender(self) -> Request:
        account = self.random.choice((FIRST, SECOND))
        quantity = self._take(account)
        return move(
            "10-2", account, RETIREMENT, quantity, self._word(), day="2007-04-30", year=2006
        )

    def _refused(self) -> Request:
        account = self.random.choice((FIRST, SECOND))
        return self.random.choice(
            (
                move("10-0", account, 7 - account, MORE_THAN_THERE_IS, self._word()),
                move("10-0", account, NOBODY, 1, self._word()),
                move("10-2", account, RETIREMENT, 1, self._word(), day="2012-04-30", year=2011),
            )
        )
