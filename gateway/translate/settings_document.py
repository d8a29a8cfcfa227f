"""The settings document as HTTP shows it, its revisions, and the ETag that stands for a revision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.errors import InvalidInput
from common.whole_numbers import whole_number
from gateway.answers import iso_time_or_now
from gateway.bodies import document_value
from gateway.translate.visualization import web_address
from plant.settings import PlantSettings
from protos.settings.v1 import settings_pb2 as pb

OLDER_SECTIONS = ("graph", "trainer", "predictor", "sql", "data_source", "export", "visualization")
"""The sections that older clients know."""

NEWER_SECTIONS = tuple(name for name in PlantSettings.model_fields if name not in OLDER_SECTIONS)

_DEFAULTS = PlantSettings().to_dict()


def older_view(document: pb.SettingsDocument) -> dict[str, Any]:
    """The document for older clients: the sections they know, and a newer section only once it has been changed."""
    sections = _sections(document)
    shown = {name: sections[name] for name in OLDER_SECTIONS}
    changed = {name: sections[name] for name in NEWER_SECTIONS if sections[name] != _DEFAULTS[name]}
    return {**shown, "updated_at": iso_time_or_now(document.updated_at), **changed}


def whole_view(document: pb.SettingsDocument, saved: pb.PatchSettingsResponse | None = None) -> dict[str, Any]:
    """The whole document with its revision and, after a change, who has confirmed it."""
    return {
        **_sections(document),
        "updated_at": iso_time_or_now(document.updated_at),
        "revision": document.revision,
        "author": document.author or None,
        "confirmed_by": list(saved.confirmed_by) if saved else [],
        "unconfirmed": list(saved.unconfirmed) if saved else [],
    }


def _sections(document: pb.SettingsDocument) -> dict[str, Any]:
    stored: Mapping[str, Any] = document_value(document.document_json) or {}
    sections = {name: stored.get(name, _DEFAULTS[name]) for name in (*OLDER_SECTIONS, *NEWER_SECTIONS)}
    shown = sections["visualization"]
    sections["visualization"] = {**shown, "neo4j_browser_url": web_address(shown.get("neo4j_browser_url"))}
    return sections


def etag(document: pb.SettingsDocument) -> dict[str, str]:
    """Header ETag: the revision."""
    return {"etag": f'"{document.revision}"'}


def conflict(details: Mapping[str, str], document: pb.SettingsDocument, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Both versions of a document that two people edited.

    Args:
        details: of the conflict: the revisions, and the changes of both since the one they started from.
        document: the newest.
        sent: what the second editor wanted.
    """
    return {
        "conflict": {
            "based_on": int(details.get("expected_revision", 0)),
            "theirs": {**whole_view(document), "changes": document_value(details.get("theirs", "")) or []},
            "yours": {"sent": dict(sent), "changes": document_value(details.get("yours", "")) or []},
        }
    }


def expected_revision(if_match: str | None) -> int:
    """The revision that the header If-Match asks for; 0 when any will do.

    Raises:
        InvalidInput: the header holds no revision.
    """
    text = (if_match or "").strip().removeprefix("W/").strip('"')
    if text in ("", "*"):
        return 0
    wanted = whole_number(text, 2**63 - 1)
    if not wanted:
        raise InvalidInput('If-Match must be the ETag of a settings answer, such as "12"')
    return wanted


def revision(one: pb.Revision) -> dict[str, Any]:
    """A revision with what it changed."""
    return {
        "revision": one.revision,
        "at": iso_time_or_now(one.at),
        "author": one.author,
        "comment": one.comment or None,
        "changes": document_value(one.difference_json) or [],
    }
