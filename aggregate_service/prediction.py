"""Answers a batch of item codes with their routings: looks codes and neighbours up, predicts, and fills in names and texts."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from aggregate_service.evidence_texts import reasons_for
from aggregate_service.operation_columns import Columns
from aggregate_service.plant_options import PlantOptions
from aggregate_service.snapshot import Snapshot
from plant.schema import OF_SEVERAL
from routings.drafts import MERGED
from routings.operation_table import Neighbours, ranges
from routings.routing_prediction import Learned, PredictionOptions, RoutingBatch, predict_routings

NAMES_IN_SIGNATURE: Final = 4
NO_NAME: Final = "ROUTING"


@dataclass(frozen=True)
class NeighbourLists:
    """Neighbours as a search found them, by code: those of item q are [offsets[q], offsets[q + 1])."""

    offsets: npt.NDArray[np.int64]
    codes: Sequence[str]
    similarities: npt.NDArray[np.float64]


class RoutingTexts(NamedTuple):
    """What a routing is called: its first operations, and all of them."""

    signature: str
    summary: str


@dataclass(frozen=True)
class Warning:
    """Something a person should know about one item of the request."""

    position: int
    reason: str
    message: str


@dataclass(frozen=True)
class PredictionAnswer:
    """Routings, their operations and the candidates, as columns.

    Attributes:
        routings: one row a routing, items in the order asked, best first.
        operation_offsets: operations of routing r are [operation_offsets[r], operation_offsets[r + 1]).
        operations: one row an operation.
        candidates: one row a proposed routing of an item without its own.
        evidence: parallel to operations; None when not asked for.
        unknown: positions of codes that the item master does not hold.
        without_routing: positions of known items that got no routing.
        warnings: for people.
        routing_offsets: routings of item i are [routing_offsets[i], routing_offsets[i + 1]).
        candidate_offsets: the same of its candidates.
    """

    routings: Columns
    operation_offsets: list[int]
    operations: Columns
    candidates: Columns
    evidence: Columns | None
    unknown: list[int]
    without_routing: list[int]
    warnings: list[Warning]
    routing_offsets: list[int]
    candidate_offsets: list[int]


def predict(
    snapshot: Snapshot,
    plant: PlantOptions,
    item_codes: Sequence[str],
    neighbours: NeighbourLists | None,
    options: PredictionOptions,
    *,
    detailed: bool,
    learned: Learned | None = None,
    unlike: Sequence[int] = (),
    without_features: Sequence[int] = (),
) -> PredictionAnswer:
    """Routings of items.

    Args:
        item_codes: trimmed and in any case.
        neighbours: of each item; None: nobody has searched (items with a routing of their own need none).
        options: how to predict.
        detailed: all output columns instead of the key columns.
        learned: what the version says of items and neighbours, parallel to both; None: nothing.
        unlike: positions of items that are unlike anything in the training data.
        without_features: positions of items of which no feature is known: nothing is predicted for them.

    Raises:
        InvalidInput: the strategy does not exist.
    """
    items = snapshot.codes.find_many(item_codes).astype(np.int64)
    known = _neighbours(snapshot, items, neighbours, options, without_features)
    batch = predict_routings(snapshot.operations, items, known, options, learned)
    answered = np.zeros(len(items), bool)
    answered[batch.query] = True
    unknown = np.flatnonzero(items < 0).tolist()
    without = np.flatnonzero((items >= 0) & ~answered).tolist()
    operations = plant.operation_columns(snapshot.schema, detailed=detailed).fill(snapshot.routing, batch)
    texts = _texts(snapshot, operations, batch)
    routings = _routings(snapshot, plant, items, batch, texts)
    return PredictionAnswer(
        routings=routings,
        operation_offsets=batch.offsets.tolist(),
        operations=operations,
        candidates=_candidates(routings, batch, texts),
        evidence=_evidence(snapshot, items, batch, learned) if batch.evidence else None,
        unknown=unknown,
        without_routing=without,
        warnings=[
            *_warnings(item_codes, batch, without, known, options, set(without_features)),
            *_strange(item_codes, batch, unlike),
        ],
        routing_offsets=_offsets(batch.query, len(items)),
        candidate_offsets=_offsets(batch.query[batch.predicted], len(items)),
    )


def _offsets(query: npt.NDArray[np.int64], items: int) -> list[int]:
    """Where the rows of each item begin, from the item of each row, ascending; and the end."""
    return [0, *np.bincount(query, minlength=items).cumsum().tolist()]


def options_for(
    plant: PlantOptions,
    *,
    threshold: float | None = None,
    max_variants: int | None = None,
    strategy: str = "",
    ignore_own: bool = False,
    evidence: bool = False,
) -> PredictionOptions:
    """The plant's options with what a request says otherwise."""
    usual = plant.prediction
    return replace(
        usual,
        threshold=usual.threshold if threshold is None else threshold,
        max_variants=usual.max_variants if max_variants is None else max_variants,
        strategy=strategy or usual.strategy,
        ignore_own=ignore_own,
        evidence=evidence,
    )


