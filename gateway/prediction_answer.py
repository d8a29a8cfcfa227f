"""The answer of `/api/predict`, put together part by part as JSON text, so that many items cost no objects but their text."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from gateway.answers import BUILT_AT_ONCE, json_text
from gateway.translate import prediction
from predicting.parts import PredictedPart
from protos.aggregate.v1 import aggregate_pb2 as pb


class PredictionAnswer:
    """Collects items, candidates and metrics.

    Args:
        threshold: similarity threshold that was used.
        generated_at: ISO time.
    """

    def __init__(self, threshold: float, generated_at: str) -> None:
        self._threshold, self._generated_at = threshold, generated_at
        self._items: list[bytes] = []
        self._candidates: list[bytes] = []
        self._metrics: list[dict[str, Any]] = []

    async def add(self, part: PredictedPart, response: pb.PredictResponse) -> None:
        """Append a part: at once for few items, in a thread for many, so that other requests go on."""
        if len(part.codes) <= BUILT_AT_ONCE:
            self._add(part, response)
        else:
            await asyncio.to_thread(self._add, part, response)

    def _add(self, part: PredictedPart, response: pb.PredictResponse) -> None:
        _append(self._items, prediction.routings(response, self._generated_at))
        _append(self._candidates, prediction.candidates(response))
        self._metrics.append(
            prediction.metrics(
                part.codes, part.found, response, threshold=self._threshold, generated_at=self._generated_at
            )
        )

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
            **prediction.merged_metrics(self._metrics),
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


def _append(texts: list[bytes], rows: Sequence[object]) -> None:
    """Append the elements of a JSON list without its brackets."""
    if rows:
        texts.append(json_text(rows)[1:-1])
