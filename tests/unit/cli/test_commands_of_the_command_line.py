"""Commands that need no running system: help, data diagnosis, and the words when nothing runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "tests" / "data"


def routing_ml(*arguments: str, state: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `routing-ml` with a state folder of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ROUTING_ML_")}
    kept["PYTHONUTF8"] = "1"
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        cwd=ROOT,
        env={**kept, "ROUTING_ML_STATE_DIR": str(state), "ROUTING_ML_MODELS_DIR": str(state), **variables},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def test_help_names_every_command(tmp_path: Path) -> None:
    shown = routing_ml("--help", state=tmp_path, COLUMNS="120")
    assert shown.returncode == 0
    for command in (
        "up",
        "down",
        "status",
        "predict",
        "similar",
        "evaluate",
        "models",
        "users",
        "audit",
        "access",
        "logs",
        "backup",
        "restore",
        "bench",
    ):
        assert command in shown.stdout


@pytest.mark.parametrize("group", ["models", "users", "audit", "access"])
def test_every_group_explains_its_commands(group: str, tmp_path: Path) -> None:
    shown = routing_ml(group, "--help", state=tmp_path, COLUMNS="120")
    assert shown.returncode == 0
    assert "Commands" in shown.stdout


def test_a_good_access_file_gets_a_good_verdict(tmp_path: Path) -> None:
    shown = routing_ml("access", "diagnose", str(DATA / "small.accdb"), state=tmp_path)
    assert shown.returncode == 0, shown.stdout
    assert "✓" in shown.stdout
    assert "read as it is stored, without a driver" in shown.stdout
    assert "150 rows" in shown.stdout


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing_column.accdb", "lacks column OUTDIAMETER"),
        ("truncated.accdb", "is cut off"),
        ("no-such-file.accdb", "no-such-file.accdb"),
    ],
)
def test_a_bad_file_gets_a_verdict_and_exit_code_1(name: str, words: str, tmp_path: Path) -> None:
    shown = routing_ml("access", "diagnose", str(DATA / name), "--json", state=tmp_path)
    assert shown.returncode == 1
    found = json.loads(shown.stdout)
    assert not found["ok"]
    assert words in found["verdict"]


@pytest.mark.parametrize("arguments", [("predict", "A-1"), ("similar", "A-1"), ("models", "list"), ("users", "list")])
def test_without_a_running_system_a_command_says_how_to_start_it(arguments: tuple[str, ...], tmp_path: Path) -> None:
    nowhere = "127.0.0.1:9"
    shown = routing_ml(
        *arguments,
        state=tmp_path,
        ROUTING_ML_AUTH_ADDRESS=nowhere,
        ROUTING_ML_ANN_ADDRESSES=nowhere,
        ROUTING_ML_AGGREGATE_ADDRESSES=nowhere,
    )
    assert shown.returncode == 1
    python = "py" if sys.platform == "win32" else "python3"
    assert f"Start it with `{python} manage.py up`" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_status_says_that_nothing_runs_with_a_code_of_its_own(tmp_path: Path) -> None:
    shown = routing_ml("status", "--json", state=tmp_path)
    assert shown.returncode == 3
    assert json.loads(shown.stdout)["running"] is False


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--data", "nowhere.accdb"), "There is no data at"),
        (("--data", str(DATA / "truncated.accdb")), "is cut off"),
        (("--data", str(DATA / "missing_column.accdb")), "lacks column OUTDIAMETER"),
        (("--data", str(DATA / "plant_statistics.json")), "plant_statistics.json"),
        (("--port", "70000"), "is no port"),
    ],
)
def test_up_refuses_what_cannot_work_before_it_starts_anything(
    arguments: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    shown = routing_ml("up", *arguments, state=tmp_path)
    assert shown.returncode == 1
    assert words in shown.stderr
    assert "Traceback" not in shown.stderr
    assert not (tmp_path / "run" / "supervisor.json").exists()


def test_a_column_that_the_source_lacks_is_named_where_a_profile_is_checked(tmp_path: Path) -> None:
    gears = ROOT / "tests" / "data" / "plants" / "engranajes"
    text = (gears / "profile.json").read_text(encoding="utf-8")
    profile = tmp_path / "profile.json"
    profile.write_text(text.replace('"source": "Peso"', '"source": "Gewicht"'), encoding="utf-8")
    checked = routing_ml("profiles", "check", str(profile), "--data", str(gears), state=tmp_path)
    assert checked.returncode == 0
    assert "piezas lacks optional columns Gewicht: they read as absent" in " ".join(checked.stdout.split())
