"""The task that hands the outbox's messages over, one after the other, each at its time, for as long as the interface is on."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from prometheus_client import Counter

from auth_service.erp import delivery
from auth_service.erp.database_outbox import DatabaseOutbox
from auth_service.erp.outbox import Message, Outbox
from auth_service.store.database import Database
from common.errors import ServiceError, Unavailable
from common.finishing import ended, finished
from common.logs import get_logger
from common.notices import notice, to_field
from common.settings import Settings
from plant.export_folder import export_folder
from plant.settings import PlantSettings
from plant.settings.erp_interface import AUTHORIZATION_FILE, ErpInterface

log = get_logger(__name__)

LONGEST_REST_SECONDS: Final = 30.0
SWEEP_SECONDS: Final = 3600.0

attempts_total = Counter("routing_erp_attempts", "Attempts to hand a message to the ERP", ["outcome"])

T = TypeVar("T")


class ErpSender:
    """Owns the outbox.

    Args:
        path: file of the outbox.
        settings: of the process: where files may go, and where the credential for the ERP is.
        document: the settings document as JSON, as it is now.
        database: that holds the outbox where several copies of auth_service take turns; None: the file does.
    """

    def __init__(
        self, path: Path, settings: Settings, document: Callable[[], str], *, database: Database | None = None
    ) -> None:
        self._path, self._installation, self._document, self._database = path, settings, document, database
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="erp-outbox")
        self._wake = asyncio.Event()
        self._outbox: Outbox | None = None
        self._problem: ServiceError = Unavailable("The ERP outbox is being opened", retry_after=1.0)
        self._task: asyncio.Task[None] | None = None
        self._swept = 0.0
        self._parsed: tuple[str, PlantSettings] = ("", PlantSettings())

    async def start(self) -> None:
        """Open the outbox and begin. An outbox that cannot be used stops nothing but itself: every call then says why."""
        try:
            self._outbox = await asyncio.get_running_loop().run_in_executor(self._thread, self._open)
        except ServiceError as error:
            self._problem = error
            log.error("the ERP outbox cannot be used", error=error.message)
            return
        self._task = asyncio.create_task(self._run(), name="erp-sender")

    def _open(self) -> Outbox:
        if self._database is None:
            return Outbox(self._path)
        outbox = DatabaseOutbox(self._database)
        outbox.take_over(self._path)
        return outbox

    async def stop(self) -> None:
        """Stop; a message that is being sent is sent again after the next start. It may be started again."""
        if self._task is not None:
            await ended(self._task)
            self._task = None
        outbox, self._outbox = self._outbox, None
        if outbox is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, outbox.close)
            self._problem = Unavailable("The ERP outbox is closed", retry_after=1.0)

    async def do(self, action: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Call a method of Outbox on the outbox's thread: `do(Outbox.get, message_id)`.

        Raises:
            ServiceError: as the method.
        """
        outbox = self._outbox
        if outbox is None:
            raise self._problem
        work = asyncio.get_running_loop().run_in_executor(self._thread, lambda: action(outbox, *arguments, **named))
        return await finished(work)

    def wake(self) -> None:
        """Look at the queue now: something was put in, or a setting changed."""
        self._wake.set()

    @property
    def settings(self) -> PlantSettings:
        """The settings in force; those before when the document is not valid."""
        text = self._document()
        if text != self._parsed[0]:
            with contextlib.suppress(ServiceError):
                self._parsed = (text, PlantSettings.parse(text))
        return self._parsed[1]

    @property
    def interface(self) -> ErpInterface:
        """The interface as it is set up."""
        return ErpInterface.of(self.settings.export)

    async def _run(self) -> None:
        while True:
            rest = LONGEST_REST_SECONDS
            try:
                rest = await self._step()
            except ServiceError as error:
                log.warning("the ERP outbox cannot be worked on", error=error.message)
            except Exception:
                log.exception("the ERP sender failed")
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), rest)
            self._wake.clear()

    async def _step(self) -> float:
        """Hand over what is due; returns the seconds until something is."""
        while True:
            now = time.time()
            if now - self._swept > SWEEP_SECONDS:
                self._swept = now
                await self.do(Outbox.forget_old, now)
            if not self.interface.enabled:
                return LONGEST_REST_SECONDS
            message, due = await self.do(Outbox.next_due, now)
            if message is None:
                return min(max(due - now, 0.01), LONGEST_REST_SECONDS)
            await self._hand_over(message)

    async def _hand_over(self, message: Message) -> None:
        try:
            outcome = await self._attempt(message)
        except asyncio.CancelledError:
            await self.do(Outbox.note, message.message_id, {"state": "pending"})
            raise
        except Exception as error:
            log.exception("handing over failed", message_id=message.message_id)
            outcome = delivery.Outcome(False, error=f"an internal error ({type(error).__name__}); the log has it")
        attempts = message.attempts + 1
        changes: dict[str, object] = {
            "attempts": attempts,
            "last_error": to_field(outcome.error),
            "last_status": outcome.status,
            "target": outcome.target,
            "next_attempt_at": 0.0,
        }
        erp = self.settings.erp
        if outcome.delivered:
            changes |= {"state": "delivered", "delivered_at": time.time()}
        elif outcome.permanent or attempts >= erp.max_attempts:
            changes["state"] = "failed"
        else:
            rest = delivery.pause(attempts, erp.retry_seconds, outcome.retry_after)
            changes |= {"state": "pending", "next_attempt_at": time.time() + rest}
        await self.do(Outbox.note, message.message_id, changes)
        attempts_total.labels(changes["state"] if changes["state"] != "pending" else "postponed").inc()
        tell = log.info if outcome.delivered else log.warning
        tell(
            "erp message",
            message_id=message.message_id,
            state=changes["state"],
            attempts=attempts,
            status=outcome.status,
            target=outcome.target,
            error=outcome.error,
        )

    async def _attempt(self, message: Message) -> delivery.Outcome:
        async def content(number: int) -> bytes | None:
            return await self.do(Outbox.content, message.message_id, number)

        if message.channel == "file":
            try:
                folder = await asyncio.to_thread(self._folder)
            except ServiceError as error:
                return delivery.Outcome(False, error=error.message)
            return await delivery.drop(message, content, folder)
        interface = self.interface
        if interface.channel != "http" or interface.problem:
            problem = interface.problem or notice(
                "ERP_OF_FILES_NOW", "export.erp_protocol names files now, and this message is for HTTP"
            )
            return delivery.Outcome(False, error=problem)
        authorization = await asyncio.to_thread(self._authorization)
        erp = self.settings.erp
        return await delivery.push(
            message, content, interface.endpoint, authorization, erp.timeout_seconds, erp.allowed_addresses
        )

    def _folder(self) -> Path:
        document = self.settings
        return export_folder(document.export.export_directory, document.access.allowed_folders, self._installation)

    def _authorization(self) -> str:
        try:
            return (self._installation.plant_secrets_path / AUTHORIZATION_FILE).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""
