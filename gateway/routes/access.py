"""`/api/access`: testing a source and looking at its tables."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from common.patience import LONGEST_CALL_SECONDS
from common.request_context import allow_more_time
from gateway.answers import iso_time, json_answer
from gateway.bodies import document_value
from gateway.guarded_routes import AreaRouter
from gateway.notice_header import notice_headers
from gateway.schemas.access import (
    AccessConnectionRequest,
    AccessConnectionResponse,
    AccessMetadataResponse,
    AccessTablesResponse,
    ServingSourceResponse,
)
from gateway.state import Gateway, TheGateway
from gateway.translate.rows import rows_of
from plant.settings import PlantSettings
from protos.aggregate.v1 import aggregate_pb2 as pb
from source.serving_source import Origin, serving_source

area = AreaRouter("/api/access", "access")
tests = AreaRouter("/api/access", "workspace")


@tests.user.post("/connection/test", response_model=AccessConnectionResponse)
async def test_access_connection(body: AccessConnectionRequest, gateway: TheGateway) -> Response:
    """Opens an Access file and says whether, and what of it, can be read."""
    allow_more_time(LONGEST_CALL_SECONDS)
    aggregate = gateway.clients.aggregate
    found = await aggregate.call(
        aggregate.stub.TestSource,
        pb.TestSourceRequest(path=body.path, table=body.table or ""),
        timeout=LONGEST_CALL_SECONDS,
    )
    return json_answer(
        {
            "ok": found.ok,
            "message": found.message,
            "path_hash": found.path_hash,
            "table_profiles": list(found.tables),
            "elapsed_ms": round(found.elapsed_ms, 3) if found.HasField("elapsed_ms") else None,
            "verified_table": found.verified_table or None,
        },
        headers=notice_headers(found.notice.code, found.notice.parameters),
    )


@area.user.get("/metadata", response_model=AccessMetadataResponse)
async def fetch_access_metadata(gateway: TheGateway, table: str | None = None, path: str | None = None) -> Response:
    """The real columns of a table; without a table of the settings' default table, without a path of the source that serves."""
    found = await _columns(gateway, pb.TableColumnsRequest(table=table or "", path=path or ""))
    return json_answer(
        {
            "table": found.table,
            "columns": [
                {"name": row["name"], "type": row["type"], "nullable": bool(row["nullable"])}
                for row in rows_of(found.columns)
            ],
            "path": found.path or None,
            "updated_at": iso_time(found.updated_at),
        }
    )


@area.user.get("/tables", response_model=AccessTablesResponse)
async def list_source_tables(gateway: TheGateway, table: str = "", path: str = "") -> Response:
    """The tables of a source, and the columns of one with null shares and examples."""
    found = await _columns(gateway, pb.TableColumnsRequest(table=table, path=path, profile=True))
    return json_answer(
        {
            "table": found.table,
            "tables": list(found.tables),
            "rows": found.rows,
            "columns": [_profiled(row) for row in rows_of(found.columns)],
        }
    )


@area.user.get("/source", response_model=ServingSourceResponse)
async def read_serving_source(gateway: TheGateway) -> Response:
    """Which source serves, who named it, and whether a change of data_source.access_path has an effect."""
    document = PlantSettings.of(gateway.plant.document)
    source = serving_source(gateway.settings, document)
    return json_answer(
        {
            "path": str(source.path),
            "origin": source.origin.value,
            "reason": source.reason,
            "settings_path": document.data_source.access_path,
            "changed_by_settings": source.origin is not Origin.FIXED,
        }
    )


async def _columns(gateway: Gateway, request: pb.TableColumnsRequest) -> pb.TableColumnsResponse:
    allow_more_time(LONGEST_CALL_SECONDS)
    aggregate = gateway.clients.aggregate
    return await aggregate.call(aggregate.stub.TableColumns, request, timeout=LONGEST_CALL_SECONDS)


def _profiled(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "nullable": bool(row.get("nullable")), "examples": document_value(str(row.get("examples") or "[]"))}
