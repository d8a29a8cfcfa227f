"""Predictions: the services' tables to the items, candidates and metrics of `/api/predict`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.bodies import document_value
from gateway.translate.rows import rows_of
from predicting.neighbours import Found
from protos.aggregate.v1 import aggregate_pb2 as pb

LISTS = ("NEIGHBOURS_FOR", "NEIGHBOURS_AGAINST", "REASONS", "CHANGES")
"""Facts of the evidence that tables hold as JSON lists."""
SUMMED = ("requested_items", "returned_routings", "returned_candidates", "search_ms")


def routings(response: pb.PredictResponse, generated_at: str) -> list[dict[str, Any]]:
    """The predicted routings with their operations, as clients know them."""
    operations: list[dict[str, Any]] = list(rows_of(response.operations))
    evidence = rows_of(response.evidence) if response.evidence.rows else []
    for operation, proof in zip(operations, evidence, strict=False):
        operation["EVIDENCE"] = {name: _listed(value) if name in LISTS else value for name, value in proof.items()}
    offsets = response.operation_offsets
    answer: list[dict[str, Any]] = []
    for position, routing in enumerate(rows_of(response.routings)):
        one: dict[str, Any] = dict(routing)
        one["generated_at"] = generated_at
        one["operations"] = operations[offsets[position] : offsets[position + 1]]
        answer.append(one)
    return answer


def _listed(value: object) -> Any:
    """The entries of the JSON list that the table holds; empty when absent."""
    return document_value(value) if isinstance(value, str) else []


def candidates(response: pb.PredictResponse) -> list[dict[str, Any]]:
    """The neighbours whose routings were considered."""
    return [{**row, "metadata": {}} for row in rows_of(response.candidates)]


def metrics(
    codes: Sequence[str],
    found: Found,
    response: pb.PredictResponse,
    *,
    threshold: float,
    generated_at: str,
) -> dict[str, Any]:
    """Figures of a prediction, or of a part of one: what the contract names of it, and what newer clients read."""
    return {
        "requested_items": len(codes),
        "returned_routings": response.routings.rows,
        "returned_candidates": response.candidates.rows,
        "threshold": threshold,
        "generated_at": generated_at,
        "model_version": found.model_version,
        "unknown_items": [codes[position] for position in response.unknown],
        "items_without_routing": [codes[position] for position in response.without_routing],
        "warnings": [
            {"item_code": codes[one.position], "reason": one.reason, "message": one.message}
            for one in response.warnings
            if one.position < len(codes)
        ],
        "unlike_training_data": [codes[position] for position in found.unlike],
        "snapshot_tag": response.snapshot_tag,
        "ef_search": found.ef_search,
        "search_ms": round(found.search_ms, 3),
    }


def merged_metrics(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of a whole prediction from those of its parts: counts and times are added, lists joined, the rest is the first part's."""
    merged = dict(parts[0])
    for part in parts[1:]:
        for name in SUMMED:
            merged[name] += part[name]
        for name, value in part.items():
            if isinstance(value, list):
                merged[name] = merged[name] + value
    merged["search_ms"] = round(merged["search_ms"], 3)
    return merged
