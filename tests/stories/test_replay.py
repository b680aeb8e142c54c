"""An analyst replays a published file: both books add up to it, whatever the market had to do."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.stories.command_line import rows_as_csv, run, say

HEADER = (
    "operator_key,registry,operator_id,account_id,activity_code,year,ets_phase,allocation_total,"
    "allocation_10a,allocation_ner,allocation_10c_or_3f,verified_emissions,verified_status,"
    "units_surrendered,surrendered_allowances,cumulative_surrendered_units,cumulative_verified,"
    "compliance_code,units_surrendered_filled_from_2021,source"
)


def line(key: str, year: int, free: str, verified: str, surrendered: str) -> str:
    registry, _, identifier = key.partition("_")
    cells = [key, registry, identifier, "", "20", str(year), "", free, free, "", "", verified]
    return ",".join([*cells, "", surrendered, surrendered, "", "", "A", "0", "test"])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "merged.csv"
    lines = [HEADER]
    for year in (2005, 2006, 2007):
        lines.append(line("AT_1", year, "100", "150", "150"))  # short every year
        lines.append(line("AT_2", year, "300", "200", ""))  # surrender not published
        lines.append(line("SI_7", year, "50", "80", "60" if year == 2005 else "90"))  # slips
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_file_is_replayed_to_the_tonne(file: Path, tmp_path: Path) -> None:
    out = run("replay", file, store=tmp_path / "replay")
    assert "9 operator-years" in out
    assert "none differs" in out
    assert "query tables = a new fold of the journal" in out
    again = say("replay", file, store=tmp_path / "replay")
    assert (again.code, "A finished replay exists already" in again.error) == (2, True)


def test_what_was_assumed_is_not_said_to_be_published(file: Path, tmp_path: Path) -> None:
    out = run("replay", file, store=tmp_path / "replay")
    assert "The files as published and as played" in out
    assert "invented" not in out
    rows = out.splitlines()
    at = next(number for number, row in enumerate(rows) if row.startswith("2005"))
    assert rows[at + 2].split()[:4] == ["surrendered", "210", "410", "0"]
    assert rows[at + 3].split()[:3] == ["+", "assumed", "200"]
    store = tmp_path / "replay"
    row = next(one for one in rows_as_csv("totals", store=store) if one["measure"] == "surrendered")
    numbers = ("published", "assumed", "ledger", "log", "difference")
    assert [row[name] for name in numbers] == ["210", "200", "410", "410", "0"]
    assert "+ assumed" in run("totals", store=store)


def test_where_no_surrender_is_published_nothing_is_said_of_compliance(tmp_path: Path) -> None:
    path = tmp_path / "merged.csv"
    path.write_text("\n".join([HEADER, line("AT_1", 2006, "100", "150", "")]) + "\n")
    out = run("replay", path, store=tmp_path / "replay")
    assert "No surrender is published: nothing is said of compliance." in out
    assert "units missing" not in out
    assert "none differs" in out


def test_totals_are_of_a_demonstration_or_a_finished_replay(file: Path, tmp_path: Path) -> None:
    run("replay", file, store=tmp_path / "replay")
    (tmp_path / "replay" / "figures.csv").unlink()
    said = say("totals", store=tmp_path / "replay")
    assert (said.code, said.out) == (2, "")
    assert "neither a demonstration nor a finished replay" in said.error


def test_an_interrupted_replay_goes_on_with_the_same_files_only(file: Path, tmp_path: Path) -> None:
    store = tmp_path / "replay"
    said = run("replay", file, store=store).splitlines()
    records = next(line for line in said if " records, " in line)
    state = store / "replay.json"
    state.write_text(state.read_text().replace("true", "false"))  # as if it had just been killed
    other = tmp_path / "other.csv"
    other.write_text(file.read_text().replace("AT_1", "AT_8"))
    refused = say("replay", other, store=store)
    assert (refused.code, "was begun with other files" in refused.error) == (2, True)
    again = run("replay", file, store=store)
    assert "none differs" in again
    assert records in again


def test_a_store_that_was_only_begun_is_made_anew(file: Path, tmp_path: Path) -> None:
    store = tmp_path / "replay"
    (store / "registry").mkdir(parents=True)
    (store / "replay.json").write_text("{}")
    assert "none differs" in run("replay", file, store=store)


def test_a_folder_with_other_things_is_left_alone(file: Path, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "one.txt").write_text("mine")
    said = say("replay", file, store=tmp_path / "letters")
    assert (said.code, "choose another folder" in said.error) == (2, True)
    assert [path.name for path in (tmp_path / "letters").iterdir()] == ["one.txt"]


def test_published_symbols_are_held_against_computed_ones(file: Path, tmp_path: Path) -> None:
    out = run("replay", file, store=tmp_path / "replay")
    # SI_7 surrendered 60 for 80 in 2005, then 90 a year: it has caught up in 2007.
    assert "7 of 9 symbols A, B and C agree" in out
    with (tmp_path / "replay" / "symbols.csv").open() as written:
        first, second = csv.DictReader(written)
    assert (first["operator"], first["year"], second["year"]) == ("SI_7", "2005", "2006")
    assert (first["published"], first["computed"], first["figure"]) == ("A", "B", "-20")
    assert second["reason"] == "by the published sums 10 units are missing"


def test_a_file_without_operators_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_text("a,b\n1,2\n")
    assert say("replay", path, store=tmp_path / "replay").code == 2
    assert not (tmp_path / "replay").exists()


def test_a_year_given_twice_is_refused(file: Path, tmp_path: Path) -> None:
    said = say("replay", file, file, store=tmp_path / "replay")
    assert (said.code, "twice" in said.error) == (2, True)
    assert not (tmp_path / "replay").exists()


COMPLIANCE = """\
installation_id,year,reportedInSystem_id,compliance_id,allocatedFree,allocatedNewEntrance,\
allocatedTotal,allocated10c,verified,verifiedCummulative,verifiedUpdated,surrendered,\
surrenderedCummulative
AT_1,2019,euets,A,100,,100,,150,150,False,150,150
AT_200,2019,euets,A,10,,10,,20,20,False,20,20
AT_200,2020,chets,A,3,,3,,8,8,False,,
AT_1,2030,euets,,,,,,,,,,
"""
INSTALLATION = """\
id,name,registry_id,activity_id,eprtrID,parentCompany,permitID,addressMain,city,country_id
AT_1,Kalk N\u00f6rd,AT,30,,,P-1,,,AT
AT_200,Wings,AT,10,,,P-2,,,AT
"""


def test_compliance_is_played_with_the_list_that_tells_what_operators_do(tmp_path: Path) -> None:
    compliance, installation = tmp_path / "compliance.csv", tmp_path / "installation.csv"
    compliance.write_text(COMPLIANCE)
    # A byte that is no UTF-8 is read all the same, and keeps nothing from being played.
    installation.write_bytes(INSTALLATION.encode("latin-1"))
    alone = say("replay", compliance, store=tmp_path / "replay")
    assert alone.code == 2
    assert "2 of compliance.csv are of operators whose activity no file tells" in alone.error
    out = run("replay", compliance, installation, store=tmp_path / "replay")
    assert "2 operator-years in" in out
    assert "1 operator-years are left out: of the system chets" in out
    assert "1 operator-years are left out: outside 2005-2022" in out
    assert "none differs" in out


def test_the_daily_extract_is_played_without_the_swiss_rows(tmp_path: Path) -> None:
    years, operators = tmp_path / "years.csv", tmp_path / "operators.csv"
    years.write_text(
        "REGISTRY_CODE,INSTALLATION_IDENTIFIER,PERIOD_YEAR,VERIFIED_EMISSIONS,"
        "CH_VERIFIED_EMISSIONS,ALLOCATION,EXCLUDED,SURR_EUA,SURR_ALL\n"
        "AT,200,2021,50,8,10,N,58,58\n"
    )
    operators.write_text(
        "REGISTRY_CODE,INSTALLATION_IDENTIFIER,INSTALLATION_NAME,ACTIVITY_TYPE_CODE,"
        "PERMIT_IDENTIFIER,YEAR_OF_FIRST_EMISSIONS,YEAR_OF_LAST_EMISSIONS\n"
        "AT,200,Wings,10,P-2,2012,-1\n"
    )
    out = run("replay", years, operators, store=tmp_path / "replay")
    assert "left out: of the system chets" in out
    assert "none differs" in out
