"""One core of a Ray cluster that predicts: the version and the snapshot mapped in its own process, asked through the services' own code.

So what it says is what the services say, bit by bit; and they, who answer planners, are not asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from aggregate_service.plant_options import PlantOptions
from aggregate_service.servicer import AggregateServicer
from aggregate_service.snapshot import Snapshot
from aggregate_service.snapshot_keeper import SnapshotKeeper
from aggregate_service.snapshot_store import SnapshotStore
from aggregate_service.snapshot_travel import SnapshotTravel
from ann_service.control import AnnControl
from ann_service.delta_index import DeltaIndex, made_delta
from ann_service.messages import vectors_of
from ann_service.searcher import Searcher
from ann_service.served_model import ModelSlot, ServedModel
from ann_service.servicer import AnnServicer
from ann_service.trial import TrialVersions
from cli.predicting.bulk_prediction import BulkOptions, PredictedBatch, batch_of, rows_of
from cli.predicting.prediction import ask_services
from common.errors import PreconditionFailed, Unavailable
from common.program import tell_nobody
from common.settings import Settings
from common.settings import settings as read_settings
from plant.settings import PlantSettings
from plant.settings.sections import SearchSection
from predicting.services import Clients
from protos.ann.v1 import ann_pb2
from protos.settings.v1 import settings_pb2
from trained.travel import VersionCache

THREADS: Final = 1
"""Of one batch: the cluster has a worker for each core."""


@dataclass(frozen=True)
class ClusterJob:
    """What predictions depend on beside the items, as it was when the run began.

    Attributes:
        site: the site; "" the installation's own plant.
        state: ControlState with settings and active version, as bytes.
        delta: GetDeltaResponse of that version, as bytes.
        snapshot: tag of the snapshot of the source.
        options: how to predict.
    """

    site: str
    state: bytes
    delta: bytes
    snapshot: str
    options: BulkOptions


@dataclass(frozen=True)
class SentBatch:
    """A batch on its way back: `rows` as Arrow IPC."""

    rows: bytes
    model_version: str
    unanswered: list[tuple[str, str]]

    def received(self) -> PredictedBatch:
        """The batch."""
        import polars as pl

        return PredictedBatch(pl.read_ipc(io.BytesIO(self.rows)), self.model_version, self.unanswered)


class ClusterWorker:
    """Predicts batches, one after the other. No method is a coroutine, as Ray would run all of them on an event loop then.

    Raises:
        ServiceError: the version or the snapshot is not on this host and cannot be fetched.
    """

    def __init__(self, job: ClusterJob) -> None:
        settings = read_settings().at(job.site)
        state = settings_pb2.ControlState.FromString(job.state)
        self._options = job.options
        self._searcher = Searcher(ModelSlot(), SearchSection().cache_entries, threads=THREADS)
        served = asyncio.run(_version_served(self._searcher, settings, state))
        _take_delta(served, ann_pb2.GetDeltaResponse.FromString(job.delta))
        snapshot = Snapshot(_snapshot_folder(settings, job.snapshot))
        aggregate = AggregateServicer(cast(SnapshotKeeper, _Held(snapshot)), settings)
        aggregate.plant = PlantOptions.of(PlantSettings.parse(state.settings.document_json))
        aggregate.trained = served.model.schema
        trial = TrialVersions(_no_trial)
        self._clients = cast(Clients, _Here(AnnServicer(self._searcher, trial, lambda: 0.0), aggregate))

    def predict(self, codes: Sequence[str]) -> SentBatch:
        """Predict a batch. Raises ServiceError as the services do."""
        return asyncio.run(_predicted(self._clients, self._options, codes))


async def _predicted(clients: Clients, options: BulkOptions, codes: Sequence[str]) -> SentBatch:
    version, answer = await ask_services(
        clients, codes, top_k=options.top_k, threshold=options.threshold, detailed=options.detailed
    )
    found = batch_of(codes, rows_of(answer, version), version, answer)
    stream = io.BytesIO()
    found.rows.write_ipc(stream)
    return SentBatch(stream.getvalue(), version, found.unanswered)


class _Held:
    """Stands where a service has the keeper of its snapshots: one that stays."""

    has_snapshot = True

    def __init__(self, snapshot: Snapshot) -> None:
        self.current = self.newest = snapshot


class _Service:
    """Stands where a process has the channel to a service: what answers is in this process."""

    def __init__(self, servicer: object) -> None:
        self.stub = servicer

    async def call(self, method: Callable[[Any, Any], Awaitable[Any]], request: Any, **_how: Any) -> Any:
        """Call a method. Raises ServiceError."""
        return await method(request, None)


class _Here:
    """The services that predictions ask."""

    def __init__(self, ann: AnnServicer, aggregate: AggregateServicer) -> None:
        self.ann, self.aggregate = _Service(ann), _Service(aggregate)


def _no_trial(version: settings_pb2.ActiveVersion) -> ServedModel:
    raise PreconditionFailed(f"Nothing but the active version is searched here, and not {version.version_name}")


async def _version_served(searcher: Searcher, settings: Settings, state: settings_pb2.ControlState) -> ServedModel:
    control = AnnControl(
        searcher, settings.derived_path.resolve(), THREADS, tell_nobody, versions=VersionCache.of(settings)
    )
    await control.apply(state)
    return searcher.slot.needed()


def _take_delta(served: ServedModel, told: ann_pb2.GetDeltaResponse) -> None:
    """Search beside the index what the services search beside it."""
    served.delta = DeltaIndex(None, served.model.codes, served.model.dimension)
    hidden = np.array(told.hidden, np.int64)
    vectors = vectors_of(told.vectors) if told.codes else np.zeros((0, served.model.dimension), np.float32)
    served.delta.hold(made_delta(list(told.codes), vectors, hidden))


def _snapshot_folder(settings: Settings, tag: str) -> Path:
    store = SnapshotStore(settings.snapshots_path)
    here = store.with_tag(None, tag)
    if here is not None:
        return here
    with contextlib.suppress(OSError):
        settings.snapshots_path.mkdir(parents=True, exist_ok=True)
    travel = SnapshotTravel.of(settings, store)
    fetched = travel.fetch(tag, None, patient=True) if travel is not None else None
    if fetched is None:
        raise Unavailable(
            f"The snapshot {tag} of the source is neither in {settings.snapshots_path} nor in the artifact store: set "
            "ROUTING_ML_ARTIFACT_STORE on every host of the cluster as on those of the services",
            reason="NO_SNAPSHOT",
        )
    return fetched
