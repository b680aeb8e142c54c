"""The log's picture and tree as they were kept at an earlier moment, for a quicker start.

They count only if the log's key sealed them, if they have the shape of this release and were made
under the law the log works by, and if the row they end with stands there, with the same head and
the same root. The audit never looks at them.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from itertools import count
from typing import NamedTuple

from pydantic import BaseModel

from openets.kernel.acts import KindDefined, Reserved
from openets.kernel.records import KEY_BYTES, Block
from openets.kernel.signing import SigningKey, is_signed_by
from openets.rulebook.model import Rulebook
from openets.storage.checkpoint import Checkpoint, Keeping, column, pieces, threes
from openets.translog.merkle import Tree
from openets.translog.picture import Permission, Picture, Scope, SerialMap, Span, place_of
from openets.translog.store import Configuration, LogStore

SHAPE = 1  # raised with every change of what a picture knows, or of how it comes to know it
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
    picture, keeping = state.picture, _keeping(configuration, rulebook)
    if not keeping.is_due(picture.sequence) or len(picture.keys) != picture.sequence:
        return  # with fewer keys than records one stands twice in the rows; an audit will say so
    parts = {"shelves": _shelves_of(picture).model_dump_json().encode()}
    parts["keys"] = b"".join(picture.keys)
    for registry, serials in picture.serials.items():
        # each stretch begins where the one before it ends
        parts[SERIALS + registry] = column(stretch[1:] for stretch in serials)
    for level, hashes in enumerate(state.tree.levels()):
        parts[f"{LEVEL}{level}"] = hashes
    words = {"head": picture.head.hex(), "recorded": state.recorded}
    keeping.write(Checkpoint(picture.sequence, words, parts), key.sign)


def state_at_start(rows: LogStore, rulebook: Rulebook) -> State:
    """The state that was kept, or that of an empty log if that is of no use."""
    keeping, store = _keeping(rows.configuration, rulebook), rows.configuration.store
    found = keeping.read()
    if found is not None:
        with suppress(ValueError, KeyError):  # of a release that forgot to raise its `SHAPE`
            state = _state_of(found, store)
            if _stands_in(rows, state):
                return state
    keeping.discard()
    return State(Picture(store), Tree(), 0)


def _keeping(configuration: Configuration, rulebook: Rulebook) -> Keeping:
    of = {"shape": SHAPE, "store": configuration.store.hex(), "law": rulebook.digest.hex()}
    return Keeping(configuration.checkpoint, of, partial(is_signed_by, configuration.log_key))


def _stands_in(rows: LogStore, state: State) -> bool:
    """Whether the rows have what was kept: they may have been made again, or cut."""
    row = next(rows.batches(state.picture.sequence - 1), None)
    if row is None:
        return False
    promised = row.receipt.tree_head
    ends = (state.picture.sequence, state.picture.head, state.tree.root())
    return (promised.size, promised.head, promised.root) == ends


def _shelves_of(picture: Picture) -> Shelves:
    return Shelves(
        rulebook=picture.rulebook.hex(),
        kind_count=picture.kind_count,
        mode=picture.mode,
        places=[(number, place[:3]) for number, place in picture.places.items()],
        **{name: list(getattr(picture, name).items()) for name in AS_THEY_ARE},
    )


def _state_of(found: Checkpoint, store: bytes) -> State:
    picture = Picture(store)
    _fill(picture, Shelves.model_validate_json(found.parts["shelves"]))
    picture.keys = dict(zip(pieces(found.parts["keys"], KEY_BYTES), count(1), strict=False))
    levels = []
    for name, part in found.parts.items():
        if name.startswith(SERIALS):
            picture.serials[name.removeprefix(SERIALS)] = _serials_of(part)
        elif name.startswith(LEVEL):
            levels.append(part)
    picture.sequence = found.sequence
    picture.settle(bytes.fromhex(found.words["head"]))
    return State(picture, Tree(levels), found.words["recorded"])


def _fill(picture: Picture, shelves: Shelves) -> None:
    """Gives an empty picture the shelves that were kept."""
    picture.rulebook = bytes.fromhex(shelves.rulebook)
    picture.kind_count, picture.mode = shelves.kind_count, shelves.mode
    picture.places.update((number, place_of(*place)) for number, place in shelves.places)
    for name in AS_THEY_ARE:
        getattr(picture, name).update(getattr(shelves, name))


def _serials_of(part: bytes) -> SerialMap:
    serials, start = SerialMap(), 1
    for end, kind, account in threes(part):
        serials.create(Block(kind, start, end), account)
        start = end + 1
    return serials
