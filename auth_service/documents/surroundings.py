"""What the documents need from the rest of auth_service: the database, the clock, the audit log, and the way to reach every process."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from auth_service.database import Database
from common.identity import Caller
from common.settings import Settings

Audit = Callable[[Session, Caller, str, str, Mapping[str, object]], None]
"""Writes (session, who, action, target, facts) into the audit log, in the same unit of work."""


@dataclass(frozen=True)
class Published:
    """What became of a change that every process follows: who has confirmed it, who has not and why."""

    confirmed_by: Sequence[str] = ()
    unconfirmed: Sequence[str] = ()


Publish = Callable[[], Awaitable[Published]]
"""Pushes the control state of the moment to every process and waits for confirmations."""


async def nobody_follows() -> Published:
    """Where no process follows."""
    return Published()


def no_audit(_session: Session, _caller: Caller, _action: str, _target: str, _facts: Mapping[str, object]) -> None:
    """Where no audit log is kept."""


@dataclass(frozen=True)
class Surroundings:
    """Database, settings of the process, audit log, publication, clock (seconds since 1970 UTC)."""

    database: Database
    settings: Settings
    audit: Audit = no_audit
    publish: Publish = nobody_follows
    now: Callable[[], float] = field(default=time.time)
