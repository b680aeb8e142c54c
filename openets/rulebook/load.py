"""Reading law from its files, strictly: what is not exactly right is refused, with file and line.

A folder holds one folder per act and in it one YAML file per subject; a file maps the path of a
parameter to its title, unit and dated values. The values of one parameter may be spread over acts:
they are joined by path. All that is wrong is reported at once, because whoever writes law into a
file wants the whole list. Numbers with a point become exact decimals, never binary fractions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError

from openets.kernel.money import Decimal
from openets.rulebook.ask import known_values
from openets.rulebook.model import Parameter, Rulebook, Value
from openets.rulebook.tables import check_item, describe, unknown_names

LAW = Path(__file__).parent / "law"
_PATH = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[A-Za-z0-9][A-Za-z0-9_-]*)*")


class Problem(NamedTuple):
    """One thing wrong with a rulebook, and where."""

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.sentence}"


class BadRulebook(ValueError):
    """A rulebook that cannot be loaded, with everything wrong in it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UnknownJurisdiction(LookupError):
    """There is no law for this jurisdiction; the message lists those there are."""

    def __init__(self, jurisdiction: str) -> None:
        there = ", ".join(jurisdictions()) or "none"
        super().__init__(f"There is no law for {jurisdiction!r}; there is law for: {there}.")


class Place(NamedTuple):
    """A line of a file."""

    file: str
    line: int


class _Found(NamedTuple):
    """A value with the place it was read from."""

    path: str
    value: Value
    place: Place


def jurisdictions() -> list[str]:
    """The jurisdictions whose law is in the package."""
    return sorted(path.name for path in LAW.iterdir() if path.is_dir()) if LAW.is_dir() else []


@cache
def load_rulebook(jurisdiction: str) -> Rulebook:
    """The rulebook of a jurisdiction in the package; raises `UnknownJurisdiction`."""
    if jurisdiction not in jurisdictions():
        raise UnknownJurisdiction(jurisdiction)
    return load_folder(LAW / jurisdiction)


def load_folder(folder: Path) -> Rulebook:
    """The rulebook in a folder; raises `BadRulebook` with everything that is wrong."""
    reading = _Reading(folder)
    for file in sorted(folder.rglob("*.yaml")):
        reading.read(file)
    return reading.rulebook()


# -- YAML ----------------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """YAML whose plain words stay words: NO is Norway, and 1.74 is exact."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (the name is PyYAML's)


_TAG = "tag:yaml.org,2002:"
_RESOLVERS = (
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", ["n", "~", ""]),
    ("int", r"-?[0-9][0-9_]*", "-0123456789"),
    ("float", r"-?[0-9][0-9_]*\.[0-9]+", "-0123456789"),
    ("timestamp", r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "0123456789"),
)
for _name, _pattern, _first in _RESOLVERS:
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(rf"(?:{_pattern})$"), list(_first))


def _read_int(loader: yaml.SafeLoader, node: yaml.Node) -> int:
    return int(str(node.value).replace("_", ""))


def _read_decimal(loader: yaml.SafeLoader, node: yaml.Node) -> Decimal:
    return Decimal(str(node.value).replace("_", ""))


_Loader.add_constructor(_TAG + "int", _read_int)
_Loader.add_constructor(_TAG + "float", _read_decimal)


def _fields(node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node, int]]:
    """Each key of a mapping, what it holds, and the line of the key."""
    for key, value in node.value:
        yield str(key.value), value, _line(key)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


