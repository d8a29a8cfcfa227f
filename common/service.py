"""How a gRPC process runs: settings, log, identity, server, control state, readiness, drain. Each service's `__main__` calls `run_service`.

Order of a start: the port is bound and health says NOT_SERVING, the program starts, the control state is followed; the program calls
`context.set_serving(True)` when it can answer. Order of a stop: NOT_SERVING, drain, stop following, the program stops.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable

import common
from common.errors import ServiceError
from common.event_log import report_cannot_start, report_failed, report_started, report_stopped
from common.exit_codes import ExitCode
from common.identity import Authenticator, KeyRing, ServiceCredential
from common.logs import configure_logging, get_logger
from common.processes import run_until_stopped
from common.program import Admitting, Draining, Program, ServiceContext
from common.rpc.client import Caller
from common.rpc.server import STANDBY_HEALTH, RpcServer
from common.settings import Settings
from common.settings import settings as read_settings
from common.site_programs import SitePrograms
from common.tracing import start_tracing, stop_tracing
from common.watch import ControlFollower

log = get_logger(__name__)


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
    return ExitCode.NOT_RUNNING


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
