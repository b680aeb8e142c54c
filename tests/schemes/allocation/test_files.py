"""Descriptions of installations in YAML and CSV, and everything that is refused about them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openets.kernel.money import Decimal
from openets.kernel.refusal import Refused
from openets.rulebook.load import load_rulebook
from openets.schemes.allocation.files import read_installations
from openets.schemes.allocation.rules import allocate

EU = load_rulebook("eu")
HEADER = "installation,name,kind,product,exposed,cbam,2014,2015,2016\n"
ROW = "A,clinker,product,grey-cement-clinker,true,false,1000,1200.5,\n"


def refusals(path: Path) -> list[str]:
    with pytest.raises(Refused) as refused:
        read_installations(path)
    return [f"{one.where}: {one.sentence}" for one in refused.value.refusals]


def test_csv_rows_of_an_installation_belong_together(tmp_path: Path) -> None:
    path = tmp_path / "works.csv"
    path.write_text(HEADER + ROW + "A,heat,heat,,no,,10,10,10\nB,heat,heat,,yes,,1,,\n")
    found = read_installations(path)
    assert [len(one.sub_installations) for one in found.installations] == [2, 1]
    clinker = found.installations[0].sub_installations[0]
    assert clinker.levels == {2014: Decimal(1000), 2015: Decimal("1200.5")}
    assert (clinker.exposed, found.installations[0].sub_installations[1].exposed) == (True, False)
    works = found.find("A")
    assert works is not None
    assert allocate(EU, works, 2021).preliminary == 762 + 142
    assert found.find("C") is None


def test_everything_wrong_is_said_at_once_by_name(tmp_path: Path) -> None:
    path = tmp_path / "works.yaml"
    path.write_text(
        "installations:\n"
        "  - id: A\n"
        "    colour: red\n"
        "    sub_installations:\n"
        "      - { name: a, kind: heat, exposed: true, levels: { 2014: -1, 1066: 5 } }\n"
        "      - { name: b, kind: product, exposed: true, levels: { 2014: 1 } }\n"
        "      - { name: c, kind: cooling, levels: { 2014: '1,000' } }\n"
        "      - { name: d, kind: heat, exposed: true, levels: { 2014: 1e5 } }\n"
        "  - { id: B, sub_installations: [] }\n"
    )
    found = "\n".join(refusals(path))
    for words in (
        "A colour: No such field.",
        "A a levels 2014: Write a number of zero or more",
        "A a levels 1066: Write a year between 1990 and 2999.",
        "A b: product names the benchmark, and is missing.",
        "A c kind: 'cooling' is not 'product'",
        "A c levels 2014: Write a number",
        "A d levels 2014: Write a number",
        "B sub_installations: At least one is needed.",
    ):
        assert words in found, found


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ("kind: heat, levels: { 2014: 1 }", "exposed says whether"),
        ("kind: heat, exposed: true", "levels or historical_level is needed"),
        (
            "kind: heat, exposed: true, historical_level: 1, product: lime",
            "belongs to kind product",
        ),
        ("kind: heat, exposed: true, historical_level: 1, flared_tonnes: 1", "flared_tonnes"),
        ("kind: heat, exposed: true, historical_level: 1, supplement: true", "district-heating"),
        ("kind: district-heating, exposed: true, historical_level: 1", "is not exposed"),
        (
            "kind: fuel, exposed: true, historical_level: 1, "
            "waste_gas: { tj: 1, tonnes_per_tj: 1 }",
            "belongs to kind process-emissions",
        ),
        ("kind: heat, exposed: true, levels: { 2014: 1 }, idle_years: [2014]", "idle year"),
        ("kind: heat, exposed: true, historical_level: true", "Write a number"),
        ("kind: heat, exposed: 1.5, historical_level: 1", "1.5 is neither true nor false."),
        ("kind: heat, exposed: true, historical_level: 1, started_on: soon", "is no day"),
        ("kind: product, product: ../x, exposed: true, historical_level: 1", "not of the form"),
    ],
)
def test_a_part_that_does_not_fit_its_kind(part: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "works.yaml"
    path.write_text(f"installations: [{{ id: A, sub_installations: [{{ name: a, {part} }}] }}]\n")
    assert says in "\n".join(refusals(path))


def test_an_id_and_a_name_stand_once(tmp_path: Path) -> None:
    part = "{ name: a, kind: heat, exposed: true, historical_level: 1 }"
    path = tmp_path / "works.yaml"
    path.write_text(f"installations: [{{ id: A, sub_installations: [{part}, {part}] }}]\n")
    assert "Two sub-installations are named a." in refusals(path)[0]
    twice = f"{{ id: A, sub_installations: [{part}] }}"
    path.write_text(f"installations: [{twice}, {twice}]\n")
    assert "Two installations have the id A." in refusals(path)[0]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.yaml", b"", "The file is empty"),
        ("a.yaml", b"x: [1", "This is not YAML"),
        ("a.yaml", b"x: &a 1\ny: *a\n", "alias"),
        ("a.yaml", b"x: 1\nx: 2\n", "stands here twice"),
        ("a.yaml", b"x: 2014-99-99\n", "month must be in 1..12"),
        ("a.yaml", b"\xff\xfe", "not text in UTF-8"),
        ("a.yaml", b"- 1\n", "Fields with their names are asked for"),
        ("a.csv", b"", "At least one is needed"),
        ("a.csv", b"name,2014\na,1\n", "named installation"),
        ("a.csv", HEADER.encode() + b"A,b\n", "as many cells"),
        ("a.csv", HEADER.encode() + b'"A,b\n', "This is not CSV"),
        ("a.csv", HEADER.encode() + ROW.replace("1000", '"1,000"').encode(), "Write a number"),
        ("a.csv", HEADER.encode() + ROW.replace("1000", "=1+1").encode(), "Write a number"),
        (
            "a.csv",
            HEADER.encode() + ROW.replace("true", "maybe").encode(),
            "neither true nor false",
        ),
    ],
)
def test_a_file_that_is_none(name: str, content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert says in "\n".join(refusals(path))


def test_rows_may_not_disagree_about_their_installation(tmp_path: Path) -> None:
    path = tmp_path / "works.csv"
    path.write_text(
        "installation,permit_on,name,kind,exposed,2014\n"
        "A,2012-01-01,a,heat,yes,1\nA,2013-01-01,b,heat,yes,1\n"
    )
    assert "works.csv:3 permit_on: permit_on differs" in refusals(path)[0]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "cannot be opened: No such file" in refusals(tmp_path / "nowhere.yaml")[0]


@given(st.text(max_size=300))
@settings(deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("a.yaml", "a.csv"):
            path = Path(folder) / name
            path.write_text(text, encoding="utf-8", errors="replace")
            with pytest.raises(Refused):
                read_installations(path)
