"""What a gRPC process runs, and what it gets to work with; `common.service` runs it, `common.site_programs` one for each site."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from common.identity import KeyRing, ServiceCredential
from common.rpc.client import Caller
from common.rpc.server import Service
from common.settings import Settings
from common.watch import ControlHandlers


async def tell_nobody(_said: bool) -> None:
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
    set_standby: Callable[[bool], Awaitable[None]] = tell_nobody
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
