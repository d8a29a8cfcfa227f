"""Why an operation is proposed, in words and as values: neighbours that have it, features that say it, and what would change it."""

from __future__ import annotations

from collections import Counter
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
MOST_CONTRASTED = 8
"""Features by which neighbours with an operation are told from those without it, those that count most."""
FEWEST_WITHOUT = 2
"""Neighbours without an operation from which what they share says anything."""
NOTHING = "[]"


@dataclass(frozen=True)
class Reasons:
    """Why each operation is proposed.

    Attributes:
        texts: a sentence; None for operations of own routings.
        features: the features that tell most about it, a JSON list of {feature, value}; value is null where the item has none.
        changes: what would speak against it, a JSON list of {feature, value, items, of}: so many of the neighbours without it have this
            value, which the item and most neighbours with it have not.
    """

    texts: list[str | None]
    features: list[str | None]
    changes: list[str | None]


def reasons_for(
    snapshot: Snapshot, evidence: Evidence, items: npt.NDArray[np.int64], reasons: Sequence[Sequence[str]]
) -> Reasons:
    """Why each operation is proposed.

    Args:
        items: position of the item that each operation is proposed for, int64 (operations).
        reasons: for each model the features that tell most about its operation.
    """
    stored = {name for names in reasons for name in names if name in snapshot.items}
    told: dict[tuple[int, int], tuple[str, str]] = {}
    texts: list[str | None] = []
    features: list[str | None] = []
    changes: list[str | None] = []
    contrasts: dict[int, _Contrast] = {}
    for row, (item, model) in enumerate(zip(items.tolist(), evidence.model.tolist(), strict=True)):
        have, lack = len(evidence.supporters[row]), len(evidence.dissenters[row])
        if np.isnan(evidence.support[row]):
            texts.append(None)
            features.append(NOTHING)
            changes.append(NOTHING)
            continue
        text = f"{have} of {have + lack} neighbours have it"
        if model >= 0:
            if (item, model) not in told:
                known = [name for name in (reasons[model] if reasons else ()) if name in stored][:MOST_FEATURES]
                shown = [(name, snapshot.shown(name, np.array([item]))[0]) for name in known]
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
        changed = NOTHING
        if have and lack >= FEWEST_WITHOUT:
            if item not in contrasts:
                contrasts[item] = _Contrast(snapshot, item, evidence.supporters[row], evidence.dissenters[row])
            found = contrasts[item].of(evidence.supporters[row], evidence.dissenters[row])
            if found is not None:
                name, value, count, whole = found
                text += f"; {count} of {whole} neighbours without it have {snapshot.schema.label_of(name)} = {value}"
                changed = orjson.dumps([{"feature": name, "value": value, "items": count, "of": whole}]).decode()
        texts.append(text)
        features.append(named)
        changes.append(changed)
    return Reasons(texts, features, changes)


class _Contrast:
    """Values of an item and its neighbours in the features that count most."""

    def __init__(
        self, snapshot: Snapshot, item: int, supporters: npt.NDArray[np.int64], dissenters: npt.NDArray[np.int64]
    ) -> None:
        near = np.concatenate((supporters, dissenters)).astype(np.int64)
        self._place = {neighbour: place for place, neighbour in enumerate(near.tolist())}
        self._values: dict[str, tuple[str | None, list[str | None]]] = {}
        whole = np.concatenate(([item], near)).astype(np.int64)
        for feature in sorted(snapshot.schema.features, key=lambda one: -one.weight):
            if len(self._values) == MOST_CONTRASTED:
                break
            if feature.name in snapshot.items and feature.active and feature.kind is not FeatureKind.IDENTITY:
                own, *others = snapshot.shown(feature.name, whole)
                self._values[feature.name] = own, others

    def of(
        self, supporters: npt.NDArray[np.int64], dissenters: npt.NDArray[np.int64]
    ) -> tuple[str, str, int, int] | None:
        """The feature and the value that tell neighbours without an operation best from those with it, how many of how many have it."""
        best: tuple[float, tuple[str, str, int, int]] | None = None
        have, lack = (
            [self._place[one] for one in side[:MOST_COMPARED].tolist() if one in self._place]
            for side in (supporters, dissenters)
        )
        for name, (own, others) in self._values.items():
            counts = Counter(others[place] for place in lack)
            value, count = counts.most_common(1)[0] if counts else (None, 0)
            if value is None or value == own or 2 * count <= len(lack):
                continue
            also = sum(others[place] == value for place in have)
            apart = count / len(lack) - also / max(len(have), 1)
            if 2 * also < len(have) and (best is None or apart > best[0]):
                best = apart, (name, value, count, len(lack))
        return best[1] if best else None


def _in_common(snapshot: Snapshot, item: int, supporters: npt.NDArray[np.int64]) -> list[tuple[str, str | None]]:
    """What an item shares with most neighbours that have an operation, what counts most first: where a model names no features."""
    compared = np.concatenate(([item], supporters[:MOST_COMPARED])).astype(np.int64)
    ranked = sorted(snapshot.schema.features, key=lambda feature: -feature.weight)
    shared: list[tuple[str, str | None]] = []
    for feature in ranked:
        if len(shared) == MOST_FEATURES:
            break
        if feature.name not in snapshot.items or not feature.active or feature.kind is FeatureKind.IDENTITY:
            continue
        own, *others = snapshot.shown(feature.name, compared)
        if own is not None and 2 * sum(other == own for other in others) > len(others):
            shared.append((feature.name, own))
    return shared
