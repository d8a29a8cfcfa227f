"""Bodies of requests and answers; written by routing_ml_client.generation."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class AccessConnectionRequest(TypedDict):
    """An Access file to test."""

    path: str
    table: NotRequired[str | None]


class AccessConnectionResponse(TypedDict):
    """What the test found."""

    ok: bool
    message: str
    path_hash: str
    table_profiles: NotRequired[list[str]]
    elapsed_ms: NotRequired[float | None]
    verified_table: NotRequired[str | None]


class AccessMetadataColumn(TypedDict):
    """A column of a table."""

    name: str
    type: str
    nullable: NotRequired[bool]


class AccessMetadataResponse(TypedDict):
    """The columns of a table."""

    table: str
    columns: list[AccessMetadataColumn]
    path: NotRequired[str | None]
    updated_at: NotRequired[str | None]


class AccessSettings(TypedDict):
    """A change of which folders and database servers may be used: read by the source browser, folders also ..."""

    allowed_folders: NotRequired[list[str] | None]
    allowed_servers: NotRequired[list[str] | None]


class ActivationModel(TypedDict):
    """The version that is active now, and which processes serve it."""

    version_name: str
    artifact_dir: str
    manifest_path: str
    status: str
    active_flag: bool
    requested_by: NotRequired[str | None]
    created_at: str
    trained_at: NotRequired[str | None]
    activated_at: NotRequired[str | None]
    updated_at: NotRequired[str | None]
    revision: int
    confirmed_by: NotRequired[list[str]]
    away: NotRequired[list[str]]


class AdminApproveRequest(TypedDict):
    """An account to approve."""

    username: str
    make_admin: NotRequired[bool]


class AdminRejectRequest(TypedDict):
    """An account to reject."""

    username: str
    reason: NotRequired[str | None]


class AuditEvent(TypedDict):
    """Something that happened in the user interface."""

    action: str
    username: NotRequired[str | None]
    ip_address: NotRequired[str | None]
    payload: NotRequired[dict[str, Any] | None]


class AuthenticatedUser(TypedDict):
    """Who is logged in."""

    username: str
    display_name: NotRequired[str | None]
    status: Literal["pending", "approved", "rejected"]
    is_admin: NotRequired[bool]
    issued_at: str
    expires_at: str
    session_id: NotRequired[str | None]
    client_host: NotRequired[str | None]


class BlueprintToggleModel(TypedDict):
    """A switch of the data panel."""

    id: str
    label: str
    enabled: bool
    description: NotRequired[str | None]
    shade: NotRequired[str | None]
    accent: NotRequired[str | None]


class BlueprintTogglePatch(TypedDict):
    """A change of a switch, named by its id."""

    id: str
    enabled: NotRequired[bool | None]
    description: NotRequired[str | None]


class CandidateRouting(TypedDict):
    """A neighbour whose routing was considered."""

    CANDIDATE_ITEM_CD: str
    SIMILARITY_SCORE: float
    ROUTING_SIGNATURE: NotRequired[str | None]
    ROUTING_SUMMARY: NotRequired[str | None]
    PRIORITY: NotRequired[str | None]
    SIMILARITY_TIER: NotRequired[str | None]
    HAS_ROUTING: NotRequired[str | None]
    PROCESS_COUNT: NotRequired[int | None]
    ITEM_CD: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any]]
    RANK: NotRequired[int | None]


class CandidateSaveRequest(TypedDict):
    """A candidate to keep."""

    item_code: str
    candidate_id: str
    payload: dict[str, Any]


class CandidateSaveResponse(TypedDict):
    """Where it was kept, and the SQL that would insert it."""

    item_code: str
    candidate_id: str
    saved_path: str
    saved_at: str
    sql_preview: NotRequired[list[str]]
    warnings: NotRequired[list[str]]
    warning_notices: NotRequired[list[NoticeModel | None]]


class DataSourceConfigModel(TypedDict):
    """The Access file and its tables."""

    access_path: str
    default_table: str
    backup_paths: NotRequired[list[str]]
    table_profiles: NotRequired[list[DataSourceTableProfileModel]]
    column_overrides: NotRequired[dict[str, list[str]]]
    allow_gui_override: NotRequired[bool]
    shading_palette: NotRequired[dict[str, str]]
    blueprint_switches: NotRequired[list[BlueprintToggleModel]]
    version_hint: NotRequired[str | None]


class DataSourceConfigPatch(TypedDict):
    """A change of the Access file and its tables."""

    access_path: NotRequired[str | None]
    default_table: NotRequired[str | None]
    backup_paths: NotRequired[list[str] | None]
    table_profiles: NotRequired[list[DataSourceTableProfileModel] | None]
    column_overrides: NotRequired[dict[str, list[str]] | None]
    allow_gui_override: NotRequired[bool | None]
    blueprint_switches: NotRequired[list[BlueprintTogglePatch] | None]


class DataSourceTableProfileModel(TypedDict):
    """A table of the source and what it is for."""

    name: str
    label: str
    role: NotRequired[Literal["features", "routing", "results", "aux"]]
    required: NotRequired[bool]
    columns: NotRequired[list[str]]
    description: NotRequired[str | None]


class ErpSettings(TypedDict):
    """A change of how the ERP interface hands messages over."""

    max_attempts: NotRequired[int | None]
    retry_seconds: NotRequired[float | None]
    timeout_seconds: NotRequired[float | None]
    allowed_addresses: NotRequired[list[str] | None]


class ExportConfigModel(TypedDict):
    """Exports and the ERP interface."""

    enable_cache_save: NotRequired[bool]
    enable_excel: NotRequired[bool]
    enable_csv: NotRequired[bool]
    enable_txt: NotRequired[bool]
    enable_parquet: NotRequired[bool]
    enable_json: NotRequired[bool]
    erp_interface_enabled: NotRequired[bool]
    erp_protocol: NotRequired[str | None]
    erp_endpoint: NotRequired[str | None]
    default_encoding: NotRequired[str]
    export_directory: str
    compress_on_save: NotRequired[bool]


class ExportConfigPatch(TypedDict):
    """A change of exports and the ERP interface."""

    enable_cache_save: NotRequired[bool | None]
    enable_excel: NotRequired[bool | None]
    enable_csv: NotRequired[bool | None]
    enable_txt: NotRequired[bool | None]
    enable_parquet: NotRequired[bool | None]
    enable_json: NotRequired[bool | None]
    erp_interface_enabled: NotRequired[bool | None]
    erp_protocol: NotRequired[str | None]
    erp_endpoint: NotRequired[str | None]
    default_encoding: NotRequired[str | None]
    export_directory: NotRequired[str | None]
    compress_on_save: NotRequired[bool | None]


class GroupItem(TypedDict):
    """A neighbour, and at which site it is; empty: the installation's own plant."""

    site: str
    item_code: str
    similarity_score: float


