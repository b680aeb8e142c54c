"""Descriptions of installations in files: YAML as law is written in it, or CSV.

In YAML a file has a list `installations`, with the fields of `models.Installation`. In CSV a row is
a sub-installation: `installation` and fields of a sub-installation by name, and activity levels in
columns named by their year; rows with the same installation belong together. What YAML says beyond
that, CSV cannot. Everything wrong is refused at once, each with its place.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from openets.kernel.misfits import misfits
from openets.kernel.refusal import Refusal, Refused
from openets.rulebook.notation import BadNotation, build, find_slips, parse
from openets.schemes.allocation.models import Installations, describe

CITATION = "openets/schemes/allocation/models.py"
CODE = "allocation.data"
LARGEST_BYTES = 64 * 1024 * 1024
YEAR = re.compile(r"[0-9]{4}")
OF_INSTALLATION = ("activity", "permit_on", "decided_on", "electricity_generator")
CONTAINERS = ("installations", "sub_installations")
TRUTHS = {"true": True, "false": False, "yes": True, "no": False}


def read_installations(path: Path) -> Installations:
    """The installations a file describes, by its suffix; `Refused` names everything wrong."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise _refused(path, "The file is larger than 64 MiB.")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise _refused(path, f"The file cannot be opened: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise _refused(path, "The file is not text in UTF-8.") from None
    raw = _read_csv(text, path) if path.suffix.lower() == ".csv" else _read_yaml(text, path)
    try:
        return describe(raw)
    except ValidationError as error:
        raise Refused(
            Refusal(CODE, found.sentence, CITATION, f"{path.name}: {_place(raw, found.place)}")
            for found in misfits(error)
        ) from None


def _refused(path: Path, sentence: str, line: int = 0) -> Refused:
    place = f"{path.name}:{line}" if line else str(path)
    return Refused(Refusal(CODE, sentence, CITATION, place))


def _read_yaml(text: str, path: Path) -> Any:
    try:
        root = parse(text)
        if root is None:
            raise _refused(path, "The file is empty.")
        slips = list(find_slips(root))
        if slips:
            raise Refused(
                Refusal(CODE, slip.sentence, CITATION, f"{path.name}:{slip.line}") for slip in slips
            )
        return build(root)
    except BadNotation as error:
        raise _refused(path, error.sentence, error.line) from None
    except ValueError as error:
        raise _refused(path, f"{error}.") from None


def _read_csv(text: str, path: Path) -> Any:
    try:
        rows = list(csv.DictReader(io.StringIO(text), strict=True))
    except csv.Error as error:
        raise _refused(path, f"This is not CSV: {error}.") from None
    installations: dict[str, dict[str, Any]] = {}
    refusals = []
    for number, row in enumerate(rows, 2):
        if None in row or None in row.values() or "installation" not in row:
            sentence = "A row has as many cells as the header, and one is named installation."
            refusals.append(Refusal(CODE, sentence, CITATION, f"{path.name}:{number}"))
            continue
        cells = {name.strip(): cell.strip() for name, cell in row.items() if cell.strip()}
        identifier = cells.pop("installation", "")
        whole = installations.setdefault(identifier, {"id": identifier, "sub_installations": []})
        for name in OF_INSTALLATION:
            if name in cells and whole.setdefault(name, value := _cell(cells.pop(name))) != value:
                sentence = f"{name} differs from that of an earlier row of {identifier}."
                refusals.append(Refusal(CODE, sentence, CITATION, f"{path.name}:{number} {name}"))
        levels = {name: cells.pop(name) for name in list(cells) if YEAR.fullmatch(name)}
        part = {name: _cell(cell) for name, cell in cells.items()}
        whole["sub_installations"].append({**part, "levels": levels})
    if refusals:
        raise Refused(refusals)
    return {"installations": list(installations.values())}


def _cell(text: str) -> Any:
    return TRUTHS.get(text.lower(), text)


def _place(raw: Any, location: tuple[int | str, ...]) -> str:
    """Where something is wrong, by the names people gave: installation, sub-installation, field."""
    words: list[str] = []
    here = raw
    for position, key in enumerate(location, 1):
        if isinstance(here, list) and isinstance(key, int) and key < len(here):
            here = here[key]
            named = here.get("id") or here.get("name") if isinstance(here, dict) else None
            words.append(str(named or key + 1))
        else:
            here = here.get(key) if isinstance(here, dict) else None
            last = position == len(location)
            if key != "[key]" and (last or key not in CONTAINERS):
                words.append(str(key))
    return " ".join(words)
