"""What a plant starts with: the columns, profiles, tables and switches of the settings document before anybody changed it."""

from __future__ import annotations

from typing import Any, Final

OUTPUT_COLUMNS: Final[tuple[str, ...]] = (
    "ITEM_CD",
    "CANDIDATE_ID",
    "ROUTING_SIGNATURE",
    "PRIORITY",
    "SIMILARITY_TIER",
    "PROC_SEQ",
    "INSIDE_FLAG",
    "dbo_BI_ROUTING_VIEW_JOB_CD",
    "JOB_NM",
    "RES_CD",
    "RES_DIS",
    "TIME_UNIT",
    "MFG_LT",
    "QUEUE_TIME",
    "SETUP_TIME",
    "MACH_WORKED_HOURS",
    "ACT_SETUP_TIME",
    "ACT_RUN_TIME",
    "WAIT_TIME",
    "MOVE_TIME",
    "RUN_TIME_QTY",
    "RUN_TIME_UNIT",
    "BATCH_OPER",
    "BP_CD",
    "dbo_BI_ROUTING_VIEW_CUST_NM",
    "CUR_CD",
    "SUBCONTRACT_PRC",
    "TAX_TYPE",
    "MILESTONE_FLG",
    "INSP_FLG",
    "ROUT_ORDER",
    "VALID_FROM_DT",
    "VALID_TO_DT",
    "dbo_BI_ROUTING_VIEW_REMARK",
    "ROUT_DOC",
    "DOC_INSIDE",
    "DOC_NO",
    "NC_PROGRAM",
    "NC_PROGRAM_WRITER",
    "NC_WRITER_NM",
    "NC_WRITE_DATE",
    "NC_REVIEWER",
    "NC_REVIEWER_NM",
    "NC_REVIEW_DT",
    "RAW_MATL_SIZE",
    "JAW_SIZE",
    "VALIDITY",
    "PROGRAM_REMARK",
    "OP_DRAW_NO",
    "MTMG_NUMB",
    "REFERENCE_ITEM_CD",
    "SIMILARITY_SCORE",
)
"""Columns that a prediction can put out, in order."""

COLUMN_ALIASES: Final[dict[str, str]] = {
    "JOB_CD": "dbo_BI_ROUTING_VIEW_JOB_CD",
    "CUST_NM": "dbo_BI_ROUTING_VIEW_CUST_NM",
    "VIEW_REMARK": "dbo_BI_ROUTING_VIEW_REMARK",
}
"""Other names of output columns, as the Access views call them."""

PROFILE_NAME: Final = "Access 7.1 기본"
PROFILE_DESCRIPTION: Final = "dbo_BI_ROUTING_VIEW 7.1 구조를 그대로 따르는 기본 매핑"

TABLE_PROFILES: Final[list[dict[str, Any]]] = [
    {
        "name": "dbo_BI_ITEM_INFO_VIEW",
        "label": "품목 마스터",
        "role": "features",
        "required": True,
        "columns": [
            "ITEM_CD",
            "ITEM_NM",
            "ITEM_TYPE",
            "RAW_MATL_KIND",
        ],
        "description": None,
    },
    {
        "name": "dbo_BI_ROUTING_VIEW",
        "label": "라우팅 기준",
        "role": "routing",
        "required": True,
        "columns": [
            "ITEM_CD",
            "PROC_SEQ",
            "JOB_CD",
            "SETUP_TIME",
            "MACH_WORKED_HOURS",
        ],
        "description": None,
    },
    {
        "name": "dbo_BI_WORK_ORDER_RESULTS",
        "label": "실적 로그",
        "role": "results",
        "required": False,
        "columns": [
            "ITEM_CD",
            "ACT_SETUP_TIME",
            "ACT_RUN_TIME",
            "WAIT_TIME",
            "MOVE_TIME",
        ],
        "description": None,
    },
]

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
