"""Which copy of auth_service is active where several share one PostgreSQL: a lease in the database, renewed twice a second.

The lease goes by the database's clock, so that the clocks of the hosts do not matter. A copy that cannot renew it stops before it
ends; the epoch, which grows with every change of hands, is checked by every unit of work that writes, so that a copy that was away
for a while changes nothing any more. There are never two that are active. A unit of work that is being done when the lease ends is
waited for; one whose copy has fallen silent within it is ended by the database, uncommitted, so that nobody waits for a host that is gone.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from auth_service.store.database import WRITER_LOCK, Database
from common.errors import ServiceError, Unavailable
from common.logs import get_logger
from common.rpc.balancing import STANDBY

log = get_logger(__name__)

LEASE_SECONDS = 3.0
"""How long a copy is active without renewing: the longest time without any is this and a moment."""
RENEW_SECONDS = 0.5
MARGIN_SECONDS = 0.6
"""A copy stops this long before its lease ends, so that calls it has begun are over."""
STATEMENT_MS = 1_500
SILENT_MS = 1_000
"""Who holds the writers' lock or that of a renewal and has sent nothing for so long, though its lease has ended, is ended."""

_CREATE = """
CREATE TABLE IF NOT EXISTS leadership (
    id INTEGER PRIMARY KEY CHECK (id = 1), epoch BIGINT NOT NULL, holder TEXT NOT NULL, until DOUBLE PRECISION NOT NULL
)
"""
_NOW = "extract(epoch FROM clock_timestamp())"
_RENEW = f"""
UPDATE leadership SET until = {_NOW} + :seconds WHERE id = 1 AND holder = :me AND epoch = :epoch RETURNING epoch
"""  # noqa: S608 - constants
_FREE = f"SELECT until < {_NOW} OR (holder = :me AND :epoch = 0) FROM leadership WHERE id = 1"  # noqa: S608 - constants
_LEADER = f"SELECT holder, epoch, until - {_NOW} FROM leadership"  # noqa: S608 - constants
_TAKE = f"""
UPDATE leadership SET holder = :me, until = {_NOW} + :seconds, epoch = epoch + 1
WHERE id = 1 AND (until < {_NOW} OR (holder = :me AND :epoch = 0))
RETURNING epoch
"""  # noqa: S608 - constants


_END_SILENT = f"""
SELECT count(pg_terminate_backend(activity.pid))
FROM pg_locks AS held JOIN pg_stat_activity AS activity USING (pid)
WHERE held.granted AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (held.locktype = 'advisory' AND held.classid::bigint << 32 | held.objid::bigint = {WRITER_LOCK}
       OR held.locktype = 'relation' AND held.relation = 'leadership'::regclass AND held.mode = 'RowExclusiveLock')
  AND activity.state LIKE 'idle in transaction%' AND activity.usename = current_user
  AND clock_timestamp() - activity.state_change > interval '{SILENT_MS} milliseconds'
"""  # noqa: S608 - constants


@dataclass(frozen=True)
class Leader:
    """Who is active: its name, since which change of hands (epoch), and for how many more seconds without a renewal."""

    holder: str
    epoch: int
    seconds_left: float


