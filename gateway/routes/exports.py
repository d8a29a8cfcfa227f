"""Routings as files: planners' saved ones and predicted ones, into the export folder of the server or as a download."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack
from pathlib import PureWindowsPath
from typing import Annotated, Any, Final

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from common.file_names import is_reserved
from common.request_context import allow_more_time
from gateway.admission import LARGE_ITEMS, admits_itself
from gateway.answers import json_answer, now_iso
from gateway.exports import Download, exporting
from gateway.failures import ClientGone
from gateway.guarded_routes import AreaRouter
from gateway.routes.predict import search_options, wanted_of
from gateway.schemas.exports import FileFormat, FileName, GroupExportModel, PredictionExportModel, Target
from gateway.schemas.prediction import PredictionRequest
from gateway.state import Gateway, TheGateway
from gateway.translate.group_rows import extra_columns, group_parts
from predicting.parts import FILE_PART_ITEMS, parts_of, seconds_for, with_one_version
from protos.aggregate.v1 import aggregate_pb2
from protos.documents.v1 import documents_pb2

MOST_NAME_BYTES: Final = 180
NOT_IN_NAMES: Final = re.compile(r"[^\w .()\[\]-]+")
MANY_ITEMS_WORK: Final = 5000
"""What a file of more than LARGE_ITEMS counts: four are written at a time."""

FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file's facts; for a download the file itself",
        "content": {"application/octet-stream": {}},
    }
}

area = AreaRouter("/api", "exports")


@area.user.post("/routing/groups/{group_id}/export", response_model=GroupExportModel, responses=FILES)
@admits_itself
async def export_routing_group(
    group_id: str,
    gateway: TheGateway,
    format: Annotated[FileFormat, Query()] = "csv",
    target: Annotated[Target, Query()] = "server",
    file_name: Annotated[FileName, Query()] = "",
) -> Response:
    """Writes a saved routing to a file: one routing an item of the group, an operation a step (403 when it is somebody else's)."""
    planning = gateway.clients.planning
    await gateway.admission.enter(2)
    group = await planning.call(planning.stub.GetRoutingGroup, documents_pb2.RoutingGroupRequest(group_id=group_id))
    await gateway.admission.enter(len(group.content.item_codes), file_work(len(group.content.item_codes)))
    parts = group_parts(group, gateway.plant.schema)
    start = aggregate_pb2.ExportStart(
        formats=[format],
        name=file_name or safe_name(group.content.group_name),
        download=target == "download",
        extra_columns=extra_columns(group),
    )
    allow_more_time(seconds_for(len(group.content.item_codes)))
    async with AsyncExitStack() as call:
        export = await call.enter_async_context(
            exporting(gateway.clients, start, seconds=seconds_for(len(group.content.item_codes)))
        )
        for part in parts:
            await export.add(part)
        files = await export.finish()
        if start.download:
            return Download(export, call.pop_all(), files, format)
    facts = {"group_id": group.group_id, "group_name": group.content.group_name, "version": group.version}
    return json_answer({**facts, **file_facts(files, format)})


@area.user.post("/predict/export", response_model=PredictionExportModel, responses=FILES)
@admits_itself
async def export_prediction(
    body: PredictionRequest,
    gateway: TheGateway,
    request: Request,
    format: Annotated[FileFormat, Query()] = "csv",
    target: Annotated[Target, Query()] = "server",
    file_name: Annotated[FileName, Query()] = "",
) -> Response:
    """Predicts routings of up to 10,000 items into a file, with all output columns; neither side holds more than a part of them."""
    await gateway.admission.enter(len(body.item_codes), file_work(len(body.item_codes)))
    allow_more_time(seconds_for(len(body.item_codes)))
    start = aggregate_pb2.ExportStart(formats=[format], name=file_name, download=target == "download")
    return await with_one_version(lambda: _exported_prediction(gateway, body, request, start, format))


async def _exported_prediction(
    gateway: Gateway, body: PredictionRequest, request: Request, start: aggregate_pb2.ExportStart, kind: str
) -> Response:
    facts = PredictionFacts(len(body.item_codes))
    async with AsyncExitStack() as call:
        export = await call.enter_async_context(
            exporting(gateway.clients, start, seconds=seconds_for(len(body.item_codes)))
        )
        async for prediction in predictions(gateway, body, facts, request):
            await export.add(prediction)
        files = await export.finish()
        if start.download:
            return Download(export, call.pop_all(), files, kind)
    return json_answer({**facts.content(), **file_facts(files, kind)})


class PredictionFacts:
    """What is told about a prediction whose routings went elsewhere."""

    def __init__(self, requested: int) -> None:
        self.requested = requested
        self.model_version = ""
        self.unknown: list[str] = []
        self.without_routing: list[str] = []

    def note(self, codes: Sequence[str], model_version: str, answer: aggregate_pb2.PredictResponse) -> None:
        self.model_version = model_version
        self.unknown.extend(codes[position] for position in answer.unknown)
        self.without_routing.extend(codes[position] for position in answer.without_routing)

    def content(self) -> dict[str, Any]:
        return {
            "model_version": self.model_version,
            "requested_items": self.requested,
            "unknown_items": self.unknown,
            "items_without_routing": self.without_routing,
        }


async def predictions(
    gateway: Gateway, body: PredictionRequest, facts: PredictionFacts, request: Request
) -> AsyncGenerator[aggregate_pb2.PredictResponse]:
    """The routings of a request's items with all output columns, part by part.

    Raises:
        ClientGone: nobody waits for the answer any more.
    """
    aggregate, wanted = gateway.clients.aggregate, wanted_of(body)
    wanted.detailed, wanted.evidence = True, False
    async for part in parts_of(gateway.clients, body.item_codes, search_options(body), wanted, FILE_PART_ITEMS):
        answer = await aggregate.call(aggregate.stub.Predict, part.request)
        if await request.is_disconnected():
            raise ClientGone("The client has hung up, so nothing was written")
        facts.note(part.codes, part.found.model_version, answer)
        yield answer


def file_work(items: int) -> int:
    """What a file of routings counts as work: never more than a few parts of it are in memory, but many take long."""
    return MANY_ITEMS_WORK if items > LARGE_ITEMS else min(items, 2 * FILE_PART_ITEMS)


def safe_name(name: str) -> str:
    """A name for people as the name of a file on every system."""
    clean = NOT_IN_NAMES.sub("_", name).strip(" .")[:100]
    clean = clean.encode("utf-8", "replace")[:MOST_NAME_BYTES].decode("utf-8", "ignore").rstrip(" .")
    if not clean.strip("_") or is_reserved(clean):
        clean = f"routing_{clean}".rstrip("_")
    return clean


def file_facts(files: aggregate_pb2.ExportResponse, kind: str) -> dict[str, Any]:
    """What is told about a file on the server."""
    path = files.paths[0]
    return {
        "format": kind,
        "path": path,
        "file_name": PureWindowsPath(path).name if "\\" in path else path.rpartition("/")[2],
        "bytes": files.bytes[0],
        "operations": files.operations,
        "compressed": path.endswith(".zip"),
        "exported_at": now_iso(),
    }
