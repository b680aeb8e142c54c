"""Tests about the code itself: sizes, docstrings, READMEs, numbers of law, forbidden words.

They read the files git knows, or every file where there is no git, and run nothing of them.
"""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES_PER_FILE = 600
LINES_PER_FUNCTION = 70

# Years of law, prices and quantities have no place in code; these plain numbers have.
COUNTING_NUMBERS = 1_000  # below this a number counts bytes, rows or columns
POWERS = {10**power for power in range(3, 19)} | {2**power for power in range(10, 65)}
UNITS_OF_TIME = {86_400, 86_400_000_000, 1_970}
RANGES_OF_YEARS = {1_990, 2_999}  # what a year may be at all (`openets.kernel.acts`)
SIZES = {5_000, 20_000, 1_500}  # records per batch and stretch, batch sizes
PORTS = {8_000, 65_535}  # where `openets serve` listens


def tracked(pattern: str) -> list[Path]:
    """Files of the project that match, as git lists them (new ones included)."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = listed.stdout.split("\n") if listed.returncode == 0 else []
    paths = [ROOT / name for name in names if name] or sorted(ROOT.glob("**/" + pattern))
    return [path for path in paths if path.is_file() and ".venv" not in path.parts]


PYTHON = tracked("*.py")
PRODUCT = [path for path in PYTHON if path.is_relative_to(ROOT / "openets")]
NAMES = [str(path.relative_to(ROOT)) for path in PYTHON]


def test_there_is_something_to_read() -> None:
    assert len(PRODUCT) > 30


@pytest.mark.parametrize("path", PYTHON, ids=NAMES)
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= LINES_PER_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            assert length <= LINES_PER_FUNCTION, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", PRODUCT, ids=[str(path.relative_to(ROOT)) for path in PRODUCT])
def test_modules_open_with_what_and_why(path: Path) -> None:
    text = path.read_text()
    if not text.strip():
        assert path.name == "__init__.py", "an empty file serves nobody"
        return
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring, "a module opens with a paragraph"
    assert len(docstring) > 40


@pytest.mark.parametrize(
    "folder",
    sorted({path.parent for path in PRODUCT}),
    ids=lambda folder: str(folder.relative_to(ROOT)),
)
def test_every_folder_has_its_page(folder: Path) -> None:
    assert (folder / "README.md").exists()


def test_no_number_of_law_in_code() -> None:
    allowed = POWERS | UNITS_OF_TIME | RANGES_OF_YEARS | SIZES | PORTS
    found = []
    for path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and type(node.value) in (int, float):
                value = node.value
                if isinstance(value, float) and "simulation" not in path.parts:
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno} {value} (a float)")
                elif abs(value) >= COUNTING_NUMBERS and value not in allowed:
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno} {value}")
    assert not found, "\n".join(found)


def test_no_jurisdiction_in_code() -> None:
    """Kernel, ledger and log run any jurisdiction: its name appears in data only."""
    words = re.compile(r"""["'](eu|EU|uk|GB|UK)["']""")
    rooms = ("kernel", "storage", "rulebook", "ledger", "translog")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in PRODUCT
        if path.relative_to(ROOT / "openets").parts[0] in rooms
        for number, line in enumerate(path.read_text().split("\n"), 1)
        if words.search(line)
    ]
    assert not found, "\n".join(found)


def test_no_path_of_a_machine_and_no_host_of_a_registry() -> None:
    words = re.compile(r"/work/|/root/|/home/\w|files\.pythonhosted|pypi\.org|registry\.npmjs")
    found = []
    for path in tracked("*"):
        if path == Path(__file__) or path.suffix in {".png", ".gz", ".sqlite3"}:
            continue
        for number, line in enumerate(path.read_text(errors="replace").split("\n"), 1):
            if words.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number} {line.strip()[:80]}")
    assert not found, "\n".join(found)


def test_every_refusal_code_is_unique_to_its_room_and_documented() -> None:
    """A code starts with its room; the same code always comes from the same room."""
    code = re.compile(r'"((?:ledger|log|law|account-number|money)\.[a-z-]+)"')
    rooms: dict[str, set[str]] = {}
    for path in PRODUCT:
        for found in code.findall(path.read_text()):
            rooms.setdefault(found, set()).add(path.relative_to(ROOT / "openets").parts[0])
    assert rooms
    assert not {found: where for found, where in rooms.items() if len(where) > 1}
