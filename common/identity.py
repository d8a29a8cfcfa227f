"""Who calls: signed tokens (JWT, EdDSA) of people, and the installation's own credential for its processes.

Tokens are verified in every process with public keys that come by Watch; a verified token is remembered until it expires, so
that a check costs a dictionary look-up. Revoked sessions are looked up at every check.
"""

from __future__ import annotations

import hmac
import os
import secrets
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from common.errors import PermissionDenied, Unauthenticated, Unavailable
from common.private_files import private_folder
from common.settings import Settings
from common.sites import foreign_site

ISSUER = "routing-ml"
AUDIENCE = "routing-ml"
LEEWAY_SECONDS = 5
REMEMBERED_TOKENS = 10_000
SHORTEST_SECRET: Final = 24
SECRET_FILE: Final = "service.secret"  # noqa: S105 - a file's name

FOREIGN_CREDENTIAL: Final = "FOREIGN_CREDENTIAL"
"""Reason of the refusal that a process of another installation meets."""


@dataclass(frozen=True)
class Caller:
    """Who calls.

    Attributes:
        username: e-mail of a person, `service:<name>` of a process, "" of nobody.
        role: admin, user, service, or "" of nobody.
        session_id: the person's session.
        display_name: name for people; None when none was given.
        site: the site that the person belongs to; "" for the installation's own plant, and for processes, which serve all.
        issued_at: start of the session, seconds since 1970 UTC.
        expires_at: end of the session, seconds since 1970 UTC.
    """

    username: str
    role: str
    session_id: str = ""
    display_name: str | None = None
    site: str = ""
    issued_at: float = 0.0
    expires_at: float = 0.0

    @staticmethod
    def nobody() -> Caller:
        """The anonymous caller."""
        return _NOBODY

    @property
    def is_admin(self) -> bool:
        """Whether the caller may do what administrators may: administrators, and the installation's own processes."""
        return self.role in ("admin", "service")


_NOBODY = Caller("", "")


@dataclass(frozen=True)
class VerificationKey:
    """A public key: 32 bytes of Ed25519, accepted until `not_after` (seconds since 1970 UTC)."""

    key_id: str
    public_key: bytes
    not_after: float


class KeyRing:
    """The keys that verify tokens and the sessions that ended early. Thread-safe.

    Args:
        site: the site whose sessions these are; "" the installation's own plant.

    Attributes:
        clock_behind: seconds by which the clock of this host is behind that of auth_service, whose clock counts for sessions.
    """

    def __init__(self, site: str = "") -> None:
        self._site = site
        self._lock = threading.Lock()
        self.clock_behind = 0.0
        self._keys: dict[str, tuple[Ed25519PublicKey, float]] = {}
        self._revoked: dict[str, float] = {}
        self._verified: dict[str, Caller] = {}

    @property
    def ready(self) -> bool:
        """Whether any key is known."""
        return bool(self._keys)

    def replace_keys(self, keys: Iterable[VerificationKey]) -> None:
        """Take over the complete set of verification keys."""
        loaded = {k.key_id: (Ed25519PublicKey.from_public_bytes(k.public_key), k.not_after) for k in keys}
        with self._lock:
            self._keys = loaded
            self._verified.clear()

    def replace_revocations(self, sessions: Mapping[str, float]) -> None:
        """Take over the complete set of ended sessions (session id -> expiry of its token)."""
        with self._lock:
            self._revoked = dict(sessions)

    def revoke(self, sessions: Mapping[str, float]) -> None:
        """Add ended sessions; those whose tokens have expired anyway are forgotten."""
        now = time.time()
        with self._lock:
            self._revoked.update(sessions)
            if len(self._revoked) > 1000:
                self._revoked = {s: until for s, until in self._revoked.items() if until + LEEWAY_SECONDS > now}

    def verify(self, token: str) -> Caller:
        """The person a token names.

        Raises:
            Unauthenticated: forged, expired, for somebody else, signed with an unknown key, or the session has ended.
            PermissionDenied: it is of another site.
            Unavailable: no key is known yet; a process that has just started must not end anybody's session.
        """
        caller = self._verified.get(token)
        if caller is None:
            caller = self._decode(token)
            with self._lock:
                if len(self._verified) >= REMEMBERED_TOKENS:
                    self._verified.clear()
                self._verified[token] = caller
        now = self._now()
        if caller.expires_at + LEEWAY_SECONDS < now:
            raise Unauthenticated("The session has expired: log in again", reason="SESSION_EXPIRED")
        if caller.session_id in self._revoked:
            raise Unauthenticated("The session has ended: log in again", reason="SESSION_ENDED")
        return caller

    def _now(self) -> float:
        return time.time() + self.clock_behind

    def _decode(self, token: str) -> Caller:
        said = site_of(token)
        if said != self._site:
            raise foreign_site(said, self._site)
        if not self._keys:
            raise Unavailable(
                "Sessions cannot be checked yet: this process has just started. Try again in a moment",
                reason="NO_VERIFICATION_KEYS",
                retry_after=1.0,
            )
        try:
            key_id = str(jwt.get_unverified_header(token).get("kid", ""))
            key, not_after = self._keys.get(key_id, (None, 0.0))
            if key is None or not_after < self._now():
                raise Unauthenticated("The token was signed with a key that is not valid here: log in again")
            claims = jwt.decode(
                token,
                key,
                algorithms=["EdDSA"],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={
                    "require": ["exp", "iat", "sub", "sid", "role"],
                    "verify_exp": False,  # both are checked by the clock of auth_service
                    "verify_iat": False,
                },
            )
            issued_at, expires_at = float(claims["iat"]), float(claims["exp"])
        except (jwt.InvalidTokenError, ValueError, TypeError) as error:
            raise Unauthenticated(f"The token is not valid ({error}): log in again") from None
        if issued_at - LEEWAY_SECONDS > self._now():
            raise Unauthenticated(
                "The session begins later than the clock of this host says: set the clocks of the hosts"
            )
        role = "admin" if claims["role"] == "admin" else "user"
        name = claims.get("name")
        return Caller(
            username=str(claims["sub"]),
            role=role,
            session_id=str(claims["sid"]),
            display_name=str(name) if name is not None else None,
            site=self._site,
            issued_at=issued_at,
            expires_at=expires_at,
        )


