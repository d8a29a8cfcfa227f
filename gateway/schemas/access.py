"""Bodies of `/api/access`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from gateway.schemas.wire import AnswerModel, RequestModel


class AccessConnectionRequest(RequestModel):
    """An Access file to test."""

    path: Annotated[str, Field(json_schema_extra={"format": "path"})]
    table: str | None = None


class AccessConnectionResponse(AnswerModel):
    """What the test found."""

    ok: bool
    message: str
    path_hash: str
    table_profiles: list[str] = []
    elapsed_ms: float | None = None
    verified_table: str | None = None


class AccessMetadataColumn(AnswerModel):
    """A column of a table."""

    name: str
    type: str
    nullable: bool = True


class AccessMetadataResponse(AnswerModel):
    """The columns of a table."""

    table: str
    columns: list[AccessMetadataColumn]
    path: str | None = None
    updated_at: str | None = None


class ServingSourceResponse(AnswerModel):
    """The source that serves: where it is, who named it (fixed, settings or initial), why, and what the settings name."""

    path: str
    origin: str
    reason: str
    settings_path: str
    changed_by_settings: bool


class AccessTablesResponse(AnswerModel):
    """The tables of a source, and the columns of one with null shares and examples."""

    table: str
    tables: list[str]
    rows: int
    columns: list[dict[str, Any]]
