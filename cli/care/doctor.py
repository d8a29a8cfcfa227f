"""Checking an installation from end to end: each check says what it found and, when it is not well, what to do."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import re
import sqlite3
import stat
import struct
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli.care.log_lines import choice, merged_lines
from cli.care.watchdog_command import probes_of
from cli.installation import ROOT, command
from cli.running.readiness import gateway_answer
from cli.running.run_record import running_record
from common.errors import ServiceError
from common.identity import SECRET_FILE, given_secret
from common.processes import IS_WINDOWS, port_is_free
from common.settings import Settings
from gateway.host_checks import certificates, clock, disk_space
from trained.artifacts.rules import artifact_rules
from trainer.training_lock import FILE_NAME as TRAINING_LOCK
from trainer.training_lock import read_holder

OK, WARN, FAIL = "ok", "warn", "fail"
LONGEST_WINDOWS_PATH: Final = 180
_PIN: Final = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)\s*\\?$")


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        check: what was checked.
        status: ok, warn (it works) or fail (something does not).
        text: what is, or what is wrong and what to do.
    """

    check: str
    status: str
    text: str


def examine(settings: Settings, dataset: Path | None) -> Iterator[Finding]:
    """Run all checks, one after the other.

    Args:
        settings: of the installation, with the ports of the run that is alive.
        dataset: source to look into; None: not known here.
    """
    checks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("Python", _python),
        ("packages", _packages),
        ("folders", lambda: _folders(settings)),
        ("disk", lambda: _host("disk", disk_space(settings).problem, "enough free space")),
        ("clock", lambda: _host("clock", clock(settings).problem, "not behind the files of this installation")),
        ("certificates", lambda: _host("certificates", certificates(settings).problem, "none ends soon")),
        ("secrets", lambda: _secrets(settings)),
        ("database", lambda: _database(settings)),
        ("processes", lambda: _processes(settings)),
        ("predictions", lambda: _health(settings)),
        ("models", lambda: _models(settings)),
        ("source", lambda: _source(dataset)),
        ("training", lambda: _training(settings)),
        ("log", lambda: _errors(settings)),
        ("pages", lambda: _pages(settings)),
    )
    for name, check in checks:
        try:
            yield from check()
        except (ServiceError, OSError, ValueError) as error:
            yield Finding(
                name, FAIL, f"The check itself failed ({error}): run the command as an account that may read everything"
            )


def _python() -> Iterator[Finding]:
    version, bits = sys.version_info[:3], struct.calcsize("P") * 8
    told = f"Python {version[0]}.{version[1]}.{version[2]}, {bits}-bit"
    if not (3, 11) <= version[:2] <= (3, 13):
        yield Finding("Python", FAIL, f"{told}: install a 64-bit Python 3.11 to 3.13 and set the program up again")
    elif bits != 64:
        yield Finding(
            "Python", FAIL, f"{told}: use a 64-bit Python; the index of a large catalogue does not fit otherwise"
        )
    else:
        yield Finding("Python", OK, told)


def _packages() -> Iterator[Finding]:
    wrong = []
    for line in (ROOT / "requirements" / "runtime.txt").read_text(encoding="utf-8").splitlines():
        pin = _PIN.match(line)
        if pin is None:
            continue
        try:
            present = importlib.metadata.version(pin[1])
        except importlib.metadata.PackageNotFoundError:
            present = "missing"
        if present != pin[2]:
            wrong.append(f"{pin[1]} {present} instead of {pin[2]}")
    if wrong:
        repair = "install.ps1 again" if IS_WINDOWS else "python3 manage.py setup"
        yield Finding("packages", FAIL, f"{', '.join(wrong[:5])}{' ...' if len(wrong) > 5 else ''}: run {repair}")
    else:
        yield Finding("packages", OK, "as locked")


