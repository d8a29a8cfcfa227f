"""Bodies of `/api/master-data`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from gateway.schemas.operations import OperationStep
from gateway.schemas.wire import AnswerModel, ItemCode, NoticeModel, RequestModel


class MasterDataTreeNode(AnswerModel):
    """A group, a family of it, or an item."""

    id: str
    label: str
    type: Literal["group", "family", "item"]
    children: list[MasterDataTreeNode] = []
    meta: dict[str, str] | None = None


class MasterDataTreeResponse(AnswerModel):
    """The hierarchy group > family > item."""

    nodes: list[MasterDataTreeNode]
    total_items: int
    filtered_items: int
    default_item_code: str | None = None


class MasterDataMatrixColumn(AnswerModel):
    """A column of the matrix."""

    key: str
    label: str
    width: str | None = None


class MasterDataMatrixRow(AnswerModel):
    """A row of the matrix."""

    key: str
    values: dict[str, str]


class MasterDataItemResponse(AnswerModel):
    """Every column of an item."""

    item_code: str
    columns: list[MasterDataMatrixColumn]
    rows: list[MasterDataMatrixRow]
    record_count: int


class MasterDataLogEntry(AnswerModel):
    """Something that was done with the master data."""

    timestamp: str
    ip: str
    user: str
    action: str
    target: str


class MasterDataConnectionStatus(AnswerModel):
    """Whether the Access file that the settings name is the one that is read."""

    status: Literal["connected", "disconnected"]
    path: str
    last_sync: str | None = None


class MasterDataLogsResponse(AnswerModel):
    """The log, newest first, and the connection."""

    logs: list[MasterDataLogEntry]
    connection: MasterDataConnectionStatus


class ItemSearchResponse(AnswerModel):
    """A page of items that match."""

    items: list[dict[str, Any]]
    total_items: int
    filtered_items: int


class HierarchyResponse(AnswerModel):
    """Groups and families with the number of their items."""

    groups: list[dict[str, Any]]
    total_items: int
    filtered_items: int


class ItemLookupRequest(RequestModel):
    """Codes to look up."""

    item_codes: Annotated[list[ItemCode], Field(min_length=1, max_length=2000)]


class LookedUpItem(AnswerModel):
    """What an item is; null where the master does not say."""

    asked: str
    item_code: str
    item_name: str | None = None
    drawing: str | None = None
    revision: str | None = None
    spec: str | None = None
    material: str | None = None


class ItemLookupResponse(AnswerModel):
    """Items that the master has, in the order asked, and codes that it has not."""

    items: list[LookedUpItem]
    unknown: list[str]


class OperationMachine(AnswerModel):
    """A machine that an operation is done on, and in how many current routings."""

    code: str | None = None
    name: str | None = None
    uses: int


class PlantOperation(AnswerModel):
    """An operation as a routing has it, with the usual times."""

    step: OperationStep
    uses: int
    machines: list[OperationMachine]


class PlantOperationsResponse(AnswerModel):
    """The operations of the plant, the most frequent first."""

    operations: list[PlantOperation]
    snapshot_tag: str


class SnapshotModel(AnswerModel):
    """The snapshot of the source that serves. `readings` tells how much of each table was read
    from the source, `reading` what is being read now, `reading_share` (0 to 1) how much of all."""

    tag: str | None = None
    source: str
    read_at: str | None = None
    age_seconds: float
    items: int
    routing_rows: int
    work_result_rows: int
    items_with_routing: int
    bytes: int
    last_error: str | None = None
    last_attempt_at: str | None = None
    findings: list[str] = []
    readings: list[str] = []
    finding_notices: list[NoticeModel | None] = []
    reading: str | None = None
    reading_share: float | None = None


class RefreshRequest(RequestModel):
    """A new reading of the source."""

    force: bool = False


class RefreshResponse(AnswerModel):
    """The new snapshot and what changed."""

    snapshot: SnapshotModel
    changes: dict[str, Any]
