"""Calls of the command line to the running system, in the name of this installation (its credential is in the state folder)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from grpc.aio import UnaryUnaryMultiCallable

from common.identity import ServiceCredential
from common.rpc.client import Caller, connect
from common.settings import Settings
from protos.aggregate.v1.aggregate_pb2_grpc import AggregateServiceStub
from protos.ann.v1.ann_pb2_grpc import AnnServiceStub
from protos.auth.v1.auth_pb2_grpc import AuthServiceStub
from protos.documents.v1.documents_pb2_grpc import DocumentsServiceStub
from protos.erp.v1.erp_pb2_grpc import ErpServiceStub
from protos.registry.v1.registry_pb2_grpc import RegistryServiceStub
from protos.trainer.v1.trainer_pb2_grpc import TrainerServiceStub

if TYPE_CHECKING:
    from protos.aggregate.v1.aggregate_pb2_grpc import AggregateServiceAsyncStub
    from protos.ann.v1.ann_pb2_grpc import AnnServiceAsyncStub
    from protos.auth.v1.auth_pb2_grpc import AuthServiceAsyncStub
    from protos.documents.v1.documents_pb2_grpc import DocumentsServiceAsyncStub
    from protos.erp.v1.erp_pb2_grpc import ErpServiceAsyncStub
    from protos.registry.v1.registry_pb2_grpc import RegistryServiceAsyncStub
    from protos.trainer.v1.trainer_pb2_grpc import TrainerServiceAsyncStub

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")


class ControlPlane:
    """Channels to the services, used as an async context.

    Raises:
        PermissionDenied: this account may not read the installation's credential.
    """

    def __init__(self, settings: Settings) -> None:
        self._caller = Caller(settings, "cli", ServiceCredential.of(settings))
        auth = connect(settings, settings.auth_addresses)
        aggregate = connect(settings, settings.aggregate_addresses)
        ann = connect(settings, settings.ann_addresses)
        trainer = connect(settings, [settings.trainer_address])
        self._channels = (auth, aggregate, ann, trainer)
        self.auth: AuthServiceAsyncStub = AuthServiceStub(auth)
        self.documents: DocumentsServiceAsyncStub = DocumentsServiceStub(auth)
        self.registry: RegistryServiceAsyncStub = RegistryServiceStub(auth)
        self.erp: ErpServiceAsyncStub = ErpServiceStub(auth)
        self.aggregate: AggregateServiceAsyncStub = AggregateServiceStub(aggregate)
        self.ann: AnnServiceAsyncStub = AnnServiceStub(ann)
        self.trainer: TrainerServiceAsyncStub = TrainerServiceStub(trainer)

    async def __aenter__(self) -> ControlPlane:
        return self

    async def __aexit__(self, *_error: object) -> None:
        for channel in self._channels:
            await channel.close()

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
        answer: Answered = await self._caller.call(method, request, service=service, timeout=timeout)
        return answer
