"""Registering, logging in, changing one's password: throttled, hashed on few threads, the same answer and time for every refusal."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass

from prometheus_client import Counter
from sqlalchemy.orm import Session

from auth_service.accounts import accounts
from auth_service.accounts.passwords import Passwords, check_password
from auth_service.accounts.shared_work import SharedWork
from auth_service.accounts.throttle import FORGET_AFTER_SECONDS, Allowance, LoginThrottle
from auth_service.control import sessions
from auth_service.control.signing_keys import SigningKey
from auth_service.store.audit import latest_attempts, record
from auth_service.store.database import Database
from auth_service.store.emails import accept_email, email_key
from auth_service.store.records import AccountRecord, SessionRecord
from common.errors import FieldViolation, InvalidInput, TooManyRequests, Unauthenticated, Unavailable
from common.identity import Caller
from common.notices import notice

logins_counter = Counter("routing_auth_logins", "Attempts to log in", ["outcome"])

REGISTRATIONS_AT_ONCE = 1000
REGISTRATIONS_PER_SECOND = 1.0


@dataclass(frozen=True)
class LoggedIn:
    """A session that has begun, its account and its token."""

    account: AccountRecord
    session: SessionRecord
    token: str


@dataclass(frozen=True)
class _Checked:
    """Whether a password fits `known_hash`, the account's hash when it was checked; a new hash where that one is outdated."""

    known_hash: str | None
    fits: bool
    new_hash: str | None


class Signer:
    """Holds the key that signs now; replaced at a rotation once every process knows the new one."""

    def __init__(self, key: SigningKey | None = None) -> None:
        self._key = key

    @property
    def key(self) -> SigningKey:
        """The key.

        Raises:
            Unavailable: there is none yet.
        """
        if self._key is None:
            raise Unavailable("auth_service is starting: try again in a moment", retry_after=1.0)
        return self._key

    @key.setter
    def key(self, key: SigningKey) -> None:
        self._key = key


