"""Registering where the control plane is on another machine: what cannot be registered is kept and said, not lost in a private database."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.processes import free_port
from common.settings import Settings
from tests.support.small_versions import make_version
from trainer.exit_codes import NotRegistered
from trainer.registration import FinishedVersion, Registrar


def finished(folder: Path) -> FinishedVersion:
    return FinishedVersion("v1", folder, "tests", 0.0)


@pytest.fixture
def version(tmp_path: Path) -> FinishedVersion:
    make_version(tmp_path / "models" / "v1")
    return finished(tmp_path / "models" / "v1")


def test_a_training_whose_control_plane_is_away_is_kept_and_not_registered(
    version: FinishedVersion, tmp_path: Path
) -> None:
    settings = Settings(
        _env_file=None,
        state_dir=tmp_path / "var",
        models_dir=tmp_path / "models",
        auth_address="203.0.113.7:50071",
        service_secret="the secret of every host, long enough",
        rpc_timeout_seconds=0.3,
    )
    with pytest.raises(NotRegistered, match=r"is complete but could not be registered.*register-version"):
        Registrar(settings).register(version)
    assert version.manifest.exists()
    assert not (tmp_path / "var" / "routing.db").exists()


def test_a_store_that_cannot_be_written_keeps_the_version_unregistered(
    version: FinishedVersion, tmp_path: Path
) -> None:
    settings = Settings(
        _env_file=None,
        state_dir=tmp_path / "var",
        models_dir=tmp_path / "models",
        auth_address=f"127.0.0.1:{free_port()}",
        artifact_store=str(tmp_path / "no-share"),
    )
    with pytest.raises(NotRegistered, match="no such folder"):
        Registrar(settings).register(version)
    assert version.manifest.exists()
