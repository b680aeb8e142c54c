"""The only writer: from requests to records that stand in both books.

A batch is prepared on the book in memory, signed, and offered to the log, whose acceptance is the
point of no return. Then it goes into the journal, and only then is anybody told. While the log
judges one batch the next is prepared, and is undone if the log disagrees. Whatever breaks in
between is mended by catching up: the log has every batch that was accepted, and the registry takes
from it what its journal lacks. A record the log refuses is dropped and reported; the rest of its
batch is prepared again from the last committed state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import count

from openets.kernel.acts import act_of
from openets.kernel.batch import (
    FROM_OFFICERS,
    FROM_REGISTRY,
    Batch,
    Receipt,
    TreeHead,
    decode_batch,
    encode_batch,
    extend_chain,
)
from openets.kernel.records import Block, Malformed, Record, Transaction, decode_record
from openets.kernel.refusal import Refusal, Refused
from openets.kernel.signing import SigningKey
from openets.ledger.book import Book
from openets.ledger.checks import LEDGER
from openets.ledger.journal import Journal
from openets.ledger.requests import ActRequest, Outcome, Request
from openets.ledger.stored import check_stored
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


class _Batch:
    """What was made of a run of requests: records for some, an outcome at once for others."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.head = b""  # of the chain after it
        self.envelope = b""
        self.places: list[int] = []  # among the requests, of each record
        self.keys: list[bytes] = []
        self.answered: dict[int, Outcome] = {}


class Writer:
    """The one process that writes. Open it with `openets.ledger.store`."""

    def __init__(
        self,
        *,
        journal: Journal,
        log: LogClient,
        book: Book,
        key: SigningKey,
        epoch: int,
        keep: Callable[[Book], None],
    ) -> None:
        self.journal = journal
        self.book = book
        self._log = log
        self._key = key
        self._epoch = epoch
        self._keep = keep
        self._behind = True  # until the log says otherwise
        self._stands = 0  # the last record known to stand in both books
        self._carrier = ThreadPoolExecutor(1, thread_name_prefix="to the log")
        self._flight: Future[AppendAnswer] | None = None

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
        outcomes: dict[int, Outcome] = {}
        try:
            while len(outcomes) < len(requests):
                if self._behind:
                    self.catch_up()
                self._stream(requests, outcomes)
        except BaseException:
            # Whether the log has a batch that was offered is unknown; the next post asks it first.
            self._await_flight()
            self.book.roll_back()
            self._behind = True
            raise
        return [outcomes[place] for place in range(len(requests))]

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
        self._stands = self.book.sequence
        return self.book.sequence - before

    def keep(self) -> None:
        """Keeps the book for the next start, between two posts."""
        if not self._behind:
            self._keep(self.book)

    def close(self) -> None:
        """Lets go of the journal. The log belongs to whoever opened it."""
        self._carrier.shutdown()
        self.keep()
        self.journal.database.close()

    # -- batches --------------------------------------------------------------------------------

    def _stream(self, requests: Sequence[Request], outcomes: dict[int, Outcome]) -> None:
        """Offers what has no outcome yet, batch by batch; ends early where the log disagrees.

        While the log judges one batch the next is prepared on top of it.
        """
        waiting = [place for place in range(len(requests)) if place not in outcomes]
        offered: _Batch | None = None
        for start in range(0, len(waiting), BATCH_RECORDS):
            places = waiting[start : start + BATCH_RECORDS]
            batch = self._prepare(requests, places)
            if offered is not None and not self._conclude(offered, outcomes):
                return
            more = start + BATCH_RECORDS < len(waiting)
            self._offer(batch, beside=more)
            offered = batch
        if offered is not None:
            self._conclude(offered, outcomes)

    def _prepare(self, requests: Sequence[Request], places: Sequence[int]) -> _Batch:
        """Applies to the book what can be done of these requests, and signs it."""
        book = self.book
        batch = _Batch(book.sequence + 1)
        records: list[bytes] = []
        known_key, propose, apply = book.keys.get, book.propose, book.apply
        for place in places:
            request = requests[place]
            key = request.key
            known = known_key(key)
            if known is not None:
                if known <= self._stands:
                    batch.answered[place] = self._repeat(request, known)
                continue  # asked twice at once; answered when the first of them stands
            record = propose(request)
            if isinstance(record, Refusal):
                batch.answered[place] = Outcome(key, 0, (record,))
                continue
            try:
                records.append(record.encode())
            except Malformed as error:
                batch.answered[place] = Outcome(key, 0, (_unwritable(error),))
                continue
            apply(record, request.act if isinstance(request, ActRequest) else None)
            batch.places.append(place)
            batch.keys.append(key)
        previous = book.head
        batch.head = extend_chain(previous, records)
        book.seal(batch.head)
        if records:
            batch.envelope = encode_batch(
                origin=FROM_REGISTRY,
                store=book.store,
                epoch=self._epoch,
                first=batch.first,
                previous=previous,
                head=book.head,
                rulebook=book.rulebook.digest,
                records=records,
                signers=[self._key],
            )
        return batch

    def _offer(self, batch: _Batch, *, beside: bool) -> None:
        """Sends a batch on its way; with `beside` this process goes on meanwhile."""
        if not batch.envelope:
            return
        boundary("writer.offer.before")
        if beside:
            self._flight = self._carrier.submit(self._ask, batch.envelope)

    def _ask(self, envelope: bytes) -> AppendAnswer:
        """The log's answer; a lost one is asked for once more, and the log knows the batch."""
        try:
            return self._log.append(envelope)
        except LogAway:
            return self._log.append(envelope)

    def _await_flight(self) -> None:
        if self._flight is not None:
            wait([self._flight])
            self._flight = None

    def _conclude(self, batch: _Batch, outcomes: dict[int, Outcome]) -> bool:
        """Takes in the log's answer; False where what was prepared after it is undone too."""
        if not batch.envelope:
            self.book.commit()
            outcomes.update(batch.answered)
            return True
        flight, self._flight = self._flight, None
        answer = flight.result() if flight is not None else self._ask(batch.envelope)
        boundary("writer.offer.after")
        match answer:
            case Accepted(receipt):
                self._insist_on_receipt(batch, receipt)
                self.journal.append(batch.first, len(batch.places), batch.envelope, receipt)
                self.book.commit()
                self._stands = receipt.tree_head.size
                outcomes.update(batch.answered)
                completed = map(Outcome, batch.keys, count(batch.first))
                outcomes.update(zip(batch.places, completed, strict=True))
                return True
            case RecordRefused(index, refusal):
                outcomes[batch.places[index]] = Outcome(batch.keys[index], 0, (refusal,))
            case WrongHead():
                self._behind = True
            case Fenced(epoch):
                raise WriterStopped(
                    f"Another writer has taken over (epoch {epoch}; this one has {self._epoch})."
                )
            case WrongRulebook():
                raise WriterStopped("The log works under another rulebook; adopt this one first.")
            case BatchRefused(refusal):
                raise Refused(refusal)
        self.book.roll_back()
        return False

    def _insist_on_receipt(self, batch: _Batch, receipt: Receipt) -> None:
        tree, created = receipt.tree_head, self.book.created
        promised = (tree.size, tree.head) == (batch.first + len(batch.places) - 1, batch.head)
        if created is None or not promised or not _is_by(created.log_key, tree):
            raise WriterStopped(
                f"The log's receipt for the batch from record {batch.first} is not one it should "
                "give; whether it has the batch is not known. Run `openets verify`."
            )

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
                act = act_of(record)
                refusal = check_stored(self.book, batch, record, act)
                if refusal is not None:
                    raise WriterStopped(f"The log has record {record.sequence}: {refusal}")
                self.book.apply(record, act)
            self.book.seal(batch.head)
            self.journal.append(batch.first, len(batch.records), envelope, receipt)
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
        if (
            batch.previous != self.book.head
            or batch.first != self.book.sequence + 1
            or not batch.is_chained()
            or tree.head != batch.head
            or (created is not None and not _is_by(created.log_key, tree))
        ):
            raise WriterStopped(f"The log's batch from record {batch.first} does not follow ours.")


