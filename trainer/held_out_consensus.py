"""What boosted operations and neighbours say together of items that neither has seen: one of the members to choose from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from routings.calibration import Calibration
from routings.estimates import Estimates
from routings.operation_table import Neighbours, OperationTable
from routings.routing_prediction import Learned, PredictionOptions, predict_routings
from trained.encoder import BlockEncoder
from trained.index.engine import Vectors
from trained.index.engine_faiss import exact_nearest
from trainer.learned_stage import LearnedStage

Integers = npt.NDArray[np.int64]
Proposals = list[tuple[str, ...] | None]


def held_out_consensus(
    encoder: BlockEncoder,
    vectors: Vectors,
    stage: LearnedStage | None,
    table: OperationTable,
    names: list[str],
    calibration: Calibration,
    options: PredictionOptions,
    neighbours: int,
) -> Callable[[Integers, Integers], Proposals]:
    """Proposals for items given the fold of each: only items of other folds, and those of none, are their neighbours.

    Args:
        vectors: of all items, float32 (items, dimension).
        stage: what was learned from routings; None: nothing.
        names: key of each operation number.
        neighbours: most of them an item.
    """
    asking = replace(options, strategy="consensus", ignore_own=True, evidence=False)
    routed = np.flatnonzero(np.diff(table.offsets) > 0)
    searched: list[tuple[Integers, Integers, Vectors]] = []

    def nearest(items: Integers, held: int) -> tuple[Integers, Vectors]:
        """Items with a routing near each item, so many that `held` of them may be left out; the same for every draw of folds."""
        wanted = min(neighbours + held, len(routed))
        if searched and np.array_equal(searched[0][0], items) and searched[0][1].shape[1] >= wanted:
            return searched[0][1:]
        known = vectors if len(routed) == len(vectors) else vectors[routed]
        similar, places = exact_nearest(np.ascontiguousarray(known), np.ascontiguousarray(vectors[items]), wanted)
        searched[:] = [(items, routed[places], similar)]
        return searched[0][1:]

    def propose(items: Integers, folds: Integers) -> Proposals:
        found: Proposals = [None] * len(items)
        if not len(items) or not len(routed):
            return found
        near_all, similar_all = nearest(items, int(np.bincount(folds).max()))
        fold_of = np.full(len(vectors), -1, np.int64)
        fold_of[items] = folds
        kept_all = fold_of[near_all] != folds[:, None]
        kept_all &= np.cumsum(kept_all, axis=1) <= neighbours
        for fold in range(int(folds.max(initial=-1)) + 1):
            chosen = np.flatnonzero(folds == fold)
            kept = kept_all[chosen]
            if not kept.any():
                continue
            near, query = near_all[chosen][kept], np.nonzero(kept)[0]
            known = Neighbours(
                np.concatenate(([0], np.cumsum(kept.sum(axis=1)))).astype(np.int64),
                near,
                np.clip(similar_all[chosen][kept].astype(np.float64), 0.0, 1.0),
            )
            learned = None
            if stage is not None:
                learned = _learned(encoder, vectors, stage, items[chosen], (items[chosen][query], near), calibration)
            batch = predict_routings(table, items[chosen], known, asking, learned)
            for routing in np.flatnonzero(batch.rank == 1).tolist():
                rows = batch.rows[int(batch.offsets[routing]) : int(batch.offsets[routing + 1])]
                found[int(chosen[batch.query[routing]])] = tuple(
                    names[number] for number in table.operation[rows].tolist()
                )
        return found

    return propose


def _learned(
    encoder: BlockEncoder,
    vectors: Vectors,
    stage: LearnedStage,
    items: Integers,
    pairs: tuple[Integers, Integers],
    calibration: Calibration,
) -> Learned:
    model, outputs = stage.block.model, stage.outputs
    estimates = Estimates(
        operations=model.operations,
        probabilities=outputs.probabilities[items],
        factors=outputs.factors[items],
        neighbour_factors=outputs.factors[pairs[1]],
        size_differences=encoder.size_differences(vectors[pairs[0]], vectors[pairs[1]]),
        times=model.times,
        calibration=calibration,
    )
    return Learned(estimates, stage.operation_of)
