"""Why an operation is proposed: how many neighbours have it, what the features say, and which features say it, in words and as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import orjson

from aggregate_service.snapshot import Snapshot
from plant.schema import FeatureKind
from routings.operation_evidence import Evidence

MOST_FEATURES = 3
MOST_COMPARED = 20
"""Neighbours whose values are compared with an item's."""
NOTHING = "[]"


@dataclass(frozen=True)
class Reasons:
    """Why each operation is proposed.

    Attributes:
        texts: a sentence; None for operations of own routings.
        features: the features that tell most about it, a JSON list of {feature, value}; value is null where the item has none.
    """

    texts: list[str | None]
    features: list[str | None]


def reasons_for(
    snapshot: Snapshot, evidence: Evidence, items: npt.NDArray[np.int64], reasons: Sequence[Sequence[str]]
) -> Reasons:
    """Why each operation is proposed.

    Args:
        items: position of the item that each operation is proposed for, int64 (operations).
        reasons: for each model the features that tell most about its operation.
    """
    stored = {name: snapshot.items[name] for names in reasons for name in names if name in snapshot.items}
    told: dict[tuple[int, int], tuple[str, str]] = {}
    texts: list[str | None] = []
    features: list[str | None] = []
    for row, (item, model) in enumerate(zip(items.tolist(), evidence.model.tolist(), strict=True)):
        have, lack = len(evidence.supporters[row]), len(evidence.dissenters[row])
        if np.isnan(evidence.support[row]):
            texts.append(None)
            features.append(NOTHING)
            continue
        text = f"{have} of {have + lack} neighbours have it"
        if model >= 0:
            if (item, model) not in told:
                known = [name for name in (reasons[model] if reasons else ()) if name in stored][:MOST_FEATURES]
                shown = [(name, _shown(stored[name].take(np.array([item]))[0])) for name in known]
                shown = shown or _in_common(snapshot, item, evidence.supporters[row])
                label_of = snapshot.schema.label_of
                told[(item, model)] = (
                    ", ".join(f"{label_of(name)} = {'absent' if text is None else text}" for name, text in shown),
                    orjson.dumps([{"feature": name, "value": text} for name, text in shown]).decode(),
                )
            sentence, named = told[(item, model)]
            by = f" by {sentence}" if sentence else ""
            text += f"; its features say {evidence.learned[row]:.0%}{by}"
        else:
            text += "; too rare to be learned, so the neighbours decide"
            named = NOTHING
        texts.append(text)
        features.append(named)
    return Reasons(texts, features)


def _in_common(snapshot: Snapshot, item: int, supporters: npt.NDArray[np.int64]) -> list[tuple[str, str | None]]:
    """What an item shares with most neighbours that have an operation, what counts most first: where a model names no features."""
    compared = np.concatenate(([item], supporters[:MOST_COMPARED])).astype(np.int64)
    ranked = sorted(snapshot.schema.features, key=lambda feature: -feature.weight)
    shared: list[tuple[str, str | None]] = []
    for feature in ranked:
        if len(shared) == MOST_FEATURES:
            break
        column = snapshot.items.get(feature.name)
        if column is None or not feature.active or feature.kind is FeatureKind.IDENTITY:
            continue
        own, *others = (_shown(value) for value in column.take(compared))
        if own is not None and 2 * sum(other == own for other in others) > len(others):
            shared.append((feature.name, own))
    return shared


def _shown(value: object) -> str | None:
    """A value as people read it; None where it is absent."""
    if value is None or value != value:
        return None
    return f"{value:g}" if isinstance(value, float) else str(value)
