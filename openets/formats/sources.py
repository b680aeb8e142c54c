"""Opening a file that somebody else made: plain, gzip or zip, everything it unpacks to limited.

The files people have come from public sites and from mail, and a few kilobytes can unpack to
gigabytes. So every byte is counted while it streams: size, ratio to the packed size, length of a
line, NUL bytes. Names inside a zip are only names here, nothing is ever unpacked to a path, and
still a name that climbs out of its folder is refused, because an honest packer never writes one.
"""

from __future__ import annotations

import codecs
import gzip
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, cast

from openets.formats.problems import Problem, listed, refusal

KILOBYTE = 2**10
MEGABYTE = 2**20
CHUNK = MEGABYTE
HEAD = 64 * KILOBYTE
TRIES = 1_000  # lines looked back for the end of a row
NAME_LENGTH = 60  # of a member's file name, in characters: no system takes less
ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
ZIP_END = b"PK\x05\x06"
GZIP_MAGIC = b"\x1f\x8b"
GZIP_MEMBER = b"\x1f\x8b\x08"
OLE_MAGIC = b"\xd0\xcf\x11\xe0"
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may unpack to. Honest files stay far below."""

    unpacked_bytes: int = 2_048 * MEGABYTE
    ratio: int = 150  # unpacked to packed; the public extracts stay below 40
    ratio_from_bytes: int = 8 * MEGABYTE  # below this a high ratio harms nobody
    line_bytes: int = MEGABYTE
    block_bytes: int = 8 * MEGABYTE  # of text that is held at a time
    gzip_members: int = 10_000
    members: int = 500
    directory_bytes: int = MEGABYTE


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Text:
    """The text of one file or zip member, in UTF-8, and what had to be mended to get it."""

    name: str
    text: bytes
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One file to read: a path on disk, or a member of the zip at that path."""

    path: Path
    member: str = ""

    @property
    def name(self) -> str:
        return f"{self.path.name}/{self.member}" if self.member else self.path.name


def container(path: Path) -> str:
    """How the file is packed, by its first bytes: plain, gzip, zip, workbook or old-workbook."""
    start = _first_bytes(path)
    if start.startswith(GZIP_MAGIC):
        return "gzip"
    if start.startswith(OLE_MAGIC):
        return "old-workbook"
    if not start.startswith(ZIP_MAGIC):
        return "plain"
    names = {name.lower() for name in member_names(path)}
    return "workbook" if "xl/workbook.xml" in names else "zip"


def parts_of(path: Path) -> list[Part]:
    """What there is to read in a file: itself, or every member of a zip."""
    if container(path) != "zip":
        return [Part(path)]
    return [Part(path, name) for name in member_names(path) if not name.endswith("/")]


def member_names(path: Path, limits: Limits = LIMITS) -> list[str]:
    """The names in a zip's directory, every one of them a plain relative path."""
    _check_directory(path, limits)
    with _reading(path.name), zipfile.ZipFile(path) as archive:
        names = [info.filename for info in archive.infolist()]
    if len(names) > limits.members:
        raise refusal(
            "formats.too-many-members",
            f"The zip holds {len(names):,} files; at most {limits.members} are opened.",
            path.name,
        )
    for name in names:
        _check_member_name(path.name, name)
    if len(set(names)) < len(names):
        raise refusal("formats.repeated-member", "The zip names a file twice.", path.name)
    return names


def stream(part: Part, limits: Limits = LIMITS) -> Generator[bytes]:
    """The bytes of a part in chunks of a megabyte, counted against the limits."""
    with _reading(part.name), _opened(part) as (source, packed_so_far):
        total = 0
        while chunk := source.read(CHUNK):
            total += len(chunk)
            if total > limits.unpacked_bytes:
                raise refusal(
                    "formats.too-large",
                    f"The file unpacks to more than {limits.unpacked_bytes // MEGABYTE} MB.",
                    part.name,
                )
            if total > limits.ratio_from_bytes and total > packed_so_far() * limits.ratio:
                raise refusal(
                    "formats.bomb",
                    f"The file unpacks to more than {limits.ratio} times its packed size, "
                    "which no honest file does.",
                    part.name,
                )
            yield chunk


def start_of(part: Part) -> bytes:
    """The first bytes of a part, whatever it is."""
    with closing(stream(part)) as chunks:
        return next(chunks, b"")[:HEAD]


