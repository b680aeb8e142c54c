"""The catalogue: the same keys, parts and facts in both languages; plural forms; words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor

import openets
from openets.desk.notices import COMPLETED, PROPOSALS, TASKS, table
from openets.desk.said import LANGUAGES, Said, catalogue, read, told, word

HOUSE = Path(openets.__file__).parent
WRITTEN = re.compile(r"""Said\(\s*"([a-z-]+)"|"((?:when|needs)-[a-z-]+)\"""")


class _Facts(Visitor):  # type: ignore[misc]
    """The facts a message names."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:  # noqa: N802
        self.names.add(node.id.name)


def messages(language: str) -> dict[tuple[str, str], set[str]]:
    """Every message and part, with the facts it names; nothing in a file is malformed."""
    found: dict[tuple[str, str], set[str]] = {}
    for entry in FluentParser().parse(catalogue(language)).body:
        assert not isinstance(entry, ast.Junk), entry.content
        if isinstance(entry, ast.Message):
            parts = {"": entry.value, **{one.id.name: one.value for one in entry.attributes}}
            for part, pattern in parts.items():
                facts = _Facts()
                facts.visit(pattern)
                assert (entry.id.name, part) not in found
                found[entry.id.name, part] = facts.names
    return found


def test_both_languages_say_the_same() -> None:
    english, *others = (messages(language) for language in LANGUAGES)
    assert len(english) > 100
    for other in others:
        assert other == english


def test_every_key_the_house_says_is_in_the_catalogue() -> None:
    known = {key for key, _ in messages("en")}
    said = {
        key
        for path in HOUSE.rglob("*.py")
        for found in WRITTEN.findall(path.read_text("utf-8"))
        for key in found
        if key
    }
    assert len(said) > 60
    assert said <= known


def test_what_the_table_of_events_names_is_in_the_catalogue() -> None:
    rules = [rule for part in (PROPOSALS, COMPLETED, TASKS) for rule in table()[part].values()]
    for rule in rules:
        assert (rule["text"], "") in messages("en")
        assert (rule["text"], "body") in messages("en")


@pytest.mark.parametrize(
    ("units", "english", "slovenian"),
    [
        (1, "1 unit of", "1 enota vrste"),
        (2, "2 units of", "2 enoti vrste"),
        (3, "3 units of", "3 enote vrste"),
        (4, "4 units of", "4 enote vrste"),
        (5, "5 units of", "5 enot vrste"),
        (100, "100 units of", "100 enot vrste"),
        (101, "101 units of", "101 enota vrste"),
        (102, "102 units of", "102 enoti vrste"),
        (1_104, "1,104 units of", "1.104 enote vrste"),
    ],
)
def test_plural_forms(units: int, english: str, slovenian: str) -> None:
    """Slovenian has four: singular, dual, three and four, all others; by the last two digits."""
    source = Said("from-account", {"account": 3})
    facts = {"quantity": units, "kind": 1, "type": "10-0", "source": source, "account": 5}
    said = Said("asked-transaction", {**facts, "year": ""})
    assert told(said, "en").startswith(english)
    assert told(said, "sl").startswith(slovenian)


@pytest.mark.parametrize(
    ("days", "slovenian"), [(1, "1 dan,"), (2, "2 dneva,"), (4, "4 dnevi,"), (30, "30 dni,")]
)
def test_days_in_slovenian(days: int, slovenian: str) -> None:
    assert slovenian in told(Said("event-expired", {"days": days}), "sl")


def test_what_was_said_is_read_back_as_it_was() -> None:
    inner = Said("from-account", {"account": 3})
    said = Said("asked-fields", {"command": "freeze", "fields": [inner, Said("from-creation")]})
    assert read(said.stored()) == said
    assert said.told() == "freeze, account 3, creation"
    assert said.told("sl") == "zamrznitev, z računa 3, ob nastanku"


def test_words_somebody_entered_are_not_read_as_a_text() -> None:
    facts = {"who": "", "reason": "{ $who } -> [one] { note }"}
    assert told(Said("event-rejected", facts)).endswith("{ $who } -> [one] { note }")


def test_numbers_of_persons_and_accounts_are_not_counts() -> None:
    said = Said("person", {"person": 12_345, "role": "auditor"})
    assert said.told("sl") == "Oseba 12345 (revizor)"


def test_a_fact_that_is_missing_is_an_error_and_not_a_hole() -> None:
    with pytest.raises(KeyError, match="person"):
        told(Said("person", {"role": "auditor"}))
    with pytest.raises(KeyError):
        told(Said("no-such-key"))


def test_a_word_without_a_translation_stays_as_it_is() -> None:
    assert word("some-transactions-restricted", "sl") == "some-transactions-restricted"
    assert word("read-only administrator", "sl") == "administrator z vpogledom"
    assert word("", "sl") == ""


@pytest.mark.parametrize(
    ("minutes", "slovenian"),
    [(1, "1 minuto po"), (2, "2 minuti po"), (3, "3 minute po"), (1_440, "1.440 minut po")],
)
def test_why_then_in_slovenian(minutes: int, slovenian: str) -> None:
    said = Said("when-minutes-after", {"minutes": minutes, "day": "2030-03-05"})
    later = Said("when-after-maintenance", {"reason": said})
    assert told(later, "sl").startswith(slovenian)
    assert told(later, "sl").endswith("Do takrat je register zaprt zaradi vzdrževanja.")
    assert told(read(later.stored()), "en").endswith("closed for maintenance until then.")


def test_words_stored_before_there_was_a_catalogue_stay_as_they_are() -> None:
    assert read("Carried out at once, said somebody.").told("sl") == (
        "Carried out at once, said somebody."
    )
