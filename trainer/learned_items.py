"""What a training knows of the items before their index is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trained.encoder import BlockEncoder
from trained.index.engine import Vectors
from trained.learned.learned_chances import KnownChances
from trainer.current_routings import CurrentRoutings
from trainer.learned_stage import LearnedStage
from trainer.planned_stage import Choice


@dataclass(frozen=True)
class Learned:
    """What is known before the index is built.

    Attributes:
        encoder: fitted.
        vectors: of all items, float32 (n, encoder.dimension).
        statistics: by feature.
        time_profiles: contents of time_profiles.json; None: not wanted.
        families: family of each item by position.
        routings: current routings of the items; None: neither learning nor judging wants them, or they cannot be read.
        stage: what was learned from them; None: nothing.
        taught: the routings that are learned from: with those that planners reviewed in the place of the items' own.
        choice: which member predicts, and how all of them did; None: they were not compared.
    """

    encoder: BlockEncoder
    vectors: Vectors
    statistics: Mapping[str, Any]
    time_profiles: Mapping[str, Any] | None
    families: Mapping[int, str]
    routings: CurrentRoutings | None = None
    stage: LearnedStage | None = None
    taught: CurrentRoutings | None = None
    choice: Choice | None = None

    def unrouted(self) -> npt.NDArray[np.int64] | None:
        """Positions of items without a routing, ascending; None where routings are not known or nobody has one."""
        if self.routings is None or not self.routings.items_with_routing:
            return None
        found: npt.NDArray[np.int64] = np.flatnonzero(np.diff(self.routings.table.offsets) == 0).astype(np.int64)
        return found

    def routed_first(self) -> npt.NDArray[np.int64]:
        """Items in the order in which equals are found: those with a routing first, of these the one with the newest routing."""
        count = len(self.vectors)
        if self.routings is None:
            return np.arange(count, dtype=np.int64)
        routed = np.diff(self.routings.table.offsets) > 0
        entered = self.routings.entered if self.routings.entered is not None else np.zeros(count)
        order: npt.NDArray[np.int64] = np.lexsort((-entered, ~routed)).astype(np.int64)
        return order


def known_now(
    learned: Learned,
) -> tuple[KnownChances | None, tuple[npt.NDArray[np.int64], Vectors] | None]:
    """What the models say of the items for an evaluation that asks as planners do: now, not as of when routings were entered.

    Returns:
        Chances of all items, those that are judged as of now; None where nothing was learned. Positions of the items that are judged and
        their vectors as of now; None where the models say nothing else of them.
    """
    stage = learned.stage
    if stage is None:
        return None, None
    if stage.now is None:
        return KnownChances(stage.outputs.probabilities), None
    items, outputs = stage.now.items, stage.now.outputs
    vectors = learned.encoder.saying(learned.vectors[items], outputs)
    return KnownChances(stage.outputs.probabilities, (items, outputs.probabilities)), (items, vectors)
