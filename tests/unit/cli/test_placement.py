"""What `up` starts of an installation of several machines: what is here, and it says what is elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.running.placement import placement_of
from cli.running.ports import with_free_ports
from cli.running.supervisor import launches
from common.errors import InvalidInput
from common.processes import free_port
from common.settings import Settings


def several(**values: Any) -> Settings:
    """A host with ann and aggregate services of an installation of three hosts (203.0.113.0/24 is nobody's)."""
    named: dict[str, Any] = {
        "auth_address": "203.0.113.1:50071, 203.0.113.2:50071",
        "aggregate_addresses": ["203.0.113.1:50061", f"127.0.0.1:{free_port()}"],
        "ann_addresses": [f"127.0.0.1:{free_port()}", "203.0.113.2:50051"],
        "trainer_address": "203.0.113.1:50081",
        "gateway_port": free_port(),
    }
    return Settings(_env_file=None, **{**named, **values})


def test_only_what_is_here_is_started_and_the_rest_is_named() -> None:
    settings = with_free_ports(several())
    assert [launch.kind for launch in launches(settings)] == ["aggregate", "ann", "gateway"]
    said = placement_of(settings).describe_elsewhere()
    assert "auth at 203.0.113.1:50071, 203.0.113.2:50071" in said
    assert "ann at 203.0.113.2:50051" in said


def test_everything_is_here_by_default() -> None:
    settings = Settings(_env_file=None)
    assert placement_of(settings).alone
    assert placement_of(settings).describe_elsewhere() == ""
    assert settings.host == ""
    assert settings.instance("ann", 50051) == "ann-50051"


def test_processes_of_several_hosts_have_the_name_of_their_host() -> None:
    assert several(host_name="east").instance("ann", 50051) == "ann-50051@east"
    assert several().instance("ann", 50051).startswith("ann-50051@")


@pytest.mark.parametrize("name", ["a b", "ost/west", "-a", "x" * 64, "호스트"])
def test_a_host_name_that_could_not_name_a_file_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="letters, digits"):
        Settings(_env_file=None, host_name=name)


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidInput, match="host:port"):
        with_free_ports(several(ann_addresses=["ann1.plant.local"]))


def test_the_settings_name_a_secret_file_relative_to_nothing_else(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x" * 40, encoding="ascii")
    assert several(service_secret_file=secret).service_secret_file == secret
