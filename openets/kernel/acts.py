"""What an act may say: the records that change what transactions are checked against.

Accounts, their status, freezes, reservations, caps and the adopted rulebook live in the books and
therefore arrive as records, in the one sequence, signed and accepted like transactions. Acts are
rare beside transactions, so they are JSON, checked by one set of models on both sides.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from openets.kernel.records import ActRecord, Malformed, Record

Quantity = Annotated[int, Field(ge=0, lt=2**63)]
Number = Annotated[int, Field(gt=0, lt=10**15)]
Serial = Annotated[int, Field(gt=0, lt=2**63)]
Year = Annotated[int, Field(ge=1990, le=2999)]
Text = Annotated[str, Field(min_length=1, max_length=500)]
Registry = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Hex32 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Act(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    def payload(self) -> bytes:
        """The act as the canonical JSON that is stored and hashed (fields in declared order)."""
        return _write(self, exclude_none=True)


class StoreCreated(_Act):
    """The first record of every store: whose it is, and whether it is real, practice or replay."""

    act: Literal["store"] = "store"
    jurisdiction: Text
    mode: Literal["live", "practice", "replay"]
    registry_key: Hex32
    log_key: Hex32
    officer_keys: tuple[Hex32, ...] = ()


class RulebookAdopted(_Act):
    """From here on batches are made and checked under the rulebook with this digest."""

    act: Literal["rulebook"] = "rulebook"
    digest: Hex32


class KindDefined(_Act):
    """A kind of unit; `kind` is its running number in this store."""

    act: Literal["kind"] = "kind"
    kind: Annotated[int, Field(gt=0, lt=2**32)]
    unit: Text
    registry: Registry
    original_period: Annotated[int, Field(ge=0, le=99)]
    applicable_period: Annotated[int, Field(ge=0, le=99)]
    project: Text | None = None
    track: Literal[1, 2] | None = None
    activity: Annotated[int, Field(ge=1, le=7)] | None = None
    expiry: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None


class AccountOpened(_Act):
    """An account; `number` is unique in the store, `type` a type of the rulebook."""

    act: Literal["account"] = "account"
    number: Number
    registry: Registry
    type: Text
    period: Annotated[int, Field(ge=0, le=99)] = 0
    operator: Text | None = None


class StatusChanged(_Act):
    """The account is from here on in a status of the rulebook."""

    act: Literal["status"] = "status"
    account: Number
    status: Text
    reason: Text


class _Scope(_Act):
    account: Number | None = None
    kind: Annotated[int, Field(gt=0)] | None = None
    registry: Registry | None = None
    reason: Text


class Freeze(_Scope):
    """Nothing leaves or enters the named account, kind or registry (exactly one is named).

    With `first` and `last` the registry is that of origin, and what is frozen are its serials from
    one to the other, wherever they lie. With `incoming` a frozen account may still receive.
    """

    act: Literal["freeze"] = "freeze"
    first: Serial | None = None
    last: Serial | None = None
    incoming: Literal[True] | None = None


class Lift(_Scope):
    """Ends a freeze of the same account, kind, registry or serials."""

    act: Literal["lift"] = "lift"
    first: Serial | None = None
    last: Serial | None = None


class Reconciled(_Act):
    """The books of a registry are compared: once begun, its units stand still until it has ended.

    With the end come the accounts on which the books differ.
    """

    act: Literal["reconciliation"] = "reconciliation"
    registry: Registry
    state: Literal["begun", "ended"]
    differ: tuple[Number, ...] = ()

    @property
    def begins(self) -> bool:
        """True if the comparison begins, False if it ends."""
        return self.state == "begun"


class CapSet(_Act):
    """Permission to create units: the quantity the law gives for a year, by rulebook parameter."""

    act: Literal["cap"] = "cap"
    parameter: Text
    year: Year
    units: tuple[Text, ...]
    registry: Registry | None = None
    quantity: Quantity


class CorrectionNamed(_Act):
    """Permission to create units the law known to the store does not explain, with the reason."""

    act: Literal["correction"] = "correction"
    name: Text
    year: Year
    units: tuple[Text, ...]
    registry: Registry | None = None
    quantity: Quantity
    reason: Text


class ReplacementOpened(_Act):
    """Permission to create as many units as are cancelled, from here on, to be replaced."""

    act: Literal["replacement"] = "replacement"
    name: Text
    replaced_units: tuple[Text, ...]
    units: tuple[Text, ...]


class Reserved(_Act):
    """Part of a holding is set aside; a transaction that names this record may use it."""

    act: Literal["reserve"] = "reserve"
    account: Number
    kind: Annotated[int, Field(gt=0)]
    quantity: Annotated[int, Field(gt=0, lt=2**63)]


class Released(_Act):
    """Ends a reservation, named by the sequence of its record."""

    act: Literal["release"] = "release"
    reservation: Annotated[int, Field(gt=0)]


class EmissionsVerified(_Act):
    """The verified emissions of an operator's account for a year; a later figure replaces it.

    Without tonnes the figure is taken back: there is none again.
    """

    act: Literal["emissions"] = "emissions"
    account: Number
    year: Year
    tonnes: Quantity | None = None


Act = (
    StoreCreated
    | RulebookAdopted
    | KindDefined
    | AccountOpened
    | StatusChanged
    | Freeze
    | Lift
    | Reconciled
    | CapSet
    | CorrectionNamed
    | ReplacementOpened
    | Reserved
    | Released
    | EmissionsVerified
)

_ADAPTER: TypeAdapter[Act] = TypeAdapter(Annotated[Act, Field(discriminator="act")])
_read, _write = _ADAPTER.validator.validate_json, _ADAPTER.serializer.to_json


def parse_act(payload: bytes) -> Act:
    """The act in a record's payload; raises `Malformed` unless it is canonical and complete."""
    try:
        act: Act = _read(payload)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Malformed(f"The act is not well formed at {place}: {first['msg']}.") from None
    if _write(act, exclude_none=True) != payload:
        raise Malformed("The act is not written canonically.")
    return act


def act_of(record: Record) -> Act | None:
    """The act of a record that is one, None for a transaction; raises `Malformed`."""
    return parse_act(record.payload) if isinstance(record, ActRecord) else None
