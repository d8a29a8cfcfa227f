"""Bodies of `/api/trainer`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from gateway.schemas.wire import AnswerModel, ItemCode, NoticeModel, RequestModel


class TrainingRequest(RequestModel):
    """A training to start."""

    version_label: Annotated[str, Field(max_length=64)] | None = None
    projector_metadata: list[str] | None = None
    dry_run: bool = False
    activate: bool = False


class TrainingStatusModel(AnswerModel):
    """How the current or last training goes."""

    job_id: str | None = None
    status: str
    started_at: str | None = None
    finished_at: str | None = None
    progress: int
    message: str | None = None
    version_path: str | None = None
    metrics: dict[str, Any] | None = None
    latest_version: dict[str, Any] | None = None
    stage: str | None = None
    remaining_seconds: float | None = None
    requested_by: str | None = None
    message_notice: NoticeModel | None = None


class ModelVersionModel(AnswerModel):
    """A model version."""

    version_name: str
    artifact_dir: str
    manifest_path: str
    status: str
    active_flag: bool
    requested_by: str | None = None
    created_at: str
    trained_at: str | None = None
    activated_at: str | None = None
    updated_at: str | None = None


class VersionDetailModel(ModelVersionModel):
    """A model version with its manifest."""

    manifest_sha256: str | None = None
    bytes: int = 0
    manifest: dict[str, Any] | None = None


class ActivationModel(ModelVersionModel):
    """The version that is active now, and which processes serve it."""

    revision: int
    confirmed_by: list[str] = []
    away: list[str] = []


class ReasonRequest(RequestModel):
    """Why something is done, for the history."""

    reason: Annotated[str, Field(max_length=2000)] = ""


class RollbackRequest(ReasonRequest):
    """How many activations to go back, and why."""

    steps: Annotated[int, Field(ge=1, le=1000)] = 1


class AdoptRequest(RequestModel):
    """Artifacts from elsewhere to register."""

    artifact_dir: Annotated[str, Field(min_length=1)]
    version_name: str | None = None


class VerificationModel(AnswerModel):
    """What the check of a version found."""

    ok: bool
    problems: list[str]
    passed: list[str]
    problem_notices: list[NoticeModel | None] = []
    passed_notices: list[NoticeModel | None] = []
    elapsed_ms: float


class ComparisonRequest(RequestModel):
    """Which items a version is compared over: named ones, or a random sample of all."""

    item_codes: Annotated[list[ItemCode], Field(max_length=500)] | None = None
    sample: Annotated[int, Field(ge=1, le=500)] = 50
    seed: Annotated[int, Field(ge=0, le=2**31)] = 1


class ProposalDifferenceModel(AnswerModel):
    """A change of one operation: added, removed, moved or time; places count from 1, times are minutes."""

    kind: str
    process_code: str
    process_name: str | None = None
    occurrence: int
    field: str | None = None
    from_: Annotated[float | None, Field(alias="from")] = None
    to: float | None = None


class ComparedItemModel(AnswerModel):
    """What two versions propose for an item; corrections are operations to change until it is the routing that the item has now."""

    item_code: str
    item_name: str | None = None
    drawing: str | None = None
    operations_before: int
    operations_after: int
    minutes_before: float
    minutes_after: float
    corrections_before: int | None = None
    corrections_after: int | None = None
    changes: list[ProposalDifferenceModel]


class ComparisonModel(AnswerModel):
    """A version beside the active one; before is the active one's proposal, after the version's. The items that change most come first."""

    version_name: str
    active_version: str
    unknown_items: list[str]
    compared: int
    same: int
    added: int
    removed: int
    moved: int
    times: int
    unanswered_before: int
    unanswered_after: int
    minutes_before: float
    minutes_after: float
    with_routing: int
    nearer: int
    farther: int
    items: list[ComparedItemModel]


class HistoryEntryModel(AnswerModel):
    """One thing that was done to a version."""

    at: str
    actor: str
    action: str
    version_name: str
    previous_version: str | None = None
    reason: str | None = None
    requested_by: str | None = None


class HistoryResponse(AnswerModel):
    """The history, newest first."""

    items: list[HistoryEntryModel]
