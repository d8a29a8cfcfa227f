"""`/api/trainer`: trainings, model versions, activation and what was done to them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from common.errors import InvalidInput, NotFound, ServiceError
from common.patience import LONGEST_CALL_SECONDS
from common.request_context import allow_more_time
from gateway.admission import admits_itself
from gateway.answers import json_answer
from gateway.guarded_routes import AreaRouter
from gateway.schemas import trainer as bodies
from gateway.state import Gateway, TheGateway
from gateway.translate import versions as translate
from gateway.translate.notices import all_said
from gateway.version_comparison import compare_version, sample_items
from gateway.version_reports import REPORTS, read_report
from protos.registry.v1 import registry_pb2 as pb
from protos.trainer.v1 import trainer_pb2
from trained.travel import VersionCache

MOST = 2**31

Details = Annotated[
    bool, Query(description="true: also stage, remaining_seconds and requested_by, which older clients do not know")
]

area = AreaRouter("/api/trainer", "trainer")


@area.user.get("/status", response_model=bodies.TrainingStatusModel)
async def get_training_status(gateway: TheGateway, details: Details = False) -> Response:
    """How the current or last training goes, and the newest version."""
    trainer = gateway.clients.trainer
    status = await trainer.call(trainer.stub.Status, trainer_pb2.StatusRequest())
    latest = await _latest(gateway)
    return json_answer(translate.training(status, latest) if details else translate.older_training(status, latest))


@area.admin.post(
    "/run",
    status_code=202,
    response_model=bodies.TrainingStatusModel,
    responses={
        403: {"description": "Not an administrator, or training by API is switched off"},
        409: {"description": "A training is running"},
    },
)
async def run_training(body: bodies.TrainingRequest, gateway: TheGateway) -> Response:
    """Starts a training where the installation allows it."""
    trainer = gateway.clients.trainer
    status = await trainer.call(
        trainer.stub.Run,
        trainer_pb2.RunRequest(
            version_label=body.version_label or "",
            projector_metadata=body.projector_metadata or [],
            dry_run=body.dry_run,
            activate=body.activate,
        ),
    )
    return json_answer(translate.training(status, await _latest(gateway)), 202)


@area.admin.post("/cancel", response_model=bodies.TrainingStatusModel)
async def cancel_training(gateway: TheGateway) -> Response:
    """Ends the running training; nothing half-written stays."""
    trainer = gateway.clients.trainer
    status = await trainer.call(trainer.stub.Cancel, trainer_pb2.CancelRequest())
    return json_answer(translate.training(status, await _latest(gateway)))


@area.user.get("/versions", response_model=list[bodies.ModelVersionModel])
async def get_model_versions(gateway: TheGateway, limit: int | None = None, status: str = "") -> Response:
    """Model versions, newest first."""
    if limit is not None and limit < 1:
        raise InvalidInput("limit must be 1 or more; leave it out for all versions")
    registry = gateway.clients.registry
    request = pb.ListVersionsRequest(limit=min(limit or 0, MOST), status=status)
    found = await registry.call(registry.stub.List, request)
    return json_answer([translate.version(one) for one in found.versions])


@area.user.get("/history", response_model=bodies.HistoryResponse)
async def get_version_history(
    gateway: TheGateway, version_name: str = "", limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> Response:
    """What was done to which version, by whom, when and why, newest first."""
    registry = gateway.clients.registry
    found = await registry.call(registry.stub.History, pb.HistoryRequest(version_name=version_name, limit=limit))
    return json_answer({"items": [translate.history_entry(entry) for entry in found.entries]})


@area.user.get("/versions/{version_name}", response_model=bodies.VersionDetailModel)
async def get_model_version(version_name: str, gateway: TheGateway) -> Response:
    """One version with its manifest."""
    return json_answer(translate.detail(await _version(gateway, version_name)))


@area.user.get("/versions/{version_name}/reports/{report}", response_model=dict[str, Any])
async def get_version_report(version_name: str, report: str, gateway: TheGateway) -> Response:
    """A report that the training left beside the model."""
    if report not in REPORTS:
        raise NotFound(f"There is no such report; there are {', '.join(REPORTS)}")
    content = await read_report(await _version(gateway, version_name), report, VersionCache.of(gateway.settings))
    return Response(content, media_type="application/json")


@area.admin.post("/versions/{version_name}/activate", response_model=bodies.ActivationModel)
async def activate_model_version(
    version_name: str, gateway: TheGateway, body: bodies.ReasonRequest | None = None
) -> Response:
    """Makes a version the active one after every process has proved that it can serve it."""
    allow_more_time(LONGEST_CALL_SECONDS)
    registry = gateway.clients.registry
    request = pb.ActivateRequest(version_name=version_name, reason=body.reason if body else "")
    response = await registry.call(registry.stub.Activate, request, timeout=LONGEST_CALL_SECONDS)
    return json_answer(translate.activated(response))


@area.admin.post("/versions/{version_name}/verify", response_model=bodies.VerificationModel)
async def verify_model_version(version_name: str, gateway: TheGateway) -> Response:
    """Checks hashes, loads the version in a process of its own and searches it."""
    allow_more_time(LONGEST_CALL_SECONDS)
    registry = gateway.clients.registry
    request = pb.VerifyRequest(version_name=version_name)
    found = await registry.call(registry.stub.Verify, request, timeout=LONGEST_CALL_SECONDS)
    return json_answer(
        {
            "ok": found.ok,
            "problems": list(found.problems),
            "problem_notices": all_said(found.problem_notices),
            "passed_notices": all_said(found.passed_notices),
            "passed": list(found.passed),
            "elapsed_ms": round(found.elapsed_ms, 3),
        }
    )


@area.admin.post("/versions/{version_name}/comparison", response_model=bodies.ComparisonModel)
@admits_itself
async def compare_model_version(
    version_name: str, gateway: TheGateway, body: bodies.ComparisonRequest | None = None
) -> Response:
    """What the version would propose beside what the active one proposes, for named items or a sample of all; nothing is activated."""
    wanted = body or bodies.ComparisonRequest()
    await gateway.admission.enter(3 * (len(wanted.item_codes or ()) or wanted.sample))
    allow_more_time(LONGEST_CALL_SECONDS)
    other = (await _version(gateway, version_name)).version
    registry = gateway.clients.registry
    active = (await registry.call(registry.stub.GetActive, pb.GetActiveRequest())).version
    codes = wanted.item_codes or await sample_items(gateway, wanted.sample, wanted.seed)
    return json_answer(await compare_version(gateway, other, active, list(dict.fromkeys(codes))))


@area.admin.post("/versions/{version_name}/retire", response_model=bodies.ModelVersionModel)
async def retire_model_version(
    version_name: str, gateway: TheGateway, body: bodies.ReasonRequest | None = None
) -> Response:
    """Takes a version out of use."""
    registry = gateway.clients.registry
    request = pb.RetireRequest(version_name=version_name, reason=body.reason if body else "")
    return json_answer(translate.version(await registry.call(registry.stub.Retire, request)))


@area.admin.post("/rollback", response_model=bodies.ActivationModel)
async def roll_back(gateway: TheGateway, body: bodies.RollbackRequest | None = None) -> Response:
    """Makes the version that was active before active again."""
    wanted = body or bodies.RollbackRequest()
    allow_more_time(LONGEST_CALL_SECONDS)
    registry = gateway.clients.registry
    request = pb.RollBackRequest(steps=wanted.steps, reason=wanted.reason)
    response = await registry.call(registry.stub.RollBack, request, timeout=LONGEST_CALL_SECONDS)
    return json_answer(translate.activated(response))


@area.admin.post("/adopt", status_code=201, response_model=bodies.ModelVersionModel)
async def adopt_version(body: bodies.AdoptRequest, gateway: TheGateway) -> Response:
    """Registers artifacts that came from elsewhere."""
    allow_more_time(LONGEST_CALL_SECONDS)
    registry = gateway.clients.registry
    request = pb.AdoptRequest(artifact_dir=body.artifact_dir, version_name=body.version_name or "")
    adopted = await registry.call(registry.stub.Adopt, request, timeout=LONGEST_CALL_SECONDS)
    return json_answer(translate.version(adopted), 201)


async def _version(gateway: Gateway, name: str) -> pb.GetVersionResponse:
    registry = gateway.clients.registry
    return await registry.call(registry.stub.Get, pb.GetVersionRequest(version_name=name))


async def _latest(gateway: Gateway) -> pb.Version | None:
    registry = gateway.clients.registry
    try:
        found = await registry.call(registry.stub.List, pb.ListVersionsRequest(limit=1))
    except ServiceError:
        return None  # the training's own state is worth more than nothing
    return found.versions[0] if found.versions else None
