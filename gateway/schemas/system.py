"""Bodies of `/api/system`."""

from __future__ import annotations

from typing import Any

from gateway.schemas.wire import AnswerModel


class SystemStatusResponse(AnswerModel):
    """Processes, Watch subscribers and health."""

    status: str
    detail: str | None = None
    revision: int
    processes: list[dict[str, Any]]
    subscribers: list[dict[str, Any]]
    checks: dict[str, Any]


class DashboardResponse(AnswerModel):
    """Figures for the operations dashboard."""

    model_version: str | None = None
    latency: dict[str, float]
    history: list[dict[str, float]]
    search_cache: dict[str, Any]
    tables: dict[str, Any]
    snapshot: dict[str, Any] | None = None


class SearchSettingsResponse(AnswerModel):
    """The search settings, and the measured trade-off of the active version."""

    ef_search: int | None = None
    default_ef_search: int | None = None
    current_ef_search: int | None = None
    cache_entries: int
    curve: list[dict[str, Any]]
    model_version: str | None = None
    revision: int


class ModelFeaturesResponse(AnswerModel):
    """What the active model looks at."""

    weights: dict[str, float]
    active_features: dict[str, bool]
    profiles: list[str]
