"""Bodies of `/api/time/summary`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gateway.schemas.operations import OperationStep
from gateway.schemas.wire import AnswerModel, NotNegative, RequestModel


class TimeSummaryRequest(RequestModel):
    """Operations whose times are to be summed up."""

    item_code: str
    operations: list[OperationStep] = []
    include_breakdown: bool = False


class TimeBreakdown(AnswerModel):
    """Times of one operation, in minutes."""

    proc_seq: int | None = None
    setup_time: NotNegative
    run_time: NotNegative
    queue_time: NotNegative
    wait_time: NotNegative
    move_time: NotNegative
    total_time: NotNegative


class TimeSummaryResponse(AnswerModel):
    """Sums over the operations, in minutes."""

    item_code: str
    totals: dict[str, float] = {}
    process_count: Annotated[int, Field(ge=0)] = 0
    breakdown: list[TimeBreakdown] | None = None
