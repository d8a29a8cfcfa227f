"""Routings of items: their own, or predicted from the routings of similar items.

An item with a routing of its own keeps it. Otherwise its neighbours' routings are merged, by `consensus` together with what the version
has learned, and alternatives are proposed; times are estimated from all neighbours that share the operation, after outlier removal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from common.errors import InvalidInput
from plant.time_columns import RUN_SOURCES, SETUP_SOURCES
from routings.consensus import Weighed, consensus_routings, weigh
from routings.drafts import MERGED, Drafts, running_number
from routings.estimates import Estimates
from routings.operation_evidence import Evidence, evidence_in_order, evidence_of, no_evidence
from routings.operation_sharing import share_operations
from routings.operation_table import (
    Neighbours,
    OperationTable,
    distinct,
    lengths_of,
    offsets_of,
    ranges,
    usable_neighbours,
    with_something_in_common,
)
from routings.operation_vote import merged_routings
from routings.time_profiles import ProfileOptions, standard_times

NEIGHBOURS_AT_ONCE: Final = 6_400
"""Neighbours of the items that are looked at together: more would not fit the processor's cache, fewer cost calls."""
SEQUENCE_STEP: Final = 10

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PredictionOptions:
    """How items are predicted.

    Attributes:
        strategy: nearest (the best neighbours' routings first) or consensus (the merged routing first, with what the version has
            learned).
        threshold: neighbours below this similarity do not count, except the best when none reaches it.
        max_variants: most neighbours' routings proposed an item, the merged one apart.
        outliers: which of the neighbours' times an estimate uses.
        profile: how the range of an estimate is made.
        ignore_own: predict even where the item has a routing of its own.
        evidence: also answer what each operation rests on.
    """

    strategy: str = "nearest"
    threshold: float = 0.8
    max_variants: int = 4
    outliers: ProfileOptions = field(default_factory=lambda: ProfileOptions("trimmed_std"))
    profile: ProfileOptions = field(default_factory=ProfileOptions)
    ignore_own: bool = False
    evidence: bool = False


@dataclass(frozen=True)
class RoutingBatch:
    """Routings of a batch of items, items in the order asked, best routing first.

    Attributes:
        query: int64 (routings); number of the item in the batch.
        rank: int64 (routings); from 1 within an item.
        variant: int64 (routings); number of the candidate from 1, MERGED for the merged routing.
        reference: int64 (routings); position of the item whose routing it is (the item itself for its own), MERGED where it is no item's.
        similarity: float64 (routings); 1 for own routings, the neighbour's, or the weighted mean of all for the merged one.
        offsets: int64 (routings + 1); operations of routing r are [offsets[r], offsets[r + 1]).
        rows: int64 (operations); row of the table with the machine and the texts.
        sequence: int64 (operations); PROC_SEQ.
        times: float64 (operations, len(TIMES)); minutes, stored or estimated, NaN where absent.
        predicted: bool (routings); whether the times are estimates.
        below_threshold: int64; items for which no neighbour reached the threshold.
        evidence: when asked for.
    """

    query: Integers
    rank: Integers
    variant: Integers
    reference: Integers
    similarity: Floats
    offsets: Integers
    rows: Integers
    sequence: Integers
    times: Floats
    predicted: npt.NDArray[np.bool_]
    below_threshold: Integers
    evidence: Evidence | None = None

    def setup_times(self) -> Floats:
        """Set-up time of each operation in minutes: the first present one of `SETUP_SOURCES`; NaN where all are absent."""
        return self._first_present(SETUP_SOURCES)

    def run_times(self) -> Floats:
        """Run time of each operation in minutes: the first present one of `RUN_SOURCES`; NaN where all are absent."""
        return self._first_present(RUN_SOURCES)

    def _first_present(self, columns: Sequence[int]) -> Floats:
        chosen = self.times[:, columns[0]]
        for column in columns[1:]:
            chosen = np.where(np.isnan(chosen), self.times[:, column], chosen)
        return chosen


