"""The schema of the mechanical seal plant: its features, its columns by the names of its Access views, and what it calls them.

Versions that were trained before versions stored a schema are of this plant, and so are input profiles of the first format.
"""

from __future__ import annotations

from typing import Any, Final

from plant.columns import ColumnType
from plant.schema import (
    FEATURES,
    GEOMETRY,
    HISTORY,
    RESULTS,
    ROUTING,
    Column,
    Feature,
    FeatureKind,
    ItemDisplay,
    OutputNames,
    PlantSchema,
    ResultRoles,
    RoutingRoles,
    WeightProfile,
)

TABLES: Final[dict[str, str]] = {
    FEATURES: "dbo_BI_ITEM_INFO_VIEW",
    ROUTING: "dbo_BI_ROUTING_VIEW",
    RESULTS: "dbo_BI_WORK_ORDER_RESULTS",
}
"""Role of a table -> its name at the plant."""

FILE_TABLES: Final[dict[str, str]] = {
    "items": TABLES[FEATURES],
    "routing": TABLES[ROUTING],
    "work_orders": TABLES[RESULTS],
}
"""Name of a file of a folder, without ending -> the Access view that it stands for."""


def _columns(texts: str, numbers: str = "", integers: str = "", times: str = "") -> tuple[Column, ...]:
    kinds = {ColumnType.NUMBER: numbers, ColumnType.INTEGER: integers, ColumnType.DATETIME: times}
    special = {name: kind for kind, names in kinds.items() for name in names.split()}
    korean = {"INSRT_DT": "생성일", "MODI_DT": "수정일"}
    return tuple(
        Column(name=name, type=special.get(name, ColumnType.TEXT), label_ko=korean.get(name, ""))
        for name in texts.split()
    )


def _feature(
    name: str, kind: FeatureKind, weight: float, label_ko: str, active: bool = True, unit_from: str | None = None
) -> Feature:
    return Feature(name=name, kind=kind, weight=weight, active=active, label_ko=label_ko, unit_from=unit_from)


_C, _T, _S = FeatureKind.CATEGORY, FeatureKind.TEXT, FeatureKind.SIZE
_OFF = False

_FEATURES: Final = (
    _feature("ITEM_CD", FeatureKind.IDENTITY, 0.3, "품목코드", _OFF),
    _feature("PART_TYPE", _C, 2.2, "부품 유형"),
    _feature("PartNm", _C, 0.4, "부품명", _OFF),
    _feature("ITEM_SUFFIX", _C, 0.3, "품목 접미", _OFF),
    _feature("ITEM_SPEC", _T, 1.1, "사양"),
    _feature("ITEM_NM", _T, 0.4, "품목명", _OFF),
    _feature("ADDITIONAL_SPEC", _T, 0.4, "추가 사양", _OFF),
    _feature("ITEM_MATERIAL", _C, 2.0, "재질"),
    _feature("MATERIAL_DESC", _C, 0.7, "재질 설명"),
    _feature("ITEM_ACCT", _C, 0.6, "품목 계정"),
    _feature("ITEM_TYPE", _C, 2.2, "품목 유형"),
    _feature("ITEM_UNIT", _C, 0.6, "단위"),
    _feature("ITEM_GRP1", _C, 1.5, "대분류"),
    _feature("ITEM_GRP1NM", _C, 0.7, "대분류명"),
    _feature("STANDARD_YN", _C, 1.5, "표준 여부"),
    _feature("GROUP1", _C, 1.6, "1차 그룹"),
    _feature("GROUP2", _C, 1.5, "2차 그룹"),
    _feature("GROUP3", _C, 1.0, "3차 그룹"),
    _feature("DRAW_NO", _T, 0.8, "도면 번호"),
    _feature("DRAW_REV", _C, 0.7, "도면 개정"),
    _feature("DRAW_SHEET_NO", _C, 0.3, "도면 시트", _OFF),
    _feature("DRAW_USE", _C, 0.3, "도면 용도", _OFF),
    _feature("ITEM_NM_ENG", _T, 0.4, "영문 품목명", _OFF),
    _feature("OUTDIAMETER", _S, 2.5, "외경", unit_from="OUTDIAMETER_UNIT"),
    _feature("INDIAMETER", _S, 2.5, "내경", unit_from="OUTDIAMETER_UNIT"),
    _feature("OUTTHICKNESS", _S, 2.2, "두께", unit_from="OUTDIAMETER_UNIT"),
    _feature("OUTDIAMETER_UNIT", _C, 1.0, "치수 단위"),
    _feature("ROTATE_CLOCKWISE", FeatureKind.FLAG, 1.3, "시계 방향 회전"),
    _feature("ROTATE_CTRCLOCKWISE", FeatureKind.FLAG, 1.3, "반시계 방향 회전"),
    _feature("SealTypeGrup", _C, 3.0, "씰 유형 그룹"),
    _feature("IN_SEALTYPE_CD", _C, 2.5, "내측 씰 유형"),
    _feature("IN_SEALSIZE", _S, 1.8, "내측 씰 치수", unit_from="IN_SEALSIZE_UOM"),
    _feature("IN_SEALSIZE_UOM", _C, 0.6, "내측 씰 단위"),
    _feature("MID_SEALTYPE_CD", _C, 2.5, "중간 씰 유형"),
    _feature("MID_SEALSIZE", _S, 1.8, "중간 씰 치수", unit_from="MID_SEALSIZE_UOM"),
    _feature("MID_SEALSIZE_UOM", _C, 0.6, "중간 씰 단위"),
    _feature("OUT_SEALTYPE_CD", _C, 2.5, "외측 씰 유형"),
    _feature("OUT_SEALSIZE", _S, 1.8, "외측 씰 치수", unit_from="OUT_SEALSIZE_UOM"),
    _feature("OUT_SEALSIZE_UOM", _C, 0.6, "외측 씰 단위"),
    _feature("RAW_MATL_KIND", _C, 2.3, "원소재 종류"),
    _feature("RAW_MATL_KINDNM", _C, 0.7, "원소재명"),
)

