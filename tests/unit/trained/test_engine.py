"""All index engines keep the same promises."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from common.errors import DataProblem, InvalidInput, PreconditionFailed
from common.settings import Settings
from tests.support.postgresql import postgresql_server, vector_programs
from trained.index import engine_pgvector
from trained.index.engine import Engine, Vectors, build_index, checked_vectors, index_file_name, open_index
from trained.index.recall import RecallPoint, exact_truth, measure, smallest_ef, unlike_below

INSTALLED = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            importlib.util.find_spec(name) is None, reason=f"the optional {name} is not installed"
        ),
    )
    for name in ("faiss", "hnswlib")
]
EVERY = [
    *INSTALLED,
    pytest.param(
        "pgvector",
        marks=pytest.mark.skipif(vector_programs() is None, reason="there is no PostgreSQL with the extension vector"),
    ),
]


@pytest.fixture(scope="module")
def vectors_url() -> Iterator[str]:
    """A database for vectors."""
    with postgresql_server(vector_programs()) as url:
        yield f"{url}/postgres"


@pytest.fixture(scope="module", autouse=True)
def _named_database(request: pytest.FixtureRequest) -> Iterator[None]:
    """Name the database of vectors to the engine, where there can be one."""
    if vector_programs() is None:
        yield
        return
    named = Settings(_env_file=None, vectors_url=request.getfixturevalue("vectors_url"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine_pgvector, "read_settings", lambda: named)
        yield


def made_vectors(rows: int = 1500, dimension: int = 24) -> Vectors:
    random = np.random.default_rng(3)
    centres = random.normal(size=(30, dimension))
    vectors = centres[random.integers(0, 30, rows)] + 0.4 * random.normal(size=(rows, dimension))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


VECTORS = made_vectors()


@pytest.fixture(scope="module", params=EVERY)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = tmp_path_factory.mktemp("index")
    path = folder / index_file_name(request.param)
    build_index(request.param, VECTORS, threads=2).save(path)
    return open_index(request.param, path, VECTORS.shape[1], threads=2)


def test_an_opened_index_has_all_items_and_gives_their_vectors_back(engine: Engine) -> None:
    assert (engine.items, engine.dimension) == VECTORS.shape
    positions = np.array([7, 0, 1499])
    np.testing.assert_allclose(engine.vectors(positions), VECTORS[positions], atol=1e-6)
    assert engine.vectors(np.zeros(0, np.int64)).shape == (0, 24)
    engine.touch()


def test_an_item_is_its_own_nearest_with_similarity_one(engine: Engine) -> None:
    positions, similarities = engine.search(VECTORS[:20], 5, 64)
    assert positions[:, 0].tolist() == list(range(20))
    np.testing.assert_allclose(similarities[:, 0], 1, atol=1e-5)
    assert (np.diff(similarities, axis=1) <= 1e-6).all()
    np.testing.assert_allclose(similarities[3], VECTORS[positions[3]] @ VECTORS[3], atol=1e-5)


def test_recall_grows_with_ef_and_reaches_the_wanted(engine: Engine) -> None:
    points = measure(engine, VECTORS, (16, 64, 256), queries=200)
    assert [point.ef_search for point in points] == [16, 64, 256]
    assert points[-1].recall >= 0.99
    assert points[-1].recall >= points[0].recall
    assert all(point.latency_ms > 0 for point in points)


def test_blocked_positions_are_not_found(engine: Engine) -> None:
    blocked = np.array([0, 3, 8, 1499])
    positions, _similarities = engine.search(VECTORS[:10], 10, 128, blocked)
    assert not np.isin(positions, blocked).any()
    assert (positions >= 0).all()


def test_queries_of_another_length_reach_no_index() -> None:
    vectors = np.eye(8, dtype=np.float32)
    found = build_index("faiss", vectors)
    with pytest.raises(ValueError, match="7 dimensions, in an index of 8"):
        found.search(vectors[:1, :7], 1, 16)
    with pytest.raises(ValueError, match="search for 0 items"):
        found.search(vectors[:1], 0, 16)
    assert found.search(vectors.astype(np.float64)[::2], 1, 16)[0].tolist() == [[0], [2], [4], [6]]  # type: ignore[arg-type]


def test_asking_for_more_than_there_is_fills_up_with_minus_one(tmp_path: Path, engine: Engine) -> None:
    small = build_index(engine.name, VECTORS[:3])
    positions, _similarities = small.search(VECTORS[:2], 10, 64)
    assert positions.shape == (2, 10)
    assert (positions >= 0).sum(axis=1).tolist() == [3, 3]
    blocked, _similarities = small.search(VECTORS[:1], 5, 64, np.array([0, 1, 2]))
    assert (blocked == -1).all()


def test_several_threads_search_at_once_with_different_ef(engine: Engine) -> None:
    expected = engine.search(VECTORS[:50], 10, 256)[0]
    wrong: list[int] = []

    def ask(ef: int) -> None:
        for row in range(50):
            found = engine.search(VECTORS[row : row + 1], 10, ef)[0][0]
            if len(np.intersect1d(found, expected[row])) < 8:
                wrong.append(row)

    threads = [threading.Thread(target=ask, args=(ef,)) for ef in (128, 256, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("name", EVERY)
def test_building_reports_progress_up_to_the_end(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []
    monkeypatch.setattr(f"trained.index.engine_{name}.ROWS_AT_ONCE", 400)
    build_index(name, VECTORS[:1000], on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(400, 1000), (800, 1000), (1000, 1000)]


@pytest.mark.parametrize("name", INSTALLED)
def test_a_file_that_is_no_index_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / index_file_name(name)
    with pytest.raises(PreconditionFailed, match="There is no index"):
        open_index(name, path, 24)
    path.write_bytes(b"nonsense" * 100)
    with pytest.raises(DataProblem, match="restore it from a backup"):
        open_index(name, path, 24)
    path.write_bytes(b"")
    with pytest.raises(DataProblem, match="restore it from a backup"):
        open_index(name, path, 24)


def test_an_unknown_engine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="faiss and hnswlib"):
        build_index("annoy", VECTORS)
    with pytest.raises(InvalidInput, match="faiss and hnswlib"):
        open_index("annoy", tmp_path, 24)


def test_vectors_that_are_no_numbers_or_have_the_wrong_shape_are_refused() -> None:
    bad = VECTORS[:3].copy()
    bad[1, 4] = np.nan
    with pytest.raises(InvalidInput, match="Vector 1"):
        build_index("faiss", bad)
    with pytest.raises(InvalidInput, match="wanted are 8 dimensions"):
        checked_vectors(VECTORS, 8)
    with pytest.raises(InvalidInput, match="no items"):
        build_index("faiss", VECTORS[:0])


def test_ties_at_the_end_count_as_found() -> None:
    repeated = np.repeat(VECTORS[:4], 30, axis=0)
    index = build_index("faiss", repeated)
    assert measure(index, repeated, (128,), k=10, queries=40)[0].recall == 1.0


def test_the_default_is_the_smallest_ef_that_is_good_enough() -> None:
    points = [RecallPoint(16, 0.9, 0.1), RecallPoint(64, 0.991, 0.2), RecallPoint(128, 0.999, 0.3)]
    assert smallest_ef(points) == 64
    assert smallest_ef(points, 0.9999) == 128
    assert smallest_ef(points, 0.5) == 16


def test_all_but_a_thousandth_of_the_items_are_nearer_to_another_item_than_the_limit_of_unlikeness() -> None:
    truth = exact_truth(VECTORS, queries=1500)
    assert (truth.nearest_other < unlike_below(truth)).mean() <= 0.002
    assert truth.nearest_other.max() < 1