def _folders(settings: Settings) -> Iterator[Finding]:
    for name, folder in (("state", settings.state_dir), ("models", settings.models_dir), ("logs", settings.logs_path)):
        probe = folder / f".write-test-{uuid.uuid4().hex[:8]}"
        try:
            if not folder.is_dir():
                yield Finding(
                    "folders",
                    FAIL,
                    f"There is no {name} folder {folder}: check the drive or share, or the setting in .env",
                )
                continue
            probe.write_bytes(b"routing-ml")
        except OSError as error:
            yield Finding(
                "folders",
                FAIL,
                f"{folder} cannot be written ({error.strerror or error}): grant this account the right, or free space",
            )
            continue
        finally:
            with contextlib.suppress(OSError):
                probe.unlink(missing_ok=True)
        if IS_WINDOWS and len(str(folder)) > LONGEST_WINDOWS_PATH:
            yield Finding(
                "folders", WARN, f"{folder} is a long path: choose a shorter one before file names reach 260 characters"
            )
        else:
            yield Finding("folders", OK, f"{name}: {folder}")


def _host(check: str, problem: str, fine: str) -> Iterator[Finding]:
    yield Finding(check, WARN if problem else OK, problem or fine)


def _secrets(settings: Settings) -> Iterator[Finding]:
    try:
        if given_secret(settings) is not None:
            yield Finding("secrets", OK, "the service secret is named by the settings, the same on every host")
            return
    except ServiceError as error:
        yield Finding("secrets", FAIL, error.message)
        return
    secret = settings.secrets_path / SECRET_FILE
    if not secret.exists():
        yield Finding("secrets", WARN, f"{secret} does not exist: auth_service makes it at its first start")
    elif not os.access(secret, os.R_OK):
        yield Finding(
            "secrets",
            FAIL,
            f"{secret} cannot be read by this account: every service account needs the right to read it",
        )
    elif not IS_WINDOWS and secret.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Finding("secrets", WARN, f"{secret} can be read by others: chmod 600 {secret}")
    elif IS_WINDOWS:  # its rights are access lists, which the installer sets
        yield Finding("secrets", OK, "readable by this account")
    else:
        yield Finding("secrets", OK, "readable by this account only")


def _database(settings: Settings) -> Iterator[Finding]:
    if settings.database_url:
        yield Finding("database", OK, "elsewhere (ROUTING_ML_DATABASE_URL); auth_service tells whether it answers")
        return
    path = settings.state_dir / "routing.db"
    if not path.exists():
        yield Finding("database", WARN, f"There is no {path}: auth_service makes it at its first start")
        return
    try:
        with contextlib.closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
        ) as connection:
            said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
            revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        yield Finding(
            "database", FAIL, f"{path} cannot be used ({error}): stop the services and run `routing-ml restore BACKUP`"
        )
        return
    from auth_service.store.schema import newest

    if said != "ok":
        yield Finding(
            "database", FAIL, f"{path} is damaged ({said}): stop the services and run `routing-ml restore BACKUP`"
        )
    elif not revision or revision[0] != newest():
        known = revision[0] if revision else "none"
        yield Finding(
            "database",
            WARN,
            f"Its schema is {known}, the program's {newest()}: auth_service migrates it when it starts",
        )
    else:
        yield Finding("database", OK, f"whole, schema {revision[0]}")


def _processes(settings: Settings) -> Iterator[Finding]:
    import asyncio

    async def ask() -> dict[str, tuple[bool, bool]]:
        found = {}
        for name, probe in probes_of(settings).items():
            answers = await probe.answers()
            found[name] = (answers, answers and await probe.ready())
            await probe.close()
        return found

    for name, (answers, ready) in asyncio.run(ask()).items():
        host, port = settings.bind_host, int(name.rpartition("-")[2])
        log = settings.logs_path / f"{name}.jsonl"
        if ready:
            yield Finding("processes", OK, f"{name} serves")
        elif answers:
            yield Finding("processes", FAIL, f"{name} answers and is not ready: see what it waits for in {log}")
        elif port_is_free(host, port):
            start = (
                f"start its service, then see {log}"
                if IS_WINDOWS
                else f"start it with `{command('up')}`, then see {log}"
            )
            yield Finding("processes", FAIL, f"{name} does not run: {start}")
        else:
            yield Finding(
                "processes",
                FAIL,
                f"Port {port} is taken and does not answer like {name}: stop the other program, or choose another port",
            )


