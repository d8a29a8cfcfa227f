"""A forest of trees that classify whole routings, as flat arrays: fitted by scikit-learn, evaluated with NumPy alone."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from methods.item_description import Described

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Integers32 = npt.NDArray[np.int32]

NOTHING: Final = np.float32(-1e30)
"""Stands for an absent number: below every other, so that a tree can tell absence by one question."""
ITEMS_AT_ONCE: Final = 64
FEW: Final = 500
"""Items up to which a tree grows sooner than it is handed to a thread."""


@dataclass(frozen=True)
class ForestMember:
    """Fitted trees; a node whose column is -1 is a leaf.

    Attributes:
        roots: int32 (trees,); nodes where they begin.
        column, threshold: what a node asks, int32 and float32 (nodes,); to the left when the value is at most the threshold.
        children: left and right, int32 (nodes, 2); a leaf leads to itself.
        leaf_offsets, leaf_class, leaf_chance: the chances at node k are [leaf_offsets[k], leaf_offsets[k + 1]) of the next two.
        dense, parts: dense columns, and parts of texts, which are the columns after them.
        classes: number of routings.
        depth: most questions of a tree.
    """

    roots: Integers32
    column: Integers32
    threshold: Floats32
    children: Integers32
    leaf_offsets: Integers
    leaf_class: Integers32
    leaf_chance: Floats32
    dense: int
    parts: int
    classes: int
    depth: int

    @classmethod
    def fit(
        cls, described: Described, parts: int, of_item: Integers, classes: int, trees: int, seed: int, threads: int
    ) -> ForestMember:
        """Fit on items with routings.

        Args:
            described: the items.
            parts: number of parts of texts that are told apart.
            of_item: routing of each, int64 (n,).
            trees: how many.
        """
        matrix = _sparse(described, parts)
        labels, numbered = np.unique(of_item, return_inverse=True)

        def grow(number: int) -> _Tree:
            return _grown(matrix, numbered, labels, np.random.default_rng((seed, number)))

        if len(of_item) < FEW:
            grown = [grow(number) for number in range(trees)]
        else:
            with ThreadPoolExecutor(max(1, threads), thread_name_prefix="forest") as pool:
                grown = list(pool.map(grow, range(trees)))
        sizes = np.array([len(one.column) for one in grown])
        roots = np.concatenate(([0], np.cumsum(sizes)))[:-1]
        children = np.concatenate([one.children + start for one, start in zip(grown, roots.tolist(), strict=True)])
        counts = np.concatenate([one.counts for one in grown])
        return cls(
            roots.astype(np.int32),
            np.concatenate([one.column for one in grown]),
            np.concatenate([one.threshold for one in grown]),
            children.astype(np.int32),
            np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
            np.concatenate([one.leaf_class for one in grown]),
            np.concatenate([one.leaf_chance for one in grown]),
            described.dense.shape[1],
            parts,
            classes,
            max(one.depth for one in grown),
        )

    def predict(self, described: Described) -> Floats:
        """Chances of the routings, float64 (q, classes)."""
        made = np.zeros((len(described), self.classes))
        for start in range(0, len(described), ITEMS_AT_ONCE):
            items = np.arange(start, min(start + ITEMS_AT_ONCE, len(described)))
            made[items] = self._predict(described.of(items))
        return made

    def _predict(self, described: Described) -> Floats:
        count = len(described)
        values = np.zeros((count, self.dense + self.parts), np.float32)
        values[:, : self.dense] = filled(described.dense)
        item = np.repeat(np.arange(count), np.diff(described.part_offsets))
        values[item, self.dense + described.parts] = described.counts
        nodes = np.tile(self.roots, (count, 1))
        rows = np.arange(count)[:, None]
        for _level in range(self.depth):
            column = self.column[nodes]
            right = values[rows, np.maximum(column, 0)] > self.threshold[nodes]
            nodes = self.children[nodes, right.astype(np.int64)]
        lengths = (self.leaf_offsets[nodes + 1] - self.leaf_offsets[nodes]).reshape(-1)
        ends = np.cumsum(lengths)
        places = np.repeat(self.leaf_offsets[nodes].reshape(-1) - (ends - lengths), lengths) + np.arange(
            int(lengths.sum())
        )
        query = np.repeat(np.repeat(np.arange(count), nodes.shape[1]), lengths)
        cells = query * self.classes + self.leaf_class[places]
        made = np.bincount(cells, self.leaf_chance[places].astype(np.float64), count * self.classes)
        return made.reshape(count, self.classes) / len(self.roots)

    def used(self) -> Floats:
        """How often each column is asked, as a share, float64 (dense + parts,)."""
        asked = np.bincount(self.column[self.column >= 0], minlength=self.dense + self.parts)
        return asked / max(int(asked.sum()), 1)

    def to_parts(self) -> dict[str, npt.NDArray[Any]]:
        """Arrays from which `from_parts` makes it again."""
        facts = np.array([self.dense, self.parts, self.classes, self.depth], np.int64)
        return {"facts": facts, **{name: getattr(self, name) for name in _ARRAYS}}

    @classmethod
    def from_parts(cls, parts: Mapping[str, npt.NDArray[Any]]) -> ForestMember:
        """The member of such arrays."""
        arrays: dict[str, Any] = {name: parts[name] for name in _ARRAYS}
        dense, texts, classes, depth = (int(fact) for fact in parts["facts"])
        return cls(**arrays, dense=dense, parts=texts, classes=classes, depth=depth)


_ARRAYS: Final = ("roots", "column", "threshold", "children", "leaf_offsets", "leaf_class", "leaf_chance")


class _Tree(NamedTuple):
    """One tree: its nodes from 0, its leaves' chances."""

    column: Integers32
    threshold: Floats32
    children: Integers
    counts: Integers
    leaf_class: Integers32
    leaf_chance: Floats32
    depth: int


