"""An installation over hosts: two copies of auth_service, two gateways, two aggregate_service and three ann_service, one PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
import psycopg

from benchmarks.faults.postgresql import PostgresqlServer
from benchmarks.hosts.network import Host, Network
from benchmarks.hosts.waiting import until
from cli.running.readiness import ServiceProbe
from common.errors import ServiceError
from common.identity import ServiceCredential
from common.rpc.client import Caller, connect
from common.settings import Settings
from protos.common.v1 import process_pb2, process_pb2_grpc
from routing_ml_client import RoutingMlClient
from tests.support.certificates import Authority

ADMIN, PASSWORD = "bench@plant.example", "Measured-Ring-42"
ROLES = {
    "auth": ("ctl1", "ctl2"),
    "aggregate": ("agg1", "agg2"),
    "ann": ("ann1", "ann2", "ann3"),
    "gateway": ("gw1", "gw2"),
}
PORTS = {"auth": 50071, "aggregate": 50061, "ann": 50051, "trainer": 50081, "gateway": 8000}
PACKAGES = {"auth": "auth_service", "aggregate": "aggregate_service", "ann": "ann_service", "gateway": "gateway"}
_LOOP = asyncio.Runner()
"""One for all probes: what gRPC still has to say to a loop would come after its end."""


class Installation:
    """Hosts with their roles.

    Args:
        share: folder that all hosts see: the artifact store.
        catalogue: source that all hosts see.
        roles: names of the hosts by what they are for.
    """

    def __init__(
        self,
        network: Network,
        server: PostgresqlServer,
        share: Path,
        catalogue: Path,
        roles: Mapping[str, Sequence[str]] = ROLES,
    ) -> None:
        self._network = network
        hosts = {name: network.add(name) for names in roles.values() for name in names}
        self.hosts: dict[str, list[Host]] = {role: [hosts[name] for name in names] for role, names in roles.items()}
        share.mkdir()
        authority = Authority(share, "authority")
        self.authority = authority.path
        self.database = f"postgresql://routing@{network.own_address}:{server.port}/postgres"
        secret = secrets.token_urlsafe(32)
        here = network.mount
        self._shared = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ROUTING_ML_")},
            "ROUTING_ML_STATE_DIR": str(here / "state"),
            "ROUTING_ML_MODELS_DIR": str(here / "models"),
            "ROUTING_ML_DATABASE_URL": self.database,
            "ROUTING_ML_ARTIFACT_STORE": str(share),
            "ROUTING_ML_INITIAL_DATASET": str(catalogue),
            "ROUTING_ML_SERVICE_SECRET": secret,
            "ROUTING_ML_TLS_CERTIFICATE": str(here / "host.pem"),
            "ROUTING_ML_TLS_KEY": str(here / "host.key"),
            "ROUTING_ML_TLS_CA": str(authority.path),
            "ROUTING_ML_AUTH_ADDRESS": self.addresses("auth"),
            "ROUTING_ML_AGGREGATE_ADDRESSES": self.addresses("aggregate") or "127.0.0.1:50061",
            "ROUTING_ML_ANN_ADDRESSES": self.addresses("ann") or "127.0.0.1:50051",
            "ROUTING_ML_TRAINER_ADDRESS": f"{self.hosts['auth'][0].address}:{PORTS['trainer']}",
            "ROUTING_ML_ADMIN_EMAIL": ADMIN,
            "ROUTING_ML_ADMIN_PASSWORD": PASSWORD,
            "ROUTING_ML_PASSWORD_TIME_COST": "1",
            "ROUTING_ML_PASSWORD_MEMORY_KIB": "1024",
            "ROUTING_ML_PASSWORD_PARALLELISM": "1",
            "ROUTING_ML_SESSION_MINUTES": "10080",
            "ROUTING_ML_TRUSTED_PROXIES": network.own_address,
            "ROUTING_ML_CERTIFICATE_DAYS": "1",
            "PYTHONUTF8": "1",
        }
        for host in hosts.values():
            for made, name in zip(
                authority.certificate(host.name, host.address), ("host.pem", "host.key"), strict=True
            ):
                made.replace(host.folder / name)

    def addresses(self, role: str) -> str:
        """Addresses of a kind of service, separated by commas."""
        return ",".join(f"{host.address}:{PORTS[role]}" for host in self.hosts.get(role, ()))

    @property
    def gateways(self) -> list[str]:
        """URLs of the gateways."""
        return [f"http://{host.address}:{PORTS['gateway']}" for host in self.hosts["gateway"]]

    def client(self) -> RoutingMlClient:
        """A client of all gateways."""
        return RoutingMlClient(self.gateways, retries=0)

    def variables(self, host: Host) -> dict[str, str]:
        """Environment variables of a host's programs."""
        return {
            **self._shared,
            "ROUTING_ML_HOST_NAME": host.name,
            "ROUTING_ML_BIND_HOST": host.address,
            "ROUTING_ML_GATEWAY_HOST": host.address,
        }

    def start(self, role: str, host: Host) -> None:
        """Start what a host is for."""
        command = [sys.executable, "-m", PACKAGES[role], "--port", str(PORTS[role])]
        host.start(role, command, self.variables(host))

    def start_all(self) -> None:
        """Start everything; a first version is trained on the host of the first copy of auth_service.

        Raises:
            RuntimeError: something does not come up.
        """
        for host in self.hosts["auth"]:
            self.start("auth", host)
        first = self.hosts["auth"][0]
        first.run([sys.executable, str(first.program / "train_build_index.py"), "--activate"], self.variables(first))
        for role in ("aggregate", "ann", "gateway"):
            for host in self.hosts[role]:
                self.start(role, host)
        self.until_healthy()

    def serves(self, role: str, host: Host) -> bool:
        """Whether what a host is for serves, or stands by."""
        if role == "gateway":
            return _health(f"http://{host.address}:{PORTS[role]}") in ("ok", "degraded")
        address = f"{host.address}:{PORTS[role]}"
        own = address if role == "auth" else "127.0.0.1:50071"
        known = Settings(_env_file=None, tls_ca=self.authority, database_url=self.database, auth_address=own)
        return _probe(known, address)

    def software(self, role: str, host: Host) -> str:
        """Version of the program that a host runs; "" while it does not answer."""
        if role == "gateway":
            try:
                answer = httpx.get(f"http://{host.address}:{PORTS[role]}/openapi.json", timeout=5.0, trust_env=False)
                return str(answer.json()["info"]["version"])
            except (httpx.HTTPError, ValueError, KeyError):
                return ""
        known = Settings(
            _env_file=None, tls_ca=self.authority, service_secret=self._shared["ROUTING_ML_SERVICE_SECRET"]
        )
        return _LOOP.run(_described(known, f"{host.address}:{PORTS[role]}"))

    def active_copy(self) -> Host:
        """The host of the auth_service that has the lease."""
        with psycopg.connect(self.database) as connection:
            row = connection.execute("SELECT holder FROM leadership").fetchone()
        assert row is not None
        name = str(row[0]).partition(" ")[0].partition("@")[2]
        return next(host for host in self.hosts["auth"] if host.name == name)

    def until_healthy(self) -> float:
        """Wait until every gateway says that all is well; returns the seconds.

        Raises:
            RuntimeError: it does not come about.
        """
        return max(
            until(lambda url=url: _health(url) == "ok", f"{url} is not well: {_health(url, whole=True)}")  # type: ignore[misc]
            for url in self.gateways
        )


async def _described(settings: Settings, address: str) -> str:
    channel = connect(settings, [address])
    caller = Caller(settings, "benchmark", ServiceCredential.of(settings))
    try:
        stub = process_pb2_grpc.ProcessServiceStub(channel)
        told = await caller.call(stub.Describe, process_pb2.DescribeRequest(), service=address, timeout=5.0)
        return str(told.software_version)
    except ServiceError:
        return ""
    finally:
        await channel.close()


def _probe(settings: Settings, address: str) -> bool:
    async def ask() -> bool:
        probe = ServiceProbe(settings, address)
        try:
            return await probe.ready()
        finally:
            await probe.close()

    return _LOOP.run(ask())


def _health(url: str, *, whole: bool = False) -> str:
    try:
        answer = httpx.get(f"{url}/api/health", timeout=5.0, trust_env=False).json()
    except (httpx.HTTPError, ValueError) as error:
        return str(error)
    return str(answer if whole else answer.get("status"))
