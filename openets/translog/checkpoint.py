"""The log's picture and tree as they were kept at an earlier moment, for a quicker start.

They count only if the log's key sealed them, if they have the shape of this release and were made
under the law the log works by, and if the row they end with stands there, with the same head and
the same root. The audit never looks at them.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from typing import Any, NamedTuple

from pydantic import BaseModel

from openets.kernel.acts import KindDefined, Reserved
from openets.kernel.records import KEY_BYTES, Block
from openets.kernel.signing import SigningKey, is_signed_by
from openets.rulebook.model import Rulebook
from openets.storage.checkpoint import (
    Checkpoint,
    about_checkpoint,
    discard_checkpoint,
    read_checkpoint,
    write_checkpoint,
)
from openets.translog.merkle import Tree
from openets.translog.picture import Permission, Picture, Scope, SerialMap, Span, place_of
from openets.translog.store import Configuration, LogStore

SHAPE = 1  # raised with every change of what a picture knows, or of how it comes to know it
ENOUGH = 65_536  # records since the last one; fewer are sooner read again than a picture is written
SERIALS, LEVEL = "serials ", "level "  # what names of parts begin with
AS_THEY_ARE = (
    "kinds",
    "claimed",
    "claims",
    "permissions",
    "replaced",
    "frozen",
    "compared",
    "receiving",
    "arrested",
    "immobile",
    "created",
    "caps",
)


class State(NamedTuple):
    """What the log knows; `recorded` is when its last row was written."""

    picture: Picture
    tree: Tree
    recorded: int


class Shelves(BaseModel):
    """What there is little of in a picture, as keys and values."""

    rulebook: str
    kind_count: int
    mode: str
    places: list[tuple[int, tuple[str, str, str]]]  # registry, type, status
    kinds: list[tuple[int, KindDefined]]
    claimed: list[tuple[tuple[int, int], int]]
    claims: list[tuple[int, Reserved]]
    permissions: list[tuple[int, Permission]]
    replaced: list[tuple[int, frozenset[str]]]
    frozen: list[tuple[Scope, bool]]
    compared: list[tuple[str, bool]]
    receiving: list[tuple[int, bool]]
    arrested: list[tuple[Span, bool]]
    immobile: list[tuple[tuple[int, int], int]]
    created: list[tuple[int, int]]
    caps: list[tuple[tuple[str, int], bool]]


def keep(state: State, configuration: Configuration, rulebook: Rulebook, key: SigningKey) -> None:
    """Keeps a settled state, if enough has come since one was kept last."""
    picture = state.picture
    if picture.sequence - about_checkpoint(configuration.checkpoint).get("sequence", 0) < ENOUGH:
        return
    if len(picture.keys) != picture.sequence:
        return  # a key stands twice in the rows; an audit will say so
    about = {
        **_about(configuration, rulebook),
        "sequence": picture.sequence,
        "head": picture.head.hex(),
        "recorded": state.recorded,
    }
    parts = {"shelves": _shelves_of(picture).model_dump_json().encode()}
    parts["keys"] = b"".join(picture.keys)
    for registry, serials in picture.serials.items():
        parts[SERIALS + registry] = _column_of(serials)
    for level, hashes in enumerate(state.tree.levels()):
        parts[f"{LEVEL}{level}"] = hashes
    write_checkpoint(configuration.checkpoint, Checkpoint(about, parts), key.sign)


def state_at_start(rows: LogStore, rulebook: Rulebook) -> State:
    """The state that was kept, or that of an empty log if that is of no use."""
    configuration = rows.configuration

    def is_seal(seal: bytes, message: bytes) -> bool:
        return is_signed_by(configuration.log_key, seal, message)

    found = read_checkpoint(configuration.checkpoint, _about(configuration, rulebook), is_seal)
    if found is not None:
        with suppress(ValueError, KeyError):  # of a release that forgot to raise its `SHAPE`
            state = _state_of(found, configuration.store)
            if _stands_in(rows, state):
                return state
    discard_checkpoint(configuration.checkpoint)
    return State(Picture(configuration.store), Tree(), 0)


def _stands_in(rows: LogStore, state: State) -> bool:
    """Whether the rows have what was kept: they may have been made again, or cut."""
    row = next(rows.batches(state.picture.sequence - 1), None)
    if row is None:
        return False
    promised = row.receipt.tree_head
    ends = (state.picture.sequence, state.picture.head, state.tree.root())
    return (promised.size, promised.head, promised.root) == ends


def _about(configuration: Configuration, rulebook: Rulebook) -> dict[str, Any]:
    """What a kept state has to be about; its columns are as a machine of this kind writes them."""
    words = {"store": configuration.store.hex(), "law": rulebook.digest.hex()}
    return {"shape": SHAPE, "order": sys.byteorder, **words}


def _shelves_of(picture: Picture) -> Shelves:
    return Shelves(
        rulebook=picture.rulebook.hex(),
        kind_count=picture.kind_count,
        mode=picture.mode,
        places=[(number, place[:3]) for number, place in picture.places.items()],
        **{name: list(getattr(picture, name).items()) for name in AS_THEY_ARE},
    )


def _column_of(serials: SerialMap) -> bytes:
    """The stretches of a registry, of which each begins where the one before it ends."""
    numbers = array("q")
    for _, end, kind, account in serials:
        numbers.extend((end, kind, account))
    return numbers.tobytes()


def _state_of(found: Checkpoint, store: bytes) -> State:
    picture = Picture(store)
    _fill(picture, Shelves.model_validate_json(found.parts["shelves"]))
    picture.keys = dict(zip(_keys(found.parts["keys"]), count(1), strict=False))
    levels = []
    for name, part in found.parts.items():
        if name.startswith(SERIALS):
            picture.serials[name.removeprefix(SERIALS)] = _serials_of(part)
        elif name.startswith(LEVEL):
            levels.append(part)
    picture.sequence = found.about["sequence"]
    picture.settle(bytes.fromhex(found.about["head"]))
    return State(picture, Tree(levels), found.about["recorded"])


def _fill(picture: Picture, shelves: Shelves) -> None:
    """Gives an empty picture the shelves that were kept."""
    picture.rulebook = bytes.fromhex(shelves.rulebook)
    picture.kind_count, picture.mode = shelves.kind_count, shelves.mode
    picture.places.update((number, place_of(*place)) for number, place in shelves.places)
    for name in AS_THEY_ARE:
        getattr(picture, name).update(getattr(shelves, name))


def _keys(part: bytes) -> Iterator[bytes]:
    return (part[at : at + KEY_BYTES] for at in range(0, len(part), KEY_BYTES))


def _serials_of(part: bytes) -> SerialMap:
    numbers, serials, start = array("q"), SerialMap(), 1
    numbers.frombytes(part)
    for end, kind, account in zip(numbers[0::3], numbers[1::3], numbers[2::3], strict=True):
        serials.create(Block(kind, start, end), account)
        start = end + 1
    return serials
