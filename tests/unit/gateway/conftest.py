"""A gateway over HTTP in front of real gRPC servers with small servicers, so that only the translation is under test."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common import errors
from common.identity import AUDIENCE, ISSUER, Authenticator, KeyRing, ServiceCredential, VerificationKey
from common.processes import free_port
from common.request_context import current_request
from common.rpc.interceptor import Access
from common.rpc.server import RpcServer, Service
from common.settings import Settings
from common.tables import integer_column, number_column, table, text_column
from gateway.app import build_app
from gateway.serving import listen, run_server
from protos.aggregate.v1 import aggregate_pb2, aggregate_pb2_grpc
from protos.ann.v1 import ann_pb2, ann_pb2_grpc
from protos.auth.v1 import auth_pb2, auth_pb2_grpc
from protos.common.v1 import table_pb2
from protos.documents.v1 import documents_pb2, documents_pb2_grpc
from protos.erp.v1 import erp_pb2, erp_pb2_grpc
from protos.plants.v1 import plants_pb2, plants_pb2_grpc
from protos.registry.v1 import registry_pb2, registry_pb2_grpc
from protos.settings.v1 import settings_pb2, settings_pb2_grpc
from protos.trainer.v1 import trainer_pb2, trainer_pb2_grpc
from tests.support.patience import busyness

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
BASE_DOCUMENT = {
    "trainer": {"similarity_threshold": 0.8},
    "visualization": {"projector_enabled": True, "neo4j_enabled": True, "neo4j_browser_url": "http://localhost:7474"},
    "data_source": {"access_path": "routing_data/ROUTING AUTO TEST.accdb", "default_table": "dbo_BI_ITEM_INFO_VIEW"},
    "search": {"ef_search": None, "cache_entries": 10_000},
}


def token_for(
    username: str, role: str, *, lifetime: float = 3600, session: str = "s1", key: Any = KEY, **more: Any
) -> str:
    """A session token signed like auth_service's."""
    now = time.time()
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": username,
        "role": role,
        "sid": session,
        "iat": now,
        "exp": now + lifetime,
        "name": None,
        **more,
    }
    return jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": "k1"})


@dataclass
class Script:
    """What the test's services answer, and what they were asked.

    Attributes:
        answers: method name -> message, error to raise, or callable(request) giving one of them.
        asked: method name -> requests in order.
        authorizations: method name -> authorization of each call.
    """

    answers: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, list[Any]] = field(default_factory=dict)
    authorizations: dict[str, list[str]] = field(default_factory=dict)
    request_ids: list[str] = field(default_factory=list)
    state: settings_pb2.ControlState = field(default_factory=settings_pb2.ControlState)

    def answer(self, method: str, request: Any) -> Any:
        context = current_request()
        self.asked.setdefault(method, []).append(request)
        self.authorizations.setdefault(method, []).append(context.token if context else "")
        if context:
            self.request_ids.append(context.request_id)
        made = self.answers.get(method)
        if callable(made):
            made = made(request)
        if isinstance(made, Exception):
            raise made
        if made is None:
            raise errors.ServiceError(f"The test has no answer for {method}")
        return made

    def last(self, method: str) -> Any:
        return self.asked[method][-1]


def scripted(interface: type, descriptor: Any, script: Script) -> Any:
    """A servicer of `interface` that answers from the script."""

    def method_of(name: str) -> Any:
        async def call(self: Any, request: Any, context: Any) -> Any:
            return script.answer(name, request)

        return call

    unary = {m.name: method_of(m.name) for m in descriptor.methods if not m.server_streaming}
    return type(f"Scripted{descriptor.name}", (interface,), unary)