def is_text(start: bytes) -> bool:
    """Whether a part begins as text does, and not as a workbook or picture does."""
    return start.startswith(UTF_16) or b"\0" not in start


@contextmanager
def unpacked(part: Part, limits: Limits) -> Iterator[Path]:
    """A packed part as a file of its own, for as long as it is read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / PurePosixPath(part.name).name[-NAME_LENGTH:]
        with path.open("wb") as file:
            for chunk in stream(part, limits):
                file.write(chunk)
        yield path


def text_stream(part: Part, limits: Limits = LIMITS) -> Iterator[bytes]:
    """As `stream`, for text: refuses NUL bytes and endless lines as soon as they come."""
    since_line_end = 0
    for chunk in _in_utf_8(part, stream(part, limits)):
        if b"\0" in chunk:
            raise refusal(
                "formats.nul-byte", "The file holds NUL bytes: it is not text.", part.name
            )
        if _longest_line(chunk, since_line_end) > limits.line_bytes:
            raise refusal(
                "formats.line-too-long",
                f"A line is longer than {limits.line_bytes // MEGABYTE} MB.",
                part.name,
            )
        last = chunk.rfind(b"\n")
        since_line_end = since_line_end + len(chunk) if last < 0 else len(chunk) - last - 1
        yield chunk


def head(part: Part) -> bytes:
    """The first bytes of a text part, enough to see what it is."""
    for chunk in text_stream(part):
        start = chunk[:HEAD].removeprefix(b"\xef\xbb\xbf")
        # XML may well stand in one line; a header may not.
        if len(chunk) > HEAD and b"\n" not in start and not start.lstrip().startswith(b"<"):
            raise refusal(
                "formats.line-too-long",
                f"The first line is longer than {HEAD // KILOBYTE} KB.",
                part.name,
            )
        return start
    return b""


def text_blocks(part: Part, limits: Limits = LIMITS) -> Iterator[Text]:
    """A text in UTF-8, in blocks of whole rows; no more than a block is held at a time.

    Stray bytes are read as Latin-1 and reported with their line.
    """
    pending, line = bytearray(), 1
    for chunk in text_stream(part, limits):
        pending += chunk if line > 1 or pending else chunk.removeprefix(codecs.BOM_UTF8)
        if len(pending) >= limits.block_bytes and (end := _end_of_rows(pending, limits)):
            text = _mended(part.name, bytes(pending[:end]), line)
            del pending[:end]
            line += text.text.count(b"\n")
            yield text
    if pending:
        yield _mended(part.name, bytes(pending), line)


def _end_of_rows(pending: bytearray, limits: Limits) -> int:
    """Where the last whole row ends: after a line break outside quotation marks, if there is one.

    A quotation mark that is never closed would keep all the rest in one row; it is not waited for.
    """
    end = pending.rfind(b"\n") + 1
    quotes = pending.count(b'"', 0, end)
    for _ in range(TRIES):
        if quotes % 2 == 0:
            return end
        before = pending.rfind(b"\n", 0, max(end - 1, 0)) + 1
        quotes -= pending.count(b'"', before, end)
        end = before
    return pending.rfind(b"\n") + 1 if len(pending) >= 2 * limits.block_bytes else 0


def _mended(name: str, raw: bytes, first_line: int) -> Text:
    """The text with every stray byte replaced, and the lines that had one."""
    if raw.isascii():
        return Text(name, raw)
    strays: list[int] = []

    def as_latin(error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeDecodeError)
        strays.append(error.start)
        return _latin(error.object[error.start : error.start + 1]), error.start + 1

    codecs.register_error("as-latin", as_latin)
    text = raw.decode("utf-8", "as-latin")
    if not strays:
        return Text(name, raw)
    rows = _lines_of(raw, strays, first_line)
    sentence = "The line holds bytes that are not UTF-8; they were read as Latin-1."
    problems = (
        Problem("formats.stray-bytes", sentence, name, row, row_left_out=False) for row in rows
    )
    return Text(name, text.encode(), tuple(listed(problems, len(rows))))


def _lines_of(raw: bytes, places: list[int], first_line: int) -> list[int]:
    """The numbers of the lines that hold these places, which come in order."""
    lines: list[int] = []
    line, before = first_line, 0
    for place in places:
        line, before = line + raw.count(b"\n", before, place), place
        if not lines or lines[-1] != line:
            lines.append(line)
    return lines


def _latin(byte: bytes) -> str:
    """A byte as Windows-1252 or Latin-1 has it."""
    try:
        return byte.decode("cp1252")
    except UnicodeDecodeError:
        return byte.decode("latin-1")


def _in_utf_8(part: Part, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks of a text that says by its first bytes that it is in UTF-16; others unchanged."""
    first = next(chunks, b"")
    if not first.startswith(UTF_16):
        yield first
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder("utf-16")()
    try:
        for chunk in chain([first], chunks):
            yield decoder.decode(chunk).encode()
        decoder.decode(b"", final=True)
    except UnicodeError as error:
        raise refusal("formats.damaged", f"The text is no UTF-16: {error}.", part.name) from error


