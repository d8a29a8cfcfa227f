"""The system where it runs as services: nobody keeps a record of the run there, so processes are asked at the addresses of the settings."""

from __future__ import annotations

import asyncio

import grpc

from cli.running.orphans import living_orphans
from cli.running.placement import placement_of
from cli.running.run_record import READY, ProcessRecord, RunRecord
from common.errors import ServiceError
from common.identity import ServiceCredential
from common.processes import port_is_free
from common.rpc.addresses import parse_address
from common.rpc.client import Caller, connect
from common.settings import Settings
from protos.settings.v1 import settings_pb2 as pb
from protos.settings.v1 import settings_pb2_grpc

ASK_SECONDS = 2.0
AS_SERVICES = "running as services"


def run_as_services(settings: Settings) -> RunRecord | None:
    """What runs as services of this installation, as a record of a run without a supervisor; None when nothing of it does.

    That it is this installation and no other on the same ports is told by its credential.
    """
    if not ServiceCredential.exists(settings):
        return None
    here = placement_of(settings).here
    ends = [parse_address(address) for addresses in here.values() for address in addresses]
    if all(port_is_free(end.host, end.port) for end in ends):
        return None
    if living_orphans(settings):  # of an `up` that was killed: the next one takes their place
        return None
    try:
        asyncio.run(_ask_ours(settings))
    except (ServiceError, OSError, grpc.aio.AioRpcError):
        return None
    named = [*here.items(), ("gateway", [f"{settings.gateway_host}:{settings.gateway_port}"])]
    return RunRecord(
        run_id="",
        pid=0,
        started_at=0.0,
        phase=AS_SERVICES,
        url=f"http://{settings.gateway_host}:{settings.gateway_port}",
        dataset=str(settings.dataset or settings.initial_dataset or ""),
        processes=[
            ProcessRecord(f"{kind}-{address.rpartition(':')[2]}", address, READY)
            for kind, addresses in named
            for address in addresses
        ],
    )


async def _ask_ours(settings: Settings) -> None:
    """Ask auth_service something that only processes of its own installation may ask."""
    channel = connect(settings, settings.auth_addresses)
    try:
        caller = Caller(settings, "cli", ServiceCredential.of(settings))
        method = settings_pb2_grpc.SettingsServiceStub(channel).Subscribers
        await caller.call(method, pb.SubscribersRequest(), service="auth_service", timeout=ASK_SECONDS)
    finally:
        await channel.close()
