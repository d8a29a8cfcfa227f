"""Calls to several hosts: certificates of each, names, what falls silent, what stands by, what comes back."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from common.errors import InvalidInput, PreconditionFailed, Unauthenticated, Unavailable
from common.rpc import addresses as addresses_module
from common.rpc.addresses import parse_address
from common.rpc.balancing import BalancedChannel
from common.rpc.server import RpcServer
from tests.support.certificates import Authority
from tests.support.describing_service import SECRET, Asker, host_settings, same_port, serve

HOSTS = ("127.0.0.2", "127.0.0.3")
needs_loopback = pytest.mark.skipif(sys.platform != "linux", reason="only Linux answers on every address of 127/8")
pytestmark = needs_loopback


class Servers:
    """Servers and askers of a test, ended with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(folder)
        self._servers: list[RpcServer] = []
        self._askers: list[Asker] = []

    def tls(self, name: str, *hosts: str, **validity: Any) -> tuple[Path, Path, Path]:
        return (*self.authority.certificate(name, *hosts, **validity), self.authority.path)

    async def start(
        self, address: str, name: str, tls: tuple[Path, Path, Path] | None = None, **state: Any
    ) -> RpcServer:
        server = await serve(host_settings(self.folder, tls), address, name, **state)
        self._servers.append(server)
        return server

    def asker(self, *addresses: str, tls: bool = False, **options: Any) -> Asker:
        settings = host_settings(self.folder, tls_ca=self.authority.path) if tls else host_settings(self.folder)
        self._askers.append(Asker(settings, addresses, **options))
        return self._askers[-1]

    async def end(self) -> None:
        for asker in self._askers:
            await asker.channel.close()
        for server in self._servers:
            await server.stop()


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[Servers]:
    made = Servers(tmp_path)
    yield made
    await made.end()


