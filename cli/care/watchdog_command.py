"""`routing-ml watchdog`: which processes of an installation hang; where they run as services, watchdog.ps1 starts those again."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

import typer

from cli.calls import running_settings
from cli.running.hang_watch import PATIENCE_SECONDS
from cli.running.placement import placement_of
from cli.running.readiness import GatewayProbe, Probe, ServiceProbe
from common.patience import busyness
from common.settings import Settings
from common.standard_output import json_text

PAUSE_SECONDS = 2.0
PACKAGES = {
    "auth": "auth_service",
    "ann": "ann_service",
    "aggregate": "aggregate_service",
    "trainer": "trainer",
    "gateway": "gateway",
}


def watchdog(
    patience: Annotated[
        float, typer.Option("--patience", min=0, help="Seconds without any answer after which a process hangs")
    ] = PATIENCE_SECONDS,
    as_json: Annotated[bool, typer.Option("--json", help="For programs")] = False,
) -> None:
    """Ask every process until it answers or hangs. Exit code 1 when one hangs."""
    hanging = asyncio.run(find_hanging(running_settings(), patience))
    if as_json:
        rows = [{"process": name, "package": PACKAGES[name.partition("-")[0]]} for name in hanging]
        typer.echo(json_text({"hanging": rows}, indent=None))
    else:
        for name in hanging:
            typer.secho(f"✗ {name} has not answered for {patience:g} s", fg="red")
        if not hanging:
            typer.secho("✓ every process answers", fg="green")
    raise typer.Exit(1 if hanging else 0)


def probes_of(settings: Settings) -> dict[str, Probe]:
    """A probe for every process that the settings name on this machine."""
    services = [(kind, address) for kind, several in placement_of(settings).here.items() for address in several]
    made: dict[str, Probe] = {
        f"{kind}-{address.rpartition(':')[2]}": ServiceProbe(settings, address) for kind, address in services
    }
    made[f"gateway-{settings.gateway_port}"] = GatewayProbe(settings.gateway_host, settings.gateway_port)
    return made


async def find_hanging(settings: Settings, patience_seconds: float) -> list[str]:
    """Names of the processes that do not answer within the patience; returns as soon as all have answered.

    Where other programs keep the machine busy the patience is longer, by as much as a process gets less of it.
    """
    probes = probes_of(settings)
    waiting = dict(probes)
    begun = time.monotonic()
    try:
        while True:
            answers = await asyncio.gather(*(probe.answers() for probe in waiting.values()))
            waiting = {name: probes[name] for name, answer in zip(waiting, answers, strict=True) if not answer}
            if not waiting or time.monotonic() >= begun + patience_seconds * busyness():
                return list(waiting)
            await asyncio.sleep(min(PAUSE_SECONDS, max(0.05, patience_seconds / 4)))
    finally:
        for probe in probes.values():
            await probe.close()
