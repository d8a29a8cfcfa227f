"""A fresh copy of the project: up, first prediction, a second copy beside it, Ctrl-C, and up again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cli.running.run_record import READY, STOPPED
from common.processes import IS_WINDOWS, is_running
from tests.support.catalogue import items_without_routing
from tests.support.clone import copy_project
from tests.support.patience import wait_until
from tests.support.running_system import (
    ADMIN_EMAIL,
    ADMIN_PASSWORD,
    KINDS,
    ROOT,
    RunningSystem,
    running_system,
    system_variables,
)

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """A system started by `manage.py up` in a copy of the project, with a random first password."""
    folder = tmp_path_factory.mktemp("clone") / "routing ml"
    variables = {**copy_project(folder), "ROUTING_ML_ADMIN_PASSWORD": ""}
    system = RunningSystem(
        folder / "var", variables=variables, command=[sys.executable, str(folder / "manage.py")], working_dir=folder
    )
    try:
        system.start()
        yield system
    finally:
        system.stop()


def shown_password(system: RunningSystem) -> str:
    """The password that `up` has printed."""
    line = next(line for line in system.said.splitlines() if line.strip().startswith("password"))
    return line.split()[1]


def test_up_says_where_it_runs_and_who_may_log_in(clone: RunningSystem) -> None:
    assert f"running at {clone.url}" in clone.said
    assert ADMIN_EMAIL in clone.said
    assert len(shown_password(clone)) >= 12
    assert [process.state for process in clone.record.processes] == [READY] * len(KINDS)


def test_the_random_password_is_stored_nowhere_but_hashed(clone: RunningSystem) -> None:
    password = shown_password(clone).encode()
    for path in clone.state.rglob("*"):
        if path.is_file():
            assert password not in path.read_bytes(), path


def test_three_items_without_routing_get_one_from_their_neighbours(clone: RunningSystem) -> None:
    codes = items_without_routing(3)
    with clone.client(ADMIN_EMAIL, shown_password(clone)) as client:
        answer = client.post("/api/predict", json={"item_codes": codes, "top_k": 10})
    assert answer.status_code == 200, answer.text
    routings = answer.json()["items"]
    assert {routing["ITEM_CD"] for routing in routings} == set(codes)
    for routing in routings:
        assert routing["operations"]
        assert all(operation["PROC_SEQ"] is not None for operation in routing["operations"])
        assert routing["SIMILARITY_SCORE"] is None or 0 < routing["SIMILARITY_SCORE"] <= 1
    assert answer.json()["metrics"]["model_version"]


def test_a_second_up_says_that_it_runs_and_where(clone: RunningSystem) -> None:
    again = subprocess.run(
        [sys.executable, str(clone.state.parent / "manage.py"), "up", "--port", str(clone.port)],
        env=clone.variables,
        capture_output=True,
        text=True,
    )
    assert again.returncode == 0
    assert "already running" in again.stdout
    assert clone.url in again.stdout


def test_status_names_every_process(clone: RunningSystem) -> None:
    shown = subprocess.run(
        [sys.executable, str(clone.state.parent / "manage.py"), "status", "--json"],
        env=clone.variables,
        capture_output=True,
        text=True,
    )
    assert shown.returncode == 0, shown.stderr
    import json

    status = json.loads(shown.stdout)
    assert status["health"] == "ok"
    assert len(status["processes"]) == len(KINDS)
    assert all(process["serving"] for process in status["processes"])


def test_a_second_copy_with_another_state_folder_runs_beside_it(clone: RunningSystem, tmp_path: Path) -> None:
    with running_system(tmp_path / "state") as other:
        assert other.url != clone.url
        own = {process.address for process in other.record.processes}
        assert not own & {process.address for process in clone.record.processes}
        with other.admin() as client:
            assert client.get("/api/health").json()["status"] == "ok"


def test_ctrl_c_stops_all_in_order_and_the_next_up_serves_again(clone: RunningSystem) -> None:
    processes = clone.record.processes
    version = _model_version(clone)
    descendants = psutil.Process(clone.pid).children(recursive=True)
    assert len(descendants) >= len(KINDS)
    clone.stop()
    assert clone.exit_code == 0
    assert not [process.name for process in processes if is_running(process.pid, process.started_at)]
    assert not [child for child in descendants if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    events = [line["event"] for line in clone.log_lines() if line.get("instance") == "supervisor"]
    assert "process killed" not in events
    assert clone.record.phase == STOPPED
    clone.start()
    assert _model_version(clone) == version
    assert "password" not in clone.said.split("running at")[-1]


def test_without_the_folder_of_the_active_version_it_starts_and_says_so_and_serves_when_it_is_back(
    clone: RunningSystem, tmp_path: Path
) -> None:
    version = _model_version(clone)
    clone.stop()
    folder = Path(clone.variables["ROUTING_ML_MODELS_DIR"]) / version
    folder.rename(tmp_path / version)
    clone.start()
    assert f"The active version {version} cannot be loaded" in clone.said
    with clone.client() as client:
        answer = client.get("/health")
        assert answer.status_code == 503
        assert version in answer.json()["checks"]["model"]["problem"]
    (tmp_path / version).rename(folder)
    with clone.client() as client:
        wait_until(lambda: client.get("/health").json()["status"] == "ok", 30.0, lambda: client.get("/health").text)
    assert _model_version(clone) == version


def test_a_training_by_hand_uses_the_ports_and_the_source_of_the_running_system(clone: RunningSystem) -> None:
    variables = {name: value for name, value in clone.variables.items() if not name.endswith(("ADDRESS", "ADDRESSES"))}
    command = ["train_build_index.py", "--save-dir", "models/by-hand"]
    done = subprocess.run(
        [sys.executable, *command],
        cwd=clone.state.parent,
        env=variables,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "by-hand" in clone.command("models", "list").stdout


def _model_version(system: RunningSystem) -> str:
    with system.client(ADMIN_EMAIL, shown_password(system)) as client:
        answer = client.post("/api/predict", json={"item_codes": items_without_routing(1)})
        return str(answer.json()["metrics"]["model_version"])


def test_detached_it_outlives_up_and_even_its_killed_supervisor_until_up_or_down(tmp_path: Path) -> None:
    system = RunningSystem(tmp_path / "state")
    up = system.spawn("--detach")
    assert up.wait() == 0, system.said
    try:
        assert f"running at {system.url}" in system.said
        assert ADMIN_PASSWORD not in system.said
        processes = system.record.processes
        assert all(is_running(process.pid, process.started_at) for process in processes)
        assert up.pid != system.record.pid or IS_WINDOWS
        psutil.Process(system.record.pid).kill()  # as the kernel ends it when memory is short
        wait_until(lambda: not system.record.alive, 10, lambda: "the supervisor lives")
        left = [process for process in processes if is_running(process.pid, process.started_at)]
        assert left, "its processes live on without it"
        assert "takes their place" in system.command("status").stdout
        again = system.spawn("--detach")
        assert again.wait() == 0, system.said
        assert "that a killed start had left were ended" in system.said
        assert not [process.name for process in left if is_running(process.pid, process.started_at)]
        processes = system.record.processes
        with system.client() as client:
            assert client.get("/api/health").json()["status"] == "ok"
    finally:
        down = system.command("down")
    assert "stopped" in down.stdout
    assert not [process.name for process in processes if is_running(process.pid, process.started_at)]


def test_a_read_only_state_folder_is_a_clear_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "cli", "up"],
        cwd=ROOT,
        env=system_variables(blocked / "state"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert "ROUTING_ML_STATE_DIR" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_a_clear_error_and_nothing_is_left(clone: RunningSystem, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli", "up", "--port", str(clone.port)],
        cwd=ROOT,
        env=system_variables(tmp_path / "state"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert f"Port {clone.port}" in done.stderr
    assert "--port" in done.stderr