def _longest_line(chunk: bytes, before: int) -> int:
    """Length of the longest line in a chunk of which `before` bytes came in earlier ones."""
    first = chunk.find(b"\n")
    return before + (len(chunk) if first < 0 else first)


def _check_directory(path: Path, limits: Limits) -> None:
    """Refuses a huge directory before anything reads it: a million names take long."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - HEAD - len(ZIP_END)))
        tail = file.read()
    end = tail.rfind(ZIP_END)
    if end >= 0 and int.from_bytes(tail[end + 12 : end + 16], "little") > limits.directory_bytes:
        raise refusal("formats.too-many-members", "The zip's directory is too large.", path.name)


def _check_gzip_members(part: Part) -> None:
    """Refuses thousands of gzip files in one: a million empty ones take long and give nothing."""
    with part.path.open("rb") as raw:
        members = sum(chunk.count(GZIP_MEMBER) for chunk in iter(lambda: raw.read(CHUNK), b""))
    if members > LIMITS.gzip_members:
        raise refusal("formats.too-many-members", "The gzip holds thousands of files.", part.name)


def _check_member_name(file: str, name: str) -> None:
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    escapes = posix.is_absolute() or windows.drive or windows.root
    if escapes or ".." in posix.parts or ".." in windows.parts:
        raise refusal(
            "formats.member-path",
            f"The zip names a file {name!r} outside its own folder.",
            file,
        )


def _first_bytes(path: Path) -> bytes:
    if path.is_dir():
        raise refusal("formats.no-file", "This is a folder, not a file.", path.name)
    try:
        with path.open("rb") as file:
            return file.read(8)
    except OSError as error:
        reason = error.strerror or "unknown error"
        raise refusal(
            "formats.no-file", f"The file cannot be opened: {reason}.", path.name
        ) from error


@contextmanager
def _opened(part: Part) -> Iterator[tuple[IO[bytes], Callable[[], int]]]:
    """The part's bytes, unpacked as they are read, and how many packed bytes that took so far."""
    if part.member:
        with zipfile.ZipFile(part.path) as archive:
            info = archive.getinfo(part.member)
            if info.flag_bits & 1:
                raise refusal("formats.encrypted", "The zip is protected by a password.", part.name)
            with archive.open(info) as source:
                unpacked, packed = info.file_size, max(info.compress_size, 1)
                is_gzip = cast("zipfile.ZipExtFile", source).peek(2).startswith(GZIP_MAGIC)
                inside = gzip.GzipFile(fileobj=source) if is_gzip else source
                # The archive's own figures: what comes out is cut off at the size it names.
                yield (
                    cast("IO[bytes]", inside),
                    lambda: packed * source.tell() // max(unpacked, 1),
                )
    elif _first_bytes(part.path).startswith(GZIP_MAGIC):
        _check_gzip_members(part)
        with part.path.open("rb") as raw, gzip.GzipFile(fileobj=raw) as unzipped:
            yield cast("IO[bytes]", unzipped), raw.tell
    else:
        with part.path.open("rb") as plain:
            yield plain, plain.tell


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Turns what the standard library says about a damaged archive into a refusal."""
    try:
        yield
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
        raise refusal(
            "formats.damaged", f"The file is damaged or cut short: {error}.", name
        ) from error
    except (KeyError, UnicodeError, RuntimeError, ValueError, OverflowError) as error:
        raise refusal("formats.damaged", f"The archive cannot be read: {error}.", name) from error
