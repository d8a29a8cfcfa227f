"""RSL groups as JSON or CSV text and back. Pure: what is stored is decided in `rsl_import`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from auth_service.rsl.rsl_groups import Group, Rule, Step
from common.errors import InvalidInput

SCHEMA = "routing-ml/rsl-groups@1"
FORMATS = ("json", "csv")
CSV_COLUMNS = (
    "group_slug",
    "group_name",
    "group_description",
    "group_tags",
    "group_status",
    "step_sequence",
    "step_name",
    "step_description",
    "step_status",
    "step_tags",
    "step_config",
    "rule_name",
    "rule_version",
    "rule_metadata",
    "rule_is_optional",
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class GroupText:
    """A group as a text holds it. `where` says where in the text, for people."""

    where: str
    slug: str
    name: str
    description: str | None
    tags: Sequence[str]
    status: str
    steps: Sequence[Step]


def to_json_text(groups: Iterable[Group], now: float) -> str:
    """All groups as one JSON object {schema, exported_at, groups}."""
    document = {
        "schema": SCHEMA,
        "exported_at": datetime.fromtimestamp(now, UTC).isoformat(),
        "groups": [
            {
                "slug": group.slug,
                "name": group.name,
                "description": group.description,
                "owner": group.owner,
                "tags": list(group.tags),
                "status": group.status,
                "steps": [_step_out(step) for step in group.steps],
            }
            for group in groups
        ],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode("utf-8")


def _step_out(step: Step) -> dict[str, object]:
    return {
        "sequence": step.sequence,
        "name": step.name,
        "description": step.description,
        "status": step.status,
        "tags": list(step.tags),
        "config": dict(step.config),
        "rules": [
            {
                "rule_name": rule.rule_name,
                "rule_version": rule.rule_version,
                "metadata": dict(rule.metadata),
                "is_optional": rule.is_optional,
            }
            for rule in step.rules
        ],
    }


def to_csv_text(groups: Iterable[Group]) -> str:
    """All groups as CSV, one row a rule; steps without rules and groups without steps have a row of their own.

    Cells that a spreadsheet would take for a formula start with an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for group in groups:
        head = [group.slug, group.name, _or_null(group.description), _compact(list(group.tags)), group.status]
        if not group.steps:
            writer.writerow([_cell(value) for value in (*head, *[""] * 10)])
        for step in group.steps:
            body = [str(step.sequence), step.name, _or_null(step.description), step.status]
            body += [_compact(list(step.tags)), _compact(dict(step.config))]
            for rule in step.rules or (None,):
                tail = ["", "", "", ""]
                if rule is not None:
                    metadata = _compact(dict(rule.metadata))
                    tail = [rule.rule_name, _or_null(rule.rule_version), metadata, "true" if rule.is_optional else ""]
                writer.writerow([_cell(value) for value in (*head, *body, *tail)])
    return out.getvalue()


def _compact(value: object) -> str:
    return orjson.dumps(value).decode("utf-8") if value else ""


def _or_null(text: str | None) -> str:
    """Absent is an empty cell; an empty text is a pair of quotes, so that the two stay apart."""
    return "" if text is None else text or '""'


def _cell(text: str) -> str:
    return "'" + text if text.startswith(("'", *FORMULA_STARTS)) else text


def _uncell(text: str) -> str:
    return text[1:] if text.startswith("'") else text


def read_text(format_: str, text: str) -> list[GroupText]:
    """The groups that a text holds.

    Raises:
        InvalidInput: another format, or the text as a whole cannot be read; says where.
    """
    if format_ not in FORMATS:
        raise InvalidInput(f"format must be json or csv, is {format_!r}")
    text = text.removeprefix("﻿")
    try:
        return _read_json(text) if format_ == "json" else _read_csv(text)
    except (TypeError, ValueError, AttributeError, csv.Error) as error:
        raise InvalidInput(f"The {format_} text cannot be read as RSL groups: {error}") from None


def _read_json(text: str) -> list[GroupText]:
    document = orjson.loads(text)
    if isinstance(document, dict):
        listed = document.get("groups", document.get("items", [document] if "name" in document else None))
    else:
        listed = document
    if not isinstance(listed, list):
        raise ValueError("it holds no list of groups")
    return [_group_in(f"Group {number}", sent) for number, sent in enumerate(listed, 1)]


def _group_in(where: str, sent: Any) -> GroupText:
    if not isinstance(sent, dict):
        raise ValueError(f"{where} is no object")
    name = _text(sent, "name")
    where = f"{where} ({name})" if name else where
    return GroupText(
        where=where,
        slug=_text(sent, "slug"),
        name=name,
        description=_optional_text(sent, "description"),
        tags=_texts(sent, "tags", where),
        status=_text(sent, "status") or "draft",
        steps=[_step_in(where, step) for step in _list(sent, "steps", where)],
    )


