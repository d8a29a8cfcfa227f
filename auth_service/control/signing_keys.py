"""Keys that sign tokens (Ed25519). The newest signs; replaced ones verify until the last token they signed has expired.

Private keys are stored encrypted with a secret that the database does not hold: a copy of it alone forges nothing.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jwt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from auth_service.store.records import SessionRecord, SigningKeyRecord
from common.errors import DataProblem, PreconditionFailed
from common.identity import AUDIENCE, ISSUER, LEEWAY_SECONDS, VerificationKey, given_secret
from common.logs import get_logger
from common.private_files import private_folder
from common.settings import Settings

log = get_logger(__name__)

ROTATION_SECONDS = 30 * 86_400.0
"""Age at which a key is replaced by itself."""

LIFETIME_SECONDS = 10 * 365 * 86_400.0
"""How long the signing key verifies when nothing replaces it."""

NONCE_BYTES = 12
FILE_NAME = "signing.secret"


@dataclass(frozen=True)
class SigningKey:
    """The key that signs now."""

    key_id: str
    private_key: Ed25519PrivateKey
    created_at: float

    def sign(self, claims: dict[str, object]) -> str:
        """A token with these claims, the issuer and the audience."""
        return jwt.encode(
            {"iss": ISSUER, "aud": AUDIENCE, **claims},
            self.private_key,
            algorithm="EdDSA",
            headers={"kid": self.key_id},
        )


class KeyCipher:
    """Encrypts private keys for the database with a secret: of the installation where the settings name it, else of the state folder.

    Args:
        secret: 32 bytes that new keys are sealed with.
        others: secrets that older keys may be sealed with.
    """

    def __init__(self, secret: bytes, *others: bytes) -> None:
        self._cipher = AESGCM(secret)
        self._others = [AESGCM(other) for other in others]

    @classmethod
    def of(cls, settings: Settings) -> KeyCipher:
        """The cipher of an installation. Every host that knows the service secret can read the keys; else only this one can.

        Raises:
            DataProblem, PermissionDenied: a secret cannot be used. OSError: it cannot be read or written.
        """
        named = given_secret(settings)
        if named is None:
            return cls.load(settings.secrets_path)
        derived = HKDF(hashes.SHA256(), 32, salt=None, info=b"routing-ml signing keys").derive(named.encode())
        path = settings.secrets_path / FILE_NAME
        return cls(derived, *([cls._read(path)] if path.exists() else []))

    @classmethod
    def load(cls, secrets_folder: Path) -> KeyCipher:
        """Read the secret, creating it (for its owner only) on first use.

        Raises:
            DataProblem: the file does not hold a secret.
            OSError: it cannot be read or written.
        """
        path = secrets_folder / FILE_NAME
        private_folder(secrets_folder)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(secrets.token_bytes(32))
                stream.flush()
                os.fsync(stream.fileno())
        return cls(cls._read(path))

    @staticmethod
    def _read(path: Path) -> bytes:
        secret = path.read_bytes()
        if len(secret) != 32:
            raise DataProblem(
                f"{path} does not hold a secret: delete it and start again; everybody has to log in again"
            )
        return secret

    def seal(self, key_id: str, private_key: Ed25519PrivateKey) -> bytes:
        """The private key, encrypted and bound to its id."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, private_key.private_bytes_raw(), key_id.encode())

    def unseal(self, key_id: str, sealed: bytes) -> Ed25519PrivateKey | None:
        """The private key; None when another secret sealed it."""
        for cipher in (self._cipher, *self._others):
            try:
                raw = cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], key_id.encode())
            except InvalidTag:
                continue
            return Ed25519PrivateKey.from_private_bytes(raw)
        return None


def current_key(
    session: Session, cipher: KeyCipher, *, now: float | None = None, shared: bool = False
) -> SigningKey | None:
    """The key that signs; None when there is none, or when it was made with another secret (a restored database).

    Args:
        shared: whether other hosts may sign with the key: then one that another secret has sealed is not replaced.

    Raises:
        PreconditionFailed: the key is shared and this host has another secret.
    """
    row = session.scalars(
        select(SigningKeyRecord).where(SigningKeyRecord.replaced_at == 0.0).order_by(SigningKeyRecord.created_at.desc())
    ).first()
    if row is None or row.verifies_until <= (now or time.time()):
        return None
    private_key = cipher.unseal(row.key_id, row.private_key)
    if private_key is None and shared:
        raise PreconditionFailed(
            "The signing key in the database was sealed with another secret than this host has: set the ROUTING_ML_SERVICE_SECRET "
            "or ROUTING_ML_SERVICE_SECRET_FILE of the other hosts here, or copy their secrets/signing.secret. Where that secret is "
            "lost, `python -m auth_service replace-signing-key` makes a new key; everybody has to log in again",
            reason="SIGNING_SECRET_DIFFERS",
        )
    if private_key is None:
        log.warning("the signing key was sealed with another secret and is replaced", key_id=row.key_id)
        return None
    return SigningKey(row.key_id, private_key, row.created_at)


def add_key(session: Session, cipher: KeyCipher, *, token_seconds: float, now: float | None = None) -> SigningKey:
    """Make a new key that signs from now on; those before verify until their last token has expired.

    Args:
        token_seconds: life of a token.
    """
    now = time.time() if now is None else now
    # Sessions begun before a clock stepped back end later than a token that begins now.
    last = (
        session.scalar(select(func.max(SessionRecord.expires_at)).where(SessionRecord.expires_at < now + 86_400.0))
        or 0.0
    )
    until = max(now + token_seconds, last) + LEEWAY_SECONDS
    for old in session.scalars(select(SigningKeyRecord).where(SigningKeyRecord.replaced_at == 0.0)):
        old.replaced_at = now
        old.verifies_until = min(old.verifies_until, until)
    session.execute(delete(SigningKeyRecord).where(SigningKeyRecord.verifies_until < now - 86_400.0))
    key_id, private_key = f"{int(now)}-{secrets.token_hex(4)}", Ed25519PrivateKey.generate()
    session.add(
        SigningKeyRecord(
            key_id=key_id,
            public_key=private_key.public_key().public_bytes_raw(),
            private_key=cipher.seal(key_id, private_key),
            created_at=now,
            verifies_until=now + LIFETIME_SECONDS,
        )
    )
    session.flush()
    return SigningKey(key_id, private_key, now)


def verification_keys(session: Session, *, now: float | None = None) -> Sequence[VerificationKey]:
    """The keys whose tokens are accepted, newest first."""
    now = time.time() if now is None else now
    rows = session.scalars(
        select(SigningKeyRecord)
        .where(SigningKeyRecord.verifies_until > now)
        .order_by(SigningKeyRecord.created_at.desc())
    )
    return [VerificationKey(row.key_id, row.public_key, row.verifies_until) for row in rows]
