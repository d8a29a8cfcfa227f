"""Messages of the ERP outbox to JSON."""

from __future__ import annotations

from typing import Any

from gateway.answers import iso_time
from gateway.translate.notices import said
from protos.erp.v1 import erp_pb2 as pb


def message(one: pb.ErpMessage) -> dict[str, Any]:
    """A message; times as ISO text, null for never."""
    return {
        "message_id": one.message_id,
        "kind": one.kind,
        "subject_id": one.subject_id,
        "subject_name": one.subject_name,
        "format": one.format,
        "channel": one.channel,
        "state": one.state,
        "attempts": one.attempts,
        "next_attempt_at": iso_time(one.next_attempt_at),
        "last_error": one.last_error,
        "last_error_notice": said(one.last_error_notice),
        "last_status": one.last_status or None,
        "bytes": one.bytes,
        "sha256": one.sha256,
        "created_by": one.created_by,
        "created_at": iso_time(one.created_at),
        "delivered_at": iso_time(one.delivered_at),
        "target": one.target,
    }


def page(found: pb.ListMessagesResponse, limit: int, offset: int) -> dict[str, Any]:
    """A page of messages."""
    return {
        "items": [message(one) for one in found.messages],
        "pagination": {"limit": limit, "offset": offset, "total": found.total},
    }


def status(state: pb.ErpStatus) -> dict[str, Any]:
    """The interface and its queue."""
    return {
        "enabled": state.enabled,
        "ready": state.ready,
        "protocol": state.protocol,
        "target": state.target,
        "problem": state.problem,
        "problem_notice": said(state.problem_notice),
        "counts": dict(state.counts),
        "oldest_waiting_at": iso_time(state.oldest_waiting_at),
        "last_error": state.last_error,
        "last_error_notice": said(state.last_error_notice),
    }
