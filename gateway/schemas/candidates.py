"""Bodies of `/api/candidates/save`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gateway.schemas.wire import AnswerModel, NoticeModel, RequestModel


class CandidateSaveRequest(RequestModel):
    """A candidate to keep."""

    item_code: str
    candidate_id: str
    payload: dict[str, Any]


class CandidateSaveResponse(AnswerModel):
    """Where it was kept, and the SQL that would insert it."""

    item_code: str
    candidate_id: str
    saved_path: str
    saved_at: datetime
    sql_preview: list[str] = []
    warnings: list[str] = []
    warning_notices: list[NoticeModel | None] = []
