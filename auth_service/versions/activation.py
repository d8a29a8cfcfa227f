"""Activation in two phases: a process of its own and then every live one prove the new version beside the old one, then the database
and all processes switch.

Until the unit of work that switches is committed, nothing has changed anywhere; from then on every process follows, those that were
away when they return. A refusal in either phase leaves, or brings back, the version before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from auth_service.control.control_plane import ControlPlane
from auth_service.control.control_state import active_version, version_message
from auth_service.control.watch import Answer, Outcome, outcomes_of, outcomes_while_working
from auth_service.store.active_profiles import active_schema
from auth_service.store.records import VersionRecord
from auth_service.versions import registry
from auth_service.versions.verification import check_files, load_in_child
from common.errors import PreconditionFailed, ServiceError
from common.finishing import finished
from common.logs import get_logger
from common.notices import values_of
from plant.schema import PlantSchema
from protos.settings.v1 import settings_pb2 as pb
from trained.travel import VersionCache

log = get_logger(__name__)

PREPARE_IDLE_SECONDS = 60.0
"""A process that prepares a version may take any time in which it works; it is given up when it did nothing for so long."""
SWITCH_SECONDS = 15.0
ABANDON_SECONDS = 5.0
SEARCHERS = "ann"
"""Kind of process whose proof counts."""


@dataclass(frozen=True)
class Activated:
    """The version that is active now, the control revision, who confirmed it, who is away and will catch up."""

    version: VersionRecord
    revision: int
    confirmed_by: Sequence[str]
    away: Sequence[str]


class Activation:
    """Activates versions, one after the other.

    Args:
        derived: folder of files that processes derive from versions.
        versions: finds versions here, and fetches those that are not.
    """

    def __init__(self, plane: ControlPlane, derived: Path, versions: VersionCache | None = None) -> None:
        self._plane, self._derived, self._versions = plane, derived, versions
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._numbers = 0
        self._proved: set[tuple[str, str]] = set()
        """Folder and manifest's hash of versions that a process has proved; their files are hashed at every activation."""

    async def activate(self, name: str, *, by: str, reason: str = "", action: str = "activated") -> Activated:
        """Make a version active. Once begun it is finished even when the caller stops waiting.

        Raises:
            NotFound: there is no such version.
            PreconditionFailed: files missing or changed, retired, or a process refused; the version before serves on.
        """
        return await self._finish(self._activate(name, by=by, reason=reason, action=action))

    async def roll_back(self, *, steps: int, by: str, reason: str = "") -> Activated:
        """Make the version `steps` activations back active.

        Raises:
            PreconditionFailed: there is none, or as `activate`.
        """
        return await self._finish(self._activate(None, by=by, reason=reason, action="rolled_back", steps=steps))

    async def _finish(self, work: Any) -> Activated:
        task: asyncio.Task[Activated] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await finished(task)

    async def settle(self) -> None:
        """Wait until the activations that have begun are finished."""
        if self._tasks:
            await asyncio.wait(list(self._tasks))

    async def _activate(self, name: str | None, *, by: str, reason: str, action: str, steps: int = 0) -> Activated:
        async with self._lock:
            database = self._plane.database

            def look(session: Session) -> tuple[VersionRecord, VersionRecord | None, PlantSchema]:
                wanted = registry.roll_back_target(session, steps) if name is None else name
                return registry.find(session, wanted), active_version(session), active_schema(session)

            version, before, schema = await database.read(look)
            if before is not None and before.id == version.id:
                state = self._plane.hub.state
                return Activated(version, int(state.revision), self._serving(version.version_name), [])
            try:
                if version.withdrawn:
                    raise registry.retired_error(version)
                await asyncio.to_thread(check_files, version, schema, self._versions)
                away = await self._prepare(version)
            except ServiceError as error:
                await self._note_refusal(version, before, by, error.message)
                raise
            activated, outcomes = await self._plane.change(
                lambda session: registry.make_active(
                    session, version.version_name, by=by, reason=reason, action=action
                ),
                seconds=SWITCH_SECONDS,
            )
            refused = [outcome for outcome in outcomes if outcome.answer is Answer.REFUSED]
            if refused:
                await self._undo(version, before, by, action, refused)
            missing = [o.instance for o in outcomes if o.answer in (Answer.SILENT, Answer.AWAY)]
            log.info("version activated", version=version.version_name, by=by, confirmed=len(outcomes) - len(missing))
            confirmed = [outcome.instance for outcome in outcomes if outcome.answer is Answer.CONFIRMED]
            return Activated(
                activated, int(self._plane.hub.state.revision), confirmed, sorted({*away, *missing} - set(confirmed))
            )

    def _serving(self, name: str) -> list[str]:
        return [s.instance for s in self._plane.hub.subscribers.values() if s.model_version in ("", name)]

    async def _prepare(self, version: VersionRecord) -> list[str]:
        """Have a process of its own prove the version, then every live one; returns those that went away meanwhile.

        What would crash its loader crashes only the first, which nobody depends on.

        Raises:
            PreconditionFailed: one refused or did not answer, or none could prove it; what was prepared is dropped everywhere.
        """
        hub = self._plane.hub
        await self._prove_in_child(version)
        self._numbers += 1
        prepare = pb.PrepareVersion(activation_id=self._numbers, version=version_message(version))
        followers = list(hub.subscribers.values())
        outcomes = await outcomes_while_working(
            hub.push(lambda: pb.WatchEvent(prepare=prepare), to=followers), PREPARE_IDLE_SECONDS
        )
        against = [outcome for outcome in outcomes if outcome.answer in (Answer.REFUSED, Answer.SILENT)]
        searchers = [outcome for outcome in outcomes if outcome.process == SEARCHERS]
        if searchers and not any(outcome.answer is Answer.CONFIRMED for outcome in searchers) and not against:
            against = searchers
        if against:
            abandon = pb.AbandonVersion(activation_id=self._numbers, version_name=version.version_name)
            living = [follower for follower in followers if hub.subscribers.get(follower.instance) is follower]
            await outcomes_of(hub.push(lambda: pb.WatchEvent(abandon=abandon), to=living), ABANDON_SECONDS)
            raise _refusal(version.version_name, against, "the version before serves on")
        return [outcome.instance for outcome in outcomes if outcome.answer is Answer.AWAY]

    async def _prove_in_child(self, version: VersionRecord) -> None:
        key = (version.artifact_dir, version.manifest_sha256)
        if key in self._proved:
            return
        findings = await asyncio.to_thread(load_in_child, version, self._derived, self._versions)
        if findings.ok:
            self._proved.add(key)
        else:
            raise PreconditionFailed(
                f"Version {version.version_name} was not activated: {'; '.join(findings.problems)}",
                reason=findings.reason or "ACTIVATION_REFUSED",
                details=values_of(findings.problems[0]) if findings.problems else None,
            )

    async def _note_refusal(self, version: VersionRecord, before: VersionRecord | None, by: str, why: str) -> None:
        previous = before.version_name if before else ""

        def work(session: Session) -> None:
            registry.note(session, "refused", version.version_name, actor=by, reason=why, previous=previous)

        await self._plane.database.write(work)

    async def _undo(
        self, version: VersionRecord, before: VersionRecord | None, by: str, action: str, refused: Sequence[Outcome]
    ) -> None:
        """Bring the version before back everywhere.

        Raises:
            PreconditionFailed: always, saying who refused.
        """
        error = _refusal(version.version_name, refused, "it was taken back everywhere")
        back = "rolled_back" if action == "activated" else "activated"

        def work(session: Session) -> None:
            registry.note(session, "refused", version.version_name, actor=by, reason=error.message)
            if before is None:
                registry.make_none_active(session)
            else:
                registry.make_active(session, before.version_name, by=by, reason=error.message, action=back)

        await self._plane.change(work, seconds=SWITCH_SECONDS)
        raise error


def _refusal(name: str, outcomes: Sequence[Outcome], ending: str) -> PreconditionFailed:
    reasons = "; ".join(outcome.describe() for outcome in outcomes[:5])
    return PreconditionFailed(
        f"Version {name} was not activated ({reasons}); {ending}",
        reason="ACTIVATION_REFUSED",
        details={outcome.instance: (outcome.reason or outcome.answer.value)[:300] for outcome in outcomes[:8]},
    )
