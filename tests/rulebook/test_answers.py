"""With which code a jurisdiction answers: the narrowest row, and nothing where it has none."""

from __future__ import annotations

from datetime import date

import pytest

from openets.interfaces.refusals import catalogue
from openets.kernel.refusal import Refusal
from openets.rulebook.answers import ANSWERS, code_of, codes_for
from openets.rulebook.load import jurisdictions, load_rulebook
from openets.rulebook.model import Rulebook

EU, UK, EXAMPLE = (load_rulebook(name) for name in ("eu", "uk", "example"))
LATER, EARLIER = date(2026, 3, 2), date(2006, 3, 9)
ROUTE = "ledger.route-not-permitted"
CENTRAL = "registry.transaction_types.10-51"


@pytest.mark.parametrize(
    ("book", "day", "code", "citation", "where", "expected"),
    [
        (UK, LATER, "ledger.not-covered", "ledger rule", "", "3005"),
        (UK, LATER, "ledger.account-unknown", "ledger rule", "transferring", "1002"),
        (UK, LATER, "ledger.account-unknown", "ledger rule", "acquiring", "2002"),
        (UK, LATER, "ledger.account-unknown", "ledger rule", "elsewhere", ""),
        (UK, LATER, "ledger.sender-status", "registry.statuses.closed", "", "1003"),
        (UK, LATER, "ledger.receiver-status", "registry.statuses.closed", "", "2003"),
        (UK, LATER, "ledger.sender-status", "registry.statuses.asleep", "", ""),
        (UK, LATER, ROUTE, f"{CENTRAL}, from allocation", "", "2016"),
        (UK, LATER, ROUTE, CENTRAL, "", "2007"),
        (UK, LATER, ROUTE, "registry.transaction_types.3-0, from party-holding", "", "1009"),
        (UK, LATER, "account-number.check-digits", "Annex VI", "transferring", "1001"),
        (UK, LATER, "account-number.check-digits", "Annex VI", "acquiring", "2001"),
        (UK, LATER, "people.not-trusted", "desk.account-rules", "", "2507"),
        (UK, LATER, "people.malformed", "desk rule", "quantity", "3008"),
        (UK, LATER, "people.malformed", "desk rule", "kind", ""),
        (UK, LATER, "ledger.frozen", "ledger rule", "", ""),
        (UK, EARLIER, "ledger.not-covered", "ledger rule", "", ""),
        (EU, EARLIER, "log.not-held", "log rule", "", "7020-7027"),
        (EU, LATER, "log.not-held", "log rule", "", ""),
        (EXAMPLE, LATER, "log.not-held", "log rule", "", ""),
    ],
)
def test_the_narrowest_row_answers(
    book: Rulebook, day: date, code: str, citation: str, where: str, expected: str
) -> None:
    assert code_of(book, Refusal(code, "No.", citation, where), day) == expected


def test_all_codes_of_a_refusal_over_time() -> None:
    assert codes_for(UK, "ledger.sender-status") == ("1003", "1004", "1011", "1012", "1014")
    assert codes_for(EU, "ledger.terminal") == ("7353-7366",)
    assert codes_for(EXAMPLE, "ledger.terminal") == ()


@pytest.mark.parametrize("name", jurisdictions())
def test_a_table_names_refusals_there_are_and_codes_the_law_has(name: str) -> None:
    book = load_rulebook(name)
    if ANSWERS not in book.paths():
        assert codes_for(book, "ledger.terminal") == ()
        return
    house = {entry.code for entry in catalogue()}
    paths = set(book.paths())
    for value in book.parameter(ANSWERS).values:
        for row in value.value:
            assert set(row) <= {"code", "refusals", "citing", "where"}
            assert set(row["refusals"]) <= house
            first = str(row["code"]).split("-")[0]
            known = {f"{room}{first}" for room in ("checks.", "checks.range-", "uploads.")}
            assert known & paths, row["code"]
            for cited in row.get("citing", ()):
                assert cited.split(", ")[0] in paths, cited