class GroupRecommendation(TypedDict):
    """A group."""

    group_id: str
    score: float
    source: Literal["manifest", "prediction", "inference"]
    metadata: NotRequired[dict[str, Any]]


class GroupRecommendationRequest(TypedDict):
    """An item for which groups are wanted."""

    item_code: str
    candidate_limit: NotRequired[int]
    similarity_threshold: NotRequired[float | None]


class GroupRecommendationResponse(TypedDict):
    """Groups: the manifest's, then the neighbours', then what the routing suggests."""

    item_code: str
    recommendations: NotRequired[list[GroupRecommendation]]
    inspected_candidates: NotRequired[int]
    manifest_revision: NotRequired[str | None]


class GroupSearchRequest(TypedDict):
    """Items of the caller's own site whose neighbours are wanted at all sites of its group."""

    item_codes: list[str]
    sites: NotRequired[list[str] | None]
    top_k: NotRequired[int | None]
    min_similarity: NotRequired[float | None]
    feature_weights: NotRequired[dict[str, float] | None]
    weight_profile: NotRequired[str | None]
    ef_search: NotRequired[int | None]


class GroupSearchResponse(TypedDict):
    """Neighbours, and what became of the search at each site, the caller's own first."""

    results: NotRequired[list[GroupSearchResult]]
    sites: NotRequired[list[SearchedSite]]
    metrics: NotRequired[dict[str, Any]]


class GroupSearchResult(TypedDict):
    """The neighbours of one item over all sites that were searched, best first, without itself."""

    item_code: str
    matches: NotRequired[list[GroupItem]]


class HealthResponse(TypedDict):
    """Whether predictions can be made: status is ok, degraded or down."""

    status: str
    detail: NotRequired[str | None]


class LoginRequest(TypedDict):
    """A log-in."""

    username: str
    password: str


