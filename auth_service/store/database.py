"""The control-plane database: one engine, one writer, one unit of work a transaction. SQLite (WAL) or PostgreSQL by URL.

Readers see a snapshot and never wait. Writers go one after the other: by a lock inside the process, by BEGIN IMMEDIATE (SQLite) or an
advisory lock (PostgreSQL) between processes. Every failure of the database leaves here as a ServiceError that says what to do.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, make_url, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session

from common.database_copy import RESTORE_COMMAND
from common.errors import Conflict, DataProblem, InvalidInput, ServiceError, Unavailable
from common.finishing import finished
from common.settings import Settings

Result = TypeVar("Result")

BUSY_SECONDS = 5.0
READERS = 4
WRITER_LOCK = 7_266_014_501
"""Number of the PostgreSQL advisory lock that writers of this product take."""

POSTGRESQL_CONNECTION = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""A server that vanishes without a word (a pulled cable) is noticed within half a minute, not after the system's two hours."""


IDLE_MS = 5_000
"""A writer that falls silent within a transaction, as one whose host has vanished, holds up the others no longer than this."""


class Base(DeclarativeBase):
    """Base of all tables. Times are seconds since 1970 UTC, documents are JSON text."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Database:
    """Units of work on the control-plane database.

    Args:
        url: SQLAlchemy URL; `postgresql://` and `postgres://` mean psycopg, with several hosts separated by commas where there
            are replicas: the one that can be written to is used.
        busy_seconds: how long a writer waits for another before it gives up.

    Attributes:
        fence: called at the begin of every unit of work that writes; raises where this process may not write any more.
    """

    def __init__(self, url: str, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.url = make_url(several_hosts(url))
        if self.url.drivername in ("postgres", "postgresql"):
            self.url = self.url.set(drivername="postgresql+psycopg")
        self.busy_seconds = busy_seconds
        self.fence: Callable[[Session], None] | None = None
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._lock = threading.Lock()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="database-read")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="database-write")
        if self.file is not None:
            _create_for_owner(self.file)
        self.engine = self.new_engine()

    @classmethod
    def of(cls, settings: Settings) -> Database:
        """The database that the settings name."""
        return cls(settings.sqlalchemy_url)

    @property
    def file(self) -> Path | None:
        """The SQLite file; None on PostgreSQL."""
        return Path(str(self.url.database)) if self.is_sqlite else None

    @property
    def name(self) -> str:
        """The database for people, without a password."""
        return str(self.file) if self.is_sqlite else self.url.render_as_string(hide_password=True)

    def new_engine(self, *, foreign_keys: bool = True) -> Engine:
        """An engine of its own (migrations run one without foreign keys, as SQLite rebuilds tables)."""
        if not self.is_sqlite:
            engine = create_engine(
                self.url, pool_pre_ping=True, pool_size=READERS + 2, connect_args=POSTGRESQL_CONNECTION
            )
        else:
            engine = create_engine(self.url, pool_size=READERS + 2, connect_args={"timeout": self.busy_seconds})
            _prepare_sqlite(engine, foreign_keys=foreign_keys)
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "before_cursor_execute", _refuse_what_cannot_be_stored)
        return engine

    def _begin(self, connection: Connection) -> None:
        writing = connection.get_execution_options().get("writing", False)
        if self.is_sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
        elif writing:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(self.busy_seconds * 1000)}")
            connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = {IDLE_MS}")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """A unit of work that only reads, on one snapshot.

        Raises:
            Unavailable: locked, unreachable or full. DataProblem: corrupt.
        """
        with (
            self.translating(),
            self.engine.connect() as connection,
            Session(connection, expire_on_commit=False) as session,
        ):
            yield session

    @contextlib.contextmanager
    def writing(self) -> Iterator[Session]:
        """A unit of work that is committed when the block ends well and leaves no trace when it does not.

        Raises:
            Unavailable: locked, unreachable or full. Conflict: a constraint was broken. DataProblem: corrupt.
        """
        if not self._lock.acquire(timeout=self.busy_seconds * 2):
            raise Unavailable(
                "The control-plane database is busy: try again in a moment", reason="DATABASE_BUSY", retry_after=1.0
            )
        try:
            with (
                self.translating(),
                self.engine.connect().execution_options(writing=True) as connection,
                connection.begin(),
                Session(connection, expire_on_commit=False, join_transaction_mode="rollback_only") as session,
            ):
                if self.fence is not None:
                    self.fence(session)
                yield session
                session.flush()
            for action in session.info.get("after_commit", ()):
                action()
        finally:
            self._lock.release()

    async def read(self, action: Callable[[Session], Result]) -> Result:
        """Run `action(session)` as a reading unit of work on a thread of the pool."""

        def work() -> Result:
            with self.reading() as session:
                return action(session)

        return await _finish(self._readers, work)

    async def write(self, action: Callable[[Session], Result]) -> Result:
        """Run `action(session)` as a writing unit of work on the writer's thread.

        Once begun it is finished even when the caller stops waiting, so that a result is never half known.
        """

        def work() -> Result:
            with self.writing() as session:
                return action(session)

        return await _finish(self._writer, work)

    def check(self) -> None:
        """Open the database and look it through.

        Raises:
            DataProblem: it is corrupt; the message has the restore command.
            Unavailable: it cannot be reached or opened.
        """
        with self.translating(), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execute(text("SELECT 1"))
                self._ensure_schema(connection)
                return
            findings = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA quick_check(5)")]
        if findings != ["ok"]:
            raise self._corrupt("; ".join(findings))

    def _ensure_schema(self, connection: Connection) -> None:
        """Make the schema that the URL chooses, where it chooses one that is not there yet, as for a new site."""
        chosen = re.search(r"search_path=(\w+)", str(self.url.query.get("options", "")))
        if chosen is not None and connection.execute(text("SELECT current_schema()")).scalar() is None:
            connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{chosen[1]}"'))
            connection.commit()

    def _corrupt(self, finding: str) -> DataProblem:
        return DataProblem(
            f"The control-plane database {self.name} is damaged ({finding}): stop auth_service and run "
            f"`{RESTORE_COMMAND}` with the newest backup; the damaged file is kept beside it",
            reason="DATABASE_CORRUPT",
        )

    @contextlib.contextmanager
    def translating(self) -> Iterator[None]:
        """Turn errors of the driver into ServiceErrors."""
        try:
            yield
        except (DBAPIError, sqlite3.Error, PoolTimeout) as error:
            raise self._translate(error) from error
        except (UnicodeEncodeError, OverflowError) as error:
            raise InvalidInput(
                "A text holds half a character, or a number is larger than any that is stored"
            ) from error

    def _translate(self, error: Exception) -> ServiceError:
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        words = cause.lower()
        if isinstance(error, IntegrityError):
            return Conflict(f"The change breaks a rule of the database ({cause})", reason="CONSTRAINT")
        if isinstance(error, DataError) or any(
            sign in words for sign in ("pattern too complex", "string or blob too big")
        ):
            return InvalidInput(
                f"A value of the request cannot be stored or looked for: {cause}", reason="VALUE_REFUSED"
            )
        if any(sign in words for sign in ("locked", "lock timeout", "busy", "queuepool")):
            return Unavailable(
                f"The control-plane database {self.name} is locked by another program: close it or try again in a moment",
                reason="DATABASE_BUSY",
                retry_after=1.0,
            )
        if any(sign in words for sign in ("malformed", "not a database", "corrupt")):
            return self._corrupt(cause)
        if any(sign in words for sign in ("is full", "disk i/o", "no space left")):
            return Unavailable(
                f"The control-plane database {self.name} cannot be written ({cause}): free disk space; nothing was changed",
                reason="DISK_FULL",
            )
        if not self.is_sqlite and "read-only" in words:  # it was the primary until a replica took over
            self.engine.dispose()
            return Unavailable(
                f"The control-plane database {self.name} only reads at the moment ({cause}): another server is taking over; "
                "try again in a moment",
                reason="DATABASE_READ_ONLY",
                retry_after=1.0,
            )
        if any(sign in words for sign in ("readonly", "read-only", "unable to open")):
            return Unavailable(
                f"The control-plane database {self.name} cannot be opened for writing ({cause}): "
                "give the service account write access to the file and its folder",
                reason="DATABASE_READ_ONLY",
            )
        if "no such table" in words or "does not exist" in words:
            return Unavailable(
                f"The control-plane database {self.name} lacks a table ({cause}): run `python -m auth_service migrate`"
            )
        if isinstance(error, DBAPIError) and not isinstance(error, IntegrityError) and not self.is_sqlite:
            return Unavailable(f"The control-plane database {self.name} failed ({cause})", retry_after=1.0)
        return DataProblem(f"The control-plane database {self.name} failed ({cause})")

    def close(self) -> None:
        """Finish what is running and let go of the file."""
        self._writer.shutdown()
        self._readers.shutdown()
        self.engine.dispose()


def several_hosts(url: str) -> str:
    """A PostgreSQL URL with several hosts (`//user@db1:5432,db2:5432/routing`) as SQLAlchemy writes it; others as they are.

    Of several servers the one that takes writes is wanted, unless the URL says otherwise.
    """
    scheme, found, rest = url.partition("://")
    place, _, path = rest.partition("/")
    account, at, hosts = place.rpartition("@")
    if not found or not scheme.startswith("postgres") or "," not in hosts:
        return url
    database, _, query = path.partition("?")
    parts = [f"host={host}" if ":" in host else f"host={host}:5432" for host in hosts.split(",") if host]
    parts += [query] if query else []
    if "target_session_attrs" not in query:
        parts.append("target_session_attrs=read-write")
    return f"{scheme}://{account}{at}/{database}?{'&'.join(parts)}"


def _refuse_what_cannot_be_stored(
    _connection: Connection, _cursor: Any, _statement: str, parameters: Any, _context: Any, _many: bool
) -> None:
    """Refuse NUL characters for every engine alike: PostgreSQL cannot store them, and SQLite would."""
    if _holds_nul(parameters):
        raise InvalidInput("A text of the request holds a NUL character, which cannot be stored or looked for")


def _holds_nul(value: Any) -> bool:
    """Whether a text among the parameters of a statement, in rows or not, holds a NUL character."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(map(_holds_nul, value.values()))
    return isinstance(value, list | tuple) and any(map(_holds_nul, value))


def _prepare_sqlite(engine: Engine, *, foreign_keys: bool) -> None:
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the begin event starts transactions; the driver would start them too late
        cursor = connection.cursor()
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")
            cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        finally:
            cursor.close()

    event.listen(engine, "connect", prepare)


def _create_for_owner(path: Path) -> None:
    """Create an empty file that only its owner may read; what SQLite adds beside it gets the same rights.

    A file that exists is not even opened: closing it again would drop the locks that SQLite holds on it in this process (POSIX).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):  # a folder that cannot be written is told when SQLite opens the file
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def after_commit(session: Session, action: Callable[[], None]) -> None:
    """Have `action` run once the unit of work of `session` is committed; it is not when the unit fails."""
    session.info.setdefault("after_commit", []).append(action)


async def _finish(pool: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
    context = contextvars.copy_context()  # the request's id belongs into what is logged and audited on the thread
    return await finished(asyncio.get_running_loop().run_in_executor(pool, lambda: context.run(work)))
