"""Every command of the program, typed by a person: what it says, and what it says to nonsense.

A listing shows the same rows as a table, as JSON and as CSV. Whatever cannot be done is a sentence
on standard error and exit code 2, never a traceback (`say` fails where an exception escapes).
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import typer

from openets.interfaces.cli.main import app
from openets.kernel.acts import AccountOpened
from openets.kernel.records import Leg
from openets.ledger.store import open_store, open_writer
from openets.translog.client import connect_log, open_local_log, start_log
from tests.small_world import CAP_RECORD, FIRST, PARTY, SECOND, act, make_store, move, opening
from tests.stories.command_line import RECORDS, officers, rows_as_csv, rows_as_json, run, say

ACCOUNT = 12
FULL_NUMBER = "AT-120-12-0-3"
SECONDS = 60
EXAMPLE = Path(__file__).parents[2] / "examples" / "installations.yaml"
Words = tuple[str | int | Path, ...]


def test_an_account_by_its_short_and_its_full_number(played: Path) -> None:
    said = run("account", "show", ACCOUNT, store=played)
    assert said.startswith(f"{FULL_NUMBER}  operator-holding, open\n")
    assert "registry AT, operator AT-000004, opened 2005-01-15 10:00" in said
    assert run("account", "show", FULL_NUMBER, store=played) == said


@pytest.mark.parametrize(
    "words",
    [
        ("account", "show", ACCOUNT),
        ("account", "statement", ACCOUNT),
        ("totals",),
        ("law", "list", "penalties.excess"),
    ],
    ids=lambda words: " ".join(map(str, words)),
)
def test_table_json_and_csv_are_the_same_rows(played: Path, words: Words) -> None:
    store = played if words[0] != "law" else None
    objects = rows_as_json(*words, store=store)
    rows = rows_as_csv(*words, store=store)
    assert objects
    assert [{name: str(cell) for name, cell in row.items()} for row in objects] == rows
    table = re.sub(r"\s+", "", run(*words, store=store))
    for row in objects:
        for cell in row.values():
            shown = f"{cell:,}" if isinstance(cell, int) and words[0] != "totals" else str(cell)
            if words[0] != "totals":  # whose table is laid out for the eye
                assert shown.replace(" ", "") in table


def test_an_account_goes_by_its_operator_too(played: Path) -> None:
    by_number = run("account", "show", ACCOUNT, store=played)
    found = re.search(r"operator ([^ ,]+),", by_number)
    assert found is not None
    assert run("account", "show", found[1], store=played) == by_number
    said = say("account", "show", "nobody", store=played)
    assert (said.code, said.out) == (2, "")
    assert "no operator of that code" in said.error


def test_an_operator_with_several_accounts_is_asked_which(tmp_path: Path) -> None:
    store = make_store(tmp_path / "small")
    log = open_local_log(store.log_directory)
    with closing(open_writer(store, log)) as writer:
        opened = [
            act(AccountOpened(number=number, registry="AT", type=type_, operator="AT-7"), number)
            for number, type_ in ((21, "operator-holding"), (22, "person-holding"))
        ]
        assert all(outcome.completed for outcome in writer.post(opened))
    log.stop()
    run("restore", "query", store=store.directory)
    said = say("account", "show", "AT-7", store=store.directory)
    assert (said.code, said.out) == (2, "")
    assert "AT-7 has the accounts 21, 22; name one of them." in said.error


def test_the_balances_of_a_statement_lead_to_the_holdings(played: Path) -> None:
    balances: dict[tuple[str, str], int] = {}
    for row in rows_as_json("account", "statement", ACCOUNT, store=played):
        kind = (row["unit"], row["origin"])
        balances[kind] = balances.get(kind, 0) + row["quantity"]
        assert row["balance"] == balances[kind]
    held = rows_as_json("account", "show", ACCOUNT, store=played)
    assert {(row["unit"], row["origin"]): row["quantity"] for row in held} == {
        kind: quantity for kind, quantity in balances.items() if quantity
    }
    said = run("account", "statement", ACCOUNT, store=played)
    assert "10-2 Surrender of allowances" in said


def test_a_transaction_and_an_act(played: Path) -> None:
    moved = rows_as_json("account", "statement", ACCOUNT, store=played)[0]
    number = int(moved["record"])
    (found,) = rows_as_json("transaction", "show", number, store=played)
    assert found["quantity"] == moved["quantity"]
    assert (found["transferring"], found["acquiring"]) == (int(moved["other"]), ACCOUNT)
    assert rows_as_csv("transaction", "show", number, store=played)[0]["key"] == found["key"]
    said = run("transaction", "show", number, store=played)
    assert f"record {number}  effective 2005-02-28 10:00" in said
    assert f"10-53 Allocation of allowances: 1 → {ACCOUNT}, for 2005" in said
    (_, unit, origin, first, last) = found["blocks"][0]
    assert all(word in said for word in (unit, f"{origin}-{first}", f"{origin}-{last}"))
    assert json.loads(run("transaction", "show", 1, store=played).partition("\n")[2])["act"] == (
        "store"
    )


def test_the_money_of_a_transaction(tmp_path: Path) -> None:
    store = make_store(tmp_path / "small")
    legs = (Leg(FIRST, "EUR", 12_050), Leg(SECOND, "EUR", -12_050))
    sale = move("10-0", FIRST, SECOND, 5)._replace(legs=legs)
    log = open_local_log(store.log_directory)
    with closing(open_writer(store, log)) as writer:
        creation = move("1-51", 0, PARTY, 100, refers_to=CAP_RECORD)
        allocation = move("10-53", PARTY, FIRST, 10, year=2006)
        done = writer.post([*opening(), creation, allocation, sale])
    log.stop()
    assert done[-1].completed
    run("restore", "query", store=store.directory)
    said = run("transaction", "show", done[-1].sequence, store=store.directory)
    assert re.search(r"3 +EUR +12,050\n", said) and re.search(r"4 +EUR +-12,050\n", said)


def test_the_way_of_a_unit(played: Path) -> None:
    entry = rows_as_json("account", "statement", ACCOUNT, store=played)[0]
    (found,) = rows_as_json("transaction", "show", entry["record"], store=played)
    _, unit, origin, first, _ = found["blocks"][0]
    hops = rows_as_json("trace", f"{origin}-{first}", store=played)
    assert hops[0]["from"] == "created"
    assert [hop["to"] for hop in hops[:-1]] == [hop["from"] for hop in hops[1:]]
    assert str(ACCOUNT) in [hop["to"] for hop in hops]
    assert rows_as_csv("trace", f"{origin}-{first}", store=played) == [
        {name: str(cell) for name, cell in hop.items()} for hop in hops
    ]
    said = run("trace", f"{origin.lower()}-{first}", store=played)
    assert said.startswith(f"{origin.lower()}-{first}: {unit}")


def test_the_head_a_receipt_and_its_check_far_from_any_store(
    played: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = json.loads(run("log", "head", "--json", store=played))
    assert head["root"] in re.sub(r"\s", "", run("log", "head", store=played))
    printed = run("log", "prove", 37, store=played)
    receipt = tmp_path / "receipt.json"
    assert run("log", "prove", 37, "--out", receipt, store=played).startswith("receipt for record")
    assert receipt.read_text() == printed
    monkeypatch.chdir(tmp_path)
    said = run("log", "check", "receipt.json")
    assert "proved  record 37: 10-53, 1 → 12, 578 units" in said
    assert "Compare the log key" in said
    said = run("log", "check", "receipt.json", "--key", head["log key"])
    assert "Compare the log key" not in said
    other = say("log", "check", "receipt.json", "--key", "00" * 32)
    assert (other.code, "not signed by the log's key" in other.error) == (2, True)
    changed = json.loads(printed)
    changed["sequence"] = 38
    receipt.write_text(json.dumps(changed))
    said_of_changed = say("log", "check", "receipt.json")
    assert (said_of_changed.code, said_of_changed.out) == (2, "")
    assert "one of them was changed" in said_of_changed.error


def test_two_officers_freeze_and_lift(store: Path) -> None:
    reason = ("--reason", "court order")
    said = run("log", "freeze", FULL_NUMBER, *officers(store), *reason, store=store)
    assert said == f"done: record {RECORDS + 1:,} of the log; the registry has taken it over\n"
    assert f"open, frozen by record {RECORDS + 1}" in run("account", "show", ACCOUNT, store=store)
    run("log", "lift", ACCOUNT, *officers(store), *reason, store=store)
    assert "frozen" not in run("account", "show", ACCOUNT, store=store)
    again = say("log", "lift", ACCOUNT, *officers(store), *reason, store=store)
    assert (again.code, "is not frozen" in again.error) == (1, True)
    assert "proved" in run("verify", store=store)


@pytest.mark.usefixtures("log_at_work")
def test_the_books_of_a_registry_are_compared(store: Path) -> None:
    who = run("person", "add", "central administrator", store=store).split()[1].rstrip(":")
    said = run("log", "reconcile", "at", "--as", who, store=store)
    assert said == f"the books of AT agree: record {RECORDS + 2:,}\n"
    assert "proved" in run("verify", store=store)
    other = say("log", "reconcile", "ZZ", "--as", who, store=store)
    assert (other.code, "people.registry-unknown" in other.error) == (2, True)


@pytest.mark.usefixtures("log_at_work")
def test_officers_name_an_account_a_kind_a_registry_or_serials(store: Path) -> None:
    why = (*officers(store), "--reason", "court order")
    for scope in (("--serials", "at-1-10"), ("--kind", 1), ("--registry", "SI")):
        assert "has taken it over" in run("log", "freeze", *scope, *why, store=store)
        assert "has taken it over" in run("log", "lift", *scope, *why, store=store)
    run("log", "freeze", "--registry", "AT", *why, store=store)
    shown = run("account", "show", ACCOUNT, store=store)
    assert f"registry AT frozen by record {RECORDS + 7}: " in shown
    held = rows_as_json("account", "show", ACCOUNT, store=store)
    assert held and all(row["frozen"] == row["quantity"] for row in held)
    run("log", "lift", "--registry", "AT", *why, store=store)
    run("log", "freeze", ACCOUNT, "--incoming", *why, store=store)
    for words, answer in (
        (("log", "lift", "--serials", "AT-1-9"), "not frozen as such a block"),
        (("log", "freeze", "--serials", "AT-9-1"), "Serials to freeze are"),
        (("log", "freeze", "--serials", "AT"), "'AT' is not a serial"),
        (("log", "freeze", "--serials", "AT-1", "--registry", "AT"), "not both"),
        (("log", "freeze"), "A freeze names one"),
        (("log", "freeze", ACCOUNT, "--kind", 1), "A freeze names one"),
        (("log", "freeze", "--kind", 1, "--incoming"), "Only an account"),
    ):
        said = say(*words, *why, store=store)
        assert said.code in (1, 2) and answer in said.error
    assert "proved" in run("verify", store=store)


def test_an_order_while_the_writer_is_at_work_is_taken_over_by_it(store: Path) -> None:
    log = start_log(open_store(store).log_directory)
    try:
        with closing(open_writer(open_store(store), log)) as writer:
            words = ("log", "freeze", ACCOUNT, *officers(store), "--reason", "drill")
            assert "the registry will take it over" in run(*words, store=store)
            assert writer.catch_up() == 1
    finally:
        log.stop()
    said = run("recover", store=store)
    assert said == f"log, journal and query tables stand at record {RECORDS + 1:,}\n"
    assert f"frozen by record {RECORDS + 1}" in run("account", "show", ACCOUNT, store=store)


def test_the_log_as_a_service(store: Path) -> None:
    command = [sys.executable, "-m", "openets", "log", "serve", "--store", str(store)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        second = say("log", "serve", store=store)
        log = connect_log(store / "log")
        assert log.where().sequence == RECORDS
        log.stop()
        words = ("log", "freeze", ACCOUNT, *officers(store), "--reason", "drill")
        assert "has taken it over" in run(*words, store=store)
        assert process.poll() is None  # what a command has not started it does not stop
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
    assert second.code == 1
    assert "Another process is already the log" in second.error


def test_verify_and_recover(played: Path, store: Path) -> None:
    said = run("verify", store=played)
    assert said.count("proved") == 4
    assert f"{RECORDS:,} records" in said
    found = json.loads(run("verify", "--json", store=played))
    assert found["sound"] is True
    assert found["findings"] == []
    assert found["root"] in said
    assert run("recover", store=store).endswith(f"stand at record {RECORDS:,}\n")
    assert json.loads(run("verify", "--json", store=store)) == found


def test_law_from_the_whole_program() -> None:
    assert "4.3 % a year" in run("law", "show", "linear-reduction-factor", "--for", "2024")
    assert "2.2" in run(
        "law", "show", "linear-reduction-factor", "--for", "2024", "--known-on", "2018-10-03"
    )
    assert "Article 9" in run("law", "explain", "linear-reduction-factor", "--jurisdiction", "eu")
    assert "\neu: " in run("law", "check")
    acts = rows_as_csv("law", "acts", "--known-on", "2012-12-31")
    assert acts[0]["name"] == "Kyoto Protocol"
    assert {act["repealed_by"] for act in acts} > {"Regulation (EU) No 920/2010"}
    assert "repealed from 2013-10-01" not in run("law", "acts", "--known-on", "2012-12-31")
    assert "Directive (EU) 2018/410" in run("law", "acts")


def test_an_allocation_with_its_numbers_and_articles(tmp_path: Path) -> None:
    words = ("allocation", "explain", "works-1", 2022, "--data", EXAMPLE)
    said = run(*words)
    assert said.startswith("works-1 Cement works, 2022, incumbent\n")
    assert said.endswith("\npreliminary 535,313, final 535,313 allowances\n")
    assert "693,000 × 770,000 / 1,000,000" in said
    assert "2019/1842, Article 5(1)" in said
    document = json.loads(run(*words, "--json"))
    assert (document["preliminary"], document["final"]) == (535_313, 535_313)
    rows = [{**step, "part": step["part"] or "installation"} for step in document["steps"]]
    assert rows_as_csv(*words) == rows
    steel = ("allocation", "explain", "works-2", 2026, "--data", EXAMPLE)
    assert "final open" in run(*steel)
    assert "final 61,282 allowances" in run(*steel, "--correction", "98")
    path = tmp_path / "one.csv"
    path.write_text("installation,name,kind,exposed,2014\nA,heat,heat,yes,1000\n")
    assert "final 47,300" in run("allocation", "explain", "A", 2025, "--data", path)


def test_a_demonstration_is_neither_replaced_nor_mixed(store: Path, tmp_path: Path) -> None:
    said = say("demo", store=store)
    assert (said.code, "--again plays it anew" in said.error) == (2, True)
    before = json.loads(run("log", "head", "--json", store=store))
    assert "none differs" in run("demo", "--again", "--seed", 2, store=store)
    assert json.loads(run("log", "head", "--json", store=store))["log key"] != before["log key"]
    full = tmp_path / "full"
    full.mkdir()
    (full / "letter.txt").write_text("mine")
    said = say("demo", store=full)
    assert (said.code, "choose another folder" in said.error) == (2, True)
    small = make_store(tmp_path / "small")
    said = say("demo", "--again", store=small.directory)
    assert (said.code, "is left alone" in said.error) == (2, True)
    assert (small.directory / "store.toml").exists()


def test_the_store_may_be_named_by_the_environment(
    played: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENETS_STORE", str(played))
    assert FULL_NUMBER in run("account", "show", ACCOUNT)


# -- nonsense --------------------------------------------------------------------------------------

REASON = ("--reason", "drill")
NONSENSE: list[tuple[Words, str]] = [
    (("account", "show", 99_999), "There is no account 99999"),
    (("account", "show", "9" * 30), "more than 15 digits"),
    (("account", "show", "²"), "no operator of that code"),
    (("account", "show", "AT-120-12-0-4"), "The check digits 4 do not fit"),
    (("account", "show", "DE-120-12-0-71"), "There is no account DE-120-12-0-71 in"),
    (
        ("account", "status", "AT-121-12-0-91", "open", "--reason", "x"),
        "There is no account AT-121",
    ),
    (
        ("log", "freeze", "AT-120-12-1-97", "--key", "no.pem", "--reason", "x"),
        "There is no account",
    ),
    (("trace", "account:DE-120-12-0-71"), "There is no account DE-120-12-0-71 in"),
    (("account", "statement", 99_999), "There is no account 99999"),
    (("account", "statement", "x"), "no operator of that code"),
    (("transaction", "show", 99_999), "There is no record 99999"),
    (("transaction", "show", 0), "Invalid value"),
    (("transaction", "show", "9" * 30), "Invalid value"),
    (("transaction", "show", "x"), "Invalid value"),
    (("trace", "EU"), "'EU' is not a serial"),
    (("trace", "EU-²"), "'EU-²' is not a serial"),
    (("trace", "EU-0"), "No unit with serial EU-0 was ever created"),
    (("trace", "EU-" + "9" * 30), "was ever created"),
    (("log", "prove", 0), f"The log has no record 0; its last is {RECORDS}."),
    (("log", "prove", "9" * 30), "The log has no record 9"),
    (("log", "prove", 3, "--out", "nowhere/receipt.json"), "The receipt cannot be written"),
    (("log", "freeze", ACCOUNT, *REASON), "Missing option '--key'"),
    (("log", "freeze", ACCOUNT, "--key", "no.pem", *REASON), "A key cannot be read"),
    (("log", "reconcile", "AT"), "Nobody is signed in"),
    (("log", "freeze", 0, "--key", "no.pem", *REASON), "The order is not well formed at account"),
    (("log", "lift", "x", "--key", "no.pem", *REASON), "no operator of that code"),
    (("log", "lift", ACCOUNT, "--key", "no.pem", "--reason", ""), "not well formed at reason"),
    (("restore", "log"), "Missing option '--receipt'"),
    (("restore", "log", "--receipt", "nowhere.json"), "cannot be read: No such file"),
    (("restore", "journal"), "There is a journal with records"),
    (("desk", "propose", "transaction", "--set", "kind=1"), "Nobody is signed in"),
    (("desk", "approve", 1), "Nobody is signed in"),
    (("desk", "approve", 0), "Invalid value"),
    (("desk", "reject", 1, *REASON), "Nobody is signed in"),
    (("desk", "correct", 0, *REASON), "Invalid value"),
    (("desk", "correct", 1, *REASON), "Nobody is signed in"),
    (("desk", "withdraw", 1), "Missing option '--reason'"),
    (("desk", "cancel", 1, "--as", 99_999, *REASON), "There is no active person 99999."),
    (("person", "add", "king"), "There is no role 'king'"),
    (("person", "add", "auditor", "--mail", "a@b, c@d"), "is no address: write name@host."),
    (("person", "key", 1), "Nobody is signed in"),
    (
        ("person", "enrol", "9GDT-62T8-3HEE-YWLW-YTH2", "--as", 999_999),
        "no active person 999999.",
    ),
    (("person", "contact", 999_999), "There is no person 999999."),
    (("person", "contact", 1, "--language", "la"), "--language is one of en, sl."),
    (("maintenance", "plan", "x", "y", *REASON), "Nobody is signed in"),
    (("maintenance", "cancel", 1, *REASON), "Nobody is signed in"),
    (("inbox", "list"), "Nobody is signed in"),
    (("inbox", "show", 1), "Nobody is signed in"),
    (("inbox", "claim", 0), "Invalid value"),
    (("inbox", "release", 1), "Nobody is signed in"),
    (("inbox", "assign", 1), "Missing argument"),
    (("inbox", "comment", 1, ""), "Nobody is signed in"),
    (("inbox", "request"), "Missing argument"),
    (("inbox", "submit", 1, "permit"), "Missing argument"),
    (("inbox", "accept", 1, "permit"), "Nobody is signed in"),
    (("inbox", "refuse", 1, "permit"), "Missing option '--reason'"),
    (("inbox", "close", 1), "Missing option '--reason'"),
    (("outbox", "list", "--language", "la"), "--language is one of en, sl."),
    (("outbox", "retry", 1), "Nobody is signed in"),
    (("audit", "--since", "soon"), "--since takes a day (2030-03-04), not 'soon'."),
    (("audit", "--account", "x"), "no operator of that code"),
    (("allocation", "upload", "nowhere.csv", "--registry", "AT"), "Nobody is signed in"),
    (("allocation", "change", "AT-000001", 2021, "many"), "Invalid value"),
    (("allocation", "difference", 1, "--as", 1), "changes no allocation table"),
    (("allocation", "hold", "AT-000001", 2021), "Missing option '--reason'"),
    (("allocation", "run", 2021, "--registry", "AT", "--table", "x", "--as", 1), "no-run"),
    (("allocation", "reserve", "soon"), "Invalid value"),
    (("allocation", "submit", "nowhere.csv", 2021, "--registry", "AT"), "Nobody is signed in"),
    (("allocation", "calculate", 2021, "--registry", "AT"), "Nobody is signed in"),
    (("account", "papers", "castle", "person"), "has no account type 'castle'"),
    (("account", "request", "trading", "--registry", "AT", "--holder", 1), "Nobody is signed in"),
    (("account", "refuse", 1, "--ground", "luck"), "Nobody is signed in"),
    (("account", "status", ACCOUNT, "lost", *REASON), "Nobody is signed in"),
    (("account", "close", "x", *REASON), "no operator of that code"),
    (("account", "hand-over", ACCOUNT, "--holder", 0, *REASON), "Invalid value"),
    (("account", "review", ACCOUNT), "Nobody is signed in"),
    (("compliance", "cockpit", "AT-999999"), "There is no operator AT-999999"),
    (("compliance", "explain", "AT-000004", 2010, "--as-of", "soon"), "'soon' is no day"),
    (("compliance", "upload", "nowhere.csv"), "Nobody is signed in"),
    (("compliance", "surrender", "AT-000004"), "Nobody is signed in"),
    (("compliance", "receipts", "AT-000004", 1999, "--out", "r"), "has surrendered nothing for"),
    (("holder", "register"), "Missing"),
    (("holder", "accounts", 0), "Invalid value"),
    (("operator", "register"), "Missing"),
    (("operator", "exclude"), "Missing"),
    (("verifier", "register"), "Missing"),
    (("serve", "--port", 99_999), "Invalid value for '--port'"),
    (("demo", "--seed", "x"), "Invalid value for '--seed'"),
    (("demo", "--nonsense"), "No such option"),
]
WITHOUT_A_STORE: list[tuple[Words, str]] = [
    (("law", "show", "caps.stationary.unoin"), "Near it: "),
    (("law", "acts", "--known-on", "soon"), "--known-on takes a day"),
    (("law", "show", "linear-reduction-factor", "--for", "soon"), "--for takes a year"),
    (("law", "explain", "linear-reduction"), "has no parameter linear-reduction"),
    (("law", "list", "--jurisdiction", "atlantis"), "there is law for: "),
    (("law", "check", "nowhere"), "There is no folder nowhere."),
    (("allocation", "compare", "nowhere.csv", "--from", 2013, "--to", 2020), "cannot be opened"),
    (("allocation", "template", "--out", "list.pdf"), "The template is written as .csv or .xlsx."),
    (("allocation", "explain", "A", 2022, "--data", "nowhere.yaml"), "cannot be opened: No such"),
    (("allocation", "explain", "A", 2022, "--data", EXAMPLE), "describes no installation A"),
    (("allocation", "explain", "A", 2022, "--data", __file__), "This is not YAML"),
    (("allocation", "explain", "A", "soon", "--data", EXAMPLE), "Invalid value"),
    (("allocation", "explain", "works-1", 2012, "--data", EXAMPLE), "baseline-years for 2012"),
    (("allocation", "explain", "works-1", 2015, "--data", EXAMPLE), "2005 to 2008 is needed"),
    (
        ("allocation", "explain", "works-1", 2022, "--data", EXAMPLE, "--known-on", "soon"),
        "--known-on takes a day",
    ),
    (
        ("allocation", "explain", "works-1", 2022, "--data", EXAMPLE, "--correction", "1e2"),
        "--correction takes a percentage",
    ),
    (
        ("allocation", "explain", "works-1", 2022, "--data", EXAMPLE, "--jurisdiction", "atlantis"),
        "there is law for: ",
    ),
    (("law", "refusals", "--out", "/dev/null/there"), "Cannot write to /dev/null/there"),
    (("log", "check", "nowhere.json"), "cannot be read: No such file"),
    (("log", "check", "."), "cannot be read: Is a directory"),
    (("log", "check", __file__), "This is not a receipt. It is not JSON."),
    (("log", "check", sys.executable), "it is not text"),
    (("log", "check", __file__, "--key", "xyz"), "'xyz' is not a public key"),
    (("law", "diff", "--known-on", "soon", "2020-01-01"), "takes a day (2018-10-03), not 'soon'"),
    (("cap", "show", 1999), "it applies from 2005"),
    (("cap", "show", "2030..2020"), "YEARS is a year (2024) or a span (2013..2040)"),
    (("cap", "show", 2024, "--system", "rail"), "--system is one of stationary, aviation"),
    (("cap", "show", 2024, "--known-on", "soon"), "--known-on takes a day"),
    (("cap", "show", 2024, "--jurisdiction", "uk"), "no parameter caps.stationary.formula"),
    (("cap", "identity", 2031, "--system", "stationary"), "has no value for 2031"),
    (("cap", "identity", 2021, "--with", "early=1"), "2021 has no part early"),
    (("cap", "identity", 2021, "--with", "early=x"), "--with takes each part once"),
    (("cap", "plan", "nowhere.yaml"), "No such file"),
    (("cap", "plan", __file__), "This is not YAML"),
    (("cap", "plan", "/dev/null"), "plan.file: The file is empty."),
    (("law", "pages", "--out", "/dev/null/x"), "Cannot write to /dev/null/x"),
    (("law", "schema", "--out", "/dev/null/x"), "Cannot write to /dev/null/x"),
    (("import", "nowhere.csv"), "The file cannot be opened: No such file"),
    (("export", "nowhere", "merged", "x.csv"), "The folder holds no snapshot"),
    (("replay", "nowhere.csv"), "The file cannot be opened: No such file"),
    (("desk", "commands", "--nonsense"), "No such option"),
    (("person", "rights", "--nonsense"), "No such option"),
    (("nonsense",), "No such command"),
]


def in_words(text: str) -> str:
    """What was said, without the frame typer draws around it and the breaks it makes."""
    return re.sub(r"[\s│╭╮╰╯─]+", " ", text)


@pytest.mark.parametrize(("words", "says"), NONSENSE)
def test_nonsense_is_answered_with_a_sentence(played: Path, words: Words, says: str) -> None:
    said = say(*words, store=played)
    assert (said.code, said.out) == (2, "")
    assert says in in_words(said.error)


@pytest.mark.parametrize(("words", "says"), WITHOUT_A_STORE)
def test_nonsense_far_from_any_store(words: Words, says: str) -> None:
    said = say(*words)
    assert (said.code, said.out) == (2, "")
    assert says in in_words(said.error)


@pytest.mark.usefixtures("log_at_work")
def test_one_officer_is_not_enough(store: Path) -> None:
    one = officers(store)[:2]
    for keys in (one, one * 2):
        said = say("log", "freeze", ACCOUNT, *keys, *REASON, store=store)
        assert (said.code, "nor by two officers" in said.error) == (2, True)
    said = say("log", "freeze", 99_999, *officers(store), *REASON, store=store)
    assert (said.code, "The log knows no account 99999." in said.error) == (1, True)
    strange = ("--key", str(store / "registry" / "signing.pem"))
    said = say("log", "freeze", ACCOUNT, *one, *strange, *REASON, store=store)
    assert (said.code, "nor by two officers" in said.error) == (2, True)


NEEDS_A_STORE: list[Words] = [
    ("totals",),
    ("account", "show", 1),
    ("account", "statement", 1),
    ("transaction", "show", 1),
    ("trace", "EU-1"),
    ("verify",),
    ("recover",),
    ("serve", "--port", 0),
    ("work",),
    ("desk", "list"),
    ("allocation", "show"),
    ("allocation", "reserve", 2021),
    ("allocation", "run", 2021, "--registry", "AT"),
    ("law", "changes"),
    ("audit",),
    ("maintenance", "list"),
    ("inbox", "list"),
    ("outbox", "list"),
    ("person", "list"),
    ("account", "reviews"),
    ("holder", "list"),
    ("operator", "list"),
    ("verifier", "list"),
    ("compliance", "table", "--year", 2010),
    ("compliance", "summary", "--year", 2010),
    ("compliance", "penalties"),
    ("log", "head"),
    ("log", "prove", 1),
    ("log", "freeze", 1, "--key", "no.pem", *REASON),
    ("log", "lift", 1, "--key", "no.pem", *REASON),
    ("log", "serve"),
    ("restore", "query"),
    ("restore", "journal"),
    ("restore", "log", "--receipt", "no.json"),
]


@pytest.mark.parametrize("words", NEEDS_A_STORE, ids=lambda words: " ".join(map(str, words)))
def test_no_store_and_a_damaged_one(words: Words, tmp_path: Path) -> None:
    said = say(*words, store=tmp_path)
    assert (said.code, said.out) == (2, "")
    assert said.error.startswith(f"openets: There is no store at {tmp_path}")
    (tmp_path / "store.toml").write_text("store = 'zz'\n")
    said = say(*words, store=tmp_path)
    assert (said.code, "is not a store's configuration" in said.error) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["store.toml"]  # nothing was made


def test_keys_that_are_gone_are_named(store: Path) -> None:
    (store / "registry" / "signing.pem").unlink()
    for words in (("verify",), ("recover",)):
        said = say(*words, store=store)
        assert said.code == 2
        assert "registry/signing.pem" in said.error
    (store / "log" / "log.toml").unlink()
    for words in (("log", "head"), ("log", "prove", 1), ("totals",), ("recover",)):
        said = say(*words, store=store)
        assert (said.code, "There is no log at" in said.error) == (2, True)


def test_every_command_is_walked_here() -> None:
    walked = {tuple(words[:2]) for words, _ in [*NONSENSE, *WITHOUT_A_STORE]}
    walked |= {tuple(words[:2]) for words in NEEDS_A_STORE}
    group = typer.main.get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        below = getattr(command, "commands", None)
        wanted = [(name, child) for child in below] if below else [(name,)]
        for words in wanted:
            assert any(found[: len(words)] == words for found in walked), words
            assert "Usage" in run(*words, "--help")
