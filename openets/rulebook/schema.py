"""The shape of a file of law as JSON Schema, so that an editor completes and checks the YAML.

It is made from the very models the loader reads with, and so cannot say anything else. What it
cannot express (gaps, overlaps, items that name items nobody defines) `openets law check` finds.
"""

from __future__ import annotations

import json
import re
from typing import Any

from openets.rulebook.load import PATH
from openets.rulebook.model import Value
from openets.rulebook.tables import ITEM_ROWS, ITEMS

FILE_NAME = "law.json"
_HOME = "#/$defs/{model}"


def law_schema() -> dict[str, Any]:
    """The schema of a file of law: paths, and under each a title, a unit and dated values.

    The items of the register have a shape of their own, chosen by the beginning of the path.
    """
    value = Value.model_json_schema(ref_template=_HOME)
    defs: dict[str, Any] = value.pop("$defs")
    others = f"^(?!{re.escape(ITEMS)})(?:{PATH.pattern})$"
    patterns = {others: _parameter(value)}
    for prefix, row in ITEM_ROWS.items():
        shape = row.model_json_schema(ref_template=_HOME)
        defs |= shape.pop("$defs", {})
        defs[row.__name__] = shape
        item = value | {
            "properties": value["properties"] | {"value": {"$ref": f"#/$defs/{row.__name__}"}}
        }
        rest = "[A-Za-z0-9]" if prefix.endswith(".") else "$"
        patterns[f"^{re.escape(prefix)}{rest}"] = _parameter(item)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A file of law",
        "type": "object",
        "patternProperties": patterns,
        "additionalProperties": False,
        "$defs": defs,
    }


def _parameter(value: dict[str, Any]) -> dict[str, Any]:
    text = {"type": "string", "minLength": 1}
    return {
        "type": "object",
        "properties": {
            "title": text | {"description": "What this is, for a reader."},
            "unit": text | {"description": "The unit of the values."},
            "values": {"type": "array", "minItems": 1, "items": value},
        },
        "required": ["values"],
        "additionalProperties": False,
    }


def schema_text() -> str:
    """The schema as it stands in its file."""
    return json.dumps(law_schema(), indent=2, ensure_ascii=False) + "\n"
