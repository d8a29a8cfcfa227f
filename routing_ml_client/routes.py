"""The routes of the gateway, a method each; written by routing_ml_client.generation."""

from __future__ import annotations

from typing import Any, Literal, cast
from urllib.parse import quote

from routing_ml_client.bodies import (
    AccessConnectionRequest,
    AccessConnectionResponse,
    AccessMetadataResponse,
    ActivationModel,
    AdminApproveRequest,
    AdminRejectRequest,
    AuditEvent,
    AuthenticatedUser,
    CandidateSaveRequest,
    CandidateSaveResponse,
    GroupRecommendationRequest,
    GroupRecommendationResponse,
    GroupSearchRequest,
    GroupSearchResponse,
    HealthResponse,
    LoginRequest,
    LoginResponse,
    MasterDataItemResponse,
    MasterDataLogsResponse,
    MasterDataTreeResponse,
    ModelVersionModel,
    PredictionRequest,
    PredictionResponse,
    ReasonRequest,
    RegisterRequest,
    RegisterResponse,
    RoutingGroupDetail,
    RoutingGroupListResponse,
    RoutingGroupRequest,
    RoutingGroupSaved,
    RoutingGroupUpdateRequest,
    RoutingSnapshotsRequest,
    RoutingSnapshotsResponse,
    RslGroupCreate,
    RslGroupListResponse,
    RslGroupModel,
    RslGroupUpdate,
    RslImportRequest,
    RslImportResult,
    RslRuleRefCreate,
    RslRuleRefModel,
    RslStepCreate,
    RslStepModel,
    RslStepUpdate,
    RslValidationResponse,
    RuleValidationRequest,
    RuleValidationResponse,
    SimilaritySearchRequest,
    SimilaritySearchResponse,
    TimeSummaryRequest,
    TimeSummaryResponse,
    TrainingRequest,
    TrainingStatusModel,
    UserStatusResponse,
    WorkflowConfigPatch,
    WorkflowConfigResponse,
    WorkspaceSettingsPayload,
    WorkspaceSettingsResponse,
)
from routing_ml_client.transport import Transport


