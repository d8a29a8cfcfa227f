"""The outbox in the control plane's database: where several copies of auth_service take turns, the active one goes on with it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from auth_service.erp.outbox import COLUMNS, Message, Outbox
from auth_service.store.database import Database
from common.logs import get_logger

log = get_logger(__name__)

_WHOLE = f"SELECT {', '.join(COLUMNS)} FROM messages WHERE state != 'arriving'"  # noqa: S608 - names of this program
_TABLES = re.compile(r"\b(messages|parts)\b")


class DatabaseOutbox(Outbox):
    """The same units of work on tables of PostgreSQL, each fenced as every other one that writes."""

    def __init__(self, database: Database) -> None:
        """Begin; what was on its way when the last process ended waits again.

        Raises:
            Unavailable: the database does not answer, or another copy is active.
        """
        self._database = database
        self._wait_again()

    def close(self) -> None:
        """Nothing: the database stays open."""

    def take_over(self, path: Path) -> int:
        """Move the messages of an outbox that was a file; returns how many. The file is kept beside it, under another name."""
        if not path.exists():
            return 0
        with closing(sqlite3.connect(path)) as connection:
            rows = connection.execute(_WHOLE).fetchall()
            parts = connection.execute(
                "SELECT message_id, number, data FROM parts WHERE message_id IN "
                "(SELECT message_id FROM messages WHERE state != 'arriving')"
            ).fetchall()
        with self._writing() as run:
            known = {row[0] for row in run("SELECT message_id FROM messages").fetchall()}
            marks = ", ".join("?" * len(COLUMNS))
            for row in rows:
                if row[0] not in known:
                    message = Message(**dict(zip(COLUMNS, row, strict=True)))
                    state = "pending" if message.state == "sending" else message.state
                    values = [state if name == "state" else getattr(message, name) for name in COLUMNS]
                    run(f"INSERT INTO messages ({', '.join(COLUMNS)}) VALUES ({marks})", values)  # noqa: S608
            for part in parts:
                if part[0] not in known:
                    run("INSERT INTO parts VALUES (?, ?, ?)", part)
        path.replace(path.with_name(f"{path.name}.moved"))
        log.info("the ERP outbox is in the database from now on", messages=len(rows))
        return len(rows)

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        with self._database.reading() as session:
            yield _runner(session)

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        with self._database.writing() as session:
            yield _runner(session)


def _runner(session: Session) -> Any:
    connection = session.connection()

    def run(statement: str, values: Sequence[object] = ()) -> Any:
        return connection.exec_driver_sql(_TABLES.sub(r"erp_\1", statement).replace("?", "%s"), tuple(values))

    return run
