"""Removing an installation from Windows: services, tasks, firewall rule, program, and on request the data. Can be repeated."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from bootstrap.progress import SetupFailed
from installer import current_link
from installer.door import ERROR
from installer.front_door import DONE, FAILED, Call
from installer.journal import exclusively
from installer.program_files import delete_tree, remove_version
from installer.windows_services import WindowsServices, processes_below
from installer.wording import words

REMOVED_EVENT = 1300
PROGRAMS_END_SECONDS = 10.0


def uninstall(call: Call) -> int:
    """Remove what is there; the data only where -RemoveData says so."""
    layout, machine = call.layout, call.machine
    removes_data = bool(call.switch("RemoveData"))
    steps = _steps(call, removes_data=removes_data)
    if not steps:
        call.door.say(words("remove.nothing", program=layout.program))
        return DONE
    services = WindowsServices(machine, layout.services)
    running = _programs_besides(call, services)
    if running:
        for process in running:
            call.door.say(words("remove.program_runs", name=process["name"], number=process["id"]), ERROR)
        call.door.say(words("plan.nothing_changed"), ERROR)
        return FAILED
    if not call.door.confirm(str(layout.program), words("plan.remove"), steps):
        call.door.say(words("plan.not_confirmed"))
        return DONE
    step = ""
    try:
        if not removes_data and layout.data.is_dir():
            call.door.log_to(layout.data / "logs" / "scripts", "uninstall")
        with exclusively(layout) if (layout.data / "install").is_dir() else contextlib.nullcontext():
            step = _remove(call, services)
        call.door.event(REMOVED_EVENT, "Warning", words("remove.done_event"))
        if removes_data and layout.data.is_dir():
            step = "data"
            call.door.say(words("plan.step", step=step, what=words("doing.data")))
            delete_tree(layout.data)
    except _Step as error:
        return _failed(call, error.step, str(error))
    except (SetupFailed, OSError) as error:
        return _failed(call, step or "services", str(error))
    stays = words("remove.data_gone" if removes_data else "remove.data_stays", data=layout.data)
    call.door.say(f"{words('remove.done')} {stays}")
    return DONE


def _failed(call: Call, step: str, reason: str) -> int:
    said = words("failed.step", step=step, reason=reason)
    call.door.say(f"{said} {words('remove.again')}", ERROR)
    call.door.event(REMOVED_EVENT, "Error", said)
    return FAILED


class _Step(Exception):
    """A step of the removal failed."""

    def __init__(self, step: str, reason: object) -> None:
        super().__init__(str(reason))
        self.step = step


def _steps(call: Call, *, removes_data: bool) -> list[tuple[str, str]]:
    """What there is to remove, each with what will be done."""
    layout, table = call.layout, call.table
    found = []
    registered = [service.name for service in table.services if call.machine.service(service.name)]
    if registered:
        found.append(("services", words("step.remove_services", services=", ".join(registered))))
    for task in (table.training_task, table.watchdog_task):
        if call.machine.hands("look-task", name=task):
            found.append(("task", words("step.remove_task", task=task)))
    if call.machine.hands("look-firewall", name=table.firewall_rule):
        found.append(("firewall", words("step.remove_rule", rule=table.firewall_rule)))
    if layout.program.exists():
        found.append(("program", words("step.remove_program", folder=layout.program)))
    if removes_data and layout.data.exists():
        found.append(("data", words("step.remove_data", folder=layout.data)))
    return found


def _programs_besides(call: Call, services: WindowsServices) -> list[dict[str, object]]:
    """Programs that run from the installation and are not its services: they hold files that are to be deleted."""
    found = call.machine.hands("look-processes", folder=str(call.layout.program)) or []
    if not found:
        return []
    own = [services.process(service.name) for service in call.table.services if call.machine.service(service.name)]
    below: list[int] = []
    if any(own):
        with contextlib.suppress(SetupFailed, ValueError):
            python = str(call.layout.python("current"))
            below = processes_below(call.machine, python, "show", *own)["processes"]
    return [process for process in found if process["id"] not in (*own, *below)]


def _remove(call: Call, services: WindowsServices) -> str:
    """Remove services, tasks, rule and program; returns the last step."""
    layout, table, machine = call.layout, call.table, call.machine

    def step(name: str) -> None:
        call.door.say(words("plan.step", step=name, what=words(f"doing.remove_{name}")))

    try:
        registered = [service.name for service in table.services if machine.service(service.name)]
        if registered:
            step("services")
            services.stop(registered)
            for name in reversed(registered):
                services.unregister(name)
    except SetupFailed as error:
        raise _Step("services", error) from error
    for task in (table.training_task, table.watchdog_task):
        try:
            if machine.hands("look-task", name=task):
                step("task")
                machine.hands("remove-task", name=task)
        except SetupFailed as error:
            raise _Step("task", error) from error
    try:
        if machine.hands("look-firewall", name=table.firewall_rule):
            step("firewall")
            machine.hands("firewall", name=table.firewall_rule, port=0)
    except SetupFailed as error:
        raise _Step("firewall", error) from error
    if layout.program.exists():
        step("program")
        _delete_program(call)
    return "program"


def _delete_program(call: Call) -> None:
    """Delete the versions, each with its mark first, then everything else. The journal of an interrupted change is void then."""
    layout = call.layout
    try:
        layout.journal.unlink(missing_ok=True)
        current_link.remove(layout.current)
        for folder in [path for path in layout.program.iterdir() if path.is_dir() and (path / "app").is_dir()]:
            remove_version(layout, folder.name)
        _until_programs_end(layout.program)
    except OSError as error:
        raise _Step(
            "program", words("remove.held", file=error.filename or layout.program, reason=error.strerror or error)
        ) from error


def _until_programs_end(folder: Path) -> None:
    """Delete what is left; a service's program may take a moment to end after its service is gone."""
    deadline = time.monotonic() + PROGRAMS_END_SECONDS
    while True:
        try:
            delete_tree(folder)
            return
        except FileNotFoundError:
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.5)
