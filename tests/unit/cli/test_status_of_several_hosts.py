"""`routing-ml status` shows the processes of every host: those that serve, that stand by, that are silent."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from cli.running.status import ProcessStatus, SystemStatus, _elsewhere, _of_other_hosts, status_table
from common.processes import free_port
from common.rpc.server import STANDBY_HEALTH
from protos.settings.v1 import settings_pb2 as pb
from tests.support.describing_service import host_settings, same_port, serve


async def test_processes_of_other_hosts_are_asked_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.running.placement.is_own", lambda _address: False)
    auth, ann = (*same_port(["127.0.0.2"]), *same_port(["127.0.0.3"]))
    silent = f"127.0.0.4:{free_port()}"
    settings = host_settings(
        tmp_path,
        host_name="east",
        auth_address=auth,
        database_url="postgresql://db/routing",
        ann_addresses=[ann, silent],
        aggregate_addresses=[],
        trainer_address=f"127.0.0.5:{free_port()}",
    )
    standing_by = await serve(settings, auth, "auth-50071@west", serving=False)
    await standing_by.set_serving(True, [STANDBY_HEALTH])
    serving = await serve(settings, ann, "ann-50051@west")
    following = pb.SubscribersResponse(
        subscribers=[
            pb.Subscriber(process="ann", instance="ann-50051@west", confirmed_revision=7, lag_ms=2.0),
            pb.Subscriber(process="gateway", instance="gateway-8000@west", confirmed_revision=7, pid=3, since=1.0),
            pb.Subscriber(process="gateway", instance="gateway-8000@east", confirmed_revision=7),
        ]
    )
    try:
        found = list(_of_other_hosts(settings, await _elsewhere(settings), following))
    finally:
        await standing_by.stop()
        await serving.stop()
    shown = {(one.name, one.host): (one.state, one.serving, one.confirmed_revision) for one in found}
    assert shown[("auth-50071", "west")] == ("standing by", False, 0)
    assert shown[("ann-50051", "west")] == ("ready", True, 7)
    assert shown[(f"ann-{silent.rpartition(':')[2]}", "127.0.0.4")] == ("silent", False, 0)
    assert shown[("gateway-8000", "west")] == ("ready", True, 7)
    assert ("gateway-8000", "east") not in shown
    console = Console(width=200, record=True)
    console.print(status_table(SystemStatus(running=True, processes=tuple(found))))
    assert "standing by" in console.export_text()


def test_of_one_machine_no_host_is_shown() -> None:
    one = ProcessStatus("ann-50051", "127.0.0.1:50051", "ready", True, 1, 2.0, 0, 3)
    headings = [column.header for column in status_table(SystemStatus(running=True, processes=(one,))).columns]
    assert "host" not in headings
