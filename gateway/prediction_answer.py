"""The answer of `/api/predict`, put together part by part as JSON text, so that many items cost no objects but their text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from gateway.answers import BUILT_AT_ONCE, built, json_text
from gateway.translate.prediction import PredictedItems, Share, merged_metrics
from predicting.parts import PredictedPart
from protos.aggregate.v1 import aggregate_pb2 as pb


async def predicted_items(part: PredictedPart, response: pb.PredictResponse, generated_at: str) -> PredictedItems:
    """A part as JSON texts, made at once for few items, in a thread for many, so that other requests go on."""
    if len(part.codes) <= BUILT_AT_ONCE:
        return PredictedItems.of(part.codes, part.found, response, generated_at)
    return await built(lambda: PredictedItems.of(part.codes, part.found, response, generated_at))


class PredictionAnswer:
    """Collects items, candidates and metrics.

    Args:
        threshold: similarity threshold that was used.
    """

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._items: list[bytes] = []
        self._candidates: list[bytes] = []
        self._metrics: list[dict[str, Any]] = []

    def add(self, share: Share) -> None:
        """Append a part."""
        self._items.extend(share.routings)
        self._candidates.extend(share.candidates)
        self._metrics.append(share.metrics)

    def response(
        self,
        *,
        feature_weights: Mapping[str, Any],
        cache: Mapping[str, Any],
        exported_files: Sequence[str],
        **more: Any,
    ) -> Response:
        """The whole answer.

        Args:
            more: further metrics.
        """
        metrics = {
            **merged_metrics(self._metrics),
            "threshold": self._threshold,
            "feature_weights": feature_weights,
            "cache": cache,
            "exported_files": list(exported_files),
            **more,
        }
        text = b'{"items":[%b],"candidates":[%b],"metrics":%b}' % (
            b",".join(self._items),
            b",".join(self._candidates),
            json_text(metrics),
        )
        return Response(text, media_type="application/json")
