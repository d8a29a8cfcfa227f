"""Trees as flat arrays: what a tree says does not depend on how it is laid out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from trained.learned.tree_ensemble import Tree, TreeEnsemble


def tree_of(seed: int, columns: int, categories: int) -> Tree:
    """A random tree; the last `categories` columns hold codes."""
    random = np.random.default_rng(seed)
    inner = int(random.integers(0, 7))
    children = np.zeros((inner, 2), np.int64)
    open_places: list[tuple[int, int]] = []
    for node in range(inner):
        if node:
            row, side = open_places.pop(int(random.integers(0, len(open_places))))
            children[row, side] = node
        open_places += [(node, 0), (node, 1)]
    leaves = len(open_places)
    for leaf, (row, side) in enumerate(open_places):
        children[row, side] = -1 - leaf
    column = random.integers(0, columns, inner)
    codes = [
        np.flatnonzero(random.random(6) < 0.5) if place >= columns - categories else None for place in column.tolist()
    ]
    threshold = random.choice([-1.0, 0.1, 2.0, np.inf], inner)
    return Tree(column, threshold, random.random(inner) < 0.5, codes, children, random.normal(size=max(1, leaves)))


def walk(tree: Tree, row: npt.NDArray[np.float32]) -> float:
    """One tree, one node after the other."""
    node = 0 if len(tree.column) else -1
    while node >= 0:
        value, codes = row[tree.column[node]], tree.left_codes[node]
        if codes is not None:
            left = not np.isnan(value) and int(value) in codes.tolist()
        else:
            left = bool(tree.absent_left[node]) if np.isnan(value) else bool(np.float64(value) <= tree.threshold[node])
        node = int(tree.children[node, 0 if left else 1])
    return float(tree.values[-node - 1])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 8))
def test_all_trees_at_once_say_what_each_says_alone(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    trees = [tree_of(seed + number, 5, 2) for number in range(count)]
    owners = sorted(random.integers(0, 3, count).tolist())
    bases = random.normal(size=3)
    matrix = random.normal(size=(7, 5)).astype(np.float32)
    matrix[:, 3:] = random.integers(0, 9, (7, 2))
    matrix[random.random((7, 5)) < 0.2] = np.nan
    made = TreeEnsemble(TreeEnsemble.of(trees, owners, bases).to_parts()).evaluate(matrix)
    wanted = np.tile(bases, (7, 1))
    for tree, owner in zip(trees, owners, strict=True):
        wanted[:, owner] += [walk(tree, row) for row in matrix]
    np.testing.assert_allclose(made, wanted, atol=1e-5)


def test_a_number_at_the_threshold_goes_to_the_left_though_float32_cannot_hold_it() -> None:
    threshold = 0.1  # float32 rounds it up
    tree = Tree(
        np.array([0]), np.array([threshold]), np.array([False]), [None], np.array([[-1, -2]]), np.array([1.0, 2.0])
    )
    ensemble = TreeEnsemble.of([tree], [0], np.zeros(1))
    above = np.float32(threshold)
    below = np.nextafter(above, np.float32(0.0))
    assert ensemble.evaluate(np.array([[below], [above], [np.nan]], np.float32))[:, 0].tolist() == [1.0, 2.0, 2.0]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 2), st.sampled_from([-2.0, -1.0, 0.0, 0.1, 1.0, 3.0]))
def test_a_tree_that_knows_an_input_says_the_same_without_looking_at_it(seed: int, column: int, value: float) -> None:
    random = np.random.default_rng(seed)
    tree = tree_of(seed, 5, 2)
    knowing = tree.knowing(column, float(np.float32(value)))
    assert column not in knowing.column
    assert len(knowing.values) == len(knowing.column) + 1
    matrix = random.normal(size=(9, 5)).astype(np.float32)
    matrix[:, 3:] = random.integers(0, 9, (9, 2))
    matrix[random.random((9, 5)) < 0.2] = np.nan
    known = matrix.copy()
    known[:, column] = value
    said = TreeEnsemble.of([knowing], [0], np.zeros(1)).evaluate(matrix)[:, 0]
    np.testing.assert_allclose(said, [walk(tree, row) for row in known], atol=1e-5)
