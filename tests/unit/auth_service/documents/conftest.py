"""The services of plans, standard routings and mappings on a real gRPC server, and people who call them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from auth_service.control.settings import ensure_first_revision
from auth_service.mapping.servicer import MappingServicer
from auth_service.planning.servicer import PlanningServicer
from auth_service.rsl.servicer_rsl import RslServicer
from auth_service.store import audit
from auth_service.store.database import Database
from auth_service.store.surroundings import Published, Surroundings
from common.identity import AUDIENCE, ISSUER, Authenticator, KeyRing, ServiceCredential, VerificationKey
from common.processes import free_port
from common.rpc.server import RpcServer
from common.rpc.status import from_rpc_error
from common.settings import Settings
from protos.documents.v1 import documents_pb2_grpc

Result = TypeVar("Result")


class Documents:
    """A client of the services that calls in somebody's name and raises the service's own errors."""

    def __init__(self, channel: grpc.aio.Channel, token: Callable[[str, str], str]) -> None:
        self._methods: dict[str, Any] = {
            **vars(documents_pb2_grpc.PlanningServiceStub(channel)),
            **vars(documents_pb2_grpc.RslServiceStub(channel)),
            **vars(documents_pb2_grpc.MappingServiceStub(channel)),
        }
        self._token = token
        self.published = 0

    async def __call__(self, method: str, request: Any, who: str = "park@plant.example", role: str = "user") -> Any:
        metadata = (("authorization", f"Bearer {self._token(who, role)}"),) if who else ()
        try:
            return await self._methods[method](request, metadata=metadata, timeout=30)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from None


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """The state folder."""
    return tmp_path / "state"


@pytest.fixture
async def documents(database: Database, state_dir: Path) -> AsyncIterator[Documents]:
    """The service on a free port, over both engines."""
    key = Ed25519PrivateKey.generate()
    keys = KeyRing()
    public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    keys.replace_keys([VerificationKey("k", public, time.time() + 3600)])
    settings = Settings(_env_file=None, state_dir=state_dir, dataset=None)

    def token(who: str, role: str) -> str:
        now = int(time.time())
        claims = {"sub": who, "sid": who, "role": role, "iat": now, "exp": now + 600, "iss": ISSUER, "aud": AUDIENCE}
        return jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": "k"})

    async def change(action: Callable[[Session], Result]) -> tuple[Result, Published]:
        result = await database.write(action)
        client.published += 1
        return result, Published(("ann-1",), ("trainer-1: busy",))

    with database.writing() as session:
        ensure_first_revision(session)

    here = Surroundings(database, settings, change, audit.record_of_caller)
    server = RpcServer(
        settings,
        process="auth",
        instance="auth-test",
        address=f"127.0.0.1:{free_port()}",
        authenticator=Authenticator(keys, ServiceCredential("x")),
        services=[servicer(here).service() for servicer in (PlanningServicer, RslServicer, MappingServicer)],
    )
    await server.start()
    async with grpc.aio.insecure_channel(server.address) as channel:
        client = Documents(channel, token)
        yield client
    await server.stop()
