"""Hosts that share nothing but a network: their cables are pulled while calls are made."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.hosts.network import Host, Network
from common.errors import PreconditionFailed
from tests.support.certificates import Authority
from tests.support.describing_service import SECRET, Asker, host_settings

PORT = 50051
pytestmark = pytest.mark.integration


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root may make network namespaces")
    try:
        with Network(tmp_path / "hosts") as made:
            yield made
    except PreconditionFailed as error:
        pytest.skip(error.message)


@pytest.fixture
def hosts(network: Network, tmp_path: Path) -> tuple[list[Host], Path]:
    """Two hosts that answer, with certificates of their own, and the authority that clients trust."""
    authority = Authority(tmp_path)
    made = [network.add(name) for name in ("one", "two")]
    for host in made:
        certificate, key = authority.certificate(host.name, host.address)
        files = [str(certificate), str(key), str(authority.path)]
        command = ["-m", "tests.support.describing_service", f"{host.address}:{PORT}", host.name, SECRET, *files]
        host.start("service", [sys.executable, *command], dict(os.environ))
    return made, authority.path


@pytest.mark.skipif(sys.platform == "win32", reason="the program `ip` is Linux's")
@pytest.mark.parametrize("refused", ["link add", "netns add", "-n"])
def test_a_machine_that_cannot_make_or_enter_namespaces_says_so_and_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "ip"
    program.write_text(
        f'#!/bin/sh\necho "$*" >> {tmp_path}/told\ncase "$*" in "{refused}"*) exit 255;; esac\n', "utf-8"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(PreconditionFailed), Network(tmp_path / "hosts"):
        pass
    told = (tmp_path / "told").read_text("utf-8").splitlines()
    assert any(line.startswith("link delete ") for line in told)
    assert any(line.startswith("netns delete ") for line in told) == (refused == "-n")


async def test_a_pulled_cable_costs_no_call_more_than_a_second_and_the_host_comes_back(
    hosts: tuple[list[Host], Path], tmp_path: Path
) -> None:
    (one, two), authority = hosts
    settings = host_settings(tmp_path, tls_ca=authority)
    asker = Asker(settings, [f"{one.address}:{PORT}", f"{two.address}:{PORT}"])
    try:
        await until_named(asker, {"one", "two"})
        two.plug(False)
        slowest = 0.0
        for _ in range(30):
            began = time.monotonic()
            assert await asker.ask() == "one"
            slowest = max(slowest, time.monotonic() - began)
            await asyncio.sleep(0.02)
        assert slowest < 1.5  # a second, and what a machine at its limits adds
        two.plug(True)
        await until_named(asker, {"one", "two"})
        one.kill()
        assert {await asker.ask() for _ in range(10)} == {"two"}
    finally:
        await asker.channel.close()


async def until_named(asker: Asker, names: set[str]) -> None:
    """Wait until all of them answer."""
    seen: set[str] = set()
    deadline = time.monotonic() + 60.0
    while seen != names:
        assert time.monotonic() < deadline, f"only {seen} answer"
        try:
            seen.add(await asker.ask(timeout=2.0))
        except Exception:
            seen.clear()
        await asyncio.sleep(0.05)
