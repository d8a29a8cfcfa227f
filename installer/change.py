"""Changing the version that runs: installed beside, stopped, saved, migrated, switched, started, verified; taken back when a step fails.

Each step is noted before it is begun. A step that fails, or an installer that is killed, leaves a journal from which the former
version is put back: at once in the first case, by the next command in the second.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from bootstrap.progress import SetupFailed, notice
from installer import current_link, preflight, service_table, settings_files, verification
from installer.control_database import ControlDatabase
from installer.journal import Operation, close_operation, read_operation, write_operation
from installer.layout import Layout
from installer.program_files import MakeEnvironment, make_environment, mark_complete, place, remove_version
from installer.release_source import ReleaseSource
from installer.service_control import ServiceControl

STEPS = ("place", "packages", "stop", "save", "migrate", "switch", "define", "start", "verify")


class WentBack(SetupFailed):
    """The change failed and the former version serves again."""


class Change:
    """One installation and the ways to change its version.

    Args:
        control: stops and starts the processes; None: the caller does, after the first installation.
        make_environment: makes a version's virtual environment.
        on_step: told of each step before it begins.
        patience_seconds: how long the new version may take until it serves.
    """

    def __init__(
        self,
        layout: Layout,
        control: ServiceControl | None,
        *,
        make_environment: MakeEnvironment = make_environment,
        on_step: Callable[[str], None] = lambda _step: None,
        patience_seconds: float = verification.PATIENCE_SECONDS,
    ) -> None:
        self._layout, self._control = layout, control
        self._make_environment, self._on_step = make_environment, on_step
        self._patience = patience_seconds
        self._database = ControlDatabase(layout)

    def install(self, release: ReleaseSource, *, database_saved: bool = False) -> str:
        """Install a release and let it run; the first one, or a newer one. Returns what was done, for people.

        Args:
            database_saved: the administrator has saved a PostgreSQL database, which is not saved here.

        Raises:
            WentBack: it failed and the former version serves.
            SetupFailed: it was refused before anything changed, or there is no former version.
        """
        layout = self._layout
        former = layout.active()
        if former == release.version and layout.is_complete(former):
            place(layout, release)
            self._write_settings(release.version)
            service_table.write_definitions(layout, release.version)
            return f"Version {former} is installed and current already."
        preflight.check_folders(layout)
        preflight.check_clock(release)
        preflight.check_no_training(layout)
        self._check_saved(former, database_saved)
        kind = "upgrade" if former else "install"
        self._run(self._begin(kind, former, release.version), release)
        return f"Version {release.version} is current." + (
            f" Version {former} stays beside it for a rollback." if former else ""
        )

    def go_to(self, version: str, *, database_saved: bool = False) -> str:
        """Let an installed version run again, the schema of the database included. Returns what was done, for people.

        Raises:
            WentBack: it failed and the version that ran before serves.
            SetupFailed: it was refused before anything changed.
        """
        former = self._layout.active()
        if former is None:
            raise SetupFailed(f"Nothing is installed in {self._layout.program}")
        if version == former:
            return f"Version {version} is current already."
        if not self._layout.is_complete(version):
            known = ", ".join(self._layout.installed())
            raise SetupFailed(f"Version {version} is not installed; installed are {known}")
        preflight.check_no_training(self._layout)
        self._check_saved(former, database_saved)
        self._run(self._begin("rollback", former, version), None)
        return f"Version {version} is current again."

    def recover(self) -> str | None:
        """Put back what an interrupted change has left; returns what was done, None when there was nothing."""
        operation = read_operation(self._layout)
        if operation is None:
            return None
        self._go_back(operation)
        serving = f"version {operation.former} serves again" if operation.former else "nothing is installed"
        return f"The interrupted {operation.kind} to {operation.wanted} (at step {operation.step}) was taken back: {serving}."

    def _begin(self, kind: str, former: str | None, wanted: str) -> Operation:
        served = former is not None and verification.ask(verification.gateway_port(self._layout)).predicts
        return Operation(kind, former, wanted, served=served, started_at=time.time())

    def _check_saved(self, former: str | None, database_saved: bool) -> None:
        if former and self._database.file is None and not database_saved:
            raise SetupFailed(
                "The database is on PostgreSQL, which is not saved here: save it with pg_dump --format=custom, then say --database-saved"
            )

    def _run(self, operation: Operation, release: ReleaseSource | None) -> None:
        try:
            for step in STEPS:
                operation = replace(operation, step=step)
                write_operation(self._layout, operation)
                self._on_step(step)
                operation = self._step(step, operation, release)
        except (Exception, KeyboardInterrupt) as error:
            notice(f"Step {operation.step} failed: {error or type(error).__name__}")
            self._go_back(operation)
            if operation.former is None:
                raise SetupFailed(f"The installation failed at step {operation.step}: {error}") from error
            raise WentBack(
                f"The {operation.kind} to {operation.wanted} failed at step {operation.step}: {error}\n"
                f"Version {operation.former} serves again."
            ) from error
        close_operation(self._layout, operation, "done")

    def _step(self, step: str, operation: Operation, release: ReleaseSource | None) -> Operation:
        layout, wanted = self._layout, operation.wanted
        if step == "place" and release:
            place(layout, release)
        elif step == "packages" and release and not layout.is_complete(wanted):
            self._make_environment(layout.application(wanted), layout.environment(wanted), release.wheels)
            mark_complete(layout, release)
        elif step == "stop":
            self._write_settings(wanted)
            self._stop()
            preflight.check_ports(layout)
        elif step == "save":
            saved = self._database.save(operation.former or wanted, f"before-{operation.kind}-to-{wanted}")
            return replace(operation, backup=saved)
        elif step == "migrate":
            self._migrate(operation)
        elif step == "switch":
            current_link.point(layout.current, layout.version_folder(wanted))
        elif step == "define":
            service_table.write_definitions(layout, wanted)
        elif step == "start":
            self._start()
        elif step == "verify":
            self._verify(wanted, must_predict=operation.served)
        return operation

    def _migrate(self, operation: Operation) -> None:
        if operation.kind == "rollback" and operation.former:
            known = self._database.newest_migration(operation.wanted)
            self._database.migrate(operation.former, known)
        else:
            self._database.migrate(operation.wanted)

    def _write_settings(self, version: str) -> None:
        for name in ("models", "logs", "var"):
            (self._layout.data / name).mkdir(parents=True, exist_ok=True)
        settings_files.write_env(self._layout, self._layout.application(version) / ".env.example")

    def _stop(self) -> None:
        if self._control:
            self._control.stop()

    def _start(self) -> None:
        if self._control:
            self._control.start()

    def _verify(self, version: str, *, must_predict: bool) -> None:
        if self._control:
            verification.verify(self._layout, version, must_predict=must_predict, patience_seconds=self._patience)

    def _go_back(self, operation: Operation) -> None:
        """Put the former version back, from whatever step; may itself be interrupted and begun again."""
        layout, former = self._layout, operation.former
        reached = STEPS.index(operation.step) if operation.step in STEPS else len(STEPS)
        if reached >= STEPS.index("stop"):
            self._stop()
        if reached >= STEPS.index("migrate"):
            self._database.put_back(former or operation.wanted, operation.backup)
        if reached >= STEPS.index("switch"):
            if former:
                current_link.point(layout.current, layout.version_folder(former))
                service_table.write_definitions(layout, former)
            else:
                current_link.remove(layout.current)
        if not layout.is_complete(operation.wanted):
            remove_version(layout, operation.wanted)
        if former and reached >= STEPS.index("stop"):
            self._start()
            self._verify(former, must_predict=operation.served)
        close_operation(layout, operation, "went back")
