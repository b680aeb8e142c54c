"""The pages of the manual: every value is on them, with its article, and doubt is listed."""

from __future__ import annotations

from pathlib import Path

import pytest

from openets.rulebook.explain import write_value
from openets.rulebook.load import jurisdictions, load_folder, load_rulebook
from openets.rulebook.pages import count_by_status, pages


def test_a_page_for_each_first_word_an_index_and_the_doubts(tiny: Path) -> None:
    book = load_folder(tiny)
    made = pages(book)
    assert list(made) == ["caps.md", "index.md", "penalty.md", "status.md"]
    assert book.digest.hex() in made["index.md"]
    assert all(text.endswith("\n") for text in made.values())


def test_a_page_shows_the_history_of_each_parameter(tiny: Path) -> None:
    caps = pages(load_folder(tiny))["caps.md"].splitlines()
    assert "## `caps.union`" in caps
    assert "The cap \\| of the Union (allowances)" in caps
    assert (
        "| 2014-01-01 |  | 900,000 | The Act, Article 9 | derived | 2009-04-23 | 2013-06-01 |"
        in caps
    )
    assert "- From 2014-01-01, enacted 2013-06-01: Read in &lt;one> place only." in caps
    row = next(line for line in caps if line.startswith("| 2015-01-01 "))
    assert "intake: 12.0; members: NO, CH" in row


def test_values_are_counted_by_status_and_the_unconfirmed_are_listed(tiny: Path) -> None:
    book = load_folder(tiny)
    counts = {"official": 3, "derived": 1, "secondary": 1, "unconfirmed": 1}
    assert count_by_status(book) == counts
    made = pages(book)
    assert "| [caps](caps.md) | 2 | 4 | 1 | 1 | 1 | 1 |" in made["index.md"]
    status = made["status.md"].splitlines()
    assert "| official | read in an official text | 3 |" in status
    listed = [line for line in status if line.startswith("| `")]
    assert len(listed) == 1
    assert "| `caps.union` | 2014-01-01 | 800,000 | The Reform, Article 1 | Read in" in listed[0]


def test_a_rulebook_without_doubt_says_so(tiny: Path) -> None:
    file = tiny / "act" / "law.yaml"
    file.write_text(file.read_text().replace("unconfirmed", "official"))
    assert pages(load_folder(tiny))["status.md"].endswith("## Unconfirmed\n\nNone.\n")


def test_a_path_that_would_hide_the_index_is_refused(tiny: Path) -> None:
    file = tiny / "act" / "law.yaml"
    file.write_text(file.read_text().replace("penalty:", "index.penalty:"))
    with pytest.raises(ValueError, match=r"would hide index\.md"):
        pages(load_folder(tiny))


def test_every_value_of_the_law_is_on_a_page() -> None:
    book = load_rulebook("eu")
    made = pages(book)
    for path in book.paths():
        page = made[f"{path.split('.')[0]}.md"]
        section = page.split(f"## `{path}`\n")[1].split("\n## `")[0]
        for value in book.parameter(path).values:
            said = write_value(value.value).replace("|", "\\|")
            start = f"| {value.from_} | {value.until or ''} | {said} | {value.source} |"
            assert f"{start} {value.status} | {value.enacted} |" in section


@pytest.mark.parametrize("jurisdiction", jurisdictions())
def test_the_committed_pages_are_fresh(jurisdiction: str) -> None:
    """`make law` writes them."""
    folder = Path(__file__).parents[2] / "docs" / "law" / jurisdiction
    committed = {file.name: file.read_text() for file in folder.iterdir()}
    assert committed == pages(load_rulebook(jurisdiction))
