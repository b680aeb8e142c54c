"""YAML as law is written in it: plain words stay words, numbers stay exact, every line is known.

NO is Norway and not false, 1.74 is a decimal and never a binary fraction, a day is a day. What else
YAML can do, law does not need: no key twice, no aliases, no tags. A file is checked as a tree
before anything is made of it, so that each slip is named with its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache
from typing import Any

import yaml

from openets.kernel.money import Decimal

DEEPEST = 50  # levels of nesting; law has seven or so, and the C reader crashes on very many

# libyaml reads several times as fast as Python does, and knows the same lines.
_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class BadNotation(ValueError):
    """A text that is no YAML, or more of it than law is written in."""

    def __init__(self, line: int, sentence: str) -> None:
        self.line = line
        self.sentence = sentence
        super().__init__(sentence)


_TAG = "tag:yaml.org,2002:"
_PLAIN = re.compile(
    r"(?P<bool>true|false)|(?P<null>null|~|)|(?P<int>-?[0-9][0-9_]*)"
    r"|(?P<float>-?[0-9][0-9_]*\.[0-9]+)|(?P<timestamp>[0-9]{4}-[0-9]{2}-[0-9]{2})"
)
_TAGS = {name: _TAG + name for name in (*_PLAIN.groupindex, "str", "seq", "map")}


@lru_cache(maxsize=10_000)  # the words of law are few, and come again and again
def _tag_of(kind: type[yaml.Node], text: str, implicit: tuple[bool, bool]) -> str:
    """The tag of a node that carries none: a plain word by how it looks, all else as text."""
    if kind is not yaml.ScalarNode:
        return _TAGS["map" if kind is yaml.MappingNode else "seq"]
    found = _PLAIN.fullmatch(text) if implicit[0] else None
    return _TAGS[found.lastgroup if found and found.lastgroup else "str"]


class _Loader(_Safe):  # type: ignore[misc]  # which of the two it is, is known when it runs
    resolve = staticmethod(_tag_of)

    def descend_resolver(self, node: yaml.Node | None, index: object) -> None:
        """Nothing: tags do not depend on where a node stands."""

    def ascend_resolver(self) -> None:
        """Nothing, as above."""


_SCALARS: dict[str, Callable[[str], Any]] = {
    _TAG + "str": str,
    _TAG + "int": lambda text: int(text.replace("_", "")),
    _TAG + "float": lambda text: Decimal(text.replace("_", "")),
    _TAG + "timestamp": date.fromisoformat,
    _TAG + "bool": lambda text: text == "true",
    _TAG + "null": lambda text: None,
}
_KINDS = {
    yaml.ScalarNode: _SCALARS.keys(),
    yaml.SequenceNode: {_TAG + "seq"},
    yaml.MappingNode: {_TAG + "map"},
}
_BRACKETS = re.compile(r"[\[\]{}]")
_INDENTED = "\n" + " " * 4 * DEEPEST
_STEPS = re.compile(rf"[-?:] +(?:[-?:] +){{{DEEPEST - 1},}}")


def parse(text: str) -> yaml.Node | None:
    """The tree of a text, None of an empty one; raises `BadNotation`."""
    if _nests_deeply(text):
        raise BadNotation(1, f"This is nested more than {DEEPEST} levels deep.")
    loader: Any = None
    try:
        loader = _Loader(text)
        root: yaml.Node | None = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise BadNotation(line, f"This is not YAML: {error.problem}.") from None
    except (yaml.YAMLError, UnicodeError) as error:
        raise BadNotation(1, f"This is not text in UTF-8: {error}.") from None
    finally:
        if loader is not None:
            loader.dispose()
    return root


def _nests_deeply(text: str) -> bool:
    if _INDENTED in f"\n{text}" or _STEPS.search(text):
        return True
    depth = 0
    for bracket in _BRACKETS.findall(text):
        depth += 1 if bracket in "[{" else -1
        if depth > DEEPEST:
            return True
    return False


def find_slips(root: yaml.Node) -> Iterator[BadNotation]:
    """What in a tree law is not written with: keys that stand twice, aliases, tags, odd keys.

    YAML would take the last of two equal keys without a word.
    """
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            yield BadNotation(line_of(node), "This is named by an alias; law is written out.")
            continue
        seen.add(id(node))
        if node.tag not in _KINDS[type(node)]:
            yield BadNotation(line_of(node), f"Law has no tags, and here stands {node.tag}.")
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            waiting += [value for _, value in node.value]
            yield from _odd_keys(node)


def _odd_keys(node: yaml.MappingNode) -> Iterator[BadNotation]:
    first: dict[str, yaml.Node] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.tag not in _SCALARS:
            yield BadNotation(line_of(key), "A key is a word.")
        elif first.setdefault(key.value, key) is not key:
            line = line_of(first[key.value])
            sentence = f"{key.value} stands here twice; it is also on line {line}."
            yield BadNotation(line_of(key), sentence)


def fields(node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node, int]]:
    """Each key of a mapping without slips, what it holds, and the line of the key."""
    for key, value in node.value:
        yield str(key.value), value, line_of(key)


def build(node: yaml.Node) -> Any:
    """What a tree without slips says; raises `ValueError` of a day or number that is none."""
    if isinstance(node, yaml.ScalarNode):
        try:
            return _SCALARS[node.tag](str(node.value))
        except ArithmeticError:
            raise ValueError(f"{node.value} is not a number") from None
    if isinstance(node, yaml.SequenceNode):
        return [build(item) for item in node.value]
    return {build(key): build(value) for key, value in node.value}


def line_of(node: yaml.Node) -> int:
    """The line a node begins on."""
    return int(node.start_mark.line) + 1