def _neighbours(
    snapshot: Snapshot,
    items: npt.NDArray[np.int64],
    lists: NeighbourLists | None,
    options: PredictionOptions,
    without_features: Sequence[int],
) -> Neighbours:
    """Neighbours by position, of those items only that need them."""
    if lists is None:
        return Neighbours.none(len(items))
    needed = (items >= 0) & (options.ignore_own | (snapshot.operations.lengths(items) == 0))
    needed[list(without_features)] = False
    if needed.all():
        found = snapshot.codes.find_many(lists.codes).astype(np.int64)
        return Neighbours(lists.offsets, found, lists.similarities)
    counts = np.where(needed, np.diff(lists.offsets), 0)
    places = ranges(lists.offsets[:-1], counts)
    codes = [lists.codes[place] for place in places.tolist()]
    return Neighbours(
        offsets=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        items=snapshot.codes.find_many(codes).astype(np.int64),
        similarities=lists.similarities[places],
        found=places,
    )


def _texts(snapshot: Snapshot, operations: Columns, batch: RoutingBatch) -> list[RoutingTexts]:
    """Texts of each routing from the names of its operations; those without any are left out."""
    columns = []
    for name in snapshot.schema.routing.names:
        filled, stored = operations.get(name), snapshot.routing.get(name)
        if filled is None:
            filled = list(stored.take(batch.rows)) if stored is not None else [None] * len(batch.rows)
        columns.append(filled)
    flat = [next(filter(None, names), None) for names in zip(*columns, strict=True)]
    known: dict[tuple[object, ...], RoutingTexts] = {}  # many routings are alike
    found = []
    for start, end in itertools.pairwise(batch.offsets.tolist()):
        key = tuple(flat[start:end])
        texts = known.get(key)
        if texts is None:
            names = [str(name) for name in key if name]
            texts = known[key] = RoutingTexts(
                "+".join(names[:NAMES_IN_SIGNATURE]) or NO_NAME, " → ".join(names) or NO_NAME
            )
        found.append(texts)
    return found


def _routings(
    snapshot: Snapshot,
    plant: PlantOptions,
    items: npt.NDArray[np.int64],
    batch: RoutingBatch,
    texts: list[RoutingTexts],
) -> Columns:
    codes = snapshot.codes.codes_at(items[batch.query])
    references = snapshot.codes.codes_at(np.maximum(batch.reference, 0))
    merged = (batch.reference == MERGED).tolist()
    return {
        "ITEM_CD": list(codes),
        "CANDIDATE_ID": [
            f"{code}_MLP" if variant == MERGED else f"{code}_C{variant:02d}"
            for code, variant in zip(codes, batch.variant.tolist(), strict=True)
        ],
        "ROUTING_SIGNATURE": [text.signature for text in texts],
        "PRIORITY": ["primary" if rank == 1 else "fallback" for rank in batch.rank.tolist()],
        "SIMILARITY_TIER": ["HIGH" if s >= plant.high_similarity else "LOW" for s in batch.similarity.tolist()],
        "SIMILARITY_SCORE": batch.similarity,
        "REFERENCE_ITEM_CD": [
            OF_SEVERAL if is_merged else code for code, is_merged in zip(references, merged, strict=True)
        ],
        "RANK": batch.rank,
    }


def _candidates(routings: Columns, batch: RoutingBatch, texts: list[RoutingTexts]) -> Columns:
    rows = np.flatnonzero(batch.predicted)
    places = rows.tolist()

    def chosen(name: str) -> list[str | None]:
        values = routings[name]
        return [values[place] for place in places]

    return {
        "ITEM_CD": chosen("ITEM_CD"),
        "CANDIDATE_ITEM_CD": chosen("REFERENCE_ITEM_CD"),
        "SIMILARITY_SCORE": batch.similarity[rows],
        "ROUTING_SIGNATURE": chosen("ROUTING_SIGNATURE"),
        "ROUTING_SUMMARY": [texts[place].summary for place in places],
        "PRIORITY": chosen("PRIORITY"),
        "SIMILARITY_TIER": chosen("SIMILARITY_TIER"),
        "HAS_ROUTING": ["Y"] * len(places),
        "PROCESS_COUNT": np.diff(batch.offsets)[rows],
        "RANK": batch.rank[rows],
    }


