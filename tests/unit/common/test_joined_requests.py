"""A call that answers several requests: everybody's credential is checked, and its log line names them all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from structlog.testing import capture_logs

from common.errors import PermissionDenied, Unauthenticated
from common.identity import Authenticator, KeyRing, ServiceCredential
from common.identity import Caller as Who
from common.processes import free_port
from common.request_context import JoinedRequest, RequestContext, enter_request
from common.rpc.client import Caller, connect
from common.rpc.server import RpcServer
from common.settings import Settings
from gateway.joined_predictions import TOGETHER_ITEMS, TOGETHER_SESSIONS
from protos.common.v1.process_pb2 import DescribeRequest, MetricsRequest
from protos.common.v1.process_pb2_grpc import ProcessServiceStub


class Keys(KeyRing):
    """Knows everybody whose token begins with "known"."""

    def verify(self, token: str) -> Who:
        if not token.startswith("known"):
            raise Unauthenticated("The session has ended: log in again", reason="SESSION_ENDED")
        return Who(token[:20], "user")


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[tuple[Caller, Any]]:
    """What calls are made with, and a server of nothing but its own facts."""
    settings = Settings(_env_file=None, state_dir=tmp_path, stop_grace_seconds=0.1)
    credential = ServiceCredential.load(settings.secrets_path)
    address = f"127.0.0.1:{free_port()}"
    server = RpcServer(
        settings,
        process="ann",
        instance="ann-1",
        address=address,
        authenticator=Authenticator(Keys(), credential),
        services=(),
    )
    await server.start()
    channel: grpc.aio.Channel = connect(settings, [address])
    yield Caller(settings, "test", credential), ProcessServiceStub(channel)
    await channel.close()
    await server.stop()


def request_of(*joined: JoinedRequest) -> None:
    enter_request(RequestContext("first", Who("known-1", "user"), token="Bearer known-1", joined=joined))


async def test_the_log_line_of_a_call_names_every_request_that_it_answers(service: tuple[Caller, Any]) -> None:
    caller, stub = service
    request_of(JoinedRequest("second", "Bearer known-2"), JoinedRequest("third", "Bearer known-1"))
    with capture_logs() as lines:
        await caller.call(stub.Describe, DescribeRequest(), service="ann_service")
    assert [line["joined"] for line in lines if line["event"] == "rpc"] == [["second", "third"]]


async def test_a_call_in_which_anybody_may_not_ask_is_refused(service: tuple[Caller, Any]) -> None:
    caller, stub = service
    request_of(JoinedRequest("second", "Bearer forged"))
    with pytest.raises(Unauthenticated):
        await caller.call(stub.Describe, DescribeRequest(), service="ann_service")
    request_of(JoinedRequest("second", "Bearer known-2"))
    with pytest.raises(PermissionDenied):
        await caller.call(stub.Metrics, MetricsRequest(), service="ann_service")
    with pytest.raises(PermissionDenied):  # beside a process, which may
        await caller.call(stub.Metrics, MetricsRequest(), service="ann_service", as_process=True)


async def test_as_many_requests_as_go_together_fit_into_the_head_of_a_call(service: tuple[Caller, Any]) -> None:
    caller, stub = service
    longest = [
        JoinedRequest(f"{number:064d}", f"Bearer known-{number % TOGETHER_SESSIONS}-{'x' * 480}")
        for number in range(TOGETHER_ITEMS)
    ]
    request_of(*longest)
    assert (await caller.call(stub.Describe, DescribeRequest(), service="ann_service")).instance == "ann-1"
