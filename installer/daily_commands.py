"""What runs day by day on a Windows server: the scheduled tasks, a training, the watchdog, the check of the models."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bootstrap.progress import SetupFailed
from installer.control_database import process_variables
from installer.door import ERROR, WARNING
from installer.front_door import DONE, FAILED, NOT_INSTALLED, WRONG_USAGE, Call
from installer.machine import Machine
from installer.rights import set_rights
from installer.scheduled_tasks import training_task as training_xml
from installer.scheduled_tasks import watchdog_task as watchdog_xml
from installer.service_table import ServiceTable, service_table
from installer.windows_services import WindowsServices, processes_below
from installer.windows_system import training_identity
from installer.wording import words

TASK_EVENT, TRAINED_EVENT, TRAINING_FAILED_EVENT, TRAINING_ENDED_EVENT = 2003, 2000, 2001, 2002
RESTARTED_EVENT, NOT_RESTARTED_EVENT = 3000, 3001
LOCK_HELD, NOT_ACTIVATED = 4, 7
CANNOT_START = 126
"""As shells have it; no command of the program ends with it."""
STARTING_SECONDS = 180.0
RESTART_SECONDS = 30.0
POLL_SECONDS = 1.0
LONGEST_LINE = 500


def _installed(call: Call) -> ServiceTable | None:
    """The table of the installed version; None, after telling so, where nothing is installed."""
    active = call.layout.active()
    if active is None or not call.layout.python(active).is_file():
        call.door.say(words("check.nothing_installed", folder=call.layout.program), ERROR)
        return None
    return service_table(call.layout.application(active))


def training_task(call: Call) -> int:
    """Register or remove the scheduled training, or give it its rights again."""
    if call.switch("Remove"):
        return _remove_task(call, call.table.training_task)
    table = _installed(call)
    if table is None:
        return NOT_INSTALLED
    task = table.training_task
    if call.switch("RightsOnly"):
        found = call.machine.hands("look-task", name=task)
        steps = [("rights", words("step.task_rights", task=task, data=call.layout.data))]
        if found and _confirmed(call, words("plan.task_rights"), steps):
            _step(call, "rights", lambda: _set_rights(call, table, str(found.get("user") or "")))
        return DONE
    interval, day, at = call.text("Interval") or "Monthly", call.number("Day") or 1, call.text("At") or "02:00"
    account = call.text("Account")
    xml = training_xml(call.layout, interval=interval, day=day, at=at, account=account)
    when = {"interval": words(f"task.{interval.lower()}"), "day": day, "at": at, "task": task}
    steps = [
        ("task", words("step.training_task", **when)),
        ("rights", words("step.task_rights", task=task, data=call.layout.data)),
    ]
    if not _confirmed(call, words("plan.task", task=task), steps):
        return DONE
    call.door.log_to(call.layout.data / "logs" / "scripts", "register-training-task")
    _step(call, "task", lambda: call.machine.hands("register-task", name=task, xml=xml))
    _step(call, "rights", lambda: _set_rights(call, table, account))
    call.door.say(words("done.training_task", **when))
    call.door.event(TASK_EVENT, "Information", words("done.training_task", **when))
    return DONE


def watchdog_task(call: Call) -> int:
    """Register or remove the scheduled watchdog."""
    if call.switch("Remove"):
        return _remove_task(call, call.table.watchdog_task)
    table = _installed(call)
    if table is None:
        return NOT_INSTALLED
    xml = watchdog_xml(call.layout, patience=call.number("Patience") or 30)
    steps = [("task", words("step.watchdog_task", task=table.watchdog_task))]
    if not _confirmed(call, words("plan.task", task=table.watchdog_task), steps):
        return DONE
    call.door.log_to(call.layout.data / "logs" / "scripts", "watchdog")
    _step(call, "task", lambda: call.machine.hands("register-task", name=table.watchdog_task, xml=xml))
    call.door.say(words("done.watchdog_task", task=table.watchdog_task))
    return DONE


def _remove_task(call: Call, task: str) -> int:
    if not call.machine.hands("look-task", name=task):
        call.door.say(words("task.none", task=task))
        return DONE
    if _confirmed(call, words("plan.remove_task", task=task), [("task", words("step.remove_task", task=task))]):
        _step(call, "task", lambda: call.machine.hands("remove-task", name=task))
        call.door.say(words("done.task_removed", task=task))
    return DONE


def _confirmed(call: Call, action: str, steps: Sequence[tuple[str, str]]) -> bool:
    if call.door.confirm(str(call.layout.program), action, steps):
        return True
    call.door.say(words("plan.not_confirmed"))
    return False


def _step(call: Call, name: str, does: object) -> None:
    """Do one step; its name stands before what went wrong."""
    call.door.say(words("plan.step", step=name, what=words(f"doing.{name}")))
    try:
        assert callable(does)
        does()
    except (SetupFailed, OSError) as error:
        raise SetupFailed(words("failed.step", step=name, reason=error)) from error


def _set_rights(call: Call, table: ServiceTable, user: str) -> None:
    registered = [service.name for service in table.services if call.machine.service(service.name)]
    identity = training_identity(call.machine, table.training_task, user)
    set_rights(call.machine, call.layout.data, table, registered, identity)


def train(call: Call) -> int:
    """Run one training and write its result to the event log; the exit code is that of train_build_index.py."""
    label = call.text("Label") or "scheduled"
    active = call.layout.active()
    if active is None or not call.layout.python(active).is_file():
        said = words("check.nothing_installed", folder=call.layout.program)
        call.door.say(said, ERROR)
        call.door.event(TRAINING_FAILED_EVENT, "Error", said)
        return NOT_INSTALLED
    version = f"{time.strftime('%Y%m%d-%H%M%S')}-{label}"
    folder = call.layout.data / "models" / version
    if not _confirmed(call, words("plan.train"), [("train", words("step.train", folder=folder))]):
        return DONE
    call.door.log_to(call.layout.data / "logs" / "scripts", "training")
    program = call.layout.application(active) / "train_build_index.py"
    command = [str(call.layout.python(active)), "-P", str(program), "--save-dir", str(folder)]
    command += ["--version-label", label, "--requested-by", "task scheduler"]
    try:
        code, last = _run_told(call, command, call.layout.data)
    except OSError as error:
        code, last = FAILED, str(error)
    if code == DONE:
        said, kind, event = words("done.trained", version=version), "Information", TRAINED_EVENT
    elif code in (LOCK_HELD, NOT_ACTIVATED):
        said, kind, event = words("done.train_code", version=version, code=code), "Warning", TRAINING_ENDED_EVENT
    else:
        said, kind, event = words("failed.train", version=version, code=code), "Error", TRAINING_FAILED_EVENT
    call.door.say(said, {"Warning": WARNING, "Error": ERROR}.get(kind, "info"))
    call.door.event(event, kind, f"{said}\r\n{last}".strip())
    return code


def _run_told(call: Call, command: Sequence[str], folder: Path) -> tuple[int, str]:
    """Run a program and tell its lines as they come; returns its exit code and the last thing it said in words."""
    variables = process_variables()
    last = ""
    with subprocess.Popen(
        list(command),
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            text = _message(line.rstrip())
            if text:
                last = text[:LONGEST_LINE]
                call.door.say(text)
    return process.returncode, last


def _message(line: str) -> str:
    """What a line says: the message of a line of JSON, else the line."""
    if not line.startswith("{"):
        return line
    try:
        return str(json.loads(line).get("message", ""))
    except ValueError:
        return line


def watchdog(call: Call) -> int:
    """End the processes of services that run and do not answer, so that they are started again; the others go on."""
    if call.switch("Register") or call.switch("Remove"):
        return watchdog_task(call)
    table = _installed(call)
    active = call.layout.active()
    if table is None or active is None:
        return NOT_INSTALLED
    python, patience = str(call.layout.python(active)), call.number("Patience") or 30
    services = WindowsServices(call.machine, call.layout.services)
    try:
        hanging = _hanging(python, call.layout.data, patience)
        restarting = [
            service.name
            for service in table.services
            if service.package in hanging
            and services.state(service.name) == "RUNNING"
            and not _is_starting(call.machine, python, services.process(service.name))
        ]
    except (SetupFailed, OSError) as error:
        call.door.event(NOT_RESTARTED_EVENT, "Error", str(error))
        raise
    if not restarting:
        return DONE
    steps = [("restart", words("step.restart", service=name, seconds=patience)) for name in restarting]
    if not _confirmed(call, words("plan.restart"), steps):
        return DONE
    call.door.log_to(call.layout.data / "logs" / "scripts", "watchdog")
    for name in restarting:
        said = words("watchdog.restarts", service=name, seconds=patience)
        call.door.say(said, WARNING)
        call.door.event(RESTARTED_EVENT, "Warning", said)
        try:
            _restart(call.machine, services, python, name)
        except SetupFailed as error:
            said = words("watchdog.not_restarted", service=name, reason=error)
            call.door.say(said, ERROR)
            call.door.event(NOT_RESTARTED_EVENT, "Error", said)
    return FAILED


def _hanging(python: str, data: Path, patience: int) -> set[str]:
    """Packages of the processes that do not answer, by the word of routing-ml watchdog."""
    done = _asked(
        [python, "-P", "-m", "cli", "watchdog", "--json", "--patience", str(patience)], data, process_variables()
    )
    try:
        return {str(entry["package"]) for entry in json.loads(done.stdout)["hanging"]}
    except (ValueError, KeyError, TypeError):
        said = " ".join((done.stderr or done.stdout).split())[-LONGEST_LINE:]
        raise SetupFailed(words("watchdog.silent", code=done.returncode, said=said)) from None


def _asked(command: list[str], folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What a program of the installation said; one that does not start (damaged, kept by a virus scanner) says why, by its name."""
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env=variables,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        said = f"{command[0]}: {error.strerror or error}"
        return subprocess.CompletedProcess(command, CANNOT_START, "", said)


