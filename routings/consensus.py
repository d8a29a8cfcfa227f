"""The consensus of an item's neighbours and of what the version has learned: which operations, in which order, on which machine.

Each neighbour votes with a weight that falls with its distance from the item. Vote and learned probability together say whether an
operation belongs. Alternatives are the routings of groups of neighbours that are made otherwise, and what the consensus becomes by
turning over the operations that are least certain (see `routings.alternatives`), the likeliest first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from methods.routing_classes import orders_told
from routings.alternatives import LEAST_CREDIT, candidates_of
from routings.calibration import Calibration, smoothed
from routings.consensus_of_one import MOST_ENTRIES, Ballot, FewRoutings, Poll
from routings.drafts import COMPOSED, MERGED, Drafts, running_number
from routings.estimates import Estimates
from routings.operation_sharing import SharedOperations
from routings.operation_table import OperationTable, lengths_of, offsets_of, ranges
from routings.operation_vote import Ballots, DistinctRoutings, Drafted, distinct_routings, stands_of, vote, votes_of
from trained.learned.learned_model import sigmoid

LEAST_VOTE: Final = 1e-9
"""Weight of the farthest neighbour: none is left out of the order and the machines of an operation that only it has."""
SIZE_SCALE: Final = 0.15
"""Logarithm of the ratio of sizes over which a neighbour's machine loses as much."""
OTHERWISE_MADE: Final = 1e-6
"""What a neighbour that is made otherwise counts for order and machines of a routing that is proposed as a whole: it breaks ties."""
LEAST_ALIKE: Final = 1e-3
"""What a neighbour that is made just so counts at least for the order, however far it is: more than all that are made otherwise."""

Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Weighed:
    """The operations that the neighbours of a few items share, weighed.

    Attributes:
        shared: the operations; times as they would be for the item itself where the version knows.
        weights: of the votes, float64 (q, s).
        machine_weights: of the votes for machines, which also regard sizes, float64 (q, s).
        votes: smoothed share of the votes for each operation, float64 (groups).
        models: number of the model of each operation, -1 where there is none, int64 (groups).
        probabilities: what the models say, NaN where there is none, float64 (groups).
        believed: log odds that each operation belongs, float64 (groups).
        calibration: what confidence that deserves.
        orders: by item, numbers of the models in the order that the version proposes, where it says one.
    """

    shared: SharedOperations
    weights: Floats
    machine_weights: Floats
    votes: Floats
    models: Integers
    probabilities: Floats
    believed: Floats
    calibration: Calibration
    orders: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    @property
    def confidence(self) -> Floats:
        """Probability that each operation belongs, float64 (groups)."""
        return self.calibration.confidence(self.believed)


def weigh(
    table: OperationTable,
    shared: SharedOperations,
    queries: Integers,
    estimates: Estimates | None,
    model_of: Integers | None,
) -> Weighed:
    """Weigh the operations of a few items.

    Args:
        queries: number of each of them in the batch that the estimates are of, int64 (q).
        estimates: what the version says; None: it has learned nothing.
        model_of: number of the model of each operation number of the table, -1 where it has none.
    """
    inside = np.arange(shared.similarities.shape[1]) < lengths_of(shared.neighbours.offsets)[:, None]
    lost = shared.similarities[:, :1] - shared.similarities
    scale_of_votes = (estimates.calibration if estimates is not None else Calibration()).vote_scale
    falling = np.exp(-np.maximum(lost, 0.0) / scale_of_votes)
    weights = np.where(inside, np.maximum(falling, LEAST_VOTE), 0.0)
    query = shared.query_of_groups
    present = shared.rows >= 0
    whole = weights.sum(axis=1)
    worth = whole**2 / np.maximum((weights**2).sum(axis=1), 1e-300)  # Kish's effective number of equal votes
    votes = smoothed(np.where(present, weights[query], 0.0).sum(axis=1), whole[query], worth[query])
    if estimates is None or model_of is None:
        calibration = Calibration()
        nothing = np.full(len(query), np.nan)
        models = np.full(len(query), -1, np.int64)
        return Weighed(
            shared, weights, weights, votes, models, nothing, calibration.believed(nothing, votes), calibration
        )
    first = shared.rows[np.arange(len(query)), present.argmax(axis=1)]
    models = model_of[table.operation[first]] if len(first) else np.zeros(0, np.int64)
    known = models >= 0
    probabilities = np.where(known, estimates.probabilities[queries[query], np.maximum(models, 0)], np.nan)
    places = shared.neighbours.found_at()
    sizes = np.zeros_like(weights)
    sizes[inside] = estimates.size_differences[places]

    apart = estimates.apart(queries[shared.query_of_each], places)

    def scale(times: Floats, group: Integers, slot: Integers) -> None:
        estimates.scale_times(times, models[group], apart[shared.neighbours.offsets[query[group]] + slot])

    calibration = estimates.calibration
    return Weighed(
        replace(shared, ratios=scale) if calibration.scaled else shared,
        weights,
        weights * np.exp(-((sizes / SIZE_SCALE) ** 2)) + 1e-9 * weights,
        votes,
        models,
        probabilities,
        calibration.believed(probabilities, votes),
        calibration,
        _orders(estimates, queries) if calibration.whole else {},
    )


