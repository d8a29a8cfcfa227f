"""The sections of the settings document with the bounds of each field. Rules across fields are in `rules`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from plant.mechanical_seals import PROJECTOR_COLUMNS
from plant.settings import defaults

Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Sigma = Annotated[float, Field(ge=0.0, le=100.0, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=256)]
Text = Annotated[str, Field(max_length=4096)]

TimeStrategy = Literal["sigma_profile", "z_score", "trimmed_std"]
PredictionStrategy = Literal["nearest", "consensus"]
ActivationPolicy = Literal["never", "when_gate_passes", "always"]


class Section(BaseModel):
    """A section: fixed once made. Fields that it does not know are dropped, as another version of the software may have written them."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class GraphNode(Section):
    """A node of the blueprint."""

    id: Name
    label: Text
    type: Name
    category: Text | None = None
    status: Text | None = None
    position: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = {}
    settings: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    doc_refs: list[Text] = []


class GraphEdge(Section):
    """An edge of the blueprint."""

    id: Name
    source: Name
    target: Name
    kind: Name
    label: Text | None = None


class Graph(Section):
    """The pipeline as nodes and edges."""

    nodes: list[GraphNode] = Field(default=[], max_length=500)
    edges: list[GraphEdge] = Field(default=[], max_length=2000)
    design_refs: list[Text] = ["main/1.jpg", "main/2.jpg", "main/3.jpg", "main/4.jpg"]
    last_saved: str | None = None


class TrainerSection(Section):
    """How times are learned and which neighbours count."""

    similarity_threshold: Share = 0.8
    trim_std_enabled: bool = True
    trim_lower_percent: Share = 0.05
    trim_upper_percent: Share = 0.95
    time_profiles_enabled: bool = False
    time_profile_strategy: TimeStrategy = "sigma_profile"
    time_profile_optimal_sigma: Sigma = 0.67
    time_profile_safe_sigma: Sigma = 1.28


class PredictorSection(Section):
    """How candidates are made."""

    similarity_high_threshold: Share = 0.8
    max_routing_variants: Annotated[int, Field(ge=1, le=10)] = 4
    trim_std_enabled: bool = True
    trim_lower_percent: Share = 0.05
    trim_upper_percent: Share = 0.95


class ColumnProfile(Section):
    """A named set of column aliases."""

    name: Name
    description: Text | None = None
    mapping: dict[Name, Name] = {}


class SqlSection(Section):
    """The columns that results are put out with."""

    output_columns: list[Name] = Field(default=list(defaults.OUTPUT_COLUMNS), min_length=1, max_length=1000)
    column_aliases: dict[Name, Name] = defaults.COLUMN_ALIASES
    available_columns: list[Name] = Field(default=list(defaults.OUTPUT_COLUMNS), min_length=1, max_length=1000)
    profiles: list[ColumnProfile] = [
        ColumnProfile(
            name=defaults.PROFILE_NAME, description=defaults.PROFILE_DESCRIPTION, mapping=defaults.COLUMN_ALIASES
        )
    ]
    active_profile: str | None = defaults.PROFILE_NAME


class TableProfile(Section):
    """A table of the source and what it is for."""

    name: Name
    label: Text
    role: Literal["features", "routing", "results", "aux"] = "features"
    required: bool = False
    columns: list[Name] = []
    description: Text | None = None


class BlueprintSwitch(Section):
    """A switch of the data panel."""

    id: Name
    label: Text
    enabled: bool
    description: Text | None = None
    shade: Text | None = None
    accent: Text | None = None


class DataSourceSection(Section):
    """The Access file and its tables."""

    access_path: Name = "routing_data/ROUTING AUTO TEST.accdb"
    default_table: Name = defaults.DEFAULT_TABLE
    backup_paths: list[Name] = []
    table_profiles: list[TableProfile] = [TableProfile(**profile) for profile in defaults.TABLE_PROFILES]
    column_overrides: dict[Name, list[Name]] = {}
    allow_gui_override: bool = True
    shading_palette: dict[str, Text] = defaults.SHADING_PALETTE
    blueprint_switches: list[BlueprintSwitch] = [BlueprintSwitch(**switch) for switch in defaults.BLUEPRINT_SWITCHES]
    version_hint: Text | None = "access-config-v1"


