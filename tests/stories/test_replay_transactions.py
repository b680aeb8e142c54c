"""An analyst posts published transaction blocks themselves; the books hold what was published."""

from __future__ import annotations

from pathlib import Path

import pytest

from openets.rulebook.load import load_rulebook
from openets.world.blocks import Plan, plan_blocks, read_blocks
from tests.stories.command_line import run, say

HEADER = (
    "id,transactionID,tradingSystem_id,date,transactionTypeMain_id,transactionTypeSupplementary_id,"
    "transferringAccount_id,acquiringAccount_id,unitType_id,project_id,amount"
)
LINES = (
    # created, allocated, sold on, surrendered; and once more given than received
    "1,AT1,euets,2005-03-01 09:00:00,1,51,,1,EUA2005,,1000",
    "2,AT2,euets,2005-03-02 09:00:00,10,53,1,2,EUA2005,,600",
    "3,AT2,euets,2005-03-02 09:00:00,10,53,1,3,EUA2005,,400",
    "4,AT3,euets,2005-05-02 09:00:00,10,0,3,2,EUA2005,,100",
    "5,AT4,euets,2006-04-30 09:00:00,10,2,2,9,EUA2005,,700",
    "6,AT5,euets,2006-05-30 09:00:00,10,92,9,2,EUA2005,,700",
    "7,AT6,euets,2006-06-30 09:00:00,10,2,2,9,EUA2005,,690",
    "8,AT7,euets,2006-07-30 09:00:00,10,0,4,3,EUA2005,,55",
    # what the law of the day, or the rulebook, has no room for
    "9,AT8,euets,2006-08-01 09:00:00,10,36,1,2,EUA2005,,5",
    "10,AT8,euets,2006-08-01 09:00:00,10,0,1,2,EUA1066,,5",
    "11,QQ8,euets,2006-08-01 09:00:00,10,0,70,71,EUA2005,,5",
    "12,AT9,euets,2006-08-01 09:00:00,10,0,,3,EUA2005,,5",
    "13,AT9,euets,2006-08-01 09:00:00,10,0,3,3,EUA2005,,5",
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "transaction.csv"
    path.write_text("\n".join([HEADER, *LINES]) + "\n")
    return path


def plan(*files: Path) -> Plan:
    return plan_blocks(*read_blocks(files), load_rulebook("eu"))


def test_types_of_accounts_follow_from_what_they_did(file: Path) -> None:
    found = {party.number: party.type for party in plan(file).accounts}
    assert found["1"] == "party-holding"
    assert found["2"] == "operator-holding"  # it was allocated to, and surrendered
    assert found["9"] in ("party-holding", "retirement")
    assert found["4"] == "operator-holding"  # the likeliest that may send by 10-0


def test_a_list_of_accounts_decides_registry_and_type(file: Path, tmp_path: Path) -> None:
    accounts = tmp_path / "account.csv"
    accounts.write_text(
        "id,accountIDTransactions,name,registry_id,accountHolder_id,accountType_id,isOpen,"
        "openingDate,closingDate,commitmentPeriod,companyRegistrationNumber,installation_id\n"
        "4,8,A trader,SI,1,121-0,True,2005-01-01,,,,\n"
    )
    trader = next(party for party in plan(file, accounts).accounts if party.number == "4")
    assert (trader.registry, trader.type) == ("SI", "person-holding")


def test_what_is_not_received_is_brought_in_and_nothing_more(file: Path) -> None:
    found = plan(file)
    assert {found.accounts[at].number: units for (at, _), units in found.missing.items()} == {
        "4": 55
    }


def test_what_the_law_has_no_room_for_is_left_out_with_its_reason(file: Path) -> None:
    found = plan(file)
    assert (found.rows, len(found.moves)) == (13, 8)
    assert found.left_out == {
        "no transaction type 10-36 in the law of its day": 1,
        "no unit EUA1066 in the rulebook": 1,
        "an account is not named, or is of no registry the rulebook knows": 2,
        "10-0 from an account to itself": 1,
    }


def test_what_nobody_can_have_is_left_out_with_what_came_of_it(tmp_path: Path) -> None:
    lines = (
        "1,EU1,euets,2014-03-02 09:00:00,10,0,1,2,EUA2005,,600",
        "2,EU1,euets,2014-03-03 09:00:00,10,0,2,3,EUA2005,,600",
    )
    path = tmp_path / "transaction.csv"
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    found = plan(path)
    assert not found.moves
    assert sum(found.left_out.values()) == found.rows == 2


def test_blocks_are_posted_and_both_books_hold_their_sums(file: Path, tmp_path: Path) -> None:
    out = run("replay", "--transactions", file, store=tmp_path / "replay")
    assert "8 of 13 blocks" in out
    assert "55 units are brought in beforehand" in out
    assert "6 sums of year and type; 0 differ." in out
    assert "refused" not in out
    assert "query tables = a new fold of the journal" in out
    line = next(line for line in out.splitlines() if line.split()[:2] == ["2006", "10-2"])
    assert line.split()[2:] == ["2", "1,390", "1,390", "1,390", "0"]


def test_an_interrupted_replay_of_blocks_goes_on(file: Path, tmp_path: Path) -> None:
    store = tmp_path / "replay"
    run("replay", "--transactions", file, store=store)
    state = store / "replay.json"
    state.write_text(state.read_text().replace("true", "false"))  # as if it had just been killed
    again = run("replay", "--transactions", file, store=store)
    assert "6 sums of year and type; 0 differ." in again


def test_files_without_blocks_and_blocks_given_twice_are_refused(
    file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.csv"
    other.write_text(file.read_text())
    for files, reason in (
        ([file, other], "13 blocks stand in the files twice"),
        ([tmp_path / "compliance.csv"], "replay.no-transactions: compliance.csv is"),
    ):
        (tmp_path / "compliance.csv").write_text(
            "installation_id,year,reportedInSystem_id,compliance_id,allocatedFree,"
            "allocatedNewEntrance,allocatedTotal,allocated10c,verified,verifiedCummulative,"
            "verifiedUpdated,surrendered,surrenderedCummulative\n"
            "AT_1,2005,euets,A,1,,1,,1,1,False,1,1\n"
        )
        said = say("replay", "--transactions", *files, store=tmp_path / "replay")
        assert (said.code, reason in said.error) == (2, True)
        assert not (tmp_path / "replay").exists()


UNION = (
    "TRANSACTION_ID,TRANSACTION_TYPE,TRANSACTION_DATE,TRANSACTION_STATUS,UNIT_TYPE_DESCRIPTION,"
    "ORIGINATING_REGISTRY,AMOUNT,TRANSFERRING_REGISTRY_NAME,TRANSFERRING_ACCOUNT_IDENTIFIER,"
    "ACQUIRING_REGISTRY_NAME,ACQUIRING_ACCOUNT_IDENTIFIER"
)
BLOCK = "EU{},10-0,2014-04-01 10:00:00,Completed,EU General Allowances (EUA),European Commission"


def test_the_extract_of_the_union_registry_names_registries_and_units(tmp_path: Path) -> None:
    """Its account numbers repeat across registries, and a block has no number of its own."""
    file, accounts = tmp_path / "transactions.csv", tmp_path / "accounts.csv"
    rows = (
        BLOCK.format(1) + ",90,Austria ,7,Slovenia  ,7",
        BLOCK.format(1) + ",90,Austria ,7,Slovenia  ,7",
    )
    file.write_text("\n".join([UNION, *rows]) + "\n")
    accounts.write_text(
        "ACCOUNT_IDENTIFIER,REGISTRY_CODE,ACCOUNT_NAME,ACCOUNT_TYPE,OPEN_DATE,END_OF_VALIDITY_DATE\n"
        "7,AT,A works,Operator Holding Account,2013-01-01,9999-12-31\n"
        "7,SI,A trader,Trading Account,2013-01-01,9999-12-31\n"
    )
    found = plan(file, accounts)
    assert (len(found.moves), found.left_out) == (2, {})
    parties = [(party.registry, party.number, party.type) for party in found.accounts[:2]]
    assert parties == [("AT", "7", "operator-holding"), ("SI", "7", "trading")]
    out = run("replay", "--transactions", file, accounts, store=tmp_path / "replay")
    assert "1 sums of year and type; 0 differ." in out
