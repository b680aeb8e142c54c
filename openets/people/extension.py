"""What a scheme brings to the desk. People know no scheme; the desk is opened with what they bring.

A scheme adds commands of its own, has reasons of its own against any command (what may be
surrendered, which years may be excluded), and knows what the law does by itself on its day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from openets.kernel.refusal import Refusal

if TYPE_CHECKING:
    from openets.people.asked import Body
    from openets.people.office import Office


class Extension(NamedTuple):
    """`against` finds every reason against a command now; `due` what the system itself proposes.

    What was done is not due again, also after a crash between the two.
    """

    commands: tuple[type[Body], ...]
    against: Callable[[Office, Body], list[Refusal]]
    due: Callable[[Office], Iterator[Body]]