class Logins:
    """What people do with their own accounts.

    Args:
        session_seconds: life of a session.
        site: the site whose accounts these are; "" the installation's own plant.
    """

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        signer: Signer,
        *,
        session_seconds: float,
        throttle: LoginThrottle | None = None,
        site: str = "",
    ) -> None:
        self._site = site
        self._database, self._passwords, self._signer = database, passwords, signer
        self._session_seconds = session_seconds
        self._throttle = throttle or LoginThrottle()
        self._checks: SharedWork[_Checked] = SharedWork()
        self._hashes: SharedWork[tuple[bool, str | None]] = SharedWork()
        self._secret = secrets.token_bytes(32)
        self._registrations = Allowance(REGISTRATIONS_AT_ONCE, REGISTRATIONS_PER_SECOND)

    async def recall(self) -> None:
        """Count the failures of the last hour that the audit log has, so that guessers gain nothing where another copy takes over.

        Raises:
            Unavailable: the database does not answer.
        """
        now = time.time()
        for attempt in await self._database.read(lambda session: latest_attempts(session, now - FORGET_AFTER_SECONDS)):
            key = email_key(attempt.username)
            if attempt.failed:
                self._throttle.failed(key, attempt.client_host, max(now - attempt.at, 0.0))
            else:
                self._throttle.succeeded(key, attempt.client_host)

    async def knows(self, username: str) -> bool:
        """Whether there is an account of this name, ignoring case."""
        return await self._database.read(lambda session: accounts.find(session, username) is not None)

    async def register(self, username: str, password: str, display_name: str | None, client_host: str) -> AccountRecord:
        """Create a pending account.

        Raises:
            InvalidInput: e-mail, password or name cannot be used; naming the fields.
            AlreadyExists: an account of this name, ignoring case, exists.
            TooManyRequests: too many registrations from this address.
        """
        shown = accept_email(username)
        check_password(password, shown)
        accounts.accept_name(display_name)
        if not self._registrations.take(client_host):
            raise TooManyRequests("Too many registrations from this address: try again in a minute", retry_after=60.0)
        password_hash = await self._passwords.hash(password, client_host)
        return await self._database.write(
            lambda session: accounts.create(
                session, shown, password_hash, display_name=display_name, client_host=client_host
            )
        )

    async def login(self, username: str, password: str, client_host: str) -> LoggedIn:
        """Begin a session.

        Raises:
            Unauthenticated: unknown account, wrong password, not approved, or disabled; the answer does not say which.
            TooManyRequests: too many failures; with the seconds to wait.
        """
        username = username[:1024]
        key = email_key(username)
        digest = hashlib.blake2b(password.encode("utf-8", "surrogatepass"), key=self._secret).digest()
        try:
            checked = await self._checks.answer(
                (key, client_host, digest), lambda: self._check(key, username, password, digest, client_host)
            )
        except TooManyRequests as error:
            logins_counter.labels("throttled").inc()
            seconds = round(error.retry_after or 0.0, 1)
            await self._note_failure(username, client_host, f"{error.reason.lower()}, {seconds:g} s left")
            raise
        outcome = await self._begin(username, client_host, checked)
        logins_counter.labels("refused" if outcome is None else "ok").inc()
        if outcome is None:
            raise Unauthenticated("E-mail or password is wrong, or the account is not approved", reason="LOGIN_FAILED")
        return outcome

    async def _check(self, key: str, username: str, password: str, digest: bytes, client_host: str) -> _Checked:
        """Whether the password fits, throttled. Log-ins of one account and password from one place at the same time share this.

        Those from several places are throttled each by itself and share the hash.
        """
        async with self._throttle.attempt(key, client_host):
            account = await self._database.read(lambda session: accounts.find(session, username))
            known_hash = account.password_hash if account else None
            fits, new_hash = await self._hashes.answer(
                (key, known_hash, digest), lambda: self._passwords.verify(known_hash, password, client_host)
            )
            checked = _Checked(known_hash, fits, new_hash)
            if _refusal(account, checked):
                self._throttle.failed(key, client_host)
            else:
                self._throttle.succeeded(key, client_host)
            return checked

    async def _begin(self, username: str, client_host: str, checked: _Checked) -> LoggedIn | None:
        """Begin a session in one unit of work; None when the account, as it is by now, refuses it."""

        def work(session: Session) -> LoggedIn | None:
            now = time.time()
            found = accounts.find(session, username)
            why = _refusal(found, checked)
            if why or found is None:
                record(
                    session, "auth.login.failed", username=username[:254], client_host=client_host, facts={"why": why}
                )
                return None
            found.last_login_at = now
            if checked.new_hash and found.password_hash == checked.known_hash:
                found.password_hash = checked.new_hash
            row = sessions.begin(session, found, seconds=self._session_seconds, client_host=client_host, now=now)
            record(
                session,
                "auth.login",
                username=found.username,
                client_host=client_host,
                facts={"session": row.session_id},
            )
            return LoggedIn(found, row, self._signer.key.sign(sessions.claims(row, found, self._site)))

        return await self._database.write(work)

    async def _note_failure(self, username: str, client_host: str, why: str) -> None:
        def work(session: Session) -> None:
            record(session, "auth.login.failed", username=username[:254], client_host=client_host, facts={"why": why})

        await self._database.write(work)

    async def new_hash(self, caller: Caller, current: str, new: str) -> str:
        """The hash of a person's new password, once the present one has been checked.

        Raises:
            InvalidInput: the present password is wrong, or the new one cannot be used.
            TooManyRequests: too many failures.
        """
        check_password(new, caller.username, field="new_password")
        key, place = email_key(caller.username), f"session {caller.session_id}"
        async with self._throttle.attempt(key, place):
            account = await self._database.read(lambda session: accounts.get(session, caller.username))
            fits, _ = await self._passwords.verify(account.password_hash, current, place)
            if not fits:
                self._throttle.failed(key, place)
                violations = [FieldViolation("current_password", notice("IS_WRONG", "is wrong"))]
                raise InvalidInput("The present password is wrong", reason="WRONG_PASSWORD", violations=violations)
        return await self._passwords.hash(new, place)

    async def hash(self, username: str, password: str, group: str) -> str:
        """The hash of a password that an administrator sets.

        Raises:
            InvalidInput: it cannot be used.
        """
        check_password(password, username)
        return await self._passwords.hash(password, group)

    def close(self) -> None:
        """Let the hashing threads go."""
        self._passwords.close()


def _refusal(account: AccountRecord | None, checked: _Checked) -> str:
    """Why a log-in fails, for the audit log; "" when it does not."""
    if account is None:
        return "unknown account"
    if not checked.fits or account.password_hash not in (checked.known_hash, checked.new_hash):
        return "wrong password"
    if account.status != "approved":
        return account.status
    return "disabled" if account.disabled else ""
