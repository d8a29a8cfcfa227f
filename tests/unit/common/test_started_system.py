"""Programs beside a running system find its ports and its source."""

from __future__ import annotations

import json
from pathlib import Path

import psutil

from common.settings import Settings
from common.started_system import as_started


def record(state: Path, *, phase: str = "ready", dataset: Path | str = "") -> None:
    """Write what `up` tells of a run of this very process."""
    processes = [
        {"name": "auth-11", "address": "127.0.0.1:11"},
        {"name": "ann-12", "address": "127.0.0.1:12"},
        {"name": "ann-13", "address": "127.0.0.1:13"},
        {"name": "gateway-14", "address": "0.0.0.0:14"},
    ]
    own = psutil.Process()
    told = {"phase": phase, "pid": own.pid, "started_at": own.create_time(), "dataset": str(dataset)}
    (state / "run").mkdir(exist_ok=True)
    (state / "run" / "supervisor.json").write_text(json.dumps({**told, "processes": processes}), encoding="utf-8")


def settings(state: Path, **more: object) -> Settings:
    return Settings(_env_file=None, state_dir=state, **more)  # type: ignore[arg-type]


def test_the_ports_and_the_source_of_a_running_system_are_taken_over(tmp_path: Path) -> None:
    record(tmp_path, dataset=tmp_path)
    found = as_started(settings(tmp_path))
    assert (found.auth_address, found.ann_addresses) == ("127.0.0.1:11", ["127.0.0.1:12", "127.0.0.1:13"])
    assert (found.gateway_port, found.initial_dataset) == (14, tmp_path)
    assert found.trainer_address == settings(tmp_path).trainer_address


def test_of_a_system_that_was_stopped_only_the_source_counts(tmp_path: Path) -> None:
    record(tmp_path, phase="stopped", dataset=tmp_path)
    found = as_started(settings(tmp_path))
    assert (found.auth_address, found.initial_dataset) == (settings(tmp_path).auth_address, tmp_path)


def test_a_source_that_is_set_or_gone_is_not_replaced(tmp_path: Path) -> None:
    record(tmp_path, dataset=tmp_path)
    assert as_started(settings(tmp_path, dataset=Path("other"))).initial_dataset is None
    record(tmp_path, dataset=tmp_path / "gone")
    assert as_started(settings(tmp_path)).initial_dataset is None


def test_without_a_record_or_with_a_broken_one_the_settings_stay(tmp_path: Path) -> None:
    assert as_started(settings(tmp_path)) == settings(tmp_path)
    (tmp_path / "run").mkdir()
    for text in ("", "{", "[]", "{}", '{"phase": "ready"}'):
        (tmp_path / "run" / "supervisor.json").write_text(text, encoding="utf-8")
        assert as_started(settings(tmp_path)) == settings(tmp_path)
