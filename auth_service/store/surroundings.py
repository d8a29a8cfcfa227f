"""What the documents need from the rest of auth_service: the database, the clock, the audit log, and the way to reach every process."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from sqlalchemy.orm import Session

from auth_service.store.database import Database
from common.identity import Caller
from common.settings import Settings

Audit = Callable[[Session, Caller, str, str, Mapping[str, object]], None]
"""Writes (session, who, action, target, facts) into the audit log, in the same unit of work."""


@dataclass(frozen=True)
class Published:
    """What became of a change that every process follows: who has confirmed it, who has not and why."""

    confirmed_by: Sequence[str] = ()
    unconfirmed: Sequence[str] = ()


Result = TypeVar("Result")


class Change(Protocol):
    """Runs a change of what every process follows as one unit of work, pushes it, and waits for confirmations."""

    async def __call__(self, action: Callable[[Session], Result], /) -> tuple[Result, Published]:
        """Run `action(session)`; returns its result and who has confirmed."""


def no_audit(_session: Session, _caller: Caller, _action: str, _target: str, _facts: Mapping[str, object]) -> None:
    """Where no audit log is kept."""


@dataclass(frozen=True)
class Surroundings:
    """Database, settings of the process, changes that every process follows, audit log, clock (seconds since 1970 UTC)."""

    database: Database
    settings: Settings
    change: Change
    audit: Audit = no_audit
    now: Callable[[], float] = field(default=time.time)
