"""What a version has learned, merged from a search by code and one by features."""

from __future__ import annotations

import numpy as np

from predicting.learned_merging import merge_estimates
from protos.ann.v1 import ann_pb2
from protos.common.v1 import estimates_pb2, table_pb2


def answer(queries: list[tuple[list[float], dict[int, float], int]]) -> ann_pb2.SearchResponse:
    """An answer: for each query its factors, its chances by operation, and how many neighbours it has."""
    estimates = estimates_pb2.Estimates(operations=["A", "B"], reasons=["X", ""], factors=2, offsets=[0])
    neighbours = table_pb2.Neighbours(offsets=[0])
    for factors, chances, count in queries:
        estimates.operation.extend(chances)
        estimates.probability.extend(chances.values())
        estimates.offsets.append(len(estimates.operation))
        estimates.query_factors += np.array(factors, "<f4").tobytes()
        for number in range(count):
            neighbours.item_codes.append(f"N{factors[0]:g}-{number}")
            neighbours.similarities.append(0.9)
            estimates.neighbour_factors += np.array([factors[0], number], "<f4").tobytes()
            estimates.size_differences += np.array([factors[0] + number], "<f4").tobytes()
        neighbours.offsets.append(len(neighbours.item_codes))
    return ann_pb2.SearchResponse(neighbours=neighbours, estimates=estimates)


def test_queries_that_were_searched_by_features_take_their_place() -> None:
    by_code = answer([([1, 1], {0: 0.5}, 2), ([0, 0], {}, 0), ([3, 3], {1: 0.25}, 1)])
    by_features = answer([([2, 2], {0: 0.75, 1: 1.0}, 1)])
    merged = merge_estimates(by_code, by_features, {1: 0})
    assert merged is not None
    assert list(merged.offsets) == [0, 1, 3, 4]
    assert list(merged.operation) == [0, 0, 1, 1]
    assert list(merged.probability) == [0.5, 0.75, 1.0, 0.25]
    assert np.frombuffer(merged.query_factors, "<f4").tolist() == [1, 1, 2, 2, 3, 3]
    assert np.frombuffer(merged.neighbour_factors, "<f4").tolist() == [1, 0, 1, 1, 2, 0, 3, 0]
    assert np.frombuffer(merged.size_differences, "<f4").tolist() == [1, 2, 2, 3]


def test_a_search_by_code_that_knew_nobody_leaves_only_the_other() -> None:
    nobody = ann_pb2.SearchResponse(neighbours=table_pb2.Neighbours(offsets=[0, 0, 0]), unknown=[0, 1])
    merged = merge_estimates(nobody, answer([([2, 2], {1: 1.0}, 1)]), {1: 0})
    assert merged is not None
    assert list(merged.offsets) == [0, 0, 1]
    assert np.frombuffer(merged.query_factors, "<f4").tolist() == [0, 0, 2, 2]


def test_a_version_that_has_learned_nothing_has_nothing_to_merge() -> None:
    plain = ann_pb2.SearchResponse(neighbours=table_pb2.Neighbours(offsets=[0, 0]))
    assert merge_estimates(plain, plain, {0: 0}) is None
