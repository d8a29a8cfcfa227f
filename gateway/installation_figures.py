"""The figures of the whole installation in the Prometheus text format: every process, the state of the dependencies, the host."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from common.errors import ServiceError
from common.prometheus_text import ProcessFigures, merged_text
from common.settings import Settings
from gateway.health import Health
from gateway.state import Gateway
from gateway.system_facts import search_info, snapshot_info
from predicting.services import Service
from protos.common.v1 import process_pb2

ASK_SECONDS = 2.0
KINDS = {"ann_service": "ann", "aggregate_service": "aggregate", "auth_service": "auth", "trainer": "trainer"}


async def installation_text(gateway: Gateway) -> str:
    """Figures of all processes; one that does not answer is missing, and `routing_process_up` says so."""
    addresses = list(gateway.clients.processes.items())
    health, workers, own = await asyncio.gather(gateway.health.check(), gateway.shared.others(), _own(gateway))
    services = await asyncio.gather(*(_figures(gateway.settings, service, address) for address, service in addresses))
    parts = [ProcessFigures("gateway", gateway.instance, generate_latest().decode("utf-8"))]
    parts += [ProcessFigures("gateway", worker.instance, worker.prometheus) for worker in workers]
    up = {
        (KINDS.get(service.name, service.name), address): part is not None
        for (address, service), part in zip(addresses, services, strict=True)
    }
    parts += [part for part in services if part is not None]
    parts.append(ProcessFigures("gateway", gateway.instance, _state(health, up, own)))
    return merged_text(parts)


async def _figures(settings: Settings, service: Service[Any], address: str) -> ProcessFigures | None:
    try:
        answer: process_pb2.MetricsResponse = await service.call(
            service.stub.Metrics, process_pb2.MetricsRequest(), timeout=ASK_SECONDS, as_process=True
        )
    except ServiceError:
        return None
    kind = KINDS.get(service.name, service.name)
    return ProcessFigures(kind, settings.name_at(kind, address), answer.text)


async def _own(gateway: Gateway) -> dict[str, float]:
    info, snapshot = await asyncio.gather(search_info(gateway), snapshot_info(gateway))
    figures: dict[str, float] = {}
    if info is not None:
        figures |= {
            "model_items": info.items,
            "search_cache_entries": info.cache_entries,
            "search_cache_hits": info.cache_hits,
            "search_cache_misses": info.cache_misses,
        }
    if snapshot is not None:
        figures |= {"snapshot_age_seconds": snapshot.age_seconds, "snapshot_items": snapshot.items}
    return figures


WORDS = {
    "model_items": "Items of the version that serves",
    "search_cache_entries": "Encoded vectors kept by the search process that answered",
    "search_cache_hits": "Look-ups that found an encoded vector, since the start of the search process that answered",
    "search_cache_misses": "Look-ups that found none, since the start of the search process that answered",
    "snapshot_age_seconds": "Age of the snapshot that serves",
    "snapshot_items": "Items of the snapshot that serves",
}


def _state(health: Health, up: dict[tuple[str, str], bool], own: dict[str, float]) -> str:
    """Figures that exist only at the moment of asking."""
    registry = CollectorRegistry()
    overall = Gauge("routing_health", "2 ok, 1 degraded, 0 down", registry=registry)
    overall.set({"ok": 2, "degraded": 1}.get(health.status, 0))
    ok = Gauge("routing_dependency_ok", "Whether a dependency answers as it must", ["dependency"], registry=registry)
    seconds = Gauge("routing_dependency_seconds", "Time to ask it", ["dependency"], registry=registry)
    for name, check in health.checks.items():
        ok.labels(name).set(check.ok)
        if "latency_ms" in check.facts:
            seconds.labels(name).set(check.facts["latency_ms"] / 1000)
    process_up = Gauge("routing_process_up", "Whether a process answers", ["kind", "address"], registry=registry)
    for (kind, address), answers in up.items():
        process_up.labels(kind, address).set(answers)
    for name, value in own.items():
        Gauge(f"routing_{name}", WORDS[name], registry=registry).set(value)
    disk = Gauge("routing_disk_free_bytes", "Free space where the installation writes", ["folder"], registry=registry)
    certificate = Gauge("routing_certificate_days", "Days until a certificate ends", ["certificate"], registry=registry)
    for folder, free in _numbers(health, "disk", "free_bytes"):
        disk.labels(folder).set(free)
    for name, days in _numbers(health, "certificate", "days_left"):
        certificate.labels(name).set(days)
    return generate_latest(registry).decode("utf-8")


def _numbers(health: Health, check: str, fact: str) -> Iterator[tuple[str, float]]:
    found = health.checks[check].facts.get(fact) if check in health.checks else None
    yield from (found or {}).items()
