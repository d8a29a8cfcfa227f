"""What `up` finds out before it starts anything."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import installation
from cli.installation import ROOT, installation_settings, variables_of
from cli.running.up import _remembered_dataset, prepare_state_folder
from common.errors import InvalidInput, PreconditionFailed
from common.settings import Settings


@pytest.fixture(autouse=True)
def _fresh_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("ROUTING_ML_")]:
        monkeypatch.delenv(name)
    installation_settings.cache_clear()
    yield
    installation_settings.cache_clear()


def test_the_folders_of_the_state_are_made(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, state_dir=tmp_path / "a" / "state", models_dir=tmp_path / "models")
    prepare_state_folder(settings)
    assert settings.run_path.is_dir()
    assert settings.models_dir.is_dir()
    assert not list(tmp_path.rglob(".write-test-*"))


def test_a_state_folder_that_cannot_be_written_is_named_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    settings = Settings(_env_file=None, state_dir=tmp_path / "file" / "state", models_dir=tmp_path)
    with pytest.raises(PreconditionFailed, match=r"file[/\\]state cannot be written .*ROUTING_ML_STATE_DIR"):
        prepare_state_folder(settings)


def test_a_models_folder_that_cannot_be_written_names_its_own_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    settings = Settings(_env_file=None, state_dir=tmp_path, models_dir=tmp_path / "file" / "models")
    with pytest.raises(PreconditionFailed, match="ROUTING_ML_MODELS_DIR"):
        prepare_state_folder(settings)


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import psutil

    usage = psutil.disk_usage(str(tmp_path))._replace(free=1024**2)
    monkeypatch.setattr(psutil, "disk_usage", lambda _path: usage)
    with pytest.raises(PreconditionFailed, match=r"is full \(1 MB free\)"):
        prepare_state_folder(Settings(_env_file=None, state_dir=tmp_path, models_dir=tmp_path))


def test_the_data_of_the_last_run_is_remembered_and_a_broken_note_forgotten(tmp_path: Path) -> None:
    note = tmp_path / "dataset.json"
    assert _remembered_dataset(note) is None
    note.write_text(json.dumps({"dataset": "/data/plant.accdb"}), encoding="utf-8")
    assert _remembered_dataset(note) == Path("/data/plant.accdb")
    note.write_text("{", encoding="utf-8")
    assert _remembered_dataset(note) is None


def test_relative_paths_start_at_the_project_wherever_the_command_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(installation, "ROOT", tmp_path / "project")
    (tmp_path / "project" / "frontend" / "dist").mkdir(parents=True)
    settings = installation_settings()
    assert settings.state_dir == tmp_path / "project" / "var"
    assert settings.frontend_dir == tmp_path / "project" / "frontend" / "dist"


def test_screens_that_came_with_the_program_are_served_where_the_installation_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "ROOT", tmp_path / "project")
    assert installation_settings().frontend_dir == ROOT / "frontend" / "dist"
    monkeypatch.setenv("ROUTING_ML_FRONTEND_DIR", "screens")
    installation_settings.cache_clear()
    assert installation_settings().frontend_dir == tmp_path / "project" / "screens"


def test_a_setting_that_is_not_valid_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTING_ML_GATEWAY_PORT", "70000")
    with pytest.raises(InvalidInput, match="ROUTING_ML_GATEWAY_PORT='70000' is not valid"):
        installation_settings()


def test_the_variables_give_another_process_the_same_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = Settings(
        _env_file=None,
        state_dir=tmp_path,
        ann_addresses=["127.0.0.1:1", "127.0.0.1:2"],
        allowed_origins=["https://plant.example"],
        dataset=ROOT / "demo" / "catalogue",
        cookie_secure=True,
    )
    for name, value in variables_of(settings).items():
        monkeypatch.setenv(name, value)
    assert Settings(_env_file=None) == settings
