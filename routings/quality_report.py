"""What an evaluation found as one document: the figures overall, by family and by number of neighbours, calibration, operations."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from routings.quality_metrics import ItemScore, Quality, by_operation, calibration_of, interval, quality

SCHEMA: Final = "routing-ml/evaluation@1"
NEIGHBOUR_STEPS: Final = (0, 1, 2, 5, 10, 20, 50)
"""Where the ranges of numbers of neighbours begin."""
_DIGITS: Final = 6


@dataclass(frozen=True)
class JudgedItem:
    """An item that was judged.

    Attributes:
        code: its code as stored.
        family: its family.
        neighbours: usable neighbours that its prediction rests on.
        score: how its proposals did.
    """

    code: str
    family: str
    neighbours: int
    score: ItemScore


def summary(items: Sequence[JudgedItem], facts: dict[str, Any]) -> dict[str, Any]:
    """The figures of all items (1 or more) behind facts about the evaluation, the main ones with their 95 % intervals."""
    scores = [item.score for item in items]
    between = {
        "sequence_exact_between": interval(np.array([one.exact for one in scores], np.float64)),
        "set_f1_between": interval(np.array([one.f1 for one in scores], np.float64)),
    }
    return {"schema_version": SCHEMA, **facts, **_figures(quality(scores)), **between}


def document(items: Sequence[JudgedItem], facts: dict[str, Any]) -> dict[str, Any]:
    """Everything that the evaluation of items (1 or more) found, for evaluation.json.

    Args:
        facts: about the evaluation as a whole, for the summary.
    """
    scores = [item.score for item in items]
    return {
        "schema_version": SCHEMA,
        "summary": summary(items, facts),
        "by_family": [
            {"family": family, **_figures(quality(members))}
            for family, members in _grouped(items, lambda item: item.family, largest_first=True)
        ],
        "by_neighbours": [
            {"from": start, "to": _last_of(int(str(start))), **_figures(quality(members))}
            for start, members in _grouped(items, lambda item: _step_of(item.neighbours), largest_first=False)
        ],
        "calibration": [
            {"confidence": _rounded(one.confidence), "observed": _rounded(one.observed), "operations": one.count}
            for one in calibration_of(scores)
        ],
        "operations": [
            {"operation": str(name), **{key: _rounded(value) for key, value in asdict(found).items()}}
            for name, found in by_operation(scores).items()
        ],
    }


def _grouped(
    items: Sequence[JudgedItem], key: Callable[[JudgedItem], Hashable], *, largest_first: bool
) -> list[tuple[Any, list[ItemScore]]]:
    groups: dict[Any, list[ItemScore]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item.score)
    if largest_first:
        return sorted(groups.items(), key=lambda pair: (-len(pair[1]), str(pair[0])))
    return sorted(groups.items())


def _step_of(count: int) -> int:
    return max(step for step in NEIGHBOUR_STEPS if step <= count)


def _last_of(step: int) -> int | None:
    """The greatest number of neighbours in the range that begins at a step; None: no limit."""
    following = [other for other in NEIGHBOUR_STEPS if other > step]
    return following[0] - 1 if following else None


def _figures(found: Quality) -> dict[str, Any]:
    return {name: _rounded(value) for name, value in asdict(found).items()}


def _rounded(value: Any) -> Any:
    return round(value, _DIGITS) if isinstance(value, float) else value