def _is_by(log_key: str, tree: TreeHead) -> bool:
    return tree.is_signed_by(bytes.fromhex(log_key))


def _unwritable(error: Malformed) -> Refusal:
    return Refusal("ledger.unwritable", str(error), LEDGER)


def _says_the_same(request: Request, record: Record) -> bool:
    if isinstance(request, ActRequest):
        return not isinstance(record, Transaction) and request.act.payload() == record.payload
    if not isinstance(record, Transaction):
        return False
    if request.blocks and _units_of(request.blocks) != _units_of(record.blocks):
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


def _units_of(blocks: Iterable[Block]) -> list[tuple[int, int, int]]:
    """What serials of what kind are named, however they are cut."""
    units: list[tuple[int, int, int]] = []
    for kind, start, end in sorted(blocks):
        if units and units[-1][0] == kind and units[-1][2] + 1 == start:
            units[-1] = (kind, units[-1][1], end)
        else:
            units.append((kind, start, end))
    return units


def fold(book: Book, journal: Journal) -> Iterator[int]:
    """Brings a book to the journal's state, row by row, checking nothing; yields how far it is.

    Raises `Malformed` for a row that cannot be read, and names it.
    """
    for row in journal.rows(book.sequence):
        try:
            records = decode_batch(row.envelope).records
            for record in map(decode_record, records):
                book.apply(record, act_of(record))
        except Malformed as error:
            raise Malformed(f"The journal's batch from record {row.first}: {error}") from error
        book.seal(extend_chain(book.head, records))
        book.commit()
        yield book.sequence
