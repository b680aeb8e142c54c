"""A trace as evidence: a file that anybody can check offline, without a store or anyone's word.

The file is a ZIP with the hops as CSV and JSON, the log's receipt for every record among them and
for the kinds of unit, the signed head all receipts lead to, a page that says how to check it, and a
manifest of digests. The digests show damage; that nothing was made up is shown by the receipts,
against which the check holds every hop. What no file can show is that no hop was left out.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from openets.kernel import acts
from openets.kernel.clock import moment
from openets.kernel.records import Block, Malformed, Transaction, decode_record, type_label
from openets.kernel.refusal import Refusal, Refused
from openets.ledger.tracing import Hop, Trace, kind_records
from openets.storage.database import Database
from openets.translog.client import Proof, check_proof, prove_all

FORMAT = "openets evidence 1"
RULE = "evidence rule"
HOPS_CSV, HOPS_JSON, HEAD, MANIFEST, README = (
    "hops.csv",
    "hops.json",
    "head.json",
    "manifest.json",
    "README.txt",
)
MOST_BYTES = 2**31  # that a file may unpack to, before it is taken for a trap
COLUMNS = (
    *("record", "effective", "type", "from", "to"),
    *("kind", "unit", "registry", "first", "last", "quantity"),
)
PAGE = """Evidence of the way of units: {subject}, {direction}.
Made {made} UTC from the store {store}.

{hops_csv} and {hops_json} list every record that moved the units: its number, when it took effect,
its type, the accounts it led from (0: created) and to, the kind of unit, the serials and their
number. receipts/ holds the transaction log's receipt for each of these records; {head} is the
signed head all of them lead to.

To check the file offline:

    openets log check FILE.zip --key KEY

KEY is the public key the log has published. The check recomputes every digest of {manifest}, checks
every receipt under the key, and holds every hop against the record in its receipt. A single receipt
is checked by: openets log check receipts/record-N.json --key KEY

