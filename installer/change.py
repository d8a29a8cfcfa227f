"""Changing the version that runs: installed beside, stopped, saved, migrated, switched, started, verified; taken back when a step fails.

What is to be done is settled first, without changing anything, and can be shown; then it is carried out. Each step is noted before it is
begun. A step that fails, or an installer that is killed, leaves a journal from which the former version is put back: at once in the first
case, by the next command in the second.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bootstrap.progress import SetupFailed, notice
from installer import current_link, ports, program_files, settings_files, verification
from installer.control_database import ControlDatabase
from installer.journal import Operation, close_operation, read_operation, write_operation
from installer.layout import Layout
from installer.program_files import MakeEnvironment, make_environment, mark_complete, place, remove_version
from installer.release_source import ReleaseSource
from installer.running_system import WINDOWS_STEPS, RunningSystem
from installer.training_lock import check_no_training
from installer.wording import words

STEPS = (
    "place",
    "packages",
    "stop",
    "save",
    "migrate",
    "switch",
    "define",
    "register",
    "secrets",
    "rights",
    "firewall",
    "start",
    "verify",
)
DATABASE_STEPS = ("save", "migrate")
INSTALL, UPGRADE, ROLLBACK, REPAIR = "install", "upgrade", "rollback", "repair"


class WentBack(SetupFailed):
    """The change failed and the former version serves again."""


@dataclass(frozen=True)
class Prepared:
    """A change that was settled and not begun.

    Attributes:
        kind: install, upgrade, rollback or repair.
        former: version that runs now; None at the first installation. wanted: version that is to run.
        steps: what has to be done, in order.
        release: what is installed from; None for a rollback.
    """

    kind: str
    former: str | None
    wanted: str
    steps: tuple[str, ...]
    release: ReleaseSource | None = None

    def in_words(self, layout: Layout) -> list[tuple[str, str]]:
        """Each step with what it will do, for people."""
        values = {
            "version": self.wanted,
            "former": self.former or "",
            "folder": layout.version_folder(self.wanted),
            "data": layout.data,
            "program": layout.program,
            "source": (self.release.wheels or words("plan.index")) if self.release else "",
        }
        return [(step, words(f"step.{step}", **values)) for step in self.steps]


class Change:
    """One installation and the ways to change its version.

    Args:
        system: stops, starts and arranges what runs.
        make_environment: makes a version's virtual environment.
        on_step: told of each step before it begins.
        patience_seconds: how long the new version may take until it serves.
        verifies: whether it is waited for until the version serves.
    """

    def __init__(
        self,
        layout: Layout,
        system: RunningSystem,
        *,
        make_environment: MakeEnvironment = make_environment,
        on_step: Callable[[str], None] = lambda _step: None,
        patience_seconds: float = verification.PATIENCE_SECONDS,
        verifies: bool = True,
    ) -> None:
        self._layout, self._system = layout, system
        self._make_environment, self._on_step = make_environment, on_step
        self._patience, self._verifies = patience_seconds, verifies
        self._database = ControlDatabase(layout)

    def interrupted(self) -> Operation | None:
        """The change that an installer has left unfinished; None when there is none."""
        return read_operation(self._layout)

    def served_version(self) -> str | None:
        """The version that runs, or will run when what was interrupted has been taken back."""
        operation = self.interrupted()
        return operation.former if operation else self._layout.active()

    def to_install(self, release: ReleaseSource, *, database_saved: bool = False) -> Prepared:
        """Settle what installing a release means: a first installation, an upgrade, or a repair. Changes nothing.

        Args:
            database_saved: the administrator has saved a PostgreSQL database, which is not saved here.

        Raises:
            SetupFailed: it is refused.
        """
        layout, former = self._layout, self.served_version()
        if former == release.version and layout.is_complete(former):
            if layout.fingerprint(former) != release.fingerprint():
                raise SetupFailed(words("check.other_content", version=former, folder=layout.version_folder(former)))
            return Prepared(REPAIR, former, former, self._repairing(former, release), release)
        self._check_saved(former, database_saved)
        steps = self._possible(STEPS)
        return Prepared(UPGRADE if former else INSTALL, former, release.version, steps, release)

    def _repairing(self, version: str, release: ReleaseSource) -> tuple[str, ...]:
        found = self._system.differs(version)
        if program_files.damaged(self._layout, release):
            found |= {"place", "stop", "start"}
        if program_files.packages_damaged(self._layout, version):
            found |= {"packages", "stop", "start"}
        if "stop" in found or "start" in found:
            found |= {"start", "verify"}
        return tuple(step for step in STEPS if step in found)

    def to_go_to(self, version: str, *, database_saved: bool = False) -> Prepared:
        """Settle how an installed version is let run again, the schema of the database included. Changes nothing.

        Raises:
            SetupFailed: it is refused.
        """
        former = self.served_version()
        if former is None:
            raise SetupFailed(words("check.nothing_installed", folder=self._layout.program))
        if not self._layout.is_complete(version):
            known = ", ".join(self._layout.installed())
            raise SetupFailed(words("check.not_installed", version=version, known=known))
        if version == former:
            return Prepared(ROLLBACK, former, version, ())
        self._check_saved(former, database_saved)
        steps = [step for step in STEPS if step not in ("place", "packages", "secrets")]
        return Prepared(ROLLBACK, former, version, self._possible(steps))

    def _possible(self, steps: Sequence[str]) -> tuple[str, ...]:
        """Those of the steps that this system has."""
        left_out = () if self._system.migrates else DATABASE_STEPS
        return tuple(
            step for step in steps if step not in left_out and (step not in WINDOWS_STEPS or step in self._system.steps)
        )

    def install(self, release: ReleaseSource, *, database_saved: bool = False) -> str:
        """Install a release and let it run; returns what was done, for people.

        Raises:
            WentBack: it failed and the former version serves.
            SetupFailed: it was refused before anything changed, or there is no former version.
        """
        return self.carry_out(self.to_install(release, database_saved=database_saved))

    def go_to(self, version: str, *, database_saved: bool = False) -> str:
        """Let an installed version run again; returns what was done, for people.

        Raises:
            WentBack: it failed and the version that ran before serves.
            SetupFailed: it was refused before anything changed.
        """
        return self.carry_out(self.to_go_to(version, database_saved=database_saved))

    def carry_out(self, prepared: Prepared) -> str:
        """Do what was settled; returns what was done, for people.

        Raises:
            WentBack, SetupFailed: as `install` and `go_to`.
        """
        former, wanted = prepared.former, prepared.wanted
        if prepared.kind != REPAIR and prepared.steps:
            check_no_training(self._layout)
        served = former is not None and verification.ask(verification.gateway_port(self._layout)).predicts
        started = Operation(prepared.kind, former, wanted, served=served, started_at=time.time())
        if prepared.steps:
            self._run(replace(started, before=self._system.look()), prepared)
        if prepared.kind == REPAIR:
            return words("done.repaired", version=wanted)
        if prepared.kind == ROLLBACK:
            return words("done.gone_back" if prepared.steps else "done.current_already", version=wanted)
        return words("done.upgraded" if former else "done.installed", version=wanted, former=former)

    def recover(self) -> str | None:
        """Put back what an interrupted change has left; returns what was done, None when there was nothing."""
        operation = self.interrupted()
        if operation is None:
            return None
        self._go_back(operation)
        kind = words(f"kind.{operation.kind}")
        said = words("done.recovered", kind=kind, wanted=operation.wanted, step=operation.step)
        return f"{said} {self._serving(operation)}"

    def _serving(self, operation: Operation) -> str:
        if operation.former is None:
            return words("done.nothing_installed")
        return words("done.serves_again", version=operation.former)

    def _check_saved(self, former: str | None, database_saved: bool) -> None:
        if former and self._system.migrates and self._database.file is None and not database_saved:
            raise SetupFailed(words("check.database_not_saved"))

    def _run(self, operation: Operation, prepared: Prepared) -> None:
        try:
            for step in prepared.steps:
                operation = replace(operation, step=step)
                write_operation(self._layout, operation)
                self._on_step(step)
                operation = self._step(step, operation, prepared)
        except (Exception, KeyboardInterrupt) as error:
            reason = str(error) or type(error).__name__
            notice(words("failed.step", step=operation.step, reason=reason))
            kind = words(f"kind.{operation.kind}")
            said = words("failed.change", kind=kind, wanted=operation.wanted, step=operation.step, reason=reason)
            try:
                self._go_back(operation)
            except (SetupFailed, OSError) as trouble:
                raise SetupFailed(f"{said}\n{words('failed.going_back', reason=trouble)}") from error
            if operation.former is None:
                raise SetupFailed(said) from error
            if operation.kind == REPAIR:
                raise SetupFailed(said) from error
            raise WentBack(f"{said}\n{self._serving(operation)}") from error
        close_operation(self._layout, operation, "done")

    def _step(self, step: str, operation: Operation, prepared: Prepared) -> Operation:
        layout, wanted, release = self._layout, operation.wanted, prepared.release
        if step == "place" and release:
            place(layout, release)
            self._system.keep_programs(wanted)
        elif step == "packages" and release:
            if prepared.kind == REPAIR or not layout.is_complete(wanted):
                self._make_environment(layout.application(wanted), layout.environment(wanted), release.wheels)
                mark_complete(layout, release)
        elif step == "stop":
            self._write_settings(wanted)
            self._system.stop()
            ports.check_ports(layout, self._system.address_settings)
        elif step == "save":
            saved = self._database.save(operation.former or wanted, f"before-{operation.kind}-to-{wanted}")
            return replace(operation, backup=saved)
        elif step == "migrate":
            self._migrate(operation)
        elif step == "switch":
            current_link.point(layout.current, layout.version_folder(wanted))
        elif step == "start":
            self._system.start(operation.before if operation.kind in (UPGRADE, ROLLBACK) else {})
        elif step == "verify":
            self._verify(wanted, must_predict=operation.served)
        else:
            if step == "define" and operation.kind == REPAIR:
                self._system.keep_programs(wanted)
            self._system.do(step, wanted)
        return operation

    def _migrate(self, operation: Operation) -> None:
        if operation.kind == ROLLBACK and operation.former:
            known = self._database.newest_migration(operation.wanted)
            self._database.migrate(operation.former, known)
        else:
            self._database.migrate(operation.wanted)

    def _write_settings(self, version: str) -> None:
        for name in ("models", "logs", "var"):
            (self._layout.data / name).mkdir(parents=True, exist_ok=True)
        example = self._layout.application(version) / ".env.example"
        settings_files.write_env(self._layout, example, with_caddy=self._system.with_caddy)

    def _verify(self, version: str, *, must_predict: bool) -> None:
        if not self._verifies:
            return
        if not self._system.has_gateway:
            trouble = self._system.trouble()
            if trouble:
                raise SetupFailed(words("verify.ended", services=trouble))
            return
        try:
            verification.verify(self._layout, version, must_predict=must_predict, patience_seconds=self._patience)
        except SetupFailed as error:
            trouble = self._system.trouble()
            raise SetupFailed(
                f"{error}. {words('verify.ended', services=trouble)}" if trouble else str(error)
            ) from None

    def _stop_again(self, operation: Operation) -> None:
        """Stop what still runs. Where nothing has been changed yet, what will not stop may run on: it is the former version's."""
        try:
            self._system.stop()
        except SetupFailed as error:
            if operation.step != "stop":
                raise
            notice(str(error))

    def _go_back(self, operation: Operation) -> None:
        """Put the former version back, from whatever step; may itself be interrupted and begun again."""
        layout, former = self._layout, operation.former
        reached = STEPS.index(operation.step) if operation.step in STEPS else len(STEPS)
        repair = operation.kind == REPAIR
        if reached >= STEPS.index("stop") and not repair:
            self._stop_again(operation)
        if reached >= STEPS.index("migrate") and not repair and self._system.migrates:
            self._database.put_back(former or operation.wanted, operation.backup)
        if reached >= STEPS.index("switch") and not repair:
            if former:
                current_link.point(layout.current, layout.version_folder(former))
            self._system.put_back(former, operation.before)
            if former is None:
                current_link.remove(layout.current)
        if not layout.is_complete(operation.wanted) and not repair:
            remove_version(layout, operation.wanted)
        if former and reached >= STEPS.index("stop"):
            self._system.start(operation.before)
            if not repair:
                self._verify(former, must_predict=operation.served)
        close_operation(layout, operation, "went back")
