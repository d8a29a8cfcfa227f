"""LightGBM's trees as the plain arrays that serving evaluates, read from its documented text format."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from trained.learned.tree_ensemble import Tree

_CATEGORY, _DEFAULT_LEFT, _MISSING, _NAN_IS_MISSING = 1, 2, 12, 8
_WORD: Final = 32


def trees_of(booster: Any) -> list[Tree]:
    """The trees of a booster, in the order of its iterations."""
    return [_tree(fields) for fields in _sections(booster.model_to_string())]


def _sections(text: str) -> Iterator[dict[str, str]]:
    for section in text.split("\nTree=")[1:]:
        body = section.split("\nend of trees")[0]
        yield dict(line.split("=", 1) for line in body.splitlines()[1:] if "=" in line)


def _numbers(fields: dict[str, str], name: str, kind: type = int) -> npt.NDArray[Any]:
    return np.array([kind(word) for word in fields.get(name, "").split()])


def _tree(fields: dict[str, str]) -> Tree:
    values = _numbers(fields, "leaf_value", float)
    if int(fields["num_leaves"]) < 2:
        nothing = np.zeros(0, np.int64)
        return Tree(nothing, np.zeros(0), np.zeros(0, bool), [], np.zeros((0, 2), np.int64), values[:1])
    column, kind = _numbers(fields, "split_feature"), _numbers(fields, "decision_type")
    threshold = _numbers(fields, "threshold", float)
    children = np.stack([_numbers(fields, "left_child"), _numbers(fields, "right_child")], axis=1)
    # Where absence was never seen, LightGBM reads it as 0
    missing_known = (kind & _MISSING) == _NAN_IS_MISSING
    absent_left = np.where(missing_known, (kind & _DEFAULT_LEFT) > 0, threshold >= 0.0)
    left_codes: list[npt.NDArray[np.int64] | None] = [None] * len(column)
    bounds, words = _numbers(fields, "cat_boundaries"), _numbers(fields, "cat_threshold")
    for node in np.flatnonzero(kind & _CATEGORY).tolist():
        place = int(threshold[node])
        left_codes[node] = _codes(words[bounds[place] : bounds[place + 1]])
    return Tree(column, threshold, absent_left, left_codes, children, values)


def _codes(words: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    bits = (words[:, None] >> np.arange(_WORD)) & 1
    return np.flatnonzero(bits.reshape(-1))
