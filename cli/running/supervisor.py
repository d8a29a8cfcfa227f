"""Runs the system: starts the processes in order of readiness, trains a first version, starts again what dies, stops all in order."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from cli.installation import ROOT, variables_of
from cli.running.first_version import FirstVersion
from cli.running.hang_watch import LOOK_SECONDS, PATIENCE_SECONDS, HangWatch
from cli.running.lasting_problems import LastingProblem
from cli.running.orphans import supervision_variables
from cli.running.placement import placement_of
from cli.running.readiness import GatewayProbe, Probe, ServiceProbe
from cli.running.run_record import FAILED, READY, RESTARTING, STARTING, STOP_FILE_NAME, STOPPED, STOPPING, RunRecord
from cli.running.stored_profiles import take_over_brought
from cli.running.supervised_process import Launch, SupervisedProcess
from common.errors import ServiceError, Unavailable
from common.exit_codes import ExitCode
from common.logs import get_logger
from common.patience import Patience
from common.processes import python_module
from common.settings import Settings

log = get_logger(__name__)

WATCH_SECONDS = 0.1
STOP_SECONDS = 4.5
PACKAGES = {"auth": "auth_service", "aggregate": "aggregate_service", "ann": "ann_service", "trainer": "trainer"}
STOP_ORDER = (("gateway",), ("trainer", "ann", "aggregate"), ("auth",))
IDLE_SECONDS = 60.0
"""How long a process that is not ready may do nothing."""


def launches(settings: Settings) -> list[Launch]:
    """The processes of the system on this machine, in order of their start."""

    def service(kind: str, package: str, address: str) -> Launch:
        port = address.rpartition(":")[2]
        return Launch(f"{kind}-{port}", kind, tuple(python_module(package, "--port", port)), address)

    gateway = str(settings.gateway_port)
    here = placement_of(settings).here
    return [
        *(service(kind, PACKAGES[kind], address) for kind, addresses in here.items() for address in addresses),
        Launch(
            f"gateway-{gateway}",
            "gateway",
            tuple(python_module("gateway", "--port", gateway)),
            f"{settings.gateway_host}:{gateway}",
        ),
    ]


class Supervisor:
    """One run of the system.

    Args:
        settings: with absolute paths and ports that are free.
        record: published at every change.
        password_file: where auth_service leaves the first administrator's random password.
        on_change: told at every change of the record.
    """

    def __init__(
        self, settings: Settings, record: RunRecord, *, password_file: Path, on_change: Callable[[RunRecord], None]
    ) -> None:
        self._settings, self._record, self._on_change = settings, record, on_change
        self._variables = {
            **variables_of(settings),
            **supervision_variables(record),
            "ROUTING_ML_ADMIN_PASSWORD": "",
        }
        auth_only = {
            "ROUTING_ML_ADMIN_PASSWORD": settings.admin_password,
            "ROUTING_ML_ADMIN_PASSWORD_FILE": str(password_file),
        }
        self._processes = [
            SupervisedProcess(
                launch,
                {**self._variables, **(auth_only if launch.kind == "auth" else {})},
                working_dir=ROOT,
                logs=settings.logs_path,
            )
            for launch in launches(settings)
        ]
        record.processes = [process.record for process in self._processes]
        self._stop_file = settings.run_path / STOP_FILE_NAME
        self._stop = asyncio.Event()
        self._training = False

    async def run(self, stop: asyncio.Event) -> int:
        """Start everything and keep it running until `stop` is set or somebody asks by file; returns the exit code."""
        self._stop = stop
        self._stop_file.unlink(missing_ok=True)
        code = 0
        watcher = asyncio.create_task(self._watch_stop_file())
        try:
            starting = asyncio.create_task(self._start_all())
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if not starting.done():
                starting.cancel()
                await asyncio.wait({starting})
            else:
                starting.result()
                self._record.phase, self._record.doing, self._record.progress = READY, "", -1.0
                self._publish()
                await self._keep_running()
        except (ServiceError, OSError) as error:
            message = error.message if isinstance(error, ServiceError) else str(error)
            log.error("cannot start", error=message)
            self._record.error = message
            code = 1
        finally:
            watcher.cancel()
            await self._stop_all()
            self._record.phase = FAILED if code else STOPPED
            self._publish()
            self._stop_file.unlink(missing_ok=True)
        return code

    async def _watch_stop_file(self) -> None:
        while not self._stop_file.exists():
            await asyncio.sleep(WATCH_SECONDS)
        self._stop.set()

    async def _start_all(self) -> None:
        others = [process for process in self._processes if process.launch.kind != "auth"]
        leads = False
        for auth in (process for process in self._processes if process.launch.kind == "auth"):
            self._doing("Starting auth_service")
            self._start(auth)
            await self._until_ready(auth)
            leads = leads or not await _stands_by(self._settings, auth.launch.address)
        first = FirstVersion(self._settings, self._variables)
        needed = False
        if leads:  # where auth_service is on another machine, or another copy is active, that machine does it
            await take_over_brought(self._settings)
            needed = await first.is_needed()
        self._record.profile = first.profile_name
        for process in others:
            self._start(process)
        waiting = [
            asyncio.create_task(self._until_ready(process)) for process in others if process.launch.kind == "trainer"
        ]
        later = [process for process in others if process.launch.kind != "trainer"]
        try:
            if needed:
                self._training = True
                self._doing("Training the first version")
                await first.train(self._doing)
                self._training = False
            self._doing("Starting the services")
            waiting += [asyncio.create_task(self._until_ready(process)) for process in later]
            await asyncio.gather(*waiting)
        finally:
            for task in waiting:
                task.cancel()
            first.end()

    def _start(self, process: SupervisedProcess) -> None:
        process.start()
        log.info("process started", name=process.record.name, child_pid=process.record.pid)
        self._publish()

    def _probe(self, process: SupervisedProcess) -> Probe:
        if process.launch.kind == "gateway":
            return GatewayProbe(self._settings.gateway_host, self._settings.gateway_port)
        return ServiceProbe(self._settings, process.launch.address)

    async def _until_ready(self, process: SupervisedProcess) -> None:
        """Wait until a process that was started serves, or until it is known that waiting does not help.

        Raises:
            Unavailable: it ended, or does nothing any more; the message has what it said.
        """
        probe, lasting = self._probe(process), LastingProblem(self._settings, process.launch)
        patience = Patience(process.record.pid, IDLE_SECONDS)
        pause = 0.03
        try:
            while not await probe.ready():
                if not process.alive:
                    raise Unavailable(_death_notice(process), reason="PROCESS_ENDED")
                if await self._serves_later(process, probe, lasting):
                    break
                self._tell_work(process, lasting, patience)
                if patience.over:
                    said = await probe.hindrance()
                    raise Unavailable(
                        f"{process.record.name} is not ready and has done nothing for {IDLE_SECONDS:.0f} s"
                        + (f": {said}" if said else f"; see {process.output} and the log files beside it"),
                        reason="PROCESS_NOT_READY",
                    )
                await asyncio.sleep(pause)
                pause = min(pause * 1.3, 0.25 if lasting.at_work[1] < 0 else 1.0)
        finally:
            await probe.close()
        process.mark_ready()
        log.info("process ready", name=process.record.name, seconds=process.record.ready_after)
        self._publish()

    def _tell_work(self, process: SupervisedProcess, lasting: LastingProblem, patience: Patience) -> None:
        """Show what a process says it does; the gateway waits for the others, whose patience is their own."""
        what, share = lasting.at_work
        if what:
            if (what, share) != (self._record.doing, self._record.progress):
                patience.renew()
            if self._record.phase == STARTING and not self._training:
                self._doing(what, share)
        elif process.launch.kind == "gateway" and any(
            other.record.state in (STARTING, RESTARTING) for other in self._processes if other is not process
        ):
            patience.renew()

    async def _serves_later(self, process: SupervisedProcess, probe: Probe, lasting: LastingProblem) -> bool:
        """Whether a process is all right and what it needs is not: it serves by itself as soon as that is put right."""
        if process.launch.kind == "gateway":
            return bool(self._record.problem) and await probe.answers()
        problem = await lasting.look()
        if problem:
            self._record.problem = problem
            log.warning("started without being able to predict", name=process.record.name, problem=problem)
        return bool(problem)

    async def _keep_running(self) -> None:
        """Start processes again that die, until told to stop."""
        recovering: dict[str, asyncio.Task[None]] = {}
        watching = asyncio.create_task(self._end_what_hangs())
        while not self._stop.is_set():
            for process in self._processes:
                if process.record.state != RESTARTING and not process.alive:
                    delay = process.note_death()
                    log.warning("process ended", name=process.record.name, exit_code=process.exit_code, retry_in=delay)
                    self._publish()
                elif process.record.state == RESTARTING:
                    self._restart(process, recovering)
            try:
                await asyncio.wait_for(self._stop.wait(), WATCH_SECONDS)
            except TimeoutError:
                continue
        for task in (watching, *recovering.values()):
            task.cancel()

    async def _end_what_hangs(self) -> None:
        """Kill processes that run and do not answer; like any that died they are started again."""
        watch = HangWatch()
        probes: dict[str, Probe] = {process.record.name: self._probe(process) for process in self._processes}
        try:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                ready = {process.record.name: process for process in self._processes if process.record.state == READY}
                for name in await watch.look({name: probes[name] for name in ready}):
                    log.error("process hangs and is ended", name=name, silent_seconds=PATIENCE_SECONDS)
                    await asyncio.to_thread(ready[name].kill)
                    watch.forget(name)
        finally:
            for probe in probes.values():
                await probe.close()

    def _restart(self, process: SupervisedProcess, recovering: dict[str, asyncio.Task[None]]) -> None:
        try:
            if not process.restart_when_due():
                return
        except OSError as error:
            log.error("process cannot be started", name=process.record.name, error=str(error))
            process.note_death()
            return
        log.info("process started again", name=process.record.name, restarts=process.record.restarts)
        self._publish()
        old = recovering.get(process.record.name)
        if old is not None:
            old.cancel()
        recovering[process.record.name] = asyncio.create_task(self._recover(process))

    async def _recover(self, process: SupervisedProcess) -> None:
        try:
            await self._until_ready(process)
        except Unavailable as error:
            log.warning("process is not ready again", name=process.record.name, error=error.message)

    async def _stop_all(self) -> None:
        self._record.phase = STOPPING
        self._publish()
        deadline = time.monotonic() + STOP_SECONDS
        for position, kinds in enumerate(STOP_ORDER, start=1):
            group = [process for process in self._processes if process.launch.kind in kinds]
            for process in group:
                process.ask_to_stop()
            share = (deadline - time.monotonic()) / (len(STOP_ORDER) - position + 1)
            await self._until_ended(group, time.monotonic() + share)
            self._publish()
        log.info("stopped")

    async def _until_ended(self, group: Sequence[SupervisedProcess], deadline: float) -> None:
        while any(process.alive for process in group) and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        for process in group:
            if process.alive:
                log.warning("process killed", name=process.record.name)
                process.kill()
            process.mark_stopped()

    def _doing(self, what: str, progress: float = -1.0) -> None:
        if (what, progress) != (self._record.doing, self._record.progress):
            self._record.phase, self._record.doing, self._record.progress = STARTING, what, progress
            self._publish()

    def _publish(self) -> None:
        """Show the record, then let others read it: who reads that it is ready finds everything said."""
        with contextlib.suppress(OSError):  # a terminal or a pipe that is gone stops nothing
            self._on_change(self._record)
        self._record.write(self._settings.run_path)


async def _stands_by(settings: Settings, address: str) -> bool:
    """Whether this copy of auth_service is not the one that is active."""
    probe = ServiceProbe(settings, address)
    try:
        return await probe.stands_by()
    finally:
        await probe.close()


def _death_notice(process: SupervisedProcess) -> str:
    said = process.said()
    if process.exit_code == ExitCode.NOT_RUNNING and said:
        return said
    return f"{process.record.name} ended with code {process.exit_code}" + (f":\n{said}" if said else "")