def _orders(estimates: Estimates, queries: Integers) -> dict[int, tuple[int, ...]]:
    """`Weighed.orders` of some items of a batch."""
    told = orders_told(estimates.operations)
    if not told:
        return {}
    places = np.array(list(told))
    item, place = np.nonzero(estimates.probabilities[queries][:, places] > 0.5)
    return {query: told[number] for query, number in zip(item.tolist(), places[place].tolist(), strict=True)}


class _Sets(NamedTuple):
    """Sets of operations beside the consensus, items in order, the likeliest first.

    Attributes:
        query: int64; number of the item.
        number: int64; number of the set among all of `DistinctRoutings`, COMPOSED where no neighbour has it.
        pattern: int64; what a composed one has otherwise than the consensus, see `Candidates`.
        run: int64; rank within the item from 1, and so the draft that is voted on.
    """

    query: Integers
    number: Integers
    pattern: Integers
    run: Integers

    def only(self, chosen: Booleans) -> _Sets:
        """Some of them."""
        return _Sets(*(values[chosen] for values in self))


def consensus_routings(table: OperationTable, weighed: Weighed, variants: int) -> Drafts:
    """For each item with neighbours the consensus, then up to `variants` routings that differ from it and from each other in their
    operations or order.
    """
    shared = weighed.shared
    items = len(shared.group_offsets) - 1
    if items == 1 and 0 < len(shared.flat_rows) <= MOST_ENTRIES:
        few = FewRoutings(shared)
        if few.few:
            return _routings_of_one(table, weighed, few, variants)
    places = shared.query_of_each, shared.slot_of_each
    routings = distinct_routings(shared)
    kept = kept_operations(weighed)
    sets, bits = _likeliest(weighed, routings, kept, variants + 1)
    had = sets.number != COMPOSED
    run_of_set = np.zeros(len(routings.set_first), np.int64)
    run_of_set[sets.number[had]] = sets.run[had]
    weights, machine_weights = weighed.weights[places], weighed.machine_weights[places]
    if weighed.calibration.whole:
        just = _has_just(shared, routings, kept)
        weights, machine_weights = _of_like_made(weighed, just, weights, machine_weights)
    common = _common_drafts(shared, kept, sets.only(~had), bits, variants + 2)
    voted = vote(table, shared, routings, Ballots(common, run_of_set, votes_of(weights), votes_of(machine_weights)))
    sets = sets.only(_differ(voted, sets.run * items + sets.query, sets.query))
    sets = sets.only(running_number(sets.query) < variants)
    had = sets.number != COMPOSED
    asked = lengths_of(shared.neighbours.offsets).nonzero()[0]
    query = np.concatenate([asked, sets.query])
    run = np.concatenate([np.zeros(len(asked), np.int64), sets.run])
    own = np.full(len(sets.number), COMPOSED, np.int64)
    own[had] = places[1][routings.set_first[sets.number[had]]]
    slot = np.concatenate([np.full(len(asked), MERGED), own])
    weights = np.concatenate([weighed.weights[asked], _weights_of(weighed, routings, sets)])
    order = np.lexsort((run, query))
    offsets, groups, rows = voted.of((run * items + query)[order])
    return Drafts(query[order], slot[order], _means(shared.similarities[query], weights)[order], offsets, groups, rows)


