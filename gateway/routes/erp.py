"""The ERP interface: handing routings over, and looking after the outbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from common.request_context import allow_more_time
from gateway.answers import json_answer
from gateway.exports import exporting
from gateway.guarded_routes import AreaRouter
from gateway.routes.exports import PredictionFacts, predictions, safe_name
from gateway.schemas.erp import ErpMessageModel, ErpMessagesModel, ErpStatusModel, MessageState
from gateway.schemas.prediction import PredictionRequest
from gateway.state import Gateway, TheGateway
from gateway.translate import erp as translate
from gateway.translate.group_rows import extra_columns, group_parts
from plant.settings.erp_interface import ErpInterface
from plant.settings.sections import ExportSection
from predicting.parts import seconds_for, with_one_version
from protos.aggregate.v1 import aggregate_pb2
from protos.documents.v1 import documents_pb2
from protos.erp.v1 import erp_pb2 as pb

Limit = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0, lt=2**31)]

area = AreaRouter("/api", "erp")


@area.user.post("/routing/groups/{group_id}/erp", status_code=202, response_model=ErpMessageModel)
async def hand_over_routing_group(group_id: str, gateway: TheGateway) -> Response:
    """Puts a saved routing into the ERP outbox, from where it is delivered however long the ERP is away (409 when the interface is off)."""
    group = await _group(gateway, group_id)
    kind = interface_format(gateway)
    start = aggregate_pb2.ExportStart(
        formats=[kind],
        name=safe_name(group.content.group_name),
        download=True,
        for_program=True,
        extra_columns=extra_columns(group),
    )
    about = pb.ErpMessageStart(
        kind="routing_group", subject_id=group.group_id, subject_name=group.content.group_name, format=kind
    )

    async def parts() -> AsyncIterator[aggregate_pb2.PredictResponse]:
        for part in group_parts(group, gateway.plant.schema):
            yield part

    message = await _hand_over(gateway, about, start, parts(), seconds_for(len(group.content.item_codes)))
    return json_answer(translate.message(message), 202)


@area.user.get("/routing/groups/{group_id}/erp", response_model=ErpMessagesModel)
async def list_hand_overs_of_group(
    group_id: str, gateway: TheGateway, limit: Limit = 50, offset: Offset = 0
) -> Response:
    """When a saved routing was handed over, newest first, and what became of it (403 when it is somebody else's)."""
    group = await _group(gateway, group_id)
    erp = gateway.clients.erp
    request = pb.ListMessagesRequest(subject_id=group.group_id, limit=limit, offset=offset)
    found = await erp.call(erp.stub.List, request, as_process=True)
    return json_answer(translate.page(found, limit, offset))


@area.user.post("/erp/predictions", status_code=202, response_model=ErpMessageModel)
async def hand_over_prediction(body: PredictionRequest, gateway: TheGateway, request: Request) -> Response:
    """Predicts routings of up to 10,000 items and puts them into the ERP outbox as one message (409 when the interface is off)."""
    seconds = seconds_for(len(body.item_codes))
    allow_more_time(seconds)
    kind = interface_format(gateway)
    name = body.item_codes[0] if len(body.item_codes) == 1 else f"{len(body.item_codes)} items"
    about = pb.ErpMessageStart(kind="prediction", subject_name=name, format=kind)
    start = aggregate_pb2.ExportStart(formats=[kind], download=True, for_program=True)

    async def work() -> Response:
        facts = PredictionFacts(len(body.item_codes))
        async with aclosing(predictions(gateway, body, facts, request)) as parts:
            message = await _hand_over(gateway, about, start, parts, seconds)
        return json_answer(translate.message(message), 202)

    return await with_one_version(work)


@area.user.get("/erp/status", response_model=ErpStatusModel)
async def get_erp_status(gateway: TheGateway) -> Response:
    """Whether the interface is on, where it leads and how the queue stands."""
    erp = gateway.clients.erp
    return json_answer(translate.status(await erp.call(erp.stub.Status, pb.ErpStatusRequest())))


@area.admin.get("/erp/messages", response_model=ErpMessagesModel)
async def list_erp_messages(
    gateway: TheGateway, state: MessageState | None = None, limit: Limit = 50, offset: Offset = 0
) -> Response:
    """Messages of the outbox, newest first."""
    erp = gateway.clients.erp
    found = await erp.call(erp.stub.List, pb.ListMessagesRequest(state=state or "", limit=limit, offset=offset))
    return json_answer(translate.page(found, limit, offset))


@area.admin.get("/erp/messages/{message_id}", response_model=ErpMessageModel)
async def get_erp_message(message_id: str, gateway: TheGateway) -> Response:
    """One message."""
    erp = gateway.clients.erp
    return json_answer(translate.message(await erp.call(erp.stub.Get, pb.MessageRequest(message_id=message_id))))


@area.admin.post("/erp/messages/{message_id}/retry", response_model=ErpMessageModel)
async def retry_erp_message(message_id: str, gateway: TheGateway) -> Response:
    """Hands a message over again at once, with all its attempts before it (409 when it has been delivered)."""
    erp = gateway.clients.erp
    return json_answer(translate.message(await erp.call(erp.stub.Retry, pb.MessageRequest(message_id=message_id))))


@area.admin.post("/erp/messages/{message_id}/cancel", response_model=ErpMessageModel)
async def cancel_erp_message(message_id: str, gateway: TheGateway) -> Response:
    """Takes a message out of the queue (409 when it has been delivered or is on its way)."""
    erp = gateway.clients.erp
    return json_answer(translate.message(await erp.call(erp.stub.Cancel, pb.MessageRequest(message_id=message_id))))


async def _group(gateway: Gateway, group_id: str) -> documents_pb2.RoutingGroup:
    planning = gateway.clients.planning
    return await planning.call(planning.stub.GetRoutingGroup, documents_pb2.RoutingGroupRequest(group_id=group_id))


def interface_format(gateway: Gateway) -> str:
    """Format that the settings have for the ERP.

    Raises:
        PreconditionFailed: the interface is off or not set up.
    """
    interface = ErpInterface.of(ExportSection.model_validate(gateway.plant.section("export")))
    if not interface.ready:
        raise interface.not_ready()
    return interface.format


async def _hand_over(
    gateway: Gateway,
    about: pb.ErpMessageStart,
    start: aggregate_pb2.ExportStart,
    parts: AsyncIterator[aggregate_pb2.PredictResponse],
    seconds: float,
) -> pb.ErpMessage:
    """Have aggregate_service write the content and pass it on to the outbox, piece by piece.

    Raises:
        ServiceError: what either of them answered; then nothing is in the outbox.
    """
    clients, erp = gateway.clients, gateway.clients.erp
    async with exporting(clients, start, seconds=seconds) as export:
        async for part in parts:
            await export.add(part)
        await export.finish()
        async with erp.upload(erp.stub.Enqueue, timeout=seconds) as upload:
            await upload.send(pb.EnqueuePart(start=about))
            async for data in export.content():
                await upload.send(pb.EnqueuePart(data=data))
            await upload.send(pb.EnqueuePart(end=pb.EnqueueEnd()))
            return await upload.answer()
