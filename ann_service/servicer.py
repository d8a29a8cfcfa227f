"""AnnService: translates between messages and the searcher."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from ann_service.comparison import compare, hashes_of
from ann_service.messages import to_response, to_vectors, vectors_of, wanted_of
from ann_service.searcher import Searcher, Wanted
from ann_service.trial import TrialVersions
from common.errors import InvalidInput, PreconditionFailed
from common.processes import resident_bytes
from common.tables import columns_of
from protos.ann.v1 import ann_pb2 as pb
from protos.ann.v1 import ann_pb2_grpc


async def _always_there() -> None:
    """Nothing has to be loaded first."""


class AnnServicer(ann_pb2_grpc.AnnServiceServicer):
    """See ann.proto.

    Args:
        trial: versions that are tried beside the one that serves.
        ready_ms: milliseconds from the start of the process until it was ready; 0 before.
        summon: has the version loaded that is searched, where versions are loaded when they are asked for.
    """

    def __init__(
        self,
        searcher: Searcher,
        trial: TrialVersions,
        ready_ms: Callable[[], float],
        summon: Callable[[], Awaitable[None]] = _always_there,
    ) -> None:
        self._searcher, self._trial, self._ready_ms, self._summon = searcher, trial, ready_ms, summon

    async def Search(self, request: pb.SearchRequest, context: Any) -> pb.SearchResponse:
        await self._summon()
        return await _search(self._searcher, request, wanted_of(request))

    async def SearchAsGuest(self, request: pb.SearchRequest, context: Any) -> pb.SearchResponse:
        if request.WhichOneof("queries") == "items" or request.estimates or request.with_vectors:
            raise InvalidInput("Guests search by features or vectors, and are told no estimates and no vectors")
        await self._summon()
        return await _search(self._searcher, request, replace(wanted_of(request), with_model=True))

    async def SearchTrial(self, request: pb.TrialRequest, context: Any) -> pb.SearchResponse:
        request.search.model_version = ""
        async with self._trial.searcher(request.version) as searcher:
            return await _search(searcher, request.search, wanted_of(request.search))

    async def Encode(self, request: pb.EncodeRequest, context: Any) -> pb.EncodeResponse:
        await self._summon()
        version, vectors = await self._searcher.encode(columns_of(request.features), request.features.rows)
        return pb.EncodeResponse(model_version=version, vectors=to_vectors(vectors))

    async def AddItems(self, request: pb.AddItemsRequest, context: Any) -> pb.AddItemsResponse:
        await self._summon()
        served = self._searcher.slot.needed()
        if request.manifest_sha256 not in ("", served.manifest_sha256):
            raise PreconditionFailed(
                f"The items are for another version than {served.model.version_name}, which serves",
                reason="MODEL_VERSION_CHANGED",
            )
        version, held, accepted = await self._searcher.add_items(
            list(request.codes), columns_of(request.features), request.features.rows, list(request.removed_codes)
        )
        return pb.AddItemsResponse(model_version=version, delta_items=held, accepted=accepted)

    async def CompareItems(self, request: pb.CompareItemsRequest, context: Any) -> pb.CompareItemsResponse:
        await self._summon()
        with self._searcher.slot.needed().in_use() as served:
            hashes = hashes_of(request.key_hashes)
            found = await asyncio.to_thread(compare, served.model, served.delta.current(), hashes)
            return pb.CompareItemsResponse(
                model_version=served.model.version_name,
                manifest_sha256=served.manifest_sha256,
                trained_on_whole_master=served.trained_here,
                source_identity=served.source_identity,
                missing=found.missing,
                vanished_codes=found.vanished,
                delta_codes=found.delta,
                items=served.model.items,
            )

    async def GetDelta(self, request: pb.GetDeltaRequest, context: Any) -> pb.GetDeltaResponse:
        await self._summon()
        served = self._searcher.slot.needed()
        delta = served.delta.current()
        return pb.GetDeltaResponse(
            model_version=served.model.version_name,
            manifest_sha256=served.manifest_sha256,
            codes=delta.codes,
            vectors=to_vectors(delta.vectors),
            hidden=delta.hidden.tolist(),
        )

    async def Info(self, request: pb.InfoRequest, context: Any) -> pb.InfoResponse:
        cache, served = self._searcher.cache, self._searcher.slot.current
        response = pb.InfoResponse(
            cache_entries=len(cache),
            cache_capacity=cache.capacity,
            cache_hits=cache.hits,
            cache_misses=cache.misses,
            ready_ms=self._ready_ms(),
            resident_bytes=resident_bytes(),
            searches=self._searcher.searches,
            problem=self._searcher.slot.problem,
            loading=self._searcher.slot.current is None and self._searcher.slot.loading,
        )
        if served is not None:
            model, encoding = served.model, served.model.encoding
            response.model_version = model.version_name
            response.engine = model.engine_name
            response.items = model.items
            response.dimension = model.dimension
            response.ef_search = self._searcher.current_ef(model)
            response.delta_items = len(served.delta.current().codes)
            response.features.extend(encoding.features)
            response.feature_weights.extend(encoding.weights[name] for name in encoding.features)
            response.active_features.extend(encoding.active[name] for name in encoding.features)
            response.weight_profiles.extend(["default", *(n for n in model.profile_names if n != "default")])
        return response


async def _search(searcher: Searcher, request: pb.SearchRequest, wanted: Wanted) -> pb.SearchResponse:
    kind = request.WhichOneof("queries")
    if kind == "items":
        answer = await searcher.search_items(request.items.codes, wanted)
    elif kind == "features":
        answer = await searcher.search_features(columns_of(request.features), request.features.rows, wanted)
    elif kind == "vectors":
        answer = await searcher.search_vectors(vectors_of(request.vectors), wanted)
    else:
        raise InvalidInput("The call has no queries: set items, features or vectors")
    return to_response(answer)
