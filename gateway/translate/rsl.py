"""RSL groups, steps and rules to the bodies of `/api/rsl/groups` and back."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from common.errors import InvalidInput
from gateway.answers import iso_time, iso_time_or_now
from gateway.bodies import document_text, document_value
from gateway.schemas import rsl as bodies
from protos.documents.v1 import documents_pb2 as pb

LARGEST_SEQUENCE = 2**32 - 1


def group(one: pb.RslGroup) -> dict[str, Any]:
    """A group with its steps."""
    return {
        "id": one.id,
        "slug": one.slug,
        "name": one.name,
        "description": one.description if one.HasField("description") else None,
        "owner": one.owner,
        **({"shared": True} if one.shared else {}),
        "tags": list(one.tags),
        "status": one.status,
        "validation_errors": list(one.validation_errors),
        "last_validated_at": iso_time(one.last_validated_at),
        "released_at": iso_time(one.released_at),
        "released_by": one.released_by if one.HasField("released_by") else None,
        "created_at": iso_time_or_now(one.created_at),
        "updated_at": iso_time_or_now(one.updated_at),
        "steps": [step(each) for each in one.steps],
    }


def step(one: pb.RslStep) -> dict[str, Any]:
    """A step."""
    return {
        "id": one.id,
        "sequence": one.sequence,
        "name": one.name,
        "description": one.description if one.HasField("description") else None,
        "status": one.status,
        "tags": list(one.tags),
        "config": document_value(one.config_json) or {},
        "created_at": iso_time_or_now(one.created_at),
        "updated_at": iso_time_or_now(one.updated_at),
        "rules": [rule(each) for each in one.rules],
    }


def rule(one: pb.RslRule) -> dict[str, Any]:
    """A rule reference."""
    return {
        "id": one.id,
        "rule_name": one.rule_name,
        "rule_version": one.rule_version if one.HasField("rule_version") else None,
        "metadata": document_value(one.metadata_json) or {},
        "is_optional": one.is_optional,
        "created_at": iso_time_or_now(one.created_at),
    }


def group_changes(body: bodies.RslGroupUpdate) -> tuple[pb.RslGroup, list[str]]:
    """The new values and the names of the fields that change; a name or slug that is null stays."""
    fields = _named(body.model_fields_set, ("name", "description", "tags", "slug", "shared"))
    fields = [name for name in fields if name not in ("name", "slug", "shared") or getattr(body, name) is not None]
    changes = pb.RslGroup(
        name=body.name or "",
        description=body.description,
        tags=body.tags or [],
        slug=body.slug or "",
        shared=bool(body.shared),
    )
    return changes, fields


def new_step(body: bodies.RslStepCreate) -> pb.RslStep:
    """A step to add."""
    return pb.RslStep(
        sequence=_sequence(body.sequence),
        name=body.name,
        description=body.description,
        status=body.status or "",
        tags=body.tags or [],
        config_json=document_text(body.config or {}, "config"),
        rules=[new_rule(one) for one in body.rules or []],
    )


def step_changes(body: bodies.RslStepUpdate) -> tuple[pb.RslStep, list[str]]:
    """The new values and the names of the fields that change; a name, sequence or status that is null stays."""
    fields = _named(body.model_fields_set, ("sequence", "name", "description", "status", "tags", "config"))
    kept = ("sequence", "name", "status")
    fields = [name for name in fields if name not in kept or getattr(body, name) is not None]
    changes = pb.RslStep(
        sequence=_sequence(body.sequence),
        name=body.name or "",
        description=body.description,
        status=body.status or "",
        tags=body.tags or [],
        config_json=document_text(body.config or {}, "config"),
    )
    return changes, fields


def new_rule(body: bodies.RslRuleRefCreate) -> pb.RslRule:
    """A rule reference to add."""
    return pb.RslRule(
        rule_name=body.rule_name,
        rule_version=body.rule_version,
        metadata_json=document_text(body.metadata or {}, "metadata"),
        is_optional=body.is_optional,
    )


def _named(present: Collection[str], order: tuple[str, ...]) -> list[str]:
    return [name for name in order if name in present]


def _sequence(sequence: int | None) -> int:
    if sequence is not None and sequence > LARGEST_SEQUENCE:
        raise InvalidInput(f"sequence must be at most {LARGEST_SEQUENCE}")
    return sequence or 0
