"""The tree of RFC 9162: published roots, every proof for small trees, and no proof for lies."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openets.translog.merkle import Tree, is_consistent, is_included, leaf_hash, node_hash

LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
# The roots over the first 1, 2, ... 8 of these leaves, as implementers of the RFC publish them.
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
SIZES = range(1, 34)


def plain_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 9162, 2.1.1, written down as it stands there."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(plain_root(leaves[:split]), plain_root(leaves[split:]))


def tree_of(leaves: list[bytes]) -> Tree:
    tree = Tree()
    for leaf in leaves:
        tree.extend([leaf_hash(leaf)])
    return tree


def numbered(count: int) -> list[bytes]:
    return [number.to_bytes(2, "big") for number in range(count)]


@given(st.lists(st.integers(0, 9), max_size=12))
def test_leaves_may_come_in_any_parts(parts: list[int]) -> None:
    leaves = numbered(sum(parts))
    tree, start = Tree(), 0
    for part in parts:
        tree.extend(map(leaf_hash, leaves[start : start + part]))
        start += part
        assert tree.root() == tree_of(leaves).root(start)
        assert len(tree) == start


@pytest.mark.parametrize("size", range(1, 9))
def test_published_roots(size: int) -> None:
    assert tree_of(LEAVES[:size]).root().hex() == ROOTS[size - 1]
    assert tree_of(LEAVES).root(size).hex() == ROOTS[size - 1]


def test_the_empty_tree() -> None:
    assert Tree().root() == sha256(b"").digest()
    assert len(Tree()) == 0


@pytest.mark.parametrize("size", SIZES)
def test_every_leaf_is_proved_and_nothing_else(size: int) -> None:
    leaves = numbered(size)
    tree = tree_of(leaves)
    root = tree.root()
    assert root == plain_root(leaves)
    for position, leaf in enumerate(leaves):
        path = tree.inclusion(position, size)
        assert is_included(leaf_hash(leaf), position, size, path, root)
        assert not is_included(leaf_hash(b"other"), position, size, path, root)
        assert not is_included(leaf_hash(leaf), position, size, path, leaf_hash(b"other"))
        assert not is_included(leaf_hash(leaf), position, size, [*path, root], root)
        assert not is_included(leaf_hash(leaf), size, size, path, root)
        for wrong in range(len(path)):
            bent = [*path[:wrong], leaf_hash(b"bent"), *path[wrong + 1 :]]
            assert not is_included(leaf_hash(leaf), position, size, bent, root)
        if path:
            assert not is_included(leaf_hash(leaf), position, size, path[:-1], root)


@pytest.mark.parametrize("second", SIZES)
def test_every_earlier_root_is_consistent_and_nothing_else(second: int) -> None:
    tree = tree_of(numbered(second))
    for first in range(1, second + 1):
        old, new = tree.root(first), tree.root(second)
        path = tree.consistency(first, second)
        assert is_consistent(first, old, second, new, path)
        assert not is_consistent(first, leaf_hash(b"other"), second, new, path)
        assert not is_consistent(first, old, second, leaf_hash(b"other"), path)
        assert not is_consistent(first, old, second, new, [*path, old])
        for wrong in range(len(path)):
            bent = [*path[:wrong], leaf_hash(b"bent"), *path[wrong + 1 :]]
            assert not is_consistent(first, old, second, new, bent)


sizes_to_70 = st.integers(1, 70)


@given(sizes_to_70, st.data())
def test_a_proof_stands_for_one_leaf_at_one_place_under_one_root(
    size: int, data: st.DataObject
) -> None:
    """Within a tree that goes on growing; the tree's size itself is vouched for by signature."""
    leaves = numbered(70)
    tree = tree_of(leaves)
    position = data.draw(st.integers(0, size - 1))
    leaf, root, path = leaf_hash(leaves[position]), tree.root(size), tree.inclusion(position, size)
    assert root == plain_root(leaves[:size])
    assert is_included(leaf, position, size, path, root)
    for other in range(-1, size + 1):
        assert is_included(leaf, other, size, path, root) == (other == position)
    for other in range(70):
        found = is_included(leaf_hash(leaves[other]), position, size, path, root)
        assert found == (other == position)
        assert is_included(leaf, position, size, path, tree.root(other + 1)) == (other + 1 == size)


@given(sizes_to_70, st.data())
def test_one_flipped_bit_anywhere_ends_a_proof(second: int, data: st.DataObject) -> None:
    tree = tree_of(numbered(second))
    first, position = data.draw(st.integers(1, second)), data.draw(st.integers(0, second - 1))
    old, new, leaf = tree.root(first), tree.root(second), leaf_hash(numbered(second)[position])
    consistency, inclusion = tree.consistency(first, second), tree.inclusion(position, second)
    assert old == plain_root(numbered(second)[:first])
    assert is_consistent(first, old, second, new, consistency)
    assert is_included(leaf, position, second, inclusion, new)

    def bent(parts: list[bytes]) -> list[bytes]:
        place, bit = data.draw(st.integers(0, len(parts) - 1)), data.draw(st.integers(0, 255))
        changed = bytearray(parts[place])
        changed[bit // 8] ^= 1 << bit % 8
        return [*parts[:place], bytes(changed), *parts[place + 1 :]]

    leaf_, new_, *path = bent([leaf, new, *inclusion])
    assert not is_included(leaf_, position, second, path, new_)
    old_, new_, *path = bent([old, new, *consistency])
    assert not is_consistent(first, old_, second, new_, path)
    if len(consistency) > 1:
        assert not is_consistent(first, old, second, new, consistency[::-1])
    if consistency:
        assert not is_consistent(first, old, second, new, consistency[1:])
        assert not is_consistent(first, old, second, new, consistency[:-1])


@pytest.mark.parametrize("second", range(2, 34))
def test_a_proof_does_not_reach_a_taller_tree(second: int) -> None:
    """One step less than the claimed size asks for is not enough, though both roots come out."""
    tree = tree_of(numbered(second))
    new = tree.root()
    taller = 2 << second.bit_length()  # sizes of the same height may share a path
    for first in range(1, second):
        path = tree.consistency(first, second)
        assert not is_consistent(first, tree.root(first), taller, new, path)
    for position, leaf in enumerate(numbered(second)):
        path = tree.inclusion(position, second)
        assert not is_included(leaf_hash(leaf), position, taller, path, new)


@given(st.integers(0, 200), st.data())
def test_leaves_taken_off_leave_no_trace(size: int, data: st.DataObject) -> None:
    kept = data.draw(st.integers(0, size))
    tree = tree_of(numbered(size))
    tree.cut_back(kept)
    assert (len(tree), tree.root()) == (kept, plain_root(numbered(kept)))
    for leaf in numbered(size)[kept:]:
        tree.extend([leaf_hash(leaf)])
    assert tree.root() == plain_root(numbered(size))


@pytest.mark.parametrize(("position", "size"), [(0, 0), (3, 3), (-1, 2), (0, 9)])
def test_no_path_for_a_leaf_that_is_not_there(position: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        tree_of(LEAVES).inclusion(position, size)


@pytest.mark.parametrize(("first", "second"), [(0, 4), (5, 4), (4, 9)])
def test_no_consistency_of_sizes_that_are_not_there(first: int, second: int) -> None:
    with pytest.raises(ValueError, match="cannot extend"):
        tree_of(LEAVES).consistency(first, second)
