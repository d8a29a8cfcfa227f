"""Sockets of the processes on both systems."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from common import processes
from gateway.serving import listen

EXCLUSIVE = -5  # SO_EXCLUSIVEADDRUSE, which is not known on Linux


class Recorded:
    """A socket that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def setsockopt(self, *option: int) -> None:
        self.told.append(option)


def test_a_port_in_use_cannot_be_taken_by_another() -> None:
    with listen("127.0.0.1", 0, shared=False) as first:
        first.listen()
        port = first.getsockname()[1]
        assert not processes.port_is_free("127.0.0.1", port)
        with pytest.raises(OSError, match="taken by another program"):
            listen("127.0.0.1", port, shared=False)
        with socket.socket() as rude:
            rude.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with pytest.raises(OSError, match="in use"):
                rude.bind(("127.0.0.1", port))


@pytest.mark.parametrize("windows", [True, False])
def test_on_windows_the_address_is_exclusive_and_never_shared(windows: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "IS_WINDOWS", windows)
    monkeypatch.setattr(socket, "SO_EXCLUSIVEADDRUSE", EXCLUSIVE, raising=False)
    told: Any = Recorded()
    processes.own_address(told)
    assert told.told == [(socket.SOL_SOCKET, EXCLUSIVE if windows else socket.SO_REUSEADDR, 1)]