class Routes(Transport):
    """Methods by the names of the operations in the OpenAPI document. Each raises ApiError, or httpx.TransportError."""

    def register(self, body: RegisterRequest) -> RegisterResponse:
        """Creates an account that an administrator has to approve."""
        return cast("RegisterResponse", self.json("POST", "/api/auth/register", body=body))

    def login(self, body: LoginRequest) -> LoginResponse:
        """Starts a session; its token comes in the cookie and in the body."""
        return cast("LoginResponse", self.json("POST", "/api/auth/login", body=body))

    def read_current_user(self) -> AuthenticatedUser:
        """Tells who is logged in."""
        return cast("AuthenticatedUser", self.json("GET", "/api/auth/me"))

    def logout(self) -> None:
        """Ends the session everywhere."""
        self.send("POST", "/api/auth/logout")

    def approve_user(self, body: AdminApproveRequest) -> UserStatusResponse:
        """Approves an account."""
        return cast("UserStatusResponse", self.json("POST", "/api/auth/admin/approve", body=body))

    def reject_user(self, body: AdminRejectRequest) -> UserStatusResponse:
        """Rejects an account."""
        return cast("UserStatusResponse", self.json("POST", "/api/auth/admin/reject", body=body))

    def health_check(self) -> HealthResponse:
        """Tells whether predictions can be made; 503 when not."""
        return cast("HealthResponse", self.json("GET", "/api/health"))

    def predict(self, body: PredictionRequest) -> PredictionResponse:
        """Predicts routings: an item's own where it has one, else from its neighbours."""
        return cast("PredictionResponse", self.json("POST", "/api/predict", body=body))

    def similarity_search(self, body: SimilaritySearchRequest) -> SimilaritySearchResponse:
        """Finds the most similar items of each item, with or without routing, the item itself left out."""
        return cast("SimilaritySearchResponse", self.json("POST", "/api/similarity/search", body=body))

    def group_recommendations(self, body: GroupRecommendationRequest) -> GroupRecommendationResponse:
        """Recommends groups for an item; `candidate_limit` neighbours are looked at."""
        return cast("GroupRecommendationResponse", self.json("POST", "/api/groups/recommendations", body=body))

    def time_summary(self, body: TimeSummaryRequest) -> TimeSummaryResponse:
        """Sums the times of operations, in minutes."""
        return cast("TimeSummaryResponse", self.json("POST", "/api/time/summary", body=body))

    def validate_rules(self, body: RuleValidationRequest, *, details: bool | None = None) -> RuleValidationResponse:
        """Checks operations against the rules of the active model's manifest."""
        return cast(
            "RuleValidationResponse", self.json("POST", "/api/rules/validate", params={"details": details}, body=body)
        )

    def save_candidate(self, body: CandidateSaveRequest, *, details: bool | None = None) -> CandidateSaveResponse:
        """Keeps a candidate as a JSON file and answers with the SQL that would insert it."""
        return cast(
            "CandidateSaveResponse", self.json("POST", "/api/candidates/save", params={"details": details}, body=body)
        )

    def get_metrics(self) -> dict[str, Any]:
        """Figures of the last rule check and time summary, and of the cached tables."""
        return cast("dict[str, Any]", self.json("GET", "/api/metrics"))

    def get_workflow_graph(self, *, sections: Literal["all"] | None = None) -> WorkflowConfigResponse:
        """The settings document; the header ETag holds its revision."""
        return cast("WorkflowConfigResponse", self.json("GET", "/api/workflow/graph", params={"sections": sections}))

    def patch_workflow_graph(
        self, body: WorkflowConfigPatch, *, sections: Literal["all"] | None = None
    ) -> WorkflowConfigResponse:
        """Changes sections, live in every process before the answer. With If-Match only when nobody else changed it ..."""
        return cast(
            "WorkflowConfigResponse",
            self.json("PATCH", "/api/workflow/graph", params={"sections": sections}, body=body),
        )

    def get_training_status(self, *, details: bool | None = None) -> TrainingStatusModel:
        """How the current or last training goes, and the newest version."""
        return cast("TrainingStatusModel", self.json("GET", "/api/trainer/status", params={"details": details}))

    def run_training(self, body: TrainingRequest) -> TrainingStatusModel:
        """Starts a training where the installation allows it."""
        return cast("TrainingStatusModel", self.json("POST", "/api/trainer/run", body=body))

    def get_model_versions(self, *, limit: int | None = None, status: str | None = None) -> list[ModelVersionModel]:
        """Model versions, newest first."""
        return cast(
            "list[ModelVersionModel]",
            self.json("GET", "/api/trainer/versions", params={"limit": limit, "status": status}),
        )

    def activate_model_version(self, version_name: str, body: ReasonRequest | None = None) -> ActivationModel:
        """Makes a version the active one after every process has proved that it can serve it."""
        return cast(
            "ActivationModel",
            self.json("POST", f"/api/trainer/versions/{quote(str(version_name), safe='')}/activate", body=body),
        )

    def get_workspace_settings(self) -> WorkspaceSettingsResponse:
        """The caller's workspace; empty when nothing is stored."""
        return cast("WorkspaceSettingsResponse", self.json("GET", "/api/settings/workspace"))

    def save_workspace_settings(self, body: WorkspaceSettingsPayload) -> WorkspaceSettingsResponse:
        """Replaces the caller's workspace."""
        return cast("WorkspaceSettingsResponse", self.json("PUT", "/api/settings/workspace", body=body))

    def record_ui_audit(self, body: AuditEvent) -> None:
        """Writes an event of the user interface to the audit log, also before log-in; too many at once are dropped."""
        self.send("POST", "/api/audit/ui", body=body)

    def test_access_connection(self, body: AccessConnectionRequest) -> AccessConnectionResponse:
        """Opens an Access file and says whether, and what of it, can be read."""
        return cast("AccessConnectionResponse", self.json("POST", "/api/access/connection/test", body=body))

    def get_master_data_tree(self, *, query: str | None = None) -> MasterDataTreeResponse:
        """The hierarchy group > family > item of the items that match; without a query of all. Large: screens use ..."""
        return cast("MasterDataTreeResponse", self.json("GET", "/api/master-data/tree", params={"query": query}))

    def get_master_data_item(self, item_code: str) -> MasterDataItemResponse:
        """Every column of an item."""
        return cast(
            "MasterDataItemResponse", self.json("GET", f"/api/master-data/items/{quote(str(item_code), safe='')}")
        )

    def get_master_data_logs(self, *, limit: int | None = None) -> MasterDataLogsResponse:
        """What was done with the master data, newest first, and whether the Access file of the settings is the one ..."""
        return cast("MasterDataLogsResponse", self.json("GET", "/api/master-data/logs", params={"limit": limit}))

    def download_master_data_log(self) -> bytes:
        """The log as a text file, oldest first, one entry a line."""
        return self.bytes("GET", "/api/master-data/logs/download")

    def fetch_access_metadata(self, *, table: str | None = None, path: str | None = None) -> AccessMetadataResponse:
        """The real columns of a table; without a table of the settings' default table, without a path of the source ..."""
        return cast(
            "AccessMetadataResponse", self.json("GET", "/api/access/metadata", params={"table": table, "path": path})
        )

    def rsl_list_groups(
        self,
        *,
        page: int | None = None,
        page_size: int | None = None,
        tags: list[str] | None = None,
        status: Literal["draft", "ready", "pending_review", "released", "archived"] | None = None,
        search: str | None = None,
    ) -> RslGroupListResponse:
        """A page of groups, newest first."""
        return cast(
            "RslGroupListResponse",
            self.json(
                "GET",
                "/api/rsl/groups",
                params={"page": page, "page_size": page_size, "tags": tags, "status": status, "search": search},
            ),
        )

    def rsl_create_group(self, body: RslGroupCreate) -> RslGroupModel:
        """Creates a group; its slug is made from the name when none is given."""
        return cast("RslGroupModel", self.json("POST", "/api/rsl/groups", body=body))

    def rsl_fetch_group(self, group_id: int) -> RslGroupModel:
        """One group with its steps."""
        return cast("RslGroupModel", self.json("GET", f"/api/rsl/groups/{quote(str(group_id), safe='')}"))

    def rsl_delete_group(self, group_id: int) -> None:
        """Deletes a group with its steps (403 when it is somebody else's)."""
        self.send("DELETE", f"/api/rsl/groups/{quote(str(group_id), safe='')}")

    def rsl_update_group(self, group_id: int, body: RslGroupUpdate) -> RslGroupModel:
        """Changes a group; what is not named stays (403 when it is somebody else's and not shared, as for every ..."""
        return cast("RslGroupModel", self.json("PATCH", f"/api/rsl/groups/{quote(str(group_id), safe='')}", body=body))

    def rsl_add_step(self, group_id: int, body: RslStepCreate) -> RslStepModel:
        """Adds a step, after the last one when it names no sequence."""
        return cast(
            "RslStepModel", self.json("POST", f"/api/rsl/groups/{quote(str(group_id), safe='')}/steps", body=body)
        )

    def rsl_delete_step(self, group_id: int, step_id: int) -> None:
        """Deletes a step with its rules."""
        self.send("DELETE", f"/api/rsl/groups/{quote(str(group_id), safe='')}/steps/{quote(str(step_id), safe='')}")

    def rsl_update_step(self, group_id: int, step_id: int, body: RslStepUpdate) -> RslStepModel:
        """Changes a step; what is not named stays."""
        return cast(
            "RslStepModel",
            self.json(
                "PATCH",
                f"/api/rsl/groups/{quote(str(group_id), safe='')}/steps/{quote(str(step_id), safe='')}",
                body=body,
            ),
        )

    def rsl_add_rule(self, group_id: int, step_id: int, body: RslRuleRefCreate) -> RslRuleRefModel:
        """Adds a rule reference to a step."""
        return cast(
            "RslRuleRefModel",
            self.json(
                "POST",
                f"/api/rsl/groups/{quote(str(group_id), safe='')}/steps/{quote(str(step_id), safe='')}/rules",
                body=body,
            ),
        )

    def rsl_delete_rule(self, group_id: int, step_id: int, rule_id: int) -> None:
        """Deletes a rule reference."""
        self.send(
            "DELETE",
            f"/api/rsl/groups/{quote(str(group_id), safe='')}/steps/{quote(str(step_id), safe='')}/rules/{quote(str(rule_id), safe='')}",
        )

    def rsl_validate_group(self, group_id: int) -> RslValidationResponse:
        """Checks a group; one without errors becomes ready."""
        return cast(
            "RslValidationResponse", self.json("POST", f"/api/rsl/groups/{quote(str(group_id), safe='')}/validate")
        )

    def rsl_release_group(self, group_id: int) -> RslGroupModel:
        """Releases a group that was validated without errors since its last change."""
        return cast("RslGroupModel", self.json("POST", f"/api/rsl/groups/{quote(str(group_id), safe='')}/release"))

    def rsl_retract_group(self, group_id: int) -> RslGroupModel:
        """Takes a release back."""
        return cast("RslGroupModel", self.json("POST", f"/api/rsl/groups/{quote(str(group_id), safe='')}/retract"))

    def rsl_export_groups(
        self, *, format: Literal["json", "csv"] | None = None, include_archived: bool | None = None
    ) -> Any:
        """All groups as one JSON or CSV text, as the import takes it."""
        return cast(
            "Any",
            self.json("GET", "/api/rsl/groups/export", params={"format": format, "include_archived": include_archived}),
        )

    def rsl_import_groups(self, body: RslImportRequest) -> RslImportResult:
        """Creates or replaces groups, by slug, from such a text."""
        return cast("RslImportResult", self.json("POST", "/api/rsl/groups/import", body=body))

    def similarity_group_search(self, body: GroupSearchRequest) -> GroupSearchResponse:
        """Finds the most similar items of each item at all sites of the caller's group whose versions come from one ..."""
        return cast("GroupSearchResponse", self.json("POST", "/api/similarity/group-search", body=body))

    def create_routing_group(self, body: RoutingGroupRequest) -> RoutingGroupSaved:
        """Saves a routing under a new name (409 when the caller has one of that name)."""
        return cast("RoutingGroupSaved", self.json("POST", "/api/routing/groups", body=body))

    def list_routing_groups(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        owner: str | None = None,
        item_code: str | None = None,
        search: str | None = None,
    ) -> RoutingGroupListResponse:
        """Saved routings, last changed first: one's own, everybody's for administrators."""
        return cast(
            "RoutingGroupListResponse",
            self.json(
                "GET",
                "/api/routing/groups",
                params={"limit": limit, "offset": offset, "owner": owner, "item_code": item_code, "search": search},
            ),
        )

    def save_routing_snapshots(self, body: RoutingSnapshotsRequest) -> RoutingSnapshotsResponse:
        """Keeps snapshots and audit entries of a planner's screen; what was sent before is not stored twice."""
        return cast("RoutingSnapshotsResponse", self.json("POST", "/api/routing/groups/snapshots", body=body))

    def get_routing_group(self, group_id: str) -> RoutingGroupDetail:
        """One saved routing (403 when it is somebody else's)."""
        return cast("RoutingGroupDetail", self.json("GET", f"/api/routing/groups/{quote(str(group_id), safe='')}"))

    def update_routing_group(self, group_id: str, body: RoutingGroupUpdateRequest) -> RoutingGroupSaved:
        """Replaces a saved routing (409 when `version` is not the stored one)."""
        return cast(
            "RoutingGroupSaved", self.json("PUT", f"/api/routing/groups/{quote(str(group_id), safe='')}", body=body)
        )

    def delete_routing_group(self, group_id: str) -> None:
        """Deletes a saved routing."""
        self.send("DELETE", f"/api/routing/groups/{quote(str(group_id), safe='')}")
