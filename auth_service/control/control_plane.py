"""Changing what every process follows: one unit of work with the next revision, then the push, then the confirmations."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from prometheus_client import Gauge
from sqlalchemy.orm import Session

from auth_service.control.control_state import advance, read_state, revision
from auth_service.control.sessions import Ended
from auth_service.control.watch import Answer, Outcome, Pushed, WatchHub, ended_sessions, outcomes_of
from auth_service.store.database import Database
from common.errors import ServiceError
from common.finishing import finished
from common.identity import KeyRing, VerificationKey
from common.logs import get_logger
from protos.settings.v1 import settings_pb2 as pb

log = get_logger(__name__)

Result = TypeVar("Result")

CONFIRM_SECONDS = 5.0
"""How long a change waits for confirmations before it names those that are missing."""

REVOKE_SECONDS = 1.0
LOOK_SECONDS = 1.0
"""How often changes made by another process (the commands of this package) are looked for."""

revision_gauge = Gauge("routing_control_revision", "Newest control revision")


class ControlPlane:
    """The only way to change the control state.

    Args:
        keys: this process's own key ring; kept up to date like those of the followers.
        measured: whether the process's figures tell of it.
    """

    def __init__(self, database: Database, hub: WatchHub, keys: KeyRing, *, measured: bool = True) -> None:
        self.database, self.hub, self._keys = database, hub, keys
        self._measured = measured
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def load(self) -> None:
        """Take over the state that the database has."""
        self._publish(await self.database.read(read_state))

    def _publish(self, state: pb.ControlState) -> list[Pushed]:
        self._keys.replace_keys(VerificationKey(key.key_id, key.public_key, key.not_after) for key in state.keys)
        self._keys.replace_revocations(ended_sessions(state))
        if self._measured:
            revision_gauge.set(state.revision)
        return self.hub.publish(state)

    async def change(
        self, action: Callable[[Session], Result], *, seconds: float = CONFIRM_SECONDS
    ) -> tuple[Result, list[Outcome]]:
        """Run `action(session)` as a unit of work that advances the revision, push the new state, wait for confirmations.

        Once begun it is finished even when the caller stops waiting: what is committed is always pushed.

        Args:
            seconds: longest wait for confirmations.
        """

        def work(session: Session) -> tuple[Result, pb.ControlState]:
            result = action(session)
            advance(session)
            return result, read_state(session)

        async def whole() -> tuple[Result, list[Pushed]]:
            async with self._lock:
                result, state = await self.database.write(work)
                return result, self._publish(state)

        result, pushed = await self._finish(whole())
        return result, await outcomes_of(pushed, seconds)

    async def publish(self, *, seconds: float = CONFIRM_SECONDS) -> list[Outcome]:
        """Push the state of the moment under a new revision, after a unit of work that changed what it holds."""
        _, outcomes = await self.change(lambda _session: None, seconds=seconds)
        return outcomes

    async def end_sessions(self, action: Callable[[Session], tuple[Result, Ended]]) -> Result:
        """Run `action(session)` as a unit of work; the sessions it ended are refused everywhere before this returns.

        A follower that does not confirm within a second gets the news as soon as it answers again.
        """

        async def whole() -> tuple[Result, list[Pushed]]:
            async with self._lock:
                result, ended = await self.database.write(action)
                return result, self._revoke(ended.sessions)

        result, pushed = await self._finish(whole())
        await outcomes_of(pushed, REVOKE_SECONDS)
        return result

    def _revoke(self, sessions: Mapping[str, float]) -> list[Pushed]:
        if not sessions:
            return []
        self._keys.revoke(sessions)
        return self.hub.revoke(sessions)

    async def _finish(self, work: Coroutine[Any, Any, Result]) -> Result:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await finished(task)

    async def look_for_changes(self, on_health: Callable[[bool], Awaitable[None]]) -> None:
        """For ever: push what another process has changed in the database.

        Args:
            on_health: is told when the database stops answering and when it answers again.
        """
        healthy = True
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.take_over_changes()
                answers = True
            except ServiceError as error:
                answers = False
                if healthy:
                    log.error("the database does not answer", error=error.message)
            if answers != healthy:
                healthy = answers
                await on_health(healthy)

    async def take_over_changes(self) -> bool:
        """Push the database's state when its revision is not the one that was pushed last; returns whether it was."""
        async with self._lock:
            if await self.database.read(revision) == self.hub.state.revision:
                return False
            state = await self.database.read(read_state)
            log.info("control state was changed by another process", revision=state.revision)
            self._publish(state)
            return True

    async def settle(self) -> None:
        """Wait until every change that has begun is finished."""
        if self._tasks:
            await asyncio.wait(list(self._tasks))


def confirmed_by(outcomes: Sequence[Outcome]) -> list[str]:
    """Instances that confirmed."""
    return [outcome.instance for outcome in outcomes if outcome.answer is Answer.CONFIRMED]


def unconfirmed(outcomes: Sequence[Outcome]) -> list[str]:
    """Live instances that did not, each with the reason. Those that went away catch up and are not named."""
    return [outcome.describe() for outcome in outcomes if outcome.answer in (Answer.REFUSED, Answer.SILENT)]
