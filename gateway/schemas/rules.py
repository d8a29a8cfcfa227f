"""Bodies of `/api/rules/validate`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from gateway.schemas.operations import OperationStep
from gateway.schemas.wire import AnswerModel, NoticeModel, RequestModel


class RuleValidationRequest(RequestModel):
    """Operations to check."""

    item_code: str
    operations: list[OperationStep] = []
    rule_ids: list[str] | None = None
    context: dict[str, Any] | None = None


class RuleViolation(AnswerModel):
    """A rule that the operations break."""

    rule_id: str
    message: str
    severity: Literal["info", "warning", "error"] = "error"
    notice: NoticeModel | None = None


class RuleValidationResponse(AnswerModel):
    """What the check found; `passed` is false only for an error."""

    item_code: str
    passed: bool
    violations: list[RuleViolation] = []
    evaluated_rules: Annotated[int, Field(ge=0)] = 0
