"""The JSON Schema an editor checks law with: fresh, true of all law there is, and strict."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from openets.kernel.money import Decimal
from openets.rulebook.load import LAW
from openets.rulebook.notation import build, parse
from openets.rulebook.schema import FILE_NAME, law_schema, schema_text
from tests.rulebook.test_load import GOOD, ITEM

COMMITTED = Path(__file__).parents[2] / "docs" / "law" / "schema" / FILE_NAME
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str, date),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}
CHECKED = {
    *("$ref", "additionalProperties", "anyOf", "enum", "items", "maxItems", "maximum", "minItems"),
    *("minLength", "minimum", "not", "pattern", "patternProperties", "prefixItems", "properties"),
    *("required", "type"),
}
SAID_ONLY = {"$defs", "$schema", "default", "description", "format", "title"}


def wrong(schema: dict[str, Any], value: Any, at: str, root: dict[str, Any]) -> Iterator[str]:
    """What a schema refuses in a value: as much of JSON Schema as ours is written in."""
    assert schema.keys() <= CHECKED | SAID_ONLY, schema.keys() - CHECKED - SAID_ONLY
    if "$ref" in schema:
        yield from wrong(root["$defs"][schema["$ref"].rpartition("/")[2]], value, at, root)
    if "anyOf" in schema and all(list(wrong(one, value, at, root)) for one in schema["anyOf"]):
        yield f"{at}: none of several"
    if "not" in schema and not list(wrong(schema["not"], value, at, root)):
        yield f"{at}: what it must not be"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: not listed"
    if "type" in schema:
        types = TYPES[schema["type"]]
        if not isinstance(value, types) or (bool not in types and isinstance(value, bool)):
            yield f"{at}: not {schema['type']}"
            return
    if isinstance(value, str):
        if len(value) < schema.get("minLength", 0):
            yield f"{at}: too short"
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{at}: another pattern"
    elif isinstance(value, int):
        if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            yield f"{at}: out of range"
    elif isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield f"{at}: too few or too many"
        shapes = schema.get("prefixItems") or [schema.get("items", {})] * len(value)
        for index, (shape, item) in enumerate(zip(shapes, value, strict=False)):
            yield from wrong(shape, item, f"{at}[{index}]", root)
    elif isinstance(value, dict):
        yield from wrong_fields(schema, value, at, root)


def wrong_fields(
    schema: dict[str, Any], value: dict[str, Any], at: str, root: dict[str, Any]
) -> Iterator[str]:
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{at}: no {name}"
    for name, item in value.items():
        shapes = [schema["properties"][name]] if name in schema.get("properties", {}) else []
        patterns = schema.get("patternProperties", {}).items()
        shapes += [shape for pattern, shape in patterns if re.search(pattern, str(name))]
        if not shapes and schema.get("additionalProperties") is False:
            yield f"{at}: unknown {name}"
        for shape in shapes:
            yield from wrong(shape, item, f"{at}.{name}", root)


def refused(text: str) -> list[str]:
    node = parse(text)
    assert node is not None
    schema = law_schema()
    return list(wrong(schema, build(node), "", schema))


def test_the_committed_schema_is_fresh() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == schema_text(), (
        "make it again: openets law schema --out docs/law/schema"
    )
    assert json.loads(schema_text())["additionalProperties"] is False


@pytest.mark.parametrize(
    "file", sorted(LAW.rglob("*.yaml")), ids=lambda file: f"{file.parent.name}/{file.name}"
)
def test_all_law_there_is_fits(file: Path) -> None:
    assert refused(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("status: official", "status: certain", "status: not listed"),
        ("      status: official\n", "", "no status"),
        ("from: 2005", "form: 2005", "unknown form"),
        ("from: 2005", "from: true", "from: none of several"),
        ("value: 40", "value: null", "value: what it must not be"),
        ("article: Article 1 ", "article: '' ", "article: too short"),
        ("unit: EUR per tonne", "units: EUR", "unknown units"),
        ("penalty:", "Pen alty:", "unknown Pen alty"),
        ("number_type: 100", "number_type: 1000", "number_type: none of several"),
        ("number_type: 100", "number_type: '100'", "number_type: none of several"),
        ("units: [allowance]", "units: [Two words]", "units[0]: another pattern"),
        ("name: Holding", "colour: red\n        name: Holding", "unknown colour"),
        ("account_types.holding", "account_kinds.holding", "unknown registry.account_kinds"),
    ],
)
def test_what_the_loader_refuses_for_its_shape_the_schema_refuses(
    old: str, new: str, says: str
) -> None:
    text = GOOD + ITEM
    assert refused(text) == []
    assert old in text
    found = refused(text.replace(old, new, 1))
    assert any(says in one for one in found), found


def test_a_value_may_be_an_exact_decimal_or_a_day() -> None:
    for value in (Decimal("1.74"), date(2023, 12, 31), "02-28", [], {"a": 1}):
        schema = law_schema()
        shape = next(iter(schema["patternProperties"].values()))
        shape = shape["properties"]["values"]["items"]["properties"]["value"]
        assert list(wrong(shape, value, "", schema)) == []
