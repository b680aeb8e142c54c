"""Account numbers: how they are written, and the two digits that catch a slip of the pen.

An account number reads `CC-TTT-N-P-D`: the code of the registry, the type of the account on three
digits, the number of the account, the commitment period and the check digits. The elements and
their lengths are those of Regulation (EC) No 2216/2004, Annex VI. Only form is decided here. Which
registries and which types exist is law, and lives in the rulebook.

The check digits make one large integer leave the remainder 1 when divided by 97. It is written from
the account's number, each letter of the registry code as two digits (A is 10, Z is 35), the type on
three digits, the period on two and the check digits on two. Because 97 is a prime larger than any
difference of two digits, no single wrong digit can go unnoticed.

A registry may show its numbers under one code and compute their digits with the letters of another.
Which registries do is a fact of the rulebook and comes in as `check_letters`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple

from openets.kernel.refusal import Refusal, Refused

LAYOUT = "Regulation (EC) No 2216/2004, Annex VI"

_LETTERS = re.compile(r"[A-Z]{2}")
_SHOWN_AS_COMPUTED: Mapping[str, str] = MappingProxyType({})


class _Part(NamedTuple):
    """The form of a part, and the refusal of what has another, to which is added what was found."""

    pattern: re.Pattern[str]
    refusal: Refusal


_PARTS = (
    _Part(
        _LETTERS,
        Refusal("account-number.registry", "The registry code is two capital letters", LAYOUT),
    ),
    _Part(
        re.compile(r"[0-9]{3}"),
        Refusal("account-number.type", "The account type is three digits", LAYOUT),
    ),
    _Part(
        re.compile(r"(?=0*[1-9])[0-9]{1,15}"),
        Refusal(
            "account-number.number",
            "The number of the account is 1 to 15 digits and not zero",
            LAYOUT,
        ),
    ),
    _Part(
        re.compile(r"[0-9]{1,2}"),
        Refusal("account-number.period", "The period is one or two digits", LAYOUT),
    ),
    _Part(
        re.compile(r"[0-9]{1,2}"),
        Refusal(
            "account-number.digits-malformed", "The check digits are one or two digits", LAYOUT
        ),
    ),
)


def printed_number(
    registry: str, type: int | None, number: int, period: int = 0, check_letters: str = ""
) -> str:
    """An account's number as printed on documents, with its check digits.

    Of an account another registry keeps, whose number is not known here (`type` None), only the
    registry and the number in this store are printed.
    """
    if type is None:
        return f"{registry}, account {number}"
    return str(AccountNumber(registry, type, number, period, check_letters))


def compute_check_digits(check_letters: str, type: int, number: int, period: int) -> int:
    """The check digits (2 to 98) of an account number with these parts.

    The caller has seen to the form of the parts; `AccountNumber` does.
    """
    letters = "".join(str(ord(letter) - ord("A") + 10) for letter in check_letters)
    return 98 - int(f"{number}{letters}{type:03d}{period:02d}00") % 97


@dataclass(frozen=True, slots=True)
class AccountNumber:
    """An account number whose check digits are right, because they are computed.

    `type` is 0 to 999, `number` 1 to 15 digits, `period` 0 to 99. `check_letters` are the letters
    the digits are computed with; left empty, they are the registry code. Raises `ValueError` for
    parts that do not fit the layout of Regulation (EC) No 2216/2004, Annex VI.
    """

    registry: str
    type: int
    number: int
    period: int = 0
    check_letters: str = ""

    def __post_init__(self) -> None:
        if not self.check_letters:
            object.__setattr__(self, "check_letters", self.registry)
        for letters in (self.registry, self.check_letters):
            if not _LETTERS.fullmatch(letters):
                raise ValueError(f"A registry code is two capital letters, not {letters!r}.")
        if not 0 <= self.type <= 999:
            raise ValueError(f"An account type has three digits; {self.type} does not.")
        if not 1 <= self.number < 10**15:
            raise ValueError(f"The number of an account has 1 to 15 digits; {self.number} has not.")
        if not 0 <= self.period <= 99:
            raise ValueError(f"A period has one or two digits; {self.period} does not.")

    @property
    def check_digits(self) -> int:
        """The check digits, 2 to 98."""
        return compute_check_digits(self.check_letters, self.type, self.number, self.period)

    def __str__(self) -> str:
        return f"{self.registry}-{self.type:03d}-{self.number}-{self.period}-{self.check_digits}"

    @classmethod
    def parse(
        cls,
        text: str | None,
        *,
        check_letters: Mapping[str, str] = _SHOWN_AS_COMPUTED,
        where: str = "",
    ) -> AccountNumber:
        """The account number a person wrote; blanks around it and leading zeros do not matter.

        `check_letters` names, by registry code, the letters to compute with where they are others.
        `where` is the place in the caller's input. Raises `Refused` with every problem found; the
        check digits are computed only when the other parts are well formed.
        """
        parts = (text or "").strip().split("-")
        if parts == [""]:
            raise Refused(
                _refusal("account-number.missing", "The account number is missing.", where)
            )
        if len(parts) > len(_PARTS):
            sentence = f"An account number has five parts; this one has {len(parts)}."
            raise Refused(_refusal("account-number.parts", sentence, where))
        problems = _find_malformed(parts, where)
        if problems:
            raise Refused(problems)
        registry, type, number, period, digits = parts
        letters = check_letters.get(registry, registry)
        found = cls(registry, int(type), int(number), int(period), letters)
        if int(digits) != found.check_digits:
            # The right digits are not named: whoever mistyped the number would be led to confirm
            # somebody else's account.
            sentence = (
                f"The check digits {digits} do not fit this account number; "
                "compare it with its source."
            )
            raise Refused(_refusal("account-number.check-digits", sentence, where))
        return found


def _find_malformed(parts: list[str], where: str) -> list[Refusal]:
    """A refusal for each of the five parts that is missing or has the wrong form, in order."""
    found = []
    padded = parts + [""] * (len(_PARTS) - len(parts))
    for part, text in zip(_PARTS, padded, strict=True):
        if part.pattern.fullmatch(text):
            continue
        written = f"{text[:20]!r} is not" if text.strip() else "it is missing"
        sentence = f"{part.refusal.sentence}; {written}."
        found.append(replace(part.refusal, sentence=sentence, where=where))
    return found


def _refusal(code: str, sentence: str, where: str) -> Refusal:
    return Refusal(code, sentence, LAYOUT, where)
