"""Whether a new version may replace the active one: its recall must not be lower than the active one's by more than a margin."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def recall_at_default(metadata: Mapping[str, Any]) -> float | None:
    """Recall at a version's default ef_search, from its manifest's metadata; None where it was not measured."""
    default = metadata.get("default_ef_search")
    for point in metadata.get("recall_curve") or ():
        if point.get("ef_search") == default and isinstance(point.get("recall"), (int, float)):
            return float(point["recall"])
    return None


def objection(new_metadata: Mapping[str, Any], active_manifest_json: str, recall_margin: float) -> str:
    """Why the new version should not replace the active one, for people; "" when nothing speaks against it.

    Args:
        active_manifest_json: manifest of the active version; "": there is none.
        recall_margin: how much lower its recall may be.
    """
    try:
        active = json.loads(active_manifest_json) if active_manifest_json else {}
    except ValueError:
        return ""
    before, after = recall_at_default(active.get("metadata") or {}), recall_at_default(new_metadata)
    if before is None or after is None or after >= before - recall_margin:
        return ""
    return (
        f"recall@50 at the default ef_search is {after:.4f}, the active version has {before:.4f} and at most {recall_margin:g} less "
        "is allowed (training.gate_recall_margin)"
    )
