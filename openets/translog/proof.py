"""Receipts: one record, and what is needed to check offline that the log took it.

A receipt is a JSON file with the record, its salt, the path to a root and the log's signature over
that root. Who has it and the log's public key needs nobody's word and no database: the leaf is
hashed, the path leads to the root, the signature is the log's.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from openets.kernel.batch import TreeHead, decode_batch
from openets.kernel.misfits import fields_of, misfits
from openets.kernel.refusal import Refusal, Refused
from openets.translog.merkle import Tree, is_included, leaf_hash, leaf_hashes
from openets.translog.store import load

FORMAT = "openets receipt 1"
CITATION = "RFC 9162, section 2"

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Hex = Annotated[str, Field(pattern=r"^([0-9a-f]{2})*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SignedRoot(_Strict):
    """The tree head of a receipt, in hexadecimal."""

    store: Hex
    size: Annotated[int, Field(gt=0, lt=2**63)]
    root: Hash
    head: Hash
    recorded: Annotated[int, Field(ge=0, lt=2**63)]
    signature: Hex


class Proof(_Strict):
    """A receipt. `sequence` is the record's number; `log_key` the key that is claimed to sign."""

    format: str
    sequence: Annotated[int, Field(gt=0)]
    record: Hex
    salt: Hex
    path: tuple[Hash, ...]
    tree_head: SignedRoot
    log_key: Hash

    def head(self) -> TreeHead:
        """The tree head as the log signed it."""
        said = self.tree_head
        return TreeHead(
            store=bytes.fromhex(said.store),
            size=said.size,
            root=bytes.fromhex(said.root),
            head=bytes.fromhex(said.head),
            recorded=said.recorded,
            signature=bytes.fromhex(said.signature),
        )


def prove(directory: Path, sequence: int) -> str:
    """The receipt for a record of the log in this folder; raises `LookupError` if it has none."""
    return prove_all(directory, [sequence])[0]


def prove_all(directory: Path, sequences: Sequence[int]) -> list[str]:
    """The receipts for these records, from one reading; raises `LookupError` if one is missing."""
    configuration = load(directory)
    rows = configuration.open(read_only=True)
    tree = Tree()
    wanted = sorted(sequences, reverse=True)
    found: dict[int, tuple[bytes, bytes]] = {}
    head: TreeHead | None = None
    try:
        for row in rows.batches():
            records = decode_batch(row.batch).records
            tree.extend(leaf_hashes(row.receipt.salts, records))
            while wanted and row.first <= wanted[-1] <= row.last:
                place = wanted[-1] - row.first
                found[wanted.pop()] = records[place], row.receipt.salt(place)
            head = row.receipt.tree_head
    finally:
        rows.database.close()
    if wanted or head is None:
        missing = wanted[-1] if wanted else "at all"
        raise LookupError(f"The log has no record {missing}; its last is {len(tree)}.")
    key = configuration.log_key
    return [_receipt(tree, head, sequence, *found[sequence], key) for sequence in sequences]


def _receipt(
    tree: Tree, head: TreeHead, sequence: int, record: bytes, salt: bytes, log_key: bytes
) -> str:
    proof = Proof(
        format=FORMAT,
        sequence=sequence,
        record=record.hex(),
        salt=salt.hex(),
        path=tuple(step.hex() for step in tree.inclusion(sequence - 1, head.size)),
        tree_head=SignedRoot(
            store=head.store.hex(),
            size=head.size,
            root=head.root.hex(),
            head=head.head.hex(),
            recorded=head.recorded,
            signature=head.signature.hex(),
        ),
        log_key=log_key.hex(),
    )
    return proof.model_dump_json(indent=2) + "\n"


def check_proof(text: str, log_key: bytes | None = None) -> Proof:
    """The receipt, if it proves its record under the log's key; raises `Refused` if not.

    Without `log_key` the key the receipt names is used: the proof is then only as good as the
    reader's own comparison of that key with the one the log has published.
    """
    proof = _read(text)
    head = proof.head()
    key = log_key if log_key is not None else bytes.fromhex(proof.log_key)
    problems = []
    if not head.is_signed_by(key):
        sentence = f"The tree head is not signed by the log's key {key.hex()}."
        problems.append(Refusal("receipt.signature", sentence, CITATION, "tree_head.signature"))
    record, salt = bytes.fromhex(proof.record), bytes.fromhex(proof.salt)
    path = [bytes.fromhex(step) for step in proof.path]
    if not is_included(leaf_hash(salt + record), proof.sequence - 1, head.size, path, head.root):
        sentence = "Record, salt and path do not lead to the signed root; one of them was changed."
        problems.append(Refusal("receipt.path", sentence, CITATION, "path"))
    if problems:
        raise Refused(problems)
    return proof


def receipt_head(text: str) -> TreeHead:
    """The tree head in a receipt; raises `Refused` if the text is no receipt."""
    return _read(text).head()


def _read(text: str) -> Proof:
    try:
        proof = Proof.model_validate_json(text)
    except ValidationError as error:
        raise Refused(
            Refusal(
                "receipt.malformed",
                f"This is not a receipt. {found.sentence}",
                CITATION,
                found.where,
            )
            for found in misfits(error, fields_of(Proof))
        ) from None
    if proof.format != FORMAT:
        sentence = f"The receipt is of format {proof.format!r}; this release reads {FORMAT!r}."
        raise Refused(Refusal("receipt.format", sentence, CITATION, "format"))
    return proof
