"""Ensembles of decision trees as flat arrays, evaluated for all trees at once with NumPy alone.

All decisions of an item are made first, one comparison or one look-up a node, and then every tree is walked in step: two gathers a
level, whatever the number of trees. Leaves lead to themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

ROWS_AT_ONCE: Final = 64

Floats32 = npt.NDArray[np.float32]
Integers32 = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Tree:
    """One tree as its maker gives it. Children below 0 are leaves: -1 is leaf 0, -2 leaf 1 and so on.

    Attributes:
        column: input that each inner node looks at, int (n,).
        threshold: to the left when the input is at most this, float64 (n,); not used where the node is a category's.
        absent_left: whether an absent input goes to the left, bool (n,).
        left_codes: codes of a category that go to the left; None where the node compares numbers. Length n.
        children: left and right, int (n, 2).
        values: of the leaves, float64 (n + 1,).
    """

    column: npt.NDArray[np.int64]
    threshold: npt.NDArray[np.float64]
    absent_left: npt.NDArray[np.bool_]
    left_codes: Sequence[npt.NDArray[np.int64] | None]
    children: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]

    def knowing(self, column: int, value: float) -> Tree:
        """The tree for items of which one input, no category, is known: it no longer looks at it."""
        asked = self.column == column
        if not asked.any():
            return self
        taken = self.children[np.arange(len(self.column)), np.where(value <= self.threshold, 0, 1)]
        nodes: list[int] = []
        leaves: list[int] = []
        children: list[list[int]] = []

        def passed(to: int) -> int:
            while to >= 0 and asked[to]:
                to = int(taken[to])
            return to

        def placed(to: int) -> int:
            to = passed(to)
            if to < 0:
                leaves.append(-1 - to)
                return -len(leaves)
            place = len(nodes)
            nodes.append(to)
            children.append([0, 0])
            waiting.append(place)
            return place

        waiting: list[int] = []
        placed(0)
        for place in waiting:  # grows while it is walked: a child is numbered after its parent
            children[place] = [placed(to) for to in self.children[nodes[place]].tolist()]
        return Tree(
            self.column[nodes],
            self.threshold[nodes],
            self.absent_left[nodes],
            [self.left_codes[node] for node in nodes],
            np.array(children, np.int64).reshape(-1, 2),
            self.values[leaves],
        )


class TreeEnsemble:
    """Sums of trees, several outputs at once. Immutable.

    Attributes:
        outputs: number of outputs.
        trees: number of trees.
    """

    def __init__(self, parts: Mapping[str, npt.NDArray[Any]]) -> None:
        """Args:
        parts: arrays as `to_parts` gives them.
        """
        self._parts = dict(parts)
        self._roots: Integers32 = parts["roots"]
        self._owner: Integers32 = parts["owner"]
        self._child: Integers32 = parts["child"]
        self._leaf: Floats32 = parts["leaf"]
        self._columns: Integers32 = parts["columns"]
        self._thresholds: Floats32 = parts["thresholds"]
        self._bases: npt.NDArray[np.float64] = parts["bases"]
        self.outputs, self.trees = len(self._bases), len(self._roots)
        self._numeric, self._nodes, self._depth = len(self._columns), len(self._child) // 2, int(parts["depth"][0])
        self._category_columns: Integers32 = parts["category_columns"]
        starts = np.concatenate(([0], np.cumsum(parts["category_nodes"])))
        widths = (np.diff(starts) + 7) // 8
        tables = np.concatenate(([0], np.cumsum(parts["category_codes"] * widths)))
        self._tables = [
            parts["category_bits"][a:b].reshape(int(codes), int(width))
            for a, b, codes, width in zip(tables[:-1], tables[1:], parts["category_codes"], widths, strict=True)
        ]
        self._category_starts = (self._numeric + starts).tolist()

    @classmethod
    def of(cls, trees: Sequence[Tree], owners: Sequence[int], bases: npt.NDArray[np.float64]) -> TreeEnsemble:
        """Lay trees out flat.

        Args:
            owners: output that each tree adds to, ascending.
            bases: what each output is without trees, float64 (outputs,).
        """
        # Nodes are numbered: those that compare numbers, those of each category column, then the leaves
        kinds: dict[int, list[tuple[int, int]]] = {}
        numeric: list[tuple[int, int]] = []
        for number, tree in enumerate(trees):
            for node, codes in enumerate(tree.left_codes):
                (numeric if codes is None else kinds.setdefault(int(tree.column[node]), [])).append((number, node))
        columns = sorted(kinds)
        ordered = numeric + [pair for column in columns for pair in kinds[column]]
        place = {pair: index for index, pair in enumerate(ordered)}
        inner = len(ordered)
        leaf_starts = np.concatenate(([0], np.cumsum([len(tree.values) for tree in trees]))).astype(np.int64) + inner
        total = int(leaf_starts[-1])
        child = np.repeat(np.arange(total, dtype=np.int32), 2)  # leaves lead to themselves

        def target(number: int, to: int) -> int:
            return place[(number, to)] if to >= 0 else int(leaf_starts[number]) - to - 1

        for index, (number, node) in enumerate(ordered):
            left, right = trees[number].children[node].tolist()
            child[2 * index], child[2 * index + 1] = target(number, right), target(number, left)
        leaf = np.zeros(total, np.float32)
        for number, tree in enumerate(trees):
            leaf[leaf_starts[number] : leaf_starts[number] + len(tree.values)] = tree.values
        bits, codes_of = [], []
        for column in columns:
            nodes = [trees[number].left_codes[node] for number, node in kinds[column]]
            most = max((int(codes.max()) for codes in nodes if codes is not None and len(codes)), default=-1)
            table = np.zeros((most + 2, len(nodes)), bool)  # the last row: absent and unknown
            for at, codes in enumerate(nodes):
                table[codes, at] = True
            codes_of.append(most + 2)
            bits.append(np.packbits(table, axis=1).reshape(-1))
        return cls(
            {
                "roots": np.array(
                    [target(number, 0 if len(tree.column) else -1) for number, tree in enumerate(trees)], np.int32
                ),
                "owner": np.array(owners, np.int32),
                "child": child,
                "leaf": leaf,
                "columns": np.array(
                    [2 * trees[n].column[k] + int(not trees[n].absent_left[k]) for n, k in numeric], np.int32
                ),
                "thresholds": _rounded_down(np.array([trees[n].threshold[k] for n, k in numeric], np.float64)),
                "bases": np.asarray(bases, np.float64),
                "depth": np.array([max((_depth(tree) for tree in trees), default=0)], np.int32),
                "category_columns": np.array(columns, np.int32),
                "category_nodes": np.array([len(kinds[column]) for column in columns], np.int64),
                "category_codes": np.array(codes_of, np.int64),
                "category_bits": np.concatenate(bits) if bits else np.zeros(0, np.uint8),
            }
        )

    def to_parts(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays from which the constructor makes the ensemble again."""
        return dict(self._parts)

    def evaluate(self, matrix: Floats32) -> npt.NDArray[np.float64]:
        """Base plus the sum of the trees of each output, float64 (rows, outputs).

        Args:
            matrix: inputs, float32 (rows, inputs); NaN where absent; codes of categories as numbers.
        """
        result = np.empty((len(matrix), self.outputs))
        for start in range(0, len(matrix), ROWS_AT_ONCE):
            result[start : start + ROWS_AT_ONCE] = self._evaluate(matrix[start : start + ROWS_AT_ONCE])
        return result

    def _evaluate(self, matrix: Floats32) -> npt.NDArray[np.float64]:
        rows = len(matrix)
        if not self.trees:
            return np.tile(self._bases, (rows, 1))
        decisions = np.zeros((rows, self._nodes), np.int32)  # 1: to the left; leaves stay where they are
        absent = np.isnan(matrix)
        doubled = np.repeat(matrix, 2, axis=1)
        doubled[:, 0::2][absent], doubled[:, 1::2][absent] = -np.inf, np.inf
        decisions[:, : self._numeric] = doubled[:, self._columns] <= self._thresholds
        for place, column in enumerate(self._category_columns.tolist()):
            table = self._tables[place]
            first, last = self._category_starts[place], self._category_starts[place + 1]
            values = matrix[:, column]
            known = (values >= 0) & (values < len(table) - 1)
            codes = np.where(known, values, len(table) - 1).astype(np.int64)
            decisions[:, first:last] = np.unpackbits(table[codes], axis=1, count=last - first)
        nodes = np.tile(self._roots, (rows, 1))
        offsets = (np.arange(rows) * self._nodes)[:, None]
        flat = decisions.reshape(-1)
        for _level in range(self._depth):
            nodes = self._child[2 * nodes + flat[offsets + nodes]]
        values = self._leaf[nodes].astype(np.float64)
        result = np.tile(self._bases, (rows, 1))
        owned, starts = np.unique(self._owner, return_index=True)
        result[:, owned] += np.add.reduceat(values, starts, axis=1)
        return result


def _rounded_down(thresholds: npt.NDArray[np.float64]) -> Floats32:
    """The greatest finite float32 not above each threshold: float32 inputs compare with it as with the threshold."""
    most = float(np.finfo(np.float32).max)  # an absent input stands as infinity, which must stay above every threshold
    rounded = np.clip(thresholds, -most, most).astype(np.float32)
    above = rounded.astype(np.float64) > thresholds
    rounded[above] = np.nextafter(rounded[above], np.float32(-np.inf))
    return rounded


def _depth(tree: Tree) -> int:
    levels = np.zeros(len(tree.column), np.int64)
    deepest = 0
    for node, pair in enumerate(tree.children.tolist()):  # a child is always numbered after its parent
        deepest = max(deepest, int(levels[node]) + 1)
        for to in pair:
            if to >= 0:
                levels[to] = levels[node] + 1
    return deepest