def _grown(matrix: Any, numbered: Integers, labels: Integers, random: np.random.Generator) -> _Tree:
    """A tree of items drawn with repetition, each question chosen among a few columns (Breiman, Random Forests, 2001)."""
    from sklearn.tree import DecisionTreeClassifier  # only the training side has it

    count = len(numbered)
    drawn = np.bincount(random.integers(0, count, count), minlength=count).astype(np.float64)
    rows = np.flatnonzero(drawn)
    fitted = DecisionTreeClassifier(max_features="sqrt", random_state=int(random.integers(2**31 - 1)))
    fitted.fit(matrix[rows], numbered[rows], sample_weight=drawn[rows])
    own = labels[fitted.classes_.astype(np.int64)]
    tree = fitted.tree_
    leaf = tree.children_left < 0
    here = np.arange(tree.node_count)
    pair = np.stack([tree.children_left, tree.children_right], axis=1)
    chances = tree.value[:, 0, :] * leaf[:, None]
    row, place = np.nonzero(chances)
    whole = chances.sum(axis=1)
    return _Tree(
        np.where(leaf, -1, tree.feature).astype(np.int32),
        tree.threshold.astype(np.float32),
        np.where(leaf[:, None], here[:, None], pair).astype(np.int64),
        np.bincount(row, minlength=tree.node_count),
        own[place].astype(np.int32),
        (chances[row, place] / whole[row]).astype(np.float32),
        int(tree.max_depth),
    )


def filled(dense: Floats32) -> Floats32:
    """Dense columns with NOTHING where a number is absent."""
    return np.where(np.isnan(dense), NOTHING, dense)


def _sparse(described: Described, parts: int) -> Any:
    from scipy import sparse

    counts = sparse.csr_matrix(
        (described.counts, described.parts, described.part_offsets), shape=(len(described), parts), dtype=np.float32
    )
    made = sparse.hstack([sparse.csr_matrix(filled(described.dense)), counts], format="csr")
    return (
        made if made.shape[1] else sparse.csr_matrix((len(described), 1))
    )  # nothing tells the items apart: a tree is one leaf
