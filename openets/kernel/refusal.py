"""Refusals: the result of a check that failed.

A check never raises; it returns a `Refusal`. The action that ran the checks raises `Refused` once,
with all of them, so that every interface shows the same code, sentence and citation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something was not done: a stable code, a full sentence, and the rule that decides.

    `where` names the place in the caller's input (file, row, cell, field), empty if there is none.
    """

    code: str
    sentence: str
    citation: str
    where: str = ""

    def __str__(self) -> str:
        place = f" [{self.where}]" if self.where else ""
        return f"{self.code}: {self.sentence}{place} ({self.citation})"

    def as_dict(self) -> dict[str, str]:
        """The refusal as the words that cross a wire: code, sentence, citation, where."""
        return asdict(self)


class Refused(Exception):
    """An action that changed nothing, with every refusal that stood in its way."""

    def __init__(self, refusals: Refusal | Iterable[Refusal]) -> None:
        found = (refusals,) if isinstance(refusals, Refusal) else tuple(refusals)
        if not found:
            raise ValueError("Refused needs at least one refusal.")
        self.refusals: tuple[Refusal, ...] = found
        super().__init__("\n".join(str(refusal) for refusal in found))
