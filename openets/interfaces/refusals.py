"""The catalogue of refusals: every code of the house, read from the code itself.

A refusal is made where a check fails, and nowhere else is there a list of them: so the catalogue
reads the source. It finds the calls that make a refusal, writes their sentences with an ellipsis
for what is known only then, and beside each the codes with which jurisdictions answer
(`openets.rulebook.answers`). The page of the manual is made from it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

import openets
from openets.people.closing import ALWAYS, BY_LAW, CLOSURE, Condition
from openets.rulebook.answers import codes_for
from openets.rulebook.model import Rulebook

HOUSE = Path(openets.__file__).parent
PAGE = "refusals.md"
CODE = re.compile(r"[a-z][a-z-]*\.[a-z][a-z0-9-]*")
MAKERS = re.compile(r"_?\w*refus\w*|_forbidden|Problem|_finding", re.IGNORECASE)
OPEN = "…"
# The order in which the rooms are asked, then those that read files and prove things.
ROOMS = (
    "kernel",
    "desk",
    "people",
    "schemes",
    "ledger",
    "translog",
    "rulebook",
    "formats",
    "world",
)


class Entry(NamedTuple):
    """A refusal: its code, the room that makes it, its sentence and what it cites."""

    code: str
    room: str
    sentence: str
    citation: str


class _Scope(NamedTuple):
    """Where an expression stands: its module, its function, and what the parameters are there."""

    module: ast.Module
    function: ast.AST | None
    given: Mapping[str, str]


def catalogue(house: Path = HOUSE) -> list[Entry]:
    """Every refusal of the house in the order of the rooms, each sentence once."""
    found: dict[Entry, None] = {}
    for path in sorted(house.rglob("*.py")):
        room = path.relative_to(house).parts[0]
        for entry in _of_module(path, house, room):
            found.setdefault(entry)
    conditions = [(code, condition) for code, _, condition in ALWAYS] + list(BY_LAW.values())
    for code, condition in conditions:  # their sentences are made of what each finds
        found.setdefault(Entry(code, "people", _unmet(condition), CLOSURE))
    return sorted(found, key=lambda one: (_rank(one.room), one.code))


def page(entries: Sequence[Entry], rulebooks: Sequence[Rulebook]) -> str:
    """The catalogue as a page of the manual, with a column for each jurisdiction's codes."""
    names = [book.jurisdiction for book in rulebooks]
    head = ["Code", "Sentence", "Cites", *(f"Code in {name}" for name in names)]
    lines = [
        "# Refusals",
        "",
        "Made by `openets law refusals` from the code and the rulebooks; do not edit. An ellipsis",
        "stands for what is known only when it happens. The rooms are in the order in which a",
        "request meets them; where a jurisdiction has several codes, the provision cited or the",
        "field named decides.",
    ]
    for room in dict.fromkeys(one.room for one in entries):
        lines += ["", f"## {room}", "", _row(head), _row(["---"] * len(head))]
        for one in entries:
            if one.room == room:
                codes = [", ".join(codes_for(book, one.code)) for book in rulebooks]
                lines.append(_row([f"`{one.code}`", one.sentence, one.citation, *codes]))
    return "\n".join(lines) + "\n"


def _unmet(condition: Condition) -> str:
    """A condition of closing an account, as the sentence that it is not met."""
    said = (condition.__doc__ or "").split("\n")[0].rstrip(".")
    return f"Not so: {said[0].lower()}{said[1:]}. {OPEN}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _rank(room: str) -> int:
    return ROOMS.index(room) if room in ROOMS else len(ROOMS)


# -- reading the source --------------------------------------------------------------------------


@cache  # most modules are asked again and again for the constants that others import
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _of_module(path: Path, house: Path, room: str) -> Iterator[Entry]:
    module = _parsed(path)
    reader = _Reader(module, house)
    for function, call in _calls(module, None):
        for code, sentence, citation in reader.told(function, call):
            yield Entry(code, room, sentence, citation)


