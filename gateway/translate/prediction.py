"""Predictions: the services' tables to the items, candidates and metrics of `/api/predict`."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from gateway.answers import json_text
from gateway.translate.rows import row_members
from predicting.neighbours import Found
from protos.aggregate.v1 import aggregate_pb2 as pb

LISTS = ("NEIGHBOURS_FOR", "NEIGHBOURS_AGAINST", "REASONS", "CHANGES")
"""Facts of the evidence that tables hold as JSON lists."""
SUMMED = ("requested_items", "returned_routings", "returned_candidates", "search_ms")


@dataclass(frozen=True)
class PredictedItems:
    """Predictions of items, their routings and candidates as JSON texts.

    Attributes:
        codes: the items as asked for.
        found: the search for their neighbours.
        response: what was predicted.
        generated_at: ISO time.
        routings: JSON objects with their operations.
        candidates: JSON objects of the neighbours whose routings were considered.
    """

    codes: Sequence[str]
    found: Found
    response: pb.PredictResponse
    generated_at: str
    routings: Sequence[bytes]
    candidates: Sequence[bytes]

    @classmethod
    def of(cls, codes: Sequence[str], found: Found, response: pb.PredictResponse, generated_at: str) -> PredictedItems:
        """What the services say of items; of few, aggregate_service has written the texts already."""
        routings = list(response.routing_texts) or _routings(response, generated_at)
        candidates = list(response.candidate_texts) or _candidates(response)
        return cls(codes, found, response, generated_at, routings, candidates)

    @property
    def divisible(self) -> bool:
        """Whether the response says which routings and candidates are of which item."""
        wanted = len(self.codes) + 1
        return len(self.response.routing_offsets) == len(self.response.candidate_offsets) == wanted

    def share(self, first: int, last: int) -> Share:
        """What is of the items [first, last); all of them need nothing that says which is of which."""
        routings, candidates, response = self.routings, self.candidates, self.response
        if (first, last) != (0, len(self.codes)):
            offsets, others = response.routing_offsets, response.candidate_offsets
            routings = routings[offsets[first] : offsets[last]]
            candidates = candidates[others[first] : others[last]]
        codes = self.codes

        def named(positions: Iterable[int]) -> list[str]:
            return [codes[position] for position in positions if first <= position < last]

        metrics = {
            "requested_items": last - first,
            "returned_routings": len(routings),
            "returned_candidates": len(candidates),
            "generated_at": self.generated_at,
            "model_version": self.found.model_version,
            "unknown_items": named(response.unknown),
            "items_without_routing": named(response.without_routing),
            "warnings": [
                {"item_code": codes[one.position], "reason": one.reason, "message": one.message}
                for one in response.warnings
                if first <= one.position < last
            ],
            "unlike_training_data": named(self.found.unlike),
            "snapshot_tag": response.snapshot_tag,
            "ef_search": self.found.ef_search,
            "search_ms": round(self.found.search_ms, 3),
        }
        return Share(routings, candidates, metrics)


class Share(NamedTuple):
    """What of a prediction is of some of its items.

    Attributes:
        routings, candidates: JSON objects.
        metrics: figures: what the contract names of a prediction, and what newer clients read.
    """

    routings: Sequence[bytes]
    candidates: Sequence[bytes]
    metrics: dict[str, Any]


def _routings(response: pb.PredictResponse, generated_at: str) -> list[bytes]:
    operations = row_members(response.operations)
    if response.evidence.rows:
        evidence = row_members(response.evidence, LISTS)
        operations = [b'{%b,"EVIDENCE":{%b}}' % both for both in zip(operations, evidence, strict=True)]
    else:
        operations = [b"{%b}" % one for one in operations]
    made = json_text(generated_at)
    return [
        b'{%b,"generated_at":%b,"operations":[%b]}' % (routing, made, b",".join(operations[start:end]))
        for routing, (start, end) in zip(
            row_members(response.routings), itertools.pairwise(response.operation_offsets), strict=True
        )
    ]


def _candidates(response: pb.PredictResponse) -> list[bytes]:
    return [b'{%b,"metadata":{}}' % one for one in row_members(response.candidates)]


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