def site_of(token: str) -> str:
    """The site that a token says it is of, unproved; "" where it says none."""
    try:
        said = jwt.decode(token, options={"verify_signature": False}).get("site", "")
    except (jwt.InvalidTokenError, ValueError, TypeError):
        return ""
    return said if isinstance(said, str) else ""


class ServiceCredential:
    """The secret by which processes of one installation know each other; whoever can read the state folder has it."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    @classmethod
    def of(cls, settings: Settings) -> ServiceCredential:
        """The secret that the settings name, else the one of the state folder, which is made on first use.

        Raises:
            PermissionDenied: a file cannot be read, or what is named is too short to be a secret.
            OSError: the state folder cannot be written.
        """
        named = given_secret(settings)
        return cls(named) if named is not None else cls.load(settings.secrets_path)

    @staticmethod
    def named(settings: Settings) -> bool:
        """Whether the settings name the secret, so that several hosts can have it."""
        return bool(settings.service_secret) or settings.service_secret_file is not None

    @classmethod
    def exists(cls, settings: Settings) -> bool:
        """Whether there is a secret already, so that something of this installation may run."""
        return cls.named(settings) or (settings.secrets_path / SECRET_FILE).exists()

    @classmethod
    def load(cls, secrets_folder: Path) -> ServiceCredential:
        """Read the secret, creating it (for its owner only) on first use.

        Raises:
            PermissionDenied: the file exists and this account may not read it.
            OSError: the folder cannot be written.
        """
        path = secrets_folder / SECRET_FILE
        private_folder(secrets_folder)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(descriptor, "w", encoding="ascii") as stream:
                stream.write(secrets.token_urlsafe(32))
                stream.flush()
                os.fsync(stream.fileno())
        for _attempt in range(50):
            try:
                secret = path.read_text(encoding="ascii").strip()
            except PermissionError:
                raise PermissionDenied(f"{path} cannot be read: run as a service account or an administrator") from None
            if secret:
                return cls(secret)
            time.sleep(0.02)  # another process has created the file and is about to fill it
        raise PermissionDenied(f"{path} is empty: delete it and start again")

    def header(self, name: str) -> str:
        """Value of the authorization metadata of the process called `name`."""
        return f"Service {name}:{self._secret}"

    def verify(self, credential: str) -> Caller:
        """The process a credential (`name:secret`) names.

        Raises:
            Unauthenticated: the secret is not this installation's.
        """
        name, _, secret = credential.partition(":")
        if not hmac.compare_digest(secret.encode("utf-8", "surrogatepass"), self._secret.encode()):
            raise Unauthenticated(
                "The service credential is not this installation's: either another installation answers here, or the hosts have "
                "different secrets; set the same ROUTING_ML_SERVICE_SECRET or ROUTING_ML_SERVICE_SECRET_FILE on every host",
                reason=FOREIGN_CREDENTIAL,
            )
        return Caller(f"service:{name}", "service")


def given_secret(settings: Settings) -> str | None:
    """The secret of ROUTING_ML_SERVICE_SECRET or of the file of ROUTING_ML_SERVICE_SECRET_FILE; None where neither is set.

    Raises:
        PermissionDenied: the file cannot be read, or the secret is too short or no plain text.
    """
    secret, source = settings.service_secret.strip(), "ROUTING_ML_SERVICE_SECRET"
    if not secret and settings.service_secret_file is not None:
        source = str(settings.service_secret_file)
        try:
            secret = settings.service_secret_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise PermissionDenied(
                f"{source} of ROUTING_ML_SERVICE_SECRET_FILE cannot be read ({error}): name the file that holds the "
                "installation's secret, the same on every host"
            ) from None
    elif not secret:
        return None
    if len(secret) < SHORTEST_SECRET or not (secret.isascii() and secret.isprintable()):
        raise PermissionDenied(
            f"{source} holds no secret: it has to be at least {SHORTEST_SECRET} printable ASCII characters, such as "
            '`python -c "import secrets; print(secrets.token_urlsafe(32))"` prints'
        )
    return secret


class Authenticator:
    """Turns authorization metadata into a caller."""

    def __init__(self, keys: KeyRing, credential: ServiceCredential) -> None:
        self.keys = keys
        self.credential = credential

    def identify(self, authorization: str) -> Caller:
        """The caller that `Bearer <token>` or `Service <name>:<secret>` names; nobody when empty.

        Raises:
            Unauthenticated: the credential is not valid. Unavailable: it cannot be checked yet.
        """
        if not authorization:
            return Caller.nobody()
        scheme, _, value = authorization.partition(" ")
        scheme = scheme.lower()
        if scheme == "bearer":
            return self.keys.verify(value.strip())
        if scheme == "service":
            return self.credential.verify(value.strip())
        raise Unauthenticated("The authorization is neither Bearer nor Service")