_ROUTING: Final = _columns(
    """ITEM_CD ROUT_NO PROC_SEQ INSRT_DT INSIDE_FLAG JOB_CD JOB_NM RES_CD RES_DIS TIME_UNIT MFG_LT QUEUE_TIME SETUP_TIME
        RUN_TIME RUN_TIME_UNIT MACH_WORKED_HOURS ACT_SETUP_TIME ACT_RUN_TIME WAIT_TIME MOVE_TIME RUN_TIME_QTY
        BATCH_OPER BP_CD CUST_NM CUR_CD SUBCONTRACT_PRC TAX_TYPE MILESTONE_FLG INSP_FLG ROUT_ORDER VALID_FROM_DT
        VALID_TO_DT VIEW_REMARK ROUT_DOC DOC_INSIDE DOC_NO NC_PROGRAM NC_PROGRAM_WRITER NC_WRITER_NM NC_WRITE_DATE
        NC_REVIEWER NC_REVIEWER_NM NC_REVIEW_DT RAW_MATL_SIZE JAW_SIZE VALIDITY PROGRAM_REMARK OP_DRAW_NO MTMG_NUMB""",
    numbers="""MFG_LT QUEUE_TIME SETUP_TIME RUN_TIME MACH_WORKED_HOURS ACT_SETUP_TIME ACT_RUN_TIME WAIT_TIME MOVE_TIME RUN_TIME_QTY
        SUBCONTRACT_PRC ROUT_ORDER""",
    integers="""PROC_SEQ""",
    times="""INSRT_DT VALID_FROM_DT VALID_TO_DT NC_WRITE_DATE NC_REVIEW_DT""",
)

_RESULTS: Final = _columns(
    """ITEM_CD PROC_SEQ WORK_CENTER WORK_CENTER_NM OPERATION_CD OPERATION_NM REPORT_DT ACT_RUN_TIME ACT_SETUP_TIME GOOD_QTY
        BAD_QTY RUN_QTY""",
    numbers="""ACT_RUN_TIME ACT_SETUP_TIME GOOD_QTY BAD_QTY RUN_QTY""",
    integers="""PROC_SEQ""",
    times="""REPORT_DT""",
)

_GEOMETRY: Final = (
    "ITEM_SPEC",
    "OUTDIAMETER",
    "INDIAMETER",
    "OUTTHICKNESS",
    "ROTATE_CLOCKWISE",
    "ROTATE_CTRCLOCKWISE",
    "IN_SEALSIZE",
    "MID_SEALSIZE",
    "OUT_SEALSIZE",
)
"""Features of size and shape."""

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

