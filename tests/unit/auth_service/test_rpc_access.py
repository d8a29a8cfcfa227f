"""Every RPC of auth_service that is not for everybody is refused to those it is not for, whatever they send."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc

from common.rpc.interceptor import Access
from common.rpc.server import Service


def unary(services: list[Service], wanted: set[Access]) -> Iterator[str]:
    """Full names of the unary methods that need one of these accesses; those that no table names need a log-in."""
    for service in services:
        for method in service.descriptor.methods:
            if not method.client_streaming and service.access.get(method.name, Access.USER) in wanted:
                yield f"/{service.descriptor.full_name}/{method.name}"


async def refusal(plant: Any, method: str, token: str = "") -> grpc.StatusCode:
    """The status of a call with an empty request."""
    metadata = [("authorization", f"Bearer {token}")] if token else []
    call = plant.channel.unary_stream(method)(b"", metadata=metadata, timeout=20)
    code: grpc.StatusCode = await call.code()
    return code


async def test_every_method_is_closed_to_those_it_is_not_for(plant: Any) -> None:
    services = list(plant.program.services())
    user = await plant.user()
    closed = list(unary(services, {Access.ADMIN, Access.SERVICE}))
    assert len(closed) > 20
    for method in closed:
        assert (method, await refusal(plant, method, user)) == (method, grpc.StatusCode.PERMISSION_DENIED)
        assert (method, await refusal(plant, method)) == (method, grpc.StatusCode.UNAUTHENTICATED)
    for method in unary(services, {Access.USER}):
        assert (method, await refusal(plant, method)) == (method, grpc.StatusCode.UNAUTHENTICATED)


async def test_what_is_for_processes_only_is_closed_to_administrators(plant: Any) -> None:
    admin = await plant.admin()
    closed = list(unary(list(plant.program.services()), {Access.SERVICE}))
    assert closed
    for method in closed:
        assert (method, await refusal(plant, method, admin)) == (method, grpc.StatusCode.PERMISSION_DENIED)