async def answer_after_all(asker: Asker, seconds: float = 10.0) -> str:
    """The answer of a host that does not answer yet."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return await asker.ask(timeout=1.0)
        except Unavailable:
            if time.monotonic() > deadline:
                raise


async def test_every_host_is_known_by_a_certificate_of_its_own_address(servers: Servers) -> None:
    one, two = same_port(HOSTS)
    await servers.start(one, "one", servers.tls("one", "127.0.0.2"))
    await servers.start(two, "two", servers.tls("two", "127.0.0.3"))
    asker = servers.asker(one, two, tls=True)
    await channel_of(asker).settled()
    assert Counter(await asker.names(10)) == {"one": 5, "two": 5}


async def test_every_name_counts_and_each_is_verified(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = same_port(HOSTS)
    port = parse_address(one).port
    await servers.start(one, "one", servers.tls("one", "ann1.plant.local"))
    await servers.start(two, "two", servers.tls("two", "ann2.plant.local"))
    answer_names(monkeypatch, {"ann1.plant.local": ["127.0.0.2"], "ann2.plant.local": ["127.0.0.3"]})
    asker = servers.asker(f"ann1.plant.local:{port}", f"ann2.plant.local:{port}", tls=True)
    await channel_of(asker).settled()
    assert set(await asker.names(10)) == {"one", "two"}


async def test_a_name_that_leads_elsewhere_later_is_followed(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = same_port(HOSTS)
    port = parse_address(one).port
    await servers.start(one, "one")
    await servers.start(two, "two")
    known = {"ann.plant.local": ["127.0.0.2"]}
    answer_names(monkeypatch, known)
    monkeypatch.setattr("common.rpc.balancing.RESOLVE_SECONDS", 0.1)
    asker = servers.asker(f"ann.plant.local:{port}")
    await channel_of(asker).settled()
    assert set(await asker.names(4)) == {"one"}
    known["ann.plant.local"] = ["127.0.0.3"]
    while await asker.ask() != "two":
        await asyncio.sleep(0.02)
    known.clear()  # the name server is away: the name means what it meant
    await asyncio.sleep(0.5)
    assert set(await asker.names(4)) == {"two"}


async def test_a_certificate_of_another_host_is_refused_and_the_error_says_so(servers: Servers) -> None:
    one, two = same_port(HOSTS)
    await servers.start(one, "one", servers.tls("one", "127.0.0.9"))
    with pytest.raises(Unavailable, match="certificate"):
        await servers.asker(one, tls=True).ask(timeout=3.0)
    await servers.start(two, "two", servers.tls("two", "127.0.0.3"))
    assert set(await servers.asker(one, two, tls=True).names(4)) == {"two"}


async def test_a_certificate_of_another_authority_is_refused(servers: Servers, tmp_path: Path) -> None:
    (address,) = same_port(HOSTS[:1])
    stranger = Authority(tmp_path, "stranger")
    await servers.start(address, "one", (*stranger.certificate("strange", "127.0.0.2"), stranger.path))
    with pytest.raises(Unavailable, match="certificate"):
        await servers.asker(address, tls=True).ask(timeout=3.0)


async def test_a_host_with_a_certificate_that_has_ended_does_not_start(servers: Servers) -> None:
    (address,) = same_port(HOSTS[:1])
    old = servers.tls("old", "127.0.0.2", begins=timedelta(days=-3), ends=timedelta(days=-1))
    with pytest.raises(PreconditionFailed, match="valid from"):
        await servers.start(address, "one", old)
    certificate, _, authority = servers.tls("one", "127.0.0.2")
    _, other_key, _ = servers.tls("other", "127.0.0.2")
    with pytest.raises(PreconditionFailed, match="does not belong"):
        await servers.start(address, "one", (certificate, other_key, authority))


async def test_a_new_certificate_is_used_without_a_restart(servers: Servers) -> None:
    (address,) = same_port(HOSTS[:1])
    certificate, key, authority = servers.tls("one", "127.0.0.9")
    await servers.start(address, "one", (certificate, key, authority))
    with pytest.raises(Unavailable, match="certificate"):
        await servers.asker(address, tls=True).ask(timeout=2.0)
    newer, newer_key, _ = servers.tls("newer", "127.0.0.2")
    certificate.write_bytes(newer.read_bytes())
    with pytest.raises(Unavailable, match="certificate"):  # the key has not come yet: the pair in use stays
        await servers.asker(address, tls=True).ask(timeout=2.0)
    key.write_bytes(newer_key.read_bytes())
    assert await servers.asker(address, tls=True).ask() == "one"


async def test_the_trusted_authority_is_exchanged_without_a_restart(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.rpc.balancing.RESOLVE_SECONDS", 0.1)
    (address,) = same_port(HOSTS[:1])
    newer = Authority(tmp_path, "newer authority")
    await servers.start(address, "one", (*newer.certificate("one", "127.0.0.2"), newer.path))
    asker = servers.asker(address, tls=True)
    with pytest.raises(Unavailable, match="certificate"):
        await asker.ask(timeout=2.0)
    servers.authority.path.write_bytes(newer.path.read_bytes())
    assert await answer_after_all(asker) == "one"


async def test_a_host_that_is_gone_costs_nobody_an_error(servers: Servers) -> None:
    one, two = same_port(HOSTS)
    gone = await servers.start(one, "one")
    await servers.start(two, "two")
    asker = servers.asker(one, two)
    assert set(await asker.names(6)) == {"one", "two"}
    await gone.stop()
    assert set(await asker.names(20)) == {"two"}
    await servers.start(one, "one again")
    while await asker.ask() != "one again":
        await asyncio.sleep(0.02)


@pytest.fixture
def hanging() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server in a process of its own, to be stopped without a word."""
    (address,) = same_port(HOSTS[1:])
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.describing_service", address, "two", SECRET],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[3],
    )
    assert process.stdout
    while (line := process.stdout.readline()) and line.strip() != b"serving":
        pass
    assert line
    yield address, process
    process.kill()
    process.wait()
    process.stdout.close()


