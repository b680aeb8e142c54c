"""Reading law strictly: each thing that can be wrong, refused with its file and line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openets.kernel.money import Decimal
from openets.rulebook import load
from openets.rulebook.load import (
    BadRulebook,
    UnknownJurisdiction,
    check_folder,
    load_folder,
    load_rulebook,
)

GOOD = """\
penalty:
  title: A penalty
  unit: EUR per tonne
  values:
    - from: 2005
      until: 2008
      enacted: 2003-10-13
      value: 40
      source: { act: The Act, article: Article 1 }
      status: official
    - from: 2008
      enacted: 2003-10-13
      value: 100
      source: { act: The Act, article: Article 2 }
      status: derived
      note: A note.
"""

ITEM = """\
registry.account_types.holding:
  title: Holding account
  values:
    - from: 2005
      enacted: 2004-12-21
      value:
        name: Holding account
        eutl_code: "100-0"
        number_type: 100
        units: [allowance]
      source: { act: The Act, article: Annex }
      status: official
"""


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / "act").mkdir(exist_ok=True)
        (folder / "act" / f"{name}.yaml").write_text(text)
    return folder


def problems(folder: Path, **files: str) -> list[str]:
    with pytest.raises(BadRulebook) as caught:
        load_folder(write(folder, **files))
    return [str(problem) for problem in caught.value.problems]


def test_good_law_loads(tmp_path: Path) -> None:
    book = load_folder(write(tmp_path, subject=GOOD))
    assert book.paths() == ["penalty"]
    answer = book.ask("penalty", for_=2006)
    assert (answer.value, answer.until, answer.unit) == (40, date(2008, 1, 1), "EUR per tonne")
    assert str(answer.source) == "The Act, Article 1"
    assert book.ask("penalty", for_=2008).note == "A note."


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("status: official", "status: certain", 10, "penalty: status: input should be 'official'"),
        ("      status: official\n", "", 5, "penalty: status: field required."),
        ("      value: 40\n", "", 5, "penalty: value: field required."),
        ("      value: 40\n", "      value:\n", 8, "penalty: value: a value is missing"),
        ("from: 2005", "form: 2005", 5, "penalty: from: field required."),
        ("from: 2005", "from: 205", 5, "penalty: from: a year lies between"),
        ("from: 2005", "from: soon", 5, "penalty: from: write a year (2013) or a day"),
        ("from: 2005", "from: true", 5, "penalty: from: write a year (2013) or a day"),
        ("until: 2008", "until: 2005", 5, "penalty: Until 2005-01-01 is not after from"),
        ("2003-10-13", "2003", 7, "penalty: enacted: write a day (2013-01-01)."),
        ("2003-10-13", "2003-02-30", 5, "penalty: day is out of range for month."),
        ("article: Article 1 ", "article: '' ", 9, "penalty: source.article: string should"),
        ("act: The Act, article: Article 1", "act: A", 9, "source.article: field required."),
        ("note: A note.", "comment: A note.", 16, "penalty: comment: this key is unknown"),
        ("unit: EUR per tonne", "units: EUR", 3, "penalty has an unknown key units"),
        ("unit: EUR per tonne", "unit: [EUR]", 3, "The unit of penalty is text."),
        ("title: A penalty", "title:", 2, "The title of penalty is text."),
        ("value: 40", "value: !!float abc", 5, "penalty: abc is not a number"),
        ("  title: A penalty\n", "", 1, "penalty has no title in any file."),
        ("penalty:", "Pen alty:", 1, "'Pen alty' is not a path"),
        ("      value: 40", "      value: 40\n      value: 50", 9, "value stands here twice"),
        ("title: A", "title: [A", 3, "This is not YAML"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(
    tmp_path: Path, old: str, new: str, line: int, says: str
) -> None:
    found = problems(tmp_path, subject=GOOD.replace(old, new, 1))
    assert any(one.startswith(f"act/subject.yaml:{line}: ") and says in one for one in found), found


def test_everything_wrong_is_reported_at_once(tmp_path: Path) -> None:
    bad = GOOD.replace("official", "certain").replace("derived", "sure")
    found = problems(tmp_path, one=bad, two=bad.replace("penalty", "fine"))
    assert len(found) == 4
    assert {one.split(":")[0] for one in found} == {"act/one.yaml", "act/two.yaml"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "maps paths to parameters"),
        ("- a\n", "maps paths to parameters"),
        ("penalty: 40\n", "has a title, a unit and values"),
        ("penalty: { title: A }\n", "has no values here"),
        ("penalty: { title: A, values: [40] }\n", "A value of penalty has from"),
        ("penalty: { title: A, values: [] }\n", "has no values here"),
        ("a: 1\na: 2\n", "a stands here twice; it is also on line 1"),
        ("a: \x07\n", "This is not text"),
        ("a: &x [*x]\n", "named by an alias; law is written out"),
        ("a: &x 1\nb: *x\n", "named by an alias; law is written out"),
        ("a: *x\n", "This is not YAML"),
        ("a: !!set { b }\n", "Law has no tags"),
        ("a: !!python/none b\n", "Law has no tags"),
        ("[a]: b\n", "A key is a word"),
        ("a: { [b]: c }\n", "A key is a word"),
        ("a: " + "[" * 100_000, "nested more than 50 levels"),
        ("- " * 100_000, "nested more than 50 levels"),
        ("\n".join(" " * 4 * depth + "a:" for depth in range(60)), "nested more than 50 levels"),
    ],
)
def test_files_of_another_shape_are_refused(tmp_path: Path, text: str, says: str) -> None:
    assert any(says in one for one in problems(tmp_path, subject=text))


def test_a_file_under_another_ending_is_not_passed_over(tmp_path: Path) -> None:
    write(tmp_path, subject=GOOD)
    (tmp_path / "act" / "more.yml").write_text(GOOD)
    with pytest.raises(BadRulebook, match=r"more\.yml:1: This file is not read"):
        load_folder(tmp_path)


def test_a_file_that_cannot_be_read_is_not_blamed_on_others(tmp_path: Path) -> None:
    unit = ITEM.replace("account_types.holding", "unit_types.allowance")
    found = problems(tmp_path, holding=ITEM, unit=unit + "a: &x [*x]\n")
    assert found == ["act/unit.yaml:13: This is named by an alias; law is written out."]


def test_a_folder_without_law_is_refused(tmp_path: Path) -> None:
    assert "no law in this folder" in problems(tmp_path)[0]


def test_a_gap_is_refused(tmp_path: Path) -> None:
    found = problems(tmp_path, subject=GOOD.replace("until: 2008", "until: 2007"))
    assert found == [
        "act/subject.yaml:11: penalty has a gap: the value from 2005-01-01 ends on 2007-01-01, "
        "the next begins on 2008-01-01."
    ]


def test_an_overlap_is_refused(tmp_path: Path) -> None:
    found = problems(tmp_path, subject=GOOD.replace("until: 2008", "until: 2009"))
    assert len(found) == 1
    assert "has an overlap" in found[0]


def test_an_overlap_is_judged_by_the_law_of_its_time(tmp_path: Path) -> None:
    """Until the second act the first had no successor, so its end was no gap then or now."""
    later = GOOD.replace("2003-10-13\n      value: 100", "2007-01-01\n      value: 100")
    load_folder(write(tmp_path, subject=later))
    assert "overlap" in problems(tmp_path, subject=later.replace("until: 2008", "until: 2010"))[0]


def test_the_same_from_and_enacted_twice_is_refused(tmp_path: Path) -> None:
    found = problems(tmp_path, one=GOOD, two=GOOD)
    assert len(found) == 2
    assert all("the same from and enacted in act/one.yaml:" in one for one in found)


def test_values_of_several_acts_are_joined_by_path(tmp_path: Path) -> None:
    first, second = GOOD.split("    - from: 2008\n")
    head = "penalty:\n  values:\n    - from: 2008\n"
    book = load_folder(write(tmp_path, one=first, two=head + second))
    assert book.ask("penalty", for_=2010).value == 100
    assert book.ask("penalty", for_=2006).value == 40


def test_two_titles_for_one_parameter_are_refused(tmp_path: Path) -> None:
    first, second = GOOD.split("    - from: 2008\n")
    head = "penalty:\n  title: Another\n  values:\n    - from: 2008\n"
    found = problems(tmp_path, one=first, two=head + second)
    assert found == ["act/two.yaml:2: The title of penalty is another in act/one.yaml:2."]


def test_numbers_with_a_point_are_exact_and_words_stay_words(tmp_path: Path) -> None:
    text = GOOD.replace("value: 40", "value: 1.10").replace("value: 100", "value: { NO: 1_000 }")
    book = load_folder(write(tmp_path, subject=text))
    found = book.ask("penalty", for_=2005).value
    assert isinstance(found, Decimal)
    assert str(found) == "1.10"
    assert book.ask("penalty", for_=2008).value == {"NO": 1_000}


def test_values_cannot_be_changed(tmp_path: Path) -> None:
    text = GOOD.replace("value: 40", "value: { list: [1, 2] }")
    value = load_folder(write(tmp_path, subject=text)).ask("penalty", for_=2005).value
    assert value["list"] == (1, 2)
    with pytest.raises(TypeError):
        value["list"] = 3


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("number_type: 100", "number_type: '100'", "number_type: input should be a valid integer"),
        ("number_type: 100", "number_type: 1000", "number_type: input should be less than"),
        ("units: [allowance]", "units: allowance", "units: input should be a valid tuple"),
        ("        name: Holding account\n", "", "name: field required."),
        ("name: Holding", "colour: red\n        name: Holding", "colour: this key is unknown"),
        ("account_types.holding", "account_kinds.holding", "is no item the register knows"),
        ("holding:", "holding:", "names registry.unit_types.allowance, which is not defined"),
    ],
)
def test_items_of_the_register_have_a_shape(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert any(says in one for one in problems(tmp_path, subject=ITEM.replace(old, new, 1)))


def test_a_route_names_where_units_come_from_unless_they_are_created(tmp_path: Path) -> None:
    text = ITEM.replace("account_types.holding", "transaction_types.1-1")
    start, end = text.index("        eutl_code"), text.index("      source")
    routes = "        routes: [{ to: [holding] }]\n        units: [allowance]\n"
    found = problems(tmp_path, subject=text[:start] + routes + text[end:])
    assert "A route has `from`, unless the transaction creates units" in found[0]


def test_an_unknown_jurisdiction_lists_those_there_are() -> None:
    with pytest.raises(UnknownJurisdiction, match="no law for 'atlantis'; there is law for: cal"):
        load_rulebook("atlantis")
    assert load_rulebook("eu") is load_rulebook("eu")


def test_any_folder_can_be_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All law, a jurisdiction, one act of it, or law from elsewhere."""
    for folder in ("eu/one", "eu/two", "kyoto/act"):
        (tmp_path / "law" / folder).mkdir(parents=True)
    monkeypatch.setattr(load, "LAW", tmp_path / "law")
    one, two = (tmp_path / "law" / "eu" / act / "subject.yaml" for act in ("one", "two"))
    one.write_text(GOOD)
    two.write_text("penalty:\n  values:\n" + GOOD.split("  values:\n")[1].replace("20", "21"))
    (tmp_path / "law" / "kyoto" / "act" / "subject.yaml").write_text(GOOD)
    assert [book.jurisdiction for book in check_folder(tmp_path / "law")] == ["eu", "kyoto"]
    for folder in (tmp_path / "law" / "eu", one.parent, two.parent):
        assert [book.jurisdiction for book in check_folder(folder)] == ["eu"]
    one.write_text(GOOD.replace("official", "certain"))
    two.write_text(two.read_text().replace("derived", "sure"))
    with pytest.raises(BadRulebook) as caught:
        check_folder(two.parent)
    assert [problem.file for problem in caught.value.problems] == ["two/subject.yaml"]
    outside = write(tmp_path / "law" / "kyoto", subject=GOOD).rename(tmp_path / "mine")
    assert [book.jurisdiction for book in check_folder(outside)] == ["mine"]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_files_load_or_are_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever a slip of the hand does, the answer is a rulebook or a list of problems."""
    text = GOOD + ITEM
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 20)))
    damage = data.draw(st.text("ab:-[]{} \n'\"&*!|>%@,?#01", max_size=5))
    folder = tmp_path_factory.mktemp("law")
    try:
        load_folder(write(folder, subject=text[:start] + damage + text[end:]))
    except BadRulebook as error:
        assert error.problems
        assert all(problem.line >= 1 for problem in error.problems)
