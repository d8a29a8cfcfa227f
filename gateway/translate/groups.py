"""Group recommendations: what the manifest gives the item, then its neighbours' groups by score, then what its routing suggests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.manifest_items import ManifestItems
from gateway.translate.rows import rows_of
from gateway.translate.similarity import score_of
from plant.client_names import OPERATION_CODE, OPERATION_NAME
from protos.aggregate.v1 import aggregate_pb2 as pb

PROCESS_PROFILE = "process-profile"


def recommendations(
    item_code: str, neighbours: Sequence[tuple[str, float]], items: ManifestItems, routing: pb.PredictResponse
) -> list[dict[str, Any]]:
    """The groups, each once, best first within its kind.

    Args:
        neighbours: code and similarity, best first.
        routing: the item's own or predicted routing.
    """
    made = [
        one
        for group in items.groups(item_code)
        if (one := _group(group, "manifest", 1.0, {"item_code": item_code})) is not None
    ]
    made.sort(key=lambda group: -float(group["score"]))
    similar = [
        one
        for code, similarity in neighbours
        for group in items.groups(code)
        if (one := _group(group, "prediction", similarity, {"item_code": code, "similarity": score_of(similarity)}))
    ]
    similar.sort(key=lambda group: -float(group["score"]))
    answer: dict[str, dict[str, Any]] = {}
    for group in [*made, *similar, *_process_profile(routing)]:
        answer.setdefault(group["group_id"], group)
    return list(answer.values())


def _group(group: Mapping[str, Any], source: str, weight: float, metadata: dict[str, Any]) -> dict[str, Any] | None:
    group_id = group.get("id") or group.get("group_id")
    if not group_id:
        return None
    score = group.get("score", 1.0)
    number = float(score) if isinstance(score, int | float) and score >= 0 else 0.0
    own = group.get("metadata")
    return {
        "group_id": str(group_id),
        "score": round(number * weight, 6),
        "source": source,
        "metadata": {**(own if isinstance(own, Mapping) else {}), **metadata},
    }


def _process_profile(routing: pb.PredictResponse) -> list[dict[str, Any]]:
    if not routing.routings.rows:
        return []
    first = rows_of(routing.routings)[0]
    operations = rows_of(routing.operations)[routing.operation_offsets[0] : routing.operation_offsets[1]]
    return [
        {
            "group_id": PROCESS_PROFILE,
            "score": float(len(operations)),
            "source": "inference",
            "metadata": {
                "routing_signature": first.get("ROUTING_SIGNATURE"),
                "reference_item_code": first.get("REFERENCE_ITEM_CD"),
                "operations": len(operations),
                "job_names": [one.get(OPERATION_NAME) or one.get(OPERATION_CODE) for one in operations],
            },
        }
    ]
