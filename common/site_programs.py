"""The sites that a process serves beside the installation's own plant: a program for each, started and ended with the process.

A site that cannot start takes nothing with it: its calls are refused with the reason, and it is tried again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import NoReturn

from common.errors import ServiceError, Unavailable
from common.identity import Authenticator, KeyRing
from common.logs import get_logger
from common.program import Admitting, Draining, Program, ServiceContext, tell_nobody
from common.rpc.client import Caller
from common.rpc.interceptor import SitePart
from common.rpc.server import RpcServer, behaviours_of
from common.sites import SITE_NOT_STARTED, sites_in
from common.watch import ControlFollower

log = get_logger(__name__)

AGAIN_SECONDS = 15.0
"""Pause before a site that could not start is tried again."""


@dataclass(frozen=True)
class _Running:
    program: Program
    follower: ControlFollower | None


class SitePrograms:
    """Programs of all sites of a process.

    Args:
        whole: what the program of the installation's own plant works with.
        own: that program.
        build: makes a program.

    Raises:
        InvalidInput: the file that describes the sites cannot be understood.

    Attributes:
        names: the sites.
        parts: what answers calls for each site, for the server.
    """

    def __init__(self, whole: ServiceContext, own: Program, build: Callable[[ServiceContext], Program]) -> None:
        self._whole, self._own, self._build = whole, own, build
        self._running: dict[str, _Running] = {}
        self._retrying: list[asyncio.Task[None]] = []
        starting = Authenticator(KeyRing(), whole.credential)
        self._groups = {name: site.group for name, site in sites_in(whole.settings.sites_file).items()}
        self.names = list(self._groups)
        self.parts: dict[str, SitePart] = {
            name: SitePart(starting, admit=_refusing(name, "it is starting"), group=group)
            for name, group in self._groups.items()
        }

    async def start(self, server: RpcServer) -> None:
        """Start them; returns when each has been tried once."""
        started = await asyncio.gather(*(self._start(name, server) for name in self.names))
        failed = [name for name, done in zip(self.names, started, strict=True) if not done]
        self._retrying = [asyncio.create_task(self._keep_starting(name, server)) for name in failed]

    async def _keep_starting(self, name: str, server: RpcServer) -> None:
        started = False
        while not started:
            await asyncio.sleep(AGAIN_SECONDS)
            started = await self._start(name, server)

    async def _start(self, name: str, server: RpcServer) -> bool:
        keys = KeyRing(name)
        authenticator = Authenticator(keys, self._whole.credential)
        follower = program = None
        try:
            settings = self._whole.settings.at(name)
            context = replace(
                self._whole,
                settings=settings,
                keys=keys,
                caller=Caller(settings, self._whole.instance, self._whole.credential),
                set_serving=_tells(server, name),
                set_standby=tell_nobody,
                revision=lambda: follower.revision if follower is not None else 0,
                own=self._own,
            )
            program = self._build(context)
            admit = program.admit if isinstance(program, Admitting) else None
            behaviours = behaviours_of(program.services())
            group = self._groups[name]
            self.parts[name] = SitePart(authenticator, lambda: program.facts()[0], admit, behaviours, group)
            await program.start()
            handlers = program.control()
            if handlers is not None:
                follower = ControlFollower(
                    settings,
                    process=context.process,
                    instance=context.instance,
                    credential=context.credential,
                    keys=keys,
                    handlers=handlers,
                )
                await follower.start(patience_seconds=1.0)
        except (ServiceError, OSError) as error:
            why = error.message if isinstance(error, ServiceError) else str(error)
            log.error("a site cannot start", site=name, error=why)
            self.parts[name] = SitePart(authenticator, admit=_refusing(name, why), group=self._groups[name])
            if program is not None:
                with contextlib.suppress(Exception):
                    await program.stop()
            return False
        self._running[name] = _Running(program, follower)
        log.info("a site is served", site=name)
        return True

    def drain(self) -> None:
        """End calls that last for ever."""
        for running in self._running.values():
            if isinstance(running.program, Draining):
                running.program.drain()

    async def stop(self) -> None:
        """End them all, after the last request."""
        for task in self._retrying:
            task.cancel()
        for running in self._running.values():
            if running.follower is not None:
                await running.follower.stop()
            await running.program.stop()


def _tells(server: RpcServer, name: str) -> Callable[[bool], Awaitable[None]]:
    async def set_serving(serving: bool) -> None:
        await server.set_serving(serving, [site_health(name)])

    return set_serving


def site_health(name: str) -> str:
    """Name under which a process says in the health protocol whether it serves a site."""
    return f"routing.site.{name}"


def _refusing(name: str, why: str) -> Callable[[str], NoReturn]:
    def refuse(_method: str) -> NoReturn:
        raise Unavailable(
            f"The site {name} is not served by this process yet: {why}", reason=SITE_NOT_STARTED, retry_after=2.0
        )

    return refuse
