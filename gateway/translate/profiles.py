"""Mapping profiles to the bodies of `/api/mapping` and back."""

from __future__ import annotations

from typing import Any

from gateway.answers import iso_time, iso_time_or_now
from gateway.bodies import document_value
from gateway.translate.notices import all_said, said, said_in
from gateway.translate.rows import rows_of
from protos.documents.v1 import documents_pb2 as pb


def profile(one: pb.Profile, *, with_content: bool = True) -> dict[str, Any]:
    """A profile."""
    return {
        "name": one.name,
        "description": one.description or None,
        "description_ko": one.description_ko or None,
        "active": one.active,
        "revision": one.revision,
        "created_at": iso_time(one.created_at),
        "updated_at": iso_time(one.updated_at),
        "author": one.author or None,
        "valid": one.valid,
        "problems": list(one.problems),
        "problem_notices": all_said(one.problem_notices),
        "built_in": one.built_in,
        "profile": document_value(one.profile_json) if with_content else None,
    }


def activation(response: pb.ActivateProfileResponse) -> dict[str, Any]:
    """What an activation means."""
    return {
        "profile": profile(response.profile),
        "refresh_needed": response.refresh_needed or None,
        "training_needed": response.training_needed or None,
        "changed_columns": list(response.changed_columns),
        "confirmed_by": list(response.confirmed_by),
        "unconfirmed": list(response.unconfirmed),
    }


def revision(one: pb.ProfileRevision) -> dict[str, Any]:
    """A revision of a profile."""
    return {
        "revision": one.revision,
        "at": iso_time_or_now(one.at),
        "author": one.author,
        "comment": one.comment or None,
        "profile": document_value(one.profile_json),
    }


def checked(found: pb.CheckInputProfileResponse) -> dict[str, Any]:
    """What the check of an input profile found."""
    return {
        "ok": found.ok,
        "problems": list(found.problems),
        "problem_notices": all_said(found.problem_notices),
        "columns": [_checked_column(row) for row in rows_of(found.columns)],
        "tables": rows_of(found.tables),
    }


def _checked_column(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "found": bool(row.get("found")),
        "required": bool(row.get("required")),
        "examples": document_value(str(row.get("examples") or "[]")),
        "notice": said_in(row.get("notice")),
    }


def preview(found: pb.PreviewOutputProfileResponse) -> dict[str, Any]:
    """The rows as an output profile writes them."""
    return {
        "columns": [column.name for column in found.table.columns],
        "rows": rows_of(found.table),
        "findings": [
            {
                "row": one.row,
                "column": one.column,
                "check": one.check,
                "value": one.value,
                "message": one.message,
                "notice": said(one.notice),
            }
            for one in found.findings
        ],
        "total_findings": found.total_findings,
        "valid": found.valid,
        "problems": list(found.problems),
        "problem_notices": all_said(found.problem_notices),
    }
