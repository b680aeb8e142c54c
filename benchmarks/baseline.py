"""The baseline: a plain registry in Django's ORM, as one would write it first.

Same checks in the same order, first-in first-out serials, hash chain, one database transaction per
transfer with row locks, the same durability (SQLite: WAL, synchronous=FULL; PostgreSQL: its
default). It keeps one book only, so it does less than what it is compared with.

Run as `python -m benchmarks.baseline URL TRANSFERS` it prints the seconds the transfers took.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from hashlib import sha256

from benchmarks.django_settings import configure

configure(sys.argv[1])

from django.db import connection, models, transaction  # noqa: E402  # settings come first

from benchmarks.workload import Workload, rulebook  # noqa: E402
from openets.ledger.requests import TransactionRequest  # noqa: E402
from openets.rulebook.tables import Tables  # noqa: E402


class Account(models.Model):
    number = models.BigIntegerField(primary_key=True)
    type = models.TextField()
    status = models.TextField(default="open")

    class Meta:
        app_label = "baseline"


class Record(models.Model):
    key = models.BinaryField(unique=True, max_length=16)
    type = models.IntegerField()
    year = models.IntegerField()
    transferring = models.ForeignKey(Account, models.PROTECT, related_name="sent")
    acquiring = models.ForeignKey(Account, models.PROTECT, related_name="received")
    quantity = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        app_label = "baseline"


class Block(models.Model):
    kind = models.IntegerField()
    start = models.BigIntegerField()
    end = models.BigIntegerField()
    account = models.ForeignKey(Account, models.PROTECT)

    class Meta:
        app_label = "baseline"
        indexes = (models.Index(fields=("account", "kind", "id")),)


class Movement(models.Model):
    record = models.ForeignKey(Record, models.PROTECT)
    kind = models.IntegerField()
    start = models.BigIntegerField()
    end = models.BigIntegerField()

    class Meta:
        app_label = "baseline"


class Registry:
    """Posts one transfer per database transaction."""

    def __init__(self, tables: Tables, units: dict[int, str]) -> None:
        self.tables = tables
        self.units = units
        self.head = b"\0" * 32

    def open(
        self, accounts: Sequence[tuple[int, str]], blocks: Sequence[tuple[int, int, int, int]]
    ) -> None:
        """Sets the scene: (number, type) and (kind, start, end, account)."""
        Account.objects.bulk_create(Account(number=n, type=t) for n, t in accounts)
        Block.objects.bulk_create(
            Block(kind=k, start=s, end=e, account_id=a) for k, s, e, a in blocks
        )

    def post(self, request: TransactionRequest) -> bool:
        """True if the transfer was done, False if a check refused it."""
        with transaction.atomic():
            numbers = sorted((request.transferring, request.acquiring))
            found = Account.objects.select_for_update().in_bulk(numbers)
            if not self._permitted(request, found):
                return False
            if Record.objects.filter(key=request.key).exists():
                return False
            return self._move(request)

    def _permitted(self, request: TransactionRequest, found: dict[int, object]) -> bool:
        rule = self.tables.transaction_types.get(request.type)
        if rule is None or len(found) != 2 or request.quantity < 1:
            return False
        sender, receiver = found[request.transferring], found[request.acquiring]
        sends = self.tables.statuses[sender.status].sends
        receives = self.tables.statuses[receiver.status].receives
        unit = self.units[request.kind]
        return (
            sender.type in rule.transferring
            and receiver.type in rule.acquiring
            and (sends is None or request.type in sends)
            and (receives is None or request.type in receives)
            and unit in rule.units
            and unit in self.tables.account_types[receiver.type].units
            and not self.tables.account_types[sender.type].terminal
        )

    def _move(self, request: TransactionRequest) -> bool:
        holding = Block.objects.filter(account_id=request.transferring, kind=request.kind)
        held = holding.aggregate(total=models.Sum(models.F("end") - models.F("start") + 1))
        if (held["total"] or 0) < request.quantity:
            return False
        words = f"{request.key.hex()} {request.quantity} {request.acquiring}".encode()
        self.head = sha256(self.head + words).digest()
        made = Record.objects.create(
            key=request.key,
            type=request.type,
            year=request.year,
            transferring_id=request.transferring,
            acquiring_id=request.acquiring,
            quantity=request.quantity,
            hash=self.head,
        )
        wanted = request.quantity
        for held_block in holding.order_by("id").select_for_update():
            size = held_block.end - held_block.start + 1
            taken = min(size, wanted)
            start, end = held_block.start, held_block.start + taken - 1
            if taken == size:
                held_block.delete()
            else:
                held_block.start = end + 1
                held_block.save(update_fields=["start"])
            place = {"kind": request.kind, "start": start, "end": end}
            Block.objects.create(account_id=request.acquiring, **place)
            Movement.objects.create(record=made, **place)
            wanted -= taken
            if not wanted:
                break
        return True


def main(transfers: int) -> None:
    """Sets the scene, times the transfers, prints the seconds."""
    with connection.schema_editor() as editor:
        for model in (Account, Record, Block, Movement):
            editor.create_model(model)
    workload = Workload(transfers)
    registry = Registry(rulebook().tables_on(workload.day), {workload.kind: workload.unit})
    registry.open(workload.accounts(), workload.blocks())
    requests = workload.transfers()
    started = time.perf_counter()
    done = sum(registry.post(request) for request in requests)
    print(time.perf_counter() - started)
    assert done == transfers, f"only {done} of {transfers} were done"


main(int(sys.argv[2]))
