"""Reports beside a model: what each feature holds, how much it counts in a similarity, and what could be better about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from plant.features import tidy_text
from plant.schema import FeatureKind, PlantSchema
from trained.encoder import BlockEncoder
from trained.encoding.dictionary_columns import DictionaryColumn

_TOP: Final = 20
_SPARSE: Final = 0.95


def feature_statistics(columns: Mapping[str, DictionaryColumn], schema: PlantSchema) -> dict[str, dict[str, Any]]:
    """Feature -> kind, missing share, number of distinct values, and the most frequent ones or the range."""
    known = schema.feature_by_name
    return {name: _statistics(known[name].kind, column) for name, column in columns.items() if name in known}


def _statistics(kind: FeatureKind, column: DictionaryColumn) -> dict[str, Any]:
    rows = len(column)
    if kind in (FeatureKind.SIZE, FeatureKind.NUMBER):
        numbers = column.numbers()
        present = numbers[numbers > 0] if kind is FeatureKind.SIZE else numbers[~np.isnan(numbers)]
        figures: dict[str, Any] = {"unique_count": len(np.unique(present))}
        if len(present):
            low, middle, high = (float(value) for value in np.quantile(present, (0.0, 0.5, 1.0)))
            figures |= {"min": low, "median": middle, "max": high, "mean": float(present.mean())}
        missing = rows - len(present)
    else:
        values, codes = column.distinct(tidy_text)
        counts = np.bincount(codes, minlength=len(values))
        missing = sum(int(count) for value, count in zip(values, counts, strict=True) if not value)
        order = np.argsort(-counts, kind="stable")
        top = {values[place]: int(counts[place]) for place in order[: _TOP + 1].tolist() if values[place]}
        figures = {
            "unique_count": sum(1 for value in values if value),
            "top_20_values": dict(list(top.items())[:_TOP]),
        }
    return {
        "type": "numeric" if kind in (FeatureKind.SIZE, FeatureKind.NUMBER) else kind.value,
        "missing_count": missing,
        "missing_ratio": round(missing / rows, 6) if rows else 0.0,
        **figures,
    }


def feature_importance(encoder: BlockEncoder) -> dict[str, float]:
    """Feature -> its share of a similarity, 0 to 1, the greatest first; features without dimensions have none."""
    shares = {block.feature: float(scale) ** 2 for block, scale in zip(encoder.blocks, encoder.scales, strict=True)}
    shares |= {name: 0.0 for name in encoder.features if name not in shares}
    return {name: round(share, 6) for name, share in sorted(shares.items(), key=lambda pair: (-pair[1], pair[0]))}


_ADVICE: Final = {
    "ONE_VALUE": ("has one value everywhere", "It tells no items apart: switch it off or fill it in"),
    "MOSTLY_MISSING": ("is missing in {share} of the items", "Fill it in, or lower its weight"),
    "OFF_BUT_FILLED": ("is switched off though nearly every item has it", "Try it with a small weight"),
}
"""Code -> what was found, and what to do."""


def feature_recommendations(encoder: BlockEncoder, statistics: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What a planner may want to change: {feature, finding, recommendation, code, parameters} by feature."""
    placed = {block.feature for block in encoder.blocks}
    found: list[tuple[str, str, dict[str, str]]] = []
    for name, figures in statistics.items():
        counts = encoder.active.get(name, False) and encoder.weights.get(name, 0.0) > 0
        if counts and name not in placed:
            found.append((name, "ONE_VALUE", {}))
        elif counts and figures["missing_ratio"] > _SPARSE:
            found.append((name, "MOSTLY_MISSING", {"share": f"{figures['missing_ratio']:.1%}"}))
        elif not counts and figures["missing_ratio"] < 1 - _SPARSE and 1 < figures["unique_count"] <= 1000:
            found.append((name, "OFF_BUT_FILLED", {}))
    return [
        {
            "feature": name,
            "finding": _ADVICE[code][0].format(**values),
            "recommendation": _ADVICE[code][1],
            "code": code,
            "parameters": values,
        }
        for name, code, values in found
    ]
