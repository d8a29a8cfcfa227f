"""Copies of the control plane's database, made while it is in use: SQLite by its online backup, PostgreSQL by its own pg_dump.

Needs nothing but the standard library, so that a command that saves starts at once. Each copy shows one moment, however many write.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from common.errors import AlreadyExists, DataProblem, PreconditionFailed, Unavailable
from common.files import replace, sync_folder, temporary_name

SIDE_FILES: Final = ("-wal", "-shm")
RESTORE_COMMAND: Final = "python -m auth_service restore FILE"
BUSY_SECONDS: Final = 10.0
DUMP_MAGIC: Final = b"PGDMP"
"""First bytes of what `pg_dump --format=custom` writes."""


@dataclass(frozen=True)
class Saved:
    """A copy: its size and the migration of the schema in it."""

    bytes: int
    migration: str


def sqlite_file(url: str) -> Path | None:
    """The file of a `sqlite:///` URL; None for another database."""
    return Path(url.removeprefix("sqlite:///").partition("?")[0]) if url.startswith("sqlite:///") else None


def save(url: str, target: Path) -> Saved:
    """Save the database at a SQLAlchemy URL to `target`, all or nothing, and look the copy through.

    Raises:
        AlreadyExists: `target` exists. PreconditionFailed: there is no database, or no pg_dump.
        Unavailable: it cannot be reached or read now. DataProblem: it is damaged. OSError: `target` cannot be written.
    """
    source = sqlite_file(url)
    if source is not None and (not source.is_file() or not source.stat().st_size):
        raise PreconditionFailed(f"There is no database {source} to save")
    if target.exists():
        raise AlreadyExists(f"{target} exists: choose another name")
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(target) as temporary:
        if source is not None:
            with _told(source):
                copy_sqlite(source, temporary)
            return inspect(temporary)
        return _dump(url, temporary)


@contextlib.contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A temporary file beside `target` that takes its place, durably, when the block ends well; nothing stays when it does not."""
    temporary = temporary_name(target)
    try:
        yield temporary
        with open(temporary, "r+b") as stream:
            os.fsync(stream.fileno())
        replace(temporary, target)
        sync_folder(target.parent)
    finally:
        for path in (temporary, *side_files(temporary)):
            path.unlink(missing_ok=True)


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite database to a new file that only its owner may read.

    All pages in one step: between steps a commit of somebody else makes the copy begin anew, beside busy writers without end.
    """
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        contextlib.closing(sqlite3.connect(str(source), timeout=BUSY_SECONDS)) as reading,
        contextlib.closing(sqlite3.connect(str(target))) as writing,
    ):
        writing.execute("PRAGMA synchronous = OFF")  # the whole file is made durable once it is whole
        reading.backup(writing, pages=-1)
        writing.execute("PRAGMA journal_mode = DELETE")  # one file, whatever mode the source was in


def inspect(path: Path) -> Saved:
    """Look a SQLite file through.

    Raises:
        DataProblem: it is no database of this product, or is damaged.
    """
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path.absolute().as_posix()}?mode=ro", uri=True)) as connection:
            findings = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
            if findings != ["ok"]:
                raise DataProblem(
                    f"{path} is damaged ({'; '.join(findings)}): use another backup", reason="BACKUP_DAMAGED"
                )
            migration = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise DataProblem(
            f"{path} is no backup of the control plane ({error}): use another file", reason="BACKUP_DAMAGED"
        ) from error
    if migration is None:
        raise DataProblem(f"{path} holds no tables of the control plane: use another file", reason="BACKUP_DAMAGED")
    return Saved(path.stat().st_size, str(migration[0]))


def inspect_dump(path: Path) -> Saved:
    """Look a dump of PostgreSQL through: pg_restore reads all of it.

    Raises:
        DataProblem: it is no dump of this product, or is damaged. PreconditionFailed: there is no pg_restore.
    """
    with open(path, "rb") as stream:
        if stream.read(len(DUMP_MAGIC)) != DUMP_MAGIC:
            raise DataProblem(f"{path} is no dump that pg_dump --format=custom wrote", reason="BACKUP_DAMAGED")
    read = _run_tool(
        [postgresql_tool("pg_restore"), "--data-only", "--table=alembic_version", "--file=-", str(path)], {}
    )
    whole = _run_tool([postgresql_tool("pg_restore"), "--file=" + os.devnull, str(path)], {})
    found = re.search(r"^COPY [^\n]*alembic_version[^\n]*\n([0-9a-z_]+)\n", read.stdout, re.MULTILINE)
    if read.returncode or whole.returncode or found is None:
        said = (read.stderr or whole.stderr).strip() or "it holds no tables of the control plane"
        raise DataProblem(f"{path} is damaged ({said}): use another backup", reason="BACKUP_DAMAGED")
    return Saved(path.stat().st_size, found[1])


def restore_dump(url: str, source: Path) -> None:
    """Put a dump in the place of the tables of a PostgreSQL database, in one transaction: all or nothing.

    Raises:
        PreconditionFailed: there is no pg_restore. Unavailable: it failed; nothing was changed.
    """
    address, variables = _libpq(url)
    options = ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"]
    done = _run_tool([postgresql_tool("pg_restore"), *options, f"--dbname={address}", str(source)], variables)
    if done.returncode:
        raise Unavailable(f"{address} was not restored, nothing was changed: {done.stderr.strip()}")


def postgresql_tool(name: str) -> str:
    """Path of a program of PostgreSQL: on the PATH, in PG_BIN, or where the packages for Linux and Windows put the newest.

    Raises:
        PreconditionFailed: it is not here.
    """
    found = shutil.which(name, path=os.environ.get("PG_BIN")) or shutil.which(name)
    if found:
        return found
    usual = [
        path
        for pattern in (f"/usr/lib/postgresql/*/bin/{name}", f"C:/Program Files/PostgreSQL/*/bin/{name}.exe")
        for path in Path(Path(pattern).anchor or "/").glob(pattern[len(Path(pattern).anchor) :])
    ]
    if not usual:
        raise PreconditionFailed(
            f"{name} is needed for a database on PostgreSQL: install PostgreSQL's client programs, of the server's version "
            "or newer, and name their folder in PATH or PG_BIN",
            reason="POSTGRESQL_TOOLS_MISSING",
        )
    return str(max(usual, key=lambda path: [int(part) for part in re.findall(r"\d+", path.parts[-3])]))


def side_files(path: Path) -> list[Path]:
    """What SQLite may keep beside a database."""
    return [path.with_name(path.name + suffix) for suffix in (*SIDE_FILES, "-journal")]


def _dump(url: str, target: Path) -> Saved:
    address, variables = _libpq(url)
    tool = postgresql_tool("pg_dump")
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    done = _run_tool([tool, "--format=custom", "--no-owner", f"--file={target}", f"--dbname={address}"], variables)
    if done.returncode:
        raise Unavailable(f"pg_dump could not save {address}: {done.stderr.strip()}", reason="BACKUP_FAILED")
    return inspect_dump(target)


def _run_tool(command: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


def _libpq(url: str) -> tuple[str, dict[str, str]]:
    """The URL for PostgreSQL's programs, without its password, and the variable that hands that over unseen by `ps`."""
    parts = urlsplit(url)
    account, at, host = parts.netloc.rpartition("@")
    user, _, password = account.partition(":")
    address = urlunsplit(("postgresql", f"{user}{at}{host}", parts.path, parts.query, ""))
    return address, {"PGPASSWORD": unquote(password)} if password else {}


@contextlib.contextmanager
def _told(source: Path) -> Iterator[None]:
    """Say of SQLite's errors what to do."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise Unavailable(
            f"The control-plane database {source} cannot be copied now ({error}): nothing was saved; free disk space, "
            "or try again in a moment",
            reason="BACKUP_FAILED",
        ) from error
    except sqlite3.DatabaseError as error:
        raise DataProblem(
            f"The control-plane database {source} is damaged ({error}): stop auth_service and run `{RESTORE_COMMAND}` "
            "with the newest backup; the damaged file is kept beside it",
            reason="DATABASE_CORRUPT",
        ) from error
