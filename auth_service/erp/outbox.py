"""The outbox: messages and their content in a SQLite file (WAL) of the state folder. What `close_arrival` has returned survives anything.

Content lies in parts, so that neither taking it in nor sending it needs the whole in memory. One thread at a time.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from common.errors import DataProblem, InvalidInput, NotFound, PreconditionFailed, TooManyRequests, Unavailable
from common.notices import from_field
from common.private_files import private_folder

STATES: Final = ("pending", "sending", "delivered", "failed", "cancelled")
PART_BYTES: Final = 256 * 1024
MOST_BYTES: Final = 512 * 1024 * 1024
MOST_WAITING: Final = 10_000
KEPT_SECONDS: Final = 90 * 86_400.0

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS messages (
    message_id TEXT PRIMARY KEY, kind TEXT NOT NULL, subject_id TEXT NOT NULL, subject_name TEXT NOT NULL,
    format TEXT NOT NULL, channel TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt_at REAL NOT NULL DEFAULT 0, last_error TEXT NOT NULL DEFAULT '', last_status INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0, sha256 TEXT NOT NULL DEFAULT '', created_by TEXT NOT NULL, created_at REAL NOT NULL,
    delivered_at REAL NOT NULL DEFAULT 0, target TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS messages_due ON messages (state, next_attempt_at);
CREATE INDEX IF NOT EXISTS messages_subject ON messages (subject_id, created_at);
CREATE TABLE IF NOT EXISTS parts (
    message_id TEXT NOT NULL REFERENCES messages ON DELETE CASCADE, number INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (message_id, number)
) STRICT;
"""


@dataclass(frozen=True)
class Message:
    """A message; see ErpMessage in erp.proto. Times in seconds since 1970 UTC."""

    message_id: str
    kind: str
    subject_id: str
    subject_name: str
    format: str
    channel: str
    created_by: str
    created_at: float
    state: str = "pending"
    attempts: int = 0
    next_attempt_at: float = 0.0
    last_error: str = ""
    last_status: int = 0
    bytes: int = 0
    sha256: str = ""
    delivered_at: float = 0.0
    target: str = ""


COLUMNS: Final = tuple(field.name for field in fields(Message))


