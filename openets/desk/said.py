"""What is said of an act, without a language: a key of the catalogue and the facts it names.

Audit trail, tasks and notices store this and not a sentence, so that each reader has it in his or
her own language and a text that was badly put can be put better. The texts are data
(`openets/desk/texts`), in the format of Project Fluent; how a fact is written depends on its name:
counts are numbers and decide the plural, instants are written in UTC, words of the field have a
translation of their own, all else is written as it stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from fluent.runtime import FluentBundle, FluentResource

from openets.kernel.clock import moment

ENGLISH = "en"
LANGUAGES = (ENGLISH, "sl")
COUNTS = frozenset({"units", "quantity", "days", "hours", "minutes", "count"})
INSTANTS = frozenset({"at", "until", "opens", "closes", "deadline"})
WORDS = frozenset(
    {"role", "decider_role", "right", "state", "status", "order", "command", "outcome", "word"}
)


class Said(NamedTuple):
    """A key of the catalogue and its facts; a fact may be something said, or a list of it."""

    key: str
    facts: Mapping[str, Any] = {}

    def stored(self) -> str:
        """As JSON, for a database."""
        return json.dumps(_plain(self), ensure_ascii=False)

    def told(self, language: str = ENGLISH) -> str:
        """The sentence in a language of the catalogue; raises `KeyError` for an unknown key."""
        return told(self, language)


def read(stored: str) -> Said:
    """What was stored as JSON; words that were stored as such stay as they are."""
    if not stored.startswith("{"):
        return Said("as-word", {"word": stored})
    found = _said(json.loads(stored))
    assert isinstance(found, Said)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Said):
        return {"said": value.key, "facts": {k: _plain(one) for k, one in value.facts.items()}}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _said(value: Any) -> Any:
    if isinstance(value, dict):
        return Said(value["said"], {k: _said(one) for k, one in value["facts"].items()})
    return [_said(one) for one in value] if isinstance(value, list) else value


# -- telling -------------------------------------------------------------------------------------


def catalogue(language: str) -> str:
    """The text of a language's file."""
    return files("openets.desk.texts").joinpath(f"{language}.ftl").read_text("utf-8")


@cache
def _bundle(language: str) -> FluentBundle:
    bundle = FluentBundle([language], use_isolating=False)
    bundle.add_resource(FluentResource(catalogue(language)))
    return bundle


def has(key: str, language: str = ENGLISH) -> bool:
    """True if the catalogue has a key."""
    return bool(_bundle(language).has_message(key))


def told(said: Said, language: str = ENGLISH, part: str = "") -> str:
    """A sentence, or the named part of a message that has several."""
    return re.sub(" {2,}", " ", _told(said, language, part)).strip()  # facts may be empty


def _told(said: Said, language: str, part: str = "") -> str:
    bundle = _bundle(language)
    message = bundle.get_message(said.key)
    pattern = message.attributes[part] if part else message.value
    assert pattern is not None  # a test sees to it that each message has a text of its own
    written = {name: _written(name, fact, language) for name, fact in said.facts.items()}
    text, errors = bundle.format_pattern(pattern, written)
    if errors:
        raise KeyError(f"{said.key}: {errors[0]}")
    return str(text)


def _written(name: str, fact: Any, language: str) -> str | int:
    if isinstance(fact, Said):
        return _told(fact, language)
    if isinstance(fact, Sequence) and not isinstance(fact, str):
        return ", ".join(str(_written(name, one, language)) for one in fact)
    if name in COUNTS or fact == 0:  # "none" may have a text of its own
        return int(fact)
    if name in INSTANTS:
        return f"{moment(int(fact)):%Y-%m-%d %H:%M} UTC"
    return word(str(fact), language) if name in WORDS else str(fact)


def word(text: str, language: str) -> str:
    """A word of the field in a language; itself if the catalogue does not translate it."""
    key = "word-" + text.lower().replace(" ", "-").replace(",", "")
    if not text or not has(key, language):
        return text
    return told(Said(key), language)