def _evidence(
    snapshot: Snapshot, items: npt.NDArray[np.int64], batch: RoutingBatch, learned: Learned | None
) -> Columns:
    evidence = batch.evidence
    assert evidence is not None
    columns: Columns = {
        "SUPPORT": evidence.support,
        "SAMPLES": evidence.samples,
        "CONFIDENCE": evidence.confidence,
    }
    for name, (optimal, standard, safe) in evidence.ranges.items():
        columns[f"{name}_OPTIMAL"], columns[f"{name}_STANDARD"], columns[f"{name}_SAFE"] = optimal, standard, safe
    for name, holders in (("NEIGHBOURS_FOR", evidence.supporters), ("NEIGHBOURS_AGAINST", evidence.dissenters)):
        columns[name] = [orjson.dumps(snapshot.codes.codes_at(items)).decode() for items in holders]
    columns |= {"BELIEF": evidence.belief, "LEARNED": evidence.learned, "TIME_BELIEF": evidence.time_belief}
    owners = np.repeat(items[batch.query], np.diff(batch.offsets))
    why = reasons_for(snapshot, evidence, owners, learned.estimates.reasons if learned else ())
    columns["WHY"], columns["REASONS"], columns["CHANGES"] = list(why.texts), list(why.features), list(why.changes)
    return columns


def _strange(item_codes: Sequence[str], batch: RoutingBatch, unlike: Sequence[int]) -> list[Warning]:
    """Warnings of predictions for items that are unlike anything in the training data."""
    predicted = set(batch.query[batch.predicted].tolist())
    return [
        Warning(
            position,
            "UNLIKE_TRAINING_DATA",
            f"{item_codes[position]} is unlike every item that the version has learned from: check its features, and do not rely on "
            "the proposal",
        )
        for position in unlike
        if position in predicted
    ]


def _warnings(
    item_codes: Sequence[str],
    batch: RoutingBatch,
    without: list[int],
    neighbours: Neighbours,
    options: PredictionOptions,
    without_features: set[int],
) -> list[Warning]:
    found = []
    similarity_of = dict(
        zip(batch.query[batch.variant == 1].tolist(), batch.similarity[batch.variant == 1].tolist(), strict=True)
    )
    nothing = set(_nothing_in_common(neighbours).tolist())
    for position in sorted(set(batch.below_threshold.tolist()) - nothing):
        found.append(
            Warning(
                position,
                "BELOW_THRESHOLD",
                f"No neighbour of {item_codes[position]} with a routing reaches similarity {options.threshold:g}; "
                f"the best one ({similarity_of.get(position, 0.0):.3f}) was used",
            )
        )
    counts = np.diff(neighbours.offsets)
    for position in sorted(nothing & set(batch.query[batch.predicted].tolist())):
        text = (
            f"No item has anything in common with {item_codes[position]}: what is proposed is how items of its group, or most items, are "
            "made"
        )
        found.append(Warning(position, "USUAL_ROUTING", text))
    for position in without:
        if position in without_features:
            text = (
                f"No feature of {item_codes[position]} is known, so nothing can be predicted for it: enter its features in the item "
                "master"
            )
            found.append(Warning(position, "NO_FEATURES", text))
        elif position in nothing:
            text = f"No item has anything in common with {item_codes[position]}, so nothing is proposed: check its features"
            found.append(Warning(position, "NOTHING_IN_COMMON", text))
        elif counts[position]:
            text = f"None of the {counts[position]} neighbours of {item_codes[position]} has a routing"
            found.append(Warning(position, "NO_NEIGHBOUR_WITH_ROUTING", text))
        else:
            text = f"{item_codes[position]} has no routing of its own and no neighbours were given"
            found.append(Warning(position, "NO_NEIGHBOURS", text))
    return found


def _nothing_in_common(neighbours: Neighbours) -> npt.NDArray[np.int64]:
    """Items that have neighbours, but none with a similarity above 0."""
    query = neighbours.query_of_each()
    similar = np.bincount(query[neighbours.similarities > 0.0], minlength=len(neighbours.offsets) - 1)
    found: npt.NDArray[np.int64] = np.flatnonzero((np.diff(neighbours.offsets) > 0) & (similar == 0))
    return found
