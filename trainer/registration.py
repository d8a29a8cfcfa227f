"""Making a finished version known to the registry, and active: by auth_service when it answers, else by its command."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from common.errors import InvalidInput, ServiceError, Unauthenticated, Unavailable
from common.identity import ServiceCredential
from common.logs import get_logger
from common.patience import LONGEST_CALL_SECONDS, PatienceLost, run_patiently
from common.processes import python_module
from common.rpc.addresses import is_own
from common.rpc.client import Caller, connect
from common.settings import Settings
from plant.examples import unknown_plant
from protos.plants.v1.plants_pb2 import ListPlantsRequest, ListPlantsResponse, Plant, ServePlantRequest
from protos.plants.v1.plants_pb2_grpc import PlantServiceStub
from protos.registry.v1 import registry_pb2 as pb
from protos.registry.v1.registry_pb2_grpc import RegistryServiceStub
from trained.artifacts import sha256_of
from trained.travel import VersionCache
from trainer.exit_codes import NotActivated, NotRegistered

log = get_logger(__name__)

ROOT: Final = Path(__file__).resolve().parents[1]
_ELSEWHERE: Final = (Unavailable, Unauthenticated)
"""auth_service is down, or what answers at its address is not this installation's: its command writes to the same database."""
_ANSWER_SECONDS = 20.0
_HISTORY_ENTRIES: Final = 10_000


@dataclass(frozen=True)
class FinishedVersion:
    """A version that is complete on disk.

    Attributes:
        name: unique name.
        folder: its folder.
        requested_by: who asked for it.
        trained_at: seconds since 1970 UTC.
    """

    name: str
    folder: Path
    requested_by: str
    trained_at: float

    @property
    def manifest(self) -> Path:
        """Its manifest."""
        return self.folder / "manifest.json"