def _health(settings: Settings) -> Iterator[Finding]:
    status, body = gateway_answer(settings.gateway_host, settings.gateway_port, "/health")
    said = str(body.get("status") or "")
    if not status:
        yield Finding("predictions", FAIL, "The gateway does not answer: nothing can be predicted")
    elif said == "ok":
        yield Finding("predictions", OK, "every dependency answers")
    else:
        yield Finding("predictions", WARN if status == 200 else FAIL, f"{said}: {body.get('detail')}")


def _models(settings: Settings) -> Iterator[Finding]:
    rules = artifact_rules()
    folders = [path for path in sorted(settings.models_dir.iterdir()) if path.is_dir() and path.name[0] != "."]
    if not folders:
        yield Finding(
            "models", WARN, f"There is no version in {settings.models_dir}: train one, or adopt one from elsewhere"
        )
    for folder in folders:
        lacking = [rule.path for rule in rules.required if not (folder / rule.path).is_file()]
        if lacking:
            yield Finding("models", WARN, f"{folder.name} lacks {', '.join(lacking)}: restore it, or delete the folder")
        elif not (folder / rules.manifest_file).is_file():
            yield Finding("models", WARN, f"{folder.name} has no {rules.manifest_file}: run `routing-ml models check`")
        else:
            yield Finding("models", OK, f"{folder.name} is complete (hashes: `routing-ml models check`)")


def _source(dataset: Path | None) -> Iterator[Finding]:
    if dataset is None:
        yield Finding(
            "source", OK, "that of the settings document; `routing-ml access diagnose FILE` looks into a file"
        )
        return
    from source.diagnosis import diagnose

    found = diagnose(dataset)
    yield Finding("source", OK if found.ok else FAIL, found.verdict)
    for warning in found.warnings:
        yield Finding("source", WARN, warning)


def _training(settings: Settings) -> Iterator[Finding]:
    from trainer.status_file import FAILED, read_status, status_path

    status = read_status(status_path(settings.run_path, None))
    holder = read_holder(settings.run_path / TRAINING_LOCK)
    if holder is not None:
        yield Finding("training", OK, f"runs: {holder.describe()}")
    elif status.status == FAILED:
        yield Finding("training", WARN, f"The last training failed: {status.message}")
    else:
        yield Finding("training", OK, status.message or "none has run yet")


def _errors(settings: Settings) -> Iterator[Finding]:
    lines = (
        list(merged_lines(settings.logs_path, choice(level="error", since="1h"))) if settings.logs_path.is_dir() else []
    )
    if lines:
        last = lines[-1]
        said = f"{last.get('instance')}: {last.get('event')} {last.get('error') or last.get('message') or ''}".strip()
        yield Finding(
            "log",
            WARN,
            f"{len(lines)} errors in the last hour, the last of {said}. See `routing-ml logs --level error`",
        )
    else:
        yield Finding("log", OK, "no error in the last hour")


def _pages(settings: Settings) -> Iterator[Finding]:
    for name, index, cure in (
        ("screens", settings.frontend_dir / "index.html", "build the frontend, or set ROUTING_ML_FRONTEND_DIR"),
        (
            "documents",
            settings.docs_dir / "ko" / "index.html",
            "run `python3 manage.py docs`, or set ROUTING_ML_DOCS_DIR",
        ),
    ):
        if index.is_file():
            yield Finding("pages", OK, f"{name}: {index.parent}")
        else:
            yield Finding("pages", WARN, f"The {name} are not at {index.parent}: {cure}")


def known_dataset(settings: Settings) -> Path | None:
    """The source as far as it is known without auth_service: of the run that is alive, else of the settings."""
    record = running_record(settings.run_path)
    if record is not None and record.dataset:
        return Path(record.dataset)
    return settings.dataset or settings.initial_dataset
