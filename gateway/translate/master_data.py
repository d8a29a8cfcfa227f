"""Master data: the hierarchy, items, the snapshot and the log to the bodies of `/api/master-data`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson

from gateway.answers import iso_time, iso_time_or_now
from gateway.translate.notices import all_said
from gateway.translate.rows import Value, column_of, rows_of
from plant.client_names import MACHINE, MACHINE_NAME
from plant.features import shown_value
from plant.item_keys import UNNAMED
from plant.mechanical_seals import SHEET_WIDTHS
from plant.schema import ITEM_CODE, PlantSchema
from protos.aggregate.v1 import aggregate_pb2 as pb
from protos.auth.v1 import auth_pb2

SHOWN = ("NAME", "SPECIFICATION", "MATERIAL", "DETAILS")
"""Columns of the answer that say what an item is, by the roles of the schema."""

Node = dict[str, Any]


def tree(found: pb.SearchItemsResponse, schema: PlantSchema) -> dict[str, Any]:
    """The hierarchy group > family > item of the items found, which are sorted that way."""
    names = ("GROUP", "FAMILY", ITEM_CODE, *SHOWN)
    columns_shown = [str(getattr(schema.item, role.lower())) or role for role in SHOWN]
    count = found.items.rows
    columns = [column_of(found.items, name) or [None] * count for name in names]
    nodes = [
        _node(
            "group",
            str(group),
            [
                _node("family", str(family), [_item(row, columns_shown) for row in of_family])
                for family, of_family in groupby(of_group, key=lambda row: row[1])
            ],
        )
        for group, of_group in groupby(zip(*columns, strict=True), key=lambda row: row[0])
    ]
    return {
        "nodes": nodes,
        "total_items": found.total_items,
        "filtered_items": found.filtered_items,
        "default_item_code": found.default_item_code or None,
    }


def _node(kind: str, label: str, children: list[Node]) -> Node:
    name = "nan" if label == UNNAMED else label.replace(" ", "_")
    return {"id": f"{kind}:{name}", "label": label, "type": kind, "children": children, "meta": None}


def _item(row: tuple[Value, ...], columns: Sequence[str]) -> Node:
    code = str(row[2])
    return {
        "id": code,
        "label": f"{code} · {row[3]}" if row[3] else code,
        "type": "item",
        "children": [],
        "meta": {name: value for name, value in zip(columns, row[3:], strict=True) if value},
    }


def hierarchy(found: pb.SearchItemsResponse) -> dict[str, Any]:
    """Groups and families with the number of their items, in the order in which people count: 2 before 10; those without a name last."""
    groups = []
    ordered = sorted(rows_of(found.families), key=lambda row: (_natural(row["GROUP"]), _natural(row["FAMILY"])))
    for label, rows in groupby(ordered, key=lambda row: row["GROUP"]):
        families: list[dict[str, Any]] = [{"label": row["FAMILY"], "items": row["ITEMS"]} for row in rows]
        groups.append({"label": label, "items": sum(family["items"] for family in families), "families": families})
    return {"groups": groups, "total_items": found.total_items, "filtered_items": found.filtered_items}


def _natural(label: Value) -> tuple[bool, list[tuple[int, int, str]]]:
    parts = [part for part in re.split(r"(\d+)", str(label)) if part]
    return label == UNNAMED, [(0, int(part), "") if part.isdecimal() else (1, 0, part.casefold()) for part in parts]


def page(found: pb.SearchItemsResponse) -> dict[str, Any]:
    """A page of items."""
    return {
        "items": [
            {
                "item_code": row[ITEM_CODE],
                "item_name": row.get("NAME"),
                "spec": row.get("SPECIFICATION"),
                "material": row.get("MATERIAL"),
                "additional_spec": row.get("DETAILS"),
                "group": row["GROUP"],
                "family": row["FAMILY"],
            }
            for row in rows_of(found.items)
        ],
        "total_items": found.total_items,
        "filtered_items": found.filtered_items,
    }


def looked_up(asked: Sequence[str], found: pb.GetItemsResponse, schema: PlantSchema) -> dict[str, Any]:
    """What the items of many codes are, by the roles of the schema, and the codes that there are not."""
    display = schema.item
    roles = {
        "item_name": display.name,
        "drawing": display.drawing,
        "revision": display.revision,
        "spec": display.specification,
        "material": display.material,
    }
    rows = rows_of(found.items)
    return {
        "items": [
            {
                "asked": asked[position],
                "item_code": str(row[ITEM_CODE]),
                **{name: shown_value(row.get(column)) if column else None for name, column in roles.items()},
            }
            for position, row in zip(found.positions, rows, strict=True)
        ],
        "unknown": [asked[position] for position in found.unknown],
    }


def operations(found: pb.ListOperationsResponse) -> dict[str, Any]:
    """The operations of the plant with their machines."""
    answer: list[dict[str, Any]] = [
        {"step": row, "uses": uses, "machines": []}
        for row, uses in zip(rows_of(found.operations), found.uses, strict=True)
    ]
    for place, uses, row in zip(found.machine_of, found.machine_uses, rows_of(found.machines), strict=True):
        answer[place]["machines"].append({"code": row[MACHINE], "name": row[MACHINE_NAME], "uses": uses})
    return {"operations": answer, "snapshot_tag": found.snapshot_tag}


def item(item_code: str, found: pb.GetItemsResponse, schema: PlantSchema) -> dict[str, Any]:
    """Every column of an item as text, as people read it; "" where absent."""
    as_first = bool(schema.output.item_labels)
    """A sheet that the contract with the first clients describes: widths, and 1.0 for whole numbers."""
    widths = SHEET_WIDTHS if as_first else {}
    keys = [column.name for column in found.items.columns]
    return {
        "item_code": item_code,
        "columns": [
            {"key": key, "label": label, "width": widths.get(key)}
            for key, label in zip(keys, found.labels, strict=True)
        ],
        "rows": [
            {
                "key": str(row[ITEM_CODE]),
                "values": {
                    key: "" if value is None else str(value) if as_first else shown_value(value) or ""
                    for key, value in row.items()
                },
            }
            for row in rows_of(found.items)
        ],
        "record_count": found.items.rows,
    }


def log_entry(event: auth_pb2.AuditEvent) -> dict[str, str]:
    """An entry of the master data log. What the screen reports names its target in the payload."""
    try:
        told = orjson.loads(event.payload_json or "{}")
    except ValueError:
        told = None
    target = str(told.get("target") or "") if isinstance(told, dict) else ""
    return {
        "timestamp": iso_time_or_now(event.at),
        "ip": event.client_host,
        "user": event.username,
        "action": event.action.removeprefix("ui."),
        "target": event.target or target or event.payload_json,
    }


def connection(access_path: str, snapshot: pb.SnapshotInfoResponse | None) -> dict[str, Any]:
    """Whether the Access file that the settings name is the one that is read, and when it was."""
    serves = bool(snapshot and snapshot.tag) and _same_file(access_path, snapshot.source if snapshot else "")
    return {
        "status": "connected" if serves else "disconnected",
        "path": access_path,
        "last_sync": iso_time(snapshot.read_at) if serves and snapshot else None,
    }


def _same_file(first: str, second: str) -> bool:
    try:
        return bool(first and second) and Path(first).resolve() == Path(second).resolve()
    except (OSError, ValueError):
        return False


def snapshot_facts(info: pb.SnapshotInfoResponse) -> dict[str, Any]:
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
        "readings": list(info.readings),
        "finding_notices": all_said(info.finding_notices),
        "reading": info.reading or None,
        "reading_share": round(info.reading_share, 4) if info.reading else None,
    }


def progress(step: pb.RefreshProgress) -> dict[str, Any]:
    """One step of a refresh; the last has the snapshot and what changed."""
    facts: dict[str, Any] = {
        "stage": step.stage,
        "table": step.table or None,
        "rows": step.rows,
        "rows_per_second": round(step.rows_per_second, 1),
        "progress": round(step.progress, 4),
    }
    if step.HasField("changes"):
        changes = step.changes
        facts["snapshot"] = snapshot_facts(step.snapshot)
        facts["changes"] = {
            "items_added": changes.items_added,
            "items_changed": changes.items_changed,
            "items_removed": changes.items_removed,
            "routing_rows_added": changes.routing_rows_added,
            "routing_rows_removed": changes.routing_rows_removed,
            "unchanged": changes.unchanged,
        }
    return facts
