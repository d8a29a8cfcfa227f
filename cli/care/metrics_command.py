"""`routing-ml metrics`: the figures of all processes in the Prometheus text format, for people and for windows_exporter's text files."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.calls import ask, running_settings
from cli.control_plane import ControlPlane
from common.errors import ServiceError, Unavailable
from common.files import write_text
from common.rpc.client import connect
from protos.common.v1 import process_pb2
from protos.common.v1.process_pb2_grpc import ProcessServiceStub

if TYPE_CHECKING:
    from common.prometheus_text import ProcessFigures

ASK_SECONDS = 3.0


def metrics(
    textfile: Annotated[
        Path | None,
        typer.Option("--textfile", help="Write to this file (all or nothing) for windows_exporter or node_exporter"),
    ] = None,
) -> None:
    """Show the figures of all processes. Exit code 1 when none answers."""
    from common.prometheus_text import merged_text

    text = merged_text(ask(_collect))
    if not text:
        raise Unavailable("No process answers, so there are no figures: see `routing-ml doctor`")
    if textfile is None:
        typer.echo(text, nl=False)
    else:
        write_text(textfile, text)


async def _collect(control: ControlPlane) -> list[ProcessFigures]:
    from common.prometheus_text import ProcessFigures
    from gateway.worker_figures import read_figures

    settings = running_settings()
    named = [(kind, address) for kind, several in settings.service_addresses.items() for address in several]

    async def one(kind: str, address: str) -> ProcessFigures | None:
        channel = connect(settings, [address])
        try:
            method = ProcessServiceStub(channel).Metrics
            answer: process_pb2.MetricsResponse = await control.call(
                method, process_pb2.MetricsRequest(), service=kind, timeout=ASK_SECONDS
            )
        except ServiceError:
            return None
        finally:
            await channel.close()
        return ProcessFigures(kind, settings.name_at(kind, address), answer.text)

    services = await asyncio.gather(*(one(kind, address) for kind, address in named))
    gateways = [
        ProcessFigures("gateway", worker.instance, worker.prometheus) for worker in read_figures(settings.run_path)
    ]
    return [part for part in services if part is not None] + gateways
