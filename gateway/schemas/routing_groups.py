"""Bodies of `/api/routing/groups`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from gateway.schemas.wire import AnswerModel, ItemCode, NotNegative, RequestModel

Name = Annotated[str, Field(min_length=1)]
MOST_ROWS = 2**31


class RoutingGroupStepModel(RequestModel):
    """One operation of a saved routing."""

    seq: Annotated[int, Field(ge=1, lt=MOST_ROWS)]
    process_code: Name
    duration_min: NotNegative | None = None
    routing_set_code: str | None = None
    variant_code: str | None = None
    primary_routing_code: str | None = None
    secondary_routing_code: str | None = None
    branch_code: str | None = None
    branch_label: str | None = None
    branch_path: str | None = None
    sql_values: Any = None
    metadata: dict[str, Any] | None = None


class RoutingGroupConnectionModel(RequestModel):
    """A line between two nodes."""

    id: Name
    source_node_id: Name
    target_node_id: Name
    created_at: str | None = None
    created_by: Literal["manual"] = "manual"


class RoutingProposalModel(RequestModel):
    """A routing that a prediction proposed, as it was answered."""

    item_code: ItemCode
    candidate_id: str = ""
    model_version: str = ""
    strategy: str = ""
    operations: Annotated[
        list[dict[str, Any]],
        Field(min_length=1, max_length=1_000, description="Operations in order, as the prediction answered them"),
    ]


class RoutingGroupRequest(RequestModel):
    """A planner's routing to save."""

    group_name: str
    item_codes: Annotated[list[str], Field(min_length=1)]
    steps: list[RoutingGroupStepModel] = []
    connections: list[RoutingGroupConnectionModel] = []
    erp_required: bool = False
    metadata: dict[str, Any] | None = None
    proposals: list[RoutingProposalModel] = Field(
        [], description="Proposals that the steps were made from; what was changed in them is recorded"
    )


class RoutingGroupUpdateRequest(RoutingGroupRequest):
    """A planner's routing to save over the version that was read."""

    version: Annotated[int, Field(ge=1, lt=MOST_ROWS)]


class ProposalOutcome(AnswerModel):
    """What became of a proposal; counts of changes."""

    item_code: str
    outcome: Literal["accepted", "changed"]
    added: int
    removed: int
    moved: int
    times_edited: int


class RoutingGroupSaved(AnswerModel):
    """A routing that was saved."""

    group_id: str
    group_name: str
    owner: str
    version: int
    updated_at: datetime
    proposals: list[ProposalOutcome] | None = Field(None, description="Of the proposals that were sent with it")


class RoutingGroupDetail(RoutingGroupSaved):
    """A saved routing."""

    item_codes: list[str]
    steps: list[RoutingGroupStepModel]
    connections: list[RoutingGroupConnectionModel]
    erp_required: bool
    metadata: dict[str, Any] | None = None
    created_at: datetime


class RoutingGroupSummaryModel(AnswerModel):
    """A saved routing in a list."""

    group_id: str
    group_name: str
    item_codes: list[str]
    step_count: int
    version: int
    updated_at: datetime


class Pagination(AnswerModel):
    """Which part of a list this is."""

    limit: int
    offset: int
    total: int


class RoutingGroupListResponse(AnswerModel):
    """A page of saved routings, last changed first."""

    items: list[RoutingGroupSummaryModel]
    pagination: Pagination


class RoutingSnapshotModel(RequestModel):
    """The state of a planner's screen."""

    id: Name
    created_at: str | None = None
    reason: str | None = None
    version: Annotated[int, Field(ge=0, lt=MOST_ROWS)] | None = None
    state: dict[str, Any] | None = None


class RoutingAuditModel(RequestModel):
    """One thing a planner did on the screen."""

    id: Name
    action: Name
    level: str | None = None
    message: str | None = None
    context: dict[str, Any] | None = None
    created_at: str | None = None


class RoutingSnapshotsRequest(RequestModel):
    """What a planner's screen collected."""

    snapshots: list[RoutingSnapshotModel] = []
    audits: list[RoutingAuditModel] = []
    source: str | None = None


class RoutingGroupStateModel(AnswerModel):
    """How a group stands against a snapshot."""

    group_id: str
    version: int
    dirty: bool
    updated_at: datetime
    snapshot_id: str


class RoutingSnapshotsResponse(AnswerModel):
    """What was kept."""

    accepted_snapshot_ids: list[str]
    accepted_audit_ids: list[str]
    updated_groups: list[RoutingGroupStateModel]
