"""Files made to hurt: each is refused with a sentence, before it costs time or memory."""

from __future__ import annotations

import codecs
import gzip
import io
import tracemalloc
import zipfile
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openets.formats import sources
from openets.formats.recognise import read_file
from openets.formats.sources import LIMITS, Limits, Part, text_blocks
from openets.formats.tables import SCHEMAS
from openets.formats.workbook import OLD_BYTES
from openets.kernel.refusal import Refused
from tests.formats import samples
from tests.formats.old_workbook import of_sheets, old_workbook

MEGABYTE = 2**20
MEMORY = 128 * MEGABYTE  # what refusing may cost in Python objects; far below the 512 MB allowed


def refused_with(path: Path) -> str:
    """The code of the one refusal, after checking that refusing was cheap."""
    tracemalloc.start()
    try:
        with pytest.raises(Refused) as refused:
            read_file(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MEMORY
    (refusal,) = refused.value.refusals
    assert refusal.sentence.endswith(".")
    return refusal.code


def bomb() -> bytes:
    """A text that packs a thousandfold, with honest lines."""
    line = b"0," * 500 + b"0\n"
    return samples.MERGED.encode() + line * (32 * MEGABYTE // len(line))


def test_a_bomb_in_gzip_is_refused(tmp_path: Path) -> None:
    path = samples.text_file(tmp_path, gzip.compress(bomb()), "a.csv.gz")
    assert refused_with(path) == "formats.bomb"


def test_a_bomb_in_zip_is_refused(tmp_path: Path) -> None:
    path = samples.zip_file(tmp_path, {"compliance.csv": bomb()})
    assert refused_with(path) == "formats.bomb"


def test_a_bomb_in_a_workbook_is_refused(tmp_path: Path) -> None:
    path = samples.workbook_file(tmp_path, samples.EMISSIONS_ROWS)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image.bin", b"0" * 32 * MEGABYTE)
    assert refused_with(path) == "formats.bomb"


def test_a_bomb_in_xml_is_refused(tmp_path: Path) -> None:
    text = b"<ohaDetails>" + b"<Account></Account>" * (32 * MEGABYTE // 19)
    path = samples.zip_file(tmp_path, {"a.xml": text})
    assert refused_with(path) == "formats.bomb"


def test_more_than_the_limit_is_refused_even_if_it_packs_honestly(tmp_path: Path) -> None:
    path = samples.text_file(tmp_path, "a,b\n" * 1_000)
    with pytest.raises(Refused, match=r"formats\.too-large"):
        list(text_blocks(Part(path), Limits(unpacked_bytes=100)))


def test_a_line_of_a_hundred_megabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.write(samples.MERGED.encode())
        for _ in range(100):
            file.write(b"x" * MEGABYTE)
    assert refused_with(path) == "formats.line-too-long"
    with path.open("wb") as file:
        for _ in range(100):
            file.write(b"x" * MEGABYTE)
    assert refused_with(path) == "formats.line-too-long"


def test_nul_bytes_and_broken_utf_16_are_refused(tmp_path: Path) -> None:
    nul = samples.MERGED.encode() + b"\0"
    assert refused_with(samples.text_file(tmp_path, nul)) == "formats.nul-byte"
    unmarked = samples.MERGED.encode("utf-16-le")
    assert refused_with(samples.text_file(tmp_path, unmarked)) == "formats.nul-byte"
    cut = samples.MERGED.encode("utf-16")[:-1]
    assert refused_with(samples.text_file(tmp_path, cut)) == "formats.damaged"
    lone = codecs.BOM_UTF16_LE + b"\x00\xd8" + "a,b\n".encode("utf-16-le")
    assert refused_with(samples.text_file(tmp_path, lone)) == "formats.damaged"


@pytest.mark.parametrize(
    "name", ["../a.csv", "/etc/a.csv", "a/../../b.csv", "C:\\a.csv", "..\\a.csv", "\\\\host\\a.csv"]
)
def test_a_member_outside_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    path = samples.zip_file(tmp_path, {name: samples.MERGED})
    assert refused_with(path) == "formats.member-path"


def test_a_zip_with_a_password_is_refused(tmp_path: Path) -> None:
    path = samples.zip_file(tmp_path, {"a.csv": samples.MERGED})
    raw = bytearray(path.read_bytes())
    raw[6] |= 1  # the flag of encryption, in the member's own header
    raw[raw.index(b"PK\x01\x02") + 8] |= 1  # and in the directory
    path.write_bytes(raw)
    assert refused_with(path) == "formats.encrypted"


def test_a_member_twice_and_too_many_members_are_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = tmp_path / "twice.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.csv", "a")
            archive.writestr("a.csv", "b")
    assert refused_with(path) == "formats.repeated-member"
    many = samples.zip_file(tmp_path, {f"{number}.csv": "" for number in range(501)})
    assert refused_with(many) == "formats.too-many-members"
    with zipfile.ZipFile(tmp_path / "huge.zip", "w") as archive:
        for number in range(LIMITS.directory_bytes // 250):
            archive.writestr(f"{number:0>250}.csv", "")
    assert refused_with(tmp_path / "huge.zip") == "formats.too-many-members"


ENTITIES = """<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "{}">]>
<ohaDetails><Account>&b;</Account></ohaDetails>"""


@pytest.mark.parametrize("content", ["x" * 10, 'file" SYSTEM "/etc/hostname'])
def test_entities_in_xml_are_refused(tmp_path: Path, content: str) -> None:
    path = samples.text_file(tmp_path, ENTITIES.format(content), "a.xml")
    assert refused_with(path) == "formats.xml-entities"


def test_xml_that_nests_without_end_is_refused(tmp_path: Path) -> None:
    path = samples.text_file(tmp_path, "<ohaDetails>" + "<a>" * 100_000, "a.xml")
    assert refused_with(path) == "formats.xml-too-deep"
    wide = "<ohaDetails><Account>" + "<a/>" * 200_000
    assert refused_with(samples.text_file(tmp_path, wide, "a.xml")) == "formats.xml-too-deep"


def test_broken_xml_is_refused(tmp_path: Path) -> None:
    cut = samples.OPERATORS_XML[:-20]
    assert refused_with(samples.text_file(tmp_path, cut, "a.xml")) == "formats.not-xml"


def formulas(path: Path, value: str | int) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for index, row in enumerate(samples.EMISSIONS_ROWS):
            sheet.write_row(index, 0, row)
        sheet.write_formula(4, 9, "=40+50", None, value)
    return path


def test_the_value_saved_with_a_formula_is_read(tmp_path: Path) -> None:
    tables = read_file(formulas(tmp_path / "a.xlsx", 77)).reading.tables
    years = tables["operator_years"].filter(pl.col("year") == 2019)
    assert years["verified"][0] == 77


def test_a_formula_without_value_is_refused_with_its_cell(tmp_path: Path) -> None:
    path = formulas(tmp_path / "a.xlsx", "")
    with pytest.raises(Refused) as refused:
        read_file(path)
    (refusal,) = refused.value.refusals
    assert refusal.code == "formats.formula-without-value"
    assert refusal.where == "a.xlsx, cell J5"


def changed_sheet(path: Path, old: bytes, new: bytes) -> Path:
    """The workbook with bytes of its sheets replaced."""
    made = io.BytesIO()
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(made, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            after.writestr(name, content.replace(old, new) if "sheets/" in name else content)
    path.write_bytes(made.getvalue())
    return path


def test_cells_in_opposite_corners_are_refused(tmp_path: Path) -> None:
    path = samples.workbook_file(tmp_path, samples.EMISSIONS_ROWS)
    far = changed_sheet(path, b'r="A1"', b'r="XFD1048576"')
    assert refused_with(far) == "formats.too-many-cells"


def test_cells_without_a_place_and_entities_in_a_workbook_are_refused(tmp_path: Path) -> None:
    path = samples.workbook_file(tmp_path, samples.EMISSIONS_ROWS)
    assert refused_with(changed_sheet(path, b'<c r="A1"', b"<c")) == "formats.damaged"
    path = samples.workbook_file(tmp_path, samples.EMISSIONS_ROWS)
    entities = changed_sheet(path, b"<worksheet ", b'<!DOCTYPE a [<!ENTITY b "c">]><worksheet ')
    assert refused_with(entities) == "formats.xml-entities"


def test_an_old_workbook_that_is_none_is_refused(tmp_path: Path) -> None:
    path = samples.text_file(tmp_path, sources.OLE_MAGIC + b"\0" * 600, "a.xls")
    assert refused_with(path) == "formats.damaged"
    with path.open("r+b") as file:
        file.truncate(OLD_BYTES + 1)
    assert refused_with(path) == "formats.too-large"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(
            of_sheets([[(0, 0, 1), (65_535, 255, 1)]] * 20), id="cells in opposite corners"
        ),
        pytest.param(
            of_sheets([[(row, 0, None) for row in range(60_000)]] * 4, "x" * 8_000),
            id="one text in many cells",
        ),
    ],
)
def test_an_old_workbook_that_unpacks_to_gigabytes_is_refused(
    tmp_path: Path, content: bytes
) -> None:
    assert refused_with(samples.text_file(tmp_path, content, "a.xls")) == "formats.bomb"


def test_one_long_text_in_a_million_cells_is_refused(tmp_path: Path) -> None:
    path = samples.workbook_file(tmp_path, [["x" * 30_000]])
    cells = b"".join(b'<c r="A%d" t="s"><v>1</v></c>' % row for row in range(2, 100_000))
    changed_sheet(path, b"</row>", b"</row><row>" + cells + b"</row>")
    assert refused_with(path) == "formats.bomb"


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(samples.MERGED.encode())
    assert refused_with(samples.text_file(tmp_path, packed[:-9], "a.gz")) == "formats.damaged"
    whole = samples.workbook_file(tmp_path, samples.EMISSIONS_ROWS).read_bytes()
    assert refused_with(samples.text_file(tmp_path, whole[:-40], "a.xlsx")) == "formats.damaged"


def test_a_quotation_mark_that_never_closes_leaves_its_row_out(tmp_path: Path) -> None:
    head, first, *rest = samples.MERGED.splitlines()
    text = "\n".join([head, first, 'XA_9,"XA,9', *rest])
    reading = read_file(samples.text_file(tmp_path, text)).reading
    assert reading.tables["operator_years"].height == 1
    assert [problem.code for problem in reading.problems] == ["formats.broken-row"]


def test_a_quotation_mark_that_swallows_the_file_is_refused_with_its_row(tmp_path: Path) -> None:
    head, first, *rest = samples.MERGED.splitlines()
    text = "\n".join([head, first, 'XA_9,"XA,9', *(rest * 2_000)])
    path = samples.text_file(tmp_path, text)
    with pytest.raises(Refused) as refused:
        read_file(path)
    (refusal,) = refused.value.refusals
    assert (refusal.code, refusal.where) == ("formats.not-csv", "file.csv, row 3")


def test_problems_are_listed_up_to_a_number_and_then_counted(tmp_path: Path) -> None:
    path = samples.text_file(tmp_path, samples.MERGED + "XA,too,short,to,be,a,row\n" * 1_500)
    problems = read_file(path).reading.problems
    assert len(problems) == 1_001
    assert problems[-1].sentence.startswith("500 more")
    assert sum(problem.count for problem in problems) == 1_500


@pytest.mark.parametrize("line", [b",\n", b'"\n', b"," * 15 + b"\n"])
def test_millions_of_empty_rows_are_refused(tmp_path: Path, line: bytes) -> None:
    path = samples.text_file(tmp_path, samples.MERGED.encode() + line * 600_000)
    assert refused_with(path) == "formats.too-many-cells"


def test_more_entries_than_any_export_has_are_refused(tmp_path: Path) -> None:
    path = samples.text_file(tmp_path, "<ohaDetails>" + "<Account/>" * 70_000, "a.xml")
    assert refused_with(path) == "formats.too-large"


SEEDS = [
    *(text.encode() for text, _ in samples.TEXTS.values()),
    *(text.encode() for text in samples.XMLS.values()),
    samples.DAILY_ACCOUNTS.encode("utf-16"),
]


@st.composite
def mutated(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """A sample with a few bytes changed, cut out or put in."""
    content = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, max(len(content) - 1, 0)))
        length = draw(st.integers(0, 12))
        content[place : place + length] = draw(
            st.binary(max_size=12) | st.sampled_from([b'"', b",", b"\n", b'"\n', b"\r", b"*", b"<"])
        )
    return bytes(content)


def never_anything_but_refused(path: Path) -> None:
    try:
        reading = read_file(path).reading
    except Refused as refused:
        assert all(refusal.code.startswith("formats.") for refusal in refused.refusals)
        return
    for name, frame in reading.tables.items():
        assert dict(frame.schema) == SCHEMAS[name]


FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@FUZZ
@given(content=mutated(SEEDS), packed=st.sampled_from(["plain", "gzip", "zip"]))
def test_a_changed_text_is_read_or_refused(tmp_path: Path, content: bytes, packed: str) -> None:
    if packed == "zip":
        path = samples.zip_file(tmp_path, {"a.csv": content})
    else:
        made = gzip.compress(content) if packed == "gzip" else content
        path = samples.text_file(tmp_path, made, "a")
    never_anything_but_refused(path)


@pytest.fixture(scope="module")
def packed_seeds(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("seeds")
    return [
        *(
            samples.workbook_file(folder, rows).read_bytes()
            for rows, _ in samples.WORKBOOKS.values()
        ),
        samples.zip_file(folder, {"a.csv": samples.MERGED}).read_bytes(),
        samples.zip_file(folder, {"a.csv.gz": gzip.compress(samples.MERGED.encode())}).read_bytes(),
        gzip.compress(samples.MERGED.encode()),
        old_workbook(samples.EMISSIONS_ROWS),
    ]


@FUZZ
@given(data=st.data())
def test_a_changed_archive_is_read_or_refused(
    tmp_path: Path, packed_seeds: list[bytes], data: st.DataObject
) -> None:
    content = data.draw(mutated(packed_seeds))
    never_anything_but_refused(samples.text_file(tmp_path, content, "a"))


@FUZZ
@given(data=st.data())
def test_changed_xml_inside_a_workbook_is_read_or_refused(
    tmp_path: Path, packed_seeds: list[bytes], data: st.DataObject
) -> None:
    """Changes that the archive's own sums cannot see: the XML is packed again after them."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(packed_seeds[0])) as before,
        zipfile.ZipFile(made, "w") as after,
    ):
        names = before.namelist()
        chosen = data.draw(st.sampled_from([name for name in names if name.startswith("xl/")]))
        for name in names:
            content = before.read(name)
            after.writestr(name, data.draw(mutated([content])) if name == chosen else content)
    never_anything_but_refused(samples.text_file(tmp_path, made.getvalue(), "a"))