def _calls(node: ast.AST, inside: ast.AST | None) -> Iterator[tuple[ast.AST | None, ast.Call]]:
    """Every call of a maker of refusals, with the function it stands in."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call) and child.args and MAKERS.fullmatch(_name(child.func)):
            yield inside, child
        yield from _calls(child, child if isinstance(child, ast.FunctionDef) else inside)


def _name(node: ast.AST) -> str:
    return getattr(node, "id", "") or getattr(node, "attr", "")


class _Reader:
    """Reads the refusals of one module."""

    def __init__(self, module: ast.Module, house: Path) -> None:
        self._module = module
        self._house = house

    @cached_property
    def _functions(self) -> dict[str, ast.FunctionDef]:
        nodes = ast.walk(self._module)
        return {node.name: node for node in nodes if isinstance(node, ast.FunctionDef)}

    def told(self, function: ast.AST | None, call: ast.Call) -> Iterator[tuple[str, str, str]]:
        """Code, sentence and citation of each refusal a call may make."""
        scope = _Scope(self._module, function, {})
        for code, sentence in self._pairs(function, call):
            if CODE.fullmatch(code):
                said, citation = self._made(call, scope)
                yield code, sentence or said, citation

    def _pairs(self, function: ast.AST | None, call: ast.Call) -> Iterator[tuple[str, str]]:
        """The codes of a call; where a variable holds one, each with the sentence beside it."""
        first = call.args[0]
        if isinstance(first, ast.Constant):
            yield str(first.value), ""
        elif isinstance(first, ast.Name) and function is not None:
            for node in ast.walk(function):
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
                    names = [_name(one) for one in getattr(node.targets[0], "elts", ())]
                    if first.id in names:
                        code, sentence = node.value.elts[:2]
                        scope = _Scope(self._module, function, {})
                        yield self.write(code, scope), self.write(sentence, scope)

    def _made(self, call: ast.Call, scope: _Scope) -> tuple[str, str]:
        """Sentence and citation of a call: its own, or those its helper gives the refusal."""
        helper = self._functions.get(_name(call.func))
        if helper is None:
            sentence = self.write(call.args[1], scope)
            if _name(call.func) == "Refusal":
                return sentence, self.write(call.args[2], scope)
            return sentence, self._citation_beside(_name(call.func))
        names = [one.arg for one in helper.args.args]
        given = {
            name: self.write(value, scope) for name, value in zip(names, call.args, strict=False)
        }
        inner = _Scope(self._module, helper, given)
        for node in ast.walk(helper):
            if isinstance(node, ast.Call) and _name(node.func) == "Refusal":
                return self.write(node.args[1], inner), self.write(node.args[2], inner)
        return given.get("sentence", OPEN), self._citation_beside("Problem")

    def _citation_beside(self, maker: str) -> str:
        """What a maker of refusals in another module cites: the constant beside it."""
        other = self._imported(maker, self._module, whole=False) or self._module
        return self._constant(ast.Name("CITATION"), other)

    def write(self, node: ast.AST, scope: _Scope) -> str:
        """An expression as text, with an ellipsis for what only a run would know."""
        if isinstance(node, ast.Constant):
            return str(node.value)
        if isinstance(node, ast.JoinedStr):
            return "".join(self.write(part, scope) for part in node.values)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self.write(node.left, scope) + self.write(node.right, scope)
        if isinstance(node, ast.FormattedValue):
            return self._constant(node.value, scope.module)
        if isinstance(node, ast.Name):
            return self._named(node, scope)
        if isinstance(node, ast.Attribute):
            return self._constant(node, scope.module)
        if isinstance(node, ast.Call) and _name(node.func) in self._functions:
            made = self._functions[_name(node.func)]
            returned = [one for one in ast.walk(made) if isinstance(one, ast.Return) and one.value]
            if len(returned) == 1 and returned[0].value is not None:
                return self.write(returned[0].value, _Scope(scope.module, made, {}))
        return OPEN

    def _named(self, node: ast.Name, scope: _Scope) -> str:
        if node.id in scope.given:
            return scope.given[node.id]
        if scope.function is not None:
            before = [
                one
                for one in ast.walk(scope.function)
                if isinstance(one, ast.Assign)
                and _name(one.targets[0]) == node.id
                and one.lineno <= getattr(node, "lineno", one.lineno)
            ]
            if before:
                return self.write(max(before, key=lambda one: one.lineno).value, scope)
        return self._constant(node, scope.module)

    def _constant(self, node: ast.AST, module: ast.Module) -> str:
        """A constant of a module, or one it imports; an ellipsis for anything else."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            other = self._imported(node.value.id, module, whole=True)
            return self._constant(ast.Name(node.attr), other) if other else OPEN
        if not isinstance(node, ast.Name):
            return OPEN
        for one in module.body:
            if isinstance(one, ast.Assign) and _name(one.targets[0]) == node.id:
                value = one.value
                return str(value.value) if isinstance(value, ast.Constant) else OPEN
        other = self._imported(node.id, module, whole=False)
        return self._constant(node, other) if other else OPEN

    def _imported(self, name: str, module: ast.Module, *, whole: bool) -> ast.Module | None:
        """The module a name comes from; `whole` if the name is the module's own."""
        for one in module.body:
            if isinstance(one, ast.ImportFrom) and name in {alias.name for alias in one.names}:
                parts = [*str(one.module).split("."), *([name] if whole else [])]
                path = self._house.joinpath(*parts[1:]).with_suffix(".py")
                return _parsed(path) if path.is_file() else None
        return None
