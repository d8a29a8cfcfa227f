"""From the message of a drafted profile to its JSON."""

from __future__ import annotations

from typing import Any

from gateway.bodies import document_value
from gateway.translate.notices import all_said, said, said_in
from gateway.translate.rows import rows_of
from protos.aggregate.v1 import aggregate_pb2 as pb


def suggested(found: pb.SuggestProfileResponse) -> dict[str, Any]:
    """The JSON of a draft, its questions and its preview."""
    return {
        "profile": document_value(found.profile_json),
        "items_table": found.items_table,
        "operations_table": found.operations_table,
        "results_table": found.results_table,
        "items_by_query": found.items_by_query,
        "operations_by_query": found.operations_by_query,
        "roles": [_with_examples(row) for row in rows_of(found.roles)],
        "features": [{**_with_examples(row), "level": int(str(row["level"]))} for row in rows_of(found.features)],
        "left_out": list(rows_of(found.left_out)),
        "questions": [
            {"topic": one.topic, "table": one.table, "taken": one.taken, "candidates": list(one.candidates)}
            for one in found.questions
        ],
        "columns": list(found.columns),
        "tables": list(found.tables),
        "unread": {str(row["table"]): row["reason"] for row in rows_of(found.unread)},
        "unread_notices": {str(row["table"]): said_in(row.get("notice")) for row in rows_of(found.unread)},
        "items": [_item(item) for item in found.items],
        "rows": found.rows,
        "findings": list(found.findings),
        "finding_notices": all_said(found.finding_notices),
        "problem": found.problem,
        "problem_notice": said(found.problem_notice),
    }


def _with_examples(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "examples": document_value(str(row["examples"]))}


def _item(item: pb.PreviewedItem) -> dict[str, Any]:
    return {
        "code": item.code,
        "features": {str(row["name"]): row["value"] for row in rows_of(item.features)},
        "operations": list(rows_of(item.operations)),
    }
