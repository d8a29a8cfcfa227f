"""Equal vectors are held once, and all their items are found."""

import numpy as np

from trained.index.engine import Vectors, build_index
from trained.index.equal_items import MANY_EQUAL, EqualItems, equal_groups


def unit(rows: int, seed: int = 1) -> Vectors:
    made = np.random.default_rng(seed).normal(size=(rows, 8)).astype(np.float32)
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


def index_of(vectors: Vectors, preferred: list[int] | None = None) -> EqualItems:
    groups = equal_groups(vectors, None if preferred is None else np.array(preferred, np.int64))
    assert groups is not None
    return EqualItems(build_index("faiss", vectors[groups[0]], threads=1), *groups[1:])


def test_fifty_thousand_items_of_one_vector_are_one_node() -> None:
    vectors = np.repeat(unit(1), 50_000, axis=0)
    index = index_of(vectors)
    assert index.distinct.items == 1
    positions, similarities = index.search(vectors[:1], 50, 64)
    assert len(set(positions[0].tolist())) == 50
    assert (similarities > 0.999).all()


def test_an_item_between_many_equals_is_found() -> None:
    vectors = np.concatenate([np.repeat(unit(3), 400, axis=0), unit(20, seed=2)])
    vectors = vectors[np.random.default_rng(3).permutation(len(vectors))]
    index = index_of(vectors)
    positions, similarities = index.search(vectors, 1, 64)
    np.testing.assert_allclose(similarities[:, 0], 1.0, atol=1e-5)
    np.testing.assert_allclose(vectors[positions[:, 0]], vectors, atol=1e-5)


def test_equals_come_in_the_order_that_is_preferred() -> None:
    vectors = np.repeat(unit(1), 30, axis=0)
    index = index_of(vectors, list(range(29, -1, -1)))
    assert index.search(vectors[:1], 3, 64)[0][0].tolist() == [29, 28, 27]


def test_blocked_items_are_not_found_and_their_equals_are() -> None:
    vectors = np.concatenate([np.repeat(unit(1), 30, axis=0), unit(2, seed=5)])
    index = index_of(vectors)
    found = index.search(vectors[:1], 32, 64, np.arange(29))[0][0]
    assert found[0] == 29
    assert set(found[found >= 0].tolist()) == {29, 30, 31}


def test_a_vector_is_read_back_by_item() -> None:
    vectors = np.concatenate([np.repeat(unit(1), 30, axis=0), unit(2, seed=5)])
    index = index_of(vectors)
    np.testing.assert_array_equal(index.vectors(np.array([3, 31, 30])), vectors[[3, 31, 30]])


def test_few_equals_stay_as_they_are() -> None:
    assert equal_groups(np.repeat(unit(3), MANY_EQUAL, axis=0)) is None
