"""The public site, asked without a browser: what it shows, keeps back, refuses and promises."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from openets.interfaces.public.figures import Reader
from openets.interfaces.public.tables import Table
from openets.interfaces.web.headers import HEADERS
from openets.kernel.clock import FixedClock, instant
from openets.ledger import sums
from openets.ledger.store import Store, open_store, open_writer
from openets.storage.database import Database
from openets.translog.client import newest_head, open_local_log
from tests.interfaces.conftest import Site
from tests.interfaces.page import Page
from tests.small_world import FIRST, SECOND, move

TABLES = ("accounts", "holdings-by-registry", "holdings-by-type")
LATER = datetime(2030, 6, 1, 12, tzinfo=UTC)


def test_the_page_shows_accounts_holdings_and_the_head(site: Site, example: Store) -> None:
    answer = site(example.directory).get("/")
    page = Page(answer.content)
    head = newest_head(example.log_directory)
    assert answer.status_code == 200 and head is not None
    assert "This is a practice store. No unit in it is a real one." in page.words
    assert f"Totals as of record {head.size}" in page.words
    assert "Open accounts 5" in page.words
    assert "EX 5 5" in page.words
    assert "Operator holding account Allowance 2 500" in page.words
    for word in (head.root, head.head, head.signature, example.log_key):
        assert word.hex() in page.words
    assert f"figures go up to record {head.size}" in page.words
    assert "that is all the log has" in page.words


def test_the_page_is_built_for_everybody(site: Site, europe: Store) -> None:
    page = Page(site(europe.directory).get("/").content)
    assert page.all("html")[0]["lang"] == "en"
    for landmark in ("header", "main", "footer", "h1"):
        assert len(page.all(landmark)) == 1
    assert page.all("a")[0] == {"href": "#main", "class": "govuk-skip-link"}
    assert len(page.all("table")) == len(page.all("caption")) == len(TABLES)
    assert {one.get("scope") for one in page.all("th")} == {"col", "row", "rowgroup"}
    assert not page.all("script") and not page.all("style") and not page.all("form")
    assert not [one for _, one in page.tags if "style" in one or "onclick" in one]
    ids = [one["id"] for _, one in page.tags if "id" in one]
    assert len(ids) == len(set(ids))
    for link in page.all("a"):
        assert (link["href"] or "").startswith(("/", "#"))
        if (link["href"] or "").startswith("#"):
            assert (link["href"] or "")[1:] in ids


def test_no_holding_of_an_account_is_shown_where_the_law_keeps_it(
    site: Site, europe: Store
) -> None:
    client = site(europe.directory)
    with closing(Database(europe.query_url, name="query", read_only=True)) as database:
        held = {row[0] for row in database.rows("SELECT quantity FROM balance WHERE quantity > 0")}
    rows = [
        row
        for name in TABLES[1:]
        for row in json.loads(client.get(f"/tables/{name}.json").content)["rows"]
    ]
    assert held and rows
    assert not held & {row["Units"] for row in rows}
    shown = client.get("/").content
    assert b"kept back" in shown
    kept = [row for row in rows if row["Units"] is None]
    sheets = [client.get(f"/tables/{name}.csv").content.decode() for name in TABLES[1:]]
    assert kept and sum(one.count("kept back,kept back") for one in sheets) == len(kept)
    assert "Delegated Regulation (EU) 2019/1122, Article 80" in Page(shown).words


@pytest.mark.parametrize("day", ["2006-03-01", "2006-03-02", "2007-04-30", "2007-05-02"])
def test_sums_of_an_earlier_day_are_those_of_what_had_taken_effect(europe: Store, day: str) -> None:
    """Folded forward from nothing, in the plainest way, and taken back from today."""
    before = instant(datetime.fromisoformat(day).replace(tzinfo=UTC))
    with closing(Database(europe.query_url, name="query", read_only=True)) as database:
        held: Counter[int] = Counter()
        for giver, taker, quantity in database.rows(
            "SELECT transferring, acquiring, quantity FROM record"
            " WHERE act IS NULL AND effective < ?",
            (before,),
        ):
            held[giver] -= quantity
            held[taker] += quantity
        types = dict(database.rows("SELECT number, type FROM account"))
        expected: Counter[str] = Counter()
        for account, quantity in held.items():
            if account and quantity:
                expected[types[account]] += quantity
        found: Counter[str] = Counter()
        for one in sums.holdings(database, before):
            found[one.type] += one.units
    assert found == expected


def test_figures_are_read_anew_when_the_tables_or_the_day_move_on(
    tmp_path: Path, europe: Store
) -> None:
    directory = Path(shutil.copytree(europe.directory, tmp_path / "europe"))
    store, clock = open_store(directory), FixedClock(LATER)
    reader = Reader(store, clock)
    first = reader.figures()
    assert reader.figures() is first
    assert first.as_of == "at the end of 31 May 2030 (UTC)"
    clock.set(datetime(2030, 6, 2, 12, tzinfo=UTC))
    second = reader.figures()
    assert second.as_of == "at the end of 1 June 2030 (UTC)"
    log = open_local_log(store.log_directory)
    with closing(open_writer(store, log)) as writer:
        assert all(one.completed for one in writer.post([move("10-0", SECOND, FIRST, 1, "late")]))
        projection = store.projection()
        with closing(projection.database):
            projection.catch_up(writer.journal)
    log.stop()
    assert reader.figures().record == second.record + 1


def test_what_has_no_sum_to_tell_is_folded_away_beside_what_has() -> None:
    kept, told = ("AT", "allowance", None, None), ("BE", "allowance", 5, 70)
    table = Table("t", "T", ("Registry", "Unit", "Accounts", "Units"), (kept, told), grouped=True)
    assert ([one.name for one in table.groups], table.untold) == (["BE"], ["AT"])
    alone = table._replace(rows=(kept,))
    assert ([one.name for one in alone.groups], alone.untold) == (["AT"], [])


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_the_same_in_every_form(site: Site, example: Store, name: str) -> None:
    client = site(example.directory)
    document = json.loads(client.get(f"/tables/{name}.json").content)
    answer = client.get(f"/tables/{name}.csv")
    assert answer["Content-Disposition"] == f'attachment; filename="{name}.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert rows
    assert rows == [{key: str(cell) for key, cell in row.items()} for row in document["rows"]]
    workbook = client.get(f"/tables/{name}.xlsx")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(workbook.content)).get_sheet_by_index(0)
    assert [str(cell).removesuffix(".0") for cell in sheet.to_python()[1]] == list(rows[0].values())
    assert document["as_of"].startswith("as of record")


def test_the_head_to_be_kept_elsewhere(site: Site, europe: Store) -> None:
    head = json.loads(site(europe.directory).get("/log/head.json").content)
    found = newest_head(europe.log_directory)
    assert found is not None
    assert (head["records"], head["root"]) == (found.size, found.root.hex())
    assert (head["signature"], head["log key"]) == (found.signature.hex(), europe.log_key.hex())
    assert len(head["fingerprint"].replace(" ", "")) == 64


def test_every_answer_has_its_headers_and_no_cookie(site: Site, example: Store) -> None:
    client = site(example.directory)
    for address in ("/", "/tables/accounts.csv", "/health", "/log/head.json", "/nowhere"):
        answer = client.get(address)
        for name, value in HEADERS.items():
            assert answer[name] == value
        assert not answer.cookies
        assert "Set-Cookie" not in answer.headers
    assert "unsafe" not in HEADERS["Content-Security-Policy"]
    assert client.get("/")["Cache-Control"] == "no-cache"
    assert client.get("/health")["Cache-Control"] == "no-store"


def test_a_page_that_has_not_changed_is_not_sent_again(site: Site, example: Store) -> None:
    client = site(example.directory)
    first = client.get("/tables/accounts.csv")
    again = client.get("/tables/accounts.csv", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options", "trace"])
def test_nothing_but_reading(site: Site, example: Store, method: str) -> None:
    answer = getattr(site(example.directory), method)("/")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_head_answers_as_get_does_but_with_nothing_in_it(site: Site, example: Store) -> None:
    answer = site(example.directory).head("/")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    "address",
    [
        "/nowhere",
        "/tables/secrets.csv",
        "/tables/accounts.exe",
        "/tables/../store.toml",
        "/assets/0/openets.css",
        "/assets/0/../../store.toml",
        "/tables/accounts.csv/",
    ],
)
def test_what_there_is_not(site: Site, example: Store, address: str) -> None:
    answer = site(example.directory).get(address)
    assert answer.status_code == 404
    assert b"There is no such page" in answer.content


def test_the_style_sheet_is_kept_for_long_and_found_by_the_page(site: Site, example: Store) -> None:
    client = site(example.directory)
    (address,) = [
        one["href"]
        for one in Page(client.get("/").content).all("link")
        if one["rel"] == "stylesheet"
    ]
    answer = client.get(address or "")
    assert answer["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in answer["Cache-Control"]
    assert b"url(" not in answer.content and b"@import" not in answer.content
    assert b"GDS Transport" not in answer.content


def test_a_name_that_is_not_ours_is_not_answered(site: Site, example: Store) -> None:
    client = site(example.directory)
    answer = client.get("/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert b"This request cannot be understood" in answer.content
    assert b"evil.example" not in answer.content


def test_lost_query_tables_and_a_lost_log_are_told(
    site: Site, example: Store, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    directory = Path(shutil.copytree(example.directory, tmp_path / "store"))
    client = site(directory)
    (directory / "log" / "log.sqlite3").unlink()
    page = Page(client.get("/").content)
    assert "The log cannot be read just now." in page.words
    assert "the log could not be asked" in page.words
    assert client.get("/log/head.json").status_code == 503
    (directory / "registry" / "query.sqlite3").unlink()
    answer = client.get("/")
    assert answer.status_code == 503
    assert str(directory) not in answer.content.decode()
    assert client.get("/tables/accounts.csv").status_code == 503
    assert str(directory) in capfd.readouterr().err  # the keeper is told where


def test_without_writer_and_log_it_is_not_well(site: Site, example: Store) -> None:
    answer = site(example.directory).get("/health")
    parts = json.loads(answer.content)
    assert (answer.status_code, parts.pop("well")) == (503, False)
    assert set(parts) == {"writer", "log", "work", "tables"}
    for part in parts.values():
        assert part["alive"] is False and part["why"]
    assert "does not answer" in parts["writer"]["why"]
