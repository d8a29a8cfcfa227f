"""Many items voted on at once get what the rules, written out for one item, say: operations, order, machines, similarities, times."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant.time_columns import TIMES
from routings.calibration import Calibration
from routings.consensus import Weighed, weigh
from routings.estimates import Estimates
from routings.operation_sharing import share_operations
from routings.operation_table import Neighbours, OperationTable, usable_neighbours, with_something_in_common
from routings.routing_prediction import Learned, PredictionOptions, RoutingBatch, predict_routings
from routings.time_profiles import ProfileOptions, time_profiles
from trained.learned.learned_model import TimeModel

from .plain_consensus import PlainDraft, holders_of, plain_consensus, plain_nearest

OPERATIONS, FACTORS = 7, 2
SIMILARITIES = [0.0, 0.3, 0.5, 0.8, 0.9, 0.9, 0.95, 1.0, 1.0, float("nan")]
OPTIONS = {"outliers": ProfileOptions("trimmed_std"), "threshold": 0.5}


def random_plant(random: np.random.Generator, items: int) -> OperationTable:
    """Routings of items that are made much alike, in a few orders and on a few machines; some have none, and many times are missing."""
    bases = [random.permutation(OPERATIONS)[: random.integers(1, OPERATIONS + 1)] for _ in range(3)]
    routings = []
    for _item in range(items):
        routing = bases[random.integers(3)].copy()
        if random.random() < 0.3:
            routing = routing[random.random(len(routing)) < 0.7]
        if random.random() < 0.3:
            routing = random.permutation(routing)
        routings.append(routing if random.random() < 0.85 else routing[:0])
    rows = sum(len(routing) for routing in routings)
    times = np.where(random.random((rows, len(TIMES))) < 0.4, np.nan, random.integers(1, 9, (rows, 1)) / 4.0)
    return OperationTable(
        offsets=np.concatenate(([0], np.cumsum([len(routing) for routing in routings]))).astype(np.int64),
        operation=np.concatenate([*routings, []]).astype(np.int32),
        machine=random.integers(0, 3, rows).astype(np.int32),
        sequence=np.arange(rows, dtype=np.int32),
        times=times,
        actual=np.where(random.random((rows, 2)) < 0.5, np.nan, 2.0),
    )


def random_neighbours(random: np.random.Generator, items: int, most: int) -> Neighbours:
    """Neighbours of every item: often equally similar, sometimes none, unknown, named twice, or the item itself."""
    counts = np.where(random.random(items) < 0.15, 0, random.integers(0, most + 1, items))
    found = random.integers(-1, items, counts.sum())
    similar = random.choice(SIMILARITIES, counts.sum())
    blurred = random.random(len(similar)) < 0.3
    similar[blurred] = np.clip(similar[blurred] - 0.2 * random.random(blurred.sum()), 0.0, 1.0)
    return Neighbours(np.concatenate(([0], np.cumsum(counts))).astype(np.int64), found.astype(np.int64), similar)


def random_estimates(random: np.random.Generator, items: int, neighbours: int, sets: tuple[float, ...] = ()) -> Learned:
    """What a version might have learned: of some operations nothing, of neighbours of another size too."""
    estimates = Estimates(
        operations=[str(number) for number in range(OPERATIONS)],
        probabilities=random.choice([0.0, 0.02, 0.5, 0.5, 0.9, 1.0], (items, OPERATIONS)).astype(np.float32),
        factors=random.normal(0, 0.3, (items, FACTORS)).astype(np.float32),
        neighbour_factors=random.normal(0, 0.3, (neighbours, FACTORS)).astype(np.float32),
        size_differences=random.choice([0.0, 0.1, 0.1, 0.5, 5.0], neighbours).astype(np.float32),
        times=TimeModel(
            np.zeros((OPERATIONS + 1, 2), np.float32),
            random.normal(0, 1, (OPERATIONS + 1, 2, FACTORS)).astype(np.float32),
        ),
        calibration=Calibration(bias=0.1, model=0.8, vote=0.6, sets=sets),
    )
    return Learned(estimates, np.where(random.random(OPERATIONS) < 0.2, -1, np.arange(OPERATIONS)))


def drafts_of(
    weighed: Weighed, table: OperationTable, query: int, strategy: str, variants: int
) -> tuple[list[PlainDraft], dict[int, int]]:
    """The routings of one item by the plain rules, and the shared operation of each of its operation numbers."""
    shared = weighed.shared
    start, end = shared.neighbours.offsets[query : query + 2]
    holders = holders_of(table, shared.neighbours.items[start:end].tolist())
    groups = range(int(shared.group_offsets[query]), int(shared.group_offsets[query + 1]))
    number = {int(table.operation[shared.rows[group].max()]): group for group in groups}
    count = len(holders)
    if strategy == "nearest":
        return plain_nearest(table, holders, shared.weights[query][:count], variants), number
    believed = {operation: float(weighed.believed[group]) for operation, group in number.items()}
    weights, machines = weighed.weights[query][:count], weighed.machine_weights[query][:count]
    return plain_consensus(table, holders, believed, weights, machines, variants, weighed.calibration.sets), number


def check(
    table: OperationTable, near: Neighbours, options: PredictionOptions, learned: Learned | None, batch: RoutingBatch
) -> None:
    """Compare a batch with the plain rules, item by item."""
    items = np.arange(table.items)
    usable = usable_neighbours(table, items, with_something_in_common(near), options.threshold)
    shared = share_operations(table, usable)
    weighed = weigh(table, shared, items, learned.estimates if learned else None, learned.model_of if learned else None)
    times = weighed.shared if options.strategy == "consensus" else shared
    routing = 0
    for query in items.tolist():
        if usable.offsets[query] == usable.offsets[query + 1]:
            assert query not in batch.query
            continue
        drafts, number = drafts_of(weighed, table, query, options.strategy, options.max_variants)
        for draft in drafts:
            assert batch.query[routing] == query
            reference = -1 if draft.slot < 0 else usable.items[usable.offsets[query] + draft.slot]
            assert batch.reference[routing] == reference
            first, last = batch.offsets[routing : routing + 2]
            assert batch.rows[first:last].tolist() == draft.rows
            groups = [number[int(table.operation[row])] for row in draft.rows]
            outliers = replace(options.outliers, geometric=options.strategy == "consensus")
            expected = time_profiles(times.times_of(np.array(groups)), shared.weights[query][None, None, :], outliers)
            np.testing.assert_array_equal(batch.times[first:last], expected.standard)
            if options.strategy == "consensus":
                weights = weighed.weights[query][draft.members]
                mean = (shared.similarities[query][draft.members] * weights).sum() / weights.sum()
                assert batch.similarity[routing] == pytest.approx(min(max(mean, 0.0), 1.0), rel=1e-14)
            routing += 1
    assert routing == len(batch.query)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["consensus", "nearest"]),
    st.booleans(),
    st.integers(1, 5),
    st.sampled_from([(), (1.1, 0.7, 0.4), (0.9, 0.0, 1.3)]),
)
def test_many_items_at_once_get_what_the_rules_say_of_each(
    seed: int, strategy: str, learning: bool, variants: int, sets: tuple[float, ...]
) -> None:
    random = np.random.default_rng(seed)
    items = int(random.integers(2, 40))
    table = random_plant(random, items)
    near = random_neighbours(random, items, 12)
    learned = random_estimates(random, items, len(near.items), sets) if learning else None
    options = PredictionOptions(strategy, max_variants=variants, ignore_own=True, **OPTIONS)  # type: ignore[arg-type]
    check(table, near, options, learned, predict_routings(table, np.arange(items), near, options, learned))


def fields_of(batch: RoutingBatch) -> dict[str, npt.NDArray[Any]]:
    return {name: value for name, value in vars(batch).items() if isinstance(value, np.ndarray)}


def test_what_is_predicted_together_with_an_item_does_not_matter() -> None:
    random = np.random.default_rng(7)
    table, items = random_plant(random, 200), np.arange(200)
    near = random_neighbours(random, 200, 50)
    learned = random_estimates(random, 200, len(near.items), (1.0, 0.5, 0.5))
    options = PredictionOptions("consensus", ignore_own=True)
    whole = predict_routings(table, items, near, options, learned)
    for query in range(0, 200, 20):
        chosen = np.zeros(200, np.bool_)
        chosen[query : query + 3] = True
        few = predict_routings(table, np.where(chosen, items, -1), near, options, learned)
        mine = np.flatnonzero(chosen[whole.query])
        assert few.reference.tolist() == whole.reference[mine].tolist()
        rows = [whole.rows[whole.offsets[one] : whole.offsets[one + 1]] for one in mine]
        assert few.rows.tolist() == np.concatenate([*rows, []]).tolist()


@pytest.mark.parametrize("strategy", ["consensus", "nearest"])
def test_items_none_of_whose_neighbours_has_a_routing_get_nothing_beside_what_was_learned(strategy: str) -> None:
    random = np.random.default_rng(3)
    table = random_plant(random, 10)
    nothing = OperationTable(
        np.zeros(11, np.int64),
        *(getattr(table, name)[:0] for name in ("operation", "machine", "sequence", "times", "actual")),
    )
    near = random_neighbours(random, 10, 5)
    options = PredictionOptions(strategy)
    batch = predict_routings(nothing, np.arange(10), near, options, random_estimates(random, 10, len(near.items)))
    assert all(not len(value) for name, value in fields_of(batch).items() if name != "offsets")


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.booleans(),
    st.integers(1, 5),
    st.sampled_from([(), (1.1, 0.7, 0.4)]),
    st.booleans(),
    st.booleans(),
)
def test_an_item_alone_gets_what_it_gets_among_others(
    seed: int, learning: bool, variants: int, sets: tuple[float, ...], whole: bool, many: bool
) -> None:
    random = np.random.default_rng(seed)
    items = int(random.integers(2, 20))
    table = random_plant(random, items)
    near = random_neighbours(random, items, 60 if many else 12)
    learned = random_estimates(random, items, len(near.items), sets) if learning else None
    if learned is not None:
        estimates = replace(learned.estimates, calibration=replace(learned.estimates.calibration, whole=whole))
        learned = Learned(estimates, learned.model_of)
    options = PredictionOptions("consensus", max_variants=variants, ignore_own=True, **OPTIONS)  # type: ignore[arg-type]
    together = predict_routings(table, np.arange(items), near, options, learned)
    for query in range(items):
        first, last = near.offsets[query : query + 2].tolist()
        one = Neighbours(np.array([0, last - first]), near.items[first:last], near.similarities[first:last])
        said = None
        if learned is not None:
            of_all = learned.estimates
            estimates = replace(
                of_all,
                probabilities=of_all.probabilities[query : query + 1],
                factors=of_all.factors[query : query + 1],
                neighbour_factors=of_all.neighbour_factors[first:last],
                size_differences=of_all.size_differences[first:last],
            )
            said = Learned(estimates, learned.model_of)
        alone = predict_routings(table, np.array([query]), one, options, said)
        mine = (together.query == query).nonzero()[0]
        assert len(alone.query) == len(mine)
        for name in ("rank", "variant", "reference"):
            np.testing.assert_array_equal(getattr(alone, name), getattr(together, name)[mine])
        np.testing.assert_allclose(alone.similarity, together.similarity[mine], rtol=1e-14)
        starts, ends = together.offsets[mine], together.offsets[mine + 1]
        rows = np.concatenate([np.arange(a, b) for a, b in zip(starts, ends, strict=True)] or [np.zeros(0, np.int64)])
        np.testing.assert_array_equal(alone.rows, together.rows[rows])
        np.testing.assert_array_equal(alone.sequence, together.sequence[rows])
        np.testing.assert_allclose(alone.times, together.times[rows], rtol=1e-13)
