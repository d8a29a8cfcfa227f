"""The candidate store: each saved candidate is a JSON file of its own, written whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

from auth_service.planning import candidate_sql
from auth_service.store.document_fields import MAX_DOCUMENT_BYTES, Violations, has_control_characters, json_object
from common.errors import InvalidInput, Unavailable
from common.file_names import is_reserved
from common.files import write_bytes
from common.notices import Notice
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.schema import PlantSchema

FOLDER = "candidates"
MAX_OPERATIONS = 1_000
NOT_IN_NAMES = re.compile(r'[/\\:*?"<>|]')


@dataclass(frozen=True)
class Saved:
    """Where a candidate was saved, when (seconds since 1970 UTC), its SQL and what is odd about it."""

    item_code: str
    candidate_id: str
    path: Path
    saved_at: float
    sql_preview: list[str]
    warnings: list[Notice]


def check_id(found: Violations, field: str, value: str) -> str:
    """An id as part of a file name on every system, without the blanks around it; notes what is wrong with it."""
    value = value.strip(" \u3000")
    if not value:
        found.add(field, "must not be empty")
    elif value != value.strip():
        found.add(field, "must not have other white space than blanks around it")
    elif has_control_characters(value) or "\n" in value or "\r" in value or "\t" in value:
        found.add(field, "must not hold control characters")
    elif NOT_IN_NAMES.search(value) or ".." in value or value.startswith(".") or value.endswith("."):
        found.add(field, 'must not hold characters of a path (/ \\ : * ? " < > | and dots at its ends)')
    elif is_reserved(value):
        found.add(field, "is a name that Windows keeps for a device")
    elif len(value.encode("utf-8")) > 180:
        found.add(field, "must have 180 bytes or fewer")
    return value


def save(
    state_dir: Path,
    item_code: str,
    candidate_id: str,
    payload_json: str,
    saved_by: str,
    now: float,
    schema: PlantSchema = MECHANICAL_SEALS,
) -> Saved:
    """Write a candidate into the store.

    The file is `<state>/candidates/<candidate id>.<UTC time>.json`; saving again keeps the earlier file.

    Args:
        item_code, candidate_id: stored as they are: the plant has codes that begin with a blank.
        payload_json: a JSON object with `operations`, and the fields of the candidate itself where known.
        schema: the plant's.

    Raises:
        InvalidInput: an id or the payload is wrong; names the fields. Unavailable: the file cannot be written.
    """
    found = Violations()
    check_id(found, "item_code", item_code)
    file_name = check_id(found, "candidate_id", candidate_id)
    payload = json_object(found, "payload", payload_json, at_most=4 * MAX_DOCUMENT_BYTES)
    found.check("The candidate cannot be saved")
    operations = payload.get("operations")
    if not isinstance(operations, list) or not operations:
        raise InvalidInput(
            "The payload holds no operations: send them as a list under `operations`, each with its PROC_SEQ"
        )
    if len(operations) > MAX_OPERATIONS:
        found.add("payload.operations", f"must be {MAX_OPERATIONS} or fewer, are {len(operations)}")
        operations = []
    header = candidate_sql.checked_header(found, payload)
    rows = candidate_sql.checked_operations(found, operations, schema)
    found.check("The candidate cannot be saved")
    moment = datetime.fromtimestamp(now, UTC)
    generated_at = _generated_at(payload) or moment.replace(tzinfo=None).isoformat(timespec="microseconds")
    sql = candidate_sql.preview(item_code, candidate_id, header, rows, generated_at, schema)
    path = state_dir / FOLDER / f"{file_name}.{moment:%Y%m%dT%H%M%S%f}.json"
    document = {
        "item_code": item_code,
        "candidate_id": candidate_id,
        "saved_at": moment.isoformat(),
        "saved_by": saved_by,
        "payload": payload,
        "sql_preview": sql,
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, orjson.dumps(document, option=orjson.OPT_INDENT_2))
    except OSError as error:
        raise Unavailable(
            f"The candidate store {path.parent} cannot be written ({error.strerror or error}): free disk space or grant the "
            "service account write access; nothing was saved"
        ) from error
    return Saved(item_code, candidate_id, path, now, sql, candidate_sql.warnings(header, rows, schema))


def _generated_at(payload: Mapping[str, object]) -> str:
    """The time the payload itself names, as ISO text; "" when it names none."""
    value = payload.get("generated_at")
    if not isinstance(value, str):
        return ""
    try:
        return datetime.fromisoformat(value).isoformat()
    except ValueError:
        return ""
