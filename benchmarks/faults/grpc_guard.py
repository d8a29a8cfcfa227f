"""Fuzzing of every gRPC service of a running system, in an administrator's name, as one row of the table."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

from benchmarks.faults.grpc_fuzzing import GrpcFuzzing, fuzz_grpc
from benchmarks.faults.outcome import Outcome
from benchmarks.faults.whole_system import WholeSystem
from common.rpc.client import connect
from common.settings import Settings
from protos.aggregate.v1 import aggregate_pb2
from protos.ann.v1 import ann_pb2
from protos.auth.v1 import auth_pb2
from protos.documents.v1 import documents_pb2
from protos.erp.v1 import erp_pb2
from protos.registry.v1 import registry_pb2
from protos.settings.v1 import settings_pb2
from protos.trainer.v1 import trainer_pb2

SERVICES: Final[dict[str, tuple[Any, ...]]] = {
    "auth": (auth_pb2, documents_pb2, erp_pb2, registry_pb2, settings_pb2),
    "ann": (ann_pb2,),
    "aggregate": (aggregate_pb2,),
    "trainer": (trainer_pb2,),
}
NOT_CALLED: Final = (
    "RotateKeys",
    "Logout",
    "Run",
    "StartTraining",
    "Train",
    "Verify",
    "Activate",
    "RollBack",
    "Rollback",
    "Adopt",
)
"""They end the session, train for real or start a process for each call."""
SELDOM: Final = ("Refresh",)
"""They read the source anew."""


def guard(whole: WholeSystem, *, count: int, seconds: float) -> Outcome:
    """Make up to `count` calls, spread over the services by their methods."""
    begun = time.monotonic()
    found = asyncio.run(_all(whole, count, seconds))
    calls = sum(one.requests for one in found.values())
    statuses: dict[str, int] = {}
    for one in found.values():
        for status, number in one.statuses.items():
            statuses[status] = statuses.get(status, 0) + number
    faults: dict[str, int] = {}
    for one in found.values():
        for method, status, *_rest in one.faults:
            faults[f"{method}: {status}"] = faults.get(f"{method}: {status}", 0) + 1
    told = ", ".join(
        f"{status} {number:,}" for status, number in sorted(statuses.items(), key=lambda pair: -pair[1])[:6]
    )
    return Outcome(
        "fuzzing of gRPC",
        calls,
        "calls",
        faults,
        measured=f"{told}; {calls / max(time.monotonic() - begun, 1e-9):.0f}/s",
        aim="1,000,000 calls without INTERNAL",
        examples=tuple(str(fault)[:1500] for one in found.values() for fault in one.faults[:5]),
    )


async def _all(whole: WholeSystem, count: int, seconds: float) -> dict[str, GrpcFuzzing]:
    settings = Settings(_env_file=None)
    descriptors: dict[str, list[ServiceDescriptor]] = {
        kind: [service for module in modules for service in module.DESCRIPTOR.services_by_name.values()]
        for kind, modules in SERVICES.items()
    }
    methods = {kind: sum(len(one.methods) for one in services) for kind, services in descriptors.items()}

    async def one(kind: str) -> GrpcFuzzing:
        channel = connect(settings, [whole.system.address(kind)])
        try:
            return await fuzz_grpc(
                channel,
                descriptors[kind],
                requests=count * methods[kind] // sum(methods.values()),
                seconds=seconds,
                seed=time.time_ns(),
                metadata=[("authorization", f"Bearer {whole.admin_token}")],
                leave_out=_not_called,
                seldom=lambda method: method.name in SELDOM,
            )
        finally:
            await channel.close()

    return dict(zip(SERVICES, await asyncio.gather(*(one(kind) for kind in SERVICES)), strict=True))


def _not_called(method: MethodDescriptor) -> bool:
    return method.name in NOT_CALLED
