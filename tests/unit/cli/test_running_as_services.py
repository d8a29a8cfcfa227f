"""Commands beside services that no supervisor has started."""

from __future__ import annotations

import asyncio
import io
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from cli.running.as_services import AS_SERVICES, run_as_services
from cli.running.down import down
from cli.running.run_record import ProcessRecord
from cli.running.status import SystemStatus, _process_status, status_table, system_status
from cli.running.up import UpOptions, up
from common.processes import free_port
from common.settings import Settings
from protos.settings.v1 import settings_pb2 as pb
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


def test_a_service_is_shown_with_the_process_that_it_tells_and_without_made_up_figures() -> None:
    """The supervisor knows the numbers of its own processes; of services they come from what they follow."""
    told = pb.Subscriber(pid=os.getpid(), since=time.time() - 90, confirmed_revision=3)
    known = _process_status(ProcessRecord(name="ann-1", address="127.0.0.1:1"), True, told)
    assert (known.pid, 89 < known.age_seconds < 120, known.resident_bytes > 1_000_000) == (os.getpid(), True, True)
    unknown = _process_status(ProcessRecord(name="auth-1", address="127.0.0.1:2"), True, pb.Subscriber())
    shown = Console(width=160, file=io.StringIO())
    shown.print(status_table(SystemStatus(running=True, processes=(known, unknown))))
    assert isinstance(shown.file, io.StringIO)
    line = shown.file.getvalue().splitlines()[-1]
    assert "auth-1" in line
    assert "0 s" not in line
    assert "MB" not in line


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