def _is_starting(machine: Machine, python: str, process: int) -> bool:
    """Whether a service was started so short a time ago that it may not answer yet."""
    found = processes_below(machine, python, "show", process)
    return bool(found["processes"]) and found["youngest_seconds"] < STARTING_SECONDS


def _restart(machine: Machine, services: WindowsServices, python: str, name: str) -> None:
    """End the processes of a service and see that they are started again."""
    before = services.process(name)
    processes_below(machine, python, "end", before)
    deadline = time.monotonic() + RESTART_SECONDS
    while time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        process = services.process(name)
        if services.state(name) == "RUNNING" and processes_below(machine, python, "show", process)["processes"]:
            return
    services.start([name])


def check_models(call: Call) -> int:
    """Check the versions under models by the rules of the program, and write missing manifests."""
    active = call.layout.active()
    installed = active is not None and call.layout.python(active).is_file()
    python = str(call.layout.python(active)) if active and installed else sys.executable
    application = call.layout.application(active) if active and installed else call.application
    models = call.path("Models") or call.layout.data / "models"
    rules = call.path("Rules")
    if rules is not None and not rules.is_file():
        call.door.say(words("check.no_file", option="Rules", file=rules), ERROR)
        return WRONG_USAGE
    if not models.is_dir():
        call.door.say(words("models.no_folder", folder=models), ERROR)
        return WRONG_USAGE
    writes = call.door.confirm(str(models), words("plan.models"), [("manifest", words("step.manifest", folder=models))])
    arguments = ["-m", "cli", "models", "check", "--models", str(models)]
    arguments += ["--json"] if call.switch("Json") else []
    arguments += ["--force"] if call.switch("Force") else []
    arguments += [] if writes else ["--dry-run"]
    variables = process_variables()
    if rules is not None:
        variables["ROUTING_ML_ARTIFACT_RULES"] = str(rules)
    done = _asked([python, *arguments], application, variables | {"PYTHONSAFEPATH": ""})
    if done.returncode not in (DONE, FAILED, WRONG_USAGE) or "No module named" in done.stderr:
        last = " ".join(done.stderr.split())[-LONGEST_LINE:]
        call.door.say(words("models.cannot_check", python=python, reason=last), ERROR)
        return FAILED
    call.door.give(done.stdout.rstrip("\n"))
    if done.stderr.strip():
        call.door.say(done.stderr.strip(), ERROR)
    return done.returncode