class LoginResponse(TypedDict):
    """The session that has begun."""

    username: str
    display_name: NotRequired[str | None]
    status: Literal["pending", "approved", "rejected"]
    is_admin: NotRequired[bool]
    token: str
    issued_at: str
    expires_at: str


class MasterDataConnectionStatus(TypedDict):
    """Whether the Access file that the settings name is the one that is read."""

    status: Literal["connected", "disconnected"]
    path: str
    last_sync: NotRequired[str | None]


class MasterDataItemResponse(TypedDict):
    """Every column of an item."""

    item_code: str
    columns: list[MasterDataMatrixColumn]
    rows: list[MasterDataMatrixRow]
    record_count: int


class MasterDataLogEntry(TypedDict):
    """Something that was done with the master data."""

    timestamp: str
    ip: str
    user: str
    action: str
    target: str


class MasterDataLogsResponse(TypedDict):
    """The log, newest first, and the connection."""

    logs: list[MasterDataLogEntry]
    connection: MasterDataConnectionStatus


class MasterDataMatrixColumn(TypedDict):
    """A column of the matrix."""

    key: str
    label: str
    width: NotRequired[str | None]


class MasterDataMatrixRow(TypedDict):
    """A row of the matrix."""

    key: str
    values: dict[str, str]


class MasterDataTreeNode(TypedDict):
    """A group, a family of it, or an item."""

    id: str
    label: str
    type: Literal["group", "family", "item"]
    children: NotRequired[list[MasterDataTreeNode]]
    meta: NotRequired[dict[str, str] | None]


class MasterDataTreeResponse(TypedDict):
    """The hierarchy group > family > item."""

    nodes: list[MasterDataTreeNode]
    total_items: int
    filtered_items: int
    default_item_code: NotRequired[str | None]


class ModelVersionModel(TypedDict):
    """A model version."""

    version_name: str
    artifact_dir: str
    manifest_path: str
    status: str
    active_flag: bool
    requested_by: NotRequired[str | None]
    created_at: str
    trained_at: NotRequired[str | None]
    activated_at: NotRequired[str | None]
    updated_at: NotRequired[str | None]


class NoticeModel(TypedDict):
    """What a sentence for people says, for readers of another language: its code, and the values in it as texts."""

    code: str
    parameters: dict[str, str]


class OperationStep(TypedDict):
    """An operation; times in minutes. What is not known is null. Another plant's columns come by their own names."""

    PROC_SEQ: int
    INSIDE_FLAG: NotRequired[str | None]
    dbo_BI_ROUTING_VIEW_JOB_CD: NotRequired[str | None]
    JOB_NM: NotRequired[str | None]
    RES_CD: NotRequired[str | None]
    RES_DIS: NotRequired[str | None]
    TIME_UNIT: NotRequired[str | None]
    MFG_LT: NotRequired[float | None]
    QUEUE_TIME: NotRequired[float | None]
    SETUP_TIME: NotRequired[float | None]
    MACH_WORKED_HOURS: NotRequired[float | None]
    ACT_SETUP_TIME: NotRequired[float | None]
    ACT_RUN_TIME: NotRequired[float | None]
    WAIT_TIME: NotRequired[float | None]
    MOVE_TIME: NotRequired[float | None]
    RUN_TIME_QTY: NotRequired[float | None]
    RUN_TIME_UNIT: NotRequired[str | None]
    BATCH_OPER: NotRequired[str | None]
    BP_CD: NotRequired[str | None]
    dbo_BI_ROUTING_VIEW_CUST_NM: NotRequired[str | None]
    CUR_CD: NotRequired[str | None]
    SUBCONTRACT_PRC: NotRequired[float | None]
    TAX_TYPE: NotRequired[str | None]
    MILESTONE_FLG: NotRequired[str | None]
    INSP_FLG: NotRequired[str | None]
    ROUT_ORDER: NotRequired[str | None]
    VALID_FROM_DT: NotRequired[str | None]
    VALID_TO_DT: NotRequired[str | None]
    dbo_BI_ROUTING_VIEW_REMARK: NotRequired[str | None]
    ROUT_DOC: NotRequired[str | None]
    DOC_INSIDE: NotRequired[str | None]
    DOC_NO: NotRequired[str | None]
    NC_PROGRAM: NotRequired[str | None]
    NC_PROGRAM_WRITER: NotRequired[str | None]
    NC_WRITER_NM: NotRequired[str | None]
    NC_WRITE_DATE: NotRequired[str | None]
    NC_REVIEWER: NotRequired[str | None]
    NC_REVIEWER_NM: NotRequired[str | None]
    NC_REVIEW_DT: NotRequired[str | None]
    RAW_MATL_SIZE: NotRequired[str | None]
    JAW_SIZE: NotRequired[str | None]
    VALIDITY: NotRequired[str | None]
    PROGRAM_REMARK: NotRequired[str | None]
    OP_DRAW_NO: NotRequired[str | None]
    MTMG_NUMB: NotRequired[str | None]
    PROC_CD: NotRequired[str | None]
    PROC_DESC: NotRequired[str | None]
    RUN_TIME: NotRequired[float | None]
    IDLE_TIME: NotRequired[float | None]


