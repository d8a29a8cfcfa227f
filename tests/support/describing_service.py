"""A gRPC server as every service runs it, that only tells what it is: for tests of how services are reached.

Run as a program it serves until it is killed: `python -m tests.support.describing_service HOST:PORT NAME SECRET [CERTIFICATE KEY CA]`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from common.identity import Authenticator, KeyRing, ServiceCredential
from common.processes import free_port
from common.rpc.client import Caller, connect
from common.rpc.server import RpcServer
from common.settings import Settings
from protos.common.v1 import process_pb2, process_pb2_grpc

SECRET = "the secret of every host of the test"
IDEMPOTENT: Mapping[str, Sequence[str]] = {"routing.common.v1.ProcessService": ("Describe",)}


def host_settings(folder: Path, tls: tuple[Path, Path, Path] | None = None, **values: Any) -> Settings:
    """Settings of a host; `tls` is its certificate, key and authority."""
    if tls is not None:
        values |= dict(zip(("tls_certificate", "tls_key", "tls_ca"), tls, strict=True))
    return Settings(_env_file=None, state_dir=folder, service_secret=SECRET, stop_grace_seconds=0.1, **values)


async def serve(settings: Settings, address: str, name: str, *, serving: bool = True) -> RpcServer:
    """Serve under a name on an address."""
    server = RpcServer(
        settings,
        process="ann",
        instance=name,
        address=address,
        authenticator=Authenticator(KeyRing(), ServiceCredential.of(settings)),
        services=[],
    )
    await server.start()
    await server.set_serving(serving)
    return server


class Asker:
    """Asks whoever answers at some addresses what it is."""

    def __init__(self, settings: Settings, addresses: Sequence[str], *, again: bool = True) -> None:
        self.channel = connect(settings, addresses, IDEMPOTENT if again else {})
        self._caller = Caller(settings, "test", ServiceCredential.of(settings))
        self._stub = process_pb2_grpc.ProcessServiceStub(self.channel)

    async def ask(self, timeout: float = 10.0) -> str:
        """Name of the server that answered."""
        request = process_pb2.DescribeRequest()
        answer = await self._caller.call(self._stub.Describe, request, service="ann_service", timeout=timeout)
        return str(answer.instance)

    async def names(self, times: int) -> list[str]:
        """Names of the servers that answered, one after the other."""
        return [await self.ask() for _ in range(times)]


def same_port(hosts: Sequence[str]) -> list[str]:
    """Addresses with a port that is free on every host."""
    port = free_port(hosts[0])
    return [f"{host}:{port}" for host in hosts]


async def _main(address: str, name: str, secret: str, *tls: str) -> None:
    named = dict(zip(("tls_certificate", "tls_key", "tls_ca"), map(Path, tls), strict=False))
    settings = Settings(_env_file=None, service_secret=secret, **named)  # type: ignore[arg-type]
    server = await serve(settings, address, name)
    print("serving", flush=True)
    await asyncio.Event().wait()
    await server.stop()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
