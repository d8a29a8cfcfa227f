"""Running one or a few calls to the running system from a command, with an error that says when it does not run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from cli.control_plane import ControlPlane
from cli.installation import command, installation_settings
from cli.running.run_record import running_record
from common.errors import ServiceError, Unauthenticated, Unavailable
from common.identity import FOREIGN_CREDENTIAL
from common.settings import Settings
from common.started_system import as_started

Result = TypeVar("Result")


def running_settings() -> Settings:
    """The installation's settings with the ports of the run that is alive (they differ when the usual ones were taken)."""
    return as_started(installation_settings())


def ask(work: Callable[[ControlPlane], Awaitable[Result]]) -> Result:
    """Run `work` with channels to the services.

    Raises:
        ServiceError: what a service answered; Unavailable, with what to do, when it does not answer.
    """
    settings = running_settings()

    async def run() -> Result:
        async with ControlPlane(settings) as control:
            return await work(control)

    try:
        return asyncio.run(run())
    except (Unavailable, Unauthenticated) as error:
        if running_record(settings.run_path) is None and error.reason in (
            Unavailable.default_reason,
            FOREIGN_CREDENTIAL,
        ):
            another = f"; another installation answers at {settings.auth_address}" if _is_foreign(error) else ""
            raise Unavailable(
                f"Routing ML is not running here{another}. Start it with `{command('up')}`; where it runs as services, "
                "see that ROUTING_ML_STATE_DIR and the addresses in .env are theirs"
            ) from None
        raise


def _is_foreign(error: ServiceError) -> bool:
    return error.reason == FOREIGN_CREDENTIAL
