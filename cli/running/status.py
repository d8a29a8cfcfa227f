"""`status`: which processes run, since when, with what memory and model version, and whether the gateway can predict."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

import psutil
from rich.table import Table

from cli.control_plane import ControlPlane
from cli.running.as_services import run_as_services
from cli.running.placement import placement_of
from cli.running.readiness import ServiceProbe, gateway_health
from cli.running.run_record import READY, ProcessRecord, RunRecord, running_record
from common.errors import ServiceError
from common.identity import ServiceCredential
from common.rpc.client import Caller, connect
from common.settings import Settings
from common.started_system import as_started
from protos.common.v1 import process_pb2, process_pb2_grpc
from protos.documents.v1.documents_pb2 import PROFILE_KIND_INPUT, GetProfileRequest
from protos.settings.v1 import settings_pb2 as pb
from protos.settings.v1 import settings_pb2_grpc

ASK_SECONDS = 2.0

Elsewhere = tuple[str, process_pb2.DescribeResponse | None, bool]


@dataclass(frozen=True)
class ProcessStatus:
    """One process as it is now; memory in bytes, age in seconds.

    Attributes:
        host: name of the machine that it runs on; "" for this one.
        confirmed_revision: control revision that it has confirmed; 0 when it follows nothing, or auth_service does not answer.
        lag_ms: time from the last push to its confirmation.
        last_problem: why it refused the last one; "" when it did not.
    """

    name: str
    address: str
    state: str
    serving: bool
    pid: int
    age_seconds: float
    restarts: int
    resident_bytes: int
    confirmed_revision: int = 0
    lag_ms: float = 0.0
    last_problem: str = ""
    host: str = ""


@dataclass(frozen=True)
class SystemStatus:
    """The system as it is now; `health` is the gateway's word: ok, degraded, down, or "" when it does not answer.

    `profile` is the active input profile, "" when auth_service does not answer.
    """

    running: bool
    phase: str = ""
    url: str = ""
    dataset: str = ""
    health: str = ""
    detail: str = ""
    model_version: str = ""
    pid: int = 0
    control_revision: int = 0
    profile: str = ""
    processes: tuple[ProcessStatus, ...] = ()

    def to_json(self) -> dict[str, object]:
        """As a JSON object."""
        return asdict(self)


def system_status(settings: Settings) -> SystemStatus:
    """Ask the processes of the running system."""
    record = running_record(settings.run_path) or run_as_services(settings)
    if record is None:
        return SystemStatus(running=False)
    serving, following, profile, elsewhere = asyncio.run(_asked(settings, record))
    followers = {follower.instance: follower for follower in following.subscribers}
    where = urlsplit(record.url)
    code, health = gateway_health(where.hostname or "127.0.0.1", where.port or 80)
    return SystemStatus(
        running=True,
        phase=record.phase,
        url=record.url,
        dataset=record.dataset,
        health=str(health.get("status") or "") if code else "",
        detail=str(health.get("detail") or ""),
        model_version=str(health.get("model_version") or health.get("active_version") or ""),
        pid=record.pid,
        control_revision=following.revision,
        profile=profile,
        processes=tuple(
            _process_status(
                process,
                code == 200 if process.name.startswith("gateway") else serving[process.name],
                followers.get(_in_installation(settings, process.name), pb.Subscriber()),
            )
            for process in record.processes
        )
        + tuple(_of_other_hosts(settings, elsewhere, following)),
    )


def _in_installation(settings: Settings, name: str) -> str:
    """Name in the installation of a process of this machine."""
    return settings.instance(*name.split("-", 1))


def _of_other_hosts(
    settings: Settings, described: Mapping[str, Elsewhere], following: pb.SubscribersResponse
) -> Iterator[ProcessStatus]:
    """The processes of other machines: services by their addresses, gateways as they follow auth_service."""
    followers = {follower.instance: follower for follower in following.subscribers}
    for address, (kind, answer, serving) in described.items():
        follower = followers.get(answer.instance, pb.Subscriber()) if answer else pb.Subscriber()
        name, _, host = answer.instance.partition("@") if answer else (f"{kind}-{address.rpartition(':')[2]}", "", "")
        yield ProcessStatus(
            name=name,
            address=address,
            state=(
                READY
                if serving
                else "standing by" if answer and kind == "auth" else "not ready" if answer else "silent"
            ),
            serving=serving,
            pid=answer.pid if answer else 0,
            age_seconds=round(time.time() - answer.started_at, 1) if answer else 0.0,
            restarts=0,
            resident_bytes=answer.resident_bytes if answer else 0,
            confirmed_revision=follower.confirmed_revision,
            lag_ms=round(follower.lag_ms, 1),
            last_problem=follower.last_problem,
            host=host or address.rpartition(":")[0],
        )
    for follower in following.subscribers:
        name, _, host = follower.instance.partition("@")
        if follower.process == "gateway" and host and host != settings.host:
            yield ProcessStatus(
                name=name,
                address="",
                state=READY,
                serving=True,
                pid=follower.pid,
                age_seconds=round(time.time() - follower.since, 1),
                restarts=0,
                resident_bytes=0,
                confirmed_revision=follower.confirmed_revision,
                lag_ms=round(follower.lag_ms, 1),
                last_problem=follower.last_problem,
                host=host,
            )


async def _asked(
    settings: Settings, record: RunRecord
) -> tuple[dict[str, bool], pb.SubscribersResponse, str, dict[str, Elsewhere]]:
    serving, following, profile, elsewhere = await asyncio.gather(
        _serving(settings, record), _following(settings, record), _profile(as_started(settings)), _elsewhere(settings)
    )
    return serving, following, profile, elsewhere


async def _elsewhere(settings: Settings) -> dict[str, Elsewhere]:
    """What the services of other machines say of themselves, by address: kind, description (None: silent), whether it serves."""

    async def one(kind: str, address: str) -> Elsewhere:
        channel, probe = connect(settings, [address]), ServiceProbe(settings, address)
        try:
            caller = Caller(settings, "cli", ServiceCredential.of(settings))
            method = process_pb2_grpc.ProcessServiceStub(channel).Describe
            answer = await caller.call(method, process_pb2.DescribeRequest(), service=kind, timeout=ASK_SECONDS)
            return kind, answer, not await probe.stands_by() and await probe.ready()
        except (ServiceError, OSError):
            return kind, None, False
        finally:
            await probe.close()
            await channel.close()

    named = [(k, address) for k, several in placement_of(settings).elsewhere.items() for address in several]
    answers = await asyncio.gather(*(one(kind, address) for kind, address in named))
    return {address: answer for (_kind, address), answer in zip(named, answers, strict=True)}


async def _profile(settings: Settings) -> str:
    """Name of the active input profile; "" when auth_service does not answer."""
    try:
        async with ControlPlane(settings) as control:
            request = GetProfileRequest(kind=PROFILE_KIND_INPUT)
            return (await control.call(control.mapping.GetProfile, request, timeout=ASK_SECONDS)).name
    except ServiceError:
        return ""


async def _following(settings: Settings, record: RunRecord) -> pb.SubscribersResponse:
    """Who follows the control state how far; nobody when auth_service does not answer."""
    here = [process.address for process in record.processes if process.name.startswith("auth-")]
    addresses = settings.auth_addresses if settings.host else here
    if not addresses:
        return pb.SubscribersResponse()
    channel = connect(settings, addresses)
    try:
        caller = Caller(settings, "cli", ServiceCredential.of(settings))
        stub = settings_pb2_grpc.SettingsServiceStub(channel)
        answer: pb.SubscribersResponse = await caller.call(
            stub.Subscribers, pb.SubscribersRequest(), service="auth_service", timeout=ASK_SECONDS
        )
        return answer
    except (ServiceError, OSError):
        return pb.SubscribersResponse()
    finally:
        await channel.close()


async def _serving(settings: Settings, record: RunRecord) -> dict[str, bool]:
    services = [process for process in record.processes if not process.name.startswith("gateway")]
    probes = [ServiceProbe(settings, process.address) for process in services]
    answers = await asyncio.gather(*(probe.ready() for probe in probes))
    for probe in probes:
        await probe.close()
    return {process.name: answer for process, answer in zip(services, answers, strict=True)}


def _process_status(process: ProcessRecord, serving: bool, follower: pb.Subscriber) -> ProcessStatus:
    pid = process.pid or follower.pid  # services are not started from here, but tell who they are
    started_at = process.started_at if process.pid else follower.since
    try:
        running = psutil.Process(pid) if pid else None
        family = [running, *running.children(recursive=True)] if running else []
        resident = sum(member.memory_info().rss for member in family)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        resident = 0
    return ProcessStatus(
        name=process.name,
        address=process.address,
        state=process.state,
        serving=serving,
        pid=pid,
        age_seconds=round(time.time() - started_at, 1) if pid else 0.0,
        restarts=process.restarts,
        resident_bytes=resident,
        confirmed_revision=follower.confirmed_revision,
        lag_ms=round(follower.lag_ms, 1),
        last_problem=follower.last_problem,
    )


def status_table(status: SystemStatus) -> Table:
    """The processes as a table."""
    table = Table(box=None, header_style="dim")
    numbers = ("pid", "up", "restarts", "memory", "revision", "lag")
    hosts = any(process.host for process in status.processes)
    for heading in (*(("host",) if hosts else ()), "process", "address", "state", "serving", *numbers):
        table.add_column(heading, no_wrap=True, justify="right" if heading in numbers else "left")
    for process in status.processes:
        table.add_row(
            *((process.host or "this one",) if hosts else ()),
            process.name,
            process.address,
            process.state,
            "[green]yes[/green]" if process.serving else "[red]no[/red]",
            str(process.pid or ""),
            _duration(process.age_seconds) if process.pid else "",
            str(process.restarts),
            f"{process.resident_bytes / 1024**2:.0f} MB" if process.resident_bytes else "",
            str(process.confirmed_revision or ""),
            f"{process.lag_ms:.0f} ms" if process.confirmed_revision else "",
        )
    return table


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
