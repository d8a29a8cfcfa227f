"""`routing-ml predict --file --cluster`: the items predicted on all cores of a Ray cluster instead of by the services."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from cli.control_plane import ControlPlane
from cli.installation import variables_of
from cli.predicting.bulk_prediction import Ask, BulkOptions, PredictedBatch
from cli.predicting.cluster_worker import ClusterJob, ClusterWorker, SentBatch
from common.errors import InvalidInput, PreconditionFailed, ServiceError, Unavailable
from common.ray_cluster import cores_of, joined
from common.settings import Settings
from predicting.neighbours import VERSION_CHANGES
from protos.aggregate.v1 import aggregate_pb2
from protos.ann.v1 import ann_pb2
from protos.registry.v1 import registry_pb2
from protos.settings.v1 import settings_pb2

RESTARTS = 3
"""How often a worker whose host is gone begins anew on another one, and a batch is predicted again."""


async def job_of(control: ControlPlane, settings: Settings, options: BulkOptions) -> ClusterJob:
    """What predictions depend on now, asked of the services.

    Raises:
        ServiceError: a service refused or does not answer, no version is active, or another one becomes active again and again.
    """
    clients = control.clients
    for _attempt in range(VERSION_CHANGES):
        active = (await control.call(control.registry.GetActive, registry_pb2.GetActiveRequest())).version
        delta = await clients.ann.call(clients.ann.stub.GetDelta, ann_pb2.GetDeltaRequest())
        if delta.model_version != active.version_name:
            continue
        document = await control.call(clients.settings.stub.Get, settings_pb2.GetSettingsRequest())
        info = await clients.aggregate.call(clients.aggregate.stub.SnapshotInfo, aggregate_pb2.SnapshotInfoRequest())
        state = settings_pb2.ControlState(
            revision=1,
            settings=document,
            active=settings_pb2.ActiveVersion(
                version_name=active.version_name,
                artifact_dir=active.artifact_dir,
                manifest_path=active.manifest_path,
                manifest_sha256=delta.manifest_sha256,
            ),
        )
        return ClusterJob(settings.at_site, state.SerializeToString(), delta.SerializeToString(), info.tag, options)
    raise Unavailable("The model version changed again and again. Try again", retry_after=1.0)


@contextmanager
def by_cluster(settings: Settings, job: ClusterJob, batches: int) -> Iterator[tuple[Ask, int]]:
    """Predicts on the cluster of ROUTING_ML_RAY_ADDRESS; with the batches that are best under way at a time.

    Args:
        batches: how many there are.

    Raises:
        InvalidInput: no cluster is named, or Ray is not installed. Unavailable: the cluster cannot be used.
    """
    if not settings.ray_address:
        raise InvalidInput(
            "--cluster needs the Ray cluster of ROUTING_ML_RAY_ADDRESS, such as auto or ray://head:10001; without --cluster the "
            "services predict"
        )
    with joined(settings.ray_address, variables_of(settings)) as ray:
        remote: Any = ray.remote(num_cpus=1, max_restarts=RESTARTS, max_task_retries=RESTARTS)(ClusterWorker)
        shared = ray.put(job)
        workers = [remote.remote(shared) for _ in range(max(1, min(cores_of(ray), batches)))]
        free: asyncio.Queue[Any] = asyncio.Queue()
        for worker in workers:
            free.put_nowait(worker)

        async def ask(codes: Sequence[str]) -> PredictedBatch:
            worker = await free.get()
            try:
                sent: SentBatch = await worker.predict.remote(list(codes))
            except (ray.exceptions.RayTaskError, ray.exceptions.RayActorError) as error:
                raise _own(error) from None
            finally:
                free.put_nowait(worker)
            return sent.received()

        yield ask, len(workers)


def _own(error: Any) -> Exception:
    """What a worker said, where it was an error of ours; it cannot be mended by asking again."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, ServiceError):
        return cause
    return PreconditionFailed(
        f"A worker of the Ray cluster of ROUTING_ML_RAY_ADDRESS cannot predict ({str(error).strip()[-400:]}): see that every host of "
        "the cluster has this program, its settings and the artifact store of the services",
        reason="CLUSTER_WORKER_FAILED",
    )
