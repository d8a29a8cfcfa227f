"""Calls of the command line to the running system, in the name of this installation (its credential is in the state folder)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from grpc.aio import UnaryUnaryMultiCallable

from common.identity import ServiceCredential
from common.settings import Settings
from predicting.services import Clients

if TYPE_CHECKING:
    from protos.aggregate.v1.aggregate_pb2_grpc import AggregateServiceAsyncStub
    from protos.ann.v1.ann_pb2_grpc import AnnServiceAsyncStub
    from protos.auth.v1.auth_pb2_grpc import AuthServiceAsyncStub
    from protos.documents.v1.documents_pb2_grpc import MappingServiceAsyncStub, PlanningServiceAsyncStub
    from protos.erp.v1.erp_pb2_grpc import ErpServiceAsyncStub
    from protos.registry.v1.registry_pb2_grpc import RegistryServiceAsyncStub
    from protos.trainer.v1.trainer_pb2_grpc import TrainerServiceAsyncStub

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")


class ControlPlane:
    """The services, used as an async context.

    Attributes:
        clients: the services as the gateway calls them.

    Raises:
        PermissionDenied: this account may not read the installation's credential.
    """

    def __init__(self, settings: Settings) -> None:
        self.clients = Clients(settings, "cli", ServiceCredential.of(settings))
        self.auth: AuthServiceAsyncStub = self.clients.auth.stub
        self.planning: PlanningServiceAsyncStub = self.clients.planning.stub
        self.mapping: MappingServiceAsyncStub = self.clients.mapping.stub
        self.registry: RegistryServiceAsyncStub = self.clients.registry.stub
        self.erp: ErpServiceAsyncStub = self.clients.erp.stub
        self.aggregate: AggregateServiceAsyncStub = self.clients.aggregate.stub
        self.ann: AnnServiceAsyncStub = self.clients.ann.stub
        self.trainer: TrainerServiceAsyncStub = self.clients.trainer.stub

    async def __aenter__(self) -> ControlPlane:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.clients.close()

    async def call(
        self,
        method: UnaryUnaryMultiCallable[Asked, Answered],
        request: Asked,
        *,
        service: str = "auth_service",
        timeout: float | None = None,
    ) -> Answered:
        """Call a method of `service`; `timeout` in seconds.

        Raises:
            ServiceError: what the service answered, or Unavailable when it does not.
        """
        answer: Answered = await self.clients.caller.call(method, request, service=service, timeout=timeout)
        return answer
