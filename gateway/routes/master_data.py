"""`/api/master-data`: hierarchy, items, log, and the snapshot of the source."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import orjson
from fastapi import Header, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from common.errors import NotFound, ServiceError, Unavailable
from common.logs import get_logger
from gateway.admission import admits_itself
from gateway.answers import built, json_answer
from gateway.guarded_routes import AreaRouter
from gateway.routes.auth import client_host
from gateway.schemas import master_data as bodies
from gateway.state import Gateway, TheGateway
from gateway.translate import master_data as translate
from protos.aggregate.v1 import aggregate_pb2 as pb
from protos.auth.v1 import auth_pb2

REFRESHED = "master-data.refresh"
LOOKED_UP = "ui.master_data."
REFRESH_SECONDS = 3600.0
WHOLE_TREE_SECONDS = 60.0
LISTED_LIKE_ONE = 16
"""Items of a list that are as much work as the prediction of one."""

LINES = "application/x-ndjson"
STOPPED = "The refresh ended without a result: aggregate_service stopped. Try again"

log = get_logger(__name__)

area = AreaRouter("/api/master-data", "master-data")


@area.user.get("/tree", response_model=bodies.MasterDataTreeResponse)
@admits_itself
async def get_master_data_tree(gateway: TheGateway, query: str | None = None) -> Response:
    """The hierarchy group > family > item of the items that match; without a query of all. Large: screens use hierarchy and items."""
    await gateway.admission.enter()
    counted = await _search(gateway, pb.SearchItemsRequest(query=query or "", hierarchy_only=True))
    await gateway.admission.enter(counted.filtered_items // LISTED_LIKE_ONE)
    found = await _search(gateway, pb.SearchItemsRequest(query=query or ""))
    return await built(lambda: json_answer(translate.tree(found, gateway.plant.schema)))


@area.user.get("/hierarchy", response_model=bodies.HierarchyResponse)
async def get_hierarchy(gateway: TheGateway, query: str = "") -> Response:
    """Groups and families with the number of their items that match."""
    found = await _search(gateway, pb.SearchItemsRequest(query=query, hierarchy_only=True))
    return json_answer(translate.hierarchy(found))


@area.user.get("/items", response_model=bodies.ItemSearchResponse)
@admits_itself
async def search_items(
    gateway: TheGateway,
    query: str = "",
    group: str = "",
    family: str = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    """A page of the items that match, of one group or family or of all."""
    await gateway.admission.enter(limit // LISTED_LIKE_ONE)
    request = pb.SearchItemsRequest(query=query, group=group, family=family, limit=limit, offset=offset)
    return json_answer(translate.page(await _search(gateway, request)))


@area.user.post("/items/lookup", response_model=bodies.ItemLookupResponse)
@admits_itself
async def look_items_up(body: bodies.ItemLookupRequest, gateway: TheGateway) -> Response:
    """Which of many codes the item master has, and what these items are."""
    await gateway.admission.enter(len(body.item_codes) // LISTED_LIKE_ONE)
    aggregate = gateway.clients.aggregate
    found = await aggregate.call(aggregate.stub.GetItems, pb.GetItemsRequest(item_codes=body.item_codes))
    return json_answer(translate.looked_up(body.item_codes, found, gateway.plant.schema))


@area.user.get("/operations", response_model=bodies.PlantOperationsResponse)
async def list_operations(gateway: TheGateway) -> Response:
    """Every operation that the current routings use, the most frequent first: its usual times and the machines that it is done on."""
    aggregate = gateway.clients.aggregate
    found = await aggregate.call(aggregate.stub.ListOperations, pb.ListOperationsRequest(), timeout=WHOLE_TREE_SECONDS)
    return json_answer(translate.operations(found))


@area.user.get("/items/{item_code:path}", response_model=bodies.MasterDataItemResponse)
async def get_master_data_item(item_code: str, gateway: TheGateway) -> Response:
    """Every column of an item."""
    if not item_code.strip():
        raise NotFound("The item master has no item without a code")
    aggregate = gateway.clients.aggregate
    found = await aggregate.call(aggregate.stub.GetItems, pb.GetItemsRequest(item_codes=[item_code]))
    if not found.items.rows:
        raise NotFound(f"The item master has no item {item_code[:100]!r}")
    return json_answer(translate.item(item_code, found, gateway.plant.schema))


@area.user.get("/logs", response_model=bodies.MasterDataLogsResponse)
async def get_master_data_logs(gateway: TheGateway, limit: Annotated[int, Query(ge=1, le=50)] = 5) -> Response:
    """What was done with the master data, newest first, and whether the Access file of the settings is the one that is read."""
    entries = await _log(gateway, limit)
    try:
        snapshot = await gateway.snapshots.info()
    except ServiceError:
        snapshot = None
    access_path = str(gateway.plant.section("data_source").get("access_path", ""))
    return json_answer({"logs": entries, "connection": translate.connection(access_path, snapshot)})


@area.user.get(
    "/logs/download",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def download_master_data_log(gateway: TheGateway) -> Response:
    """The log as a text file, oldest first, one entry a line."""
    entries = await _log(gateway, 500)
    lines = ["\t".join(entry[name] for name in ("timestamp", "ip", "user", "action", "target")) for entry in entries]
    text = "".join(f"{line}\n" for line in reversed(lines))
    return Response(
        text.encode("utf-8"),
        media_type="text/plain; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="master_data.log"'},
    )


@area.user.get("/snapshot", response_model=bodies.SnapshotModel)
async def get_snapshot(gateway: TheGateway) -> Response:
    """The snapshot of the source that serves."""
    return json_answer(translate.snapshot_facts(await gateway.snapshots.info()))


@area.admin.post("/refresh", response_model=bodies.RefreshResponse)
@admits_itself
async def refresh_snapshot(
    request: Request,
    gateway: TheGateway,
    body: bodies.RefreshRequest | None = None,
    accept: Annotated[str | None, Header()] = None,
) -> Response:
    """Reads the source again. With `Accept: application/x-ndjson` each step of the progress is a line of the answer."""
    steps = _refresh(request, gateway, force=bool(body and body.force))
    if LINES in (accept or ""):
        if (first := await anext(steps, None)) is None:
            raise Unavailable(STOPPED, retry_after=5.0)
        return StreamingResponse(_lines(first, steps), media_type=LINES)
    last: dict[str, Any] = {}
    async for step in steps:
        last = step
    if "changes" not in last:
        raise Unavailable(STOPPED, retry_after=5.0)
    return json_answer({"snapshot": last["snapshot"], "changes": last["changes"]})


async def _refresh(request: Request, gateway: Gateway, *, force: bool) -> AsyncIterator[dict[str, Any]]:
    aggregate = gateway.clients.aggregate
    asked = pb.RefreshRequest(reason="demand", force=force)
    async for step in aggregate.stream(aggregate.stub.Refresh, asked, timeout=REFRESH_SECONDS):
        facts = translate.progress(step)
        if "changes" in facts:
            await _note(request, gateway, facts["changes"])
        yield facts


async def _lines(first: dict[str, Any], steps: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    yield orjson.dumps(first) + b"\n"
    try:
        async for step in steps:
            yield orjson.dumps(step) + b"\n"
    except ServiceError as error:
        yield orjson.dumps({"stage": "failed", "detail": error.message, "reason": error.reason}) + b"\n"


async def _note(request: Request, gateway: Gateway, changes: dict[str, Any]) -> None:
    """Write the refresh into the audit log; the new snapshot serves already, so an auth_service that is away does not fail it."""
    auth = gateway.clients.auth
    event = auth_pb2.RecordAuditRequest(
        action=REFRESHED, client_host=client_host(request), payload_json=orjson.dumps(changes).decode()
    )
    try:
        await auth.call(auth.stub.RecordAudit, event)
    except ServiceError as error:
        log.warning("refresh is missing in the audit log", reason=error.reason, error=error.message)


async def _log(gateway: Gateway, limit: int) -> list[dict[str, str]]:
    """Refreshes, and what planners looked up on the screen, newest first."""
    auth = gateway.clients.auth
    pages = await asyncio.gather(
        *(
            auth.call(auth.stub.ListAudit, auth_pb2.ListAuditRequest(limit=limit, action=action), as_process=True)
            for action in (REFRESHED, LOOKED_UP)
        )
    )
    events = sorted((event for page in pages for event in page.events), key=lambda event: -event.at)
    return [translate.log_entry(event) for event in events[:limit]]


async def _search(gateway: Gateway, request: pb.SearchItemsRequest) -> pb.SearchItemsResponse:
    aggregate = gateway.clients.aggregate
    return await aggregate.call(aggregate.stub.SearchItems, request, timeout=WHOLE_TREE_SECONDS)
