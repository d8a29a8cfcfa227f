"""What a plant starts with: the columns, profiles, tables and switches of the settings document before anybody changed it."""

from __future__ import annotations

from typing import Any, Final

from plant.mechanical_seals import MECHANICAL_SEALS, TABLES
from plant.schema import FEATURES

OUTPUT_COLUMNS: Final = MECHANICAL_SEALS.output_columns
"""Columns that a prediction can put out, in order."""

COLUMN_ALIASES: Final = MECHANICAL_SEALS.output.aliases
"""Other names of output columns, as the plant calls them."""

DEFAULT_TABLE: Final = TABLES[FEATURES]

PROFILE_NAME: Final = "Access 7.1 기본"
PROFILE_DESCRIPTION: Final = "dbo_BI_ROUTING_VIEW 7.1 구조를 그대로 따르는 기본 매핑"

BLUEPRINT_SWITCHES: Final[list[dict[str, Any]]] = [
    {
        "id": "feature-columns",
        "label": "피처 추출",
        "enabled": True,
        "description": "ITEM_INFO_VIEW 기반 피처는 활성화 상태",
        "shade": "oklch(0.82 0.06 235)",
        "accent": "oklch(0.68 0.10 235)",
    },
    {
        "id": "routing-columns",
        "label": "라우팅 기준",
        "enabled": True,
        "description": "ROUTING_VIEW는 수정 가능",
        "shade": "oklch(0.82 0.06 235)",
        "accent": "oklch(0.68 0.10 235)",
    },
    {
        "id": "workorder-columns",
        "label": "실적 로그",
        "enabled": False,
        "description": "실적 로그는 기본 비활성 (GUI에서 명시적으로 활성화 필요)",
        "shade": "oklch(0.78 0.02 235)",
        "accent": "oklch(0.64 0.06 235)",
    },
]

SHADING_PALETTE: Final[dict[str, str]] = {
    "allowed": "oklch(0.94 0.04 235)",
    "restricted": "oklch(0.88 0.03 235)",
    "disabled": "oklch(0.78 0.02 235)",
    "highlight": "oklch(0.70 0.08 235)",
}