class Pagination(TypedDict):
    """Which part of a list this is."""

    limit: int
    offset: int
    total: int


class PowerQueryProfileModel(TypedDict):
    """A named set of column aliases."""

    name: str
    description: NotRequired[str | None]
    mapping: NotRequired[dict[str, str]]


class PredictionRequest(TypedDict):
    """Items whose routings are wanted."""

    item_codes: list[str]
    top_k: NotRequired[int | None]
    similarity_threshold: NotRequired[float | None]
    mode: NotRequired[str]
    feature_weights: NotRequired[dict[str, float] | None]
    weight_profile: NotRequired[str | None]
    export_formats: NotRequired[list[Literal["csv", "excel", "txt", "parquet", "json"]] | None]
    with_visualization: NotRequired[bool]
    with_evidence: NotRequired[bool]
    ignore_own_routing: NotRequired[bool]
    ef_search: NotRequired[int | None]


class PredictionResponse(TypedDict):
    """Routings, candidates and figures of the prediction."""

    items: list[RoutingSummary]
    candidates: list[CandidateRouting]
    metrics: NotRequired[dict[str, Any]]


class PredictionSettings(TypedDict):
    """A change of how routings are predicted."""

    strategy: NotRequired[Literal["nearest", "consensus"] | None]


class PredictorRuntimeModel(TypedDict):
    """How candidates are made."""

    similarity_high_threshold: float
    max_routing_variants: int
    trim_std_enabled: NotRequired[bool]
    trim_lower_percent: NotRequired[float]
    trim_upper_percent: NotRequired[float]


class PredictorRuntimePatch(TypedDict):
    """A change of how candidates are made."""

    similarity_high_threshold: NotRequired[float | None]
    max_routing_variants: NotRequired[int | None]
    trim_std_enabled: NotRequired[bool | None]
    trim_lower_percent: NotRequired[float | None]
    trim_upper_percent: NotRequired[float | None]


class ProposalOutcome(TypedDict):
    """What became of a proposal; counts of changes."""

    item_code: str
    outcome: Literal["accepted", "changed"]
    added: int
    removed: int
    moved: int
    times_edited: int


class ReasonRequest(TypedDict):
    """Why something is done, for the history."""

    reason: NotRequired[str]


class RegisterRequest(TypedDict):
    """A new account."""

    username: str
    password: str
    display_name: NotRequired[str | None]


class RegisterResponse(TypedDict):
    """The account that waits for approval."""

    username: str
    status: Literal["pending", "approved", "rejected"]
    is_admin: NotRequired[bool]
    message: str


class RoutingAuditModel(TypedDict):
    """One thing a planner did on the screen."""

    id: str
    action: str
    level: NotRequired[str | None]
    message: NotRequired[str | None]
    context: NotRequired[dict[str, Any] | None]
    created_at: NotRequired[str | None]


class RoutingGroupConnectionModel(TypedDict):
    """A line between two nodes."""

    id: str
    source_node_id: str
    target_node_id: str
    created_at: NotRequired[str | None]
    created_by: NotRequired[Literal["manual"]]


class RoutingGroupDetail(TypedDict):
    """A saved routing."""

    group_id: str
    group_name: str
    owner: str
    version: int
    updated_at: str
    proposals: NotRequired[list[ProposalOutcome] | None]
    item_codes: list[str]
    steps: list[RoutingGroupStepModel]
    connections: list[RoutingGroupConnectionModel]
    erp_required: bool
    metadata: NotRequired[dict[str, Any] | None]
    created_at: str


class RoutingGroupListResponse(TypedDict):
    """A page of saved routings, last changed first."""

    items: list[RoutingGroupSummaryModel]
    pagination: Pagination


