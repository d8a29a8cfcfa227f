"""Small trained versions, and an ann_service that runs in the test's process with a real channel to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from ann_service.control import AnnControl
from ann_service.program import ACCESS
from ann_service.searcher import Searcher
from ann_service.served_model import ModelSlot
from ann_service.servicer import AnnServicer
from ann_service.trial import TrialVersions
from common.identity import Authenticator, KeyRing, ServiceCredential
from common.processes import free_port
from common.rpc.client import connect
from common.rpc.server import RpcServer, Service
from common.settings import Settings
from protos.ann.v1 import ann_pb2, ann_pb2_grpc
from protos.settings.v1 import settings_pb2
from trained.artifacts import sha256_of
from trained.encoder import BlockEncoder
from trained.encoding.dictionary_columns import DictionaryColumn
from trained.index.engine import build_index
from trained.index.recall import exact_truth, measure, unlike_below
from trained.version_files import TrainedVersion, write_version

ROWS = 500
ODD_CODES = {0: " 4H69065ZZ", 1: 'O\'RING "5"', 2: "슬리브-1", 3: "🔩 나사"}
CODES = [ODD_CODES.get(row, f"IT-{row:05d}") for row in range(ROWS)]


def columns(seed: int) -> dict[str, DictionaryColumn]:
    """Features of ROWS items."""
    random = np.random.default_rng(seed)
    return {
        "ITEM_GRP1": DictionaryColumn([f"G{n}" for n in range(9)], random.integers(0, 9, ROWS).astype(np.int32)),
        "SealTypeGrup": DictionaryColumn([f"S{n}" for n in range(30)], random.integers(0, 30, ROWS).astype(np.int32)),
        "OUTDIAMETER": DictionaryColumn(np.exp(random.normal(4, 1, ROWS)).astype(np.float64)),
    }


def features_of(row: int, seed: int = 1) -> dict[str, str | float | None]:
    """Features of one item as a caller gives them."""
    made: dict[str, str | float | None] = {}
    for name, column in columns(seed).items():
        value = column.values[row if column.codes is None else column.codes[row]]
        made[name] = value if isinstance(value, str) or value is None else float(value)
    return made


def make_version(
    folder: Path,
    seed: int = 1,
    engine: str = "faiss",
    *,
    encoder: BlockEncoder | None = None,
    codes: Sequence[str] = CODES,
) -> settings_pb2.ActiveVersion:
    """Train and write a small version; with the encoder of another one where that is given."""
    folder.mkdir(parents=True)
    encoder = encoder or BlockEncoder.fit(columns(seed))
    vectors = encoder.transform(columns(seed))
    index = build_index(engine, vectors)
    truth = exact_truth(vectors, queries=ROWS)
    write_version(
        folder,
        TrainedVersion(
            encoder=encoder,
            vectors=vectors,
            index=index,
            item_codes=codes,
            recall_curve=measure(index, vectors, (64,), truth=truth),
            unlike_below=unlike_below(truth),
            weight_profiles={"geometry": {"OUTDIAMETER": 25.0}},
        ),
    )
    return describe(folder)


def describe(folder: Path, name: str = "") -> settings_pb2.ActiveVersion:
    """A version as the control plane announces it."""
    manifest = folder / "manifest.json"
    return settings_pb2.ActiveVersion(
        version_name=name or folder.name,
        artifact_dir=str(folder),
        manifest_path=str(manifest),
        manifest_sha256=sha256_of(manifest),
    )


def state(
    active: settings_pb2.ActiveVersion | None, revision: int = 1, document: str = ""
) -> settings_pb2.ControlState:
    """A control state."""
    return settings_pb2.ControlState(
        revision=revision, settings=settings_pb2.SettingsDocument(document_json=document), active=active
    )


@dataclass
class Running:
    """A service that runs in this process, and a stub on a real channel."""

    stub: Any
    channel: grpc.aio.Channel
    control: AnnControl
    searcher: Searcher
    metadata: tuple[tuple[str, str], ...]
    serving: list[bool]
    trial: TrialVersions

    async def search(self, **fields: Any) -> ann_pb2.SearchResponse:
        """Search and give the response."""
        response: ann_pb2.SearchResponse = await self.stub.Search(
            ann_pb2.SearchRequest(**fields), metadata=self.metadata
        )
        return response

    async def by_code(self, *codes: str, **fields: Any) -> ann_pb2.SearchResponse:
        """Search by item codes."""
        return await self.search(items=ann_pb2.ItemCodes(codes=codes), **fields)


async def run_ann(
    state_dir: Path,
    active: settings_pb2.ActiveVersion | None,
    stopping: list[Callable[[], Awaitable[None]]],
    port: int = 0,
) -> Running:
    """Start ann_service on a port (0: a free one); how to stop it is appended to `stopping`."""
    settings = Settings(state_dir=state_dir, stop_grace_seconds=0.2)
    credential = ServiceCredential.load(settings.secrets_path)
    searcher = Searcher(ModelSlot(), 100)
    trial = TrialVersions(lambda version: control.load(version))
    serving: list[bool] = []
    address = f"127.0.0.1:{port or free_port()}"
    service = Service(
        ann_pb2.DESCRIPTOR.services_by_name["AnnService"],
        ann_pb2_grpc.add_AnnServiceServicer_to_server,
        AnnServicer(searcher, trial, lambda: 1.0),
        ACCESS,
    )
    server = RpcServer(
        settings,
        process="ann",
        instance="ann-test",
        address=address,
        authenticator=Authenticator(KeyRing(), credential),
        services=[service],
    )

    async def set_serving(on: bool) -> None:
        serving.append(on)
        await server.set_serving(on)

    control = AnnControl(searcher, settings.derived_path, 2, set_serving)
    await server.start()
    channel = connect(settings, [address])

    async def stop() -> None:
        await channel.close()
        await server.stop()
        trial.close()
        searcher.close()
        control.close()

    stopping.append(stop)
    if active is not None:
        await control.apply(state(active))
    metadata = (("authorization", credential.header("test")),)
    return Running(ann_pb2_grpc.AnnServiceStub(channel), channel, control, searcher, metadata, serving, trial)
