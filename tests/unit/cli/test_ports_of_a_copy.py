"""Ports: the usual ones where they are free, others for a second copy, errors for what was chosen by hand."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from filelock import FileLock

from cli.running.ports import CLAIMS, with_free_ports
from common.errors import Unavailable
from common.processes import free_port
from common.settings import Settings


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that another program holds."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def defaults(**values: object) -> Settings:
    """Settings whose addresses are defaults, not chosen by hand."""
    settings = Settings(_env_file=None, gateway_port=free_port()).model_copy(update=values)
    settings.__pydantic_fields_set__.clear()
    return settings


def test_a_default_port_that_is_taken_moves(taken_port: int) -> None:
    settings = with_free_ports(defaults(auth_address=f"127.0.0.1:{taken_port}"))
    assert settings.auth_address.startswith("127.0.0.1:")
    assert not settings.auth_address.endswith(f":{taken_port}")


def test_free_ports_stay() -> None:
    port = free_port()
    assert with_free_ports(defaults(trainer_address=f"127.0.0.1:{port}")).trainer_address == f"127.0.0.1:{port}"


def test_a_taken_gateway_port_is_an_error_that_names_the_way_out(taken_port: int) -> None:
    with pytest.raises(Unavailable, match=rf"Port {taken_port} .* is taken .*--port"):
        with_free_ports(defaults(gateway_port=taken_port))


def test_an_address_chosen_by_hand_does_not_move(taken_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTING_ML_ANN_ADDRESSES", f"127.0.0.1:{taken_port}")
    settings = Settings(_env_file=None, gateway_port=free_port())
    with pytest.raises(Unavailable, match=f"ROUTING_ML_ANN_ADDRESSES names 127.0.0.1:{taken_port}"):
        with_free_ports(settings)


def test_two_services_never_get_the_same_port() -> None:
    port = free_port()
    same = f"127.0.0.1:{port}"
    settings = with_free_ports(defaults(auth_address=same, trainer_address=same, ann_addresses=[same, same]))
    given = [settings.auth_address, settings.trainer_address, *settings.ann_addresses, *settings.aggregate_addresses]
    assert len(set(given)) == len(given)


def test_a_port_that_another_copy_is_about_to_use_moves() -> None:
    port = free_port()
    CLAIMS.mkdir(exist_ok=True)
    with FileLock(CLAIMS / f"{port}.lock"):
        settings = with_free_ports(defaults(auth_address=f"127.0.0.1:{port}"))
    assert not settings.auth_address.endswith(f":{port}")