def nearest(table: OperationTable, weighed: Weighed, variants: int) -> Drafts:
    """The routings of the best neighbours, best first, then the merged one."""
    shared = weighed.shared
    merged = merged_routings(table, shared)
    query, slot = shared.query_of_each, shared.slot_of_each
    near = (slot < variants).nonzero()[0]
    asked = lengths_of(shared.neighbours.offsets).nonzero()[0]
    lengths = np.concatenate([shared.row_lengths, lengths_of(merged.offsets)])
    starts = np.concatenate([shared.row_offsets[:-1], merged.offsets[:-1] + len(shared.flat_rows)])
    chosen = np.concatenate([near, asked + len(query)])
    of_query = np.concatenate([query[near], asked])
    order = of_query.argsort(kind="stable")
    chosen = chosen[order]
    places = ranges(starts[chosen], lengths[chosen])
    return Drafts(
        query=of_query[order],
        slot=np.concatenate([slot[near], np.full(len(asked), MERGED)])[order],
        similarity=np.full(len(chosen), np.nan),
        offsets=offsets_of(lengths[chosen]),
        groups=np.concatenate([shared.flat_groups, merged.groups])[places],
        rows=np.concatenate([shared.flat_rows, merged.rows])[places],
    )


def consensus(table: OperationTable, weighed: Weighed, variants: int) -> Drafts:
    """The consensus first, then the routings of groups of neighbours that differ from it and from each other."""
    return consensus_routings(table, weighed, variants)


Strategy = Callable[[OperationTable, Weighed, int], Drafts]

STRATEGIES: Final[Mapping[str, Strategy]] = MappingProxyType({"nearest": nearest, "consensus": consensus})
"""How the routings of a few items are chosen from their neighbours, by name."""


@dataclass(frozen=True)
class Learned:
    """What a version has learned, for a batch of items.

    Attributes:
        estimates: what it says of the items and their neighbours.
        model_of: int64 (operation numbers of the table); number of the model of each, -1 where it has none.
    """

    estimates: Estimates
    model_of: Integers


