"""Facts about the whole installation: its processes, who follows the settings, and the figures of the dashboard."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import common
from common.errors import ServiceError
from common.processes import resident_bytes
from gateway.state import Gateway
from gateway.translate import system as translate
from predicting.services import Service
from protos.aggregate.v1 import aggregate_pb2
from protos.ann.v1 import ann_pb2
from protos.common.v1 import process_pb2
from protos.settings.v1 import settings_pb2

ASK_SECONDS = 2.0


async def status(gateway: Gateway) -> dict[str, Any]:
    """Processes, subscribers and health; what does not answer is said, not raised."""
    following, health, processes = await asyncio.gather(
        _followers(gateway), gateway.health.check(), _processes(gateway)
    )
    own_revision = gateway.follower.revision if gateway.follower else 0
    return {
        "status": health.status,
        "detail": health.detail,
        "revision": following.revision if following else own_revision,
        "processes": [translate.process(_own(gateway)), *processes],
        "subscribers": [translate.subscriber(one) for one in following.subscribers] if following else [],
        "checks": {name: check.as_json() for name, check in health.checks.items()},
    }


async def dashboard(gateway: Gateway, history_seconds: int) -> dict[str, Any]:
    """Figures for the dashboard, with the history of the last `history_seconds`."""
    info, snapshot, tables, workers = await asyncio.gather(
        search_info(gateway), snapshot_info(gateway), gateway.snapshots.caches(), gateway.shared.others()
    )
    others = [one for worker in workers for one in worker.bins]
    history = await asyncio.to_thread(gateway.recent.history, history_seconds, others)
    return {
        "model_version": gateway.plant.serving_version() or None,
        "latency": gateway.recent.summary(others=others),
        "history": history,
        "search_cache": translate.search_cache(info),
        "tables": tables,
        "snapshot": translate.snapshot(snapshot) if snapshot else None,
    }


async def search_settings(gateway: Gateway) -> dict[str, Any]:
    """The search settings and the trade-off that the active version's training measured.

    Raises:
        ServiceError: auth_service does not answer.
    """
    settings = gateway.clients.settings
    document, info = await asyncio.gather(
        settings.call(settings.stub.Get, settings_pb2.GetSettingsRequest()), search_info(gateway)
    )
    return translate.search_settings(document, gateway.plant.manifest, info)


async def _followers(gateway: Gateway) -> settings_pb2.SubscribersResponse | None:
    settings = gateway.clients.settings
    request = settings_pb2.SubscribersRequest()
    try:
        return await settings.call(settings.stub.Subscribers, request, timeout=ASK_SECONDS, as_process=True)
    except ServiceError:
        return None


async def search_info(gateway: Gateway) -> ann_pb2.InfoResponse | None:
    """What a search process says of itself; None when none answers."""
    ann = gateway.clients.ann
    try:
        return await ann.call(ann.stub.Info, ann_pb2.InfoRequest(), timeout=ASK_SECONDS, as_process=True)
    except ServiceError:
        return None


async def snapshot_info(gateway: Gateway) -> aggregate_pb2.SnapshotInfoResponse | None:
    """The snapshot that serves; None when aggregate_service does not answer."""
    try:
        return await gateway.snapshots.info()
    except ServiceError:
        return None


async def _processes(gateway: Gateway) -> list[dict[str, Any]]:
    services = gateway.clients.processes.items()
    return await asyncio.gather(*(_describe(service, address) for address, service in services))


def _own(gateway: Gateway) -> process_pb2.DescribeResponse:
    return process_pb2.DescribeResponse(
        process="gateway",
        instance=gateway.instance,
        software_version=common.__version__,
        pid=os.getpid(),
        started_at=gateway.started_at,
        resident_bytes=resident_bytes(),
        model_version=gateway.plant.serving_version(),
        control_revision=gateway.follower.revision if gateway.follower else 0,
    )


async def _describe(service: Service[Any], address: str) -> dict[str, Any]:
    try:
        described: process_pb2.DescribeResponse = await service.call(
            service.stub.Describe, process_pb2.DescribeRequest(), timeout=ASK_SECONDS, as_process=True
        )
    except ServiceError as error:
        return translate.silent_process(service.name, address, error.message)
    return translate.process(described)
