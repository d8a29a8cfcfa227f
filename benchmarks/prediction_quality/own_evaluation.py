"""What versions say of themselves beside how they do on items that they never saw: apart by how many standard errors."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from routings.quality_metrics import ItemScore

INTERVAL = 2 * 1.96
"""Standard errors between the bounds of the interval of an evaluation."""


@dataclass(frozen=True)
class OwnEvaluation:
    """One figure as versions state it and as it turned out.

    Attributes:
        figure: its name.
        own, own_error: mean over the versions, and its standard error.
        true, true_error: on held-out items.
    """

    figure: str
    own: float
    own_error: float
    true: float
    true_error: float

    @property
    def apart(self) -> float:
        """Standard errors of the difference by which the versions are above what turned out; below: negative."""
        error = math.hypot(self.own_error, self.true_error)
        return (self.own - self.true) / error if error > 0 else 0.0 if self.own == self.true else math.inf

    def sentence(self) -> str:
        """For people."""
        return (
            f"{self.figure}: {self.own:.3f} ± {self.own_error:.3f} by the versions' own evaluation, "
            f"{self.true:.3f} ± {self.true_error:.3f} on held-out items, {self.apart:+.1f} standard errors apart."
        )


def own_evaluation(versions: Sequence[Path], scores: Sequence[ItemScore]) -> list[OwnEvaluation]:
    """Compare what the versions' evaluation.json says with scores of held-out items; the folds of one set share most of their items, so
    the error of their mean is that of one of them."""
    summaries = [_summary(folder) for folder in versions if (folder / "evaluation.json").exists()]
    if not summaries or not scores:
        return []
    found = []
    for figure, key, values in (
        ("sequence exact", "sequence_exact", [float(one.exact) for one in scores]),
        ("set F1", "set_f1", [one.f1 for one in scores]),
    ):
        own = float(np.mean([one[key] for one in summaries]))
        between = [one[f"{key}_between"] for one in summaries if one.get(f"{key}_between")]
        error = float(np.mean([high - low for low, high in between])) / INTERVAL if between else 0.0
        true = np.array(values)
        found.append(
            OwnEvaluation(figure, own, error, float(true.mean()), float(true.std(ddof=1)) / math.sqrt(len(true)))
        )
    return found


def _summary(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    return dict(document["summary"])