class Plant:
    """Servers and gateway of one test module, on a loop of their own thread."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.script = Script()
        self.export: list[Any] = []
        self.ports = {name: free_port() for name in ("ann", "aggregate", "auth", "trainer", "gateway")}
        self.settings = Settings(
            _env_file=None,
            state_dir=folder,
            ann_addresses=[f"127.0.0.1:{self.ports['ann']}"],
            aggregate_addresses=[f"127.0.0.1:{self.ports['aggregate']}"],
            auth_address=f"127.0.0.1:{self.ports['auth']}",
            trainer_address=f"127.0.0.1:{self.ports['trainer']}",
            gateway_port=self.ports["gateway"],
            frontend_dir=folder / "no-frontend",
            docs_dir=folder / "no-documents",
            **{"stop_grace_seconds": 0.2, **settings},
        )
        self.url = f"http://127.0.0.1:{self.ports['gateway']}"
        self.loop = asyncio.new_event_loop()
        self.servers: dict[str, RpcServer] = {}
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self._stop: asyncio.Event | None = None
        self._serving: Future[int] | None = None

    def run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def start(self) -> None:
        script = self.script
        script.state.CopyFrom(control_state())
        for name in ("ann", "aggregate", "auth", "trainer"):
            self.run(self.start_service(name))
        self.run(self._start_gateway())
        deadline = time.monotonic() + 10 * busyness()
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{self.url}/health/live")
                return
            except httpx.TransportError:
                time.sleep(0.02)
        raise AssertionError("the gateway did not start")

    async def start_service(self, name: str) -> None:
        services = self._services()[name]
        keys = KeyRing()
        keys.replace_keys([VerificationKey("k1", PUBLIC, time.time() + 10_000)])
        server = RpcServer(
            self.settings,
            process=name,
            instance=f"{name}-test",
            address=f"127.0.0.1:{self.ports[name]}",
            authenticator=Authenticator(keys, ServiceCredential.load(self.settings.secrets_path)),
            services=services,
        )
        await server.start()
        await server.set_serving(True)
        self.servers[name] = server

    async def stop_service(self, name: str) -> None:
        await self.servers.pop(name).stop()

    def _services(self) -> dict[str, list[Service]]:
        script = self.script

        def service(module: Any, grpc_module: Any, name: str, access: dict[str, Access] | None = None) -> Service:
            descriptor = module.DESCRIPTOR.services_by_name[name]
            kind = scripted(getattr(grpc_module, f"{name}Servicer"), descriptor, script)
            if name == "SettingsService":
                kind.Watch = _watch(script)
            if name == "AggregateService":
                kind.Refresh = _refresh(script)
                kind.ExportStream = _export(script, self.export)
            if name == "ErpService":
                kind.Enqueue = _enqueue(script)
            return Service(descriptor, getattr(grpc_module, f"add_{name}Servicer_to_server"), kind(), access or {})

        anybody = {"Register": Access.OPEN, "Login": Access.OPEN, "RecordAudit": Access.OPEN}
        return {
            "ann": [service(ann_pb2, ann_pb2_grpc, "AnnService")],
            "aggregate": [service(aggregate_pb2, aggregate_pb2_grpc, "AggregateService")],
            "auth": [
                service(auth_pb2, auth_pb2_grpc, "AuthService", anybody),
                service(registry_pb2, registry_pb2_grpc, "RegistryService"),
                service(settings_pb2, settings_pb2_grpc, "SettingsService"),
                service(documents_pb2, documents_pb2_grpc, "PlanningService"),
                service(documents_pb2, documents_pb2_grpc, "RslService"),
                service(documents_pb2, documents_pb2_grpc, "MappingService"),
                service(erp_pb2, erp_pb2_grpc, "ErpService"),
                service(plants_pb2, plants_pb2_grpc, "PlantService"),
            ],
            "trainer": [service(trainer_pb2, trainer_pb2_grpc, "TrainerService")],
        }

    async def _start_gateway(self) -> None:
        self._stop = asyncio.Event()
        listening: socket.socket = listen("127.0.0.1", self.ports["gateway"], shared=False)
        self.app = app = build_app(self.settings, f"gateway-{self.ports['gateway']}")
        self._serving = asyncio.run_coroutine_threadsafe(
            run_server(self.settings, app, listening, self._stop), self.loop
        )

    @property
    def gateway(self) -> Any:
        """The state of the gateway process, found through the layers of the application."""
        layer: Any = self.app
        while not hasattr(layer, "state"):
            layer = next(inner for name, inner in vars(layer).items() if name in ("app", "_app"))
        return layer.state.gateway

    def stop(self) -> None:
        if self._stop is not None and self._serving is not None:
            self.loop.call_soon_threadsafe(self._stop.set)
            self._serving.result(20)
        for name in list(self.servers):
            self.run(self.stop_service(name))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()

    def client(self, role: str = "user", **headers: str) -> httpx.Client:
        """A client that is logged in as `role` by Bearer; "" anonymous."""
        if role:
            headers["authorization"] = f"Bearer {token_for(f'{role}@plant.example', role)}"
        return httpx.Client(base_url=self.url, headers=headers, timeout=20 * busyness())


def control_state(document: dict[str, Any] | None = None, manifest_path: str = "") -> settings_pb2.ControlState:
    """A control state with the test's key and, with a manifest, an active version."""
    state = settings_pb2.ControlState(
        revision=1,
        settings=settings_pb2.SettingsDocument(revision=7, document_json=json.dumps(document or BASE_DOCUMENT)),
        keys=[settings_pb2.VerificationKey(key_id="k1", public_key=PUBLIC, not_after=time.time() + 10_000)],
    )
    if manifest_path:
        state.active.version_name = "v1"
        state.active.manifest_path = manifest_path
        state.active.artifact_dir = str(Path(manifest_path).parent)
    return state


def _watch(script: Script) -> Any:
    async def watch(self: Any, requests: Any, context: Any) -> Any:
        sent = 0
        while True:
            if script.state.revision != sent:
                sent = script.state.revision
                yield settings_pb2.WatchEvent(event_id=sent, state=script.state)
            await asyncio.sleep(0.01)

    return watch


def _refresh(script: Script) -> Any:
    async def refresh(self: Any, request: Any, context: Any) -> Any:
        for part in script.answer("Refresh", request):
            yield part

    return refresh


