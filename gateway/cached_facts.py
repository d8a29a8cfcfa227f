"""Facts of the services that many answers repeat and that change rarely: kept for a moment, asked for once."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from common.errors import ServiceError
from gateway.answers import iso_time
from predicting.services import Clients
from protos.aggregate.v1 import aggregate_pb2
from protos.ann.v1 import ann_pb2

SNAPSHOT_SECONDS = 1.0
CACHED_TABLES = ("item_master", "routing")


class ModelFacts:
    """Features and weights of the model versions that answered lately."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._known: dict[str, ann_pb2.InfoResponse] = {}
        self._as_trained: tuple[ann_pb2.InfoResponse, dict[str, Any]] | None = None

    async def info(self, model_version: str) -> ann_pb2.InfoResponse:
        """What ann_service says about a version; asked once a version.

        Raises:
            ServiceError: ann_service does not answer.
        """
        known = self._known.get(model_version)
        if known is None:
            ann = self._clients.ann
            known = await ann.call(ann.stub.Info, ann_pb2.InfoRequest())
            if known.model_version == model_version:
                if len(self._known) >= 4:
                    self._known.clear()
                self._known[model_version] = known
        return known

    async def feature_weights(self, model_version: str, changed: dict[str, float] | None) -> dict[str, Any]:
        """Weights, active features and profiles; `changed` multiplies weights for this call (1 = as trained)."""
        info = await self.info(model_version)
        if not changed and self._as_trained is not None and self._as_trained[0] is info:
            return self._as_trained[1]
        weights = dict(zip(info.features, info.feature_weights, strict=False))
        for feature, factor in (changed or {}).items():
            weights[feature] = weights.get(feature, 1.0) * factor
        said = {
            "weights": weights,
            "active_features": dict(zip(info.features, info.active_features, strict=False)),
            "profiles": list(info.weight_profiles),
        }
        if not changed:
            self._as_trained = info, said
        return said


class SnapshotFacts:
    """Figures of the snapshot that serves, at most a second old."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._lock = asyncio.Lock()
        self._last: aggregate_pb2.SnapshotInfoResponse | None = None
        self._last_at = 0.0
        self._caches: tuple[aggregate_pb2.SnapshotInfoResponse, dict[str, Any]] | None = None

    async def info(self) -> aggregate_pb2.SnapshotInfoResponse:
        """The snapshot that serves.

        Raises:
            ServiceError: aggregate_service does not answer.
        """
        if self._last is not None and time.monotonic() - self._last_at < SNAPSHOT_SECONDS:
            return self._last
        async with self._lock:
            if self._last is None or time.monotonic() - self._last_at >= SNAPSHOT_SECONDS:
                aggregate = self._clients.aggregate
                self._last = await aggregate.call(
                    aggregate.stub.SnapshotInfo, aggregate_pb2.SnapshotInfoRequest(), as_process=True
                )
                self._last_at = time.monotonic()
            return self._last

    async def caches(self) -> dict[str, Any]:
        """Figures of the cached tables as `/api/metrics` shows them; of unused ones when the service does not answer."""
        try:
            info = await self.info()
        except ServiceError:
            return {name: cache_figures(None) for name in CACHED_TABLES}
        if self._caches is None or self._caches[0] is not info:
            figures = {figure.name: figure for figure in info.caches}
            self._caches = info, {name: cache_figures(figures.get(name)) for name in CACHED_TABLES}
        return self._caches[1]


def cache_figures(figure: aggregate_pb2.CacheFigures | None) -> dict[str, Any]:
    """One table's figures. Until something was looked up in it, it counts as version v0, never fetched."""
    hits, misses = (figure.hits, figure.misses) if figure else (0, 0)
    used = figure is not None and hits + misses > 0
    return {
        "version": figure.version if figure and used else "v0",
        "stats": {
            "hits": hits,
            "misses": misses,
            "requests": hits + misses,
            "hit_rate": hits / (hits + misses) if hits + misses else 0.0,
        },
        "last_fetch": iso_time(figure.last_fetch) if figure and used else None,
    }
