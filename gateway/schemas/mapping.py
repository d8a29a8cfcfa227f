"""Bodies of `/api/mapping` and `/api/blueprint`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from gateway.schemas.wire import AnswerModel, NoticeModel, RequestModel

Revision = Annotated[int, Field(ge=0, lt=2**31)]


class ProfileModel(AnswerModel):
    """A mapping profile."""

    name: str
    description: str | None = None
    description_ko: str | None = None
    active: bool
    revision: int
    created_at: datetime | None = None
    updated_at: datetime | None = None
    author: str | None = None
    valid: bool
    problems: list[str] = []
    problem_notices: list[NoticeModel | None] = []
    built_in: bool = False
    profile: dict[str, Any] | None = None


class ProfileListResponse(AnswerModel):
    """Profiles by name, the built-in one first."""

    items: list[ProfileModel]


class ProfileSaveRequest(RequestModel):
    """A profile to store."""

    profile: dict[str, Any]
    expected_revision: Revision = 0
    comment: str = ""


class ProfileSuggestRequest(RequestModel):
    """A source to draft an input profile of, and what was answered to the questions of an earlier draft (topic -> what was chosen)."""

    path: Annotated[str, Field(max_length=4096)] = ""
    name: Annotated[str, Field(max_length=100)] = ""
    answers: Annotated[dict[str, Annotated[str, Field(max_length=1000)]], Field(max_length=20)] = {}


class SuggestedRole(AnswerModel):
    """A role of the operations and its column; `unit` is "" where nothing states it."""

    role: str
    column: str
    unit: str
    unit_column: str
    examples: list[str]


class SuggestedFeature(AnswerModel):
    """A column of the items and what it is taken for."""

    column: str
    name: str
    kind: str
    unit: str
    unit_column: str
    display: str
    level: int
    examples: list[str]


class SuggestedLeftOut(AnswerModel):
    """A column of the items that is left out, and why."""

    column: str
    reason: str
    detail: str


class SuggestionQuestion(AnswerModel):
    """What the data do not decide, what the draft takes meanwhile, and what else it could be."""

    topic: str
    table: str
    taken: str
    candidates: list[str]


class PreviewedItem(AnswerModel):
    """An item as it would be read, with its operations; times in minutes."""

    code: str
    features: dict[str, str | None]
    operations: list[dict[str, str | None]]


class ProfileSuggestResponse(AnswerModel):
    """The draft of an input profile, what it takes for what, what is to be asked, and some items as they would be read."""

    profile: dict[str, Any]
    items_table: str
    operations_table: str
    results_table: str
    items_by_query: bool
    operations_by_query: bool
    roles: list[SuggestedRole]
    features: list[SuggestedFeature]
    left_out: list[SuggestedLeftOut]
    questions: list[SuggestionQuestion]
    columns: list[str]
    tables: list[str]
    unread: dict[str, str]
    items: list[PreviewedItem]
    rows: int
    findings: list[str]
    finding_notices: list[NoticeModel | None] = []
    problem: str
    problem_notice: NoticeModel | None = None
    unread_notices: dict[str, NoticeModel | None] = {}


class ProfileCheckRequest(RequestModel):
    """An input profile to check against a source; without a profile the stored one of that name."""

    profile: dict[str, Any] | None = None
    name: str = ""
    path: str = ""
    rows: Annotated[int, Field(ge=0, le=10_000_000)] = 0


class ProfileCheckResponse(AnswerModel):
    """What the check found."""

    ok: bool
    problems: list[str]
    problem_notices: list[NoticeModel | None] = []
    columns: list[dict[str, Any]]
    tables: list[dict[str, Any]]


class ProfilePreviewRequest(RequestModel):
    """An output profile to try on rows, or on the prediction of items."""

    profile: dict[str, Any] | None = None
    name: str = ""
    rows: list[dict[str, str | float | None]] | None = None
    item_codes: Annotated[list[str], Field(max_length=50)] | None = None
    max_findings: Annotated[int, Field(ge=0, le=10_000)] = 0


class ProfilePreviewResponse(AnswerModel):
    """The rows as the profile writes them, and what breaks its checks."""

    columns: list[str]
    rows: list[dict[str, str | None]]
    findings: list[dict[str, Any]]
    total_findings: int
    valid: bool
    problems: list[str]
    problem_notices: list[NoticeModel | None] = []


class ProfileActivationResponse(AnswerModel):
    """What the activation means."""

    profile: ProfileModel
    refresh_needed: str | None = None
    training_needed: str | None = None
    changed_columns: list[str]
    confirmed_by: list[str]
    unconfirmed: list[str]


class ProfileEffectsRequest(RequestModel):
    """An input profile that is being edited."""

    profile: dict[str, Any]


class ProfileEffectsResponse(AnswerModel):
    """What its activation would mean: whether the source must be read again and a version trained, and what keeps it from it."""

    refresh: bool
    training: bool
    changed_columns: list[str]
    problems: list[str]
    problem_notices: list[NoticeModel | None] = []


class ProfileRevisionListResponse(AnswerModel):
    """Revisions of a profile, newest first."""

    items: list[dict[str, Any]]


class ProfileRevertRequest(RequestModel):
    """A revision to make the newest again."""

    revision: Annotated[int, Field(ge=1, lt=2**31)]


class ProfileImportRequest(RequestModel):
    """A text with profiles, as exported."""

    content: str | dict[str, Any]


class ProfileImportResponse(AnswerModel):
    """What was imported."""

    created: list[str]
    updated: list[str]
    unchanged: list[str]


class GraphCheckRequest(RequestModel):
    """A graph to check."""

    nodes: list[dict[str, Any]] = []
    edges: list[dict[str, Any]] = []


class GraphCheckResponse(AnswerModel):
    """What the graph means."""

    ok: bool
    problems: list[dict[str, Any]]
    pipeline: dict[str, Any] | None = None
    wrapper_source: str | None = None


class NodeTypesResponse(AnswerModel):
    """The node library."""

    types: list[dict[str, Any]]
    default_graph: dict[str, Any]


class WrapperResponse(AnswerModel):
    """The generated wrapper of a revision."""

    revision: int
    path: str
    source: str
    revisions: list[int]
