"""Whether a new version may replace the active one: neither its recall nor its held-out quality may be lower by more than a margin."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

QUALITY: Final = {"sequence_exact": "right routings", "set_f1": "F1 of the operations"}
"""Measures of `evaluation` in a manifest that are compared, each 0 to 1, higher is better."""


def recall_at_default(metadata: Mapping[str, Any]) -> float | None:
    """Recall at a version's default ef_search, from its manifest's metadata; None where it was not measured."""
    default = metadata.get("default_ef_search")
    for point in metadata.get("recall_curve") or ():
        if point.get("ef_search") == default and isinstance(point.get("recall"), (int, float)):
            return float(point["recall"])
    return None


def held_out_quality(metadata: Mapping[str, Any]) -> tuple[str, dict[str, float]]:
    """What a version was judged against ("" when it was not judged) and its measures on held-out items."""
    evaluation = metadata.get("evaluation")
    if not isinstance(evaluation, Mapping):
        return "", {}
    measured = {
        name: float(evaluation[name])
        for name in QUALITY
        if isinstance(evaluation.get(name), (int, float)) and not isinstance(evaluation.get(name), bool)
    }
    return str(evaluation.get("judged_against") or ""), measured


def _as_of_now(metadata: Mapping[str, Any]) -> bool:
    """Whether items were judged as if they were planned now: older programs judged them as of when their routings were entered."""
    evaluation = metadata.get("evaluation")
    return isinstance(evaluation, Mapping) and bool(evaluation.get("as_of_now"))


def objection(
    new_metadata: Mapping[str, Any],
    active_manifest_json: str,
    recall_margin: float,
    quality_margin: float,
) -> str:
    """Why the new version should not replace the active one, for people; "" when nothing speaks against it.

    Held-out quality counts where both versions were judged against the same; what only one of them has is not held against it.

    Args:
        active_manifest_json: manifest of the active version; "": there is none.
        recall_margin: how much lower its recall may be.
        quality_margin: how much lower its held-out quality may be.
    """
    simple = _simple_is_better(new_metadata)
    try:
        active = json.loads(active_manifest_json) if active_manifest_json else {}
    except ValueError:
        return simple
    metadata = active.get("metadata") if isinstance(active, dict) else None
    if not isinstance(metadata, Mapping):
        return simple
    others = _objections(new_metadata, metadata, recall_margin, quality_margin)
    return "; ".join([*([simple] if simple else []), *others])


def _simple_is_better(metadata: Mapping[str, Any]) -> str:
    """That a simple method predicts held-out items better than the version does; "" where none does, or nobody has compared."""
    evaluation = metadata.get("evaluation")
    if not isinstance(evaluation, Mapping) or not evaluation.get("simple_ahead"):
        return ""
    return (
        f"the method {evaluation.get('simple_method')} alone scores {evaluation.get('simple_score'):.4f} on held-out items, the version "
        f"{evaluation.get('method_score'):.4f}: more than one standard error less"
    )


def _objections(
    new: Mapping[str, Any], active: Mapping[str, Any], recall_margin: float, quality_margin: float
) -> Iterator[str]:
    before, after = recall_at_default(active), recall_at_default(new)
    if before is not None and after is not None and after < before - recall_margin:
        yield (
            f"recall@50 at the default ef_search is {after:.4f}, the active version has {before:.4f} and at most "
            f"{recall_margin:g} less is allowed (training.gate_recall_margin)"
        )
    judged_before, quality_before = held_out_quality(active)
    judged_after, quality_after = held_out_quality(new)
    if judged_before != judged_after or _as_of_now(active) != _as_of_now(new):
        return
    for name, meaning in QUALITY.items():
        if name in quality_before and name in quality_after:
            was, becomes = quality_before[name], quality_after[name]
            if becomes < was - quality_margin:
                yield (
                    f"{meaning} on held-out items is {becomes:.4f}, the active version has {was:.4f} and at most "
                    f"{quality_margin:g} less is allowed (training.gate_quality_margin)"
                )
