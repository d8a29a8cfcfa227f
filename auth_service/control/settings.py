"""The settings document: patched by section, stored as revisions with author and difference, reverted, two editors told apart."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth_service.control.control_plane import ControlPlane
from auth_service.control.control_state import newest_settings
from auth_service.control.watch import Outcome
from auth_service.store.audit import record
from auth_service.store.records import SettingsRevisionRecord
from common.errors import Conflict, NotFound, ServiceError
from plant.settings import CHANGED_MEANWHILE, Change, PlantSettings, difference, merge, refuse
from plant.settings.violations import Violation

Adapter = Callable[[Session, PlantSettings, PlantSettings, str], PlantSettings]
"""Brings a changed document (session, before, after, author) in line with itself and with what else is stored, before it is checked."""

Check = Callable[[Session, PlantSettings, PlantSettings], Iterable[Violation]]
"""Says what is wrong with a changed document (session, before, after) beyond its own rules, such as a blueprint that cannot run."""

Saver = Callable[[Session, int, PlantSettings], None]
"""Does what belongs to saving a revision, in its unit of work; raises to refuse it."""

Make = Callable[[Session, SettingsRevisionRecord, PlantSettings], PlantSettings]
"""The document to store, from (session, newest revision, its document)."""

CONFLICT_BYTES = 1_500
"""Longest text about a difference in a conflict: it travels in the trailers of the call, which are limited."""


@dataclass(frozen=True)
class Saved:
    """The stored revision after a change, and what the followers answered. `changed` is false when there was nothing to store."""

    row: SettingsRevisionRecord
    outcomes: Sequence[Outcome]
    changed: bool


class SettingsDocuments:
    """The document and its revisions.

    Args:
        adapters: what else follows from a change, in the unit of work that stores it.
        checks: further checks of a document before it is stored.
        savers: what else happens in the unit of work that stores it.
    """

    def __init__(
        self,
        plane: ControlPlane,
        *,
        adapters: Sequence[Adapter] = (),
        checks: Sequence[Check] = (),
        savers: Sequence[Saver] = (),
    ) -> None:
        self._plane = plane
        self.adapters: list[Adapter] = list(adapters)
        self.checks: list[Check] = list(checks)
        self.savers: list[Saver] = list(savers)

    async def get(self, revision: int = 0) -> SettingsRevisionRecord:
        """A revision; 0: the newest.

        Raises:
            NotFound: no such revision.
        """
        return await self._plane.database.read(lambda session: find(session, revision))

    async def revisions(self, *, limit: int, before: int = 0) -> list[SettingsRevisionRecord]:
        """Revisions below `before` (0: from the newest), newest first."""

        def work(session: Session) -> list[SettingsRevisionRecord]:
            query = select(SettingsRevisionRecord).order_by(SettingsRevisionRecord.revision.desc()).limit(limit)
            if before:
                query = query.where(SettingsRevisionRecord.revision < before)
            return list(session.scalars(query))

        return await self._plane.database.read(work)

    async def patch(self, patch_json: str, *, expected_revision: int, comment: str, author: str) -> Saved:
        """Merge a change into the newest document, check all of it, store a revision, have every process apply it.

        Raises:
            InvalidInput: see `plant.settings.merge`; nothing is stored.
            Conflict: the document has moved on from `expected_revision`; details have both sides' changes.
        """
        now = time.time()

        def make(session: Session, newest: SettingsRevisionRecord, document: PlantSettings) -> PlantSettings:
            stamp = _stamp(now)
            if expected_revision and expected_revision != newest.revision:
                based_on = parse(find(session, expected_revision))
                yours = merge(based_on, patch_json, now=stamp)
                raise moved_on(newest, expected_revision, difference(based_on, document), difference(based_on, yours))
            return merge(document, patch_json, now=stamp)

        return await self._save(make, author=author, comment=comment, action="settings.patch", now=now)

    async def revert(self, revision: int, *, expected_revision: int, author: str) -> Saved:
        """Store the document of an older revision as the newest.

        Raises:
            NotFound: no such revision. Conflict: the document has moved on from `expected_revision`.
            InvalidInput: the old document breaks a rule of today.
        """

        def make(session: Session, newest: SettingsRevisionRecord, document: PlantSettings) -> PlantSettings:
            target = parse(find(session, revision))
            if expected_revision and expected_revision != newest.revision:
                based_on = parse(find(session, expected_revision))
                raise moved_on(newest, expected_revision, difference(based_on, document), difference(based_on, target))
            return target

        comment = f"back to revision {revision}"
        return await self._save(make, author=author, comment=comment, action="settings.revert", now=time.time())

    async def _save(
        self,
        make: Make,
        *,
        author: str,
        comment: str,
        action: str,
        now: float,
    ) -> Saved:
        def work(session: Session) -> SettingsRevisionRecord:
            return self._store_within(session, make, author=author, comment=comment, action=action, now=now)

        try:
            row, outcomes = await self._plane.change(work)
        except _NothingToStoreError as nothing:
            return Saved(nothing.newest, (), changed=False)
        return Saved(row, outcomes, changed=True)

    def patch_within(self, session: Session, patch_json: str, *, comment: str, author: str, now: float) -> bool:
        """Merge a change into the newest document within somebody else's unit of work; says whether there was anything to store.

        Raises:
            InvalidInput: see `plant.settings.merge`.
        """
        stamp = _stamp(now)

        def make(_session: Session, _newest: SettingsRevisionRecord, document: PlantSettings) -> PlantSettings:
            return merge(document, patch_json, now=stamp)

        try:
            self._store_within(session, make, author=author, comment=comment, action="settings.patch", now=now)
        except _NothingToStoreError:
            return False
        return True

    def _store_within(
        self, session: Session, make: Make, *, author: str, comment: str, action: str, now: float
    ) -> SettingsRevisionRecord:
        newest = find(session, 0)
        before = parse(newest)
        after = make(session, newest, before)
        for adapt in self.adapters:
            after = adapt(session, before, after, author)
        changes = difference(before, after)
        if before.graph.last_saved and [change.path for change in changes] == ["graph.last_saved"]:
            changes = []
        if not changes:
            raise _NothingToStoreError(newest)
        violations = [violation for check in self.checks for violation in check(session, before, after)]
        if violations:
            raise refuse(violations)
        row = store(
            session, after, changes, revision=newest.revision + 1, author=author, comment=comment[:1000], now=now
        )
        for saver in self.savers:
            saver(session, row.revision, after)
        facts = {
            "revision": row.revision,
            "comment": row.comment,
            "paths": [change.path for change in changes][:100],
        }
        record(session, action, username=author, target=f"revision {row.revision}", facts=facts)
        return row


class _NothingToStoreError(ServiceError):
    """The change makes no difference: the unit of work is given up, so that no revision is spent."""

    def __init__(self, newest: SettingsRevisionRecord) -> None:
        super().__init__("The change makes no difference")
        self.newest = newest


def _stamp(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def find(session: Session, revision: int) -> SettingsRevisionRecord:
    """A revision; 0: the newest.

    Raises:
        NotFound: no such revision.
    """
    row = session.get(SettingsRevisionRecord, revision) if revision else newest_settings(session)
    if row is None:
        raise NotFound(f"There is no revision {revision or 1} of the settings", reason="REVISION_UNKNOWN")
    return row


def parse(row: SettingsRevisionRecord) -> PlantSettings:
    """The document of a revision."""
    return PlantSettings.parse(row.document_json)


def store(
    session: Session,
    document: PlantSettings,
    changes: Sequence[Change],
    *,
    revision: int,
    author: str,
    comment: str,
    now: float,
) -> SettingsRevisionRecord:
    """Add a revision."""
    row = SettingsRevisionRecord(
        revision=revision,
        at=now,
        author=author,
        comment=comment,
        document_json=document.to_json(),
        difference_json=orjson.dumps([change.to_dict() for change in changes]).decode(),
    )
    session.add(row)
    session.flush()
    return row


def ensure_first_revision(session: Session) -> None:
    """Store the defaults as revision 1 where no revision is."""
    if newest_settings(session) is None:
        store(session, PlantSettings(), [], revision=1, author="system", comment="defaults", now=time.time())


def moved_on(
    newest: SettingsRevisionRecord, expected: int, theirs: Sequence[Change], yours: Sequence[Change]
) -> Conflict:
    """The conflict of two editors: what each has changed since the revision both started from."""
    return Conflict(
        f"The settings were changed by {newest.author} meanwhile (revision {newest.revision}; you started from {expected}): "
        "look at both changes, then save again on top of the newest revision",
        reason=CHANGED_MEANWHILE,
        details={
            "current_revision": newest.revision,
            "expected_revision": expected,
            "current_author": newest.author,
            "current_at": newest.at,
            "theirs": _told(theirs),
            "yours": _told(yours),
        },
    )


def _told(changes: Sequence[Change]) -> str:
    """Changes as a JSON list of {path, before, after}; only the paths when that would be too long."""
    text = orjson.dumps([change.to_dict() for change in changes])
    if len(text) > CONFLICT_BYTES:
        text = orjson.dumps([{"path": change.path} for change in changes])
    return text.decode() if len(text) <= CONFLICT_BYTES else orjson.dumps([{"path": f"{len(changes)} fields"}]).decode()
