"""Leave-out evaluation of a version: each item is predicted as if it had no routing, from all others, and judged."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from common.errors import InvalidInput
from routings.operation_table import Neighbours, usable_neighbours
from routings.quality_metrics import Proposal, score
from routings.quality_report import JudgedItem, document
from routings.routing_prediction import Learned, PredictionOptions, RoutingBatch, predict_routings
from trained.item_codes import ItemCodeIndex
from trained.learned.learned_model import models_of
from trained.searchable_model import SearchableModel
from trainer.current_routings import CurrentRoutings
from trainer.right_routings import RightRoutings

MOST_NEIGHBOURS: Final = 50
ITEMS_AT_ONCE: Final = 256

Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class EvaluationOptions:
    """How a version is evaluated.

    Attributes:
        items: size of the sample; 0: all that can be judged.
        top_k: neighbours an item.
        seed: of the sample.
        ef_search: width of the search; None: the version's default.
        prediction: how items are predicted.
        newest: this many items with the newest routings are judged, together: none of them is a neighbour of another; 0: a sample is,
            each item by itself.
    """

    items: int = 300
    top_k: int = MOST_NEIGHBOURS
    seed: int = 1
    ef_search: int | None = None
    prediction: PredictionOptions = field(default_factory=PredictionOptions)
    newest: int = 0


@dataclass(frozen=True)
class Evaluated:
    """What an evaluation works with.

    Attributes:
        model: the version.
        index: codes of the items of the source.
        routings: their current routings, parallel to `index`.
        right: what they are judged against.
        encode: vectors of items of the source, for those that the version does not hold; float32 (items, dimension).
        now: positions of items, ascending, and their vectors as if they were planned now, float32 (n, dimension), which stand in the
            place of the version's; None: of nobody.
    """

    model: SearchableModel
    index: ItemCodeIndex
    routings: CurrentRoutings
    right: RightRoutings
    encode: Callable[[Integers], Floats32]
    now: tuple[Integers, Floats32] | None = None


def sample(positions: Integers, items: int, seed: int) -> Integers:
    """A random sample of positions, ascending; all of them when there are not more than `items`, or that is 0."""
    if not items or len(positions) <= items:
        return positions
    chosen: Integers = np.sort(np.random.default_rng(seed).choice(positions, items, replace=False))
    return chosen


def evaluate(
    work: Evaluated, options: EvaluationOptions, on_items: Callable[[int], None] | None = None
) -> dict[str, Any] | None:
    """Predict and judge a sample of the items that can be judged; the document of `routings.quality_report`.

    Args:
        on_items: told the number of items judged so far.

    Returns:
        None when no item can be judged.
    """
    started = time.perf_counter()
    judgeable = work.right.positions()
    chosen = newest(work, options.newest) if options.newest else sample(judgeable, options.items, options.seed)
    if not len(chosen):
        return None
    together = work.model.find_many(work.index.codes_at(chosen)).astype(np.int64) if options.newest else None
    judged: list[JudgedItem] = []
    for start in range(0, len(chosen), ITEMS_AT_ONCE):
        judged += judge_items(work, options, chosen[start : start + ITEMS_AT_ONCE], together)
        if on_items:
            on_items(len(judged))
    facts = {
        "judged_against": work.right.judged_against,
        "strategy": options.prediction.strategy,
        "top_k": options.top_k,
        "variants": options.prediction.max_variants,
        "version": work.model.version_name,
        "seconds": round(time.perf_counter() - started, 2),
    }
    return document(judged, facts)


def newest(work: Evaluated, items: int) -> Integers:
    """The items that can be judged whose routings were entered last, ascending positions.

    Raises:
        InvalidInput: the source does not say when routings were entered.
    """
    entered = work.routings.entered
    positions = work.right.positions()
    if entered is None:
        raise InvalidInput(
            "The source does not say when routings were entered, so none is the newest: map INSRT_DT of the routing table in the input "
            "profile, or judge a sample"
        )
    dated = positions[np.isfinite(entered[positions])]
    chosen: Integers = np.sort(dated[np.argsort(-entered[dated], kind="stable")[:items]])
    return chosen


def judge_items(
    work: Evaluated, options: EvaluationOptions, items: Integers, together: Integers | None = None
) -> list[JudgedItem]:
    """Predict items, each as if it had no routing, and judge them.

    Args:
        together: positions in the version, -1 where it lacks one, of items that are all held out; None: each is by itself.
    """
    prediction = replace(options.prediction, ignore_own=True, evidence=True)
    table = work.routings.table
    found, learned = leave_out_neighbours(work, options, items, together)
    usable = usable_neighbours(table, items, found, prediction.threshold)
    batch = predict_routings(table, items, found, prediction, learned)
    codes = work.index.codes_at(items)
    return [
        JudgedItem(
            code=code,
            family=work.right.families.get(item, ""),
            neighbours=int(usable.offsets[query + 1] - usable.offsets[query]),
            score=score(proposals_of(work.routings, batch, query), work.right.routings[item], prediction.max_variants),
        )
        for query, (code, item) in enumerate(zip(codes, items.tolist(), strict=True))
    ]


def leave_out_neighbours(
    work: Evaluated, options: EvaluationOptions, items: Integers, together: Integers | None = None
) -> tuple[Neighbours, Learned | None]:
    """The neighbours of items in the version, never the item itself, as positions in the source (-1 where it lacks them), and
    what the version has learned about both."""
    model = work.model
    own = model.find_many(work.index.codes_at(items)).astype(np.int64)
    vectors = np.zeros((len(items), model.dimension), np.float32)
    stored = own >= 0
    if stored.any():
        vectors[stored] = model.vectors(own[stored])
    if not stored.all():
        vectors[~stored] = work.encode(items[~stored])
    if work.now is not None:
        asked, place = np.nonzero(items[:, None] == work.now[0])
        vectors[asked] = work.now[1][place]
    wanted = min(options.top_k + 1, model.items)
    blocked = together[together >= 0] if together is not None else None
    positions, similarities = model.search_made(
        vectors, wanted, options.ef_search or model.default_ef_search, blocked=blocked
    )
    kept = (positions >= 0) & (positions != own[:, None])
    kept &= np.cumsum(kept, axis=1) <= options.top_k
    known = kept.sum(axis=1), positions[kept], np.clip(similarities[kept].astype(np.float64), 0.0, 1.0)
    counts, flat, similar = model.with_examples(vectors, own, known, options.top_k, blocked)
    distinct, place = np.unique(flat, return_inverse=True)
    in_source = work.index.find_many(model.codes.codes_at(distinct)).astype(np.int64)
    neighbours = Neighbours(
        offsets=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        items=in_source[place] if len(distinct) else flat,
        similarities=similar,
    )
    estimates = model.estimates(vectors, own, (vectors[np.repeat(np.arange(len(items)), counts)], model.vectors(flat)))
    if estimates is None:
        return neighbours, None
    model_of = models_of(estimates.operations, work.routings.jobs, work.routings.occurrences.tolist())
    return neighbours, Learned(estimates, model_of)


def proposals_of(routings: CurrentRoutings, batch: RoutingBatch, query: int) -> list[Proposal]:
    """The routings proposed for one item of a batch, best first."""
    first, last = np.searchsorted(batch.query, [query, query + 1])
    run = batch.run_times()
    made = []
    for routing in sorted(range(int(first), int(last)), key=lambda place: int(batch.rank[place])):
        part = slice(int(batch.offsets[routing]), int(batch.offsets[routing + 1]))
        numbers = routings.table.operation[batch.rows[part]]
        confidences = batch.evidence.belief[part] if batch.evidence else np.full(len(numbers), np.nan)
        made.append(Proposal([routings.jobs[number] for number in numbers.tolist()], run[part], confidences))
    return made
