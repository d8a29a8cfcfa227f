"""Methods that look at neighbours only: the routing of the nearest one, and the weighted vote of twenty."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.prediction_quality.held_out import HeldOut
from plant.time_columns import RUN
from routings.operation_sharing import share_operations
from routings.operation_table import Neighbours
from routings.operation_vote import merged_routings
from routings.quality_metrics import Proposal
from routings.time_profiles import ProfileOptions
from trained.index.engine_faiss import exact_nearest
from trainer.right_routings import run_times

VOTERS = 20
ITEMS_AT_ONCE = 64

Vectors = npt.NDArray[np.float32]


def nearest_routed(data: HeldOut, vectors: Vectors, k: int) -> Neighbours:
    """The k most similar items with a routing of each held-out item, by comparing with all of them."""
    routed = np.flatnonzero(np.diff(data.routings.table.offsets) > 0)
    similarities, places = exact_nearest(
        np.ascontiguousarray(vectors[routed]), np.ascontiguousarray(vectors[data.items]), k
    )
    count = len(data.items)
    return Neighbours(
        np.arange(count + 1, dtype=np.int64) * k,
        routed[places.reshape(-1)],
        np.clip(similarities.reshape(-1).astype(np.float64), 0.0, 1.0),
    )


def routing_of_the_nearest(data: HeldOut, neighbours: Neighbours) -> list[list[Proposal]]:
    """The routing of the nearest item with its own times, and those of the next ones behind it."""
    table = data.routings.table
    made = []
    for query in range(len(data.items)):
        around = neighbours.items[neighbours.offsets[query] : neighbours.offsets[query + 1]]
        proposals: list[Proposal] = []
        for item in around[:4].tolist():
            rows = np.arange(int(table.offsets[item]), int(table.offsets[item + 1]))
            jobs = data.routings.job_sequence(item)
            proposals.append(Proposal(jobs, run_times(table, rows), np.full(len(rows), np.nan)))
        made.append(proposals)
    return made


def vote(data: HeldOut, neighbours: Neighbours) -> list[list[Proposal]]:
    """Operations by weighted majority in the order of the majority, times as the trimmed weighted mean."""
    table, jobs = data.routings.table, data.routings.jobs
    options = ProfileOptions("trimmed_std")
    made = []
    for start in range(0, len(data.items), ITEMS_AT_ONCE):
        part = _part(neighbours, start, min(start + ITEMS_AT_ONCE, len(data.items)))
        shared = share_operations(table, part)
        merged = merged_routings(table, shared)
        times, support = shared.usual_times(merged.groups, options)[:, RUN], shared.support()[merged.groups]
        for first, last in itertools.pairwise(merged.offsets.tolist()):
            sequence = [jobs[number] for number in table.operation[merged.rows[first:last]].tolist()]
            made.append([Proposal(sequence, times[first:last], support[first:last])])
    return made


def _part(neighbours: Neighbours, start: int, end: int) -> Neighbours:
    first, last = int(neighbours.offsets[start]), int(neighbours.offsets[end])
    return Neighbours(
        neighbours.offsets[start : end + 1] - first, neighbours.items[first:last], neighbours.similarities[first:last]
    )


def both(data: HeldOut, vectors: Vectors) -> tuple[Sequence[list[Proposal]], Sequence[list[Proposal]]]:
    """Nearest, and vote of twenty, in a space."""
    neighbours = nearest_routed(data, vectors, VOTERS)
    return routing_of_the_nearest(data, neighbours), vote(data, neighbours)
