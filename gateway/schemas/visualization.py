"""Answer of `/api/visualization`."""

from __future__ import annotations

from pydantic import Field

from gateway.schemas.wire import AnswerModel


class VisualizationModel(AnswerModel):
    """Where the embedding of the active version can be seen."""

    tensorboard_projector_dir: str | None
    projector_enabled: bool
    projector_available: bool = Field(description="Whether the active version has a Projector export")
    projector_path: str | None
    projector_url: str | None
    projector_metadata_columns: list[str]
    neo4j_enabled: bool
    neo4j_available: bool = Field(description="Whether a graph was exported to Neo4j")
    neo4j_note: str | None
    neo4j_browser_url: str | None
    neo4j_workspace: str | None
    publish_service_enabled: bool
    publish_notes: str | None