def _export(script: Script, real: list[Any]) -> Any:
    """ExportStream: what was asked is the list of all parts, the answer a list of chunks; or what a test put into `real`."""

    async def export(self: Any, parts: Any, context: Any) -> Any:
        if real:
            async for chunk in real[-1](self, parts, context):
                yield chunk
            return
        came = [await anext(aiter(parts))]
        yield aggregate_pb2.ExportChunk()
        for chunk in script.answer("ExportStream", [*came, *[part async for part in parts]]):
            yield chunk

    return export


def _enqueue(script: Script) -> Any:
    """Enqueue: what was asked is the list of all parts."""

    async def enqueue(self: Any, parts: Any, context: Any) -> Any:
        return script.answer("Enqueue", [part async for part in parts])

    return enqueue


def neighbours(*queries: list[tuple[str, float]]) -> table_pb2.Neighbours:
    """Neighbours of queries, each a list of (code, similarity)."""
    offsets = [0]
    for query in queries:
        offsets.append(offsets[-1] + len(query))
    flat = [pair for query in queries for pair in query]
    return table_pb2.Neighbours(
        offsets=offsets, item_codes=[code for code, _ in flat], similarities=[score for _, score in flat]
    )


def info() -> ann_pb2.InfoResponse:
    return ann_pb2.InfoResponse(
        model_version="v1",
        dimension=4,
        items=3,
        features=["OUTDIAMETER", "ITEM_CD"],
        feature_weights=[2.5, 0.0],
        active_features=[True, False],
        weight_profiles=["default", "geometry-focus"],
    )


def prediction() -> aggregate_pb2.PredictResponse:
    """Two routings of one item, with three and one operations, and one candidate."""
    return aggregate_pb2.PredictResponse(
        routings=table(
            2,
            [
                text_column("ITEM_CD", ["A", "A"]),
                text_column("CANDIDATE_ID", ["A_C01", "A_C02"]),
                text_column("ROUTING_SIGNATURE", ["선삭+연삭", None]),
                text_column("PRIORITY", ["primary", "fallback"]),
                text_column("SIMILARITY_TIER", ["HIGH", "LOW"]),
                number_column("SIMILARITY_SCORE", [0.97, None]),
                text_column("REFERENCE_ITEM_CD", ["B", "C"]),
                integer_column("RANK", [1, 2]),
            ],
        ),
        operation_offsets=[0, 3, 4],
        operations=table(
            4,
            [
                integer_column("PROC_SEQ", [10, 20, 30, 10]),
                text_column("dbo_BI_ROUTING_VIEW_JOB_CD", ["J1", "J2", "J3", None]),
                text_column("JOB_NM", ["선삭", "연삭", "검사", None]),
                number_column("MACH_WORKED_HOURS", [1.5, None, 0.0, None]),
                number_column("ACT_RUN_TIME", [1.0, 2.0, None, None]),
            ],
        ),
        candidates=table(
            1,
            [
                text_column("ITEM_CD", ["A"]),
                text_column("CANDIDATE_ITEM_CD", ["B"]),
                number_column("SIMILARITY_SCORE", [0.97]),
                text_column("HAS_ROUTING", ["Y"]),
                integer_column("PROCESS_COUNT", [3]),
                integer_column("RANK", [1]),
            ],
        ),
        snapshot_tag="t1",
    )


@pytest.fixture(scope="module")
def plant_settings() -> dict[str, Any]:
    """Settings of the module's gateway; modules override this fixture."""
    return {}


@pytest.fixture(scope="module")
def running_plant(tmp_path_factory: pytest.TempPathFactory, plant_settings: dict[str, Any]) -> Iterator[Plant]:
    plant = Plant(tmp_path_factory.mktemp("plant"), **plant_settings)
    plant.start()
    yield plant
    plant.stop()


@pytest.fixture
def plant(running_plant: Plant) -> Plant:
    """The module's plant with a fresh script of plausible answers."""
    script = running_plant.script
    running_plant.export.clear()
    script.asked.clear()
    script.authorizations.clear()
    script.request_ids.clear()
    script.answers = {
        "Search": ann_pb2.SearchResponse(
            model_version="v1", neighbours=neighbours([("B", 0.97), ("C", 0.5)]), ef_search=64, stored_codes=["A"]
        ),
        "Info": info(),
        "Predict": prediction(),
        "SnapshotInfo": aggregate_pb2.SnapshotInfoResponse(tag="t1", items=3, age_seconds=5.0, read_at=time.time() - 5),
        "ItemFeatures": aggregate_pb2.ItemFeaturesResponse(features=table(0, []), unknown=[0]),
        "Get": settings_pb2.SettingsDocument(revision=7, document_json=json.dumps(BASE_DOCUMENT)),
        "Status": trainer_pb2.TrainingStatus(status="idle"),
    }
    return running_plant


class TestServices:
    """What test modules use of this file, as one fixture value (test files import nothing from each other)."""

    __test__ = False
    token_for = staticmethod(token_for)
    control_state = staticmethod(control_state)
    neighbours = staticmethod(neighbours)
    prediction = staticmethod(prediction)
    info = staticmethod(info)
    document = BASE_DOCUMENT
    Plant = Plant


@pytest.fixture(scope="session")
def services() -> type[TestServices]:
    return TestServices