class RoutingGroupRequest(TypedDict):
    """A planner's routing to save."""

    group_name: str
    item_codes: list[str]
    steps: NotRequired[list[RoutingGroupStepModel]]
    connections: NotRequired[list[RoutingGroupConnectionModel]]
    erp_required: NotRequired[bool]
    metadata: NotRequired[dict[str, Any] | None]
    proposals: NotRequired[list[RoutingProposalModel]]


class RoutingGroupSaved(TypedDict):
    """A routing that was saved."""

    group_id: str
    group_name: str
    owner: str
    version: int
    updated_at: str
    proposals: NotRequired[list[ProposalOutcome] | None]


class RoutingGroupStateModel(TypedDict):
    """How a group stands against a snapshot."""

    group_id: str
    version: int
    dirty: bool
    updated_at: str
    snapshot_id: str


class RoutingGroupStepModel(TypedDict):
    """One operation of a saved routing."""

    seq: int
    process_code: str
    duration_min: NotRequired[float | None]
    routing_set_code: NotRequired[str | None]
    variant_code: NotRequired[str | None]
    primary_routing_code: NotRequired[str | None]
    secondary_routing_code: NotRequired[str | None]
    branch_code: NotRequired[str | None]
    branch_label: NotRequired[str | None]
    branch_path: NotRequired[str | None]
    sql_values: NotRequired[Any]
    metadata: NotRequired[dict[str, Any] | None]


class RoutingGroupSummaryModel(TypedDict):
    """A saved routing in a list."""

    group_id: str
    group_name: str
    item_codes: list[str]
    step_count: int
    version: int
    updated_at: str


class RoutingGroupUpdateRequest(TypedDict):
    """A planner's routing to save over the version that was read."""

    group_name: str
    item_codes: list[str]
    steps: NotRequired[list[RoutingGroupStepModel]]
    connections: NotRequired[list[RoutingGroupConnectionModel]]
    erp_required: NotRequired[bool]
    metadata: NotRequired[dict[str, Any] | None]
    proposals: NotRequired[list[RoutingProposalModel]]
    version: int


class RoutingProposalModel(TypedDict):
    """A routing that a prediction proposed, as it was answered."""

    item_code: str
    candidate_id: NotRequired[str]
    model_version: NotRequired[str]
    strategy: NotRequired[str]
    operations: list[dict[str, Any]]


class RoutingSnapshotModel(TypedDict):
    """The state of a planner's screen."""

    id: str
    created_at: NotRequired[str | None]
    reason: NotRequired[str | None]
    version: NotRequired[int | None]
    state: NotRequired[dict[str, Any] | None]


class RoutingSnapshotsRequest(TypedDict):
    """What a planner's screen collected."""

    snapshots: NotRequired[list[RoutingSnapshotModel]]
    audits: NotRequired[list[RoutingAuditModel]]
    source: NotRequired[str | None]


class RoutingSnapshotsResponse(TypedDict):
    """What was kept."""

    accepted_snapshot_ids: list[str]
    accepted_audit_ids: list[str]
    updated_groups: list[RoutingGroupStateModel]


class RoutingSummary(TypedDict):
    """A routing."""

    ITEM_CD: str
    CANDIDATE_ID: NotRequired[str | None]
    ROUTING_SIGNATURE: NotRequired[str | None]
    PRIORITY: NotRequired[str | None]
    SIMILARITY_TIER: NotRequired[str | None]
    SIMILARITY_SCORE: NotRequired[float | None]
    REFERENCE_ITEM_CD: NotRequired[str | None]
    generated_at: NotRequired[str | None]
    operations: NotRequired[list[OperationStep]]
    RANK: NotRequired[int | None]


class RslGroupCreate(TypedDict):
    """A group to create."""

    name: str
    description: NotRequired[str | None]
    tags: NotRequired[list[str] | None]
    slug: NotRequired[str | None]
    shared: NotRequired[bool]


class RslGroupListResponse(TypedDict):
    """A page of groups, newest first."""

    total: int
    page: int
    page_size: int
    items: list[RslGroupModel]


