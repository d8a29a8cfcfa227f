"""Made-up requests to every method of auth_service: it never takes the blame, and it answers afterwards."""

from __future__ import annotations

import random
from typing import Any

from google.protobuf.descriptor import MethodDescriptor

from benchmarks.faults.grpc_fuzzing import fuzz_grpc, made_up
from protos.auth.v1 import auth_pb2

REQUESTS = 700


async def test_made_up_requests_are_refused_in_the_callers_name(plant: Any) -> None:
    services = [service.descriptor for service in plant.program.services()]
    for metadata in ([("authorization", plant.credential.header("cli"))], [("authorization", "Bearer x.y.z")]):
        found = await fuzz_grpc(
            plant.channel, services, requests=REQUESTS, seconds=60, seed=7, metadata=metadata, leave_out=takes_a_while
        )
        assert found.requests > 300
        assert found.faults == []
        assert found.failed == 0
    await plant.admin()


def takes_a_while(method: MethodDescriptor) -> bool:
    """Backups of a made-up path, and proofs of versions in processes of their own."""
    return method.name in ("Backup", "Verify", "Activate", "RollBack", "Rollback", "Adopt")


def test_made_up_messages_fill_every_kind_of_field() -> None:
    kind = auth_pb2.DESCRIPTOR.message_types_by_name["LoginRequest"]
    chance = random.Random(1)
    made = [made_up(kind, chance) for _ in range(50)]
    assert {one.name for message in made for one, _value in message.ListFields()} == {one.name for one in kind.fields}
