"""Members that look at similar items: the nearest, or a vote of all whose weight falls with what similarity they lack.

Similar is the cosine of choices, numbers (spread alike) and the parts of texts (rare ones count more), each kind with its share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from methods.item_description import DenseColumn, Described

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

NEAREST: Final = 1e-6
"""Bandwidth at which only the nearest votes, and equals alike."""
ITEMS_AT_ONCE: Final = 256
MOST_LOST: Final = 700.0
"""Bandwidths of similarity lost at which a vote is the smallest that a double holds."""
FEW: Final = 16
"""Items up to which one after the other is sooner compared than a sparse product is set up."""


@dataclass(frozen=True)
class LikenessMember:
    """Similar items.

    Attributes:
        bandwidth: similarity lost over which a vote falls to a third.
        shares: what choices, numbers and texts count, 3.
        weights: of each dense column (0: not compared), float32 (columns,).
        centre: of each dense column, subtracted, float32 (columns,).
        logarithmic: whether a dense column is compared by ratio, bool (columns,).
        rarity: weight of each part of texts, float32 (parts,).
        dense: of the items with routings, scaled, float32 (n, columns).
        starts, holders, strengths: items that have part p, and how much of them it is, at [starts[p], starts[p + 1]).
        lengths: length of each item before it is brought to 1, float32 (n,).
        of_item: their routings, int64 (n,).
        classes: number of routings.
    """

    bandwidth: float
    shares: tuple[float, float, float]
    weights: Floats32
    centre: Floats32
    logarithmic: npt.NDArray[np.bool_]
    rarity: Floats32
    dense: Floats32
    starts: Integers
    holders: npt.NDArray[np.int32]
    strengths: Floats32
    lengths: Floats32
    of_item: Integers
    classes: int

    @classmethod
    def fit(
        cls,
        columns: tuple[DenseColumn, ...],
        described: Described,
        parts: int,
        of_item: Integers,
        classes: int,
        shares: tuple[float, float, float],
        bandwidth: float,
    ) -> LikenessMember:
        """Take over items with routings.

        Args:
            columns: what the dense columns are.
            described: the items.
            parts: number of parts of texts that are told apart.
            of_item: routing of each.
        """
        choices = np.array([one.kind in ("is", "other") for one in columns], np.bool_)
        raw = described.dense
        positive = np.array([not choices[k] and _by_ratio(raw[:, k]) for k in range(raw.shape[1])], np.bool_)
        made = _logged(raw, positive)
        present = ~np.isnan(made)
        count = np.maximum(present.sum(axis=0), 1)
        centre = np.where(choices, 0.0, np.nansum(made, axis=0) / count).astype(np.float32)
        spread = np.sqrt(np.nansum((made - centre).astype(np.float64) ** 2, axis=0) / count)
        weights = np.where(choices, shares[0], np.where(spread > 0, shares[1] / np.where(spread > 0, spread, 1.0), 0.0))
        weights[choices & np.array([one.kind == "other" for one in columns], np.bool_)] = 0.0
        having = np.bincount(described.parts, minlength=parts)
        rarity = (np.log((1.0 + len(described)) / (1.0 + having)) + 1.0).astype(np.float32)
        member = cls(
            bandwidth, shares, weights.astype(np.float32), centre, positive, rarity,
            np.zeros((0, len(columns)), np.float32), np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32),
            np.zeros(0, np.float32), of_item, classes,
        )  # fmt: skip
        dense, strengths = member._scaled(described)
        order = np.argsort(described.parts, kind="stable")
        item = np.repeat(np.arange(len(described)), np.diff(described.part_offsets))
        lengths = _lengths(dense, strengths, described)
        return cls(
            bandwidth, shares, weights.astype(np.float32), centre, positive, rarity, dense,
            np.searchsorted(described.parts[order], np.arange(parts + 1)).astype(np.int64),
            item[order].astype(np.int32), strengths[order], lengths, of_item, classes,
        )  # fmt: skip

    def with_bandwidth(self, bandwidth: float) -> LikenessMember:
        """The same with another bandwidth."""
        return LikenessMember(bandwidth, *(getattr(self, name) for name in list(self.__dataclass_fields__)[1:]))

    def similarities(self, described: Described) -> Floats32:
        """Of items to those with routings, float32 (q, n), -1 to 1."""
        dense, strengths = self._scaled(described)
        found = dense @ self.dense.T
        found += self._in_common(described, strengths)
        own = _lengths(dense, strengths, described)
        made: Floats32 = found / np.maximum(own[:, None] * self.lengths[None, :], 1e-12)
        return made

    def _in_common(self, described: Described, strengths: Floats32) -> Floats32:
        """What the parts of texts that two items share add to their product, float32 (q, n)."""
        known, parts = len(self.of_item), len(self.rarity)
        if len(described) > FEW:
            from scipy import sparse  # many at once are asked in trainings and by whole lists

            asked = sparse.csr_array((strengths, described.parts, described.part_offsets), (len(described), parts))
            holding = sparse.csr_array((self.strengths, self.holders, self.starts), (parts, known))
            both: Floats32 = (asked @ holding).toarray()
            return both
        made = np.zeros((len(described), known), np.float32)
        for query in range(len(described)):
            own = slice(int(described.part_offsets[query]), int(described.part_offsets[query + 1]))
            starts = self.starts[described.parts[own]]
            lengths = self.starts[described.parts[own] + 1] - starts
            ends = np.cumsum(lengths)
            places = np.repeat(starts - (ends - lengths), lengths) + np.arange(int(lengths.sum()))
            made[query] = np.bincount(
                self.holders[places], np.repeat(strengths[own], lengths) * self.strengths[places], known
            )
        return made

    def predict(self, described: Described, excluded: npt.NDArray[np.bool_] | None = None) -> Floats:
        """Chances of the routings, float64 (q, classes).

        Args:
            excluded: items that do not vote for each, bool (q, n).
        """
        parts = []
        for start in range(0, len(described), ITEMS_AT_ONCE):
            items = np.arange(start, min(start + ITEMS_AT_ONCE, len(described)))
            similar = self.similarities(described.of(items))
            if excluded is not None:
                similar = np.where(excluded[items], -np.inf, similar)
            parts.append(votes(similar, self.of_item, self.classes, self.bandwidth))
        return np.concatenate(parts) if parts else np.zeros((0, self.classes))

    def _scaled(self, described: Described) -> tuple[Floats32, Floats32]:
        made = (_logged(described.dense, self.logarithmic) - self.centre) * self.weights
        dense = np.nan_to_num(np.clip(made, -1e6, 1e6), nan=0.0).astype(np.float32)
        own = (1.0 + np.log(np.maximum(described.counts, 1.0))) * self.rarity[described.parts]
        item = np.repeat(np.arange(len(described)), np.diff(described.part_offsets))
        norm = np.sqrt(np.bincount(item, own.astype(np.float64) ** 2, len(described)))
        strengths = self.shares[2] * own / np.maximum(norm[item], 1e-12)
        return dense, strengths.astype(np.float32)

    def to_parts(self) -> dict[str, npt.NDArray[Any]]:
        """Arrays from which `from_parts` makes it again."""
        return {
            "facts": np.array([self.bandwidth, *self.shares, self.classes], np.float64),
            **{name: getattr(self, name) for name in _ARRAYS},
        }

    @classmethod
    def from_parts(cls, parts: Mapping[str, npt.NDArray[Any]]) -> LikenessMember:
        """The member of such arrays."""
        bandwidth, choices, numbers, texts, classes = parts["facts"].tolist()
        arrays: dict[str, Any] = {name: parts[name] for name in _ARRAYS}
        return cls(bandwidth=bandwidth, shares=(choices, numbers, texts), classes=int(classes), **arrays)


_ARRAYS: Final = (
    "weights", "centre", "logarithmic", "rarity", "dense", "starts", "holders", "strengths", "lengths", "of_item",
)  # fmt: skip


def votes(similar: Floats32, of_item: Integers, classes: int, bandwidth: float) -> Floats:
    """Chances of the routings where each item votes for its own, the less the more similarity it lacks to the nearest.

    Args:
        similar: float32 (q, n); -inf: does not vote.
    """
    weights = _weights(similar, bandwidth)
    order = np.argsort(of_item, kind="stable")
    present, starts = np.unique(of_item[order], return_index=True)
    made = np.zeros((len(similar), classes))
    if len(present):
        made[:, present] = np.add.reduceat(weights[:, order], starts, axis=1)
    whole = made.sum(axis=1, keepdims=True)
    shares: Floats = np.divide(made, whole, out=np.zeros_like(made), where=whole > 0)
    return shares


def chances_of(similar: Floats32, of_item: Integers, asked: Integers, bandwidth: float) -> Floats:
    """What `votes` gives one routing of each query, float64 (q,).

    Args:
        asked: the routings, int64 (q,).
    """
    weights = _weights(similar, bandwidth)
    whole = weights.sum(axis=1)
    own = np.where(of_item[None, :] == asked[:, None], weights, 0.0).sum(axis=1)
    made: Floats = np.divide(own, whole, out=np.zeros(len(own)), where=whole > 0)
    return made


def _weights(similar: Floats32, bandwidth: float) -> Floats:
    """What each item's vote counts, float64 (q, n)."""
    best = similar.max(axis=1, keepdims=True, initial=-np.inf).astype(np.float64)
    lost = np.where(np.isfinite(best), best, 0.0) - similar
    made: Floats = np.exp(-np.minimum(lost / bandwidth, MOST_LOST)) * np.isfinite(similar)
    return made