def _step_in(where: str, sent: Any) -> Step:
    if not isinstance(sent, dict):
        raise ValueError(f"{where} has a step that is no object")
    sequence = sent.get("sequence") or 0
    if not isinstance(sequence, int) or isinstance(sequence, bool):
        raise ValueError(f"{where} has a step whose sequence is no whole number: {sequence!r}")
    return Step(
        sequence=sequence,
        name=_text(sent, "name"),
        description=_optional_text(sent, "description"),
        status=_text(sent, "status") or "draft",
        tags=_texts(sent, "tags", where),
        config=_object(sent, "config", where),
        rules=[
            Rule(
                rule_name=_text(rule, "rule_name"),
                rule_version=_optional_text(rule, "rule_version"),
                metadata=_object(rule, "metadata", where),
                is_optional=rule.get("is_optional") is True,
            )
            for rule in _list(sent, "rules", where)
        ],
    )


def _text(sent: Mapping[str, Any], key: str) -> str:
    value = sent.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{key} must be a text, is {value!r}")
    return value or ""


def _optional_text(sent: Mapping[str, Any], key: str) -> str | None:
    return None if sent.get(key) is None else _text(sent, key)


def _list(sent: Mapping[str, Any], key: str, where: str) -> list[Any]:
    value = sent.get(key)
    if value is not None and not isinstance(value, list):
        raise ValueError(f"{where}: {key} must be a list")
    return value or []


def _texts(sent: Mapping[str, Any], key: str, where: str) -> list[str]:
    values = _list(sent, key, where)
    if not all(isinstance(value, str) for value in values):
        raise ValueError(f"{where}: {key} must be a list of texts")
    return values


def _object(sent: Mapping[str, Any], key: str, where: str) -> dict[str, object]:
    value = sent.get(key)
    if value is not None and not isinstance(value, dict):
        raise ValueError(f"{where}: {key} must be an object")
    return value or {}


def _read_csv(text: str) -> list[GroupText]:
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="")
    missing = {"group_name", "step_name"} - set(reader.fieldnames or ())
    if missing:
        raise ValueError(f"it lacks the columns {', '.join(sorted(missing))}; the first line names them")
    groups: dict[str, dict[str, Any]] = {}
    for row in reader:
        cells = {name: _uncell(value) for name, value in row.items() if isinstance(value, str)}
        where = f"Line {reader.line_num}"
        key = cells.get("group_slug") or cells.get("group_name", "")
        group = groups.setdefault(
            key,
            {
                "where": where,
                "slug": cells.get("group_slug", ""),
                "name": cells.get("group_name", ""),
                "description": _from_null(cells.get("group_description", "")),
                "tags": _json_cell(cells, "group_tags", where),
                "status": cells.get("group_status", ""),
                "steps": [],
            },
        )
        _add_row(group["steps"], cells, where)
    return [_group_in(group.pop("where"), group) for group in groups.values()]


def _add_row(steps: list[dict[str, Any]], cells: Mapping[str, str], where: str) -> None:
    name, sequence = cells.get("step_name", ""), cells.get("step_sequence", "").strip()
    if not name and not sequence:
        return
    if sequence and not sequence.isdecimal():
        raise ValueError(f"{where}: step_sequence must be a whole number, is {sequence!r}")
    number = int(sequence) if sequence else 0
    if not steps or (steps[-1]["sequence"], steps[-1]["name"]) != (number, name):
        steps.append(
            {
                "sequence": number,
                "name": name,
                "description": _from_null(cells.get("step_description", "")),
                "status": cells.get("step_status", ""),
                "tags": _json_cell(cells, "step_tags", where),
                "config": _json_cell(cells, "step_config", where),
                "rules": [],
            }
        )
    if cells.get("rule_name"):
        steps[-1]["rules"].append(
            {
                "rule_name": cells["rule_name"],
                "rule_version": _from_null(cells.get("rule_version", "")),
                "metadata": _json_cell(cells, "rule_metadata", where),
                "is_optional": cells.get("rule_is_optional", "").strip().lower() in ("true", "1", "y", "yes"),
            }
        )


def _from_null(cell: str) -> str | None:
    return None if cell == "" else "" if cell == '""' else cell


def _json_cell(cells: Mapping[str, str], column: str, where: str) -> Any:
    text = cells.get(column, "").strip()
    if not text:
        return None
    if text[0] not in "[{":  # typed by hand: labels with semicolons between them
        return [part.strip() for part in text.split(";")]
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"{where}: {column} is not JSON ({error})") from None
