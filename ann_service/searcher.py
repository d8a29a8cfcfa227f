"""What the service does with requests: checks them, finds the version that serves, encodes, searches, keeps the delta.

Requests of a few queries are answered on the event loop (a search takes a tenth of a millisecond, handing it to a thread as much);
batches go to a small thread pool in parts, so that a caller who hangs up stops his batch and nobody waits long behind it.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from ann_service.delta_index import Delta
from ann_service.learned_answers import whole_estimates
from ann_service.search import Neighbours, SearchOptions, codes_at, find_items, search, vectors_at
from ann_service.served_model import ModelSlot, ServedModel
from ann_service.vector_cache import Cells, VectorCache, row_keys
from common.errors import FieldViolation, InvalidInput, PreconditionFailed
from common.request_context import add_log_fields
from plant.schema import ITEM_CODE
from routings.estimates import Estimates
from trained.index.engine import checked_vectors
from trained.searchable_model import SearchableModel

MOST_CODES: Final = 10_000
MOST_NEIGHBOURS: Final = 50
DEFAULT_NEIGHBOURS: Final = 10
MOST_EF: Final = 4096
INLINE_QUERIES: Final = 8
QUERIES_A_PART: Final = 128
ROWS_A_PART: Final = 512

Vectors = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]
T = TypeVar("T")


@dataclass(frozen=True)
class Wanted:
    """What a call asks for beside its queries; see SearchRequest."""

    top_k: int = 0
    ef_search: int | None = None
    min_similarity: float | None = None
    feature_weights: Mapping[str, float] = field(default_factory=dict)
    weight_profile: str = ""
    exclude_codes: Sequence[str] = ()
    include_self: bool = False
    model_version: str = ""
    estimates: bool = False
    with_vectors: bool = False
    with_model: bool = False
    model: str = ""


@dataclass(frozen=True)
class Answer:
    """What came out.

    Attributes:
        model_version: the version that answered.
        offsets: neighbours of query i are [offsets[i], offsets[i + 1]); q + 1.
        codes, similarities: the neighbours.
        unknown: queries whose item is not known.
        unlike: queries that are unlike anything in the training data.
        stored_codes: code of each query as stored, "" where unknown; empty when the queries were no codes.
        ef_search: width of the graph search.
        search_ms: time inside the service, milliseconds.
        without_features: queries of which no feature is known.
        estimates: what the version has learned, when asked for.
        vectors: of the queries, zeros where unknown, when asked for; float32 (q, dimension).
        model: which model made the vectors, when asked for.
    """

    model_version: str
    offsets: list[int]
    codes: list[str]
    similarities: list[float]
    unknown: list[int]
    unlike: list[int]
    stored_codes: list[str]
    ef_search: int
    search_ms: float
    without_features: list[int]
    estimates: Estimates | None = None
    vectors: Vectors | None = None
    model: str = ""


class Searcher:
    """Answers requests from the version in the slot.

    Attributes:
        slot: holds the version that serves.
        cache: encoded vectors.
        ef_search: current setting; None: the version's default.
        searches: queries answered since the start.
    """

    def __init__(self, slot: ModelSlot, cache_entries: int, threads: int = 2) -> None:
        """Args:
        threads: of the pool that batches use.
        """
        self.slot = slot
        self.cache = VectorCache(cache_entries)
        self.ef_search: int | None = None
        self.searches = 0
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="search")

    def close(self) -> None:
        """End the threads, after what they are doing."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def current_ef(self, model: SearchableModel) -> int:
        """ef_search of calls that set none."""
        return self.ef_search if self.ef_search is not None else model.default_ef_search

    async def search_items(self, codes: Sequence[str], wanted: Wanted) -> Answer:
        """Neighbours of items by code. Raises InvalidInput, PreconditionFailed, Unavailable."""
        started = time.perf_counter()
        check_count(len(codes), "items.codes", "item codes")
        with self._served(wanted.model_version).in_use() as served:
            told = await self._model(served, wanted)
            model, delta = served.model, served.delta.current()
            options = self._options(model, wanted)
            if len(codes) <= INLINE_QUERIES:
                positions = find_items(model, delta, codes)
            else:
                positions = await self._in_pool(find_items, model, delta, codes)
            known = np.flatnonzero(positions >= 0)
            found = positions[known]
            vectors = vectors_at(model, delta, found)
            parts = await self._in_parts(
                model, len(found), lambda part: search(model, delta, vectors[part], found[part], options)
            )
            stored = [""] * len(codes)
            for row, code in zip(known.tolist(), codes_at(model, delta, found), strict=True):
                stored[row] = code
            answer = self._answer(served, vectors, parts, known, len(codes), stored, options, started)
            return _with_vectors(answer, wanted, told, vectors, known)

    async def search_features(self, cells: Cells, rows: int, wanted: Wanted) -> Answer:
        """Neighbours of items given by their features. Raises InvalidInput, PreconditionFailed, Unavailable."""
        started = time.perf_counter()
        check_count(rows, "features", "rows")
        with self._served(wanted.model_version).in_use() as served:
            told = await self._model(served, wanted)
            vectors = await self._encoded(served, cells, rows)
            answer = await self._search_vectors(served, vectors, wanted, started)
            return _with_vectors(answer, wanted, told, vectors, np.arange(rows))

    async def search_vectors(self, vectors: Vectors, wanted: Wanted) -> Answer:
        """Neighbours of vectors, float32 (n, d). Raises InvalidInput, PreconditionFailed, Unavailable."""
        started = time.perf_counter()
        check_count(len(vectors), "vectors", "vectors")
        with self._served(wanted.model_version).in_use() as served:
            told = await self._model(served, wanted)
            checked = checked_vectors(vectors, served.model.dimension)
            lengths = np.sqrt(np.einsum("ij,ij->i", checked, checked))
            wrong = np.flatnonzero(np.abs(lengths - 1.0) > 0.01)
            if len(wrong):
                raise InvalidInput(
                    f"Vector {wrong[0]} has the length {lengths[wrong[0]]:.4f}; vectors of length 1 (L2) are wanted"
                )
            answer = await self._search_vectors(served, checked, wanted, started)
            return _with_vectors(answer, wanted, told, checked, np.arange(len(checked)))

    async def encode(self, cells: Cells, rows: int) -> tuple[str, Vectors]:
        """Name of the version and vectors of items given by their features, float32 (rows, d). Raises InvalidInput, Unavailable."""
        check_count(rows, "features", "rows")
        with self._served("").in_use() as served:
            return served.model.version_name, await self._encoded(served, cells, rows)

    async def add_items(
        self, codes: Sequence[str], cells: Cells, rows: int, removed: Sequence[str]
    ) -> tuple[str, int, int]:
        """Take items into the delta and removed ones out of what is found.

        Returns:
            the version's name, items in the delta afterwards, items of this call that were new or changed.

        Raises:
            InvalidInput: as many codes as rows are needed, each with something in it.
            TooManyRequests: the delta would be too large.
        """
        if rows != len(codes):
            raise InvalidInput(f"There are {len(codes)} codes for {rows} rows of features")
        if len(codes) > MOST_CODES or len(removed) > MOST_CODES:
            raise InvalidInput(f"A call takes at most {MOST_CODES:,} items and {MOST_CODES:,} removed codes")
        for place, code in enumerate(codes):
            if not code.strip() or "\0" in code:
                raise InvalidInput(f"Item code {place} is {code!r}, by which an item cannot be found")
        with self._served("").in_use() as served:
            vectors = (
                (await self._encoded(served, {**cells, ITEM_CODE: list(codes)}, rows))
                if rows
                else np.zeros((0, served.model.dimension), np.float32)
            )
            delta, accepted = await self._in_pool(_change_delta, served, codes, vectors, removed)
            add_log_fields(model_version=served.model.version_name, accepted=accepted, removed=len(removed))
            return served.model.version_name, len(delta.codes), accepted

    def _served(self, version: str) -> ServedModel:
        served = self.slot.needed()
        if version and version != served.model.version_name:
            raise PreconditionFailed(
                f"Model version {version} is wanted and {served.model.version_name} is active",
                reason="MODEL_VERSION_CHANGED",
                details={"wanted": version, "active": served.model.version_name},
            )
        return served

    async def _model(self, served: ServedModel, wanted: Wanted) -> str:
        """Which model made the vectors of a version; "" where nobody asks.

        Raises:
            PreconditionFailed: another one is wanted.
        """
        if not (wanted.with_model or wanted.with_vectors or wanted.model):
            return ""
        told = await self._in_pool(lambda: served.model.model)
        if wanted.model and wanted.model != told:
            raise PreconditionFailed(
                f"Version {served.model.version_name} was made by another model, with whose similarities these cannot be compared: "
                "train it with --model-of",
                reason="MODEL_DIFFERS",
                details={"version": served.model.version_name},
            )
        return told

    def _options(self, model: SearchableModel, wanted: Wanted) -> SearchOptions:
        check_wanted(wanted)
        factors = None
        if wanted.feature_weights or wanted.weight_profile:
            factors = model.factors(wanted.weight_profile, wanted.feature_weights)
        ef = wanted.ef_search if wanted.ef_search is not None else self.current_ef(model)
        return SearchOptions(
            wanted.top_k or DEFAULT_NEIGHBOURS,
            ef,
            wanted.min_similarity,
            wanted.include_self,
            factors,
            wanted.estimates,
        )

    async def _search_vectors(self, served: ServedModel, vectors: Vectors, wanted: Wanted, started: float) -> Answer:
        model, delta = served.model, served.delta.current()
        options = self._options(model, wanted)
        own: Positions | None = None
        if wanted.exclude_codes:
            if len(wanted.exclude_codes) != len(vectors):
                raise InvalidInput(
                    f"exclude_codes has {len(wanted.exclude_codes)} codes for {len(vectors)} queries; it is parallel to them"
                )
            own = find_items(model, delta, wanted.exclude_codes)
        parts = await self._in_parts(
            model,
            len(vectors),
            lambda part: search(model, delta, vectors[part], None if own is None else own[part], options),
        )
        return self._answer(served, vectors, parts, np.arange(len(vectors)), len(vectors), [], options, started)

    async def _encoded(self, served: ServedModel, cells: Cells, rows: int) -> Vectors:
        model = served.model
        for name, values in cells.items():
            if len(values) != rows:
                raise InvalidInput(f"Column {name!r} has {len(values)} values; the table says {rows} rows")
        keys = row_keys(served.serial.to_bytes(8, "little"), model.encoding.reads, cells, rows, model.encoding.cell_key)
        vectors = np.empty((rows, model.dimension), np.float32)
        wanted: dict[bytes, list[int]] = {}
        for row, key in enumerate(keys):
            held = self.cache.get(key)
            if held is not None:
                vectors[row] = held
            else:
                wanted.setdefault(key, []).append(row)
        todo = list(wanted.items())
        for start in range(0, len(todo), ROWS_A_PART):
            part = todo[start : start + ROWS_A_PART]
            chosen = [places[0] for _key, places in part]
            columns = {n: [values[row] for row in chosen] for n, values in cells.items() if n in model.encoding.reads}
            if len(part) <= INLINE_QUERIES:
                made = model.encode(columns, len(part))
            else:
                made = await self._in_pool(model.encode, columns, len(part))
            for (key, places), vector in zip(part, made, strict=True):
                vectors[places] = vector
                if served is self.slot.current:
                    self.cache.put(key, vector)
        return vectors

    async def _in_parts(
        self, model: SearchableModel, queries: int, run: Callable[[slice], Neighbours]
    ) -> list[Neighbours]:
        """Run a search over all queries: at once when they are few and wait for nobody, else in parts by the pool."""
        if queries <= INLINE_QUERIES and not (queries and model.waits):
            return [run(slice(0, queries))] if queries else []
        parts = [slice(start, start + QUERIES_A_PART) for start in range(0, queries, QUERIES_A_PART)]
        return [await self._in_pool(run, part) for part in parts]

    async def _in_pool(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)

    def _answer(
        self,
        served: ServedModel,
        vectors: Vectors,
        parts: Sequence[Neighbours],
        known: npt.NDArray[np.int64],
        queries: int,
        stored: list[str],
        options: SearchOptions,
        started: float,
    ) -> Answer:
        model = served.model
        rows = known.tolist()
        counts = [0] * queries
        unlike: list[int] = []
        places = iter(rows)
        for part in parts:
            for count, best in zip(part.counts, part.best, strict=True):
                row = next(places)
                counts[row] = count
                if model.unlike_below is not None and options.factors is None and best < model.unlike_below:
                    unlike.append(row)
        offsets = [0]
        for count in counts:
            offsets.append(offsets[-1] + count)
        self.searches += queries
        add_log_fields(model_version=model.version_name, queries=queries, top_k=options.top_k)
        missing = set(rows)
        estimates, strange = whole_estimates(parts, known, queries)
        return Answer(
            model.version_name,
            offsets,
            [code for part in parts for code in part.codes] if len(parts) != 1 else parts[0].codes,
            [value for part in parts for value in part.similarities] if len(parts) != 1 else parts[0].similarities,
            [row for row in range(queries) if row not in missing] if len(rows) < queries else [],
            sorted({*unlike, *strange}),
            stored,
            options.ef_search,
            (time.perf_counter() - started) * 1000.0,
            known[model.without_features(vectors)].tolist() if len(known) else [],
            estimates,
        )


