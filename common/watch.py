"""Following the control state: every process keeps the last settings, active version, keys and revocations that auth_service pushed.

A follower reconnects with backoff for ever. The last state is kept in `<state>/run/<instance>.control` so that a process that
starts while auth_service is down serves what was last known.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol, cast

import grpc
from google.protobuf.message import DecodeError

from common.errors import DeadlineExceeded, ServiceError, Unavailable
from common.files import write_bytes
from common.finishing import ended
from common.identity import KeyRing, ServiceCredential, VerificationKey
from common.logs import get_logger
from common.rpc.balancing import STANDBY, BalancedChannel
from common.rpc.client import connect
from common.rpc.status import from_rpc_error
from common.settings import Settings
from common.sites import SITE_NOT_STARTED, site_metadata
from protos.settings.v1 import settings_pb2 as pb
from protos.settings.v1 import settings_pb2_grpc

log = get_logger(__name__)

SILENCE_SECONDS = 7.0
"""A stream without any event for this long is dead (the server sends a heartbeat every 2 s)."""

CLOCK_SECONDS = 2.0
"""Clocks that are less apart than this count as one."""

BALANCED_SECONDS = 2.0
"""How long to wait for word from every copy of auth_service before one is followed."""

RETRY_SECONDS = (2.0, 15.0)
"""Pause before a state that could not be applied (a version's folder is away) is tried again: the first one, doubled up to the last."""


PASSING = (Unavailable.default_reason, DeadlineExceeded.default_reason, STANDBY, SITE_NOT_STARTED)
"""Reasons of refusals that pass by themselves."""


class ControlHandlers(Protocol):
    """What a process does with what it follows. Methods raise ServiceError to refuse; the reason reaches the administrator."""

    async def prepare(self, version: pb.ActiveVersion) -> None:
        """Load `version` beside the one that serves and prove it with searches."""

    async def abandon(self, version_name: str) -> None:
        """Drop what was prepared."""

    async def apply(self, state: pb.ControlState) -> None:
        """Take over a control state: swap to its active version (prepared or not) and its settings."""

    def serving_version(self) -> str:
        """Name of the model version that serves now; "" when none or not applicable."""


class ControlFollower:
    """Keeps a process in step with the control plane.

    Args:
        keys: key ring that gets the verification keys and revocations before `handlers` see a state.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        process: str,
        instance: str,
        credential: ServiceCredential,
        keys: KeyRing,
        handlers: ControlHandlers,
    ) -> None:
        self._settings = settings
        self._process, self._instance = process, instance
        self._credential, self._keys, self._handlers = credential, keys, handlers
        self._machine = machine_name(settings.run_path)
        self._cache = settings.run_path / f"{instance}.control"
        self._task: asyncio.Task[None] | None = None
        self._known = asyncio.Event()
        self._applying = asyncio.Lock()
        self._outgoing: asyncio.Queue[pb.WatchRequest | None] = asyncio.Queue()
        self._retrying: asyncio.Task[None] | None = None
        self.state: pb.ControlState | None = None
        self.connected = False
        self.refusal = self._told = ""

    @property
    def revision(self) -> int:
        """Control revision that is applied; 0 when none."""
        return int(self.state.revision) if self.state else 0

    async def start(self, *, patience_seconds: float = 3.0) -> None:
        """Begin to follow; returns when a state is applied, from the cache when auth_service does not answer in time.

        Without either it returns too: the process then serves nothing until a state arrives.
        """
        self._task = asyncio.create_task(self._follow(), name="control-follower")
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._known.wait(), patience_seconds)
        if self.state is None:
            await self._apply_cached()

    async def stop(self) -> None:
        """Stop following."""
        for task in (self._task, self._retrying):
            if task:
                await ended(task)

    async def _follow(self) -> None:
        pause = 0.1
        while True:
            channel = connect(self._settings, self._settings.auth_addresses)
            try:
                if isinstance(channel, BalancedChannel):  # the copy that is active is the one that serves
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(channel.settled(), BALANCED_SECONDS)
                await self._follow_once(channel)
                pause = 0.1
            except (grpc.aio.AioRpcError, TimeoutError) as error:
                if self.connected:
                    pause = 0.1
                    log.warning("control stream lost", error=describe(error))
                self._tell(error)
            except Exception:
                log.exception("control stream failed")
            finally:
                self.connected = False
                await channel.close()
            await asyncio.sleep(pause * random.uniform(0.7, 1.3))
            pause = min(pause * 2, 5.0)

    def _tell(self, error: Exception) -> None:
        """Log once why auth_service refuses this process; that it does not answer is told elsewhere."""
        known = from_rpc_error(error, "auth_service") if isinstance(error, grpc.aio.AioRpcError) else None
        self.refusal = "" if known is None or known.reason in PASSING else known.message
        if self.refusal and self.refusal != self._told:
            log.error("auth_service refuses this process", error=self.refusal, instance=self._instance)
        self._told = self.refusal

    async def _follow_once(self, channel: grpc.aio.Channel) -> None:
        outgoing = self._outgoing = asyncio.Queue()
        await outgoing.put(
            pb.WatchRequest(
                subscribe=pb.Subscribe(
                    process=self._process,
                    instance=self._instance,
                    revision=self.revision,
                    pid=os.getpid(),
                    model_version=self._handlers.serving_version(),
                    machine=self._machine,
                )
            )
        )

        async def requests() -> AsyncIterator[pb.WatchRequest]:
            while (request := await outgoing.get()) is not None:
                yield request

        stub = settings_pb2_grpc.SettingsServiceStub(channel)
        metadata = (("authorization", self._credential.header(self._instance)), *site_metadata(self._settings.at_site))
        stream = stub.Watch(requests(), metadata=metadata)
        try:
            while True:
                event = await asyncio.wait_for(stream.read(), SILENCE_SECONDS)
                if event is grpc.aio.EOF:
                    return
                self.connected = True
                confirm = await self._handle(cast(pb.WatchEvent, event))
                if confirm is not None:
                    await outgoing.put(pb.WatchRequest(confirm=confirm))
        finally:
            stream.cancel()
            outgoing.put_nowait(None)  # gRPC leaves its reader of the requests waiting where the call had ended already

    async def _handle(self, event: pb.WatchEvent) -> pb.Confirm | None:
        reason = ""
        try:
            kind = event.WhichOneof("kind")
            if kind == "state":
                await self._take(event.state, event.event_id)
                write_bytes_quietly(self._cache, event.state.SerializeToString())
            elif kind == "prepare":
                await self._handlers.prepare(event.prepare.version)
            elif kind == "abandon":
                await self._handlers.abandon(event.abandon.version_name)
            elif kind == "heartbeat":
                self._set_clock(event.heartbeat.at - time.time())
            elif kind == "revocations":
                sent = event.revocations
                self._keys.revoke(dict(zip(sent.session_ids, sent.expires_at, strict=False)))
        except ServiceError as error:
            reason = error.message
            log.warning("control event refused", kind=event.WhichOneof("kind"), reason=reason)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            log.exception("control event failed", kind=event.WhichOneof("kind"))
        if not event.event_id:
            return None
        return pb.Confirm(
            event_id=event.event_id,
            ok=not reason,
            reason=reason,
            model_version=self._handlers.serving_version(),
        )

    def _set_clock(self, behind: float) -> None:
        """Take the clock of auth_service for sessions where that of this host differs from it."""
        differs = abs(behind) > CLOCK_SECONDS
        if differs and not self._keys.clock_behind:
            log.warning("the clocks of the hosts differ: set them by the same time server", seconds=round(behind, 1))
        self._keys.clock_behind = behind if differs else 0.0

    async def _take(self, state: pb.ControlState, event_id: int = 0) -> None:
        self._keys.replace_keys(VerificationKey(k.key_id, k.public_key, k.not_after) for k in state.keys)
        ended = state.revocations
        self._keys.replace_revocations(dict(zip(ended.session_ids, ended.expires_at, strict=False)))
        self.state = state
        if self._retrying is not None:
            self._retrying.cancel()
            self._retrying = None
        try:
            async with self._applying:
                await self._handlers.apply(state)
        except ServiceError:
            self._retrying = asyncio.create_task(self._apply_again(state, event_id), name="control-retry")
            raise
        finally:
            self._known.set()

    async def _apply_again(self, state: pb.ControlState, event_id: int) -> None:
        """Try a state again that could not be applied, until it can be or another one comes, and confirm it then."""
        pause, longest = RETRY_SECONDS
        while True:
            await asyncio.sleep(pause)
            pause = min(pause * 2, longest)
            with contextlib.suppress(ServiceError):
                async with self._applying:
                    await self._handlers.apply(state)
                break
        log.info("the control state is applied after all", revision=state.revision)
        write_bytes_quietly(self._cache, state.SerializeToString())
        if event_id:
            served = self._handlers.serving_version()
            self._outgoing.put_nowait(
                pb.WatchRequest(confirm=pb.Confirm(event_id=event_id, ok=True, model_version=served))
            )

    async def _apply_cached(self) -> None:
        why = "auth_service refuses this process" if self.refusal else "auth_service does not answer"
        try:
            state = pb.ControlState.FromString(self._cache.read_bytes())
        except (OSError, DecodeError):
            log.warning(f"{why} and no control state is cached", instance=self._instance)
            return
        log.warning(f"{why}: serving the last known control state", revision=state.revision)
        with contextlib.suppress(ServiceError):
            await self._take(state)


def write_bytes_quietly(path: Path, data: bytes) -> None:
    """Write a cache file; a disk that is full or read-only costs only the cache."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, data)


def machine_name(folder: Path) -> str:
    """Random name of this machine's state folder, made on first use; "" where none can be kept."""
    path = folder / "machine"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            exclusive = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            with os.fdopen(exclusive, "w", encoding="ascii") as stream:
                stream.write(secrets.token_hex(16))
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def describe(error: BaseException) -> str:
    """An error as one short text."""
    if isinstance(error, grpc.aio.AioRpcError):
        return f"{error.code().name}: {error.details()}"
    return f"{type(error).__name__}: {error}"
