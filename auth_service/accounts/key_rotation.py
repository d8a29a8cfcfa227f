"""Replacing the signing key, on demand and by age: every process knows the new key before the first token is signed with it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from auth_service.accounts.logins import Signer
from auth_service.control.control_plane import ControlPlane
from auth_service.control.signing_keys import ROTATION_SECONDS, KeyCipher, SigningKey, add_key
from auth_service.store import audit
from common.errors import ServiceError
from common.logs import get_logger

log = get_logger(__name__)

LOOK_SECONDS = 600.0


@dataclass(frozen=True)
class Rotated:
    """Key ids after a rotation: the one that signs, and all that verify."""

    active: str
    verifying: Sequence[str]


class KeyRotation:
    """Makes new signing keys.

    Args:
        token_seconds: life of a token; the old key verifies for as long.
    """

    def __init__(self, plane: ControlPlane, cipher: KeyCipher, signer: Signer, *, token_seconds: float) -> None:
        self._plane, self._cipher, self._signer, self._token_seconds = plane, cipher, signer, token_seconds
        self._lock = asyncio.Lock()

    async def rotate(self, *, by: str) -> Rotated:
        """Make a new key, have every process learn it, then sign with it."""
        async with self._lock:

            def work(session: Session) -> SigningKey:
                key = add_key(session, self._cipher, token_seconds=self._token_seconds)
                audit.record(session, "auth.rotate_keys", username=by, target=key.key_id)
                return key

            key, _outcomes = await self._plane.change(work)
            self._signer.key = key
            log.info("signing key replaced", key_id=key.key_id, by=by)
            return Rotated(key.key_id, [known.key_id for known in self._plane.hub.state.keys])

    async def rotate_by_age(self) -> None:
        """For ever: replace the key when it is older than `ROTATION_SECONDS`."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if time.time() - self._signer.key.created_at > ROTATION_SECONDS:
                try:
                    await self.rotate(by="system")
                except ServiceError as error:
                    log.warning("the signing key could not be replaced", error=error.message)
