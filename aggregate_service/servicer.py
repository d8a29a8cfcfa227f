"""The RPCs of AggregateService: each takes its message apart, asks the module that knows, and puts the answer together."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator
from typing import Any, Final

from aggregate_service import messages
from aggregate_service.export_files import Exporter
from aggregate_service.export_stream import export_stream
from aggregate_service.item_lookup import ItemRows, item_features, whole_items
from aggregate_service.learned_messages import learned_of
from aggregate_service.operation_columns import output_columns
from aggregate_service.plant_operations import plant_operations
from aggregate_service.plant_options import PlantOptions
from aggregate_service.prediction import options_for, predict
from aggregate_service.snapshot import Snapshot
from aggregate_service.snapshot_build import Progress
from aggregate_service.snapshot_keeper import Refreshed, SnapshotKeeper, none_yet
from aggregate_service.source_browsing import SourceBrowser
from aggregate_service.time_cache import AnswerCache
from common.errors import InvalidInput, PreconditionFailed
from common.notice_messages import notice_messages
from common.notices import values_of
from common.request_context import add_log_fields
from common.settings import Settings
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.output_profile import OutputProfile
from plant.schema import PlantSchema
from plant.settings.sections import SqlSection
from protos.aggregate.v1 import aggregate_pb2 as pb
from protos.aggregate.v1 import aggregate_pb2_grpc
from routings.time_summary import operation_times, totals

IN_THE_LOOP: Final = 8
"""Batches up to this many items are answered at once; larger ones in a thread, so that health and small calls go on."""

MOST_IN_TEXTS: Final = 100
"""Items up to which predictions are answered as JSON texts; those of more could be larger than a message may be."""

TAKE_OVER_SECONDS: Final = 5.0
"""How long a prediction waits for the snapshot of a plant whose version has just become active."""

MOST_VARIANTS: Final = 10
CACHED_SUMMARIES: Final = 10_000


class AggregateServicer(aggregate_pb2_grpc.AggregateServiceServicer):
    """Serves the snapshot that `keeper` holds, under the options of the settings document."""

    def __init__(self, keeper: SnapshotKeeper, settings: Settings) -> None:
        self.keeper = keeper
        self._settings = settings
        self.plant = PlantOptions()
        self.output_profile: OutputProfile | None = None
        self.trained: PlantSchema | None = None
        self._fits: tuple[Snapshot | None, PlantSchema | None] = (None, None)
        self._summaries: AnswerCache[pb.SummarizeTimesResponse] = AnswerCache(CACHED_SUMMARIES)
        self._operations: tuple[tuple[Snapshot, SqlSection], pb.ListOperationsResponse] | None = None
        self._suggesting = asyncio.Lock()
        """One source is looked into at a time: each may take 1.5 GB."""
        self._looked_up = {"item_master": [0, 0], "routing": [0, 0]}

    async def Predict(self, request: pb.PredictRequest, context: Any) -> pb.PredictResponse:
        messages.check_codes(request.item_codes)
        if request.HasField("max_variants") and not 1 <= request.max_variants <= MOST_VARIANTS:
            raise InvalidInput(f"max_variants is {request.max_variants}; it must be 1 to {MOST_VARIANTS}")
        if request.HasField("similarity_threshold") and not 0.0 <= request.similarity_threshold <= 1.0:
            raise InvalidInput(f"similarity_threshold is {request.similarity_threshold:g}; it must be 0 to 1")
        add_log_fields(model_version=request.model_version, items=len(request.item_codes))
        snapshot = await self._fitting_snapshot() if request.HasField("neighbours") else self.keeper.current
        plant = self.plant
        if len(request.item_codes) <= IN_THE_LOOP:
            response = _predict(snapshot, plant, request)
        else:
            response = await asyncio.to_thread(_predict, snapshot, plant, request)
        self._count("item_master", len(request.item_codes), len(response.unknown))
        self._count("routing", len(request.item_codes), len(response.unknown) + len(response.without_routing))
        return response

    async def SummarizeTimes(self, request: pb.SummarizeTimesRequest, context: Any) -> pb.SummarizeTimesResponse:
        key = request.SerializeToString(deterministic=True)
        known = self._summaries.get(key)
        if known is not None:
            return known
        response = _summarize(request, self._schema)
        remembered = pb.SummarizeTimesResponse()
        remembered.CopyFrom(response)
        remembered.cached = True
        self._summaries.put(key, remembered)
        return response

    async def ItemFeatures(self, request: pb.ItemFeaturesRequest, context: Any) -> pb.ItemFeaturesResponse:
        messages.check_codes(request.item_codes)
        snapshot = self.keeper.current
        rows: ItemRows = await _in_place(len(request.item_codes), item_features, snapshot, request.item_codes)
        self._count("item_master", len(request.item_codes), len(rows.unknown))
        return messages.to_features_response(rows, snapshot.tag)

    async def GetItems(self, request: pb.GetItemsRequest, context: Any) -> pb.GetItemsResponse:
        messages.check_codes(request.item_codes)
        snapshot = self.keeper.current
        rows: ItemRows = await _in_place(len(request.item_codes), whole_items, snapshot, request.item_codes)
        self._count("item_master", len(request.item_codes), len(rows.unknown))
        return messages.to_items_response(rows, snapshot.schema)

    async def ListOperations(self, request: pb.ListOperationsRequest, context: Any) -> pb.ListOperationsResponse:
        snapshot, plant = self.keeper.current, self.plant
        known = (snapshot, plant.document.sql)
        if self._operations is None or self._operations[0] != known:
            found = await asyncio.to_thread(plant_operations, snapshot, plant)
            self._operations = (known, messages.to_operations_response(found, snapshot.tag))
        return self._operations[1]

    async def SearchItems(self, request: pb.SearchItemsRequest, context: Any) -> pb.SearchItemsResponse:
        snapshot = self.keeper.current
        return await asyncio.to_thread(_search, snapshot, request)

    async def SnapshotInfo(self, request: pb.SnapshotInfoRequest, context: Any) -> pb.SnapshotInfoResponse:
        return self._info()

    async def TestSource(self, request: pb.TestSourceRequest, context: Any) -> pb.TestSourceResponse:
        return messages.to_test_response(await asyncio.to_thread(self._browser().test, request.path, request.table))

    async def TableColumns(self, request: pb.TableColumnsRequest, context: Any) -> pb.TableColumnsResponse:
        described = await asyncio.to_thread(
            self._browser().describe, request.path, request.table, profile=request.profile
        )
        return messages.to_columns_response(described, request.path)

    async def SuggestProfile(self, request: pb.SuggestProfileRequest, context: Any) -> pb.SuggestProfileResponse:
        async with self._suggesting:
            return await asyncio.to_thread(_suggest, self._browser(), request)

    async def Export(self, request: pb.ExportRequest, context: Any) -> pb.ExportResponse:
        files = await asyncio.to_thread(
            self._exporter(pb.ExportStart()).export, request.prediction, list(request.formats), request.name
        )
        return pb.ExportResponse(
            paths=[str(file.path) for file in files],
            bytes=[file.bytes for file in files],
            operations=request.prediction.operations.rows,
        )

    async def ExportStream(self, parts: AsyncIterator[pb.ExportPart], context: Any) -> AsyncIterator[pb.ExportChunk]:
        async with contextlib.aclosing(export_stream(self._exporter, parts)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _fitting_snapshot(self) -> Snapshot:
        """The snapshot to predict from; where the plant has just changed with its version, the one that is being read of it.

        Raises:
            Unavailable: the reading takes longer; says when to ask again.
            PreconditionFailed: the active version knows another plant than the source is of; says why and what to do.
        """
        snapshot = self.keeper.current
        if self._misfit(snapshot) and self.keeper.is_replacing:
            await self.keeper.replaced(TAKE_OVER_SECONDS)
            snapshot = self.keeper.current
        reason = self._misfit(snapshot)
        if reason and self.trained is not None:
            if self.keeper.is_replacing:
                raise none_yet()
            raise PreconditionFailed(
                f"The active version cannot serve with the active input profile: {reason}. Train a version with this profile, or make "
                f"the profile of {self.trained.name} active again",
                reason="SCHEMA_DIFFERS",
                details=values_of(reason),
            )
        return snapshot

    def _misfit(self, snapshot: Snapshot) -> str:
        """Why the active version cannot serve with a snapshot's plant; "" when it can."""
        known, trained = self._fits
        if self.trained is None or (known is snapshot and trained is self.trained):
            return ""
        reason = self.trained.cannot_serve(snapshot.schema)
        if not reason:
            self._fits = (snapshot, self.trained)
        return reason

    @property
    def _schema(self) -> PlantSchema:
        newest = self.keeper.newest
        return newest.schema if newest is not None else MECHANICAL_SEALS

    def _exporter(self, start: pb.ExportStart) -> Exporter:
        sections = self.plant.document
        return Exporter(
            sections.export,
            list(dict.fromkeys([*output_columns(sections.sql, self._schema), *start.extra_columns])),
            self._settings,
            sections.access.allowed_folders,
            self.output_profile,
            for_program=start.for_program,
        )

    async def Refresh(self, request: pb.RefreshRequest, context: Any) -> AsyncIterator[pb.RefreshProgress]:
        steps: asyncio.Queue[Progress | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def report(progress: Progress) -> None:
            loop.call_soon_threadsafe(steps.put_nowait, progress)

        def finished(task: asyncio.Task[Refreshed]) -> None:
            if not task.cancelled():
                task.exception()  # looked at, as a caller that hangs up never does
            steps.put_nowait(None)

        refresh = asyncio.create_task(
            self.keeper.refresh(request.reason or "demand", force=request.force, report=report), name="refresh"
        )
        refresh.add_done_callback(finished)
        while (progress := await steps.get()) is not None:
            yield messages.to_progress(progress)
        yield self._last_step(await refresh)

    def _last_step(self, refreshed: Refreshed) -> pb.RefreshProgress:
        changes = pb.SnapshotChanges(unchanged=refreshed.unchanged, **refreshed.changes)
        return pb.RefreshProgress(stage="done", progress=1.0, snapshot=self._info(), changes=changes)

    def _browser(self) -> SourceBrowser:
        document = self.plant.document
        configured = self.plant.source_path(self._settings)
        return SourceBrowser(
            configured, document.access.allowed_folders, document.data_source, document.access.allowed_servers
        )

    def _count(self, table: str, asked: int, missed: int) -> None:
        figures = self._looked_up[table]
        figures[0] += asked - missed
        figures[1] += missed

    def _info(self) -> pb.SnapshotInfoResponse:
        keeper = self.keeper
        response = pb.SnapshotInfoResponse(
            source=str(keeper.source or ""), last_error=keeper.last_error, last_attempt_at=keeper.last_attempt_at
        )
        if keeper.reading is not None:
            now = keeper.reading
            response.reading = f"{now.table or 'the source'}: {now.rows:,} rows" if now.rows else now.table or now.stage
            response.reading_share = now.progress
        if not keeper.has_snapshot:
            return response
        snapshot = keeper.current
        facts = snapshot.facts
        response.tag, response.read_at = facts.tag, facts.read_at
        response.age_seconds = max(0.0, time.time() - facts.read_at)
        response.items, response.items_with_routing = facts.items, facts.items_with_routing
        response.routing_rows, response.work_result_rows = facts.routing_rows, facts.work_result_rows
        response.bytes = snapshot.bytes
        response.findings.extend(facts.findings)
        response.readings.extend(facts.readings)
        response.finding_notices.extend(notice_messages(facts.findings))
        for name, (hits, misses) in self._looked_up.items():
            response.caches.add(name=name, version=facts.tag, hits=hits, misses=misses, last_fetch=facts.read_at)
        response.caches.add(name="time_summary", version="", hits=self._summaries.hits, misses=self._summaries.misses)
        return response


async def _in_place(size: int, function: Any, *arguments: Any) -> Any:
    """Call a function at once for few items, in a thread for many."""
    if size <= IN_THE_LOOP:
        return function(*arguments)
    return await asyncio.to_thread(function, *arguments)


def _suggest(browser: SourceBrowser, request: pb.SuggestProfileRequest) -> pb.SuggestProfileResponse:
    from aggregate_service.suggestion_messages import to_suggestion

    return to_suggestion(browser.suggest(request.path, request.name, dict(request.answers)))


def _predict(snapshot: Snapshot, plant: PlantOptions, request: pb.PredictRequest) -> pb.PredictResponse:
    options = options_for(
        plant,
        threshold=request.similarity_threshold if request.HasField("similarity_threshold") else None,
        max_variants=request.max_variants if request.HasField("max_variants") else None,
        strategy=request.strategy,
        ignore_own=request.ignore_own_routing,
        evidence=request.evidence,
    )
    neighbours = messages.neighbours_of(request)
    asked = len(request.item_codes)
    learned = None
    if request.HasField("estimates") and neighbours is not None:
        learned = learned_of(request.estimates, snapshot, asked, len(neighbours.codes))
    answer = predict(
        snapshot,
        plant,
        list(request.item_codes),
        neighbours,
        options,
        detailed=request.detailed,
        learned=learned,
        unlike=[position for position in request.unlike if position < asked],
        without_features=[position for position in request.without_features if position < asked],
    )
    return messages.to_predict_response(answer, snapshot.tag, request.generated_at if asked <= MOST_IN_TEXTS else "")


def _summarize(request: pb.SummarizeTimesRequest, schema: PlantSchema) -> pb.SummarizeTimesResponse:
    sources = schema.routing.summed
    names = frozenset(name for names in sources.values() for name in names)
    times = operation_times(messages.time_columns(request, names), request.operations.rows, sources)
    offsets = request.offsets
    per_item = [totals(times[start:end]) for start, end in itertools.pairwise(offsets)]
    counts = [end - start for start, end in itertools.pairwise(offsets)]
    return messages.to_times_response(
        per_item, counts, times if request.breakdown else None, messages.proc_seq(request)
    )


def _search(snapshot: Snapshot, request: pb.SearchItemsRequest) -> pb.SearchItemsResponse:
    found = snapshot.search.find(
        request.query,
        limit=request.limit,
        offset=request.offset,
        group=request.group,
        family=request.family,
    )
    default = snapshot.codes.code(found.first) if found.first >= 0 else ""
    return messages.to_search_response(
        found, snapshot.search, snapshot.facts.items, default, snapshot.tag, hierarchy_only=request.hierarchy_only
    )
