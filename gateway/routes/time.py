"""`/api/time/summary`."""

from __future__ import annotations

from starlette.responses import Response

from gateway.admission import admits_itself
from gateway.answers import json_answer
from gateway.guarded_routes import AreaRouter
from gateway.schemas.time import TimeSummaryRequest, TimeSummaryResponse
from gateway.state import TheGateway
from gateway.translate import time_summary as translate

OPERATIONS_OF_AN_ITEM = 20
"""Operations whose sum is at most as much work as an item's prediction."""

area = AreaRouter("/api/time", "routing-ml")


@area.user.post("/summary", response_model=TimeSummaryResponse)
@admits_itself
async def time_summary(body: TimeSummaryRequest, gateway: TheGateway) -> Response:
    """Sums the times of operations, in minutes."""
    await gateway.admission.enter(len(body.operations) // OPERATIONS_OF_AN_ITEM)
    aggregate = gateway.clients.aggregate
    request = translate.request(body.item_code, body.operations, body.include_breakdown, gateway.plant.schema)
    response = await aggregate.call(aggregate.stub.SummarizeTimes, request)
    answer = translate.answer(body.item_code, response, body.include_breakdown)
    gateway.last.times_summed(body.item_code, answer["process_count"], answer["totals"])
    return json_answer(answer)
