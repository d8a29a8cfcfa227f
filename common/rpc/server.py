"""A gRPC server as every service runs it: health, reflection, identity, limits, graceful drain."""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from prometheus_client import generate_latest

import common
from common.errors import InvalidInput, Unavailable
from common.identity import Authenticator
from common.logs import get_logger
from common.processes import port_is_free, resident_bytes
from common.rpc.certificates import ServerCertificate
from common.rpc.interceptor import Access, RequestInterceptor, SitePart
from common.settings import Settings
from common.sites import group_of
from protos.common.v1 import process_pb2, process_pb2_grpc

log = get_logger(__name__)

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
MAX_WAITING_CALLS = 10_000
STANDBY_HEALTH = "routing.standby"
"""Name under which a copy of a service that stands by says in the health protocol that it is well."""


@dataclass(frozen=True)
class Service:
    """A servicer and how to serve it.

    Attributes:
        descriptor: from the generated module, `DESCRIPTOR.services_by_name["AnnService"]`.
        add: the generated `add_..._to_server`.
        servicer: the implementation.
        access: method name -> who may call it; methods that are not named need a log-in.
    """

    descriptor: ServiceDescriptor
    add: Callable[[Any, Any], None]
    servicer: object
    access: Mapping[str, Access] = field(default_factory=dict)


class _Behaviours:
    """Stands where generated code expects a server, and notes what answers each method."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}

    def add_generic_rpc_handlers(self, _handlers: Any) -> None:
        """Nothing: they come again by name."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        """Note them."""
        for method, one in handlers.items():
            behaviour = one.unary_unary or one.unary_stream or one.stream_unary or one.stream_stream
            self.found[f"/{service}/{method}"] = behaviour


def behaviours_of(services: Sequence[Service]) -> dict[str, Any]:
    """Full method name -> what answers it."""
    noted = _Behaviours()
    for service in services:
        service.add(service.servicer, noted)
    return noted.found


class ProcessServicer(process_pb2_grpc.ProcessServiceServicer):
    """Tells what process this is. `facts` gives the model version and control revision of the moment."""

    def __init__(self, process: str, instance: str, facts: Callable[[], tuple[str, int]]) -> None:
        self._process, self._instance, self._facts = process, instance, facts
        self._started = time.time()

    async def Describe(self, request: Any, context: Any) -> process_pb2.DescribeResponse:  # noqa: N802
        version, revision = self._facts()
        return process_pb2.DescribeResponse(
            process=self._process,
            instance=self._instance,
            software_version=common.__version__,
            pid=os.getpid(),
            started_at=self._started,
            resident_bytes=resident_bytes(),
            model_version=version,
            control_revision=revision,
        )

    async def Metrics(self, request: Any, context: Any) -> process_pb2.MetricsResponse:  # noqa: N802
        return process_pb2.MetricsResponse(text=generate_latest().decode("utf-8"))


class RpcServer:
    """Serves services on one address. Health starts as NOT_SERVING; call `set_serving(True)` when ready.

    Args:
        address: `host:port`; the host must be loopback unless TLS is configured.
        facts: model version and control revision of the moment, for Describe.
        admit: called with the method of every call before anything else; raises ServiceError to refuse it.
        sites: what answers calls for each site, see RequestInterceptor.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        process: str,
        instance: str,
        address: str,
        authenticator: Authenticator,
        services: Sequence[Service],
        facts: Callable[[], tuple[str, int]] = lambda: ("", 0),
        admit: Callable[[str], None] | None = None,
        sites: Mapping[str, SitePart] | None = None,
    ) -> None:
        host, _, port = address.rpartition(":")
        self.address = address
        self._settings = settings
        own = Service(
            process_pb2.DESCRIPTOR.services_by_name["ProcessService"],
            process_pb2_grpc.add_ProcessServiceServicer_to_server,
            ProcessServicer(process, instance, facts),
            {"Describe": Access.USER, "Metrics": Access.SERVICE},
        )
        everything = [*services, own]
        access = {
            f"/{service.descriptor.full_name}/{method}": level
            for service in everything
            for method, level in service.access.items()
        }
        group = group_of(settings.sites_file, "")
        self._interceptor = RequestInterceptor(authenticator, access, lambda: facts()[0], admit, sites, group)
        self._server = grpc.aio.server(
            interceptors=[self._interceptor],
            options=[
                ("grpc.so_reuseport", 0),
                # Calls that wait to be taken up: beyond the first figure gRPC cancels some at random, beyond the second all.
                ("grpc.server.max_pending_requests", MAX_WAITING_CALLS),
                ("grpc.server.max_pending_requests_hard_limit", 2 * MAX_WAITING_CALLS),
                ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
                ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
                ("grpc.keepalive_time_ms", 30_000),
                ("grpc.http2.min_recv_ping_interval_without_data_ms", 5_000),
                ("grpc.keepalive_permit_without_calls", 1),
            ],
        )
        for service in everything:
            service.add(service.servicer, self._server)
        self._health = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self._names = ["", *(service.descriptor.full_name for service in everything)]
        reflection.enable_server_reflection(
            [*self._names[1:], health.SERVICE_NAME, reflection.SERVICE_NAME], self._server
        )
        self._host, self._port = host.strip("[]"), int(port)

    async def start(self) -> None:
        """Bind and accept calls, health still NOT_SERVING.

        Raises:
            InvalidInput: the address is not loopback and there is no TLS.
            PreconditionFailed: the certificate cannot be used. Unavailable: the port is taken.
        """
        tls = self._settings.tls_certificate, self._settings.tls_key
        if None in tls and not _is_loopback(self._host):
            raise InvalidInput(
                f"{self.address} is reachable from other machines and TLS is not configured: bind 127.0.0.1, "
                "or set ROUTING_ML_TLS_CERTIFICATE and ROUTING_ML_TLS_KEY"
            )
        if not port_is_free(self._host, self._port):
            raise Unavailable(
                f"Port {self._port} on {self._host} is taken by another program: stop it or choose another port",
                reason="PORT_TAKEN",
            )
        await self.set_serving(False)
        if tls[0] is not None and tls[1] is not None:
            credentials = ServerCertificate(tls[0], tls[1]).credentials()
            bound = self._server.add_secure_port(self.address, credentials)
        else:
            bound = self._server.add_insecure_port(self.address)
        if not bound:
            raise Unavailable(f"Port {self._port} on {self._host} cannot be bound", reason="PORT_TAKEN")
        await self._server.start()
        log.info("listening", address=self.address)

    async def set_serving(self, serving: bool, services: Sequence[str] | None = None) -> None:
        """Report SERVING or NOT_SERVING for all services, or only the named ones."""
        status = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        for name in services if services is not None else self._names:
            await self._health.set(name, status)

    async def stop(self) -> None:
        """Report NOT_SERVING, refuse new calls, and give those in flight the configured grace."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(self._settings.stop_grace_seconds)
        log.info("stopped", address=self.address)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