def predict_routings(
    table: OperationTable,
    items: Integers,
    neighbours: Neighbours,
    options: PredictionOptions,
    learned: Learned | None = None,
) -> RoutingBatch:
    """Routings of a batch of items; items without any (unknown, or no neighbour with a routing) have none.

    Args:
        items: int64 (queries); positions of the items, -1 where unknown: those get nothing.
        neighbours: of each of them, best first; may be empty where the item has a routing of its own.
        learned: what the version that found the neighbours says of items and neighbours; None: nothing, neighbours decide alone.

    Raises:
        InvalidInput: the strategy does not exist.
    """
    strategy = STRATEGIES.get(options.strategy)
    if strategy is None:
        raise InvalidInput(
            f"Prediction strategy {options.strategy!r} does not exist; choose one of {', '.join(STRATEGIES)}"
        )
    own = table.lengths(items) > 0
    if options.ignore_own:
        own[:] = False
    asking = (~own & (items >= 0) & (lengths_of(neighbours.offsets) > 0)).nonzero()[0]
    parts = []
    if own.any() or not len(asking):
        parts.append(_own_routings(table, items, own.nonzero()[0], options.evidence))
    most = int(lengths_of(neighbours.offsets)[asking].max(initial=1))
    at_once = max(1, NEIGHBOURS_AT_ONCE // most)
    for start in range(0, len(asking), at_once):
        queries = asking[start : start + at_once]
        parts.append(_predicted(table, items, neighbours, queries, strategy, options, learned))
    return _in_order(parts) if len(parts) > 1 else parts[0]


def _own_routings(table: OperationTable, items: Integers, queries: Integers, evidence: bool) -> RoutingBatch:
    chosen = items[queries]
    lengths = table.lengths(chosen)
    rows = ranges(table.offsets[chosen] if len(chosen) else chosen, lengths)
    ones = np.ones(len(queries), np.int64)
    return RoutingBatch(
        query=queries,
        rank=ones,
        variant=ones,
        reference=chosen,
        similarity=np.ones(len(queries)),
        offsets=offsets_of(lengths),
        rows=rows,
        sequence=table.sequence[rows].astype(np.int64),
        times=table.times[rows],
        predicted=np.zeros(len(queries), bool),
        below_threshold=np.zeros(0, np.int64),
        evidence=no_evidence(len(rows)) if evidence else None,
    )


def _predicted(
    table: OperationTable,
    items: Integers,
    neighbours: Neighbours,
    queries: Integers,
    strategy: Strategy,
    options: PredictionOptions,
    learned: Learned | None,
) -> RoutingBatch:
    asked = neighbours if len(queries) == len(items) else neighbours.of(queries)
    whole = learned is not None and learned.estimates.calibration.whole and strategy is consensus
    # A routing that is proposed as a whole does not rest on similarity: items that are made like it may be unlike
    if not whole:
        asked = with_something_in_common(asked)
    usable = usable_neighbours(table, items[queries], asked, 0.0 if whole else options.threshold)
    shared = share_operations(table, usable)
    weighed = weigh(table, shared, queries, *((learned.estimates, learned.model_of) if learned else (None, None)))
    outliers, profile = options.outliers, options.profile
    if strategy is consensus:  # times compare by factors
        shared = weighed.shared
        outliers, profile = _by_factors(outliers), _by_factors(profile)
    drafts = strategy(table, weighed, options.max_variants)
    query, slot, offsets, groups, rows = drafts.query, drafts.slot, drafts.offsets, drafts.groups, drafts.rows
    lengths = lengths_of(offsets)
    used, use = distinct(groups)
    evidence = None
    known = shared.times_of(used)
    times = standard_times(known, shared.weights_of(used), outliers)
    if options.evidence:
        evidence = evidence_in_order([evidence_of(weighed, shared, known, used, outliers, profile)], use)
    merged, alone = slot == MERGED, slot >= 0
    place = np.arange(len(rows)) - offsets[:-1].repeat(lengths)
    nearby = usable.offsets[query] + np.maximum(slot, 0)
    similarity = drafts.similarity
    if (untold := np.isnan(similarity)).any():
        weighted = (shared.weights * shared.similarities).sum(axis=1) / np.maximum(shared.weights.sum(axis=1), 1e-300)
        standing = np.where(alone, usable.similarities[nearby], weighted[query])
        similarity = np.where(untold, standing, similarity)
    rank = running_number(query) + 1
    rank_of_variant = _running_count(query, ~merged)
    below = (
        (lengths_of(usable.offsets) > 0) & (shared.similarities[:, :1].max(axis=1, initial=-1.0) < options.threshold)
    ).nonzero()[0]
    return RoutingBatch(
        query=queries[query],
        rank=rank,
        variant=np.where(merged, MERGED, rank_of_variant),
        reference=np.where(alone, usable.items[nearby], MERGED),
        similarity=np.clip(similarity, 0.0, 1.0),
        offsets=offsets,
        rows=rows,
        sequence=np.where(alone.repeat(lengths), table.sequence[rows], (place + 1) * SEQUENCE_STEP).astype(np.int64),
        times=times[use],
        predicted=np.ones(len(query), bool),
        below_threshold=queries[below],
        evidence=evidence,
    )


@lru_cache(maxsize=64)
def _by_factors(options: ProfileOptions) -> ProfileOptions:
    return replace(options, geometric=True)


def _running_count(query: Integers, counted: npt.NDArray[np.bool_]) -> Integers:
    """For each routing the number of counted ones of its item up to and including itself."""
    running = counted.cumsum()
    first = np.searchsorted(query, query)
    before = np.concatenate(([0], running))[first]
    result: Integers = running - before
    return result


def _in_order(parts: Sequence[RoutingBatch]) -> RoutingBatch:
    """Several batches as one, routings ordered by item (each item is in one part only)."""
    query = np.concatenate([part.query for part in parts])
    order = query.argsort(kind="stable")
    lengths = np.concatenate([lengths_of(part.offsets) for part in parts])
    starts = offsets_of(lengths)[:-1]
    operations = ranges(starts[order], lengths[order])
    evidence = None
    found = [part.evidence for part in parts if part.evidence is not None]
    if found:
        evidence = evidence_in_order(found, operations)
    return RoutingBatch(
        query=query[order],
        rank=np.concatenate([part.rank for part in parts])[order],
        variant=np.concatenate([part.variant for part in parts])[order],
        reference=np.concatenate([part.reference for part in parts])[order],
        similarity=np.concatenate([part.similarity for part in parts])[order],
        offsets=offsets_of(lengths[order]),
        rows=np.concatenate([part.rows for part in parts])[operations],
        sequence=np.concatenate([part.sequence for part in parts])[operations],
        times=np.concatenate([part.times for part in parts])[operations],
        predicted=np.concatenate([part.predicted for part in parts])[order],
        below_threshold=np.sort(np.concatenate([part.below_threshold for part in parts])),
        evidence=evidence,
    )
