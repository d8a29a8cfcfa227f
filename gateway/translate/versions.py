"""Model versions, their history, and trainings to the bodies of `/api/trainer`."""

from __future__ import annotations

from typing import Any

from gateway.answers import iso_time, iso_time_or_now
from gateway.bodies import document_value
from gateway.translate.notices import said
from protos.registry.v1 import registry_pb2 as pb
from protos.trainer.v1 import trainer_pb2


def version(one: pb.Version) -> dict[str, Any]:
    """A model version."""
    return {
        "version_name": one.version_name,
        "artifact_dir": one.artifact_dir,
        "manifest_path": one.manifest_path,
        "status": one.status,
        "active_flag": one.active,
        "requested_by": one.requested_by or None,
        "created_at": iso_time_or_now(one.created_at),
        "trained_at": iso_time(one.trained_at),
        "activated_at": iso_time(one.activated_at),
        "updated_at": iso_time(one.updated_at),
    }


def detail(found: pb.GetVersionResponse) -> dict[str, Any]:
    """A model version with its manifest."""
    return {
        **version(found.version),
        "manifest_sha256": found.version.manifest_sha256 or None,
        "bytes": found.version.bytes,
        "manifest": document_value(found.manifest_json),
    }


def activated(response: pb.ActivateResponse) -> dict[str, Any]:
    """The version that is active now."""
    return {
        **version(response.version),
        "revision": response.revision,
        "confirmed_by": list(response.confirmed_by),
        "away": list(response.away),
    }


def history_entry(entry: pb.HistoryEntry) -> dict[str, Any]:
    """One thing that was done to a version."""
    return {
        "at": iso_time_or_now(entry.at),
        "actor": entry.actor,
        "action": entry.action,
        "version_name": entry.version_name,
        "previous_version": entry.previous_version or None,
        "reason": entry.reason or None,
        "requested_by": entry.requested_by or None,
    }


def older_training(status: trainer_pb2.TrainingStatus, latest: pb.Version | None) -> dict[str, Any]:
    """How the current or last training goes, in the fields that older clients know."""
    return {
        "job_id": status.job_id or None,
        "status": status.status,
        "started_at": iso_time(status.started_at),
        "finished_at": iso_time(status.finished_at),
        "progress": status.progress,
        "message": status.message or None,
        "version_path": status.version_path or None,
        "metrics": document_value(status.metrics_json),
        "latest_version": version(latest) if latest else None,
    }


def training(status: trainer_pb2.TrainingStatus, latest: pb.Version | None) -> dict[str, Any]:
    """How the current or last training goes."""
    return {
        **older_training(status, latest),
        "stage": status.stage or None,
        "remaining_seconds": status.remaining_seconds if status.remaining_seconds >= 0 else None,
        "requested_by": status.requested_by or None,
        "message_notice": said(status.message_notice),
    }
