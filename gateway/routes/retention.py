"""`/api/trainer/retention`: which old versions would be deleted, and deleting them."""

from __future__ import annotations

from starlette.responses import Response

from common.patience import LONGEST_CALL_SECONDS
from common.request_context import allow_more_time
from gateway.answers import json_answer
from gateway.guarded_routes import AreaRouter
from gateway.schemas.retention import RetentionReport, RetentionRequest
from gateway.state import TheGateway
from protos.trainer.v1 import trainer_pb2

area = AreaRouter("/api/trainer", "trainer")


@area.admin.post("/retention", response_model=RetentionReport)
async def apply_retention(gateway: TheGateway, body: RetentionRequest | None = None) -> Response:
    """Tells which old versions the retention would delete; with `dry_run` false it deletes them. Active and good ones stay."""
    wanted = body or RetentionRequest()
    allow_more_time(LONGEST_CALL_SECONDS)
    trainer = gateway.clients.trainer
    request = trainer_pb2.RetentionRequest(
        dry_run=wanted.dry_run,
        keep_versions=wanted.keep_versions or 0,
        keep_good_versions=wanted.keep_good_versions or 0,
    )
    done = await trainer.call(trainer.stub.ApplyRetention, request, timeout=LONGEST_CALL_SECONDS)
    return json_answer(
        {
            "dry_run": done.dry_run,
            "freed_bytes": done.freed_bytes,
            "versions": [
                {"version_name": one.version_name, "outcome": one.outcome, "reason": one.reason, "bytes": one.bytes}
                for one in done.versions
            ],
        }
    )
