"""Bodies of `/api/workflow/graph`: the settings document section by section, and patches of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from gateway.schemas.wire import AnswerModel, NotNegative, RequestModel, Share

TableRole = Literal["features", "routing", "results", "aux"]
Variants = Annotated[int, Field(ge=1, le=10)]
Strategy = Annotated[str, Field(min_length=1)]


class WorkflowGraphNode(RequestModel):
    """A node of the blueprint."""

    id: str
    label: str
    type: str
    category: str | None = None
    status: str | None = None
    position: dict[str, float] = {}
    settings: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    doc_refs: list[str] = []


class WorkflowGraphEdge(RequestModel):
    """An edge of the blueprint."""

    id: str
    source: str
    target: str
    kind: str
    label: str | None = None


class WorkflowGraphModel(AnswerModel):
    """The blueprint."""

    nodes: list[WorkflowGraphNode] = []
    edges: list[WorkflowGraphEdge] = []
    design_refs: list[str] = []
    last_saved: str | None = None


class WorkflowGraphPatch(RequestModel):
    """A new blueprint."""

    nodes: list[WorkflowGraphNode] | None = None
    edges: list[WorkflowGraphEdge] | None = None
    design_refs: list[str] | None = None


class TrainerRuntimeModel(AnswerModel):
    """How times are learned."""

    similarity_threshold: Share
    trim_std_enabled: bool = True
    trim_lower_percent: Share = 0.05
    trim_upper_percent: Share = 0.95
    time_profiles_enabled: bool = False
    time_profile_strategy: Strategy = "sigma_profile"
    time_profile_optimal_sigma: NotNegative = 0.67
    time_profile_safe_sigma: NotNegative = 1.28


class TrainerRuntimePatch(RequestModel):
    """A change of how times are learned."""

    similarity_threshold: Share | None = None
    trim_std_enabled: bool | None = None
    trim_lower_percent: Share | None = None
    trim_upper_percent: Share | None = None
    time_profiles_enabled: bool | None = None
    time_profile_strategy: Strategy | None = None
    time_profile_optimal_sigma: NotNegative | None = None
    time_profile_safe_sigma: NotNegative | None = None


class PredictorRuntimeModel(AnswerModel):
    """How candidates are made."""

    similarity_high_threshold: Share
    max_routing_variants: Variants
    trim_std_enabled: bool = True
    trim_lower_percent: Share = 0.05
    trim_upper_percent: Share = 0.95


class PredictorRuntimePatch(RequestModel):
    """A change of how candidates are made."""

    similarity_high_threshold: Share | None = None
    max_routing_variants: Variants | None = None
    trim_std_enabled: bool | None = None
    trim_lower_percent: Share | None = None
    trim_upper_percent: Share | None = None


class PowerQueryProfileModel(RequestModel):
    """A named set of column aliases."""

    name: str
    description: str | None = None
    mapping: dict[str, str] = {}


class SQLConfigModel(AnswerModel):
    """The columns of results."""

    output_columns: list[str] = []
    column_aliases: dict[str, str] = {}
    available_columns: list[str] = []
    profiles: list[PowerQueryProfileModel] = []
    active_profile: str | None = None


class SQLConfigPatch(RequestModel):
    """A change of the columns of results."""

    output_columns: list[str] | None = None
    column_aliases: dict[str, str] | None = None
    available_columns: list[str] | None = None
    profiles: list[PowerQueryProfileModel] | None = None
    active_profile: str | None = None


class DataSourceTableProfileModel(RequestModel):
    """A table of the source and what it is for."""

    name: str
    label: str
    role: TableRole = "features"
    required: bool = False
    columns: list[str] = []
    description: str | None = None


class BlueprintToggleModel(AnswerModel):
    """A switch of the data panel."""

    id: str
    label: str
    enabled: bool
    description: str | None = None
    shade: str | None = None
    accent: str | None = None


class BlueprintTogglePatch(RequestModel):
    """A change of a switch, named by its id."""

    id: str
    enabled: bool | None = None
    description: str | None = None


class DataSourceConfigModel(AnswerModel):
    """The Access file and its tables."""

    access_path: str
    default_table: str
    backup_paths: list[str] = []
    table_profiles: list[DataSourceTableProfileModel] = []
    column_overrides: dict[str, list[str]] = {}
    allow_gui_override: bool = True
    shading_palette: dict[str, str] = {}
    blueprint_switches: list[BlueprintToggleModel] = []
    version_hint: str | None = None


class DataSourceConfigPatch(RequestModel):
    """A change of the Access file and its tables."""

    access_path: str | None = None
    default_table: str | None = None
    backup_paths: list[str] | None = None
    table_profiles: list[DataSourceTableProfileModel] | None = None
    column_overrides: dict[str, list[str]] | None = None
    allow_gui_override: bool | None = None
    blueprint_switches: list[BlueprintTogglePatch] | None = None


class ExportConfigModel(AnswerModel):
    """Exports and the ERP interface."""

    enable_cache_save: bool = False
    enable_excel: bool = True
    enable_csv: bool = True
    enable_txt: bool = True
    enable_parquet: bool = True
    enable_json: bool = True
    erp_interface_enabled: bool = False
    erp_protocol: str | None = None
    erp_endpoint: str | None = None
    default_encoding: str = "utf-8"
    export_directory: str
    compress_on_save: bool = True


class ExportConfigPatch(RequestModel):
    """A change of exports and the ERP interface."""

    enable_cache_save: bool | None = None
    enable_excel: bool | None = None
    enable_csv: bool | None = None
    enable_txt: bool | None = None
    enable_parquet: bool | None = None
    enable_json: bool | None = None
    erp_interface_enabled: bool | None = None
    erp_protocol: str | None = None
    erp_endpoint: str | None = None
    default_encoding: str | None = None
    export_directory: str | None = None
    compress_on_save: bool | None = None


class VisualizationConfigModel(AnswerModel):
    """Where the embedding can be looked at."""

    tensorboard_projector_dir: str
    projector_enabled: bool = True
    projector_metadata_columns: list[str] = []
    neo4j_enabled: bool = True
    neo4j_browser_url: str | None = None
    neo4j_workspace: str | None = None
    publish_service_enabled: bool = True
    publish_notes: str | None = None


class VisualizationConfigPatch(RequestModel):
    """A change of where the embedding can be looked at."""

    tensorboard_projector_dir: str | None = None
    projector_enabled: bool | None = None
    projector_metadata_columns: list[str] | None = None
    neo4j_enabled: bool | None = None
    neo4j_browser_url: str | None = None
    neo4j_workspace: str | None = None
    publish_service_enabled: bool | None = None
    publish_notes: str | None = None


class SearchSettings(RequestModel):
    """A change of the search: its width (null: the active version's default) and the encoder's cache."""

    ef_search: Annotated[int, Field(ge=1, le=4096)] | None = None
    cache_entries: Annotated[int, Field(ge=1, le=50_000)] | None = None


class PredictionSettings(RequestModel):
    """A change of how routings are predicted."""

    strategy: Literal["nearest", "consensus"] | None = None


class AccessSettings(RequestModel):
    """A change of which folders and database servers may be used: read by the source browser, folders also written by exports."""

    allowed_folders: list[str] | None = None
    allowed_servers: list[str] | None = None


class TrainingSettings(RequestModel):
    """A change of what happens with trained versions."""

    activation_policy: str | None = None
    gate_recall_margin: Share | None = None
    gate_quality_margin: Share | None = None
    keep_versions: Annotated[int, Field(ge=1, le=1000)] | None = None
    keep_good_versions: Annotated[int, Field(ge=1, le=100)] | None = None
    retention_after_training: bool | None = None


class SnapshotSettings(RequestModel):
    """A change of how often the source is read anew even where its files look unchanged; 0: never."""

    refresh_minutes: Annotated[int, Field(ge=0, le=10_080)] | None = None


class ErpSettings(RequestModel):
    """A change of how the ERP interface hands messages over."""

    max_attempts: Annotated[int, Field(ge=1, le=100)] | None = None
    retry_seconds: Annotated[float, Field(ge=0.05, le=3600)] | None = None
    timeout_seconds: Annotated[float, Field(ge=0.5, le=300)] | None = None
    allowed_addresses: list[str] | None = None


class WorkflowConfigPatch(RequestModel):
    """Sections to change; what is not named stays."""

    graph: WorkflowGraphPatch | None = None
    trainer: TrainerRuntimePatch | None = None
    predictor: PredictorRuntimePatch | None = None
    sql: SQLConfigPatch | None = None
    data_source: DataSourceConfigPatch | None = None
    export: ExportConfigPatch | None = None
    visualization: VisualizationConfigPatch | None = None
    search: SearchSettings | None = None
    prediction: PredictionSettings | None = None
    access: AccessSettings | None = None
    training: TrainingSettings | None = None
    snapshot: SnapshotSettings | None = None
    erp: ErpSettings | None = None


class WorkflowConfigResponse(AnswerModel):
    """The sections of the settings document that older clients know."""

    graph: WorkflowGraphModel
    trainer: TrainerRuntimeModel
    predictor: PredictorRuntimeModel
    sql: SQLConfigModel
    data_source: DataSourceConfigModel
    export: ExportConfigModel
    visualization: VisualizationConfigModel
    updated_at: str


class PlantSettingsResponse(WorkflowConfigResponse):
    """The whole settings document with its revision."""

    search: dict[str, Any]
    prediction: dict[str, Any]
    access: dict[str, Any]
    training: dict[str, Any]
    snapshot: dict[str, Any]
    erp: dict[str, Any]
    revision: int
    author: str | None = None
    confirmed_by: list[str] = []
    unconfirmed: list[str] = []


class RevisionModel(AnswerModel):
    """One revision of the settings document."""

    revision: int
    at: str
    author: str
    comment: str | None = None
    changes: list[dict[str, Any]] = []


class RevisionListResponse(AnswerModel):
    """Revisions, newest first."""

    items: list[RevisionModel]


class RevertRequest(RequestModel):
    """A revision to make the newest again."""

    revision: Annotated[int, Field(ge=1, lt=2**63)]