class Registrar:
    """Talks to the registry.

    Args:
        registry_path: SQLite file of the registry; given, only the command is used, on that file.
        loop: running event loop of a server, on which calls are made from its other threads; None: a loop for each call, which gRPC
            never forgets, so for processes that end.
    """

    def __init__(
        self, settings: Settings, registry_path: Path | None = None, *, loop: asyncio.AbstractEventLoop | None = None
    ) -> None:
        self._settings = settings
        self._registry_path = registry_path
        self._loop = loop

    def check_free(self, name: str) -> None:
        """Refuse a name that the registry has already; nothing when auth_service does not answer.

        Raises:
            InvalidInput: the name is taken.
        """
        if self._registry_path is not None:
            return
        try:
            self._call("Get", pb.GetVersionRequest(version_name=name), 10.0)
        except ServiceError:
            return
        raise InvalidInput(
            f"The registry has a version {name} already: give another --save-dir", reason="VERSION_NAME_TAKEN"
        )

    def active_manifest(self) -> str:
        """Manifest of the active version, JSON; "" when none is active or auth_service does not answer."""
        if self._registry_path is not None:
            return ""
        try:
            return str(self._call("GetActive", pb.GetActiveRequest(), 5.0).manifest_json)
        except ServiceError:
            return ""

    def versions(self) -> pb.ListVersionsResponse:
        """All versions, and those that can be rolled back to.

        Raises:
            ServiceError: auth_service does not answer.
        """
        answer: pb.ListVersionsResponse = self._call("List", pb.ListVersionsRequest(), _ANSWER_SECONDS)
        return answer

    def adopted(self) -> set[str]:
        """Names of the versions that came from elsewhere.

        Raises:
            ServiceError: auth_service does not answer.
        """
        answer = self._call("History", pb.HistoryRequest(limit=_HISTORY_ENTRIES), _ANSWER_SECONDS)
        return {entry.version_name for entry in answer.entries if entry.action == "adopted"}

    def retire(self, name: str, reason: str) -> None:
        """Take a version out of use.

        Raises:
            ServiceError: it is active, or auth_service does not answer.
        """
        self._call("Retire", pb.RetireRequest(version_name=name, reason=reason), _ANSWER_SECONDS)

    def register(self, version: FinishedVersion) -> None:
        """Record a version as pending.

        Raises:
            NotRegistered: says why and how to do it by hand.
        """
        arguments = self._register_arguments(version)
        try:
            if self._registry_path is None:
                VersionCache.of(self._settings).publish(version.folder, version.manifest)
                request = pb.RegisterVersionRequest(
                    version_name=version.name,
                    artifact_dir=str(version.folder),
                    manifest_path=str(version.manifest),
                    requested_by=version.requested_by,
                    trained_at=version.trained_at,
                    manifest_sha256=sha256_of(version.manifest),
                )
                try:
                    self._call("Register", request, LONGEST_CALL_SECONDS)  # it may have to fetch the version
                    return
                except _ELSEWHERE as error:
                    self._need_database(error)
                    log.info("registering by command", because=error.message)
            self._command(arguments)
        except (ServiceError, OSError) as error:
            raise NotRegistered(
                f"{version.folder} is complete but could not be registered: {getattr(error, 'message', error)}. "
                f"Register it with: {_shown(arguments)}",
                details={"version": version.name, "command": _shown(arguments)},
            ) from None

    def activate(self, name: str) -> None:
        """Make a registered version active.

        Raises:
            NotActivated: says why; the version before serves on.
        """
        arguments = ["activate", name, *self._registry_arguments()]
        try:
            if self._registry_path is None:
                try:
                    request = pb.ActivateRequest(version_name=name, reason="training")
                    self._call("Activate", request, LONGEST_CALL_SECONDS)
                    return
                except _ELSEWHERE as error:
                    self._need_database(error)
                    log.info("activating by command", because=error.message)
            self._command(arguments)
        except (ServiceError, OSError) as error:
            raise NotActivated(
                f"{name} is registered but was not activated: {getattr(error, 'message', error)}. "
                f"When that is settled, activate it with: {_shown(arguments)}",
                details={"version": name, "command": _shown(arguments)},
            ) from None

    def plant(self, name: str) -> Plant:
        """A plant that is here.

        Raises:
            NotFound: there is none of that name. ServiceError: auth_service does not answer.
        """
        answer: ListPlantsResponse = self._call("List", ListPlantsRequest(), _ANSWER_SECONDS, PlantServiceStub)
        found = next((plant for plant in answer.plants if plant.name == name), None)
        if found is None:
            raise unknown_plant(repr(name), (plant.name for plant in answer.plants))
        return found

    def serve_plant(self, plant: str, name: str) -> None:
        """Make a plant the one that serves, with a registered version.

        Raises:
            NotActivated: says why; the plant before serves on.
        """
        try:
            self._call(
                "Serve", ServePlantRequest(name=plant, version_name=name), LONGEST_CALL_SECONDS, PlantServiceStub
            )
        except ServiceError as error:
            raise NotActivated(
                f"{name} is registered but was not activated: {error.message}", details={"version": name}
            ) from None

    def _need_database(self, error: ServiceError) -> None:
        """Refuse to write to a database of this host where the control plane is on another one: nobody would ever look into it.

        Raises:
            ServiceError: `error`, why the control plane was not asked.
        """
        settings = self._settings
        if not settings.database_url and not all(is_own(address) for address in settings.auth_addresses):
            raise error

    def _register_arguments(self, version: FinishedVersion) -> list[str]:
        return [
            "register-version",
            "--name",
            version.name,
            "--artifact-dir",
            str(version.folder),
            "--manifest",
            str(version.manifest),
            "--requested-by",
            version.requested_by,
            "--trained-at",
            f"{version.trained_at:.3f}",
            *self._registry_arguments(),
        ]

    def _registry_arguments(self) -> list[str]:
        return ["--registry-path", str(self._registry_path)] if self._registry_path else []

    def _call(
        self, method: str, request: Any, timeout: float, service: Callable[[Any], object] = RegistryServiceStub
    ) -> Any:
        """Call RegistryService, or another service of auth_service, in the name of the installation.

        Raises:
            ServiceError: the registry's answer, or Unavailable.
        """

        if not ServiceCredential.exists(self._settings):
            raise Unavailable("auth_service has never run in this installation")

        async def call() -> Any:
            credential = ServiceCredential.of(self._settings)
            channel = connect(self._settings, self._settings.auth_addresses)
            try:
                stub = service(channel)
                caller = Caller(self._settings, "training", credential)
                return await caller.call(getattr(stub, method), request, service="auth_service", timeout=timeout)
            finally:
                await channel.close()

        try:
            if self._loop is not None:
                return asyncio.run_coroutine_threadsafe(call(), self._loop).result()
            return asyncio.run(call())
        except OSError as error:
            raise Unavailable(f"auth_service cannot be called: {error}") from None

    def _command(self, arguments: list[str]) -> None:
        """Run a command of auth_service.

        Raises:
            Unavailable: the command failed; with its own last words.
        """
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])),
            "ROUTING_ML_STATE_DIR": str(self._settings.state_dir.resolve()),
            "ROUTING_ML_MODELS_DIR": str(self._settings.models_dir.resolve()),
            "PYTHONIOENCODING": "utf-8",
        }
        try:
            done = run_patiently(python_module("auth_service", *arguments), env=environment, cwd=ROOT)
        except PatienceLost as error:
            raise Unavailable(f"auth_service {arguments[0]} was ended: {error}") from None
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip()).decode("utf-8", "replace")
            words = (said or f"exit code {done.returncode}").splitlines()[-1]
            raise Unavailable(words, reason="COMMAND_FAILED")


def _shown(arguments: list[str]) -> str:
    quoted = [f'"{part}"' if " " in part or not part else part for part in arguments]
    return " ".join([Path(sys.executable).name, "-m", "auth_service", *quoted])