class Leadership:
    """The lease of one copy.

    Args:
        name: of this copy and its machine. One that has just started takes a lease that it had before: it holds the port, so
            that the process before it is gone.
    """

    def __init__(self, database: Database, name: str) -> None:
        self._database, self._name = database, name
        self._engine = database.new_engine()
        self._one_at_a_time = threading.Lock()
        self._closed = False
        self._schema = ""
        self._epoch = 0
        self._valid_until = float("-inf")

    @property
    def active(self) -> bool:
        """Whether this copy may act now."""
        return time.monotonic() < self._valid_until

    @property
    def epoch(self) -> int:
        """The change of hands by which it became active last."""
        return self._epoch

    def prepare(self) -> None:
        """Make the table where it is missing, before any migration.

        Raises:
            Unavailable: the database does not answer.
        """
        with (
            self._database.translating(),
            self._engine.connect().execution_options(writing=True) as connection,
            connection.begin(),
        ):
            connection.execute(text(_CREATE))
            self._schema = str(connection.execute(text("SELECT current_schema()")).scalar())
            connection.execute(text("INSERT INTO leadership VALUES (1, 0, '', 0) ON CONFLICT (id) DO NOTHING"))

    def take(self) -> bool:
        """Renew the lease, or take it where nobody has it; returns whether this copy is active."""
        with self._one_at_a_time:
            return not self._closed and self._take()

    def _take(self) -> bool:
        began = time.monotonic()
        told = {"me": self._name, "seconds": LEASE_SECONDS, "epoch": self._epoch}
        try:
            with self._database.translating(), self._engine.connect() as connection, connection.begin():
                for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
                    connection.execute(text(f"SET LOCAL {limit} = {STATEMENT_MS}"))
                epoch = connection.execute(text(_RENEW), told).scalar() if self._epoch else None
                if epoch is None and connection.execute(text(_FREE), told).scalar():
                    connection.execute(text(_END_SILENT))
                    connection.execute(
                        text(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")
                    )  # what writes now ends before
                    epoch = connection.execute(text(_TAKE), told).scalar()
        except ServiceError as error:
            self._engine.dispose()  # of a server that is gone or only reads now: the next look finds the one that writes
            log.warning("the lease cannot be renewed", error=error.message)
            return self.active
        if epoch is None:
            self._valid_until = float("-inf")
        else:
            self._epoch, self._valid_until = int(epoch), began + LEASE_SECONDS - MARGIN_SECONDS
        return self.active

    def leader(self) -> Leader | None:
        """Who is active; None when nobody is.

        Raises:
            Unavailable: the database does not answer.
        """
        with self._database.translating(), self._engine.connect() as connection:
            row = connection.execute(text(_LEADER)).one_or_none()
        return Leader(str(row[0]), int(row[1]), float(row[2])) if row is not None and row[2] > 0 else None

    def close(self) -> None:
        """Let another copy take over at once, for good: a renewal that is on its way comes before, and none after."""
        with self._one_at_a_time:
            self._closed = True
            self.release()

    def release(self) -> None:
        """Let another copy take over at once."""
        self._valid_until = float("-inf")
        try:
            with self._database.translating(), self._engine.connect() as connection, connection.begin():
                connection.execute(text(f"SET LOCAL statement_timeout = {STATEMENT_MS}"))
                connection.execute(
                    text("UPDATE leadership SET until = 0 WHERE holder = :me AND epoch = :epoch"),
                    {"me": self._name, "epoch": self._epoch},
                )
        except ServiceError as error:
            log.warning("the lease ends by itself", error=error.message)
        finally:
            self._engine.dispose()

    def check_write(self, session: Session | Connection) -> None:
        """Refuse a unit of work of a copy that is not active any more. It has the writers' lock, so that nobody takes over meanwhile.

        Raises:
            Unavailable: another copy has taken over.
        """
        table = f'"{self._schema}".leadership' if self._schema else "leadership"  # sites have schemas of their own
        asked = f"SELECT epoch FROM {table} WHERE id = 1"  # noqa: S608 - a name that the database gave
        epoch = session.execute(text(asked)).scalar()
        if epoch != self._epoch or not self.active:
            self._valid_until = float("-inf")
            raise standing_by(None)


def standing_by(leader: Leader | None) -> Unavailable:
    """What a copy that is not active answers; nothing was done."""
    who = f"{leader.holder.partition(' ')[0]} is active" if leader is not None else "another copy is about to take over"
    return Unavailable(
        f"This copy of auth_service stands by ({who}): name all copies in ROUTING_ML_AUTH_ADDRESS",
        reason=STANDBY,
        retry_after=1.0,
    )
