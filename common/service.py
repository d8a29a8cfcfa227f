"""How a gRPC process runs: settings, log, identity, server, control state, readiness, drain. Each service's `__main__` calls `run_service`.

Order of a start: the port is bound and health says NOT_SERVING, the program starts, the control state is followed; the program calls
`context.set_serving(True)` when it can answer. Order of a stop: NOT_SERVING, drain, stop following, the program stops.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import common
from common.errors import ServiceError
from common.event_log import report_cannot_start, report_failed, report_started, report_stopped
from common.identity import Authenticator, KeyRing, ServiceCredential
from common.logs import configure_logging, get_logger
from common.process_end import CANNOT_START
from common.processes import run_until_stopped
from common.rpc.client import Caller
from common.rpc.server import STANDBY_HEALTH, RpcServer, Service
from common.settings import Settings
from common.settings import settings as read_settings
from common.site_programs import SitePrograms
from common.tracing import start_tracing, stop_tracing
from common.watch import ControlFollower, ControlHandlers

log = get_logger(__name__)


async def _nothing(_said: bool) -> None:
    """Report to nobody."""


@dataclass
class ServiceContext:
    """What a program gets to work with.

    Attributes:
        settings: settings of the process.
        process: kind of process (ann, aggregate, auth, trainer).
        instance: unique name in the installation, `<process>-<port>`, with `@<host>` where there are several hosts.
        address: `host:port` it serves on.
        credential: the installation's credential.
        keys: verification keys and revocations, kept up to date by the follower (by the program itself in auth_service).
        caller: makes calls to other services.
        set_serving: reports SERVING or NOT_SERVING.
        set_standby: reports that this copy is well and another one is active.
        own: the program of the installation's own plant; None: this is it, not the one of a site.
        revision: control revision that is applied; 0 when none.
    """

    settings: Settings
    process: str
    instance: str
    address: str
    credential: ServiceCredential
    keys: KeyRing
    caller: Caller
    set_serving: Callable[[bool], Awaitable[None]]
    revision: Callable[[], int]
    set_standby: Callable[[bool], Awaitable[None]] = _nothing
    own: Program | None = None


class Program(Protocol):
    """A service without its surroundings."""

    def services(self) -> Sequence[Service]:
        """The gRPC services to serve. Called once, before the start."""

    def control(self) -> ControlHandlers | None:
        """Who takes the control state; None where the process does not follow it (auth_service)."""

    def facts(self) -> tuple[str, int]:
        """Model version that serves now ("" when none) and control revision applied (0 when none)."""

    async def start(self) -> None:
        """Begin, after the port is bound and before the control state is followed. Raises ServiceError when it cannot."""

    async def stop(self) -> None:
        """End, after the last request."""


@runtime_checkable
class Draining(Protocol):
    """A program with calls that last for ever, such as streams."""

    def drain(self) -> None:
        """End them, before the other calls in flight get their grace."""


@runtime_checkable
class Admitting(Protocol):
    """A program that does not answer all the time."""

    def admit(self, method: str) -> None:
        """Refuse a call. Raises ServiceError."""


def run_service(process: str, address: str, build: Callable[[ServiceContext], Program]) -> int:
    """Run a service until it is told to stop; returns the exit code of the process.

    Args:
        process: kind of process (ann, aggregate, auth, trainer).
        address: `host:port` to serve on.
        build: makes the program; raises ServiceError when it cannot.
    """
    settings = read_settings().whole
    instance = settings.instance(process, address.rpartition(":")[2])
    try:
        configure_logging(settings, process, instance)
        start_tracing(settings, process, instance)
        credential = ServiceCredential.of(settings)
    except (OSError, ServiceError) as error:
        return _cannot_start(instance, str(error))

    async def main(stop: asyncio.Event) -> int:
        try:
            return await _serve(settings, process, instance, address, credential, build, stop)
        except ServiceError as error:
            log.error("cannot start", error=error.message, reason=error.reason)
            return _cannot_start(instance, error.message)
        except OSError as error:
            log.exception("cannot start")
            return _cannot_start(instance, str(error))
        except Exception as error:
            log.exception("failed")
            report_failed(instance, f"{type(error).__name__}: {error}")
            raise

    return run_until_stopped(main)


def _cannot_start(instance: str, why: str) -> int:
    print(f"{instance} cannot start: {why}", file=sys.stderr, flush=True)
    report_cannot_start(instance, why)
    return CANNOT_START


async def _serve(
    settings: Settings,
    process: str,
    instance: str,
    address: str,
    credential: ServiceCredential,
    build: Callable[[ServiceContext], Program],
    stop: asyncio.Event,
) -> int:
    keys = KeyRing()
    parts: dict[str, RpcServer | ControlFollower] = {}

    async def set_serving(serving: bool) -> None:
        server = parts.get("server")
        if isinstance(server, RpcServer) and not stop.is_set():
            await server.set_serving(serving)

    async def set_standby(standing_by: bool) -> None:
        server = parts.get("server")
        if isinstance(server, RpcServer) and not stop.is_set():
            await server.set_serving(standing_by, [STANDBY_HEALTH])

    def revision() -> int:
        follower = parts.get("follower")
        return follower.revision if isinstance(follower, ControlFollower) else 0

    context = ServiceContext(
        settings=settings,
        process=process,
        instance=instance,
        address=address,
        credential=credential,
        keys=keys,
        caller=Caller(settings, instance, credential),
        set_serving=set_serving,
        revision=revision,
        set_standby=set_standby,
    )
    program = build(context)
    sites = SitePrograms(context, program, build)
    server = RpcServer(
        settings,
        process=process,
        instance=instance,
        address=address,
        authenticator=Authenticator(keys, credential),
        services=program.services(),
        facts=program.facts,
        admit=program.admit if isinstance(program, Admitting) else None,
        sites=sites.parts,
    )
    parts["server"] = server
    await server.start()
    follower = None
    try:
        await program.start()
        handlers = program.control()
        if handlers is not None:
            follower = ControlFollower(
                settings, process=process, instance=instance, credential=credential, keys=keys, handlers=handlers
            )
            parts["follower"] = follower
            await follower.start()
        await sites.start(server)
        log.info("started", address=address, pid=os.getpid())
        report_started(instance, address, common.__version__)
        await stop.wait()
        log.info("stopping")
    finally:
        if isinstance(program, Draining):
            program.drain()
        sites.drain()
        await server.stop()
        await sites.stop()
        if follower is not None:
            await follower.stop()
        await program.stop()
        stop_tracing()
    report_stopped(instance)
    return 0
