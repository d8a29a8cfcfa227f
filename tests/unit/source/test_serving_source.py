"""Which of the sources that are named serves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from common.settings import Settings
from plant.settings import PlantSettings
from source.serving_source import Origin, note_chosen, serving_source, was_anything_chosen


def document(path: Path | None = None, *backups: Path) -> PlantSettings:
    section: dict[str, Any] = {"backup_paths": [str(backup) for backup in backups]}
    return PlantSettings.of({"data_source": section | ({"access_path": str(path)} if path else {})})


@pytest.fixture
def started(tmp_path: Path) -> Settings:
    """An installation that was started with a source of its own."""
    (tmp_path / "start").mkdir()
    return Settings(_env_file=None, state_dir=tmp_path / "state", initial_dataset=tmp_path / "start")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """An Access file that an operator has saved in the settings."""
    path = tmp_path / "plant.accdb"
    path.write_bytes(b"x")
    return path


def test_the_source_of_the_start_serves_until_an_operator_saves_another(started: Settings, saved: Path) -> None:
    assert serving_source(started, document()).origin is Origin.INITIAL
    chosen = serving_source(started, document(saved))
    assert (chosen.path, chosen.origin) == (saved, Origin.SETTINGS)
    assert serving_source(started, document()).path == started.initial_dataset


def test_a_fixed_source_is_not_changed_by_the_settings_and_says_so(started: Settings, saved: Path) -> None:
    fixed = started.model_copy(update={"dataset": saved.parent / "fixed.accdb"})
    found = serving_source(fixed, document(saved))
    assert (found.path, found.origin) == (fixed.dataset, Origin.FIXED)
    assert "has no effect" in found.reason


def test_a_saved_path_that_never_was_there_replaces_nothing_and_says_so(started: Settings, tmp_path: Path) -> None:
    found = serving_source(started, document(tmp_path / "typing-error.accdb"))
    assert (found.path, found.origin) == (started.initial_dataset, Origin.INITIAL)
    assert "typing-error.accdb" in found.reason


def test_a_chosen_source_that_is_away_stays_the_source(started: Settings, saved: Path) -> None:
    chosen = document(saved)
    assert not was_anything_chosen(started)
    for _ in range(2):
        note_chosen(started, chosen, serving_source(started, chosen))
    assert was_anything_chosen(started)
    saved.unlink()
    found = serving_source(started, chosen)
    assert (found.path, found.origin) == (saved, Origin.SETTINGS)
    assert "cannot be reached" in found.reason


def test_the_first_backup_that_exists_stands_in(started: Settings, saved: Path, tmp_path: Path) -> None:
    chosen = document(tmp_path / "away.accdb", tmp_path / "gone.accdb", saved)
    assert serving_source(started, chosen).path == saved
    assert "backup" in serving_source(started, chosen).reason


def test_without_a_source_of_the_start_the_settings_decide(tmp_path: Path, saved: Path) -> None:
    plain = Settings(_env_file=None, state_dir=tmp_path / "state")
    assert serving_source(plain, document(saved)).path == saved
    assert serving_source(plain, document()).origin is Origin.SETTINGS


def test_a_damaged_note_is_none(started: Settings) -> None:
    started.run_path.mkdir(parents=True)
    (started.run_path / "chosen-sources.json").write_text("{", encoding="utf-8")
    assert not was_anything_chosen(started)
