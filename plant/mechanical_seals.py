"""The internal columns: what the three tables of the plant hold by the names of its Access views, and what the system cannot do without."""

from __future__ import annotations

from typing import Final

from plant.columns import ColumnType

ITEM_CODE: Final = "ITEM_CD"
FEATURES, ROUTING, RESULTS = "features", "routing", "results"

TABLES: Final[dict[str, str]] = {
    FEATURES: "dbo_BI_ITEM_INFO_VIEW",
    ROUTING: "dbo_BI_ROUTING_VIEW",
    RESULTS: "dbo_BI_WORK_ORDER_RESULTS",
}
"""Role of a table -> its name at the plant."""

OPTIONAL_TABLES: Final = frozenset({RESULTS})
"""Roles whose table may be missing: the system then works without it."""


def _typed(texts: str, numbers: str = "", integers: str = "", times: str = "") -> dict[str, ColumnType]:
    kinds = {ColumnType.NUMBER: numbers, ColumnType.INTEGER: integers, ColumnType.DATETIME: times}
    special = {name: kind for kind, names in kinds.items() for name in names.split()}
    return {name: special.get(name, ColumnType.TEXT) for name in texts.split()}


INTERNAL_COLUMNS: Final[dict[str, dict[str, ColumnType]]] = {
    FEATURES: _typed(
        """ITEM_CD PART_TYPE PartNm ITEM_SUFFIX ITEM_SPEC ITEM_NM ADDITIONAL_SPEC ITEM_MATERIAL MATERIAL_DESC ITEM_ACCT ITEM_TYPE
        ITEM_UNIT ITEM_GRP1 ITEM_GRP1NM STANDARD_YN GROUP1 GROUP2 GROUP3 DRAW_NO DRAW_REV DRAW_SHEET_NO DRAW_USE ITEM_NM_ENG
        OUTDIAMETER INDIAMETER OUTTHICKNESS OUTDIAMETER_UNIT ROTATE_CLOCKWISE ROTATE_CTRCLOCKWISE SealTypeGrup IN_SEALTYPE_CD
        IN_SEALSIZE IN_SEALSIZE_UOM MID_SEALTYPE_CD MID_SEALSIZE MID_SEALSIZE_UOM OUT_SEALTYPE_CD OUT_SEALSIZE OUT_SEALSIZE_UOM
        RAW_MATL_KIND RAW_MATL_KINDNM ITEM_GRP2 ITEM_GRP2NM ITEM_GRP3 ITEM_GRP3NM INSRT_DT MODI_DT""",
        numbers="""OUTDIAMETER INDIAMETER OUTTHICKNESS ROTATE_CLOCKWISE ROTATE_CTRCLOCKWISE
        IN_SEALSIZE MID_SEALSIZE OUT_SEALSIZE""",
        times="INSRT_DT MODI_DT",
    ),
    ROUTING: _typed(
        """ITEM_CD ROUT_NO PROC_SEQ INSRT_DT INSIDE_FLAG JOB_CD JOB_NM RES_CD RES_DIS TIME_UNIT MFG_LT QUEUE_TIME SETUP_TIME RUN_TIME
        RUN_TIME_UNIT MACH_WORKED_HOURS ACT_SETUP_TIME ACT_RUN_TIME WAIT_TIME MOVE_TIME RUN_TIME_QTY BATCH_OPER BP_CD CUST_NM CUR_CD
        SUBCONTRACT_PRC TAX_TYPE MILESTONE_FLG INSP_FLG ROUT_ORDER VALID_FROM_DT VALID_TO_DT VIEW_REMARK ROUT_DOC DOC_INSIDE DOC_NO
        NC_PROGRAM NC_PROGRAM_WRITER NC_WRITER_NM NC_WRITE_DATE NC_REVIEWER NC_REVIEWER_NM NC_REVIEW_DT RAW_MATL_SIZE JAW_SIZE
        VALIDITY PROGRAM_REMARK OP_DRAW_NO MTMG_NUMB""",
        numbers="""MFG_LT QUEUE_TIME SETUP_TIME RUN_TIME MACH_WORKED_HOURS ACT_SETUP_TIME ACT_RUN_TIME WAIT_TIME MOVE_TIME RUN_TIME_QTY
        SUBCONTRACT_PRC ROUT_ORDER""",
        integers="PROC_SEQ",
        times="INSRT_DT VALID_FROM_DT VALID_TO_DT NC_WRITE_DATE NC_REVIEW_DT",
    ),
    RESULTS: _typed(
        """ITEM_CD PROC_SEQ WORK_CENTER WORK_CENTER_NM OPERATION_CD OPERATION_NM REPORT_DT ACT_RUN_TIME ACT_SETUP_TIME
        GOOD_QTY BAD_QTY RUN_QTY""",
        numbers="ACT_RUN_TIME ACT_SETUP_TIME GOOD_QTY BAD_QTY RUN_QTY",
        integers="PROC_SEQ",
        times="REPORT_DT",
    ),
}
"""Role -> internal column -> type, in the order of the view."""

_OPTIONAL_FEATURES = ("ITEM_GRP2", "ITEM_GRP2NM", "ITEM_GRP3", "ITEM_GRP3NM", "INSRT_DT", "MODI_DT")
REQUIRED: Final[dict[str, frozenset[str]]] = {
    FEATURES: frozenset(INTERNAL_COLUMNS[FEATURES]) - frozenset(_OPTIONAL_FEATURES),
    ROUTING: frozenset({"ITEM_CD", "ROUT_NO", "PROC_SEQ", "INSRT_DT", "JOB_CD", "SETUP_TIME", "RUN_TIME"}),
    RESULTS: frozenset({"ITEM_CD", "PROC_SEQ", "ACT_RUN_TIME", "ACT_SETUP_TIME"}),
}
"""Role -> columns that the built-in profile requires."""

KEYS: Final[dict[str, tuple[str, ...]]] = {
    FEATURES: ("ITEM_CD",),
    ROUTING: ("ITEM_CD", "PROC_SEQ"),
    RESULTS: ("ITEM_CD", "PROC_SEQ"),
}
"""Role -> columns that every profile has to map to a source column: without them a row belongs to nothing."""

SIZE_UNITS: Final[dict[str, str]] = {
    "OUTDIAMETER": "OUTDIAMETER_UNIT",
    "INDIAMETER": "OUTDIAMETER_UNIT",
    "OUTTHICKNESS": "OUTDIAMETER_UNIT",
    "IN_SEALSIZE": "IN_SEALSIZE_UOM",
    "MID_SEALSIZE": "MID_SEALSIZE_UOM",
    "OUT_SEALSIZE": "OUT_SEALSIZE_UOM",
}
"""Size -> text column that holds its unit row by row."""