class RslGroupModel(TypedDict):
    """A group with its steps."""

    id: int
    slug: str
    name: str
    description: NotRequired[str | None]
    owner: str
    shared: NotRequired[bool]
    tags: NotRequired[list[str]]
    status: Literal["draft", "ready", "pending_review", "released", "archived"]
    validation_errors: NotRequired[list[str]]
    last_validated_at: NotRequired[str | None]
    released_at: NotRequired[str | None]
    released_by: NotRequired[str | None]
    created_at: str
    updated_at: str
    steps: NotRequired[list[RslStepModel]]


class RslGroupUpdate(TypedDict):
    """A change of a group; what is not named stays."""

    name: NotRequired[str | None]
    description: NotRequired[str | None]
    tags: NotRequired[list[str] | None]
    slug: NotRequired[str | None]
    shared: NotRequired[bool | None]


class RslImportRequest(TypedDict):
    """A text with groups."""

    format: Literal["json", "csv"]
    payload: str


class RslImportResult(TypedDict):
    """What became of the groups in the text."""

    created: NotRequired[int]
    updated: NotRequired[int]
    skipped: NotRequired[int]
    errors: NotRequired[list[str]]


class RslRuleRefCreate(TypedDict):
    """A rule reference to add."""

    rule_name: str
    rule_version: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any] | None]
    is_optional: NotRequired[bool]


class RslRuleRefModel(TypedDict):
    """A rule reference."""

    id: int
    rule_name: str
    rule_version: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any]]
    is_optional: NotRequired[bool]
    created_at: str


class RslStepCreate(TypedDict):
    """A step to add."""

    sequence: NotRequired[int | None]
    name: str
    description: NotRequired[str | None]
    status: NotRequired[Literal["draft", "ready", "released"] | None]
    tags: NotRequired[list[str] | None]
    config: NotRequired[dict[str, Any] | None]
    rules: NotRequired[list[RslRuleRefCreate] | None]


class RslStepModel(TypedDict):
    """A step."""

    id: int
    sequence: int
    name: str
    description: NotRequired[str | None]
    status: Literal["draft", "ready", "released"]
    tags: NotRequired[list[str]]
    config: NotRequired[dict[str, Any]]
    created_at: str
    updated_at: str
    rules: NotRequired[list[RslRuleRefModel]]


class RslStepUpdate(TypedDict):
    """A change of a step; what is not named stays."""

    sequence: NotRequired[int | None]
    name: NotRequired[str | None]
    description: NotRequired[str | None]
    status: NotRequired[Literal["draft", "ready", "released"] | None]
    tags: NotRequired[list[str] | None]
    config: NotRequired[dict[str, Any] | None]


class RslValidationResponse(TypedDict):
    """What the validation of a group found."""

    group_id: int
    is_valid: bool
    errors: list[str]
    validated_at: str


class RuleValidationRequest(TypedDict):
    """Operations to check."""

    item_code: str
    operations: NotRequired[list[OperationStep]]
    rule_ids: NotRequired[list[str] | None]
    context: NotRequired[dict[str, Any] | None]


class RuleValidationResponse(TypedDict):
    """What the check found; `passed` is false only for an error."""

    item_code: str
    passed: bool
    violations: NotRequired[list[RuleViolation]]
    evaluated_rules: NotRequired[int]


class RuleViolation(TypedDict):
    """A rule that the operations break."""

    rule_id: str
    message: str
    severity: NotRequired[Literal["info", "warning", "error"]]
    notice: NotRequired[NoticeModel | None]


class SQLConfigModel(TypedDict):
    """The columns of results."""

    output_columns: NotRequired[list[str]]
    column_aliases: NotRequired[dict[str, str]]
    available_columns: NotRequired[list[str]]
    profiles: NotRequired[list[PowerQueryProfileModel]]
    active_profile: NotRequired[str | None]


class SQLConfigPatch(TypedDict):
    """A change of the columns of results."""

    output_columns: NotRequired[list[str] | None]
    column_aliases: NotRequired[dict[str, str] | None]
    available_columns: NotRequired[list[str] | None]
    profiles: NotRequired[list[PowerQueryProfileModel] | None]
    active_profile: NotRequired[str | None]


class SearchSettings(TypedDict):
    """A change of the search: its width (null: the active version's default) and the encoder's cache."""

    ef_search: NotRequired[int | None]
    cache_entries: NotRequired[int | None]


class SearchedSite(TypedDict):
    """A site of the group: the version that answered, or why none did."""

    site: str
    searched: bool
    model_version: NotRequired[str | None]
    matches: NotRequired[int]
    reason: NotRequired[str | None]
    problem: NotRequired[str | None]
    problem_notice: NotRequired[NoticeModel | None]


