"""The real grpcurl against each server: list, describe, health, a call."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from common.identity import ServiceCredential
from tests.support.catalogue import items_without_routing
from tests.support.running_system import RunningSystem

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

SERVICES = {
    "auth": "routing.auth.v1.AuthService",
    "ann": "routing.ann.v1.AnnService",
    "aggregate": "routing.aggregate.v1.AggregateService",
    "trainer": "routing.trainer.v1.TrainerService",
}
CALLS = [
    ("auth", "routing.registry.v1.RegistryService/GetActive", {}, "version_name"),
    ("auth", "routing.settings.v1.SettingsService/Get", {}, "revision"),
    ("ann", "routing.ann.v1.AnnService/Search", {"items": {"codes": items_without_routing(2)}}, "model_version"),
    ("aggregate", "routing.aggregate.v1.AggregateService/SnapshotInfo", {}, "tag"),
    ("trainer", "routing.trainer.v1.TrainerService/Status", {}, "status"),
]


def grpcurl(system: RunningSystem, kind: str, *arguments: str, before: tuple[str, ...] = ()) -> str:
    """Run grpcurl against the process of a kind; returns what it printed."""
    name = "grpcurl.exe" if os.name == "nt" else "grpcurl"
    command = [str(Path(sys.executable).parent / name), "-plaintext", *before, system.process(kind).address, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("kind", SERVICES)
def test_it_lists_and_describes_the_services(kind: str, whole_system: RunningSystem) -> None:
    listed = grpcurl(whole_system, kind, "list").split()
    assert {SERVICES[kind], "grpc.health.v1.Health", "routing.common.v1.ProcessService"} <= set(listed)
    described = grpcurl(whole_system, kind, "describe", SERVICES[kind])
    assert "rpc " in described


@pytest.mark.parametrize("kind", SERVICES)
def test_health_is_serving_without_a_log_in(kind: str, whole_system: RunningSystem) -> None:
    assert json.loads(grpcurl(whole_system, kind, "grpc.health.v1.Health/Check")) == {"status": "SERVING"}


@pytest.mark.parametrize(("kind", "method", "request_body", "field"), CALLS, ids=[call[1] for call in CALLS])
def test_a_call_answers(
    kind: str, method: str, request_body: dict[str, object], field: str, whole_system: RunningSystem
) -> None:
    header = ServiceCredential.load(whole_system.state / "secrets").header("grpcurl")
    options = ("-H", f"authorization: {header}", "-d", json.dumps(request_body))
    assert f'"{field}"' in grpcurl(whole_system, kind, method, before=options)


def test_a_call_without_a_credential_is_refused(whole_system: RunningSystem) -> None:
    with pytest.raises(AssertionError, match="Unauthenticated"):
        grpcurl(whole_system, "aggregate", "routing.aggregate.v1.AggregateService/SnapshotInfo")
