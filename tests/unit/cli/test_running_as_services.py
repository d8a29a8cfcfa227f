"""Commands beside services that no supervisor has started."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.running.as_services import AS_SERVICES, run_as_services
from cli.running.down import down
from cli.running.status import system_status
from cli.running.up import UpOptions, up
from common.processes import free_port
from common.settings import Settings
from tests.support.auth_process import AuthProcess


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuthProcess]:
    """An auth_service that runs as a service does: started by nobody of ours."""
    made = AuthProcess(tmp_path_factory.mktemp("services"))
    try:
        asyncio.run(made.start())
        yield made
    finally:
        made.kill()


def test_status_tells_the_services_and_which_of_them_serve(service: AuthProcess) -> None:
    unused = {name: [f"127.0.0.1:{free_port()}"] for name in ("ann_addresses", "aggregate_addresses")}
    others = {**unused, "trainer_address": f"127.0.0.1:{free_port()}", "gateway_port": free_port()}
    found = system_status(service.settings.model_copy(update=others))  # other tests run systems on the usual ports
    assert (found.running, found.phase) == (True, AS_SERVICES)
    serving = {process.name.partition("-")[0]: process.serving for process in found.processes}
    assert serving == {"auth": True, "aggregate": False, "ann": False, "trainer": False, "gateway": False}


def test_up_and_down_leave_the_services_alone_and_say_so(
    service: AuthProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    assert up(service.settings, UpOptions()) == 0
    assert f"already {AS_SERVICES}" in capsys.readouterr().out
    assert "Stop-Service" in down(service.settings)
    assert system_status(service.settings).running


def test_services_of_another_installation_are_not_taken_for_ours(service: AuthProcess, tmp_path: Path) -> None:
    other = Settings(_env_file=None, state_dir=tmp_path, auth_address=service.settings.auth_address)
    assert run_as_services(other) is None
    other.secrets_path.mkdir()
    (other.secrets_path / "service.secret").write_text("of another installation", encoding="ascii")
    assert run_as_services(other) is None
