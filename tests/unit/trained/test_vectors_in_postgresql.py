"""The engine pgvector on a real server: whole tables or none, filled again where they are lost, errors that say what to do."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psycopg
import pytest

from ann_service.control import AnnControl
from ann_service.searcher import Searcher, Wanted
from ann_service.served_model import ModelSlot
from common.errors import DataProblem, PreconditionFailed, Unavailable
from common.settings import Settings
from tests.support.postgresql import postgresql_server, vector_programs
from tests.support.small_versions import CODES, columns, features_of, make_version, state
from trained.encoder import BlockEncoder
from trained.index import engine_pgvector
from trained.index.engine import Vectors, build_index, open_index
from trained.index.engine_pgvector import HEADER, TABLES, PgvectorEngine
from trained.version_loading import load_version

pytestmark = pytest.mark.skipif(vector_programs() is None, reason="there is no PostgreSQL with the extension vector")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql_server(vector_programs()) as url:
        yield url


@pytest.fixture
def url(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database of its own, which the settings name."""
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    named = Settings(_env_file=None, vectors_url=f"{server}/{name}")
    monkeypatch.setattr(engine_pgvector, "read_settings", lambda: named)
    return f"{server}/{name}"


def vectors(rows: int = 300, seed: int = 3) -> Vectors:
    made = np.random.default_rng(seed).normal(size=(rows, 16)).astype(np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return made


def tables(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT tablename FROM pg_tables WHERE tablename LIKE %s ORDER BY 1", (f"{TABLES}\\_%",)
        ).fetchall()
    return [str(row[0]) for row in rows]


def test_a_table_is_made_once_and_again_where_it_is_lost(url: str, tmp_path: Path) -> None:
    made = vectors()
    path = tmp_path / "index.pgvector"
    build_index("pgvector", made).save(path)
    assert len(tables(url)) == 1
    opened = open_index("pgvector", path, 16)
    assert len(tables(url)) == 1
    with psycopg.connect(url) as connection:
        connection.execute(f"DROP TABLE {tables(url)[0]}")
        connection.execute(f"DELETE FROM {TABLES}")
    opened.close()
    again = open_index("pgvector", path, 16)
    positions, similarities = again.search(made[:5], 3, 64)
    assert positions[:, 0].tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(similarities, np.sort(made[:5] @ made.T, axis=1)[:, ::-1][:, :3], atol=1e-5)
    again.close()


def test_hosts_that_open_a_version_at_once_make_one_table(url: str, tmp_path: Path) -> None:
    path = tmp_path / "index.pgvector"
    build_index("pgvector", vectors(seed=4)).save(path)
    with psycopg.connect(url) as connection:
        connection.execute(f"DROP TABLE {tables(url)[0]}")
        connection.execute(f"DELETE FROM {TABLES}")
    failed: list[Exception] = []

    def start() -> None:
        try:
            open_index("pgvector", path, 16).close()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(tables(url)) == 1


def test_a_table_that_comes_half_is_none(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_pgvector, "ROWS_AT_ONCE", 100)

    def interrupt(done: int, _total: int) -> None:
        if done >= 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_index("pgvector", vectors(), on_progress=interrupt)
    assert tables(url) == []


def test_many_that_are_left_out_cost_no_neighbour(url: str) -> None:
    made = vectors(1500)
    engine = build_index("pgvector", made)
    barred = np.arange(1450)
    positions, similarities = engine.search(made[:4], 20, 16, barred)
    exact = np.argsort(-(made[:4] @ made[1450:].T), axis=1)[:, :20] + 1450
    assert positions.tolist() == exact.tolist()
    assert (np.diff(similarities, axis=1) <= 1e-6).all()
    engine.close()


def test_a_table_that_nobody_wants_any_more_is_dropped_with_the_next(url: str) -> None:
    build_index("pgvector", vectors(seed=5)).close()
    old = tables(url)
    with psycopg.connect(url) as connection:
        connection.execute(f"UPDATE {TABLES} SET used_at = now() - interval '31 days'")
    build_index("pgvector", vectors(seed=6)).close()
    assert len(tables(url)) == 1
    assert tables(url) != old


def test_a_server_that_is_away_is_told_and_found_again(url: str, tmp_path: Path) -> None:
    engine = build_index("pgvector", vectors())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND datname = current_database()"
        )
    with pytest.raises(Unavailable, match="ROUTING_ML_VECTORS_URL"):
        engine.search(vectors()[:1], 3, 64)
    assert engine.search(vectors()[:1], 3, 64)[0][0, 0] == 0
    engine.close()
    assert isinstance(engine, PgvectorEngine)


def test_what_is_no_file_of_vectors_is_refused(url: str, tmp_path: Path) -> None:
    path = tmp_path / "index.pgvector"
    build_index("pgvector", vectors()).save(path)
    whole = path.read_bytes()
    for damaged in (b"", whole[:-4], b"x" + whole[1:], whole[: HEADER.size]):
        path.write_bytes(damaged)
        with pytest.raises(DataProblem, match="no file of vectors"):
            open_index("pgvector", path, 16)
    path.write_bytes(whole)
    with pytest.raises(DataProblem, match="17 dimensions"):
        open_index("pgvector", path, 17)


def test_without_a_database_it_is_told_what_to_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_pgvector, "read_settings", lambda: Settings(_env_file=None))
    with pytest.raises(PreconditionFailed, match="ROUTING_ML_VECTORS_URL"):
        build_index("pgvector", vectors())


async def test_a_version_serves_from_it_with_weights_and_new_items(url: str, tmp_path: Path) -> None:
    here = make_version(tmp_path / "pgvector", 1, "pgvector")
    there = make_version(tmp_path / "faiss", 1, "faiss")
    assert load_version(tmp_path / "pgvector").engine_name == "pgvector"

    async def serves(_serving: bool) -> None:
        """Nobody has to be told."""

    found = {}
    for version in (here, there):
        searcher = Searcher(ModelSlot(), 10)
        control = AnnControl(searcher, tmp_path / version.version_name / "derived", 1, serves)
        await control.apply(state(version))
        plain = await searcher.search_items(CODES[10:30], Wanted(top_k=5, ef_search=256))
        one = await searcher.search_items([CODES[10]], Wanted(top_k=5, ef_search=256))
        weighted = await searcher.search_items(CODES[10:14], Wanted(top_k=5, feature_weights={"OUTDIAMETER": 9.0}))
        await searcher.add_items(["NEW-1"], {name: [value] for name, value in features_of(12).items()}, 1, [CODES[13]])
        after = await searcher.search_items([CODES[12]], Wanted(top_k=3))
        found[version.version_name] = plain, weighted
        assert one.codes == plain.codes[:5]
        assert "NEW-1" in after.codes
        assert CODES[13] not in after.codes
        searcher.close()
        control.close()
    for mine, theirs in zip(found["pgvector"], found["faiss"], strict=True):
        np.testing.assert_allclose(mine.similarities, theirs.similarities, atol=1e-5)
    assert BlockEncoder.fit(columns(1)).dimension > 0
