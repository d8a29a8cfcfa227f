"""`python -m installer front-door`: what a script of compose-windows/ was called for, done by the same plans on every machine."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from bootstrap.environment import ROOT
from bootstrap.progress import SetupFailed
from installer.door import ERROR, Door, Said
from installer.layout import Layout
from installer.locating import absolute, locate
from installer.machine import Machine, Run, registered_service, run_program
from installer.service_table import ServiceTable, service_table
from installer.wording import speak, words

DONE, FAILED, WRONG_USAGE, NOT_INSTALLED, WENT_BACK = 0, 1, 2, 3, 10


@dataclass(frozen=True)
class Call:
    """One call of a script.

    Attributes:
        door: to the script. machine: the Windows it runs on.
        application: the program that the script lies in, of a release or of an installation.
        layout: the installation that is meant. table: the names of its services.
        options: what the script's parameters say; paths and names as text, switches as true or false.
        folder: where the caller stands, for relative paths.
        preview: whether only a look was asked for (-WhatIf).
    """

    door: Door
    machine: Machine
    application: Path
    layout: Layout
    table: ServiceTable
    options: dict[str, Any]
    folder: Path
    preview: bool

    def text(self, name: str) -> str:
        """A parameter as text; "" when it was not given."""
        return str(self.options.get(name) or "")

    def several(self, name: str) -> list[str]:
        """A parameter that takes several words: a prompt hands over each, `-File` one text with commas. Empty when not given."""
        given = self.options.get(name) or []
        texts = [given] if isinstance(given, str) else [str(one) for one in given]
        return [word.strip() for text in texts for word in text.split(",") if word.strip()]

    def path(self, name: str) -> Path | None:
        """A path relative to where the caller stands; None when it was not given."""
        return absolute(self.text(name), self.folder)

    def number(self, name: str) -> int | None:
        """A number; None when it was not given."""
        value = self.options.get(name)
        return int(value) if value is not None else None

    def switch(self, name: str) -> bool | None:
        """Whether a switch was set; None when it was not given."""
        value = self.options.get(name)
        return bool(value) if value is not None else None


Command = Callable[[Call], int]


def commands() -> dict[str, Command]:
    """What scripts can ask for, by name."""
    from installer import access_diagnosis, daily_commands, removing, version_commands, windows_status

    return {
        "install": version_commands.install,
        "upgrade": version_commands.upgrade,
        "rollback": version_commands.rollback,
        "uninstall": removing.uninstall,
        "status": windows_status.show,
        "training-task": daily_commands.training_task,
        "watchdog": daily_commands.watchdog,
        "train": daily_commands.train,
        "check-models": daily_commands.check_models,
        "diagnose-access": access_diagnosis.diagnose,
        "release": version_commands.release,
    }


def serve(incoming: BinaryIO, outgoing: BinaryIO, *, run: Run = run_program, service: Any = registered_service) -> int:
    """Read one call, carry it out, and say how it ended; returns the exit code."""
    door = Door(incoming, outgoing)
    known = commands()
    errors, output = sys.stderr, sys.stdout
    try:
        request = door.request()
        speak(str(request.get("language") or ""))
        sys.stderr = sys.stdout = cast(Any, Said(door))
        code = known[str(request["command"])](_call(door, request, run, service))
    except SetupFailed as error:
        door.say(str(error), ERROR)
        code = FAILED
    except PermissionError as error:
        door.say(words("check.cannot_read", file=error.filename, reason=error.strerror or error), ERROR)
        code = FAILED
    except Exception as error:
        door.note(traceback.format_exc(), ERROR)
        door.say(words("failed.unexpected", reason=f"{type(error).__name__}: {error}"), ERROR)
        code = FAILED
    finally:
        sys.stderr, sys.stdout = errors, output
    door.end(code)
    return code


def _call(door: Door, request: dict[str, Any], run: Run, service: Any) -> Call:
    application = Path(request.get("application") or ROOT)
    folder = Path(request.get("folder") or Path.cwd())
    options = dict(request.get("options") or {})
    machine = Machine(run, service, door)
    table = service_table(application)
    layout = locate(
        absolute(options.get("ProgramRoot"), folder),
        absolute(options.get("DataRoot"), folder),
        application,
        machine,
        [one.name for one in table.services],
    )
    return Call(door, machine, application, layout, table, options, folder, bool(request.get("preview")))


def main() -> int:
    """Serve on standard input and output."""
    # Nothing may keep the folder of the program, which an uninstallation deletes; modules are found by their full paths.
    sys.path[:] = [str(Path(entry).absolute()) for entry in sys.path]
    os.chdir(os.environ.get("SYSTEMROOT") or "/")
    # What a program started from here writes to standard output is not for the script.
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return serve(incoming, outgoing)
