"""How many dimensions each feature gets: where more of them remove most of the error in similarities.

Values with an axis of their own are exactly equally far from all others. The others share a subspace of h dimensions in which
two of them meet at a pseudo-random angle with E[cos^2] = 1 / h. A feature that is weighted w contributes w^2 times its cosine to
a similarity, hence w^4 times the expected squared cosine of two different values to the variance of the error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LONGEST_STEP = 24


@dataclass(frozen=True)
class WidthCurve:
    """What widths a feature can have and what each of them costs.

    Attributes:
        least: smallest width.
        errors: expected squared error of its cosine by width, from 0 on; falling, float64 (widest + 1,).
        axes: values that own an axis, by width; int (widest + 1,).
    """

    least: int
    errors: npt.NDArray[np.float64]
    axes: npt.NDArray[np.int64]

    @property
    def widest(self) -> int:
        """Width beyond which nothing improves."""
        return len(self.errors) - 1


def category_curve(shares: npt.NDArray[np.float64], widest: int) -> WidthCurve:
    """The curve of a feature whose values compare as equal or not.

    Args:
        shares: share of the items that have each value, descending, sum 1.
        widest: most dimensions it may get.
    """
    count = len(shares)
    widest = min(widest, count)
    owned = np.arange(widest + 1)
    head = shares[:widest]
    rest = np.maximum(0.0, 1.0 - np.concatenate([[0.0], np.cumsum(head)]))
    rest_squares = np.maximum(0.0, (shares**2).sum() - np.concatenate([[0.0], np.cumsum(head**2)]))
    meeting = np.maximum(0.0, rest**2 - rest_squares)  # two different values without an axis
    errors, axes = np.ones(widest + 1), np.zeros(widest + 1, np.int64)
    for width in range(1, widest + 1):
        if width >= count:
            errors[width], axes[width] = 0.0, count
            continue
        costs = meeting[:width] / (width - owned[:width])
        axes[width] = int(np.argmin(costs))
        errors[width] = costs[axes[width]]
    return WidthCurve(min(2, widest), errors, axes)


def text_curve(absent_share: float, least: int, widest: int) -> WidthCurve:
    """The curve of a text: one axis for absence, hashed pieces in the other dimensions."""
    widths = np.arange(widest + 1)
    errors = (1.0 - absent_share) ** 2 / np.maximum(1, widths - 1)
    return WidthCurve(least, errors, np.ones(widest + 1, np.int64))


def allocate(curves: Sequence[WidthCurve], importance: Sequence[float], budget: int) -> list[int]:
    """Widths that keep within the budget and leave the least weighted error (greedy, by gain a dimension).

    Args:
        curves: one a feature.
        importance: weight^4 of each.
        budget: dimensions for all of them; the least widths are given even where they exceed it.
    """
    widths = [curve.least for curve in curves]
    left = budget - sum(widths)
    while left > 0:
        best_gain, best_feature, best_step = 0.0, -1, 0
        for feature, curve in enumerate(curves):
            width = widths[feature]
            steps = min(left, LONGEST_STEP, curve.widest - width)
            if steps <= 0:
                continue
            gains = (curve.errors[width] - curve.errors[width + 1 : width + steps + 1]) / np.arange(1, steps + 1)
            step = int(np.argmax(gains))
            gain = float(gains[step]) * importance[feature]
            if gain > best_gain:
                best_gain, best_feature, best_step = gain, feature, step + 1
        if best_feature < 0:
            break
        widths[best_feature] += best_step
        left -= best_step
    return widths