async def test_a_host_that_hangs_costs_no_call_more_than_a_second(
    servers: Servers, hanging: tuple[str, subprocess.Popen[bytes]]
) -> None:
    two, process = hanging
    (one,) = same_port(HOSTS[:1])
    await servers.start(one, "one")
    asker = servers.asker(one, two)
    assert set(await asker.names(6)) == {"one", "two"}
    process.send_signal(signal.SIGSTOP)
    slowest = 0.0
    for _ in range(20):
        began = time.monotonic()
        assert await asker.ask() == "one"
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < 1.5  # a second, and what a machine at its limits adds
    process.send_signal(signal.SIGCONT)
    while await asker.ask() != "two":
        await asyncio.sleep(0.02)


async def test_a_host_that_takes_connections_and_says_nothing_is_passed_over(servers: Servers) -> None:
    one, two = same_port(HOSTS)
    await servers.start(one, "one")
    with socket.create_server(("127.0.0.3", parse_address(two).port)):
        began = time.monotonic()
        assert set(await servers.asker(one, two).names(8)) == {"one"}
        assert time.monotonic() - began < 3.0


async def test_a_host_that_does_not_serve_is_asked_last(servers: Servers) -> None:
    one, two = same_port(HOSTS)
    await servers.start(one, "waiting", serving=False)
    serving = await servers.start(two, "serving")
    asker = servers.asker(one, two)
    await channel_of(asker).settled()
    assert set(await asker.names(6)) == {"serving"}
    await serving.stop()
    assert await asker.ask() == "waiting"


async def test_what_may_not_be_repeated_is_not_sent_twice_but_goes_where_it_can(servers: Servers) -> None:
    one, two = same_port(HOSTS)
    await servers.start(two, "two")
    asker = servers.asker(one, two, again=False)  # nobody listens on the first
    assert set(await asker.names(6)) == {"two"}


async def test_a_change_on_a_host_that_hangs_ends_with_what_is_not_known(
    servers: Servers, hanging: tuple[str, subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.rpc.balancing.LOST_SECONDS", 0.5)
    two, process = hanging
    asker = servers.asker(two, "127.0.0.2:9", again=False)
    await channel_of(asker).settled()
    assert await asker.ask() == "two"
    process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    with pytest.raises(Unavailable, match="not known") as lost:
        await asker.ask(timeout=60.0)
    assert lost.value.reason == "OUTCOME_UNKNOWN"
    assert time.monotonic() - began < 20.0
    process.send_signal(signal.SIGCONT)


async def test_another_secret_is_told_as_such(servers: Servers, tmp_path: Path) -> None:
    one, two = same_port(HOSTS)
    await servers.start(one, "one")
    await servers.start(two, "two")
    other = host_settings(tmp_path).model_copy(update={"service_secret": "some other secret, as long"})
    asker = Asker(other, [one, two])
    with pytest.raises(Unauthenticated, match="ROUTING_ML_SERVICE_SECRET"):
        await asker.ask()
    await asker.channel.close()


@pytest.mark.parametrize(
    "address", ["", "host", "host:", ":50051", "host:0", "host:70000", "::1:50051", "[::1]", "a:b:1"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidInput, match="host:port"):
        parse_address(address)


def answer_names(monkeypatch: pytest.MonkeyPatch, known: dict[str, list[str]]) -> None:
    """Let names be looked up in a table."""
    from common.rpc.addresses import Target

    async def resolve(targets: Any) -> Any:
        names = [target for target in targets if not target.numeric]
        return {
            target: [Target(ip, target.port, target.host) for ip in known[target.host]]
            for target in names
            if target.host in known
        }

    monkeypatch.setattr(addresses_module, "resolve", resolve)
    monkeypatch.setattr("common.rpc.balancing.resolve", resolve)


def channel_of(asker: Asker) -> BalancedChannel:
    assert isinstance(asker.channel, BalancedChannel)
    return asker.channel
