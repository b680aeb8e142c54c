"""Every notebook in examples/ runs, cell by cell, in a fresh process and an empty folder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SAID = {
    "eighteen-years.ipynb": [
        "most too long in 2012",
        "2024, by the law of 2018: 2.2 % a year",
        "2024, by today's law:     4.3 % a year",
        "merged with 9 operator-years",
        "both books say what was published: True",
        "│ B        ┆ 1   │",
    ]
}


def cells(notebook: Path) -> list[str]:
    found = json.loads(notebook.read_text())["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == "code"]


def test_there_are_notebooks_and_each_is_expected_to_say_something() -> None:
    assert {path.name for path in EXAMPLES.glob("*.ipynb")} == SAID.keys()


@pytest.mark.parametrize("name", SAID)
def test_a_notebook_runs(name: str, tmp_path: Path) -> None:
    script = tmp_path / "notebook.py"
    script.write_text("\n\n".join(cells(EXAMPLES / name)))
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for sentence in SAID[name]:
        assert sentence in done.stdout


@pytest.mark.parametrize("name", SAID)
def test_a_notebook_is_kept_without_outputs(name: str) -> None:
    for cell in json.loads((EXAMPLES / name).read_text())["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
