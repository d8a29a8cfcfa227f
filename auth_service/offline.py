"""What the commands do with versions while auth_service may be down."""

from __future__ import annotations

from pathlib import Path

from auth_service.control.control_state import active_version, advance
from auth_service.store.active_profiles import active_schema
from auth_service.store.database import Database
from auth_service.versions import registry
from auth_service.versions.verification import check_files, load_in_child
from common.errors import PreconditionFailed, Unavailable
from common.identity import ServiceCredential
from common.patience import LONGEST_CALL_SECONDS
from common.rpc.client import Caller, connect
from common.settings import Settings
from protos.registry.v1 import registry_pb2 as pb
from protos.registry.v1 import registry_pb2_grpc

COMMAND_LINE = "service:command line"


def register(
    database: Database, name: str, folder: Path, manifest: Path, *, requested_by: str, trained_at: float
) -> None:
    """Register a version.

    Raises:
        ServiceError: as `registry.look_at` and `registry.register`.
    """
    name = registry.accept_version_name(name)
    files = registry.look_at(folder, manifest)
    with database.writing() as session:
        registry.register(session, name, files, requested_by=requested_by, trained_at=trained_at, by=COMMAND_LINE)


async def ask_to_activate(settings: Settings, name: str, reason: str) -> list[str] | None:
    """Have the running auth_service activate a version; returns who confirmed, None when no auth_service answers.

    Raises:
        ServiceError: it refused.
    """
    caller = Caller(settings, "command line", ServiceCredential.of(settings))
    channel = connect(settings, settings.auth_addresses)
    try:
        method = registry_pb2_grpc.RegistryServiceStub(channel).Activate
        request = pb.ActivateRequest(version_name=name, reason=reason)
        answer = await caller.call(method, request, service="auth_service", timeout=LONGEST_CALL_SECONDS)
        return list(answer.confirmed_by)
    except Unavailable as error:
        if error.reason == Unavailable.default_reason:
            return None
        raise
    finally:
        await channel.close()


def activate(database: Database, derived: Path, name: str, reason: str) -> None:
    """Make a version active in the database, after loading and searching it in a process of its own.

    Raises:
        NotFound: there is none. PreconditionFailed: it cannot be served.
    """
    with database.reading() as session:
        row = registry.find(session, name)
        active = active_version(session)
        schema = active_schema(session)
    if active is not None and active.version_name == name:
        return
    if row.withdrawn:
        raise registry.retired_error(row)
    check_files(row, schema)
    found = load_in_child(row, derived)
    if not found.ok:
        raise PreconditionFailed(
            f"Version {name} was not activated: {'; '.join(found.problems)}",
            reason=found.reason or "ACTIVATION_REFUSED",
        )
    with database.writing() as session:
        registry.make_active(session, name, by=COMMAND_LINE, reason=reason, action="activated")
        advance(session)
