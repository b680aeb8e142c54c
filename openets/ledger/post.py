"""The only writer: from requests to records that stand in both books.

A batch is prepared on the book in memory, signed, and offered to the log, whose acceptance is the
point of no return. Then it goes into the journal, and only then is anybody told. Whatever breaks in
between is mended by catching up: the log has every batch that was accepted, and the registry takes
from it what its journal lacks. A record the log refuses is dropped and reported; the rest of its
batch is prepared again from the last committed state.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from openets.kernel.batch import (
    FROM_OFFICERS,
    FROM_REGISTRY,
    Batch,
    Receipt,
    decode_batch,
    encode_batch,
    extend_chain,
)
from openets.kernel.records import Record, Transaction, decode_record
from openets.kernel.refusal import Refusal, Refused
from openets.kernel.signing import SigningKey
from openets.ledger.book import Book
from openets.ledger.journal import Journal
from openets.ledger.requests import ActRequest, Outcome, Request
from openets.storage.boundary import boundary
from openets.translog.client import (
    Accepted,
    AppendAnswer,
    BatchRefused,
    Fenced,
    LogAway,
    LogClient,
    RecordRefused,
    WrongHead,
    WrongRulebook,
)

BATCH_RECORDS = 5_000
OFFICERS_NEEDED = 2  # an order to the log is signed by two (four eyes)


class WriterStopped(Exception):
    """The writer may not go on; says why and what to do."""


class Writer:
    """The one process that writes. Open it with `openets.ledger.store`."""

    def __init__(
        self, *, journal: Journal, log: LogClient, book: Book, key: SigningKey, epoch: int
    ) -> None:
        self.journal = journal
        self.book = book
        self._log = log
        self._key = key
        self._epoch = epoch
        self._behind = True  # until the log says otherwise

    def held(self, account: int, kind: int) -> int:
        """Units of a kind in an account, after everything posted."""
        return self.book.held(account, kind)

    def holdings(self, account: int) -> dict[int, int]:
        """Units in an account by kind, after everything posted."""
        return self.book.holdings(account)

    def post(self, requests: Sequence[Request]) -> list[Outcome]:
        """Posts requests in order; each is completed in both books, or refused and without effect.

        Raises `LogAway` when the log does not answer (nothing more is completed; post again) and
        `WriterStopped` when another writer has taken over or the books differ.
        """
        outcomes: list[Outcome] = []
        for start in range(0, len(requests), BATCH_RECORDS):
            outcomes += self._post_batch(requests[start : start + BATCH_RECORDS])
        return outcomes

    def catch_up(self) -> int:
        """Takes over what the log has and the journal lacks; returns the number of records."""
        before = self.book.sequence
        for _ in fold(self.book, self.journal):
            pass  # rows whose commit was reported as failed and did reach the disk
        while batches := self._log.batches_after(self.book.sequence, 16):
            for envelope, receipt in batches:
                self._take_over(envelope, receipt)
        here = self._log.where()
        if (here.sequence, here.head) != (self.book.sequence, self.book.head):
            raise WriterStopped(
                f"The log stands at record {here.sequence} and the journal at "
                f"{self.book.sequence}: the books differ. Run `openets verify`; "
                "restore the one that lost records."
            )
        self._behind = False
        return self.book.sequence - before

    def close(self) -> None:
        """Lets go of the journal. The log belongs to whoever opened it."""
        self.journal.database.close()

    # -- one batch ------------------------------------------------------------------------------

    def _post_batch(self, requests: Sequence[Request]) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        try:
            while len(outcomes) < len(requests):
                if self._behind:
                    self.catch_up()
                self._attempt(requests, outcomes)
        except BaseException:
            # Whether the log has this batch is unknown, so the next post asks it first.
            self.book.roll_back()
            self._behind = True
            raise
        return [outcomes[index] for index in range(len(requests))]

    def _attempt(self, requests: Sequence[Request], outcomes: dict[int, Outcome]) -> None:
        """Prepares what has no outcome yet and offers it once."""
        first, previous = self.book.sequence + 1, self.book.head
        places, records = self._prepare(requests, outcomes)
        if not records:
            return
        envelope = encode_batch(
            origin=FROM_REGISTRY,
            store=self.book.store,
            epoch=self._epoch,
            first=first,
            previous=previous,
            head=self.book.head,
            rulebook=self.book.rulebook.digest,
            records=records,
            signers=[self._key],
        )
        boundary("writer.offer.before")
        answer = self._offer(envelope)
        boundary("writer.offer.after")
        match answer:
            case Accepted(receipt):
                self.journal.append(envelope, decode_batch(envelope), receipt)
                self.book.commit()
                for offset, place in enumerate(places):
                    outcomes[place] = Outcome(requests[place].key, first + offset)
            case RecordRefused(index, refusal):
                self.book.roll_back()
                outcomes[places[index]] = Outcome(requests[places[index]].key, 0, (refusal,))
            case WrongHead():
                self.book.roll_back()
                self._behind = True
            case Fenced(epoch):
                raise WriterStopped(
                    f"Another writer has taken over (epoch {epoch}; this one has {self._epoch})."
                )
            case WrongRulebook():
                raise WriterStopped("The log works under another rulebook; adopt this one first.")
            case BatchRefused(refusal):
                raise Refused(refusal)

    def _offer(self, envelope: bytes) -> AppendAnswer:
        """Offers a batch; a lost answer is asked for once more, and the log knows the batch."""
        try:
            return self._log.append(envelope)
        except LogAway:
            return self._log.append(envelope)

    def _prepare(
        self, requests: Sequence[Request], outcomes: dict[int, Outcome]
    ) -> tuple[list[int], list[bytes]]:
        """Applies to the book what can be done; returns places in `requests` and record bytes."""
        places: list[int] = []
        records: list[bytes] = []
        book = self.book
        for place, request in enumerate(requests):
            if place in outcomes:
                continue
            known = book.keys.get(request.key)
            if known is not None:
                if known > book.sequence - len(records):
                    continue  # asked twice in this batch; answered once the batch stands
                outcomes[place] = self._repeat(request, known)
                continue
            record = book.propose(request)
            if isinstance(record, Refusal):
                outcomes[place] = Outcome(request.key, 0, (record,))
                continue
            data = record.encode()
            book.apply(record, extend_chain(book.head, (data,)))
            places.append(place)
            records.append(data)
        return places, records

    def _repeat(self, request: Request, sequence: int) -> Outcome:
        """The first answer again, unless the same key now asks for something else."""
        record = self.journal.record(sequence)
        if record is not None and _says_the_same(request, record):
            return Outcome(request.key, sequence, repeated=True)
        refusal = Refusal(
            "ledger.key-reused",
            f"The key was used for record {sequence}, which says something else; use a new key.",
            "ledger rule",
        )
        return Outcome(request.key, 0, (refusal,))

    # -- catching up ----------------------------------------------------------------------------

    def _take_over(self, envelope: bytes, receipt: Receipt) -> None:
        """Appends a batch the log has to the journal, if it is ours or a proper order."""
        batch = decode_batch(envelope)
        self._insist(batch, receipt)
        try:
            for data in batch.records:
                record = decode_record(data)
                refusal = self.book.check(record)
                if refusal is not None:
                    raise WriterStopped(f"The log has record {record.sequence}: {refusal}")
                self.book.apply(record, extend_chain(self.book.head, (data,)))
            self.journal.append(envelope, batch, receipt)
        except BaseException:
            self.book.roll_back()
            raise
        self.book.commit()

    def _insist(self, batch: Batch, receipt: Receipt) -> None:
        created = self.book.created
        signers = batch.signers()
        if batch.origin == FROM_OFFICERS:
            officers = {bytes.fromhex(key) for key in created.officer_keys} if created else set()
            signed = len(signers & officers) >= OFFICERS_NEEDED
        else:
            signed = self._key.public in signers
        if not signed:
            raise WriterStopped(
                f"The log has a batch from record {batch.first} that this registry did not sign "
                "and no two officers ordered; nothing may be written until a person has looked."
            )
        tree = receipt.tree_head
        log_key = bytes.fromhex(created.log_key) if created else None
        if (
            batch.previous != self.book.head
            or batch.first != self.book.sequence + 1
            or not batch.is_chained()
            or tree.head != batch.head
            or (log_key is not None and not tree.is_signed_by(log_key))
        ):
            raise WriterStopped(f"The log's batch from record {batch.first} does not follow ours.")


def _says_the_same(request: Request, record: Record) -> bool:
    if isinstance(request, ActRequest):
        return not isinstance(record, Transaction) and request.act.payload() == record.payload
    if not isinstance(record, Transaction):
        return False
    return (
        request.type,
        request.year,
        request.transferring,
        request.acquiring,
        request.refers_to,
        request.reservation,
        request.legs,
        {request.kind},
        request.quantity,
    ) == (
        record.type,
        record.year,
        record.transferring,
        record.acquiring,
        record.refers_to,
        record.reservation,
        record.legs,
        {block.kind for block in record.blocks},
        record.quantity,
    )


def fold(book: Book, journal: Journal) -> Iterator[int]:
    """Brings a book to the journal's state, row by row, checking nothing; yields how far it is."""
    for row in journal.rows(book.sequence):
        for data in decode_batch(row.envelope).records:
            book.apply(decode_record(data), extend_chain(book.head, (data,)))
        book.commit()
        yield book.sequence
