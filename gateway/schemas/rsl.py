"""Bodies of `/api/rsl/groups`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from gateway.schemas.wire import AnswerModel, RequestModel

GroupStatus = Literal["draft", "ready", "pending_review", "released", "archived"]
StepStatus = Literal["draft", "ready", "released"]
Name = Annotated[str, Field(min_length=1)]
Slug = Annotated[str, Field(min_length=1, max_length=64)]
Sequence = Annotated[int, Field(ge=1)]


class RslRuleRefCreate(RequestModel):
    """A rule reference to add."""

    rule_name: Name
    rule_version: Annotated[str, Field(max_length=64)] | None = None
    metadata: dict[str, Any] | None = None
    is_optional: bool = False


class RslRuleRefModel(AnswerModel):
    """A rule reference."""

    id: int
    rule_name: str
    rule_version: str | None = None
    metadata: dict[str, Any] = {}
    is_optional: bool = False
    created_at: datetime


class RslStepCreate(RequestModel):
    """A step to add."""

    sequence: Sequence | None = None
    name: Name
    description: str | None = None
    status: StepStatus | None = None
    tags: list[str] | None = None
    config: dict[str, Any] | None = None
    rules: list[RslRuleRefCreate] | None = None


class RslStepUpdate(RequestModel):
    """A change of a step; what is not named stays."""

    sequence: Sequence | None = None
    name: Name | None = None
    description: str | None = None
    status: StepStatus | None = None
    tags: list[str] | None = None
    config: dict[str, Any] | None = None


class RslStepModel(AnswerModel):
    """A step."""

    id: int
    sequence: int
    name: str
    description: str | None = None
    status: StepStatus
    tags: list[str] = []
    config: dict[str, Any] = {}
    created_at: datetime
    updated_at: datetime
    rules: list[RslRuleRefModel] = []


class RslGroupCreate(RequestModel):
    """A group to create."""

    name: Name
    description: str | None = None
    tags: list[str] | None = None
    slug: Slug | None = None
    shared: bool = Field(False, description="Let everybody change it; otherwise its owner and administrators only")


class RslGroupUpdate(RequestModel):
    """A change of a group; what is not named stays."""

    name: Name | None = None
    description: str | None = None
    tags: list[str] | None = None
    slug: Slug | None = None
    shared: bool | None = Field(None, description="Set by its owner and administrators")


class RslGroupModel(AnswerModel):
    """A group with its steps."""

    id: int
    slug: str
    name: str
    description: str | None = None
    owner: str
    shared: bool = Field(
        False, exclude_if=lambda shared: not shared, description="Only there where everybody may change it"
    )
    tags: list[str] = []
    status: GroupStatus
    validation_errors: list[str] = []
    last_validated_at: datetime | None = None
    released_at: datetime | None = None
    released_by: str | None = None
    created_at: datetime
    updated_at: datetime
    steps: list[RslStepModel] = []


class RslGroupListResponse(AnswerModel):
    """A page of groups, newest first."""

    total: int
    page: int
    page_size: int
    items: list[RslGroupModel]


class RslValidationResponse(AnswerModel):
    """What the validation of a group found."""

    group_id: int
    is_valid: bool
    errors: list[str]
    validated_at: datetime


class RslImportRequest(RequestModel):
    """A text with groups."""

    format: Literal["json", "csv"]
    payload: str


class RslImportResult(AnswerModel):
    """What became of the groups in the text."""

    created: int = 0
    updated: int = 0
    skipped: int = 0
    errors: list[str] = []
