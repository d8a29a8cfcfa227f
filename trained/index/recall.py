"""What ef_search buys: recall against exact search, and what it costs: time of one search."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from trained.index.engine import Engine, Vectors
from trained.index.engine_faiss import exact_nearest

EF_STEPS: Final = (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
TIE: Final = 1e-5
"""Similarities this near count as equal (float32 sums differ by their order)."""
TIMED_QUERIES: Final = 200
UNLIKE_QUANTILE: Final = 0.001


@dataclass(frozen=True)
class RecallPoint:
    """One point of the curve.

    Attributes:
        ef_search: width of the graph search.
        recall: share of the true k nearest that are found (anything as near as the true k-th counts), 0 to 1.
        latency_ms: median time of one search with one query, milliseconds.
    """

    ef_search: int
    recall: float
    latency_ms: float


@dataclass(frozen=True)
class Truth:
    """Exact neighbours of a sample of items.

    Attributes:
        queries: the sampled vectors, float32 (q, d).
        kth: similarity of each one's k-th nearest (itself counted), float32 (q,).
        nearest_other: similarity of each one's nearest other item, float32 (q,).
        k: how many neighbours.
    """

    queries: Vectors
    kth: Vectors
    nearest_other: Vectors
    k: int


def exact_truth(vectors: Vectors, k: int = 50, queries: int = 1000, seed: int = 1) -> Truth:
    """Exact neighbours of a random sample of the items.

    Args:
        vectors: float32 (n, d), rows of length 1.
        k: neighbours; all items where there are fewer.
        queries: size of the sample.
    """
    count = len(vectors)
    k = min(k, count)
    chosen = np.sort(np.random.default_rng(seed).choice(count, min(queries, count), replace=False))
    sample = np.ascontiguousarray(vectors[chosen])
    similarities, _positions = exact_nearest(vectors, sample, max(k, min(2, count)))
    return Truth(sample, similarities[:, k - 1], similarities[:, min(1, count - 1)], k)


def measure(
    index: Engine,
    vectors: Vectors,
    efs: Sequence[int] = EF_STEPS,
    *,
    k: int = 50,
    queries: int = 1000,
    truth: Truth | None = None,
) -> list[RecallPoint]:
    """Recall and latency of an index at several values of ef_search, ascending.

    Args:
        vectors: what the index was built over, float32 (n, d).
        k: neighbours; all items where there are fewer.
        queries: size of the sample of items that are searched for.
        truth: exact neighbours where they are known already (then `vectors`, `k` and `queries` do not matter).
    """
    truth = truth or exact_truth(vectors, k, queries)
    points = []
    for ef in sorted(efs):
        _positions, similarities = index.search(truth.queries, truth.k, ef)
        found = (similarities >= truth.kth[:, None] - TIE).sum()
        times = []
        for row in range(min(TIMED_QUERIES, len(truth.queries))):
            query = truth.queries[row : row + 1]
            started = time.perf_counter()
            index.search(query, truth.k, ef)
            times.append(time.perf_counter() - started)
        recall = float(found) / (len(truth.queries) * truth.k)
        points.append(RecallPoint(ef, round(recall, 5), round(float(np.median(times)) * 1000, 4)))
    return points


def smallest_ef(points: Sequence[RecallPoint], wanted: float = 0.99) -> int:
    """The smallest ef_search that reaches the wanted recall; the one with the best recall when none does."""
    enough = [point.ef_search for point in points if point.recall >= wanted]
    return min(enough) if enough else max(points, key=lambda point: (point.recall, -point.ef_search)).ef_search


def unlike_below(truth: Truth) -> float:
    """Similarity to the nearest other item that all but 0.1 % of the items exceed: a query below it is unlike the catalogue."""
    return round(float(np.quantile(truth.nearest_other, UNLIKE_QUANTILE)), 6)
