"""Running one or a few calls to the running system from a command, with an error that says when it does not run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from cli.control_plane import ControlPlane
from cli.installation import installation_settings
from cli.run_record import running_record
from common.errors import Unavailable
from common.settings import Settings

Result = TypeVar("Result")


def running_settings() -> Settings:
    """The installation's settings with the ports of the run that is alive (they differ when the usual ones were taken)."""
    settings = installation_settings()
    record = running_record(settings.run_path)
    if record is None:
        return settings
    addresses: dict[str, list[str]] = {}
    for process in record.processes:
        addresses.setdefault(process.name.rpartition("-")[0], []).append(process.address)
    return settings.model_copy(
        update={
            "auth_address": addresses["auth"][0],
            "trainer_address": addresses["trainer"][0],
            "ann_addresses": addresses["ann"],
            "aggregate_addresses": addresses["aggregate"],
            "gateway_port": int(addresses["gateway"][0].rpartition(":")[2]),
        }
    )


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
    except Unavailable as error:
        if running_record(settings.run_path) is None and error.reason == Unavailable.default_reason:
            raise Unavailable(
                "Routing ML is not running here. Start it with `routing-ml up`; where it runs as services, see that "
                "ROUTING_ML_STATE_DIR and the addresses in .env are theirs"
            ) from None
        raise
