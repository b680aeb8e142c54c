"""A lost log made again from the batches the registry kept.

The registry must not be able to rewrite the log by losing it. So the batches are taken only up to a
tree head that was kept elsewhere and that the log had signed: each must lead, record by record and
root by root, to exactly that head. What the registry has beyond it is taken only if two officers
sign for a later head, and their signatures are kept with the log.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from openets.kernel.batch import SALT_BYTES, Batch, Receipt, TreeHead, decode_batch
from openets.kernel.signing import SigningKey
from openets.storage.database import StorageError
from openets.translog.accept import SIGNERS_OF_AN_ORDER, author_refusal, epoch_message
from openets.translog.merkle import Tree, leaf_hashes
from openets.translog.store import Configuration, LogStore, load


def rebuild_log(
    directory: Path,
    batches: Iterable[tuple[bytes, Receipt]],
    trusted: TreeHead,
    officers: Sequence[SigningKey] = (),
    *,
    registry: SigningKey,
) -> int:
    """Makes the rows again up to `trusted`, or with two officers' keys all; returns the size.

    The registry signs anew for the epochs in which the batches were written, so that writers are
    counted on from there and an earlier one stays fenced. Raises `StorageError` if the log still
    has rows, if `trusted` is not the log's own, or if the batches do not lead to it. Nothing is
    left behind then but empty tables.
    """
    configuration = load(directory)
    if not trusted.is_signed_by(configuration.log_key):
        raise StorageError("The tree head that should vouch for the log is not signed by its key.")
    rows = configuration.open()
    try:
        rows.database.hold("log")
        if not rows.database.has_table("log_batch"):
            rows.create(configuration.key())
        if rows.newest() is not None:
            raise StorageError(f"There still is a log with records at {configuration.url}.")
        return _fill(rows, batches, trusted, _accepting(configuration, officers), registry)
    finally:
        rows.database.close()


def _accepting(
    configuration: Configuration, officers: Sequence[SigningKey]
) -> tuple[SigningKey, ...]:
    known = {key.public: key for key in officers if key.public in configuration.officer_keys}
    if officers and len(known) < SIGNERS_OF_AN_ORDER:
        raise StorageError("Two officers of this log must accept a head together.")
    return tuple(known.values())


def _fill(
    rows: LogStore,
    batches: Iterable[tuple[bytes, Receipt]],
    trusted: TreeHead,
    officers: tuple[SigningKey, ...],
    registry: SigningKey,
) -> int:
    configuration = rows.configuration
    tree, taken, vouched, epochs = Tree(), 0, False, 0
    head = trusted
    with rows.database.durable("log.rebuild"):
        for envelope, receipt in batches:
            batch = decode_batch(envelope)
            head = receipt.tree_head
            if batch.first != taken + 1 or not _is_the_logs(batch, receipt, tree, configuration):
                raise StorageError(f"The batch from record {batch.first} is not one the log took.")
            rows.insert(batch.first, batch.last, envelope, receipt)
            taken, epochs = batch.last, max(epochs, batch.epoch)
            if taken == trusted.size:
                vouched = head == trusted
                if not officers:
                    break
        if not vouched:
            raise StorageError(
                f"The journal does not lead to the tree head of {trusted.size} records that should "
                "vouch for it; it was changed, or it ends before."
            )
        for epoch in range(1, epochs + 1):
            message = epoch_message(configuration.store, epoch)
            rows.insert_epoch(epoch, registry.sign(message))
        if officers and taken > trusted.size:
            words = {
                "size": head.size,
                "root": head.root.hex(),
                "signed": {key.public.hex(): key.sign(head.message()).hex() for key in officers},
            }
            rows.put_acceptance(configuration.key(), json.dumps(words).encode())
    return taken


def _is_the_logs(batch: Batch, receipt: Receipt, tree: Tree, configuration: Configuration) -> bool:
    """True if the batch is rightly signed, and the tree with it has the root the log promised."""
    promised = receipt.tree_head
    if (
        len(receipt.salts) != len(batch.records) * SALT_BYTES
        or author_refusal(batch, configuration) is not None
        or not batch.is_chained()
    ):
        return False
    tree.extend(leaf_hashes(receipt.salts, batch.records))
    reached = (batch.head, tree.root())
    return (promised.head, promised.root) == reached and promised.is_signed_by(
        configuration.log_key
    )
