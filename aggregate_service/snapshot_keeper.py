"""Keeps a snapshot of the source serving: opens what is there, reads the source again when it changes, swaps, and survives failures."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aggregate_service.builder_process import BuilderProcess
from aggregate_service.snapshot import Snapshot
from aggregate_service.snapshot_build import Progress
from aggregate_service.snapshot_store import SnapshotFacts, SnapshotStore, lineage_of, tag_of
from aggregate_service.snapshot_travel import SnapshotTravel
from common.errors import ServiceError, Unavailable
from common.finishing import ended
from common.logs import get_logger
from common.settings import Settings
from source import open_source

log = get_logger(__name__)

POLL_SECONDS: Final = 5.0
RETRY_SECONDS: Final = 30.0
REST_FACTOR: Final = 2.0
"""After a build that took t seconds the source may rest for 2 t before a change of it is read: a file that changes all the time must
not keep a core busy."""

NO_CHANGES: Final = {
    "items_added": 0,
    "items_changed": 0,
    "items_removed": 0,
    "routing_rows_added": 0,
    "routing_rows_removed": 0,
}


@dataclass(frozen=True)
class Refreshed:
    """Outcome of a refresh: the snapshot that serves, what changed, and whether nothing had to be read."""

    snapshot: Snapshot
    changes: dict[str, int]
    unchanged: bool


@dataclass(frozen=True)
class SourceChoice:
    """A source and the input profile it is read through ("": the built-in one)."""

    path: Path
    profile_json: str

    @property
    def lineage(self) -> str:
        """Snapshots of the same choice have the same."""
        return lineage_of(str(self.path), self.profile_json)


class SnapshotKeeper:
    """The snapshot that serves and how it is renewed. Used from the event loop; reading and opening happen in threads.

    Args:
        on_snapshot: called after each swap.

    Attributes:
        last_error, last_attempt_at: why the last reading failed, and when it was tried.
        reading: how far the reading is that runs now; None while none does.
    """

    def __init__(self, settings: Settings, instance: str, on_snapshot: Callable[[Snapshot], Awaitable[None]]) -> None:
        self._store = SnapshotStore(settings.snapshots_path)
        self._travel = SnapshotTravel.of(settings, self._store)
        self._builder = BuilderProcess(settings.snapshots_path, settings.run_path, instance)
        self._on_snapshot = on_snapshot
        self._turn = asyncio.Lock()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._choice: SourceChoice | None = None
        self._snapshot: Snapshot | None = None
        self._served: SourceChoice | None = None
        self._failed: SourceChoice | None = None
        self._turned = asyncio.Event()
        self._schedule_seconds = 0.0
        self._next_scheduled = float("inf")
        self._pending = ""
        self._rest_until = 0.0
        self._failed_identity: str | None = None
        self._failed_forced = False
        self._failed_at = float("-inf")
        self.last_error = ""
        self.last_attempt_at = 0.0
        self.reading: Progress | None = None

    @property
    def current(self) -> Snapshot:
        """The snapshot that serves.

        Raises:
            Unavailable: there is none yet; says why.
        """
        if self._snapshot is None:
            raise none_yet(self.last_error)
        return self._snapshot

    @property
    def newest(self) -> Snapshot | None:
        """The snapshot that serves; None while none does."""
        return self._snapshot

    @property
    def has_snapshot(self) -> bool:
        """Whether any snapshot serves."""
        return self._snapshot is not None

    @property
    def is_replacing(self) -> bool:
        """Whether the snapshot that serves is of what was chosen before, and that of the new choice is on its way."""
        return self._snapshot is not None and self._choice not in (None, self._served, self._failed)

    async def replaced(self, seconds: float) -> None:
        """Wait until the snapshot of another choice serves or cannot be had, for so long at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.is_replacing:
                    await self._turned.wait()

    def _turn_over(self) -> None:
        """Let those look again who wait for another snapshot."""
        self._turned.set()
        self._turned = asyncio.Event()

    def _note_unchanged(self, choice: SourceChoice) -> None:
        """The snapshot that serves is what the choice gives."""
        self.last_error, self._failed_identity, self._served = "", None, choice
        self._turn_over()

    def _note_unusable(self, choice: SourceChoice, error: str) -> None:
        """The choice gives no snapshot now."""
        self.last_error, self._failed_identity, self._failed = error, None, choice
        self._turn_over()

    @property
    def source(self) -> Path | None:
        """The source as configured."""
        return self._choice.path if self._choice else None

    def start(self) -> None:
        """Begin to watch the source."""
        self._task = asyncio.create_task(self._watch(), name="snapshot-keeper")

    async def stop(self) -> None:
        """Stop watching and end a build that is running."""
        await asyncio.to_thread(self._builder.stop)
        if self._task:
            await ended(self._task)

    async def choose(self, choice: SourceChoice, *, schedule_minutes: float = 0.0) -> None:
        """Serve this source from now on: at once from an earlier snapshot of it when there is one, and read it behind.

        Args:
            schedule_minutes: read the source anew this often even where its identity is unchanged; 0: never.
        """
        if schedule_minutes * 60 != self._schedule_seconds:
            self._schedule_seconds = schedule_minutes * 60
            self._next_scheduled = time.monotonic() + self._schedule_seconds if schedule_minutes else float("inf")
        if choice == self._choice:
            return
        changed = self._choice is not None
        self._choice, self._failed_identity, self._failed, self._rest_until = choice, None, None, 0.0
        usable = await asyncio.to_thread(self._open_newest, choice)
        if usable is not None:
            await self._swap(usable, choice)
        self.look_again("settings" if changed else "start")

    def look_again(self, reason: str) -> None:
        """Compare the source with the snapshot soon, outside the usual rhythm."""
        self._pending = reason
        self._wake.set()

    async def refresh(
        self, reason: str, *, force: bool = False, report: Callable[[Progress], None] = lambda _progress: None
    ) -> Refreshed:
        """Read the source again when it has changed (or `force`), and serve the result.

        Args:
            reason: why, for the log.
            report: gets the progress, called from another thread.

        Raises:
            ServiceError: the source cannot be read; the snapshot before serves on, and `last_error` says why.
        """
        async with self._turn:
            choice = self._choice
            if choice is None:
                raise Unavailable("The source is not known yet: the settings have not arrived", retry_after=2.0)
            self.last_attempt_at = time.time()
            started = time.monotonic()
            before = self._snapshot

            def note(progress: Progress) -> None:
                self.reading = progress
                report(progress)

            try:
                folder = await asyncio.to_thread(self._made, choice, force, note)
                if before is not None and folder == before.folder:
                    self._note_unchanged(choice)
                    return Refreshed(before, NO_CHANGES, True)
                snapshot = await asyncio.to_thread(_open, folder)
            except ServiceError as error:
                self._note_failure(error, choice, reason, forced=force)
                raise
            finally:
                self.reading = None
                self._rest_until = time.monotonic() + REST_FACTOR * (time.monotonic() - started)
            if choice != self._choice:
                raise Unavailable(
                    "Another source was chosen while this one was read", reason="SOURCE_CHANGED", retry_after=1.0
                )
            self.last_error, self._failed_identity = "", None
            await self._swap(snapshot, choice)
            log.info(
                "snapshot refreshed",
                reason=reason,
                tag=snapshot.tag,
                seconds=round(time.monotonic() - started, 2),
                readings=snapshot.facts.readings,
                **snapshot.facts.changes,
            )
            return Refreshed(snapshot, snapshot.facts.changes or NO_CHANGES, False)

    def _made(self, choice: SourceChoice, force: bool, note: Callable[[Progress], None]) -> Path:
        """Folder of a snapshot of the source as it is now: from another host that has read it, else read here."""

        def build() -> Path:
            return self._builder.build(choice.path, choice.profile_json, force=force, report=note)

        if self._travel is None:
            return build()
        if not force:
            tag = tag_of(str(choice.path), choice.profile_json, open_source(choice.path).identity())
            fetched = self._travel.fetch(tag, choice.lineage, patient=self._snapshot is not None)
            if fetched is not None:
                return fetched
        folder = build()
        self._travel.offer(folder, SnapshotFacts.read(folder).tag)
        return folder

    def _note_failure(self, error: ServiceError, choice: SourceChoice, reason: str, *, forced: bool) -> None:
        self._note_unusable(choice, error.message)
        self._failed_forced, self._failed_at = forced, time.monotonic()
        with contextlib.suppress(ServiceError, OSError):
            self._failed_identity = open_source(choice.path).identity()
        log.warning(
            "snapshot refresh failed",
            reason=reason,
            error=error.message,
            serving=self._snapshot.tag if self._snapshot else "",
        )

    async def _swap(self, snapshot: Snapshot, choice: SourceChoice) -> None:
        self._snapshot, self._served = snapshot, choice
        self._turn_over()
        await self._on_snapshot(snapshot)

    def _open_newest(self, choice: SourceChoice) -> Snapshot | None:
        for folder, _facts in self._store.found(choice.lineage):
            try:
                return _open(folder)
            except ServiceError as error:
                log.warning("an old snapshot cannot be used", folder=str(folder), error=error.message)
        return None

    async def _watch(self) -> None:
        while True:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)
            self._wake.clear()
            reason, self._pending = self._pending, ""
            try:
                await self._look(reason)
            except ServiceError:
                continue  # noted by refresh
            except Exception:
                log.exception("watching the source failed")

    async def _look(self, reason: str) -> None:
        """Refresh when the source's identity says so, it is due, or the last failure is old enough to try again."""
        choice, now = self._choice, time.monotonic()
        if choice is None:
            return
        if now >= self._next_scheduled:
            self._next_scheduled = now + self._schedule_seconds
            await self.refresh("schedule", force=True)
            return
        try:
            identity = await asyncio.to_thread(lambda: open_source(choice.path).identity())
        except (ServiceError, OSError) as error:
            self.last_attempt_at = time.time()
            self._note_unusable(choice, str(error))
            return
        failed = identity == self._failed_identity
        tag = tag_of(str(choice.path), choice.profile_json, identity)
        forced = failed and self._failed_forced
        if self._snapshot is not None and self._snapshot.tag == tag and not forced:
            self._note_unchanged(choice)
            return
        if failed and not reason and now - self._failed_at < RETRY_SECONDS:
            return
        if not reason and now < self._rest_until:
            return
        await self.refresh(reason or ("retry" if failed else "file change"), force=forced)


def none_yet(why: str = "") -> Unavailable:
    """What is said while no snapshot of the source serves; `why`: what its reading failed with, "" while it is under way."""
    reason = why or "the source is being read for the first time"
    return Unavailable(f"No snapshot of the source serves yet: {reason}", reason="NO_SNAPSHOT", retry_after=2.0)


def _open(folder: Path) -> Snapshot:
    snapshot = Snapshot(folder)
    snapshot.warm()
    return snapshot