class Outbox:
    """The file and the units of work on it."""

    def __init__(self, path: Path) -> None:
        """Open or create it; what was on its way when the last process ended waits again.

        Raises:
            Unavailable: the file cannot be opened. DataProblem: it is damaged.
        """
        self._path, self._lock = path, threading.Lock()
        try:
            private_folder(path.parent)
            self._connection = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise Unavailable(f"The ERP outbox {path} cannot be opened ({error}): grant write access") from error
        with self._told():
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.executescript(SCHEMA)
        self._wait_again()

    def _wait_again(self) -> None:
        """What was on its way when the last process ended waits again, what had not come whole is dropped."""
        with self._writing() as run:
            run("DELETE FROM messages WHERE state = 'arriving'")
            run("UPDATE messages SET state = 'pending' WHERE state = 'sending'")

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def open_arrival(self, message: Message) -> None:
        """Begin to take a message in; nobody sees it before `close_arrival`.

        Raises:
            TooManyRequests: too many messages wait already.
        """
        with self._writing() as run:
            (waiting,) = run(
                "SELECT count(*) FROM messages WHERE state IN ('pending', 'sending', 'arriving')"
            ).fetchone()
            if waiting >= MOST_WAITING:
                raise TooManyRequests(
                    f"{waiting:,} messages wait for the ERP already: see why with `routing-ml erp status`"
                )
            values = [getattr(message, name) if name != "state" else "arriving" for name in COLUMNS]
            marks = ", ".join("?" * len(COLUMNS))
            run(f"INSERT INTO messages ({', '.join(COLUMNS)}) VALUES ({marks})", values)  # noqa: S608

    def add_part(self, message_id: str, number: int, data: bytes) -> None:
        """Append content."""
        with self._writing() as run:
            run("INSERT INTO parts VALUES (?, ?, ?)", (message_id, number, data))

    def close_arrival(self, message_id: str, content: hashlib._Hash, size: int, now: float) -> Message:
        """Put the message into the queue, durably.

        Args:
            content: SHA-256 over all parts; size in bytes.
        """
        with self._writing() as run:
            run(
                "UPDATE messages SET state = 'pending', sha256 = ?, bytes = ?, next_attempt_at = ? WHERE message_id = ?",
                (content.hexdigest(), size, now, message_id),
            )
        return self.get(message_id)

    def abandon_arrival(self, message_id: str) -> None:
        """Drop a message that has not come whole."""
        with self._writing() as run:
            run("DELETE FROM messages WHERE message_id = ? AND state = 'arriving'", (message_id,))

    def get(self, message_id: str) -> Message:
        """A message. Raises NotFound."""
        rows = self._read("WHERE message_id = ? AND state != 'arriving'", (message_id,))
        if not rows:
            raise NotFound(f"There is no ERP message {message_id!r}")
        return rows[0]

    def page(
        self, *, state: str = "", subject_id: str = "", created_by: str = "", limit: int = 50, offset: int = 0
    ) -> tuple[list[Message], int]:
        """Messages that match, newest first, and how many there are on all pages.

        Raises:
            InvalidInput: the state does not exist.
        """
        if state and state not in STATES:
            raise InvalidInput(f"state is {state!r}; it must be one of {', '.join(STATES)}")
        wanted = {"state": state, "subject_id": subject_id, "created_by": created_by}
        given = {name: value for name, value in wanted.items() if value}
        where = " AND ".join(["state != 'arriving'", *(f"{name} = ?" for name in given)])
        values = list(given.values())
        with self._reading() as run:
            (total,) = run(f"SELECT count(*) FROM messages WHERE {where}", values).fetchone()  # noqa: S608
        order = "ORDER BY created_at DESC, message_id LIMIT ? OFFSET ?"
        return self._read(f"WHERE {where} {order}", [*values, limit, offset]), int(total)

    def content(self, message_id: str, number: int) -> bytes | None:
        """A part of a message's content; None after the last."""
        with self._reading() as run:
            row = run("SELECT data FROM parts WHERE message_id = ? AND number = ?", (message_id, number)).fetchone()
        return None if row is None else bytes(row[0])

    def next_due(self, now: float) -> tuple[Message | None, float]:
        """A message whose time has come (now `sending`), or None and when the next one is due (infinity: none waits)."""
        with self._writing() as run:
            row = run(
                "SELECT message_id, next_attempt_at FROM messages WHERE state = 'pending' ORDER BY next_attempt_at LIMIT 1"
            ).fetchone()
            if row is None:
                return None, float("inf")
            if row[1] > now:
                return None, float(row[1])
            run("UPDATE messages SET state = 'sending' WHERE message_id = ?", (row[0],))
        return self.get(row[0]), now

    def note(self, message_id: str, changes: Mapping[str, object]) -> Message:
        """Write down what became of an attempt."""
        with self._writing() as run:
            names = ", ".join(f"{name} = ?" for name in changes)
            run(f"UPDATE messages SET {names} WHERE message_id = ?", (*changes.values(), message_id))  # noqa: S608
        return self.get(message_id)

    def retry(self, message_id: str, now: float) -> Message:
        """Have a message sent again at once, with all attempts before it.

        Raises:
            NotFound. PreconditionFailed: it has been delivered or is on its way.
        """
        message = self.get(message_id)
        self._need(message, ("pending", "failed", "cancelled"), "sent again")
        return self.note(message_id, {"state": "pending", "next_attempt_at": now, "attempts": 0})

    def cancel(self, message_id: str) -> Message:
        """Take a message out of the queue.

        Raises:
            NotFound. PreconditionFailed: it has been delivered or is on its way.
        """
        message = self.get(message_id)
        self._need(message, ("pending", "failed"), "cancelled")
        return self.note(message_id, {"state": "cancelled", "next_attempt_at": 0.0})

    @staticmethod
    def _need(message: Message, states: Sequence[str], what: str) -> None:
        if message.state not in states:
            raise PreconditionFailed(
                f"Message {message.message_id} is {message.state}; only one that is {' or '.join(states)} can be {what}",
                reason="WRONG_STATE",
            )

    def counts(self) -> dict[str, int]:
        """Messages by state; every state is there."""
        with self._reading() as run:
            found = dict(run("SELECT state, count(*) FROM messages GROUP BY state").fetchall())
        return {state: int(found.get(state, 0)) for state in STATES}

    def oldest_waiting(self) -> tuple[float, str]:
        """When the oldest waiting message was put in (0: none waits), and the newest error of those that wait or failed."""
        with self._reading() as run:
            (oldest,) = run("SELECT min(created_at) FROM messages WHERE state IN ('pending', 'sending')").fetchone()
            row = run(
                "SELECT last_error FROM messages WHERE last_error != '' AND state IN ('pending', 'sending', 'failed') "
                "ORDER BY created_at DESC LIMIT 1"
            ).fetchone()
        return float(oldest or 0.0), from_field(str(row[0])) if row else ""

    def forget_old(self, now: float) -> int:
        """Delete what was delivered or cancelled a quarter of a year ago; returns how many."""
        with self._writing() as run:
            gone = run(
                "DELETE FROM messages WHERE state IN ('delivered', 'cancelled') AND created_at < ? AND delivered_at < ?",
                (now - KEPT_SECONDS, now - KEPT_SECONDS),
            )
            return int(gone.rowcount)

    def _read(self, condition: str, values: Sequence[object]) -> list[Message]:
        with self._reading() as run:
            rows = run(f"SELECT {', '.join(COLUMNS)} FROM messages {condition}", values).fetchall()  # noqa: S608
        read = [Message(**dict(zip(COLUMNS, row, strict=True))) for row in rows]
        return [replace(message, last_error=from_field(message.last_error)) for message in read]

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        with self._told(), self._lock:
            yield self._connection.execute

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        with self._told(), self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection.execute
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise Unavailable(
                f"The ERP outbox {self._path} cannot be used now ({error}): free disk space, or grant write access",
                reason="OUTBOX_UNAVAILABLE",
                retry_after=5.0,
            ) from error
        except sqlite3.DatabaseError as error:
            raise DataProblem(
                f"The ERP outbox {self._path} is damaged ({error}): stop auth_service, move the file away and start it again",
                reason="OUTBOX_DAMAGED",
            ) from error
