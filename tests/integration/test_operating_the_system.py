"""What operators use on the running system: figures, health, doctor, watchdog, retention, logs of one request."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.running_system import RunningSystem

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
DASHBOARD = Path(__file__).resolve().parents[2] / "compose-windows" / "monitoring" / "grafana-dashboard.json"


def names_in(text: str) -> set[str]:
    """Names of the samples in a Prometheus text."""
    return {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}


def test_every_figure_of_the_grafana_dashboard_is_exported(admin: httpx.Client) -> None:
    admin.get("/api/system/status")
    exported = names_in(admin.get("/metrics").text)
    # A log-in that failed or a call that failed appears only once it happened; the families are declared from the start.
    declared = set(re.findall(r"^# TYPE (\S+)", admin.get("/metrics").text, re.MULTILINE))
    wanted = set(re.findall(r"routing_[a-z_]+", DASHBOARD.read_text(encoding="utf-8")))
    assert len(wanted) >= 15
    assert {name for name in wanted if name not in exported | declared} == set()


def test_figures_are_for_administrators_and_for_a_token(whole_system: RunningSystem) -> None:
    with httpx.Client(base_url=whole_system.url) as nobody:
        assert nobody.get("/metrics").status_code == 401
        assert nobody.get("/metrics", headers={"authorization": "Bearer guessed"}).status_code == 401


def test_every_process_has_its_own_figures(admin: httpx.Client) -> None:
    families = text_string_to_metric_families(admin.get("/api/system/metrics").text)
    kinds = {sample.labels["process"] for family in families for sample in family.samples}
    assert kinds == {"gateway", "ann", "aggregate", "auth", "trainer"}


def test_the_health_report_has_latency_and_age_of_what_predictions_need(whole_system: RunningSystem) -> None:
    body = httpx.get(f"{whole_system.url}/health").json()
    assert body["checks"]["model"]["search_ms"] > 0
    assert body["checks"]["model"]["age_seconds"] > 0
    assert body["checks"]["snapshot"]["age_seconds"] >= 0
    assert all(body["checks"][name]["latency_ms"] > 0 for name in ("model", "snapshot", "database", "training"))
    assert body["checks"]["disk"]["ok"]
    assert httpx.get(f"{whole_system.url}/health/ready").status_code == 200


def test_the_retention_tells_what_it_would_delete_and_keeps_the_active_version(admin: httpx.Client) -> None:
    told = admin.post("/api/trainer/retention", json={"keep_versions": 1, "keep_good_versions": 1})
    assert told.status_code == 200
    assert told.json()["dry_run"] is True
    active = [row for row in told.json()["versions"] if row["reason"] == "it is active"]
    assert [row["outcome"] for row in active] == ["kept"]
    assert admin.post("/api/trainer/retention", json={"keep_versions": 0}).status_code == 422


def run(system: RunningSystem, *arguments: str) -> subprocess.CompletedProcess[str]:
    return system.command(*arguments)


def test_doctor_watchdog_and_metrics_see_the_running_system(whole_system: RunningSystem, tmp_path: Path) -> None:
    doctor = json.loads(run(whole_system, "doctor", "--json").stdout)
    processes = [one for one in doctor["findings"] if one["check"] == "processes"]
    assert len(processes) == 5
    assert {one["status"] for one in processes} == {"ok"}
    assert {one["status"] for one in doctor["findings"] if one["check"] in ("database", "predictions", "source")} == {
        "ok"
    }
    watchdog = run(whole_system, "watchdog", "--json")
    assert (watchdog.returncode, json.loads(watchdog.stdout)) == (0, {"hanging": []})
    assert run(whole_system, "metrics", "--textfile", str(tmp_path / "routing ml.prom")).returncode == 0
    assert "routing_rpc_requests_total" in names_in((tmp_path / "routing ml.prom").read_text(encoding="utf-8"))


def test_a_request_is_followed_through_all_processes(whole_system: RunningSystem, admin: httpx.Client) -> None:
    answer = admin.get("/api/system/status", headers={"x-request-id": "follow-me-1"})
    assert answer.headers["x-request-id"] == "follow-me-1"
    lines = [
        json.loads(line)
        for line in run(whole_system, "logs", "--request-id", "follow-me-1", "--json").stdout.splitlines()
    ]
    assert {line["process"] for line in lines} >= {"gateway", "auth"}
    assert all(line["request_id"] == "follow-me-1" for line in lines)


READING = (
    ("status",),
    ("watchdog",),
    ("users", "list"),
    ("audit", "list"),
    ("erp", "status"),
    ("erp", "list"),
    ("proposals", "report"),
    ("models", "list"),
    ("models", "check", "--dry-run", "--json"),
    ("models", "retention"),
    ("models", "retention", "--keep", "6", "--keep-good", "2"),
)
"""Commands of the documents that change nothing."""


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_a_command_of_the_documents_runs(whole_system: RunningSystem, arguments: tuple[str, ...]) -> None:
    done = run(whole_system, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    handbooks = Path(__file__).resolve().parents[2] / "docs" / "en"
    assert any(
        f"routing-ml {' '.join(arguments)}" in page.read_text(encoding="utf-8") for page in handbooks.glob("*.md")
    )
