"""Search settings, processes, subscribers and the snapshot to the bodies of `/api/system`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from gateway.answers import iso_time
from gateway.bodies import document_value
from gateway.translate.notices import all_said
from protos.aggregate.v1 import aggregate_pb2
from protos.ann.v1 import ann_pb2
from protos.common.v1 import process_pb2
from protos.settings.v1 import settings_pb2

POINT = ("ef_search", "recall", "latency_ms")


def search_settings(
    document: settings_pb2.SettingsDocument, manifest: Mapping[str, Any], info: ann_pb2.InfoResponse | None
) -> dict[str, Any]:
    """The search settings beside what the active version's training measured.

    Args:
        manifest: of the active version; empty when none is active.
        info: what ann_service serves; None when it does not answer.
    """
    search = (document_value(document.document_json) or {}).get("search") or {}
    metadata = manifest.get("metadata")
    facts: Mapping[str, Any] = metadata if isinstance(metadata, Mapping) else {}
    return {
        "ef_search": search.get("ef_search"),
        "default_ef_search": number_or_none(facts.get("default_ef_search")),
        "current_ef_search": (info.ef_search or None) if info else None,
        "cache_entries": search.get("cache_entries", info.cache_capacity if info else 0),
        "curve": recall_curve(facts.get("recall_curve")),
        "model_version": (info.model_version or None) if info else None,
        "revision": document.revision,
    }


def recall_curve(stored: object) -> list[dict[str, Any]]:
    """The measured points of a manifest, by rising ef_search; empty when none were stored."""
    points = stored if isinstance(stored, list) else []
    whole = [
        point
        for point in points
        if isinstance(point, Mapping) and all(number_or_none(point.get(name)) is not None for name in POINT)
    ]
    return sorted(({name: point[name] for name in POINT} for point in whole), key=lambda point: point["ef_search"])


def number_or_none(stored: object) -> float | int | None:
    """A number that a manifest holds; None for whatever else it holds there, as anybody may have written it."""
    if isinstance(stored, bool) or not isinstance(stored, int | float) or not math.isfinite(stored):
        return None
    return stored


def process(described: process_pb2.DescribeResponse) -> dict[str, Any]:
    """A process that answers."""
    return {
        "process": described.process,
        "instance": described.instance,
        "ok": True,
        "detail": None,
        "software_version": described.software_version,
        "pid": described.pid,
        "started_at": iso_time(described.started_at),
        "resident_bytes": described.resident_bytes,
        "model_version": described.model_version or None,
        "control_revision": described.control_revision,
    }


def silent_process(name: str, address: str, problem: str) -> dict[str, Any]:
    """A process that does not answer."""
    return {"process": name, "instance": address, "ok": False, "detail": problem}


def subscriber(one: settings_pb2.Subscriber) -> dict[str, Any]:
    """A process that follows the control state."""
    return {
        "process": one.process,
        "instance": one.instance,
        "confirmed_revision": one.confirmed_revision,
        "lag_ms": round(one.lag_ms, 3),
        "model_version": one.model_version or None,
        "since": iso_time(one.since),
        "pid": one.pid,
        "last_problem": one.last_problem or None,
    }


def search_cache(info: ann_pb2.InfoResponse | None) -> dict[str, Any]:
    """The encoder's cache and the index of the search process that answered; empty when none did."""
    if info is None:
        return {}
    asked = info.cache_hits + info.cache_misses
    return {
        "entries": info.cache_entries,
        "capacity": info.cache_capacity,
        "hits": info.cache_hits,
        "misses": info.cache_misses,
        "hit_rate": info.cache_hits / asked if asked else 0.0,
        "engine": info.engine,
        "items": info.items,
        "delta_items": info.delta_items,
        "ef_search": info.ef_search,
        "searches": info.searches,
    }


def snapshot(info: aggregate_pb2.SnapshotInfoResponse) -> dict[str, Any]:
    """The snapshot that serves."""
    return {
        "tag": info.tag or None,
        "source": info.source,
        "read_at": iso_time(info.read_at),
        "age_seconds": round(info.age_seconds, 1),
        "items": info.items,
        "routing_rows": info.routing_rows,
        "work_result_rows": info.work_result_rows,
        "items_with_routing": info.items_with_routing,
        "bytes": info.bytes,
        "last_error": info.last_error or None,
        "last_attempt_at": iso_time(info.last_attempt_at),
        "findings": list(info.findings),
        "finding_notices": all_said(info.finding_notices),
    }