def _routings_of_one(table: OperationTable, weighed: Weighed, few: FewRoutings, variants: int) -> Drafts:
    """`consensus_routings` of one item with few neighbours."""
    shared, routings = weighed.shared, few.as_arrays()
    kept = kept_operations(weighed)
    sets, bits = _likeliest(weighed, routings, kept, variants + 1)
    count = len(few.of_neighbour)
    weights, machine_weights = weighed.weights[0, :count], weighed.machine_weights[0, :count]
    if weighed.calibration.whole:
        weights, machine_weights = _of_like_made(weighed, np.array(few.just(kept.tolist())), weights, machine_weights)
    ballot = Ballot(
        few,
        votes_of(weights).tolist(),
        votes_of(machine_weights).tolist(),
        stands_of(table, shared.flat_groups, shared.flat_rows).tolist(),
    )
    everybody, having = range(count), few.members()
    first, places = ballot.draft(Poll(frozenset(kept.nonzero()[0].tolist()), everybody))
    drafts, slots = [(first, places)], [MERGED]
    behind = [weighed.weights[0]]
    for number, pattern in zip(sets.number.tolist(), sets.pattern.tolist(), strict=True):
        if len(drafts) > variants:
            break
        if number == COMPOSED:
            wanted = (kept ^ ((bits & pattern) > 0)).nonzero()[0].tolist()
            poll, slot, voting = Poll(frozenset(wanted), everybody), COMPOSED, weighed.weights[0]
        else:
            slot = few.set_first[number]
            members = having[number]
            poll = Poll(frozenset(few.routings[few.of_neighbour[slot]]), members)
            voting = np.zeros_like(weighed.weights[0])
            voting[members] = weighed.weights[0, members]
        groups, places = ballot.draft(poll)
        if groups != first:
            drafts.append((groups, places))
            slots.append(slot)
            behind.append(voting)
    return Drafts(
        query=np.zeros(len(drafts), np.int64),
        slot=np.array(slots, np.int64),
        similarity=_means(shared.similarities, np.array(behind)),
        offsets=offsets_of(np.array([len(groups) for groups, _places in drafts], np.int64)),
        groups=np.array([group for groups, _places in drafts for group in groups], np.int64),
        rows=shared.flat_rows[[place for _groups, places in drafts for place in places]],
    )


def _common_drafts(shared: SharedOperations, kept: Booleans, composed: _Sets, bits: Integers, runs: int) -> Booleans:
    """Operations of the drafts on which all neighbours vote, bool (runs, groups): the consensus and what it becomes by turning operations
    over.

    Args:
        bits: of each operation in the patterns of `composed`.
    """
    patterns = np.zeros((runs, len(shared.group_offsets) - 1), np.int64)
    patterns[composed.run, composed.query] = composed.pattern
    of_groups = patterns[:, shared.query_of_groups]
    common: Booleans = (of_groups > 0) & (kept ^ ((of_groups & bits) > 0))
    common[0] = kept
    return common


def kept_operations(weighed: Weighed) -> Booleans:
    """Operations of the consensus: those believed in; where there are none, those of the best neighbour; bool (groups)."""
    shared = weighed.shared
    query = shared.query_of_groups
    kept: Booleans = weighed.believed > 0.0
    some = np.bincount(query[kept], minlength=len(shared.group_offsets) - 1) > 0
    kept |= ~some[query] & (shared.rows[:, 0] >= 0)
    return kept


def _has_just(shared: SharedOperations, routings: DistinctRoutings, kept: Booleans) -> Booleans:
    """Whether each neighbour has just the operations of the consensus, bool (neighbours)."""
    lengths = shared.row_lengths
    neighbour = np.arange(len(lengths)).repeat(lengths)
    inside = np.bincount(neighbour, kept[shared.flat_groups], len(lengths))
    wanted = np.bincount(shared.query_of_groups[kept], minlength=len(shared.group_offsets) - 1)
    just: Booleans = (inside == lengths) & (lengths == wanted[shared.query_of_each])
    return just


def _of_like_made(weighed: Weighed, just: Booleans, weights: Floats, machine_weights: Floats) -> tuple[Floats, Floats]:
    """Votes for the order and for machines of routings that are proposed as a whole: of the neighbours that are made just so.

    Args:
        just: whether each neighbour has just the operations of the consensus.
        weights, machine_weights: of each neighbour.
    """
    just = _in_order(weighed, just)
    apart = np.where(just, 1.0, OTHERWISE_MADE)
    made = np.where(just, np.maximum(weights, LEAST_ALIKE), np.maximum(weights * apart, LEAST_VOTE))
    return made, machine_weights * apart


def _in_order(weighed: Weighed, just: Booleans) -> Booleans:
    """Those of some neighbours that have the order that the version proposes; all of an item where it proposes none, or none has it."""
    shared, made = weighed.shared, just.copy()
    for query, order in weighed.orders.items():
        own = range(int(shared.neighbours.offsets[query]), int(shared.neighbours.offsets[query + 1]))
        having = [one for one in own if just[one] and _models(weighed, one) == order]
        if having:
            made[own.start : own.stop] = False
            made[having] = True
    return made