def _logged(dense: Floats32, logarithmic: npt.NDArray[np.bool_]) -> Floats32:
    if not logarithmic.any():
        return dense
    made = dense.copy()
    part = made[:, logarithmic]
    made[:, logarithmic] = np.where(part > 0, np.log(np.where(part > 0, part, 1.0)), np.float32(np.nan))
    return made


def _by_ratio(numbers: Floats32) -> bool:
    """Whether numbers compare by ratio: all above 0, and their logarithms less skewed than they are."""
    present = numbers[~np.isnan(numbers)].astype(np.float64)
    return len(present) > 2 and bool(present.min() > 0.0) and _skewness(np.log(present)) < _skewness(present)


def _skewness(numbers: npt.NDArray[np.float64]) -> float:
    """How far numbers lean to one side, 0 and above."""
    spread = float(numbers.std())
    return abs(float((((numbers - numbers.mean()) / spread) ** 3).mean())) if spread > 0.0 else 0.0


def _lengths(dense: Floats32, strengths: Floats32, described: Described) -> Floats32:
    item = np.repeat(np.arange(len(described)), np.diff(described.part_offsets))
    squares = (dense.astype(np.float64) ** 2).sum(axis=1) + np.bincount(
        item, strengths.astype(np.float64) ** 2, len(described)
    )
    lengths: Floats32 = np.sqrt(squares).astype(np.float32)
    return lengths
