"""One operation of a routing, as requests and answers carry it."""

from __future__ import annotations

from pydantic import ConfigDict

from gateway.schemas.wire import RequestModel, Whole


class OperationStep(RequestModel):
    """An operation; times in minutes. What is not known is null. Another plant's columns come by their own names."""

    model_config = ConfigDict(extra="allow")

    PROC_SEQ: Whole
    INSIDE_FLAG: str | None = None
    dbo_BI_ROUTING_VIEW_JOB_CD: str | None = None  # noqa: N815 - the name is the view's
    JOB_NM: str | None = None
    RES_CD: str | None = None
    RES_DIS: str | None = None
    TIME_UNIT: str | None = None
    MFG_LT: float | None = None
    QUEUE_TIME: float | None = None
    SETUP_TIME: float | None = None
    MACH_WORKED_HOURS: float | None = None
    ACT_SETUP_TIME: float | None = None
    ACT_RUN_TIME: float | None = None
    WAIT_TIME: float | None = None
    MOVE_TIME: float | None = None
    RUN_TIME_QTY: float | None = None
    RUN_TIME_UNIT: str | None = None
    BATCH_OPER: str | None = None
    BP_CD: str | None = None
    dbo_BI_ROUTING_VIEW_CUST_NM: str | None = None  # noqa: N815 - the name is the view's
    CUR_CD: str | None = None
    SUBCONTRACT_PRC: float | None = None
    TAX_TYPE: str | None = None
    MILESTONE_FLG: str | None = None
    INSP_FLG: str | None = None
    ROUT_ORDER: str | None = None
    VALID_FROM_DT: str | None = None
    VALID_TO_DT: str | None = None
    dbo_BI_ROUTING_VIEW_REMARK: str | None = None  # noqa: N815 - the name is the view's
    ROUT_DOC: str | None = None
    DOC_INSIDE: str | None = None
    DOC_NO: str | None = None
    NC_PROGRAM: str | None = None
    NC_PROGRAM_WRITER: str | None = None
    NC_WRITER_NM: str | None = None
    NC_WRITE_DATE: str | None = None
    NC_REVIEWER: str | None = None
    NC_REVIEWER_NM: str | None = None
    NC_REVIEW_DT: str | None = None
    RAW_MATL_SIZE: str | None = None
    JAW_SIZE: str | None = None
    VALIDITY: str | None = None
    PROGRAM_REMARK: str | None = None
    OP_DRAW_NO: str | None = None
    MTMG_NUMB: str | None = None
    PROC_CD: str | None = None
    PROC_DESC: str | None = None
    RUN_TIME: float | None = None
    IDLE_TIME: float | None = None
