"""What refusing costs, measured from outside: a process of its own, its time and its memory.

The time is that of the processor, because a machine that tests on several cores is a busy one. The
memory is the kernel's high-water mark of the process itself: `getrusage` hands a new process
the mark of the one that started it.
"""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.formats import samples
from tests.formats.old_workbook import of_sheets

MEGABYTE = 2**20
SECONDS = 2.0
MEMORY_KB = 512 * 1024

READ = """
import re, resource, sys, time
from pathlib import Path
from openets.formats.recognise import read_file
from openets.kernel.refusal import Refused
started = time.process_time()
try:
    read_file(Path(sys.argv[1]))
    code = "read"
except Refused as refused:
    code = refused.refusals[0].code
spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
seconds = time.process_time() - started + spent[1].ru_utime + spent[1].ru_stime
mark = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
print(code, seconds, max(mark, spent[1].ru_maxrss))
"""

HEAD, LINE = (line.encode() + b"\n" for line in samples.MERGED.splitlines()[:2])


def lines(megabytes: int) -> bytes:
    return HEAD + LINE * (megabytes * MEGABYTE // len(LINE))


def zipped(members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


def random_line() -> bytes:
    noise = os.urandom(MEGABYTE).translate(None, b"\n\0")
    return HEAD + noise * 100


def workbook(folder: Path, change: Callable[[str, bytes], bytes], **more: bytes) -> bytes:
    """A small workbook with changed and added members."""
    path = samples.workbook_file(folder, samples.EMISSIONS_ROWS)
    with zipfile.ZipFile(path) as before:
        members = {name: change(name, before.read(name)) for name in before.namelist()}
    return zipped({**members, **{name.replace("__", "/"): more[name] for name in more}})


def in_strings(old: bytes, new: bytes) -> Callable[[str, bytes], bytes]:
    return lambda name, xml: xml.replace(old, new) if "sharedStrings" in name else xml


def one_text_in_many_cells(name: str, xml: bytes) -> bytes:
    if "sharedStrings" in name:
        return xml.replace(b"Date of Extraction", b"x" * 30_000)
    cells = b"".join(b'<c r="A%d" t="s"><v>1</v></c>' % row for row in range(20, 90_000))
    return xml.replace(b"</row></sheetData>", b"</row><row>" + cells + b"</row></sheetData>")


def one_sheet_under_many_names(name: str, xml: bytes) -> bytes:
    if name != "xl/workbook.xml":
        return xml
    names = (b'<sheet name="n%d" sheetId="%d" r:id="rId2"/>' % (i, i + 9) for i in range(20_000))
    return xml.replace(b"</sheets>", b"".join(names) + b"</sheets>")


def hostile(folder: Path) -> Iterable[tuple[str, bytes, str]]:
    """Name, content, and the code each is refused with."""
    same = in_strings(b"", b"")
    packed, bomb = gzip.compress(lines(1)), gzip.compress(lines(200))
    bomb_in_zip = zipped({"a.csv": lines(200)})
    yield "bomb.csv.gz", bomb, "formats.bomb"
    yield "bomb.zip", bomb_in_zip, "formats.bomb"
    yield "lzma.zip", zipped({"a.csv": lines(200)}, zipfile.ZIP_LZMA), "formats.bomb"
    yield "gzip-inside.zip", zipped({"a.csv.gz": bomb}), "formats.bomb"
    yield "nested.zip", zipped({"a.zip": bomb_in_zip}), "formats.unknown"
    yield "members.gz", gzip.compress(b"") * 200_000, "formats.too-many-members"
    yield "trailing.csv.gz", packed + b"what is this", "formats.damaged"
    yield "cut.csv.gz", packed[:-20], "formats.damaged"
    yield "line.csv", HEAD + b"x" * 100 * MEGABYTE, "formats.line-too-long"
    yield "line.csv.gz", gzip.compress(random_line(), 0), "formats.line-too-long"
    yield "first-line.csv", b"," * 100 * MEGABYTE, "formats.line-too-long"
    yield "nul.csv", HEAD + b"\0" * 100 * MEGABYTE, "formats.nul-byte"
    yield "empty-rows.csv", HEAD + b"\n" * 100 * MEGABYTE, "formats.too-many-cells"
    yield "quotation.csv", HEAD + b'"' + LINE * (40 * MEGABYTE // len(LINE)), "formats.not-csv"
    yield "deep.xml", b"<ohaDetails>" + b"<a>" * 10_000_000, "formats.xml-too-deep"
    yield "comment.xml", b"<ohaDetails><!--" + b"x" * 50 * MEGABYTE, "formats.line-too-long"
    attributes = b" ".join(b'a%d=">"' % number for number in range(1_000_000))
    yield "attributes.xml", b"<ohaDetails " + attributes, "formats.line-too-long"
    entities = b'<!DOCTYPE a [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><ohaDetails>&c;</ohaDetails>'
    yield "entities.xml", entities, "formats.xml-entities"
    long_text = in_strings(b"</sst>", b"<si><t>" + b"x" * 200 * MEGABYTE + b"</t></si></sst>")
    huge = workbook(folder, long_text)
    yield "huge-string.xlsx", huge, "formats.bomb"
    yield "packed.zip", zipped({"a.xlsx": huge}), "formats.bomb"
    yield "packed.xlsx.gz", gzip.compress(huge), "formats.bomb"
    yield "many-cells.xlsx", workbook(folder, one_text_in_many_cells), "formats.bomb"
    yield "many-names.xlsx", workbook(folder, one_sheet_under_many_names), "formats.damaged"
    yield "picture.xlsx", workbook(folder, same, xl__a=b"\0" * 200 * MEGABYTE), "formats.bomb"
    yield "corners.xls", of_sheets([[(0, 0, 1), (65_535, 255, 1)]] * 20), "formats.bomb"
    texts = of_sheets([[(row, 0, None) for row in range(60_000)]] * 2, "x" * 8_000)
    yield "texts.xls", texts, "formats.bomb"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    folder = tmp_path_factory.mktemp("hostile")
    return {
        samples.text_file(folder, content, name): code for name, content, code in hostile(folder)
    }


def cost_of(path: Path) -> tuple[str, float, int]:
    """The code it was refused with, seconds of the processor, and the largest memory in KB."""
    command = [sys.executable, "-c", READ, str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return said[0], float(said[1]), int(said[2])


def test_every_hostile_file_is_refused_in_two_seconds_and_half_a_gigabyte(
    files: dict[Path, str],
) -> None:
    costs = {path.name: cost_of(path) for path in files}
    assert {name: cost[0] for name, cost in costs.items()} == {
        path.name: code for path, code in files.items()
    }
    assert {name: cost for name, cost in costs.items() if cost[1] > SECONDS} == {}
    assert {name: cost for name, cost in costs.items() if cost[2] > MEMORY_KB} == {}


def test_what_a_workbook_only_claims_or_links_to_costs_nothing(tmp_path: Path) -> None:
    """A dimension without cells, merged cells without end, and a link to another workbook."""

    def claims(name: str, xml: bytes) -> bytes:
        merged = b'<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
        return xml.replace(b"</sheetData>", b"</sheetData>" + merged)

    link = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        b'<Relationship Id="rId1" Target="http://example.invalid/a.xlsx" TargetMode="External" '
        b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        b'externalLinkPath"/></Relationships>'
    )
    content = workbook(
        tmp_path, claims, **{"xl__externalLinks___rels__externalLink1.xml.rels": link}
    )
    code, seconds, memory = cost_of(samples.text_file(tmp_path, content, "claims.xlsx"))
    assert code == "read"
    assert (seconds < SECONDS, memory < MEMORY_KB) == (True, True)
