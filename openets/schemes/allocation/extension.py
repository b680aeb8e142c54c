"""What allocation brings to the desk: its commands, and what it has against a return of units."""

from __future__ import annotations

from collections.abc import Iterator

from openets.people.asked import Body
from openets.people.extension import Extension
from openets.people.office import Office
from openets.schemes.allocation.actions import ChangeTable, Run, Withhold
from openets.schemes.allocation.checks import against
from openets.schemes.allocation.submitting import SubmitList


def _nothing_due(_office: Office) -> Iterator[Body]:
    yield from ()  # a year's run is two people's decision


ALLOCATION = Extension((ChangeTable, Withhold, Run, SubmitList), against, _nothing_due)
