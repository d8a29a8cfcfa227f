"""RegistryService: translates between messages and the model versions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from auth_service.control.control_plane import ControlPlane
from auth_service.control.control_state import active_version
from auth_service.store.records import VersionHistoryRecord, VersionRecord
from auth_service.versions import registry
from auth_service.versions.activation import Activated, Activation
from auth_service.versions.adoption import adopt
from auth_service.versions.verification import verify
from common.errors import FieldViolation, InvalidInput, NotFound, PreconditionFailed, ServiceError
from common.notice_messages import notice_messages
from common.request_context import add_log_fields, current_caller
from common.rpc.interceptor import Access
from common.rpc.server import Service
from common.settings import Settings
from protos.registry.v1 import registry_pb2 as pb
from protos.registry.v1 import registry_pb2_grpc
from trained.travel import VersionCache
from trained.travel.cache import small

ACCESS = {
    "Register": Access.SERVICE,
    **dict.fromkeys(("List", "Get", "GetActive", "History"), Access.USER),
    **dict.fromkeys(("Verify", "Activate", "RollBack", "Retire", "Adopt"), Access.ADMIN),
}


class RegistryServicer(registry_pb2_grpc.RegistryServiceServicer):
    """Model versions."""

    def __init__(
        self, plane: ControlPlane, activation: Activation, settings: Settings, versions: VersionCache | None = None
    ) -> None:
        self._plane, self._activation, self._settings = plane, activation, settings
        self._versions = versions or VersionCache.of(settings)

    def service(self) -> Service:
        """How to serve it."""
        descriptor = pb.DESCRIPTOR.services_by_name["RegistryService"]
        return Service(descriptor, registry_pb2_grpc.add_RegistryServiceServicer_to_server, self, ACCESS)

    async def Register(self, request: pb.RegisterVersionRequest, context: Any) -> pb.Version:
        name = registry.accept_version_name(request.version_name)
        for field, value in (("artifact_dir", request.artifact_dir), ("manifest_path", request.manifest_path)):
            if not value or "\x00" in value:
                raise InvalidInput(f"The {field} is missing", violations=[FieldViolation(field, "must be a path")])
        found = await asyncio.to_thread(
            self._versions.locate, name, request.artifact_dir, request.manifest_path, request.manifest_sha256
        )
        files = await asyncio.to_thread(registry.look_at, found.folder, found.manifest_path)
        by = current_caller().username
        return version_message(
            await self._plane.database.write(
                lambda session: registry.register(
                    session, name, files, requested_by=request.requested_by, trained_at=request.trained_at, by=by
                )
            )
        )

    async def List(self, request: pb.ListVersionsRequest, context: Any) -> pb.ListVersionsResponse:
        def work(session: Session) -> tuple[list[VersionRecord], list[str]]:
            return registry.page(session, limit=request.limit, status=request.status), registry.way_back(session)

        rows, way = await self._plane.database.read(work)
        return pb.ListVersionsResponse(versions=[version_message(row) for row in rows], way_back=way)

    async def Get(self, request: pb.GetVersionRequest, context: Any) -> pb.GetVersionResponse:
        row = await self._plane.database.read(lambda session: registry.find(session, request.version_name))
        return await self._with_manifest(row)

    async def GetActive(self, request: pb.GetActiveRequest, context: Any) -> pb.GetVersionResponse:
        row = await self._plane.database.read(active_version)
        if row is None:
            raise NotFound("No version is active: activate one of the registered versions", reason="NO_ACTIVE_VERSION")
        return await self._with_manifest(row)

    async def _with_manifest(self, row: VersionRecord) -> pb.GetVersionResponse:
        def read() -> str:
            try:
                found = self._versions.locate(
                    row.version_name, row.artifact_dir, row.manifest_path, row.manifest_sha256, small
                )
                return found.manifest_path.read_text(encoding="utf-8-sig")
            except (OSError, UnicodeDecodeError, ServiceError):
                return ""

        return pb.GetVersionResponse(version=version_message(row), manifest_json=await asyncio.to_thread(read))

    async def Verify(self, request: pb.VerifyRequest, context: Any) -> pb.VerifyResponse:
        row = await self._plane.database.read(lambda session: registry.find(session, request.version_name))
        found = await verify(row, self._settings.derived_path, self._versions)
        return pb.VerifyResponse(
            ok=found.ok,
            problems=found.problems,
            passed=found.passed,
            elapsed_ms=found.elapsed_ms,
            problem_notices=notice_messages(found.problems),
            passed_notices=notice_messages(found.passed),
        )

    async def Activate(self, request: pb.ActivateRequest, context: Any) -> pb.ActivateResponse:
        add_log_fields(version=request.version_name)
        by = current_caller().username
        return activated_message(await self._activation.activate(request.version_name, by=by, reason=request.reason))

    async def RollBack(self, request: pb.RollBackRequest, context: Any) -> pb.ActivateResponse:
        by = current_caller().username
        return activated_message(
            await self._activation.roll_back(steps=request.steps or 1, by=by, reason=request.reason)
        )

    async def Retire(self, request: pb.RetireRequest, context: Any) -> pb.Version:
        by = current_caller().username
        return version_message(
            await self._plane.database.write(
                lambda session: registry.retire(session, request.version_name, by=by, reason=request.reason)
            )
        )

    async def History(self, request: pb.HistoryRequest, context: Any) -> pb.HistoryResponse:
        limit = min(request.limit or 100, 10_000)

        def work(session: Session) -> list[VersionHistoryRecord]:
            if request.version_name:
                registry.find(session, request.version_name)
            return registry.history(session, name=request.version_name, limit=limit)

        def asked_for(session: Session) -> dict[str, str]:
            return {row.version_name: row.requested_by for row in registry.page(session)}

        rows, by_version = await self._plane.database.read(lambda session: (work(session), asked_for(session)))
        return pb.HistoryResponse(entries=[entry_message(row, by_version) for row in rows])

    async def Adopt(self, request: pb.AdoptRequest, context: Any) -> pb.Version:
        if not request.artifact_dir or "\x00" in request.artifact_dir:
            raise InvalidInput(
                "The artifact_dir is missing", violations=[FieldViolation("artifact_dir", "must be a path")]
            )
        try:
            adopted = await asyncio.to_thread(
                adopt,
                Path(request.artifact_dir),
                request.version_name,
                models=self._settings.models_dir,
                derived=self._settings.derived_path,
            )
        except OSError as error:
            raise PreconditionFailed(
                f"The folder {request.artifact_dir} cannot be adopted ({error}): grant access to it and to the state folder"
            ) from error
        by = current_caller().username
        return version_message(
            await self._plane.database.write(
                lambda session: registry.register(
                    session,
                    adopted.name,
                    adopted.files,
                    requested_by="",
                    trained_at=adopted.trained_at,
                    by=by,
                    action="adopted",
                )
            )
        )


def version_message(row: VersionRecord) -> pb.Version:
    """A version as a message."""
    return pb.Version(
        version_name=row.version_name,
        artifact_dir=row.artifact_dir,
        manifest_path=row.manifest_path,
        status=row.status,
        active=row.active_flag,
        requested_by=row.requested_by,
        created_at=row.created_at,
        trained_at=row.trained_at,
        activated_at=row.activated_at,
        updated_at=row.updated_at,
        manifest_sha256=row.manifest_sha256,
        bytes=row.bytes,
        withdrawn=row.withdrawn,
    )


def activated_message(done: Activated) -> pb.ActivateResponse:
    """The result of an activation as a message."""
    return pb.ActivateResponse(
        version=version_message(done.version), revision=done.revision, confirmed_by=done.confirmed_by, away=done.away
    )


def entry_message(row: VersionHistoryRecord, by_version: Mapping[str, str]) -> pb.HistoryEntry:
    """An entry of the history as a message.

    Args:
        by_version: who asked for the training of each version.
    """
    return pb.HistoryEntry(
        at=row.at,
        actor=row.actor,
        action=row.action,
        version_name=row.version_name,
        previous_version=row.previous_version,
        reason=row.reason,
        requested_by=by_version.get(row.version_name, "") if row.action == "registered" else "",
    )
