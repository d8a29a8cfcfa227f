"""The services that the gateway calls: one channel each, spread over all processes of the kind."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import grpc
from grpc.aio import (
    StreamStreamMultiCallable,
    StreamUnaryMultiCallable,
    UnaryStreamMultiCallable,
    UnaryUnaryMultiCallable,
)

from common.identity import ServiceCredential
from common.rpc.client import Caller, connect
from common.rpc.status import from_rpc_error
from common.settings import Settings
from protos.aggregate.v1.aggregate_pb2_grpc import AggregateServiceStub
from protos.ann.v1.ann_pb2_grpc import AnnServiceStub
from protos.auth.v1.auth_pb2_grpc import AuthServiceStub
from protos.common.v1.process_pb2_grpc import ProcessServiceStub
from protos.documents.v1.documents_pb2_grpc import MappingServiceStub, PlanningServiceStub, RslServiceStub
from protos.erp.v1.erp_pb2_grpc import ErpServiceStub
from protos.plants.v1.plants_pb2_grpc import PlantServiceStub
from protos.registry.v1.registry_pb2_grpc import RegistryServiceStub
from protos.settings.v1.settings_pb2_grpc import SettingsServiceStub
from protos.trainer.v1.trainer_pb2_grpc import TrainerServiceStub

if TYPE_CHECKING:
    from protos.aggregate.v1.aggregate_pb2_grpc import AggregateServiceAsyncStub
    from protos.ann.v1.ann_pb2_grpc import AnnServiceAsyncStub
    from protos.auth.v1.auth_pb2_grpc import AuthServiceAsyncStub
    from protos.common.v1.process_pb2_grpc import ProcessServiceAsyncStub
    from protos.documents.v1.documents_pb2_grpc import (
        MappingServiceAsyncStub,
        PlanningServiceAsyncStub,
        RslServiceAsyncStub,
    )
    from protos.erp.v1.erp_pb2_grpc import ErpServiceAsyncStub
    from protos.plants.v1.plants_pb2_grpc import PlantServiceAsyncStub
    from protos.registry.v1.registry_pb2_grpc import RegistryServiceAsyncStub
    from protos.settings.v1.settings_pb2_grpc import SettingsServiceAsyncStub
    from protos.trainer.v1.trainer_pb2_grpc import TrainerServiceAsyncStub

Stub = TypeVar("Stub")
Asked = TypeVar("Asked")
Answered = TypeVar("Answered")

READS: Mapping[str, Sequence[str]] = {
    "routing.ann.v1.AnnService": ("Search", "SearchAsGuest", "Encode", "Info", "GetDelta"),
    "routing.aggregate.v1.AggregateService": (
        "Predict",
        "SummarizeTimes",
        "ItemFeatures",
        "SnapshotInfo",
        "SearchItems",
        "GetItems",
        "ListOperations",
        "TestSource",
        "TableColumns",
        "SuggestProfile",
    ),
    "routing.auth.v1.AuthService": (
        "Me",
        "ListAccounts",
        "ListAudit",
        "Login",
    ),  # a session that nobody got ends by itself
    "routing.registry.v1.RegistryService": ("List", "Get", "GetActive", "History"),
    "routing.settings.v1.SettingsService": ("Get", "Revisions", "Subscribers"),
    "routing.documents.v1.PlanningService": (
        "GetWorkspace",
        "ListRoutingGroups",
        "GetRoutingGroup",
    ),
    "routing.documents.v1.RslService": (
        "ListRslGroups",
        "GetRslGroup",
        "ExportRslGroups",
    ),
    "routing.documents.v1.MappingService": (
        "ListProfiles",
        "GetProfile",
        "ProfileRevisions",
        "ExportProfiles",
        "InputProfileEffects",
        "PreviewOutputProfile",
        "NodeTypes",
        "CheckGraph",
        "GetWrapper",
    ),
    "routing.plants.v1.PlantService": ("List",),
    "routing.erp.v1.ErpService": ("List", "Get", "Status"),
    "routing.trainer.v1.TrainerService": ("Status",),
    "routing.common.v1.ProcessService": ("Describe", "Metrics"),
}
"""Methods that may be tried again when a process does not answer, by service."""


class Service(Generic[Stub]):
    """One service of the installation.

    Attributes:
        stub: its methods, to name them in `call`.
        name: its name for people, such as ann_service.
    """

    def __init__(self, caller: Caller, name: str, stub: Stub) -> None:
        self.stub, self.name = stub, name
        self._caller = caller

    async def call(
        self,
        method: UnaryUnaryMultiCallable[Asked, Answered],
        request: Asked,
        *,
        timeout: float | None = None,
        as_process: bool = False,
    ) -> Answered:
        """Call a method in the name of the request's caller.

        Args:
            timeout: seconds; the request's own deadline wins when it is earlier.
            as_process: use the gateway's own credential.

        Raises:
            ServiceError: what the service answered, or that it did not.
        """
        answer: Answered = await self._caller.call(
            method, request, service=self.name, timeout=timeout, as_process=as_process
        )
        return answer

    async def stream(
        self, method: UnaryStreamMultiCallable[Asked, Answered], request: Asked, *, timeout: float
    ) -> AsyncIterator[Answered]:
        """Call a method that answers with a stream.

        Raises:
            ServiceError: what the service answered, or that it did not.
        """
        try:
            async for part in method(request, metadata=self._caller.metadata(), timeout=timeout):
                yield part
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error, self.name) from None

    @contextlib.asynccontextmanager
    async def exchange(
        self, method: StreamStreamMultiCallable[Asked, Answered], *, timeout: float
    ) -> AsyncIterator[Exchange[Asked, Answered]]:
        """Call a method that takes and answers streams; the call ends with the block.

        Raises:
            ServiceError: what the service answered, or that it did not.
        """
        call = method(metadata=self._caller.metadata(), timeout=self._caller.time_left(timeout, self.name))
        try:
            yield Exchange(call)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error, self.name) from None
        finally:
            call.cancel()

    @contextlib.asynccontextmanager
    async def upload(
        self, method: StreamUnaryMultiCallable[Asked, Answered], *, timeout: float
    ) -> AsyncIterator[Upload[Asked, Answered]]:
        """Call a method that takes a stream and answers once; the call ends with the block.

        Raises:
            ServiceError: what the service answered, or that it did not.
        """
        call = method(metadata=self._caller.metadata(), timeout=self._caller.time_left(timeout, self.name))
        try:
            yield Upload(call)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error, self.name) from None
        finally:
            call.cancel()


class Upload(Generic[Asked, Answered]):
    """One call that takes a stream. Methods raise grpc.aio.AioRpcError, which `Service.upload` translates."""

    def __init__(self, call: Any) -> None:
        self._call = call

    async def send(self, message: Asked) -> None:
        """Send a message; waits while the service is behind."""
        if self._call.done():
            await self._call
        try:
            await self._call.write(message)
        except asyncio.InvalidStateError:
            await self._call  # the service has ended the call: this raises what it said
            raise

    async def answer(self) -> Answered:
        """Say that nothing more comes, and wait for the answer."""
        await self._call.done_writing()
        return cast(Answered, await self._call)


class Exchange(Generic[Asked, Answered]):
    """Both directions of one call. Methods raise grpc.aio.AioRpcError, which `Service.exchange` translates."""

    def __init__(self, call: Any) -> None:
        self._call = call

    async def send(self, message: Asked) -> None:
        """Send a message; waits while the service is behind."""
        if self._call.done():
            await self._call.read()
        try:
            await self._call.write(message)
        except asyncio.InvalidStateError:
            await self._call.read()  # the service has ended the call: this raises what it said
            raise

    async def end(self) -> None:
        """Say that nothing more comes."""
        await self._call.done_writing()

    async def receive(self) -> Answered | None:
        """The next answer; None after the last."""
        answer = await self._call.read()
        return None if answer is grpc.aio.EOF else cast(Answered, answer)


class Clients:
    """All services, and each single process for its own facts.

    Attributes:
        caller: what calls are made with.
    """

    def __init__(self, settings: Settings, instance: str, credential: ServiceCredential) -> None:
        self._settings = settings
        self.caller = Caller(settings, instance, credential)
        self._channels: list[grpc.aio.Channel] = []
        ann = self._open(settings.ann_addresses)
        aggregate = self._open(settings.aggregate_addresses)
        auth = self._open(settings.auth_addresses)
        trainer = self._open([settings.trainer_address])
        self.ann: Service[AnnServiceAsyncStub] = Service(self.caller, "ann_service", AnnServiceStub(ann))
        self.aggregate: Service[AggregateServiceAsyncStub] = Service(
            self.caller, "aggregate_service", AggregateServiceStub(aggregate)
        )
        self.auth: Service[AuthServiceAsyncStub] = Service(self.caller, "auth_service", AuthServiceStub(auth))
        self.registry: Service[RegistryServiceAsyncStub] = Service(
            self.caller, "auth_service", RegistryServiceStub(auth)
        )
        self.settings: Service[SettingsServiceAsyncStub] = Service(
            self.caller, "auth_service", SettingsServiceStub(auth)
        )
        self.planning: Service[PlanningServiceAsyncStub] = Service(
            self.caller, "auth_service", PlanningServiceStub(auth)
        )
        self.rsl: Service[RslServiceAsyncStub] = Service(self.caller, "auth_service", RslServiceStub(auth))
        self.mapping: Service[MappingServiceAsyncStub] = Service(self.caller, "auth_service", MappingServiceStub(auth))
        self.plants: Service[PlantServiceAsyncStub] = Service(self.caller, "auth_service", PlantServiceStub(auth))
        self.erp: Service[ErpServiceAsyncStub] = Service(self.caller, "auth_service", ErpServiceStub(auth))
        self.trainer: Service[TrainerServiceAsyncStub] = Service(self.caller, "trainer", TrainerServiceStub(trainer))
        self.processes: dict[str, Service[ProcessServiceAsyncStub]] = {}
        for name, addresses in (
            ("ann_service", settings.ann_addresses),
            ("aggregate_service", settings.aggregate_addresses),
            ("auth_service", settings.auth_addresses),
            ("trainer", [settings.trainer_address]),
        ):
            for address in addresses:
                self.processes[address] = Service(self.caller, name, ProcessServiceStub(self._open([address])))

    def _open(self, addresses: Sequence[str]) -> grpc.aio.Channel:
        channel = connect(self._settings, addresses, READS)
        self._channels.append(channel)
        return channel

    async def close(self) -> None:
        """Close all channels."""
        for channel in self._channels:
            await channel.close()
