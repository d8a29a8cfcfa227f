"""Calling services: a channel to one address or over several, retries of idempotent reads, deadlines, identity."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import grpc

from common.errors import DeadlineExceeded
from common.identity import ServiceCredential
from common.request_context import current_request, new_request_id
from common.rpc.addresses import Target, parse_address
from common.rpc.balancing import BalancedChannel
from common.rpc.certificates import TrustedCertificates
from common.rpc.interceptor import JOINED_CREDENTIAL, JOINED_IDS
from common.rpc.server import MAX_MESSAGE_BYTES
from common.rpc.status import from_rpc_error
from common.settings import Settings
from common.sites import site_metadata
from common.tracing import traceparent

Request = TypeVar("Request")
Response = TypeVar("Response")


def service_config(idempotent: Mapping[str, Sequence[str]]) -> str:
    """gRPC service config: retries on UNAVAILABLE for the named methods.

    Args:
        idempotent: full service name -> methods that may be tried again.
    """
    names = [{"service": service, "method": method} for service, methods in idempotent.items() for method in methods]
    config: dict[str, object] = {"loadBalancingConfig": [{"round_robin": {}}]}
    if names:
        config["methodConfig"] = [
            {
                "name": names,
                "retryPolicy": {
                    "maxAttempts": 5,  # over about a second, longer than a channel waits before it connects again
                    "initialBackoff": "0.03s",
                    "maxBackoff": "0.5s",
                    "backoffMultiplier": 3,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ]
    return json.dumps(config)


def connect(
    settings: Settings, addresses: Sequence[str], idempotent: Mapping[str, Sequence[str]] | None = None
) -> grpc.aio.Channel:
    """A channel to one address, or one that spreads calls over those of several that are healthy.

    Args:
        addresses: `host:port` each, with an IP address or a name, of which every address counts.
        idempotent: full service name -> methods that may be tried again, on another host where there is one.

    Raises:
        InvalidInput: an address cannot be understood. PreconditionFailed: the trusted certificates cannot be read.
    """
    targets = [parse_address(address) for address in addresses]
    trusted = TrustedCertificates(settings)
    if len(targets) == 1 and targets[0].numeric and not trusted.used:
        return grpc.aio.insecure_channel(targets[0].grpc, options=_options(idempotent or {}, MOMENT_MS))

    def open_channel(target: Target) -> grpc.aio.Channel:
        options = _options({}, CONNECT_MS, keepalive_ms=10_000)
        credentials = trusted.credentials()
        if credentials is None:
            return grpc.aio.insecure_channel(target.grpc, options=options)
        if target.name:
            options.append(("grpc.ssl_target_name_override", target.name))
        return grpc.aio.secure_channel(target.grpc, credentials, options=options)

    trusted.credentials()
    return BalancedChannel(targets, open_channel, idempotent or {}, trusted.changed)


MOMENT_MS = 100
CONNECT_MS = 1_000
"""What another machine gets to accept a connection, its TLS handshake included."""


def _options(
    idempotent: Mapping[str, Sequence[str]], connect_ms: int, *, keepalive_ms: int = 30_000
) -> list[tuple[str, Any]]:
    return [
        ("grpc.service_config", service_config(idempotent)),
        ("grpc.enable_retries", 1 if idempotent else 0),
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ("grpc.initial_reconnect_backoff_ms", MOMENT_MS),
        ("grpc.min_reconnect_backoff_ms", connect_ms),
        ("grpc.max_reconnect_backoff_ms", 500),
        ("grpc.dns_min_time_between_resolutions_ms", 1_000),
        ("grpc.keepalive_time_ms", keepalive_ms),
        ("grpc.keepalive_timeout_ms", keepalive_ms // 3),
        ("grpc.enable_http_proxy", 0),
        ("grpc.use_local_subchannel_pool", 1),
    ]


class Caller:
    """Makes calls in the name of the current request's caller, or of this process outside requests.

    Args:
        process: name of this process, for its own calls.
        credential: the installation's credential; None: anonymous outside requests.
    """

    def __init__(self, settings: Settings, process: str, credential: ServiceCredential | None) -> None:
        self._timeout = settings.rpc_timeout_seconds
        self._site = site_metadata(settings.at_site)
        self._own = credential.header(process) if credential else ""

    async def call(
        self,
        method: Any,
        request: Any,
        *,
        service: str,
        timeout: float | None = None,
        as_process: bool = False,
    ) -> Any:
        """Call a unary method with the request's id, credential and deadline.

        Args:
            method: a stub's method.
            service: name of the callee for people, such as ann_service.
            timeout: seconds; the request's own deadline wins when it is earlier.
            as_process: use the process's own credential even within a request.

        Raises:
            ServiceError: the callee's error, or Unavailable or DeadlineExceeded when it did not answer.
        """
        try:
            return await method(
                request, metadata=self.metadata(as_process=as_process), timeout=self.time_left(timeout, service)
            )
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error, service) from None

    def metadata(self, *, as_process: bool = False) -> tuple[tuple[str, str], ...]:
        """Metadata of a call: request id, credential, the site where there are several, and what else is answered by it."""
        context = current_request()
        if context is None:
            return (("x-request-id", new_request_id()), ("authorization", self._own), *self._site)
        said = (("x-request-id", context.request_id), *self._site, *traceparent())
        credential = self._own if as_process else context.token
        if credential:
            said += (("authorization", credential),)
        if context.joined:
            said += ((JOINED_IDS, ",".join(one.request_id for one in context.joined)),)
            further = {one.token for one in context.joined} - {credential, ""}
            said += tuple((JOINED_CREDENTIAL, token) for token in sorted(further))
        return said

    def time_left(self, timeout: float | None, service: str) -> float:
        """Seconds the call may take.

        Raises:
            DeadlineExceeded: the request's deadline is over.
        """
        wanted = self._timeout if timeout is None else timeout
        context = current_request()
        remaining = context.remaining() if context else None
        if remaining is None:
            return wanted
        if remaining <= 0.0:
            raise DeadlineExceeded(f"No time is left to call {service}")
        return min(wanted, remaining)
