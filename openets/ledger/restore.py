"""Making a lost database again from what is left: one function for each of the three.

The query tables come from the journal, the journal from the log, and the log from the journal, but
the last only as far as a tree head that was kept elsewhere (a receipt, a witness) can vouch for:
a registry must not be able to rewrite the log by losing it.
"""

from __future__ import annotations

from collections.abc import Sequence

from openets.kernel.batch import TreeHead, decode_batch
from openets.kernel.signing import SigningKey
from openets.ledger.store import Store, write_meta
from openets.storage.database import StorageError
from openets.translog.client import rebuild_log, stored_batches


def restore_query(store: Store) -> int:
    """Makes the query tables anew from the journal; returns the number of records."""
    projection, journal = store.projection(), store.journal(read_only=True)
    try:
        projection.create()
        return projection.catch_up(journal)
    finally:
        projection.database.close()
        journal.database.close()


def restore_journal(store: Store) -> int:
    """Makes a lost journal anew from the log; returns the number of records.

    Raises `StorageError` if there still is a journal with records: `openets verify` names what is
    wrong with it, and it must be moved away by hand before it is replaced.
    """
    journal = store.journal()
    try:
        if journal.database.has_table("journal_batch"):
            if journal.last():
                raise StorageError(f"There is a journal with records at {store.journal_url}.")
        else:
            write_meta(store, journal)
        for envelope, receipt in stored_batches(store.log_directory):
            batch = decode_batch(envelope)
            if not receipt.tree_head.is_signed_by(store.log_key) or not batch.is_chained():
                raise StorageError(f"The log's batch from record {batch.first} is not whole.")
            journal.append(batch.first, len(batch.records), envelope, receipt)
        return journal.last()
    finally:
        journal.database.close()


def restore_log(store: Store, trusted: TreeHead, officers: Sequence[SigningKey] = ()) -> int:
    """Makes a lost log anew from the journal, up to and including `trusted`; returns its size.

    Raises `StorageError` unless the log's key signed `trusted` and the journal leads to it exactly.
    Records after it are taken only if two officers accept them with their keys.
    """
    journal = store.journal(read_only=True)
    try:
        batches = ((row.envelope, row.receipt) for row in journal.rows())
        return rebuild_log(
            store.log_directory, batches, trusted, officers, registry=store.registry_key()
        )
    finally:
        journal.database.close()
