"""The digest both books adopt: all that has legal effect, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from openets.rulebook.load import LAW, load_folder, load_rulebook

FILE = Path("regulation-2019-1122") / "statuses.yaml"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the law one may scribble in."""
    return Path(shutil.copytree(LAW / "eu", tmp_path / "eu"))


def test_it_is_a_sha256_and_stays(copy: Path) -> None:
    assert len(load_rulebook("eu").digest) == 32
    assert load_folder(copy).digest == load_rulebook("eu").digest


def test_files_comments_titles_and_notes_do_not_count(copy: Path) -> None:
    text = (copy / FILE).read_text()
    assert "note: Never opened again." in text
    (copy / FILE).unlink()
    (copy / "another-act").mkdir()
    text = text.replace("note: Never opened again.", "note: Never.  # a comment")
    (copy / "another-act" / "z.yaml").write_text(text)
    assert load_folder(copy).digest == load_rulebook("eu").digest


def test_the_order_in_a_file_does_not_count(copy: Path) -> None:
    parts = (copy / FILE).read_text().split("\n\n")
    (copy / FILE).write_text("\n\n".join(reversed(parts)))
    assert load_folder(copy).digest == load_rulebook("eu").digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sends: [10-2]", "sends: []"),
        ("from: 2021", "from: 2021-01-02"),
        ("enacted: 2019-03-12", "enacted: 2019-03-13"),
        ("article: Article 9", "article: Article 10"),
        ("status: official", "status: derived"),
        ("name: Closed", "name: Shut"),
    ],
)
def test_everything_else_counts(copy: Path, old: str, new: str) -> None:
    text = (copy / FILE).read_text()
    assert old in text
    (copy / FILE).write_text(text.replace(old, new, 1))
    assert load_folder(copy).digest != load_rulebook("eu").digest


def test_a_decimal_and_a_text_of_the_same_digits_differ(copy: Path) -> None:
    file = copy / "directive-2018-410" / "linear-reduction-factor.yaml"
    file.write_text(file.read_text().replace("value: 2.2", 'value: "2.2"'))
    assert load_folder(copy).digest != load_rulebook("eu").digest
