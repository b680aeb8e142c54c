"""Reading law from its files, strictly: what is not exactly right is refused, with file and line.

A folder holds one folder per act and in it one YAML file per subject; a file maps the path of a
parameter to its title, unit and dated values. The values of one parameter may be spread over acts:
they are joined by path. All that is wrong is reported at once, because whoever writes law into a
file wants the whole list.
"""

from __future__ import annotations

import os
import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import yaml
from pydantic import ValidationError

from openets.rulebook.ask import known_values
from openets.rulebook.model import Parameter, Rulebook, Value
from openets.rulebook.notation import BadNotation, build, fields, find_slips, line_of, parse
from openets.rulebook.tables import check_item, describe, unknown_names

LAW = Path(__file__).parent / "law"
FURTHER_LAW = "OPENETS_LAW"  # folders of further law, a folder for each jurisdiction in them
PATH = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[A-Za-z0-9][A-Za-z0-9_-]*)*")


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


def homes() -> list[Path]:
    """The folders of law: the package's, then those `OPENETS_LAW` names."""
    named = os.environ.get(FURTHER_LAW, "")
    return [LAW, *(Path(folder) for folder in named.split(os.pathsep) if folder)]


def jurisdictions() -> list[str]:
    """The jurisdictions there is law for."""
    found = {path.name for home in homes() if home.is_dir() for path in home.iterdir()}
    return sorted(name for name in found if _folder_of(name))


def _folder_of(jurisdiction: str) -> Path | None:
    """The folder of a jurisdiction; the package's own comes first."""
    folders = (home / jurisdiction for home in homes())
    return next((folder for folder in folders if folder.is_dir()), None)


@cache
def load_rulebook(jurisdiction: str) -> Rulebook:
    """The rulebook of a jurisdiction; raises `UnknownJurisdiction`.

    It is read once: a process goes on with the law it began with.
    """
    folder = _folder_of(jurisdiction) if jurisdiction in jurisdictions() else None
    if folder is None:
        raise UnknownJurisdiction(jurisdiction)
    return load_folder(folder)


def load_folder(folder: Path) -> Rulebook:
    """The rulebook in a folder; raises `BadRulebook` with everything that is wrong."""
    reading = _Reading(folder)
    for file in sorted(folder.rglob("*.yaml")):
        reading.read(file)
    for file in sorted(folder.rglob("*.yml")):
        place = Place(str(file.relative_to(folder)), 1)
        reading.complain(place, "This file is not read: law is in files named .yaml.")
    return reading.rulebook()


def check_folder(folder: Path) -> list[Rulebook]:
    """Reads a folder of law, whatever it is; raises `BadRulebook` with everything that is wrong.

    It may hold a jurisdiction, be the folder of them all, or be a part of one in the package, say
    the folder of one act. A part is read with the rest of its jurisdiction, without which its
    values have no beginning, and what is wrong in the part is said alone.
    """
    folder = folder.resolve()
    if folder == LAW.resolve():
        return [load_rulebook(name) for name in jurisdictions()]
    if LAW.resolve() not in folder.parents:
        return [load_folder(folder)]
    whole = LAW.resolve() / folder.relative_to(LAW.resolve()).parts[0]
    try:
        return [load_folder(whole)]
    except BadRulebook as error:
        own = [one for one in error.problems if (whole / one.file).is_relative_to(folder)]
        raise BadRulebook(own or error.problems) from None


class _Reading:
    """One reading of a folder: what was found so far, and what is wrong with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        self.found: dict[str, list[_Found]] = {}
        self.titles: dict[str, tuple[str, Place]] = {}
        self.units: dict[str, tuple[str, Place]] = {}
        self.first_seen: dict[str, Place] = {}
        self.unread = 0  # files that could not be read to their end

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
        paths = set(self.first_seen)
        for found in self.found.values():
            self.check_dates(found)
            if not self.unread:
                for one in found:
                    self.check_names(one, paths)
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
        slips: list[BadNotation] = []
        root = None
        try:
            root = parse(file.read_text(encoding="utf-8"))
            slips = list(find_slips(root)) if root else []
        except UnicodeDecodeError as error:
            slips = [BadNotation(1, f"This is not text in UTF-8: {error}.")]
        except BadNotation as error:
            slips = [error]
        else:
            if not isinstance(root, yaml.MappingNode):
                slips = [BadNotation(1, "A file of law maps paths to parameters.")]
        for slip in slips:
            self.complain(Place(name, slip.line), slip.sentence)
        if slips or not isinstance(root, yaml.MappingNode):
            self.unread += 1
            return
        for path, node, line in fields(root):
            self.read_parameter(Place(name, line), path, node)

    def read_parameter(self, place: Place, path: str, node: yaml.Node) -> None:
        """Reads what one file says about a parameter."""
        if not PATH.fullmatch(path):
            self.complain(place, f"{path!r} is not a path: write small words joined by points.")
            return
        if not isinstance(node, yaml.MappingNode):
            self.complain(place, f"{path} has a title, a unit and values.")
            return
        self.first_seen.setdefault(path, place)
        self.found.setdefault(path, [])
        parts: dict[str, yaml.Node] = {}
        for key, field, line in fields(node):
            parts[key] = field
            if key not in ("title", "unit", "values"):
                sentence = f"{path} has an unknown key {key}; it has title, unit, values."
                self.complain(Place(place.file, line), sentence)
        self.read_text(place.file, path, "title", self.titles, parts.get("title"))
        self.read_text(place.file, path, "unit", self.units, parts.get("unit"))
        values = parts.get("values")
        if not isinstance(values, yaml.SequenceNode) or not values.value:
            self.complain(place, f"{path} has no values here; write a list of them.")
            return
        for item in values.value:
            self.read_value(place.file, path, item)

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
        place = Place(file, line_of(node))
        if not isinstance(node, yaml.ScalarNode) or not str(node.value).strip():
            self.complain(place, f"The {key} of {path} is text.")
            return
        before = known.setdefault(path, (str(node.value), place))
        if before[0] != str(node.value):
            other = f"{before[1].file}:{before[1].line}"
            self.complain(place, f"The {key} of {path} is another in {other}.")

    def read_value(self, file: str, path: str, node: yaml.Node) -> None:
        """Reads one dated value."""
        place = Place(file, line_of(node))
        if not isinstance(node, yaml.MappingNode):
            self.complain(place, f"A value of {path} has from, enacted, value, source and status.")
            return
        lines = {key: line for key, _, line in fields(node)}
        try:
            raw = {key: build(item) for key, item, _ in fields(node)}
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

    def check_names(self, one: _Found, paths: set[str]) -> None:
        """Refuses an item of the register that names an item nobody defines."""
        if any(problem.file == one.place.file for problem in self.problems):
            return  # its shape may be wrong, and the names would follow from that
        for sentence in unknown_names(one.path, one.value.value, paths):
            self.complain(one.place, sentence)
