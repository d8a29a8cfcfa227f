"""Disk space, certificates and the clock of the host."""

from __future__ import annotations

import errno
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from common.settings import Settings
from gateway.host_checks import certificates, clock, disk_space

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def settings(folder: Path, **more: object) -> Settings:
    return Settings(_env_file=None, **{"state_dir": folder / "상태 폴더", "models_dir": folder / "models", **more})  # type: ignore[arg-type]


def certificate(path: Path, begins: timedelta, ends: timedelta) -> Path:
    """A self-signed certificate, valid from NOW + begins to NOW + ends."""
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "routing.plant")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW + begins)
        .not_valid_after(NOW + ends)
        .sign(key, None)
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return path


def test_free_space_is_told_for_each_folder_also_before_it_exists(tmp_path: Path) -> None:
    found = disk_space(settings(tmp_path, least_free_bytes=0))
    assert found.problem == ""
    assert set(found.facts["free_bytes"]) == {"state", "models", "logs"}


def test_a_disk_that_is_nearly_full_is_a_problem_that_says_what_to_delete(tmp_path: Path) -> None:
    found = disk_space(settings(tmp_path, least_free_bytes=2**60))
    assert "GB free: delete old versions, backups or logs" in found.problem


def test_a_share_that_vanished_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_path: Path) -> None:
        raise OSError(errno.EHOSTDOWN, "The network path was not found")

    monkeypatch.setattr("shutil.disk_usage", gone)
    assert "cannot be reached (The network path was not found)" in disk_space(settings(tmp_path)).problem


@pytest.mark.parametrize(
    ("begins", "ends", "problem"),
    [
        (-100, 100, ""),
        (-100, 10, "ends in 10 days: replace it"),
        (-100, -1, "ended 1 days ago"),
        (1, 100, "check the clock"),  # the clock is a day behind
    ],
)
def test_a_certificate_is_told_before_it_ends(tmp_path: Path, begins: int, ends: int, problem: str) -> None:
    path = certificate(tmp_path / "proxy.pem", timedelta(days=begins), timedelta(days=ends))
    found = certificates(settings(tmp_path, https_certificate=path), NOW)
    assert problem in found.problem
    assert bool(found.problem) == bool(problem)
    assert found.facts["days_left"] == {"https": float(ends)}


def test_a_certificate_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "broken.pem").write_text("no certificate", encoding="utf-8")
    for name in ("broken.pem", "missing.pem"):
        assert "cannot be read" in certificates(settings(tmp_path, https_certificate=tmp_path / name)).problem
    assert certificates(settings(tmp_path)).facts == {"days_left": {}}


def test_a_clock_that_was_set_back_by_a_day_is_a_problem(tmp_path: Path) -> None:
    own = settings(tmp_path)
    own.run_path.mkdir(parents=True)
    (own.run_path / "ann.control").write_bytes(b"")
    assert clock(own).problem == ""
    tomorrow = time.time() + 86_400
    os.utime(own.run_path / "ann.control", (tomorrow, tomorrow))
    assert "24.0 hours newer than the clock" in clock(own).problem