class SimilarItem(TypedDict):
    """A neighbour."""

    item_code: str
    similarity_score: float
    source: NotRequired[Literal["prediction", "manifest"]]
    metadata: NotRequired[dict[str, Any]]


class SimilaritySearchRequest(TypedDict):
    """Items whose neighbours are wanted."""

    item_codes: list[str]
    top_k: NotRequired[int | None]
    min_similarity: NotRequired[float | None]
    feature_weights: NotRequired[dict[str, float] | None]
    weight_profile: NotRequired[str | None]
    include_manifest_metadata: NotRequired[bool]
    ef_search: NotRequired[int | None]


class SimilaritySearchResponse(TypedDict):
    """Neighbours and figures of the search."""

    results: NotRequired[list[SimilaritySearchResult]]
    metrics: NotRequired[dict[str, Any]]


class SimilaritySearchResult(TypedDict):
    """The neighbours of one item, best first, without itself."""

    item_code: str
    matches: NotRequired[list[SimilarItem]]
    manifest_revision: NotRequired[str | None]


class SnapshotSettings(TypedDict):
    """A change of how often the source is read anew even where its files look unchanged; 0: never."""

    refresh_minutes: NotRequired[int | None]


class TimeBreakdown(TypedDict):
    """Times of one operation, in minutes."""

    proc_seq: NotRequired[int | None]
    setup_time: float
    run_time: float
    queue_time: float
    wait_time: float
    move_time: float
    total_time: float


class TimeSummaryRequest(TypedDict):
    """Operations whose times are to be summed up."""

    item_code: str
    operations: NotRequired[list[OperationStep]]
    include_breakdown: NotRequired[bool]


class TimeSummaryResponse(TypedDict):
    """Sums over the operations, in minutes."""

    item_code: str
    totals: NotRequired[dict[str, float]]
    process_count: NotRequired[int]
    breakdown: NotRequired[list[TimeBreakdown] | None]


class TrainerRuntimeModel(TypedDict):
    """How times are learned."""

    similarity_threshold: float
    trim_std_enabled: NotRequired[bool]
    trim_lower_percent: NotRequired[float]
    trim_upper_percent: NotRequired[float]
    time_profiles_enabled: NotRequired[bool]
    time_profile_strategy: NotRequired[str]
    time_profile_optimal_sigma: NotRequired[float]
    time_profile_safe_sigma: NotRequired[float]


class TrainerRuntimePatch(TypedDict):
    """A change of how times are learned."""

    similarity_threshold: NotRequired[float | None]
    trim_std_enabled: NotRequired[bool | None]
    trim_lower_percent: NotRequired[float | None]
    trim_upper_percent: NotRequired[float | None]
    time_profiles_enabled: NotRequired[bool | None]
    time_profile_strategy: NotRequired[str | None]
    time_profile_optimal_sigma: NotRequired[float | None]
    time_profile_safe_sigma: NotRequired[float | None]


class TrainingRequest(TypedDict):
    """A training to start."""

    version_label: NotRequired[str | None]
    projector_metadata: NotRequired[list[str] | None]
    dry_run: NotRequired[bool]
    activate: NotRequired[bool]


class TrainingSettings(TypedDict):
    """A change of what happens with trained versions."""

    activation_policy: NotRequired[str | None]
    gate_recall_margin: NotRequired[float | None]
    gate_quality_margin: NotRequired[float | None]
    keep_versions: NotRequired[int | None]
    keep_good_versions: NotRequired[int | None]
    retention_after_training: NotRequired[bool | None]


class TrainingStatusModel(TypedDict):
    """How the current or last training goes."""

    job_id: NotRequired[str | None]
    status: str
    started_at: NotRequired[str | None]
    finished_at: NotRequired[str | None]
    progress: int
    message: NotRequired[str | None]
    version_path: NotRequired[str | None]
    metrics: NotRequired[dict[str, Any] | None]
    latest_version: NotRequired[dict[str, Any] | None]
    stage: NotRequired[str | None]
    remaining_seconds: NotRequired[float | None]
    requested_by: NotRequired[str | None]
    message_notice: NotRequired[NoticeModel | None]


class UserStatusResponse(TypedDict):
    """How an account stands."""

    username: str
    display_name: NotRequired[str | None]
    status: Literal["pending", "approved", "rejected"]
    is_admin: NotRequired[bool]


