"""What sentences for people say, beside their texts: a code and values, for screens that say them in other languages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from common.notices import to_record
from gateway.bodies import document_value
from protos.common.v1 import notice_pb2 as pb


def said(message: pb.Notice) -> dict[str, Any] | None:
    """The code and values of one sentence; None where it has none."""
    return {"code": message.code, "parameters": dict(message.parameters)} if message.code else None


def all_said(messages: Iterable[pb.Notice]) -> list[dict[str, Any] | None]:
    """Those of sentences, parallel to them."""
    return [said(message) for message in messages]


def said_of(text: str) -> dict[str, Any] | None:
    """Those of a text of this process."""
    return to_record(text)


def said_in(text: object) -> dict[str, Any] | None:
    """Those in a column of texts (`common.notices.notice_json`)."""
    found = document_value(str(text)) if text else None
    return found if isinstance(found, dict) else None
