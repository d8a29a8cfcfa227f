"""Bodies of the ERP interface."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from gateway.schemas.routing_groups import Pagination
from gateway.schemas.wire import AnswerModel, NoticeModel

MessageState = Literal["pending", "sending", "delivered", "failed", "cancelled"]


class ErpMessageModel(AnswerModel):
    """Something that is handed to the ERP, and how far it is."""

    message_id: str = Field(description="Also the value of the header Idempotency-Key of every attempt")
    kind: Literal["routing_group", "prediction"]
    subject_id: str
    subject_name: str
    format: Literal["csv", "json", "xml"]
    channel: Literal["http", "file"]
    state: MessageState
    attempts: int
    next_attempt_at: datetime | None = None
    last_error: str
    last_error_notice: NoticeModel | None = None
    last_status: int | None = None
    bytes: int
    sha256: str
    created_by: str
    created_at: datetime
    delivered_at: datetime | None = None
    target: str = Field(description="Where it went, without anything secret")


class ErpMessagesModel(AnswerModel):
    """A page of messages, newest first."""

    items: list[ErpMessageModel]
    pagination: Pagination


class ErpStatusModel(AnswerModel):
    """Whether the interface is on, where it leads and how the queue stands."""

    enabled: bool
    ready: bool
    protocol: str
    target: str
    problem: str
    problem_notice: NoticeModel | None = None
    counts: dict[str, int]
    oldest_waiting_at: datetime | None = None
    last_error: str
    last_error_notice: NoticeModel | None = None
