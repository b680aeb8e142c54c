"""A trace, typed: on screen, as evidence that is found out if it is tampered with, by right."""

from __future__ import annotations

import hashlib
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openets.kernel.refusal import Refused
from openets.ledger.evidence import check_evidence
from openets.ledger.store import open_store
from openets.people.opening import desk_database
from openets.people.register import Register
from tests.small_office import AUDITOR, CEMENT, CEMENT_ONE, OTHER_SENIOR, SENIOR, make_office
from tests.stories.command_line import rows_as_csv, rows_as_json, run, say

ACCOUNT = 12
Contents = dict[str, bytes]


def test_from_serials_a_record_and_an_account(played: Path) -> None:
    allocated = rows_as_json("account", "statement", ACCOUNT, store=played)[0]
    forward = rows_as_json("trace", f"record:{allocated['record']}", store=played)
    assert (forward[0]["record"], forward[0]["to"]) == (allocated["record"], str(ACCOUNT))
    assert (
        sum(row["quantity"] for row in forward if row["record"] == allocated["record"])
        == (allocated["quantity"])
    )
    words = ("trace", f"record:{allocated['record']}", "--direction", "backward")
    backward = rows_as_json(*words, store=played)
    assert (backward[0]["record"], backward[-1]["from"]) == (allocated["record"], "created")
    assert rows_as_csv(*words, store=played) == [
        {name: str(cell) for name, cell in row.items()} for row in backward
    ]
    period = ("--from", "2006-01-01", "--to", "2006-12-31")
    left = rows_as_json("trace", f"account:{ACCOUNT}", *period, store=played)
    starts = [row for row in left if row["from"] == str(ACCOUNT)]
    assert starts and all(row["effective"] >= "2006-01-01" for row in left)
    edges = rows_as_json("trace", f"account:{ACCOUNT}", *period, "--graph", store=played)
    assert sum(edge["units"] for edge in edges) == sum(row["quantity"] for row in left)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("trace", "record:x"), "cannot be traced"),
        (("trace", "person:1"), "cannot be traced"),
        (("trace", "account:x"), "no operator of that code"),
        (("trace", "record:1"), "No unit of record:1 ever moved"),
        (("trace", "EU-0", "--direction", "sideways"), "Invalid value"),
        (("trace", f"account:{ACCOUNT}", "--from", "soon"), "Invalid value"),
        (("trace", f"account:{ACCOUNT}", "--evidence", "nowhere/e.zip"), "cannot be written"),
        (("trace", f"account:{ACCOUNT}", "--as", 9_999), "no active person 9999"),
    ],
)
def test_nonsense(played: Path, words: tuple[Any, ...], answer: str) -> None:
    said = say(*words, store=played)
    assert (said.code, said.out) == (2, "")
    assert answer in said.error


# -- evidence --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def evidence(played: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("evidence") / "trace.zip"
    said = say("trace", f"account:{ACCOUNT}", "--evidence", file, "--json", store=played)
    assert said.code == 0
    assert f"receipts written to {file}" in said.error
    with zipfile.ZipFile(file) as archive:
        hops = json.loads(archive.read("hops.json"))
        assert [str(hop["record"]) for hop in hops] == [
            row["record"] for row in json.loads(said.out)
        ]
    return file