class VisualizationConfigModel(TypedDict):
    """Where the embedding can be looked at."""

    tensorboard_projector_dir: str
    projector_enabled: NotRequired[bool]
    projector_metadata_columns: NotRequired[list[str]]
    neo4j_enabled: NotRequired[bool]
    neo4j_browser_url: NotRequired[str | None]
    neo4j_workspace: NotRequired[str | None]
    publish_service_enabled: NotRequired[bool]
    publish_notes: NotRequired[str | None]


class VisualizationConfigPatch(TypedDict):
    """A change of where the embedding can be looked at."""

    tensorboard_projector_dir: NotRequired[str | None]
    projector_enabled: NotRequired[bool | None]
    projector_metadata_columns: NotRequired[list[str] | None]
    neo4j_enabled: NotRequired[bool | None]
    neo4j_browser_url: NotRequired[str | None]
    neo4j_workspace: NotRequired[str | None]
    publish_service_enabled: NotRequired[bool | None]
    publish_notes: NotRequired[str | None]


class WorkflowConfigPatch(TypedDict):
    """Sections to change; what is not named stays."""

    graph: NotRequired[WorkflowGraphPatch | None]
    trainer: NotRequired[TrainerRuntimePatch | None]
    predictor: NotRequired[PredictorRuntimePatch | None]
    sql: NotRequired[SQLConfigPatch | None]
    data_source: NotRequired[DataSourceConfigPatch | None]
    export: NotRequired[ExportConfigPatch | None]
    visualization: NotRequired[VisualizationConfigPatch | None]
    search: NotRequired[SearchSettings | None]
    prediction: NotRequired[PredictionSettings | None]
    access: NotRequired[AccessSettings | None]
    training: NotRequired[TrainingSettings | None]
    snapshot: NotRequired[SnapshotSettings | None]
    erp: NotRequired[ErpSettings | None]


class WorkflowConfigResponse(TypedDict):
    """The sections of the settings document that older clients know."""

    graph: WorkflowGraphModel
    trainer: TrainerRuntimeModel
    predictor: PredictorRuntimeModel
    sql: SQLConfigModel
    data_source: DataSourceConfigModel
    export: ExportConfigModel
    visualization: VisualizationConfigModel
    updated_at: str


class WorkflowGraphEdge(TypedDict):
    """An edge of the blueprint."""

    id: str
    source: str
    target: str
    kind: str
    label: NotRequired[str | None]


class WorkflowGraphModel(TypedDict):
    """The blueprint."""

    nodes: NotRequired[list[WorkflowGraphNode]]
    edges: NotRequired[list[WorkflowGraphEdge]]
    design_refs: NotRequired[list[str]]
    last_saved: NotRequired[str | None]


class WorkflowGraphNode(TypedDict):
    """A node of the blueprint."""

    id: str
    label: str
    type: str
    category: NotRequired[str | None]
    status: NotRequired[str | None]
    position: NotRequired[dict[str, float]]
    settings: NotRequired[dict[str, Any]]
    metrics: NotRequired[dict[str, Any]]
    doc_refs: NotRequired[list[str]]


class WorkflowGraphPatch(TypedDict):
    """A new blueprint."""

    nodes: NotRequired[list[WorkflowGraphNode] | None]
    edges: NotRequired[list[WorkflowGraphEdge] | None]
    design_refs: NotRequired[list[str] | None]


class WorkspaceSettingsPayload(TypedDict):
    """A person's workspace to store."""

    version: NotRequired[int | str | None]
    layout: NotRequired[dict[str, Any] | None]
    routing: NotRequired[dict[str, Any] | None]
    algorithm: NotRequired[dict[str, Any] | None]
    options: NotRequired[dict[str, Any] | None]
    access: NotRequired[dict[str, Any] | None]
    metadata: NotRequired[dict[str, Any] | None]


class WorkspaceSettingsResponse(TypedDict):
    """A person's workspace."""

    version: NotRequired[int | str | None]
    layout: NotRequired[dict[str, Any] | None]
    routing: NotRequired[dict[str, Any] | None]
    algorithm: NotRequired[dict[str, Any] | None]
    options: NotRequired[dict[str, Any] | None]
    access: NotRequired[dict[str, Any] | None]
    metadata: NotRequired[dict[str, Any] | None]
    updated_at: str
    user: NotRequired[str | None]