def _models(weighed: Weighed, neighbour: int) -> tuple[int, ...]:
    """Numbers of the models of a neighbour's operations, in its order."""
    first, last = weighed.shared.row_offsets[neighbour : neighbour + 2].tolist()
    return tuple(weighed.models[weighed.shared.flat_groups[first:last]].tolist())


def _likeliest(weighed: Weighed, routings: DistinctRoutings, kept: Booleans, most: int) -> tuple[_Sets, Integers]:
    """Up to `most` sets of operations of each item, and the bit of each operation in their patterns.

    Scores count to nine digits, so that a tie is one however it is summed up; of equals the one of the nearer neighbour is first.
    """
    shared, scores = weighed.shared, weighed.calibration.sets
    if not scores:
        sets = _credible(weighed, routings)
        bits = np.zeros(len(kept), np.int64)
    else:
        found = candidates_of(shared, routings, weighed.believed, weighed.weights, kept)
        order = np.lexsort((-np.round(found.facts @ np.array(scores), 9), found.query))
        query = found.query[order]
        sets = _Sets(query, found.number[order], found.pattern[order], running_number(query) + 1)
        bits = found.bits
    return sets.only(sets.run <= most), bits


def _credible(weighed: Weighed, routings: DistinctRoutings) -> _Sets:
    """Sets that neighbours have, by `credits`."""
    owner = weighed.shared.query_of_each[routings.set_first]
    number = np.lexsort((-np.round(credits(weighed, routings), 9), owner))
    return _Sets(owner[number], number, np.zeros(len(number), np.int64), running_number(owner[number]) + 1)


def credits(weighed: Weighed, routings: DistinctRoutings) -> Floats:
    """Of the sets that neighbours have: how credible their operations are together, and how many votes they have, float64 (sets,)."""
    shared = weighed.shared
    items = len(shared.group_offsets) - 1
    query, slot = shared.query_of_each, shared.slot_of_each
    chance = np.clip(np.asarray(sigmoid(weighed.believed), np.float64), LEAST_CREDIT, 1.0 - LEAST_CREDIT)
    without = np.log(1.0 - chance)
    lengths = shared.row_lengths[routings.set_first]
    groups = shared.flat_groups[ranges(shared.row_offsets[routings.set_first], lengths)]
    sets = np.arange(len(lengths)).repeat(lengths)
    gained = np.bincount(sets, (np.log(chance) - without)[groups], len(lengths))
    weight = np.bincount(routings.set_of[routings.of_neighbour], weighed.weights[query, slot], len(lengths))
    owner = query[routings.set_first]
    return np.asarray(np.bincount(shared.query_of_groups, without, items)[owner] + gained + np.log(weight), np.float64)


def _differ(voted: Drafted, drafts: Integers, others: Integers) -> Booleans:
    """Whether each draft has other operations, or another order, than the one beside it."""
    lengths = lengths_of(voted.offsets)
    differ: Booleans = lengths[drafts] != lengths[others]
    same = (~differ).nonzero()[0]
    unequal = voted.of(drafts[same]).groups != voted.of(others[same]).groups
    differ[same.repeat(lengths[drafts[same]])[unequal]] = True
    return differ


def _weights_of(weighed: Weighed, routings: DistinctRoutings, sets: _Sets) -> Floats:
    """Weights of the neighbours that have each of some sets of operations, 0 for the others; of all for those that nobody has,
    float64 (sets, s)."""
    query, slot = weighed.shared.query_of_each, weighed.shared.slot_of_each
    had = (sets.number != COMPOSED).nonzero()[0]
    place = np.full(len(routings.set_first), -1, np.int64)
    place[sets.number[had]] = had
    of_neighbour = place[routings.set_of[routings.of_neighbour]]
    inside = (of_neighbour >= 0).nonzero()[0]
    weights = np.where((sets.number == COMPOSED)[:, None], weighed.weights[sets.query], 0.0)
    weights[of_neighbour[inside], slot[inside]] = weighed.weights[query[inside], slot[inside]]
    return weights


def _means(values: Floats, weights: Floats) -> Floats:
    """Weighted mean of each row, 0 to 1."""
    means: Floats = (values * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-300)
    return np.clip(means, 0.0, 1.0)
