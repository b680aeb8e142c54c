"""What does not fit a form is said in our own words, with what is asked for and where."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

import pytest
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
)

from openets.kernel.misfits import SHOWN, fields_of, misfits

THEIRS = re.compile(r"(?i)\b(input|valid|extra|parse|parsing|instance|field required|dictionary)\b")


class Part(BaseModel):
    """A form inside another."""

    model_config = ConfigDict(extra="forbid")
    share: Decimal = Decimal(1)


class Form(BaseModel):
    """A form with a field of each sort people fill in."""

    model_config = ConfigDict(extra="forbid")
    year: Annotated[int, Field(ge=2005, lt=3000)] = 2030
    units: Annotated[int, Field(gt=0, le=100)] = 1
    sure: bool = True
    reason: Annotated[str, Field(min_length=1, max_length=60)] = "x"
    code: Annotated[str, Field(min_length=2, pattern="^[A-Z]*$")] = "AB"
    order: Literal["freeze", "lift"] = "lift"
    day: date = date(2030, 1, 1)
    opens: AwareDatetime | None = None
    rows: Annotated[list[int], Field(min_length=1, max_length=2)] = Field(default=[1])
    named: dict[str, int] = Field(default={})
    part: Part = Field(default_factory=Part)
    other: Annotated[str, Field(alias="another")] = ""

    @field_validator("code")
    @classmethod
    def _known(cls, code: str) -> str:
        if code == "ZZ":
            raise ValueError("ZZ is nobody's code")
        return code


CASES: list[tuple[str, object, str]] = [
    ("year", "abc", "'abc' is no whole number."),
    ("year", 1999, "At least 2005 is asked for, not 1999."),
    ("year", 3000, "Less than 3000 is asked for, not 3000."),
    ("units", 0, "More than 0 is asked for, not 0."),
    ("units", 101, "At most 100 is asked for, not 101."),
    ("units", None, "Nothing is no whole number."),
    ("sure", "perhaps", "'perhaps' is neither true nor false."),
    ("reason", "", "Something is to be written here."),
    ("reason", "x" * 61, "At most 60 characters are asked for."),
    ("reason", 12, "12 is no text."),
    ("reason", [1], "What is written here is no text."),
    ("reason", {"a": 1}, "What is written here is no text."),
    ("code", "a", "At least 2 characters are asked for, not 'a'."),
    ("code", "ab", "'ab' is not of the form that is asked for: ^[A-Z]*$."),
    ("code", "ZZ", "ZZ is nobody's code."),
    ("order", "melt", "'melt' is not 'freeze' or 'lift'."),
    ("order", "m" * 60, f"'{'m' * (SHOWN - 1)}… is not 'freeze' or 'lift'."),
    ("day", "soon", "'soon' is no day: write it as 2030-12-31."),
    ("opens", "soon", "'soon' is no moment: write it with its zone, 2030-12-31T16:00Z."),
    ("opens", "2030-12-31T16:00", "'2030-12-31T16:00' has no time zone: write 2030-12-31T16:00Z."),
    ("rows", "x", "A list is asked for here."),
    ("rows", [], "At least 1 entries are asked for."),
    ("rows", [1, 2, 3], "At most 2 entries are asked for."),
    ("named", "x", "Fields with their names are asked for here."),
    ("part", "x", "Fields with their names are asked for here."),
]


def found(value: object) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        Form.model_validate(value)
    return [(one.where, one.sentence) for one in misfits(caught.value, fields_of(Form))]


@pytest.mark.parametrize(("field", "value", "says"), CASES)
def test_a_value_that_does_not_fit(field: str, value: object, says: str) -> None:
    assert found({field: value}) == [(field, says)]
    assert not THEIRS.search(says)


def test_fields_that_are_unknown_name_those_there_are() -> None:
    ((where, sentence),) = found({"yaer": 2030})
    assert where == "yaer"
    assert sentence.startswith("There is no such field; there are year, units, ")
    assert sentence.endswith(", part, another.")  # as they are written, not as they are called
    assert found({"part": {"shear": 1}}) == [("part.shear", "No such field.")]
    assert found({"part": {"share": "x"}}) == [("part.share", "'x' is no number.")]


def test_a_field_that_is_missing_and_text_that_is_not_json() -> None:
    class Asked(BaseModel):
        year: int

    for text, says in (("{}", ("year", "This field is missing.")), ("x", ("", "It is not JSON."))):
        with pytest.raises(ValidationError) as caught:
            Asked.model_validate_json(text)
        assert [(one.where, one.sentence) for one in misfits(caught.value)] == [says]
    assert fields_of(Asked) == {"year": True}


def test_what_has_no_sentence_of_its_own_has_one_nevertheless() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(bytes).validate_python(1)
    assert [one.sentence for one in misfits(caught.value)] == [
        "This is not what is asked for here."
    ]
