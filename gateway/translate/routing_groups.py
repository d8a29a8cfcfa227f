"""Planners' saved routings to the bodies of `/api/routing/groups` and back."""

from __future__ import annotations

from typing import Any

from gateway.answers import iso_time_or_now
from gateway.bodies import document_text, document_value
from gateway.schemas import routing_groups as bodies
from gateway.translate.proposals import outcome
from protos.documents.v1 import documents_pb2 as pb

STEP_TEXTS = (
    "routing_set_code",
    "variant_code",
    "primary_routing_code",
    "secondary_routing_code",
    "branch_code",
    "branch_label",
    "branch_path",
)


def content(body: bodies.RoutingGroupRequest) -> pb.RoutingGroupContent:
    """What a planner decided, as a message."""
    return pb.RoutingGroupContent(
        group_name=body.group_name,
        item_codes=body.item_codes,
        steps=[_step_message(step) for step in body.steps],
        connections=[
            pb.RoutingGroupConnection(
                id=line.id,
                source_node_id=line.source_node_id,
                target_node_id=line.target_node_id,
                created_at=line.created_at or "",
                created_by=line.created_by,
            )
            for line in body.connections
        ],
        erp_required=body.erp_required,
        metadata_json=_text(body.metadata, "metadata"),
    )


def _step_message(step: bodies.RoutingGroupStepModel) -> pb.RoutingGroupStep:
    message = pb.RoutingGroupStep(
        seq=step.seq,
        process_code=step.process_code,
        duration_min=step.duration_min,
        sql_values_json=_text(step.sql_values, "sql_values"),
        metadata_json=_text(step.metadata, "metadata"),
    )
    for name in STEP_TEXTS:
        value = getattr(step, name)
        if value is not None:
            setattr(message, name, value)
    return message


def _text(value: object, field: str) -> str:
    return "" if value is None else document_text(value, field)


def saved(group: pb.RoutingGroup) -> dict[str, Any]:
    """A routing that was saved, with what became of the proposals that were sent with it."""
    answer = {
        "group_id": group.group_id,
        "group_name": group.content.group_name,
        "owner": group.owner,
        "version": group.version,
        "updated_at": iso_time_or_now(group.updated_at),
    }
    return {**answer, "proposals": [outcome(review) for review in group.reviews]} if group.reviews else answer


def whole(group: pb.RoutingGroup) -> dict[str, Any]:
    """A saved routing with everything."""
    made = group.content
    return {
        **saved(group),
        "item_codes": list(made.item_codes),
        "steps": [_step(step) for step in made.steps],
        "connections": [
            {
                "id": line.id,
                "source_node_id": line.source_node_id,
                "target_node_id": line.target_node_id,
                "created_at": line.created_at or None,
                "created_by": line.created_by or "manual",
            }
            for line in made.connections
        ],
        "erp_required": made.erp_required,
        "metadata": document_value(made.metadata_json),
        "created_at": iso_time_or_now(group.created_at),
    }


def _step(step: pb.RoutingGroupStep) -> dict[str, Any]:
    return {
        "seq": step.seq,
        "process_code": step.process_code,
        "duration_min": step.duration_min if step.HasField("duration_min") else None,
        **{name: getattr(step, name) if step.HasField(name) else None for name in STEP_TEXTS},  # type: ignore[arg-type]
        "sql_values": document_value(step.sql_values_json),
        "metadata": document_value(step.metadata_json),
    }


def page(found: pb.ListRoutingGroupsResponse) -> dict[str, Any]:
    """A page of saved routings."""
    return {
        "items": [
            {
                "group_id": one.group_id,
                "group_name": one.group_name,
                "item_codes": list(one.item_codes),
                "step_count": one.step_count,
                "version": one.version,
                "updated_at": iso_time_or_now(one.updated_at),
                "owner": one.owner,
            }
            for one in found.items
        ],
        "pagination": {"limit": found.limit, "offset": found.offset, "total": found.total},
    }


def snapshots(body: bodies.RoutingSnapshotsRequest) -> pb.SaveRoutingSnapshotsRequest:
    """What a planner's screen collected, as a message."""
    return pb.SaveRoutingSnapshotsRequest(
        snapshots=[
            pb.RoutingSnapshot(
                id=one.id,
                created_at=one.created_at or "",
                reason=one.reason or "",
                version=one.version,
                state_json=document_text(one.state or {}, "state"),
            )
            for one in body.snapshots
        ],
        audits=[
            pb.RoutingAudit(
                id=one.id,
                action=one.action,
                level=one.level or "",
                message=one.message or "",
                context_json=_text(one.context, "context"),
                created_at=one.created_at or "",
            )
            for one in body.audits
        ],
        source=body.source or "",
    )


def kept(response: pb.SaveRoutingSnapshotsResponse) -> dict[str, Any]:
    """What was kept."""
    return {
        "accepted_snapshot_ids": list(response.accepted_snapshot_ids),
        "accepted_audit_ids": list(response.accepted_audit_ids),
        "updated_groups": [
            {
                "group_id": one.group_id,
                "version": one.version,
                "dirty": one.dirty,
                "updated_at": iso_time_or_now(one.updated_at),
                "snapshot_id": one.snapshot_id,
            }
            for one in response.updated_groups
        ],
    }