class ExportSection(Section):
    """The files that results are exported to, and the ERP interface."""

    enable_cache_save: bool = False
    enable_excel: bool = True
    enable_csv: bool = True
    enable_txt: bool = True
    enable_parquet: bool = True
    enable_json: bool = True
    erp_interface_enabled: bool = False
    erp_protocol: Text | None = None
    erp_endpoint: Text | None = None
    default_encoding: Name = "utf-8"
    export_directory: Name = "deliverables/exports"
    compress_on_save: bool = True


class VisualizationSection(Section):
    """Where the embedding can be looked at."""

    tensorboard_projector_dir: Name = "logs/tensorboard"
    projector_enabled: bool = True
    projector_metadata_columns: list[Name] = list(PROJECTOR_COLUMNS)
    neo4j_enabled: bool = True
    neo4j_browser_url: Text | None = "http://localhost:7474"
    neo4j_workspace: Text | None = "neo4j+routing"
    publish_service_enabled: bool = True
    publish_notes: Text | None = defaults.PUBLISH_NOTES


class SearchSection(Section):
    """The search for similar items."""

    ef_search: Annotated[int, Field(ge=1, le=4096)] | None = None
    """Breadth of the search; None: what the active version measured as its default."""
    cache_entries: Annotated[int, Field(ge=1, le=50_000)] = 10_000
    """Encoded vectors that a process keeps."""


class PredictionSection(Section):
    """How routings are predicted."""

    strategy: PredictionStrategy = "consensus"


class AccessSection(Section):
    """Which folders of this machine and which database servers may be used beside the configured ones."""

    allowed_folders: list[Name] = []
    """Folders whose sources may be tested and read beside data_source's own, and that exports may go to beside the state folder's
    export folder; empty: no other."""
    allowed_servers: list[Name] = []
    """Hosts whose databases may be tested and read; empty: none but the one that serves."""


class SnapshotSection(Section):
    """When the snapshot of the source is renewed other than on changes of its files."""

    refresh_minutes: Annotated[int, Field(ge=0, le=10_080)] = 0
    """Read the source anew this often even where its files look unchanged (tables linked from elsewhere); 0: never."""


class TrainingSection(Section):
    """What happens with a version that a training has made."""

    activation_policy: ActivationPolicy = "never"
    gate_recall_margin: Share = 0.005
    """recall@50 may be lower than the active version's by this much."""
    gate_quality_margin: Share = 0.01
    """Held-out quality may be lower than the active version's by this much."""
    keep_versions: Annotated[int, Field(ge=1, le=1000)] = 12
    """Newest versions that the retention keeps, beside the active one and the last good ones."""
    keep_good_versions: Annotated[int, Field(ge=1, le=100)] = 3
    """Versions that were active before and can be rolled back to, which the retention never deletes."""
    retention_after_training: bool = True
    """Delete old versions that were trained here after each training that was registered."""


class ErpSection(Section):
    """How the ERP interface hands messages over; what and where to is in the export section."""

    max_attempts: Annotated[int, Field(ge=1, le=100)] = 12
    """Attempts before a message counts as failed."""
    retry_seconds: Annotated[float, Field(ge=0.05, le=3600.0, allow_inf_nan=False)] = 5.0
    """Pause after the first failure; it doubles with each further one, up to a quarter of an hour."""
    timeout_seconds: Annotated[float, Field(ge=0.5, le=300.0, allow_inf_nan=False)] = 30.0
    """Time that the ERP has to answer."""
    allowed_addresses: list[Name] = Field(default=[], max_length=100)
    """Addresses, networks or host names that the ERP may have although they are this machine's own, link-local or of cloud metadata."""
