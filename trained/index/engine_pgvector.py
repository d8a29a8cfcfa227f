"""The engine pgvector: the index is a table of a PostgreSQL server with the extension `vector`, for who has one and no room for graphs.

A version's file holds the vectors themselves; the table is named by their SHA-256 and is made from the file by whichever host opens the
version first, whole or not at all. So it is never more than a copy: a server that was lost is filled again. What a search leaves out, and
whatever the graph does not find, is looked for exactly.
"""

from __future__ import annotations

import contextlib
import hashlib
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg import sql

from common.errors import DataProblem, PreconditionFailed, Unavailable
from common.files import writing
from common.settings import settings as read_settings
from trained.index.engine import ROWS_AT_ONCE, Positions, Progress, Vectors

MAGIC: Final = b"RMLPGV\x00\x01"
HEADER: Final = struct.Struct("<8s4i")
"""Magic, vectors, their length, m, ef_construction; then the vectors, little-endian float32."""
WIDEST_SEARCH: Final = 1_000
"""Most that pgvector takes as hnsw.ef_search."""
STATEMENT_SECONDS: Final = 20
CONNECT_SECONDS: Final = 3
USED_EVERY_SECONDS: Final = 3_600.0
KEPT_DAYS: Final = 30
"""A table that nobody has searched for so long is dropped when another one is made."""
TABLES: Final = "routing_ml_vectors"
"""The table that names the others."""

_LIST: Final = (
    "CREATE TABLE IF NOT EXISTS routing_ml_vectors (digest text PRIMARY KEY, items integer NOT NULL, dimension integer NOT NULL, "
    "used_at timestamptz NOT NULL DEFAULT now())"
)
_IS_KNOWN: Final = "SELECT 1 FROM routing_ml_vectors WHERE digest = %s"
_NOTE: Final = "INSERT INTO routing_ml_vectors (digest, items, dimension) VALUES (%s, %s, %s)"
_NOTE_USED: Final = "UPDATE routing_ml_vectors SET used_at = now() WHERE digest = %s"
_FORGET: Final = "DELETE FROM routing_ml_vectors WHERE used_at < now() - make_interval(days => %s) RETURNING digest"
_COPY_HEAD: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_COPY_END: Final = b"\xff\xff"


