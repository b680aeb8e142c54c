"""What is wrong with a file, row by row, in sentences.

A `Problem` is one finding in a file that is otherwise the layout it claims to be: a row with a
field too many, an amount that is no number. All of a file's problems are found before anything is
said, so that a person mends them once. A file that is not the layout at all, or that is dangerous
to open, is refused at once with a `refusal`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from openets.kernel.refusal import Refusal, Refused

CITATION = "manual, files"  # docs/manual/files.md says what each layout may hold
SHOWN = 1_000  # problems of a kind listed one by one; further ones are counted


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: a code, a sentence, its place, and whether the row had to be left out."""

    code: str
    sentence: str
    file: str
    row: int = 0
    column: str = ""
    row_left_out: bool = True
    count: int = 1  # how many findings it stands for
    citation: str = CITATION  # where a rule of law decides, its article

    @property
    def where(self) -> str:
        """File, row and column as a person looks them up; the header is row 1."""
        parts = [self.file]
        if self.row:
            parts.append(f"row {self.row}")
        if self.column:
            parts.append(f"column {self.column}")
        return ", ".join(parts)

    def as_refusal(self) -> Refusal:
        return Refusal(self.code, self.sentence, self.citation, self.where)


def refusal(code: str, sentence: str, where: str = "") -> Refused:
    """A refusal of a whole file, ready to be raised."""
    return Refused(Refusal(code, sentence, CITATION, where))


def listed(problems: Iterator[Problem], total: int) -> list[Problem]:
    """The first `SHOWN` of `total` problems of one kind, and one that counts the others."""
    shown = list(islice(problems, SHOWN))
    rest = total - len(shown)
    if rest:
        last = shown[-1]
        sentence = f"{rest:,} more rows have the same problem and are not listed."
        shown.append(replace(last, sentence=sentence, row=0, count=rest))
    return shown