def _with_vectors(answer: Answer, wanted: Wanted, model: str, vectors: Vectors, known: Positions) -> Answer:
    """An answer with what was asked for beside it: `model`, and the vectors of the queries, of which those of `known` are given."""
    if not wanted.with_vectors:
        return replace(answer, model=model) if model else answer
    whole = np.zeros((len(answer.offsets) - 1, vectors.shape[1]), np.float32)
    whole[known] = vectors
    return replace(answer, model=model, vectors=whole)


def _change_delta(
    served: ServedModel, codes: Sequence[str], vectors: Vectors, removed: Sequence[str]
) -> tuple[Delta, int]:
    model = served.model
    positions = model.find_many(codes)
    stored = np.zeros_like(vectors)
    held = positions >= 0
    stored[held] = model.vectors(positions[held])
    return served.delta.change(codes, vectors, stored, removed)


def check_count(count: int, field_name: str, what: str) -> None:
    """Refuse a batch that is empty or too long.

    Raises:
        InvalidInput: it is.
    """
    if not 1 <= count <= MOST_CODES:
        message = f"The call has {count:,} {what}; 1 to {MOST_CODES:,} are possible"
        raise InvalidInput(message, violations=[FieldViolation(field_name, message)])


def check_wanted(wanted: Wanted) -> None:
    """Refuse bounds that are broken.

    Raises:
        InvalidInput: with the field.
    """
    if wanted.top_k > MOST_NEIGHBOURS:
        raise _violation("top_k", f"top_k is {wanted.top_k}; 1 to {MOST_NEIGHBOURS} are possible")
    if wanted.ef_search is not None and not 1 <= wanted.ef_search <= MOST_EF:
        raise _violation("ef_search", f"ef_search is {wanted.ef_search}; 1 to {MOST_EF} are possible")
    least = wanted.min_similarity
    if least is not None and not (math.isfinite(least) and 0.0 <= least <= 1.0):
        raise _violation("min_similarity", f"min_similarity is {least}; 0 to 1 are possible")


def _violation(name: str, message: str) -> InvalidInput:
    return InvalidInput(message, violations=[FieldViolation(name, message)])