class PgvectorEngine:
    """Vectors in a table, found by its HNSW index over inner products."""

    name = "pgvector"
    waits = True

    def __init__(self, url: str, vectors: Vectors, m: int, ef_construction: int) -> None:
        """Args:
        url: of the database. vectors: float32 (n, d), of which a file may be mapped.
        """
        self._url, self._vectors, self._m, self._ef_construction = url, vectors, m, ef_construction
        self._digest = _digest(vectors, m, ef_construction)
        self._table = sql.Identifier(f"{TABLES}_{self._digest[:24]}")
        self._own = threading.local()
        self._opened: list[psycopg.Connection[Any]] = []
        self._lock = threading.Lock()
        self._closed = False
        self._used = float("-inf")

    @classmethod
    def build(
        cls, vectors: Vectors, m: int, ef_construction: int, threads: int, on_progress: Progress | None
    ) -> PgvectorEngine:
        """Put vectors into a table of their own and index it; see `trained.index.engine.build_index`."""
        engine = cls(database_url(), np.ascontiguousarray(vectors, "<f4"), m, max(ef_construction, 2 * m))
        engine.fill(threads, on_progress)
        return engine

    @classmethod
    def open(cls, path: Path, dimension: int) -> PgvectorEngine:
        """Map a version's file, and make its table where the server does not have it.

        Raises:
            DataProblem: the file is none of this engine. PreconditionFailed, Unavailable: the database cannot be used.
        """
        try:
            with open(path, "rb") as stream:
                magic, items, width, m, ef_construction = HEADER.unpack(stream.read(HEADER.size))
            whole = path.stat().st_size == HEADER.size + items * width * 4
        except (OSError, struct.error):
            magic, whole, items, width, m, ef_construction = b"", False, 0, 0, 0, 0
        if magic != MAGIC or not whole or width != dimension or items < 1:
            raise DataProblem(
                f"{path} is no file of vectors of {dimension} dimensions for pgvector: restore it from a backup, or train again",
                reason="ARTIFACT_DAMAGED",
                details={"path": path},
            )
        vectors = np.memmap(path, "<f4", "r", HEADER.size, (items, width))
        engine = cls(database_url(), vectors, m, ef_construction)
        engine.fill(0, None)
        return engine

    @property
    def items(self) -> int:
        return len(self._vectors)

    @property
    def dimension(self) -> int:
        return int(self._vectors.shape[1])

    def fill(self, threads: int, on_progress: Progress | None) -> None:
        """Make the table where there is none; one process does, others wait for it.

        Raises:
            PreconditionFailed: the extension is not there. Unavailable: the database does not answer, or is full.
        """
        with self._connection() as connection, connection.transaction():
            connection.execute("SET LOCAL statement_timeout = 0")
            connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (TABLES,))
            _need_extension(connection)
            connection.execute(_LIST)
            if connection.execute(_IS_KNOWN, (self._digest,)).fetchone():
                return
            self._forget_old(connection)
            connection.execute(
                sql.SQL("CREATE TABLE {} (position integer NOT NULL, embedding vector({}) NOT NULL)").format(
                    self._table, sql.Literal(self.dimension)
                )
            )
            copy = sql.SQL("COPY {} (position, embedding) FROM STDIN (FORMAT BINARY)").format(self._table)
            with connection.cursor() as cursor, cursor.copy(copy) as copying:
                copying.write(_COPY_HEAD)
                for start in range(0, self.items, ROWS_AT_ONCE):
                    rows = self._vectors[start : start + ROWS_AT_ONCE]
                    copying.write(_rows(start, rows))
                    if on_progress:
                        on_progress(start + len(rows), self.items)
                copying.write(_COPY_END)
            if threads:
                connection.execute(f"SET LOCAL max_parallel_maintenance_workers = {int(threads)}")
            index = sql.SQL(
                "CREATE INDEX ON {} USING hnsw (embedding vector_ip_ops) WITH (m = {}, ef_construction = {})"
            )
            connection.execute(index.format(self._table, sql.Literal(self._m), sql.Literal(self._ef_construction)))
            connection.execute(sql.SQL("CREATE UNIQUE INDEX ON {} (position)").format(self._table))
            connection.execute(
                _NOTE,
                (self._digest, self.items, self.dimension),
            )

    def search(
        self, queries: Vectors, k: int, ef_search: int, blocked: npt.NDArray[np.integer] | None = None
    ) -> tuple[Positions, Vectors]:
        barred = np.unique(blocked).astype(np.int64) if blocked is not None else np.zeros(0, np.int64)
        found = min(k, self.items - len(barred))
        positions = np.full((len(queries), k), -1, np.int64)
        similarities = np.full((len(queries), k), -1.0, np.float32)
        if found <= 0 or len(queries) == 0:
            return positions, similarities
        wide = min(WIDEST_SEARCH, max(ef_search, found + min(len(barred), WIDEST_SEARCH)))
        with self._connection() as connection, connection.transaction():
            connection.execute(f"SET LOCAL hnsw.ef_search = {wide}")
            for row, query in enumerate(queries):
                told = self._nearest(connection, query, wide, barred)[:found]
                if len(told) < found:
                    told = self._exactly(connection, query, found, barred)
                for place, (position, distance) in enumerate(told):
                    positions[row, place], similarities[row, place] = position, -distance
            self._note_used(connection)
        return positions, similarities

    def _nearest(
        self, connection: psycopg.Connection[Any], query: Vectors, wide: int, barred: npt.NDArray[np.int64]
    ) -> list[tuple[int, float]]:
        """What the graph leads to, without what is barred."""
        asked = sql.SQL("SELECT position, embedding <#> {q} FROM {t} ORDER BY embedding <#> {q} LIMIT {n}").format(
            q=sql.SQL("%(query)s::vector"), t=self._table, n=sql.Literal(wide)
        )
        told = connection.execute(asked, {"query": _text(query)}).fetchall()
        if not len(barred):
            return told
        left_out = np.isin(np.array([position for position, _ in told], np.int64), barred)
        return [pair for pair, out in zip(told, left_out.tolist(), strict=True) if not out]

    def _exactly(
        self, connection: psycopg.Connection[Any], query: Vectors, found: int, barred: npt.NDArray[np.int64]
    ) -> list[tuple[int, float]]:
        """The nearest by comparison with all."""
        connection.execute("SET LOCAL enable_indexscan = off")
        try:
            asked = sql.SQL(
                "SELECT position, embedding <#> {q} AS distance FROM {t} WHERE NOT position = ANY(%(barred)s) "
                "ORDER BY distance, position LIMIT {n}"
            ).format(q=sql.SQL("%(query)s::vector"), t=self._table, n=sql.Literal(found))
            return connection.execute(asked, {"query": _text(query), "barred": barred.tolist()}).fetchall()
        finally:
            connection.execute("SET LOCAL enable_indexscan = on")

    def vectors(self, positions: npt.NDArray[np.integer]) -> Vectors:
        if len(positions) == 0:
            return np.zeros((0, self.dimension), np.float32)
        return np.ascontiguousarray(self._vectors[positions], np.float32)

    def touch(self) -> None:
        """Search once, so that the server has the way into the graph in its memory."""
        self.search(np.ascontiguousarray(self._vectors[:1], np.float32), 1, WIDEST_SEARCH)

    def save(self, path: Path) -> None:
        with writing(path) as stream:
            stream.write(HEADER.pack(MAGIC, self.items, self.dimension, self._m, self._ef_construction))
            for start in range(0, self.items, ROWS_AT_ONCE):
                stream.write(np.ascontiguousarray(self._vectors[start : start + ROWS_AT_ONCE], "<f4").tobytes())

    def close(self) -> None:
        """Hang up; the table stays for other processes and for the next time."""
        with self._lock:
            self._closed = True
            opened, self._opened = self._opened, []
        for connection in opened:
            with contextlib.suppress(psycopg.Error):
                connection.close()

    def _note_used(self, connection: psycopg.Connection[Any]) -> None:
        now = time.monotonic()
        if now - self._used > USED_EVERY_SECONDS:
            self._used = now
            connection.execute(_NOTE_USED, (self._digest,))

    def _forget_old(self, connection: psycopg.Connection[Any]) -> None:
        old = connection.execute(_FORGET, (KEPT_DAYS,)).fetchall()
        for (digest,) in old:
            connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(f"{TABLES}_{digest[:24]}")))

    @contextlib.contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[Any]]:
        """The connection of this thread, a new one where it has none or the one before is gone.

        Raises:
            PreconditionFailed, Unavailable: the database cannot be used.
        """
        try:
            connection = getattr(self._own, "connection", None)
            if connection is None or connection.closed or connection.broken:
                connection = self._own.connection = self._connect()
            yield connection
        except psycopg.errors.InsufficientPrivilege as error:
            raise PreconditionFailed(
                f"The account of the vectors' database may not do this ({_said(error)}): grant it the right to make tables, and have an "
                "administrator run CREATE EXTENSION vector",
                reason="VECTORS_DATABASE_REFUSES",
            ) from None
        except psycopg.Error as error:
            raise Unavailable(
                f"The vectors' database of ROUTING_ML_VECTORS_URL cannot be used ({_said(error)}): see that it runs and has room",
                reason="VECTORS_DATABASE_AWAY",
                retry_after=2.0,
            ) from None

    def _connect(self) -> psycopg.Connection[Any]:
        options = f"-c statement_timeout={STATEMENT_SECONDS * 1000}"
        connection = psycopg.connect(
            self._url,
            connect_timeout=CONNECT_SECONDS,
            options=options,
            autocommit=True,
            tcp_user_timeout=STATEMENT_SECONDS * 1000,
        )
        with self._lock:
            if self._closed:
                connection.close()
                raise psycopg.OperationalError("the version has been closed")
            self._opened = [one for one in self._opened if not one.closed]
            self._opened.append(connection)
        return connection