def test_evidence_is_proved_far_from_any_store(
    played: Path, evidence: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    head = json.loads(run("log", "head", "--json", store=played))
    said = run("log", "check", evidence)
    assert said.startswith(f"proved  account:{ACCOUNT}, forward: ")
    assert "Compare the log key" in said
    assert "Compare" not in run("log", "check", evidence, "--key", head["log key"])
    other = say("log", "check", evidence, "--key", "00" * 32)
    assert (other.code, "not signed by the log's key" in other.error) == (2, True)
    with zipfile.ZipFile(evidence) as archive:
        assert "openets log check" in archive.read("README.txt").decode()
        (name, *_) = (name for name in archive.namelist() if name.startswith("receipts/"))
        archive.extract(name)
    assert "proved" in run("log", "check", name)


def _json(contents: Contents, name: str, change: Callable[[Any], object]) -> None:
    value = json.loads(contents[name])
    change(value)
    contents[name] = (json.dumps(value, indent=2) + "\n").encode()


def _seal(contents: Contents) -> None:
    """What a careful forger does: the manifest and the CSV agree with what was changed."""
    hops = json.loads(contents["hops.json"])
    lines = [",".join(map(str, hop.values())) for hop in hops]
    header = contents["hops.csv"].split(b"\r\n")[0].decode()
    contents["hops.csv"] = "".join(line + "\r\n" for line in [header, *lines]).encode()
    files = {
        name: hashlib.sha256(data).hexdigest()
        for name, data in contents.items()
        if name != "manifest.json"
    }
    _json(contents, "manifest.json", lambda said: said.update(files=files))


def _receipt(contents: Contents) -> str:
    return next(name for name in contents if name.startswith("receipts/"))


def change_hop(field: str, value: object) -> Callable[[Contents], None]:
    def change(contents: Contents) -> None:
        _json(contents, "hops.json", lambda hops: hops[0].update({field: value}))
        _seal(contents)

    return change


def only_the_list(contents: Contents) -> None:
    contents["hops.csv"] = contents["hops.csv"].replace(b",12,", b",13,", 1)


def the_list_and_its_digest(contents: Contents) -> None:
    hops = contents["hops.json"]
    _seal(contents)
    contents["hops.csv"] += b"x\r\n"
    digest = hashlib.sha256(contents["hops.csv"]).hexdigest()
    _json(contents, "manifest.json", lambda said: said["files"].update({"hops.csv": digest}))
    assert contents["hops.json"] == hops


def another_salt(contents: Contents) -> None:
    _json(contents, _receipt(contents), lambda receipt: receipt.update(salt="00" * 16))
    _seal(contents)


def without_a_receipt(contents: Contents) -> None:
    del contents[max(name for name in contents if name.startswith("receipts/"))]
    _seal(contents)


def another_head(contents: Contents) -> None:
    _json(contents, "head.json", lambda said: said["tree_head"].update(size=1))
    _seal(contents)


def something_added(contents: Contents) -> None:
    contents["letter.txt"] = b"trust me"


def no_receipts(contents: Contents) -> None:
    for name in [name for name in contents if name.startswith("receipts/")]:
        del contents[name]
    contents["hops.json"] = b"[]\n"
    contents["hops.csv"] = contents["hops.csv"].splitlines(keepends=True)[0]
    _seal(contents)


def no_hops(contents: Contents) -> None:
    del contents["hops.json"]
    contents["hops.json"] = b"{}"
    digest = hashlib.sha256(b"{}").hexdigest()
    _json(contents, "manifest.json", lambda said: said["files"].update({"hops.json": digest}))


TAMPERED: dict[str, tuple[Callable[[Contents], None], str]] = {
    "to another account": (change_hop("to", 13), "evidence.changed: Hop 1"),
    "another type": (change_hop("type", "10-0"), "is not what the receipt"),
    "another day": (change_hop("effective", "2005-01-01T00:00:00+00:00"), "is not what"),
    "another unit": (change_hop("unit", "credit"), "is not what the receipt"),
    "more serials": (change_hop("last", 10**9), "is not what the receipt"),
    "a quantity": (change_hop("quantity", 1), "is not what the receipt"),
    "another record": (change_hop("record", 1), "is not what the receipt"),
    "only the list": (only_the_list, "evidence.digest: hops.csv is not what the manifest"),
    "the list and its digest": (the_list_and_its_digest, "do not say the same"),
    "another salt": (another_salt, "do not lead to the signed root"),
    "without a receipt": (without_a_receipt, "is not what the receipt"),
    "another head": (another_head, "another head"),
    "something added": (something_added, "evidence.incomplete: letter.txt is not in the manifest"),
    "no hops": (no_hops, "not say the same"),
    "no receipts": (no_receipts, "proves nothing"),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_tampered_evidence_is_found_out(evidence: Path, tmp_path: Path, how: str) -> None:
    with zipfile.ZipFile(evidence) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    change, words = TAMPERED[how]
    untouched = dict(contents)
    _seal(contents)
    assert contents == untouched  # so that what is found is the change and not the sealing
    change(contents)
    file = tmp_path / "tampered.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    said = say("log", "check", file)
    assert (said.code, said.out) == (2, "")
    assert words in said.error


def test_a_flipped_bit_is_a_refusal_or_harmless(evidence: Path, tmp_path: Path) -> None:
    whole, file, draw = evidence.read_bytes(), tmp_path / "bent.zip", random.Random(7)
    refused = 0
    for _ in range(400):
        bent = bytearray(whole)
        bent[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
        file.write_bytes(bent)
        try:
            check_evidence(file)
        except Refused:
            refused += 1
    assert refused > 300


# -- who may ---------------------------------------------------------------------------------------


@pytest.fixture
def office(tmp_path: Path) -> Path:
    directory = make_office(tmp_path / "office").directory
    run("recover", store=directory)
    return directory


def told(office: Path) -> list[str]:
    return [row["what"] for row in rows_as_json("audit", "--as", AUDITOR, store=office)]


def test_a_trace_takes_the_right_and_leaves_a_sentence(office: Path) -> None:
    subject = f"account:{CEMENT}"
    way = ("trace", subject, "--direction", "backward")
    assert rows_as_json(*way, store=office)[-1]["from"] == "created"
    assert told(office) == []  # nobody in particular, in a practice store
    refused = say(*way, "--as", CEMENT_ONE, store=office)
    assert "A representative may not trace units" in refused.error
    run(*way, "--as", SENIOR, store=office)
    run("trace", "EX-1-5", "--as", AUDITOR, store=office)
    assert told(office) == [
        f"Person {SENIOR} (senior administrator) traced {subject} backward.",
        f"Person {AUDITOR} (auditor) traced EX-1-5 forward.",
    ]


def test_in_a_live_store_only_by_token(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = desk_database(open_store(office))
    _, token = Register(database).add_person("auditor", None)
    _, stranger = Register(database).add_person("senior administrator", "ZZ")
    database.close()
    configuration = office / "store.toml"
    configuration.write_text(configuration.read_text().replace('"practice"', '"live"'))
    way = ("trace", f"account:{CEMENT}", "--direction", "backward")
    assert "Nobody is signed in" in say(*way, store=office).error
    assert "--as is for practice" in say(*way, "--as", AUDITOR, store=office).error
    monkeypatch.setenv("OPENETS_TOKEN", stranger)
    assert "is of registry ZZ, not of EX" in say(*way, store=office).error
    monkeypatch.setenv("OPENETS_TOKEN", token)
    assert rows_as_json(*way, store=office)


def test_serials_are_frozen_at_the_desk(office: Path) -> None:
    fields = ("order=freeze", "registry=EX", "first=1", "last=450", "reason=stolen")
    sets = [word for field in fields for word in ("--set", field)]
    run("desk", "propose", "freeze", *sets, "--as", SENIOR, store=office)
    assert "completed" in run("desk", "approve", 1, "--as", OTHER_SENIOR, store=office)
    (row,) = rows_as_json("desk", "list", "--all", "--as", SENIOR, store=office)
    assert json.loads(row["body"])["last"] == 450