MECHANICAL_SEALS: Final = PlantSchema(
    name="Mechanical seals",
    label_ko="메커니컬 씰",
    features=_FEATURES,
    item=ItemDisplay(
        name="ITEM_NM",
        drawing="DRAW_NO",
        revision="DRAW_REV",
        specification="ITEM_SPEC",
        details="ADDITIONAL_SPEC",
        material="ITEM_MATERIAL",
        levels=("ITEM_GRP1NM", "GROUP2"),
        family="GROUP2",
    ),
    item_columns=_columns("ITEM_GRP2 ITEM_GRP2NM ITEM_GRP3 ITEM_GRP3NM INSRT_DT MODI_DT", times="INSRT_DT MODI_DT"),
    routing=RoutingRoles(
        entered="INSRT_DT",
        operation_code="JOB_CD",
        operation_name="JOB_NM",
        operation_other="RES_DIS",
        machine_name="",
        machine_run="MACH_WORKED_HOURS",
        actual_setup="ACT_SETUP_TIME",
        actual_run="ACT_RUN_TIME",
        run_of_quantity="RUN_TIME_QTY",
        valid_from="VALID_FROM_DT",
        valid_to="VALID_TO_DT",
        subcontractor="BP_CD",
        setup_unit="TIME_UNIT",
        run_unit="RUN_TIME_UNIT",
    ),
    routing_columns=_ROUTING,
    results=ResultRoles(operation_code="OPERATION_CD", reported="REPORT_DT"),
    results_columns=_RESULTS,
    weight_profiles={
        GEOMETRY: WeightProfile(label="Geometry", label_ko="치수·형상 중심", factors=dict.fromkeys(_GEOMETRY, 2.5)),
        HISTORY: WeightProfile(
            label="Operation history", label_ko="작업 이력 중심", factors=dict.fromkeys(_GEOMETRY, 0.25), otherwise=0.5
        ),
    },
    output=OutputNames(
        columns=OUTPUT_COLUMNS,
        summary=OUTPUT_COLUMNS[OUTPUT_COLUMNS.index("PROC_SEQ") : OUTPUT_COLUMNS.index("RUN_TIME_UNIT") + 1],
        aliases=COLUMN_ALIASES,
        as_text=("ROUT_ORDER",),
        item_labels={
            "ITEM_CD": "품목코드",
            "ITEM_NM": "품목명",
            "ITEM_SPEC": "사양",
            "ADDITIONAL_SPEC": "추가 사양",
            "ITEM_MATERIAL": "재질",
            "ITEM_GRP1": "대분류",
            "ITEM_GRP1NM": "대분류명",
            "GROUP1": "1차 그룹",
            "GROUP2": "2차 그룹",
            "GROUP3": "3차 그룹",
            "INSRT_DT": "생성일",
            "MODI_DT": "수정일",
        },
    ),
)

_OPTIONAL_FEATURES = ("ITEM_GRP2", "ITEM_GRP2NM", "ITEM_GRP3", "ITEM_GRP3NM", "INSRT_DT", "MODI_DT")
REQUIRED: Final[dict[str, frozenset[str]]] = {
    FEATURES: frozenset(MECHANICAL_SEALS.columns(FEATURES)) - frozenset(_OPTIONAL_FEATURES),
    ROUTING: frozenset({"ITEM_CD", "ROUT_NO", "PROC_SEQ", "INSRT_DT", "JOB_CD", "SETUP_TIME", "RUN_TIME"}),
    RESULTS: frozenset({"ITEM_CD", "PROC_SEQ", "ACT_RUN_TIME", "ACT_SETUP_TIME"}),
}
"""Role -> columns that the built-in profile requires."""

PROJECTOR_COLUMNS: Final = ("ITEM_CD", "ITEM_NM", "GROUP1", "ITEM_TYPE")
"""Columns that go with the vectors of a TensorBoard Projector export."""

TABLE_PROFILES: Final[list[dict[str, Any]]] = [
    {
        "name": TABLES[FEATURES],
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
        "name": TABLES[ROUTING],
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
        "name": TABLES[RESULTS],
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
"""Tables of the settings document before anybody changed it."""