def database_url() -> str:
    """URL of the database that holds vectors.

    Raises:
        PreconditionFailed: none is named.
    """
    settings = read_settings().whole
    for url in (settings.vectors_url, settings.database_url):
        if url.startswith("postgres"):
            return url
    raise PreconditionFailed(
        "The engine pgvector needs a PostgreSQL database with the extension vector: name it in ROUTING_ML_VECTORS_URL, or use the "
        "engine faiss",
        reason="ENGINE_MISSING",
    )


def _need_extension(connection: psycopg.Connection[Any]) -> None:
    if connection.execute("SELECT 1 FROM pg_extension WHERE extname = 'vector'").fetchone():
        return
    known = connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'").fetchone()
    if known is None:
        raise PreconditionFailed(
            "The PostgreSQL server of ROUTING_ML_VECTORS_URL lacks the extension vector: install pgvector there (Debian: "
            "postgresql-NN-pgvector), or use the engine faiss",
            reason="ENGINE_MISSING",
        )
    connection.execute("CREATE EXTENSION vector")


def _digest(vectors: Vectors, m: int, ef_construction: int) -> str:
    digest = hashlib.sha256(f"{vectors.shape} {m} {ef_construction}".encode())
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        digest.update(np.ascontiguousarray(vectors[start : start + ROWS_AT_ONCE], "<f4").tobytes())
    return digest.hexdigest()


def _rows(first: int, vectors: Vectors) -> bytes:
    """Rows of COPY in binary: position and vector."""
    width = vectors.shape[1]
    fields: Any = [
        ("columns", ">i2"), ("position_bytes", ">i4"), ("position", ">i4"), ("vector_bytes", ">i4"), ("dimension", ">i2"),
        ("unused", ">i2"), ("values", ">f4", (width,)),
    ]  # fmt: skip
    rows = np.zeros(len(vectors), np.dtype(fields))
    rows["columns"], rows["position_bytes"], rows["vector_bytes"], rows["dimension"] = 2, 4, 4 + 4 * width, width
    rows["position"] = np.arange(first, first + len(vectors))
    rows["values"] = vectors
    return rows.tobytes()


def _text(vector: Vectors) -> str:
    """A vector as PostgreSQL reads it, no digit lost."""
    return "[" + ",".join(map(repr, vector.astype(float).tolist())) + "]"


def _said(error: psycopg.Error) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
