"""Passwords: which are good enough, how they are hashed (Argon2id), checking them in the same time whether or not there is an account."""

from __future__ import annotations

import asyncio
import os
import secrets
import string
import unicodedata
from collections.abc import Callable
from typing import TypeVar

from argon2.exceptions import HashingError, InvalidHashError

from auth_service.accounts.argon2id import Argon2id, Cost
from auth_service.accounts.hashing_queue import HashingQueue
from auth_service.store.emails import email_key
from common.errors import FieldViolation, InvalidInput
from common.notices import notice
from common.settings import Settings

Result = TypeVar("Result")

SHORTEST, LONGEST = 8, 128
FEWEST_DIFFERENT = 4
WIDELY_KNOWN = """
    password passw0rd password1 password12 password123 p@ssw0rd p@ssword1 12345678 123456789 1234567890 87654321 11223344
    qwertyui qwerty12 qwerty123 qwertyuiop 1q2w3e4r 1q2w3e4r5t 1qaz2wsx qazwsxedc zaq12wsx asdfghjk asdfasdf abcdefgh abcd1234
    abc12345 a1b2c3d4 admin123 admin1234 administrator letmein1 welcome1 welcome123 iloveyou sunshine football baseball
    superman trustno1 changeme changeme1 default1 test1234 temp1234 master12 dragon12 monkey12 google12 computer internet
    """
KEPT_SECONDS = 60.0
"""How long the memory of hashes is kept after the last one."""


def check_password(password: str, username: str, *, field: str = "password") -> None:
    """Refuse a password that is too short, too long, guessable or unprintable.

    Raises:
        InvalidInput: naming `field` and why.
    """
    problem = _problem(composed(password), username)
    if problem:
        raise InvalidInput(f"The password {problem}", violations=[FieldViolation(field, problem)])


def composed(password: str) -> str:
    """A password in the one form that is hashed (NFC): some systems send Hangul and accents in parts, others whole."""
    return unicodedata.normalize("NFC", password)


def spellings(password: str) -> list[str]:
    """The forms that the hash of a password may have been made of, the present one first: older versions hashed what was sent."""
    return list(dict.fromkeys((composed(password), password, unicodedata.normalize("NFD", password))))


def _problem(password: str, username: str) -> str:
    if len(password) < SHORTEST:
        return notice("AT_LEAST_CHARACTERS", "must have at least {count} characters", count=SHORTEST)
    if len(password) > LONGEST:
        return notice("AT_MOST_CHARACTERS", "must have at most {count} characters", count=LONGEST)
    if any(unicodedata.category(character) in ("Cc", "Cs", "Cn") for character in password):
        return notice("HOLDS_CONTROL_CHARACTERS", "must not hold control characters")
    folded = password.casefold()
    if len(set(folded)) < FEWEST_DIFFERENT:
        return notice(
            "FEW_DIFFERENT_CHARACTERS", "must have at least {count} different characters", count=FEWEST_DIFFERENT
        )
    if folded in WIDELY_KNOWN.split() or folded in string.digits * 2 or folded in string.ascii_lowercase:
        return notice("PASSWORD_WIDELY_KNOWN", "is one of those that are tried first: choose another")
    key = email_key(username)
    if folded in (key, key.partition("@")[0], key.replace("@", "")):
        return notice("PASSWORD_IS_THE_EMAIL", "must not be the e-mail")
    return ""


def random_password() -> str:
    """A password that nobody guesses and people can copy: four groups of five letters and digits without look-alikes."""
    alphabet = "".join(c for c in string.ascii_letters + string.digits if c not in "0O1lI")
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))


class Passwords:
    """Hashes and checks passwords on a bounded number of threads.

    A hash that is alone uses several threads and is done sooner; when others wait or run, each uses one, so that more are done in all.

    Args:
        settings: give the Argon2id parameters (RFC 9106, low memory, unless configured otherwise).
        threads: hashes at a time; each takes the configured memory.
    """

    def __init__(self, settings: Settings, *, threads: int | None = None) -> None:
        lanes = settings.password_parallelism
        self.hasher = Argon2id(Cost(settings.password_time_cost, max(settings.password_memory_kib, 8 * lanes), lanes))
        self._threads = threads or max(1, min(4, os.cpu_count() or 1))
        self.queue = HashingQueue(self._threads)
        self._nobodys = self.hasher.hash(secrets.token_hex(16))
        self._trimming: asyncio.TimerHandle | None = None

    def hash_now(self, password: str) -> str:
        """A new hash, on this thread."""
        return self.hasher.hash(composed(password), threads=self._threads)

    async def hash(self, password: str, group: str) -> str:
        """A new hash with the present parameters.

        Args:
            group: whose turn it takes, such as the client's address.
        """
        return await self._run(group, lambda: self.hasher.hash(composed(password), threads=self._share()))

    async def verify(self, password_hash: str | None, password: str, group: str) -> tuple[bool, str | None]:
        """Whether the password fits, and a new hash when parameters or spelling have changed since it was made.

        Args:
            password_hash: None where there is no account; takes as long and never fits.
        """
        return await self._run(group, lambda: self._verify(password_hash, password))

    def _verify(self, password_hash: str | None, password: str) -> tuple[bool, str | None]:
        present = composed(password)
        for spelling in spellings(password[: 4 * LONGEST]):  # as many for nobody's hash as for anybody's
            try:
                fits = self.hasher.verify(password_hash or self._nobodys, spelling, threads=self._share())
            except (HashingError, InvalidHashError, UnicodeEncodeError):
                return False, None
            if fits and password_hash is not None and len(present) <= LONGEST:
                stale = spelling != present or self.hasher.outdated(password_hash)
                return True, self.hasher.hash(present) if stale else None
        return False, None

    def _share(self) -> int:
        return self._threads if self.queue.alone else 1

    async def _run(self, group: str, job: Callable[[], Result]) -> Result:
        try:
            return await self.queue.run(group, job)
        finally:
            if self._trimming is not None:
                self._trimming.cancel()
            self._trimming = asyncio.get_running_loop().call_later(KEPT_SECONDS, self.hasher.trim, KEPT_SECONDS / 2)

    def close(self) -> None:
        """Let the threads and the memory go."""
        if self._trimming is not None:
            self._trimming.cancel()
        self.queue.close()
        self.hasher.trim(0.0)