class _Reading:
    """One reading of a folder: what was found so far, and what is wrong with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        self.found: dict[str, list[_Found]] = {}
        self.titles: dict[str, tuple[str, Place]] = {}
        self.units: dict[str, tuple[str, Place]] = {}
        self.first_seen: dict[str, Place] = {}

    def complain(self, place: Place, sentence: str) -> None:
        """Notes a problem."""
        self.problems.append(Problem(*place, sentence))

    def rulebook(self) -> Rulebook:
        """The rulebook, if nothing was wrong."""
        if not self.first_seen and not self.problems:
            self.complain(Place(str(self.folder), 0), "There is no law in this folder.")
        for path, place in self.first_seen.items():
            if path not in self.titles:
                self.complain(place, f"{path} has no title in any file.")
        for found in self.found.values():
            self.check_dates(found)
            for one in found:
                self.check_names(one)
        if self.problems:
            raise BadRulebook(self.problems)
        return Rulebook(self.folder.name, map(self.parameter, self.first_seen))

    def parameter(self, path: str) -> Parameter:
        """The values of a path from all files, as one parameter."""
        values = sorted(
            (one.value for one in self.found[path]), key=lambda value: (value.from_, value.enacted)
        )
        unit = self.units[path][0] if path in self.units else None
        return Parameter(path=path, title=self.titles[path][0], unit=unit, values=tuple(values))

    # -- a file ---------------------------------------------------------------------------------

    def read(self, file: Path) -> None:
        """Reads the parameters of a file."""
        name = str(file.relative_to(self.folder))
        try:
            loader = _Loader(file.read_text(encoding="utf-8"))
        except (UnicodeDecodeError, yaml.YAMLError) as error:
            self.complain(Place(name, 1), f"This is not text in UTF-8: {error}.")
            return
        try:
            root = loader.get_single_node()
            if isinstance(root, yaml.MappingNode):
                self.find_repeated(name, root)
                for path, node, line in _fields(root):
                    self.read_parameter(loader, Place(name, line), path, node)
            else:
                self.complain(Place(name, 1), "A file of law maps paths to parameters.")
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            self.complain(Place(name, line), f"This is not YAML: {error.problem}.")
        finally:
            loader.dispose()

    def find_repeated(self, file: str, node: yaml.Node) -> None:
        """Complains of keys that stand twice in a mapping; YAML would silently take the last."""
        if isinstance(node, yaml.MappingNode):
            seen: dict[str, int] = {}
            for key, value in node.value:
                name = str(key.value)
                if name in seen:
                    sentence = f"{name} stands here twice; it is also on line {seen[name]}."
                    self.complain(Place(file, _line(key)), sentence)
                seen.setdefault(name, _line(key))
                self.find_repeated(file, value)
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                self.find_repeated(file, item)

    def read_parameter(self, loader: _Loader, place: Place, path: str, node: yaml.Node) -> None:
        """Reads what one file says about a parameter."""
        if not _PATH.fullmatch(path):
            self.complain(place, f"{path!r} is not a path: write small words joined by points.")
            return
        if not isinstance(node, yaml.MappingNode):
            self.complain(place, f"{path} has a title, a unit and values.")
            return
        self.first_seen.setdefault(path, place)
        self.found.setdefault(path, [])
        fields: dict[str, yaml.Node] = {}
        for key, field, line in _fields(node):
            fields[key] = field
            if key not in ("title", "unit", "values"):
                sentence = f"{path} has an unknown key {key}; it has title, unit, values."
                self.complain(Place(place.file, line), sentence)
        self.read_text(place.file, path, "title", self.titles, fields.get("title"))
        self.read_text(place.file, path, "unit", self.units, fields.get("unit"))
        values = fields.get("values")
        if not isinstance(values, yaml.SequenceNode) or not values.value:
            self.complain(place, f"{path} has no values here; write a list of them.")
            return
        for item in values.value:
            self.read_value(loader, place.file, path, item)

    def read_text(
        self,
        file: str,
        path: str,
        key: str,
        known: dict[str, tuple[str, Place]],
        node: yaml.Node | None,
    ) -> None:
        """Reads a title or unit, which may stand in each file of a parameter if it is the same."""
        if node is None:
            return
        place = Place(file, _line(node))
        if not isinstance(node, yaml.ScalarNode) or not str(node.value).strip():
            self.complain(place, f"The {key} of {path} is text.")
            return
        before = known.setdefault(path, (str(node.value), place))
        if before[0] != str(node.value):
            other = f"{before[1].file}:{before[1].line}"
            self.complain(place, f"The {key} of {path} is another in {other}.")

    def read_value(self, loader: _Loader, file: str, path: str, node: yaml.Node) -> None:
        """Reads one dated value."""
        place = Place(file, _line(node))
        if not isinstance(node, yaml.MappingNode):
            self.complain(place, f"A value of {path} has from, enacted, value, source and status.")
            return
        lines = {key: line for key, _, line in _fields(node)}
        try:
            raw = {key: loader.construct_object(item, deep=True) for key, item, _ in _fields(node)}
            value = Value.model_validate(raw)
        except ValidationError as error:
            for one in error.errors():
                where = str(one["loc"][0]) if one["loc"] else ""
                line = lines.get(where, place.line)
                sentence = f"{path}: {describe(one['loc'], one['msg'])}"
                self.complain(Place(file, line), sentence)
            return
        except ValueError as error:
            self.complain(place, f"{path}: {error}.")
            return
        for sentence in check_item(path, value.value):
            self.complain(Place(file, lines["value"]), f"{path}: {sentence}")
        self.found[path].append(_Found(path, value, place))

    # -- all files ------------------------------------------------------------------------------

    def check_dates(self, found: list[_Found]) -> None:
        """Refuses two values for one day, gaps and overlaps, as the law stood at each enactment."""
        places = {id(one.value): one.place for one in found}
        seen: dict[tuple[object, object], _Found] = {}
        for one in found:
            before = seen.setdefault((one.value.from_, one.value.enacted), one)
            if before is not one:
                other = f"{before.place.file}:{before.place.line}"
                sentence = f"{one.path} has the same from and enacted in {other}."
                self.complain(one.place, sentence)
        values = [one.value for one in found]
        for known_on in sorted({value.enacted for value in values}):
            for earlier, later in pairwise(known_values(values, known_on)):
                if earlier.until is None or earlier.until == later.from_:
                    continue
                what = "overlap" if earlier.until > later.from_ else "gap"
                sentence = (
                    f"{found[0].path} has {'an' if what == 'overlap' else 'a'} {what}: the value "
                    f"from {earlier.from_} ends on {earlier.until}, "
                    f"the next begins on {later.from_}."
                )
                self.complain(places[id(later)], sentence)

    def check_names(self, one: _Found) -> None:
        """Refuses an item of the register that names an item nobody defines."""
        if any(problem.file == one.place.file for problem in self.problems):
            return  # its shape may be wrong, and the names would follow from that
        for sentence in unknown_names(one.path, one.value.value, set(self.first_seen)):
            self.complain(one.place, sentence)
