"""Following the control state: every process keeps the last settings, active version, keys and revocations that auth_service pushed.

A follower reconnects with backoff for ever. The last state is kept in `<state>/run/<instance>.control` so that a process that
starts while auth_service is down serves what was last known.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol, cast

import grpc
from google.protobuf.message import DecodeError

from common.errors import ServiceError
from common.files import write_bytes
from common.identity import KeyRing, ServiceCredential, VerificationKey
from common.logs import get_logger
from common.rpc.client import connect
from common.settings import Settings
from protos.settings.v1 import settings_pb2 as pb
from protos.settings.v1 import settings_pb2_grpc

log = get_logger(__name__)

SILENCE_SECONDS = 15.0
"""A stream without any event for this long is dead (the server sends a heartbeat every 5 s)."""

RETRY_SECONDS = (2.0, 15.0)
"""Pause before a state that could not be applied (a version's folder is away) is tried again: the first one, doubled up to the last."""


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
        self._cache = settings.run_path / f"{instance}.control"
        self._task: asyncio.Task[None] | None = None
        self._known = asyncio.Event()
        self._applying = asyncio.Lock()
        self._outgoing: asyncio.Queue[pb.WatchRequest | None] = asyncio.Queue()
        self._retrying: asyncio.Task[None] | None = None
        self.state: pb.ControlState | None = None
        self.connected = False

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
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _follow(self) -> None:
        pause = 0.1
        while True:
            channel = connect(self._settings, self._settings.auth_addresses)
            try:
                await self._follow_once(channel)
                pause = 0.1
            except (grpc.aio.AioRpcError, TimeoutError) as error:
                if self.connected:
                    pause = 0.1
                    log.warning("control stream lost", error=describe(error))
            except Exception:
                log.exception("control stream failed")
            finally:
                self.connected = False
                await channel.close()
            await asyncio.sleep(pause * random.uniform(0.7, 1.3))
            pause = min(pause * 2, 5.0)

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
                )
            )
        )

        async def requests() -> AsyncIterator[pb.WatchRequest]:
            while (request := await outgoing.get()) is not None:
                yield request

        stub = settings_pb2_grpc.SettingsServiceStub(channel)
        metadata = (("authorization", self._credential.header(self._instance)),)
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
        try:
            state = pb.ControlState.FromString(self._cache.read_bytes())
        except (OSError, DecodeError):
            log.warning("auth_service does not answer and no control state is cached", instance=self._instance)
            return
        log.warning("auth_service does not answer: serving the last known control state", revision=state.revision)
        with contextlib.suppress(ServiceError):
            await self._take(state)


def write_bytes_quietly(path: Path, data: bytes) -> None:
    """Write a cache file; a disk that is full or read-only costs only the cache."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, data)


def describe(error: BaseException) -> str:
    """An error as one short text."""
    if isinstance(error, grpc.aio.AioRpcError):
        return f"{error.code().name}: {error.details()}"
    return f"{type(error).__name__}: {error}"
