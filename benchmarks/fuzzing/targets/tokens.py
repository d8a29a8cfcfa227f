"""What stands in the authorization of a call."""

from __future__ import annotations

import time
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.identity import AUDIENCE, ISSUER, Authenticator, KeyRing, ServiceCredential, VerificationKey

_KEY: Final = Ed25519PrivateKey.generate()
_OTHER: Final = Ed25519PrivateKey.generate()
_CLAIMS: Final[dict[str, Any]] = {"sub": "a@b", "sid": "1", "role": "user", "iss": ISSUER, "aud": AUDIENCE}


def _token(key: Ed25519PrivateKey, **claims: Any) -> bytes:
    now = int(time.time())
    text = jwt.encode({**_CLAIMS, "iat": now, "exp": now + 3600, **claims}, key, "EdDSA", {"kid": "k"})
    return b"Bearer " + text.encode()


SEEDS: Final = (
    _token(_OTHER),
    _token(_OTHER, role="admin"),
    b"Bearer a.b.c",
    b"Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.",
    b"Service gateway:x",
    "서비스 x".encode(),
)


def _authenticator() -> Authenticator:
    keys = KeyRing()
    keys.replace_keys([VerificationKey("k", _KEY.public_key().public_bytes_raw(), time.time() + 1e6)])
    return Authenticator(keys, ServiceCredential("the secret of nobody"))


_AUTHENTICATOR: Final = _authenticator()


def read(data: bytes) -> None:
    """Identify the caller; nobody has a signature of our key."""
    caller = _AUTHENTICATOR.identify(data.decode("utf-8", "surrogateescape"))
    assert caller.role == "", f"a caller of the role {caller.role} without a signature"
