"""`status` shows which control revision each process has confirmed, and how long it took."""

from __future__ import annotations

import time
from typing import Any

import psutil
import pytest
from rich.console import Console

from cli.running import status
from cli.running.run_record import READY, ProcessRecord, RunRecord
from common.processes import free_port
from common.settings import Settings
from protos.settings.v1 import settings_pb2 as pb


@pytest.fixture
def settings(tmp_path: Any) -> Settings:
    """An installation whose run record names an auth_service and an ann_service."""
    made = Settings(_env_file=None, state_dir=tmp_path)
    made.run_path.mkdir(parents=True)
    record = RunRecord("run", 0, 0.0, phase=READY, url=f"http://127.0.0.1:{free_port()}")
    record.processes = [ProcessRecord(f"{kind}-1", f"127.0.0.1:{free_port()}", READY) for kind in ("auth", "ann")]
    own = psutil.Process()
    record.pid, record.started_at = own.pid, own.create_time()
    record.write(made.run_path)
    return made


def test_a_follower_is_shown_with_revision_and_lag(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def following(_settings: Settings, _record: RunRecord) -> pb.SubscribersResponse:
        one = pb.Subscriber(instance="ann-1", confirmed_revision=41, lag_ms=12.34, last_problem="", since=time.time())
        return pb.SubscribersResponse(revision=42, subscribers=[one])

    monkeypatch.setattr(status, "_following", following)
    found = status.system_status(settings)
    ann = next(process for process in found.processes if process.name == "ann-1")
    assert (found.control_revision, ann.confirmed_revision, ann.lag_ms) == (42, 41, 12.3)
    console = Console(width=200)
    with console.capture() as shown:
        console.print(status.status_table(found))
    assert "12 ms" in shown.get()


def test_without_auth_service_nobody_is_said_to_follow(settings: Settings) -> None:
    found = status.system_status(settings)
    assert found.running
    assert (found.control_revision, [process.confirmed_revision for process in found.processes]) == (0, [0, 0])