The receipts prove that each record stands in the log as shown. That no record is missing is proved
by the log's own stored rows, with `openets verify` on a copy of both books.
"""


# What the library raises for a file that is damaged, packed in a strange way, or locked.
UNREADABLE = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError)


class Checked(NamedTuple):
    """What a sound evidence file shows."""

    subject: str
    direction: str
    hops: int
    receipts: int
    log_key: str


def hop_row(hop: Hop) -> tuple[Any, ...]:
    """A hop as the columns of the file."""
    route = (type_label(hop.type), hop.transferring, hop.acquiring)
    units = (hop.kind, hop.unit, hop.registry, hop.first, hop.last, hop.quantity)
    return hop.sequence, moment(hop.effective).isoformat(), *route, *units


def write_evidence(
    file: Path, *, log: Path, database: Database, trace: Trace, subject: str, made: datetime
) -> int:
    """Writes the evidence of a trace; returns the number of receipts in it."""
    kinds = kind_records(database, {hop.kind for hop in trace.hops})
    wanted = sorted({hop.sequence for hop in trace.hops} | set(kinds))
    receipts = {
        f"receipts/record-{sequence}.json": receipt.encode()
        for sequence, receipt in zip(wanted, prove_all(log, wanted), strict=True)
    }
    head = json.loads(next(iter(receipts.values())))
    said = {"tree_head": head["tree_head"], "log_key": head["log_key"]}
    rows = [hop_row(hop) for hop in trace.hops]
    words = {"subject": subject, "direction": trace.direction, "made": f"{made:%Y-%m-%d %H:%M:%S}"}
    names = {"hops_csv": HOPS_CSV, "hops_json": HOPS_JSON, "head": HEAD, "manifest": MANIFEST}
    page = PAGE.format(store=head["tree_head"]["store"], **words, **names)
    contents = {
        README: page.encode(),
        HOPS_CSV: _as_csv(rows),
        HOPS_JSON: _as_json([dict(zip(COLUMNS, row, strict=True)) for row in rows]),
        HEAD: _as_json(said),
        **receipts,
    }
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    contents[MANIFEST] = _as_json({"format": FORMAT, **words, "files": digests})
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return len(receipts)


def _as_json(value: object) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()


def _as_csv(rows: list[tuple[Any, ...]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue().encode()


# -- checking --------------------------------------------------------------------------------------


def check_evidence(file: Path, log_key: bytes | None = None) -> Checked:
    """What the file shows, if every digest, receipt and hop is right; raises `Refused` if not."""
    contents = _unpack(file)
    try:
        manifest = json.loads(contents.pop(MANIFEST))
        if manifest["format"] != FORMAT:
            raise _wrong(f"Its format is {manifest['format']!r}; this release reads {FORMAT!r}.")
        problems = list(_wrong_digests(contents, manifest["files"]))
        if problems:
            raise Refused(problems)
        proofs = list(_proofs(contents, log_key))
        if not proofs:
            raise _wrong("It holds no receipt, and so proves nothing.")
        hops = json.loads(contents[HOPS_JSON])
        rows = [tuple(hop[column] for column in COLUMNS) for hop in hops]
        if _as_csv(rows) != contents[HOPS_CSV]:
            raise _wrong(f"{HOPS_CSV} and {HOPS_JSON} do not say the same.", HOPS_CSV)
        _hold_against(rows, proofs)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _wrong(f"The file is not laid out as evidence: {error!r}.") from error
    direction = str(manifest["direction"])
    key = proofs[0].log_key if log_key is None else log_key.hex()
    return Checked(str(manifest["subject"]), direction, len(rows), len(proofs), key)


def _wrong(sentence: str, where: str = "") -> Refused:
    return Refused(Refusal("evidence.changed", sentence, RULE, where))


def _unpack(file: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > MOST_BYTES:
                raise _wrong("It unpacks to more than any evidence would; it is not read.")
            found = {member.filename: archive.read(member) for member in members}
            if len(found) != len(members):
                raise _wrong("It holds two files of one name.")
            return found
    except UNREADABLE as error:
        raise _wrong(f"It cannot be unpacked: {error}.") from error


def _wrong_digests(contents: dict[str, bytes], digests: dict[str, str]) -> Iterator[Refusal]:
    for name in sorted(contents.keys() | digests.keys()):
        data, said = contents.get(name), digests.get(name)
        if data is None or said is None:
            where = "in the manifest only" if data is None else "not in the manifest"
            yield Refusal("evidence.incomplete", f"{name} is {where}.", RULE, name)
        elif hashlib.sha256(data).hexdigest() != said:
            sentence = f"{name} is not what the manifest gives the digest of."
            yield Refusal("evidence.digest", sentence, RULE, name)


def _proofs(contents: dict[str, bytes], log_key: bytes | None) -> Iterator[Proof]:
    head = json.loads(contents[HEAD])
    key = bytes.fromhex(head["log_key"]) if log_key is None else log_key
    for name, data in contents.items():
        if not name.startswith("receipts/"):
            continue
        proof = check_proof(data.decode(), key)
        if proof.tree_head.model_dump() != head["tree_head"]:
            raise _wrong(f"{name} leads to another head than {HEAD}.", name)
        yield proof


def _hold_against(rows: list[tuple[Any, ...]], proofs: list[Proof]) -> None:
    """Every hop is what the record in its receipt says, and its kind what the books define."""
    moved: dict[int, Transaction] = {}
    kinds: dict[int, tuple[str, str]] = {}
    for proof in proofs:
        try:
            record = decode_record(bytes.fromhex(proof.record))
            if isinstance(record, Transaction):
                moved[proof.sequence] = record
                continue
            act = acts.parse_act(record.payload)
        except Malformed as error:
            raise _wrong(
                f"The record in receipt {proof.sequence} cannot be read: {error}"
            ) from None
        if isinstance(act, acts.KindDefined):
            kinds[act.kind] = (act.unit, act.registry)
    for number, row in enumerate(rows, start=1):
        hop = dict(zip(COLUMNS, row, strict=True))
        shown = moved.get(hop["record"])
        block = Block(hop["kind"], hop["first"], hop["last"])
        if (
            shown is None
            or not any(_contains(whole, block) for whole in shown.blocks)
            or kinds.get(block.kind) != (hop["unit"], hop["registry"])
            or (hop["effective"], hop["type"], hop["from"], hop["to"], hop["quantity"])
            != (
                moment(shown.effective).isoformat(),
                type_label(shown.type),
                shown.transferring,
                shown.acquiring,
                block.quantity,
            )
        ):
            sentence = f"Hop {number} is not what the receipt of record {hop['record']} shows."
            raise _wrong(sentence, f"{HOPS_JSON} {number}")


def _contains(whole: Block, part: Block) -> bool:
    return whole.kind == part.kind and whole.start <= part.start <= part.end <= whole.end
