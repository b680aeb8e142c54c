"""A workbook's cells as lines of text, read in a process that may take so much memory and no more.

A few kilobytes of workbook can name one long text in a million cells, or two cells in opposite
corners, and the reading library would hold all of it. So it runs alone: this file, given a path,
writes a line of JSON for each sheet's name and one for each row, and is ended by the system when it
wants more memory than an honest workbook needs.
"""

from __future__ import annotations

import contextlib
import datetime
import faulthandler
import json
import sys
from decimal import Decimal
from typing import TextIO

from python_calamine import CalamineError, CalamineWorkbook

MEMORY = 320 * 2**20  # of its own; the largest published workbook takes half of it
SECONDS = 30  # for a sheet; the largest published one takes two
UNREADABLE = 3  # exit code


def write_rows(path: str, out: TextIO) -> None:
    """Writes every sheet: its name as a JSON text, then each row as a JSON list of texts."""
    with CalamineWorkbook.from_path(path) as book:
        for name in book.sheet_names:
            limit_time()
            sheet = book.get_sheet_by_name(name)
            out.write(json.dumps(name) + "\n")
            for row in sheet.to_python(skip_empty_area=False):
                out.write(json.dumps([as_text(cell) for cell in row]) + "\n")


def as_text(cell: object) -> str:
    """A cell as the text a person sees: whole numbers without a point, days in ISO form."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else format(Decimal(repr(cell)), "f")
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    return str(cell)


def limit_memory() -> None:
    """Holds this process to `MEMORY`, where the system can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_time() -> None:
    """Ends this process if a sheet takes too long, which also happens when memory is refused."""
    faulthandler.dump_traceback_later(SECONDS, exit=True)


def main() -> int:
    limit_memory()
    limit_time()
    try:
        write_rows(sys.argv[1], sys.stdout)
    except (CalamineError, ValueError, OSError) as error:
        sys.stderr.write(str(error).splitlines()[0] if str(error) else "unknown error")
        return UNREADABLE
    except BaseException as error:
        # The library's own panics are no Exception; want of memory and all else goes its way.
        if type(error).__name__ != "PanicException":
            raise
        sys.stderr.write(str(error))
        return UNREADABLE
    return 0


if __name__ == "__main__":
    sys.exit(main())
