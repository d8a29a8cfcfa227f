"""The secret of an installation of several hosts: from the environment, from a file, else made in the state folder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.errors import PermissionDenied, Unauthenticated
from common.identity import AUDIENCE, ISSUER, KeyRing, ServiceCredential, VerificationKey
from common.settings import Settings

SECRET = "a secret that every host has"


def given(folder: Path, **values: Any) -> Settings:
    return Settings(_env_file=None, state_dir=folder, **values)


def test_a_named_secret_is_used_and_none_is_made(tmp_path: Path) -> None:
    file = tmp_path / "secret.txt"
    file.write_text(f"{SECRET}\n", encoding="utf-8")
    by_value = ServiceCredential.of(given(tmp_path, service_secret=SECRET))
    by_file = ServiceCredential.of(given(tmp_path, service_secret_file=file))
    assert by_value.header("x") == by_file.header("x") == f"Service x:{SECRET}"
    assert not (tmp_path / "secrets").exists()


def test_without_one_the_state_folder_has_it(tmp_path: Path) -> None:
    settings = given(tmp_path)
    assert not ServiceCredential.exists(settings)
    assert ServiceCredential.of(settings).header("x") == ServiceCredential.of(settings).header("x")
    assert ServiceCredential.exists(settings)


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 40, "비밀".encode() * 20])
def test_what_is_no_secret_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "secret.txt"
    file.write_bytes(content)
    with pytest.raises(PermissionDenied, match=r"secret\.txt"):
        ServiceCredential.of(given(tmp_path, service_secret_file=file))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PermissionDenied, match="ROUTING_ML_SERVICE_SECRET_FILE"):
        ServiceCredential.of(given(tmp_path, service_secret_file=tmp_path / "nowhere"))


def test_sessions_go_by_the_clock_of_auth_service() -> None:
    private, keys = Ed25519PrivateKey.generate(), KeyRing()
    ahead = time.time() + 300.0  # the clock of auth_service is five minutes ahead
    keys.replace_keys([VerificationKey("k", private.public_key().public_bytes_raw(), ahead + 1e6)])
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "a@b", "sid": "s", "role": "user", "iat": ahead, "exp": ahead + 60}
    token = jwt.encode(claims, private, algorithm="EdDSA", headers={"kid": "k"})
    with pytest.raises(Unauthenticated, match="clock"):
        keys.verify(token)
    keys.clock_behind = 300.0
    assert keys.verify(token).username == "a@b"
    keys.clock_behind = 300.0 + 120.0
    with pytest.raises(Unauthenticated, match="expired"):
        keys.verify(token)
