"""A forest of trees that classify whole routings, as flat arrays: fitted by scikit-learn, evaluated with NumPy alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

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
        from sklearn.ensemble import RandomForestClassifier  # only the training side has it

        forest = RandomForestClassifier(trees, random_state=seed, n_jobs=threads, min_samples_leaf=1)
        forest.fit(_sparse(described, parts), of_item)
        labels = forest.classes_.astype(np.int64)
        columns, thresholds, children, counts, leaf_class, leaf_chance, roots = [], [], [], [], [], [], []
        nodes = depth = 0
        for one in forest.estimators_:
            tree = one.tree_
            leaf = tree.children_left < 0
            here = np.arange(tree.node_count)
            pair = np.stack([tree.children_left, tree.children_right], axis=1)
            children.append((np.where(leaf[:, None], here[:, None], pair) + nodes).astype(np.int32))
            columns.append(np.where(leaf, -1, tree.feature).astype(np.int32))
            thresholds.append(tree.threshold)
            chances = tree.value[:, 0, :] * leaf[:, None]
            row, place = np.nonzero(chances)
            whole = chances.sum(axis=1)
            counts.append(np.bincount(row, minlength=tree.node_count))
            leaf_class.append(labels[place].astype(np.int32))
            leaf_chance.append((chances[row, place] / whole[row]).astype(np.float32))
            roots.append(nodes)
            nodes += tree.node_count
            depth = max(depth, int(tree.max_depth))
        return cls(
            np.array(roots, np.int32),
            np.concatenate(columns),
            np.concatenate(thresholds).astype(np.float32),
            np.concatenate(children),
            np.concatenate(([0], np.cumsum(np.concatenate(counts)))).astype(np.int64),
            np.concatenate(leaf_class),
            np.concatenate(leaf_chance),
            described.dense.shape[1],
            parts,
            classes,
            depth,
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
        places = np.repeat(self.leaf_offsets[nodes].reshape(-1) - (ends - lengths), lengths) + np.arange(int(lengths.sum()))
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
        return cls(*(parts[name] for name in _ARRAYS), *(int(fact) for fact in parts["facts"]))


_ARRAYS: Final = ("roots", "column", "threshold", "children", "leaf_offsets", "leaf_class", "leaf_chance")


def filled(dense: Floats32) -> Floats32:
    """Dense columns with NOTHING where a number is absent."""
    return np.where(np.isnan(dense), NOTHING, dense)


def _sparse(described: Described, parts: int) -> Any:
    from scipy import sparse

    counts = sparse.csr_matrix(
        (described.counts, described.parts, described.part_offsets), shape=(len(described), parts), dtype=np.float32
    )
    return sparse.hstack([sparse.csr_matrix(filled(described.dense)), counts], format="csr")
