"""What a planner decides about a routing group: name, item codes, operations, connections; and what makes it acceptable."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import orjson

from auth_service.store.document_fields import (
    Violations,
    distinct,
    has_control_characters,
    name_field,
    text_field,
    to_json,
)
from common.notices import notice

MAX_ITEMS = 10_000
MAX_STEPS = 1_000
MAX_CONNECTIONS = 5_000
MAX_CONTENT_BYTES = 4 * 1024 * 1024

CODES = (
    "routing_set_code",
    "variant_code",
    "primary_routing_code",
    "secondary_routing_code",
    "branch_code",
    "branch_label",
    "branch_path",
)
"""Optional texts of a step."""


@dataclass(frozen=True)
class Step:
    """One operation; `duration_min` in minutes, None where not known."""

    seq: int
    process_code: str
    duration_min: float | None = None
    routing_set_code: str | None = None
    variant_code: str | None = None
    primary_routing_code: str | None = None
    secondary_routing_code: str | None = None
    branch_code: str | None = None
    branch_label: str | None = None
    branch_path: str | None = None
    sql_values: Any = None
    metadata: dict[str, object] | None = None


@dataclass(frozen=True)
class Connection:
    """A line between two nodes; `created_at` as the client sent it."""

    id: str
    source_node_id: str
    target_node_id: str
    created_at: str = ""
    created_by: str = "manual"


@dataclass(frozen=True)
class Content:
    """The whole of what a planner decides."""

    group_name: str
    item_codes: Sequence[str]
    steps: Sequence[Step] = ()
    connections: Sequence[Connection] = ()
    erp_required: bool = False
    metadata: dict[str, object] = field(default_factory=dict)

    def body_json(self) -> str:
        """Steps, connections, ERP flag and metadata as JSON; name and item codes have columns of their own."""
        return to_json(
            {
                "steps": [asdict(step) for step in self.steps],
                "connections": [asdict(connection) for connection in self.connections],
                "erp_required": self.erp_required,
                "metadata": self.metadata,
            }
        )

    @classmethod
    def stored(cls, group_name: str, item_codes: Sequence[str], body_json: str) -> Content:
        """The content from its columns."""
        body = orjson.loads(body_json)
        return cls(
            group_name=group_name,
            item_codes=tuple(item_codes),
            steps=tuple(Step(**step) for step in body["steps"]),
            connections=tuple(Connection(**connection) for connection in body["connections"]),
            erp_required=bool(body["erp_required"]),
            metadata=body["metadata"],
        )


def accepted(content: Content, found: Violations | None = None) -> Content:
    """The content as it is stored: blanks collapsed in the name, duplicate codes dropped (ignoring case), texts trimmed.

    Args:
        found: what was already noted while the content was read.

    Raises:
        InvalidInput: names every field that is wrong.
    """
    found = found or Violations()
    name = name_field(found, "group_name", content.group_name, at_least=2, at_most=64)
    codes = distinct(content.item_codes)
    if not codes:
        found.add("item_codes", notice("IS_MISSING", "must hold 1 item code or more"))
    if len(codes) > MAX_ITEMS:
        found.add(
            "item_codes",
            notice(
                "AT_MOST_ENTRIES",
                "must hold {count} item codes or fewer, holds {length}",
                count=f"{MAX_ITEMS}",
                length=f"{len(codes)}",
            ),
        )
    for position, code in enumerate(codes):
        text_field(found, f"item_codes.{position}", code, at_most=256)
    steps = _accepted_steps(found, content.steps)
    connections = _accepted_connections(found, content.connections)
    result = replace(content, group_name=name, item_codes=tuple(codes), steps=steps, connections=connections)
    found.check("The routing group cannot be stored")
    if len(result.body_json()) > MAX_CONTENT_BYTES:
        found.add(
            "steps", notice("AT_MOST_BYTES", "the group is larger than {count} bytes", count=f"{MAX_CONTENT_BYTES}")
        )
        found.check("The routing group cannot be stored")
    return result


def _accepted_steps(found: Violations, steps: Sequence[Step]) -> tuple[Step, ...]:
    if len(steps) > MAX_STEPS:
        found.add(
            "steps",
            notice(
                "AT_MOST_ENTRIES",
                "must hold {count} steps or fewer, holds {length}",
                count=f"{MAX_STEPS}",
                length=f"{len(steps)}",
            ),
        )
        return ()
    seen: set[int] = set()
    kept = []
    for position, step in enumerate(steps):
        where = f"steps.{position}"
        if step.seq < 1:
            found.add(f"{where}.seq", notice("INPUT_GREATER_THAN_EQUAL", "must be {ge} or more", ge=1))
        elif step.seq in seen:
            found.add(
                f"{where}.seq",
                notice("SEQUENCE_TWICE", "is {seq} as in an earlier step; every step needs its own", seq=f"{step.seq}"),
            )
        seen.add(step.seq)
        duration = step.duration_min
        if duration is not None and not (math.isfinite(duration) and duration >= 0):
            found.add(f"{where}.duration_min", notice("DURATION_NEGATIVE", "must be 0 minutes or more, or absent"))
        code = text_field(found, f"{where}.process_code", step.process_code, at_most=256)
        for name in CODES:
            value = getattr(step, name)
            if value is not None:
                text_field(found, f"{where}.{name}", value, at_most=1000)
        kept.append(replace(step, process_code=code))
    return tuple(kept)


def _accepted_connections(found: Violations, connections: Sequence[Connection]) -> tuple[Connection, ...]:
    if len(connections) > MAX_CONNECTIONS:
        found.add("connections", f"must hold {MAX_CONNECTIONS} connections or fewer, holds {len(connections)}")
        return ()
    seen: set[str] = set()
    kept = []
    for position, connection in enumerate(connections):
        where = f"connections.{position}"
        for name in ("id", "source_node_id", "target_node_id"):
            text_field(found, f"{where}.{name}", getattr(connection, name), at_least=1, at_most=256)
        if connection.id in seen:
            found.add(f"{where}.id", f"is {connection.id!r} as in an earlier connection")
        seen.add(connection.id)
        _short_texts(found, where, {"created_at": connection.created_at, "created_by": connection.created_by}.items())
        kept.append(replace(connection, created_by=connection.created_by or "manual"))
    return tuple(kept)


def _short_texts(found: Violations, where: str, texts: Iterable[tuple[str, str]]) -> None:
    for name, value in texts:
        if len(value) > 64 or has_control_characters(value):
            found.add(f"{where}.{name}", "must be a text of 64 characters or fewer")
