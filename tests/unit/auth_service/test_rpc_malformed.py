"""What does not parse is the caller's fault: INVALID_ARGUMENT, one line in the log and no traceback, on every method."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from structlog.testing import capture_logs

from protos.settings.v1 import settings_pb2

GARBAGE = [b"\xff" * 8, b"\x0a\x7f" + b"x" * 5, b"\x0b" * 40]
"""No wire type, a field longer than the message, groups without end."""
GRPC_OWN = ("/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch")
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Iterator[list[logging.LogRecord]]:
    """What gRPC itself logs: nothing, when a server answers as it should."""
    with caplog.at_level(logging.WARNING):
        yield caplog.records


async def answer(plant: Any, method: str, *messages: bytes, streams: bool = False) -> grpc.StatusCode:
    """The status of a call in the name of a process, which may call everything."""
    metadata = [("authorization", plant.credential.header("cli"))]
    if not streams:
        call = plant.channel.unary_stream(method)(messages[0], metadata=metadata, timeout=20)
    else:
        call = plant.channel.stream_stream(method)(metadata=metadata, timeout=20)
        for message in messages:
            await call.write(message)
    with contextlib.suppress(grpc.aio.AioRpcError):
        async for _answer in call:
            pass
    code: grpc.StatusCode = await call.code()
    return code


async def logged(lines: list[Any], count: int) -> None:
    """Wait for the lines of calls that have been answered; there are as many as calls."""
    async with asyncio.timeout(20):
        while len(lines) < count:
            await asyncio.sleep(0.01)
    assert len(lines) == count


async def test_malformed_messages_are_the_callers_fault_on_every_method(plant: Any, said: list[Any]) -> None:
    methods = [
        (f"/{service.descriptor.full_name}/{method.name}", method.client_streaming)
        for service in plant.program.services()
        for method in service.descriptor.methods
    ]
    assert len(methods) > 40
    assert any(streams for _method, streams in methods)
    methods += [*((name, False) for name in GRPC_OWN), (REFLECTION, True)]
    with capture_logs() as lines:
        for method, streams in methods:
            found = [await answer(plant, method, data, streams=streams) for data in GARBAGE]
            assert (method, found) == (method, [grpc.StatusCode.INVALID_ARGUMENT] * len(GARBAGE))
        await logged(lines, len(methods) * len(GARBAGE))
    assert {(line["event"], line["status"]) for line in lines} == {("rpc", "INVALID_ARGUMENT")}
    assert not said


async def test_a_malformed_message_later_in_a_stream_is_refused_too(plant: Any, said: list[Any]) -> None:
    subscribe = settings_pb2.WatchRequest(subscribe=settings_pb2.Subscribe(process="ann", instance="ann-9"))
    first = subscribe.SerializeToString()
    names = [service.descriptor.full_name for service in plant.program.services()]
    method = next(f"/{name}/Watch" for name in names if name.endswith("SettingsService"))
    assert await answer(plant, method, first, GARBAGE[0], streams=True) == grpc.StatusCode.INVALID_ARGUMENT
    assert not said


async def test_methods_that_are_not_offered_say_so_in_one_line(plant: Any, said: list[Any]) -> None:
    with capture_logs() as lines:
        found = await answer(plant, "/grpc.health.v1.Health/List", b"")
        await logged(lines, 1)
    assert found == grpc.StatusCode.UNIMPLEMENTED
    assert [(line["event"], line["status"]) for line in lines] == [("rpc", "UNIMPLEMENTED")]
    assert not said


async def test_health_and_reflection_answer_without_a_log_in_and_without_a_line(plant: Any) -> None:
    with capture_logs() as lines:
        check = plant.channel.unary_unary(
            GRPC_OWN[0],
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        assert (await check(health_pb2.HealthCheckRequest(), timeout=20)).status == 1
        ask = plant.channel.stream_stream(
            REFLECTION,
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )(timeout=20)
        await ask.write(reflection_pb2.ServerReflectionRequest(list_services=""))
        await ask.done_writing()
        services = (await ask.read()).list_services_response.service
        assert any(service.name.endswith("AuthService") for service in services)
    assert not lines
