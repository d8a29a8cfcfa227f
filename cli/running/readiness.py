"""Whether a process is ready: gRPC health for the services, HTTP for the gateway."""

from __future__ import annotations

import asyncio
import http.client
import json

import grpc
from grpc_health.v1 import health_pb2

from common.rpc.client import connect
from common.rpc.server import STANDBY_HEALTH
from common.settings import Settings

PROBE_SECONDS = 2.0
ANSWER_SECONDS = 10.0
"""What a process gets to answer at all: one that is flooded with connections is slow, which is no reason to end it."""


class ServiceProbe:
    """Asks one gRPC service for its health, over one channel."""

    def __init__(self, settings: Settings, address: str) -> None:
        self._may_stand_by = address in settings.auth_addresses and bool(settings.database_url)
        self._channel = connect(settings, [address])
        self._check = self._channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )

    async def ready(self) -> bool:
        """Whether it answers SERVING, or stands by for another copy of itself."""
        return await self._serves("") or (self._may_stand_by and await self.stands_by())

    async def stands_by(self) -> bool:
        """Whether it does what it has to do while another copy of itself is active."""
        return await self._serves(STANDBY_HEALTH)

    async def _serves(self, what: str) -> bool:
        try:
            answer = await self._check(health_pb2.HealthCheckRequest(service=what), timeout=PROBE_SECONDS)
        except grpc.aio.AioRpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    async def answers(self) -> bool:
        """Whether it answers anything, be it that it is not ready."""
        try:
            await self._check(health_pb2.HealthCheckRequest(), timeout=ANSWER_SECONDS)
        except grpc.aio.AioRpcError:
            return False
        return True

    async def hindrance(self) -> str:
        """Why it is not ready, in its own words; services have none."""
        return ""

    async def close(self) -> None:
        """Close the channel."""
        await self._channel.close()


class GatewayProbe:
    """Asks the gateway for its health."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port

    async def ready(self) -> bool:
        """Whether it can predict (HTTP 200 of /api/health)."""
        return await asyncio.to_thread(lambda: gateway_health(self._host, self._port)[0] == 200)

    async def answers(self) -> bool:
        """Whether it answers anything, be it that it cannot predict."""
        return await asyncio.to_thread(
            lambda: gateway_answer(self._host, self._port, "/health/live", ANSWER_SECONDS)[0] != 0
        )

    async def hindrance(self) -> str:
        """Why it cannot predict, in its own words; "" when it does not say."""
        _status, body = await asyncio.to_thread(lambda: gateway_health(self._host, self._port))
        return str(body.get("detail") or "")

    async def close(self) -> None:
        """Nothing to close."""


Probe = ServiceProbe | GatewayProbe


def gateway_health(host: str, port: int) -> tuple[int, dict[str, object]]:
    """Status and body of the gateway's /api/health; status 0 when it does not answer."""
    return gateway_answer(host, port, "/api/health")


def gateway_answer(host: str, port: int, path: str, seconds: float | None = None) -> tuple[int, dict[str, object]]:
    """Status and body of a path of the gateway that answers JSON; status 0 when it does not answer.

    Args:
        seconds: how long to wait; None: PROBE_SECONDS.
    """
    connection = http.client.HTTPConnection(host, port, timeout=seconds or PROBE_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = json.loads(response.read() or b"{}")
        return response.status, body if isinstance(body, dict) else {}
    except (OSError, http.client.HTTPException, ValueError):
        return 0, {}
    finally:
        connection.close()
