"""Why an operation is proposed, in words: how many neighbours have it, what the features say, and which features say it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from aggregate_service.snapshot import Snapshot
from routings.operation_evidence import Evidence

MOST_FEATURES = 3


def reasons_for(
    snapshot: Snapshot, evidence: Evidence, items: npt.NDArray[np.int64], reasons: Sequence[Sequence[str]]
) -> list[str | None]:
    """A sentence for each predicted operation; None for operations of own routings.

    Args:
        items: position of the item that each operation is proposed for, int64 (operations).
        reasons: for each model the features that tell most about its operation.
    """
    stored = {name: snapshot.items[name] for names in reasons for name in names if name in snapshot.items}
    told: dict[tuple[int, int], str] = {}
    texts: list[str | None] = []
    for row, (item, model) in enumerate(zip(items.tolist(), evidence.model.tolist(), strict=True)):
        have, lack = len(evidence.supporters[row]), len(evidence.dissenters[row])
        if np.isnan(evidence.support[row]):
            texts.append(None)
            continue
        text = f"{have} of {have + lack} neighbours have it"
        if model >= 0:
            if (item, model) not in told:
                known = [name for name in (reasons[model] if reasons else ()) if name in stored][:MOST_FEATURES]
                values = [stored[name].take(np.array([item]))[0] for name in known]
                label_of = snapshot.schema.label_of
                told[(item, model)] = ", ".join(
                    f"{label_of(name)} = {_shown(value)}" for name, value in zip(known, values, strict=True)
                )
            features = told[(item, model)]
            by = f" by {features}" if features else ""
            text += f"; its features say {evidence.learned[row]:.0%}{by}"
        else:
            text += "; too rare to be learned, so the neighbours decide"
        texts.append(text)
    return texts


def _shown(value: object) -> str:
    if value is None or value != value:
        return "absent"
    return f"{value:g}" if isinstance(value, float) else str(value)
