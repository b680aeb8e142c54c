"""What does not fit a form, in the house's own words.

Pydantic reads what people type and files hold. Its messages speak to programmers, of inputs, types
and parsing; whoever mistyped a year is told that 'abc' is no whole number. Everything that shows a
person why something could not be read takes the sentences from here, and adds the place itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

SHOWN = 40  # characters of a value that are repeated in a sentence
OTHERWISE = "This is not what is asked for here."
# By kind of finding; pydantic adds to some a tail that says how: int_type, int_parsing.
SENTENCES = {
    "missing": "This field is missing.",
    "int": "{given} is no whole number.",
    "decimal": "{given} is no number.",
    "finite": "{given} is no number.",
    "bool": "{given} is neither true nor false.",
    "string": "{given} is no text.",
    "string_too_short": "At least {min_length} characters are asked for, not {given}.",
    "string_too_long": "At most {max_length} characters are asked for.",
    "string_pattern": "{given} is not of the form that is asked for: {pattern}.",
    "greater_than": "More than {gt} is asked for, not {given}.",
    "greater_than_equal": "At least {ge} is asked for, not {given}.",
    "less_than": "Less than {lt} is asked for, not {given}.",
    "less_than_equal": "At most {le} is asked for, not {given}.",
    "literal": "{given} is not {expected}.",
    "date": "{given} is no day: write it as 2030-12-31.",
    "datetime": "{given} is no moment: write it with its zone, 2030-12-31T16:00Z.",
    "timezone": "{given} has no time zone: write 2030-12-31T16:00Z.",
    "list": "A list is asked for here.",
    "tuple": "A list is asked for here.",
    "dict": "Fields with their names are asked for here.",
    "mapping": "Fields with their names are asked for here.",
    "model": "Fields with their names are asked for here.",
    "too_short": "At least {min_length} entries are asked for.",
    "too_long": "At most {max_length} entries are asked for.",
    "json": "It is not JSON.",
    "union_tag_invalid": "{tag} is none of {expected_tags}.",
}


class Misfit(NamedTuple):
    """What is wrong, and where: the names of the fields that lead there."""

    place: tuple[int | str, ...]
    sentence: str

    @property
    def where(self) -> str:
        """The place as one word."""
        return ".".join(map(str, self.place))


def misfits(error: ValidationError, known: Iterable[str] = ()) -> Iterator[Misfit]:
    """Everything that does not fit; `known` are the fields there are, for one that is unknown."""
    for found in error.errors():
        yield Misfit(found["loc"], _sentence(found, known if len(found["loc"]) == 1 else ()))


def fields_of(form: type[BaseModel]) -> dict[str, bool]:
    """The fields of a form by the names they are given with, and whether each must be given."""
    return {field.alias or name: field.is_required() for name, field in form.model_fields.items()}


def _sentence(found: Any, known: Iterable[str]) -> str:
    kind: str = found["type"]
    if kind == "value_error":  # raised by the form itself, in its own words
        return str(found["msg"]).removeprefix("Value error, ").rstrip(".") + "."
    if kind == "extra_forbidden":
        there_are = ", ".join(known)
        return f"There is no such field; there are {there_are}." if there_are else "No such field."
    context = found.get("ctx", {})
    if kind == "string_too_short" and context["min_length"] == 1:
        return "Something is to be written here."
    return _template(kind).format(given=_shown(found["input"]), **context)


def _template(kind: str) -> str:
    """The sentence of a kind of finding: its own, else that of the longest beginning of it."""
    parts = kind.split("_")
    for length in range(len(parts), 0, -1):
        sentence = SENTENCES.get("_".join(parts[:length]))
        if sentence is not None:
            return sentence
    return OTHERWISE


def _shown(value: Any) -> str:
    """A value as it was given, cut where it is long; of lists and objects only that they are."""
    if isinstance(value, list | tuple | dict):
        return "What is written here"
    if value is None:
        return "Nothing"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
