"""Account numbers: the cases of `account_numbers.yaml`, and what holds for every number."""

from __future__ import annotations

import string
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from openets.kernel.accounts import AccountNumber, compute_check_digits, printed_number
from openets.kernel.refusal import Refused

CASES = yaml.safe_load((Path(__file__).parent / "account_numbers.yaml").read_text("utf-8"))
LETTERS: dict[str, str] = CASES["check_letters"]

CODES = st.text(string.ascii_uppercase, min_size=2, max_size=2)
NUMBERS = st.builds(
    AccountNumber,
    registry=CODES,
    type=st.integers(0, 999),
    number=st.integers(1, 10**15 - 1),
    period=st.integers(0, 99),
)


def problems(text: str | None) -> list[str]:
    with pytest.raises(Refused) as refused:
        AccountNumber.parse(text, check_letters=LETTERS, where="row 3")
    for refusal in refused.value.refusals:
        assert refusal.where == "row 3"
        assert refusal.sentence.endswith(".")
        assert "Annex VI" in refusal.citation
    return [refusal.code.removeprefix("account-number.") for refusal in refused.value.refusals]


@pytest.mark.parametrize("case", CASES["computed"] + CASES["every_part_counts"], ids=str)
def test_digits_are_computed(case: dict[str, int]) -> None:
    digits = compute_check_digits("UK", case["type"], case["number"], case["period"])
    assert digits == case["digits"]


def test_every_part_counts() -> None:
    first, *others = [case["digits"] for case in CASES["every_part_counts"]]
    assert first not in others


@pytest.mark.parametrize("text", CASES["right"])
def test_right_numbers_are_read_and_written_alike(text: str) -> None:
    assert str(AccountNumber.parse(text, check_letters=LETTERS)) == text


@pytest.mark.parametrize("text", CASES["wrong_digits"])
def test_digits_that_do_not_fit_are_refused(text: str) -> None:
    assert problems(text) == ["check-digits"]


@pytest.mark.parametrize("case", CASES["malformed"], ids=str)
def test_every_problem_is_named(case: dict[str, Any]) -> None:
    assert problems(case["text"]) == case["problems"]


def test_blanks_around_and_leading_zeros_do_not_matter() -> None:
    written = AccountNumber.parse(" UK-100-00050002-02-06\n")
    assert str(written) == "UK-100-50002-2-6"


def test_the_letters_of_the_check_may_differ_from_those_shown() -> None:
    shown = AccountNumber("GB", 100, 12345, 2, check_letters="UK")
    assert str(shown) == "GB-100-12345-2-14"
    with pytest.raises(Refused):
        AccountNumber.parse(str(shown))


def test_a_refusal_does_not_give_the_right_digits_away() -> None:
    with pytest.raises(Refused) as refused:
        AccountNumber.parse("UK-100-12345-2-15")
    assert "14" not in str(refused.value)


@pytest.mark.parametrize(
    "parts",
    [
        ("E", 100, 1, 0),
        ("eu", 100, 1, 0),
        ("EU", 1000, 1, 0),
        ("EU", -1, 1, 0),
        ("EU", 100, 0, 0),
        ("EU", 100, 10**15, 0),
        ("EU", 100, 1, 100),
        ("EU", 100, 1, -1),
        ("EU", 100, 1, 0, "E1"),
    ],
    ids=str,
)
def test_parts_that_do_not_fit_the_layout_make_no_number(parts: Sequence[Any]) -> None:
    with pytest.raises(ValueError, match=r"two capital letters|has"):
        AccountNumber(*parts)


@given(NUMBERS, CODES)
def test_a_computed_number_always_parses(number: AccountNumber, letters: str) -> None:
    assert AccountNumber.parse(str(number)) == number
    assert 2 <= number.check_digits <= 98
    other = AccountNumber(number.registry, number.type, number.number, number.period, letters)
    assert AccountNumber.parse(str(other), check_letters={number.registry: letters}) == other


@given(NUMBERS, st.data())
def test_any_single_wrong_character_is_detected(number: AccountNumber, data: st.DataObject) -> None:
    text = str(number)
    place = data.draw(st.integers(0, len(text) - 1).filter(lambda i: text[i] != "-"))
    alphabet = string.digits if text[place].isdigit() else string.ascii_uppercase
    wrong = data.draw(st.sampled_from(alphabet.replace(text[place], "")))
    with pytest.raises(Refused):
        AccountNumber.parse(text[:place] + wrong + text[place + 1 :])


@given(NUMBERS, st.data())
def test_swapped_neighbours_in_a_number_are_detected(
    number: AccountNumber, data: st.DataObject
) -> None:
    digits = str(number.number)
    swaps = [i for i in range(len(digits) - 1) if digits[i] != digits[i + 1]]
    if not swaps:
        return
    i = data.draw(st.sampled_from(swaps))
    swapped = int(digits[:i] + digits[i + 1] + digits[i] + digits[i + 2 :])
    other = AccountNumber(number.registry, number.type, swapped, number.period)
    assert other.check_digits != number.check_digits


def test_an_account_another_registry_keeps_has_no_number_of_ours() -> None:
    assert printed_number("GB", 100, 12, 0) == str(AccountNumber("GB", 100, 12, 0))
    assert printed_number("CD", None, 12, 0) == "CD, account 12"
