"""A search over all sites of a group: who may ask which, what each hit says, and what becomes of sites that cannot be searched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import httpx
import numpy as np
import pytest

from aggregate_service.program import AggregateProgram
from ann_service.program import AnnProgram
from auth_service.program import AuthProgram
from common.errors import InvalidInput, ServiceError
from common.identity import ServiceCredential
from common.processes import free_port
from common.program import Program, ServiceContext
from common.rpc.client import Caller, connect
from common.service import _serve
from common.settings import Settings
from common.sites import SITE_KEY, group_of, others_of_group, sites_in
from gateway.app import build_app
from gateway.serving import listen, run_server
from predicting import group_search
from predicting.group_search import search_group
from predicting.neighbours import SearchOptions
from predicting.services import Clients
from protos.ann.v1 import ann_pb2, ann_pb2_grpc
from protos.registry.v1 import registry_pb2, registry_pb2_grpc
from tests.support.small_versions import ROWS, columns, make_version
from tests.unit.auth_service.conftest import ADMIN, ADMIN_PASSWORD, plant_settings
from tests.unit.trainer.conftest import make_tables, write_tables
from trained.encoder import BlockEncoder

SITES = """
[""]
group = "seals"
[busan]
source = "daegu"
group = "seals"
[seoul]
group = "seals"
[daegu]
source = "daegu"
group = "seals"
[jeju]
group = "seals"
[mars]
group = "pumps"
[alone]
"""
SHARING = {"busan": 1, "seoul": 2, "mars": 3, "alone": 4}
"""Sites whose versions have one encoder, by the seed of their items."""


def test_groups_are_read_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "sites.toml"
    file.write_text(SITES, encoding="utf-8")
    assert list(sites_in(file)) == ["busan", "seoul", "daegu", "jeju", "mars", "alone"]
    assert (group_of(file, "busan"), group_of(file, ""), group_of(file, "alone"), group_of(None, "")) == (
        "seals",
        "seals",
        "",
        "",
    )
    assert others_of_group(file, "busan") == ["", "seoul", "daegu", "jeju"]
    assert others_of_group(file, "") == ["busan", "seoul", "daegu", "jeju"]
    assert (others_of_group(file, "mars"), others_of_group(file, "alone"), others_of_group(None, "")) == ([], [], [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[""]\nsource = "x"\n', "only says the group"),
        ("[busan]\ngroup = 3\n", "have to be texts"),
        ('[busan]\ngroup = ""\n', "have to be texts"),
    ],
)
def test_groups_that_cannot_be_understood_are_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "sites.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match=said):
        sites_in(file)


@dataclass
class Group:
    """auth_service, aggregate_service, ann_service and a gateway with sites, within this process."""

    settings: Settings
    client: httpx.AsyncClient
    stop_ann: Callable[[], Awaitable[None]]
    tokens: dict[str, str]

    async def search(self, site: str, code: str, **fields: Any) -> httpx.Response:
        """Ask as an administrator of a site."""
        headers = {"authorization": f"Bearer {self.tokens[site]}"}
        body = {"item_codes": [code], "top_k": 10, **fields}
        return await self.client.post("/api/similarity/group-search", json=body, headers=headers)

    async def until_read(self, site: str) -> None:
        """Wait until the source of a site has been read."""
        headers = {"authorization": f"Bearer {self.tokens[site]}"}
        async with asyncio.timeout(60):
            while not (await self.client.get("/api/master-data/tree", headers=headers)).is_success:
                await asyncio.sleep(0.2)


def codes_of(site: str) -> list[str]:
    return [f"{site or 'own'}-{row:05d}" for row in range(ROWS)]


@pytest.fixture
async def group(tmp_path: Path) -> AsyncIterator[Group]:
    file = tmp_path / "sites.toml"
    file.write_text(SITES, encoding="utf-8")
    write_tables(tmp_path / "daegu", make_tables(60))
    port = free_port()
    settings = plant_settings(
        tmp_path,
        sites_file=file,
        gateway_port=port,
        ann_addresses=[f"127.0.0.1:{free_port()}"],
        aggregate_addresses=[f"127.0.0.1:{free_port()}"],
    )
    credential, stop, ann_stop = ServiceCredential.of(settings), asyncio.Event(), asyncio.Event()

    def served(name: str, address: str, build: Callable[[ServiceContext], Program], until: asyncio.Event) -> Any:
        return asyncio.create_task(_serve(settings, name, f"{name}-1", address, credential, build, until))

    tasks = [
        served("auth", settings.auth_address, AuthProgram, stop),
        served("aggregate", settings.aggregate_addresses[0], AggregateProgram, stop),
        served("ann", settings.ann_addresses[0], lambda context: AnnProgram(context, 1), ann_stop),
        asyncio.create_task(
            run_server(settings, build_app(settings, "gateway-1"), listen("127.0.0.1", port, shared=False), stop)
        ),
    ]
    await asyncio.to_thread(make_versions, tmp_path)
    channel = connect(settings, [settings.auth_address])
    for site in (*SHARING, "jeju"):
        await activate(registry_pb2_grpc.RegistryServiceStub(channel), settings.at(site), credential, tmp_path / site)
    await channel.close()

    async def stop_ann() -> None:
        ann_stop.set()
        await tasks[2]

    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60.0, trust_env=False) as client:
        tokens = {}
        for site in ("", *sites_in(file)):
            tokens[site] = await log_in(client, site)
        yield Group(settings, client, stop_ann, tokens)
    stop.set()
    ann_stop.set()
    await asyncio.gather(*tasks)


def make_versions(folder: Path) -> None:
    encoder = BlockEncoder.fit(columns(1))
    for site, seed in SHARING.items():
        make_version(folder / site, seed, encoder=encoder, codes=codes_of(site))
    make_version(folder / "jeju", 7, codes=codes_of("jeju"))


async def activate(stub: Any, settings: Settings, credential: ServiceCredential, folder: Path) -> None:
    caller = Caller(settings, "test", credential)
    request = registry_pb2.RegisterVersionRequest(
        version_name=folder.name, artifact_dir=str(folder), manifest_path=str(folder / "manifest.json")
    )
    async with asyncio.timeout(60):
        while True:
            try:
                await caller.call(stub.Register, request, service="auth_service")
                break
            except ServiceError as error:
                if error.retry_after is None:
                    raise
                await asyncio.sleep(0.1)
    asked = registry_pb2.ActivateRequest(version_name=folder.name)
    await caller.call(stub.Activate, asked, service="auth_service", timeout=60.0)


async def log_in(client: httpx.AsyncClient, site: str) -> str:
    body = {"username": ADMIN, "password": ADMIN_PASSWORD}
    async with asyncio.timeout(60):
        while True:
            headers = {"x-routing-site": site} if site else {}
            answer = await client.post("/api/auth/login", json=body, headers=headers)
            client.cookies.clear()
            if answer.is_success:
                return str(answer.json()["token"])
            await asyncio.sleep(0.1)


async def test_the_most_similar_items_of_all_sites_that_share_a_model_are_found(group: Group) -> None:
    code = codes_of("busan")[5]
    answer = await group.search("busan", code)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    matches = found["results"][0]["matches"]
    assert found["results"][0]["item_code"] == code
    assert code not in [match["item_code"] for match in matches]
    # what exact comparison over both catalogues finds
    encoder = BlockEncoder.fit(columns(1))
    vectors = {site: encoder.transform(columns(SHARING[site])) for site in ("busan", "seoul")}
    exact = [
        (round(float(similarity), 4), site)
        for site in vectors
        for row, similarity in enumerate(vectors[site] @ vectors["busan"][5])
        if (site, row) != ("busan", 5)
    ]
    best = sorted(exact, reverse=True)[:10]
    assert [round(match["similarity_score"], 3) for match in matches] == pytest.approx(
        [similarity for similarity, _ in best], abs=0.002
    )
    assert {match["site"] for match in matches} == {site for _, site in best} == {"busan", "seoul"}
    for match in matches:
        assert match["item_code"] in codes_of(match["site"])
    # every site of the group is told of, and no other one
    told = {site["site"]: (site["searched"], site["reason"]) for site in found["sites"]}
    assert list(told) == ["busan", "", "seoul", "daegu", "jeju"]
    assert (told["busan"], told["seoul"]) == ((True, None), (True, None))
    assert told["jeju"] == (False, "MODEL_DIFFERS")
    assert told[""] == told["daegu"] == (False, "MODEL_NOT_LOADED")
    assert "daegu" in next(site["problem"] for site in found["sites"] if site["site"] == "daegu")
    assert sum(site["matches"] for site in found["sites"]) == found["metrics"]["returned_matches"] == 10
    # only some of them; a site on no list of his
    some = (await group.search("busan", code, sites=["seoul"])).json()
    assert [site["site"] for site in some["sites"]] == ["busan", "seoul"]
    for foreign in ("mars", "alone", "nowhere"):
        refused = await group.search("busan", code, sites=["seoul", foreign])
        assert (refused.status_code, refused.headers["x-error-reason"]) == (403, "SITE_OUTSIDE_GROUP")
    # others' groups, and none
    assert [site["site"] for site in (await group.search("mars", codes_of("mars")[3])).json()["sites"]] == ["mars"]
    assert [site["site"] for site in (await group.search("alone", codes_of("alone")[3])).json()["sites"]] == ["alone"]
    # errors of the request itself are errors, not a site that is away
    assert (await group.search("busan", code, weight_profile="nonsense")).status_code == 422
    # an item that its own site does not know
    await group.until_read("busan")
    unknown = (await group.search("busan", "NO-SUCH-ITEM")).json()
    assert unknown["metrics"]["unknown_items"] == ["NO-SUCH-ITEM"]
    assert unknown["results"][0]["matches"] == []
    # weights of one's own count at every site
    weighted = (await group.search("busan", code, feature_weights={"OUTDIAMETER": 25.0})).json()
    assert weighted["results"][0]["matches"] != matches
    assert [site["searched"] for site in weighted["sites"][:3]] == [True, False, True]
    # a session of another site and the header of this one
    headers = {"authorization": f"Bearer {group.tokens['busan']}", SITE_KEY: "seoul"}
    elsewhere = await group.client.post("/api/similarity/group-search", json={"item_codes": [code]}, headers=headers)
    assert (elsewhere.status_code, elsewhere.headers["x-error-reason"]) == (403, "SITE_FOREIGN")


async def test_a_site_without_a_version_asks_the_others_by_features(group: Group) -> None:
    code = make_tables(60)["items"]["ITEM_CD"][0]
    await group.until_read("daegu")
    found = (await group.search("daegu", code)).json()
    told = {site["site"]: (site["searched"], site["reason"]) for site in found["sites"]}
    assert told["daegu"] == (False, "MODEL_NOT_LOADED")
    assert told["busan"] == told["seoul"] == (True, None)
    assert told["jeju"] == (False, "MODEL_DIFFERS")
    assert {match["site"] for match in found["results"][0]["matches"]} <= {"busan", "seoul"}
    assert len(found["results"][0]["matches"]) == 10


async def test_people_of_other_sites_may_search_as_guests_and_nothing_else(group: Group) -> None:
    channel = connect(group.settings, group.settings.ann_addresses)
    stub = ann_pb2_grpc.AnnServiceStub(channel)
    encoder = BlockEncoder.fit(columns(1))
    vectors = ann_pb2.Vectors(
        dimension=encoder.dimension, data=encoder.transform(columns(1))[:1].astype("<f4").tobytes()
    )

    async def ask(method: Any, at: str, whose: str, **fields: Any) -> Any:
        metadata = ((SITE_KEY, at), ("authorization", f"Bearer {group.tokens[whose]}"))
        return await method(ann_pb2.SearchRequest(**fields), metadata=metadata, timeout=30.0)

    found = await ask(stub.SearchAsGuest, "seoul", "busan", vectors=vectors)
    assert found.model
    assert len(found.neighbours.item_codes) == 10
    assert (await ask(stub.SearchAsGuest, "seoul", "", vectors=vectors)).model == found.model
    for method, at, whose, fields, code in (
        (stub.Search, "seoul", "busan", {"vectors": vectors}, grpc.StatusCode.PERMISSION_DENIED),
        (stub.SearchAsGuest, "mars", "busan", {"vectors": vectors}, grpc.StatusCode.PERMISSION_DENIED),
        (stub.SearchAsGuest, "alone", "busan", {"vectors": vectors}, grpc.StatusCode.PERMISSION_DENIED),
        (stub.SearchAsGuest, "busan", "alone", {"vectors": vectors}, grpc.StatusCode.PERMISSION_DENIED),
        (stub.SearchAsGuest, "seoul", "busan", {"vectors": vectors, "estimates": True}, grpc.StatusCode.INVALID_ARGUMENT),
        (
            stub.SearchAsGuest,
            "seoul",
            "busan",
            {"items": ann_pb2.ItemCodes(codes=["seoul-00001"])},
            grpc.StatusCode.INVALID_ARGUMENT,
        ),
        (
            stub.SearchAsGuest,
            "jeju",
            "busan",
            {"vectors": vectors, "model": found.model},
            grpc.StatusCode.FAILED_PRECONDITION,
        ),
    ):  # fmt: skip
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await ask(method, at, whose, **fields)
        assert refused.value.code() == code, (at, whose)
    await group.client.post("/api/auth/logout", headers={"authorization": f"Bearer {group.tokens['busan']}"})
    refusal = grpc.StatusCode.OK
    async with asyncio.timeout(10):
        while refusal == grpc.StatusCode.OK:  # a session that has ended is none anywhere
            await asyncio.sleep(0.1)
            try:
                await ask(stub.SearchAsGuest, "seoul", "busan", vectors=vectors)
            except grpc.aio.AioRpcError as error:
                refusal = error.code()
    assert refusal == grpc.StatusCode.UNAUTHENTICATED
    await channel.close()


async def test_where_nothing_can_be_asked_the_own_sites_problem_is_told(group: Group) -> None:
    await group.stop_ann()
    answer = await group.search("alone", codes_of("alone")[5])
    assert answer.status_code == 503


async def test_a_site_that_is_away_or_hangs_is_told_and_the_others_answer(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_search, "SECONDS", 1.0)
    over = asyncio.Event()

    async def say_nothing(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await over.wait()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    hanging = f"127.0.0.1:{silent.sockets[0].getsockname()[1]}"
    credential = ServiceCredential.of(group.settings)

    def services(site: str, **other: Any) -> Clients:
        return Clients(group.settings.at(site).model_copy(update=other), "test", credential)

    own = services("busan")
    others = {
        "": services("", ann_addresses=[f"127.0.0.1:{free_port()}"]),
        "jeju": services("jeju", ann_addresses=[hanging]),
        "seoul": services("seoul"),
    }
    found = await search_group(("busan", own), others, [codes_of("busan")[5]], SearchOptions(top_k=10))
    assert [site.name for site in found.sites] == ["busan", "", "jeju", "seoul"]
    assert [site.problem is None for site in found.sites] == [True, False, False, True]
    assert {match.site for match in found.matches[0]} == {"busan", "seoul"}
    for clients in (own, *others.values()):
        await clients.close()
    over.set()
    silent.close()


def test_who_shares_a_model_is_told_by_what_makes_vectors() -> None:
    from trained.model_identity import identity_of

    encoder = BlockEncoder.fit(columns(1))
    again = BlockEncoder.from_state(encoder.to_state())
    assert identity_of(encoder) == identity_of(again) != ""
    assert identity_of(BlockEncoder.fit(columns(2))) != identity_of(encoder)
    assert identity_of(object()) == ""
    np.testing.assert_array_equal(encoder.transform(columns(2)), again.transform(columns(2)))
