"""A program knows the installation that it lies in, whatever folder it is called from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from common import home
from common.settings import settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder is one with other settings."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / ".env").write_text("ROUTING_ML_GATEWAY_PORT=1111\n", encoding="utf-8")
    monkeypatch.chdir(folder)
    for name in ("GATEWAY_PORT", "STATE_DIR", "MODELS_DIR"):
        monkeypatch.delenv(f"ROUTING_ML_{name}", raising=False)
    settings.cache_clear()
    yield folder
    settings.cache_clear()


def test_an_installed_program_takes_the_settings_of_its_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "공장 자료"
    data.mkdir()
    (data / ".env").write_text("ROUTING_ML_GATEWAY_PORT=2222\nROUTING_ML_STATE_DIR=var\n", encoding="utf-8")
    monkeypatch.setattr(home, "HOME_FILE", tmp_path / "installation.json")
    home.HOME_FILE.write_text(json.dumps({"home": str(data)}), encoding="utf-8")
    assert settings().gateway_port == 2222
    assert settings().state_dir == data / "var"
    assert settings().models_dir == data / "models"


def test_a_clone_takes_those_of_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "HOME_FILE", tmp_path / "no-such-file")
    assert settings().gateway_port == 1111
