"""Predicting any number of items in batches, two of them under way at a time, each finished one stored in the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import polars as pl

from cli.control_plane import ControlPlane
from cli.predicting.prediction import ask_services
from cli.predicting.prediction_journal import PredictionJournal
from cli.predicting.remote_prediction import predict_remotely, translated
from common.errors import DeadlineExceeded, PreconditionFailed, Unavailable
from common.patience import LONGEST_CALL_SECONDS
from common.tables import to_frame
from protos.aggregate.v1.aggregate_pb2 import PredictResponse
from routing_ml_client import RoutingMlClient

BATCH: Final = 500
"""Usual number of items of a call: its own cost does not count any more, and an answer is a few MB."""

UNDER_WAY: Final = 2
"""Batches at a time: while one is looked up and stored here, the services work on the other."""

CALL_SECONDS: Final = 120.0
"""In which a call of several items is answered, or divided into smaller ones. One item alone may take as long as its service works."""

PAUSES: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
"""Seconds before a batch is tried again when a service does not answer (it may be restarting)."""

OF_ROUTING: Final[tuple[str, ...]] = (
    "ITEM_CD",
    "CANDIDATE_ID",
    "RANK",
    "PRIORITY",
    "SIMILARITY_SCORE",
    "SIMILARITY_TIER",
    "ROUTING_SIGNATURE",
    "REFERENCE_ITEM_CD",
)
"""Columns that come first: what is said of the whole routing."""

UNKNOWN: Final = "the item master does not hold this code"
WITHOUT_ROUTING: Final = "no similar item has a routing"


@dataclass(frozen=True)
class BulkOptions:
    """How to predict.

    Attributes:
        top_k: neighbours an item, 1 to 50.
        threshold: least similarity of a neighbour, 0 to 1; None: the setting.
        detailed: all output columns instead of the key columns.
        batch: items of a call, 1 to 10,000.
    """

    top_k: int
    threshold: float | None
    detailed: bool
    batch: int = BATCH

    def as_json(self) -> dict[str, object]:
        """What the journal keeps to tell one prediction from another."""
        return {"top_k": self.top_k, "threshold": self.threshold, "detailed": self.detailed, "batch": self.batch}


@dataclass(frozen=True)
class PredictedBatch:
    """A batch of items that is predicted.

    Attributes:
        rows: one row an operation.
        model_version: version that found the neighbours.
        unanswered: (code, reason) of items without a routing.
    """

    rows: pl.DataFrame
    model_version: str
    unanswered: list[tuple[str, str]]


Ask = Callable[[Sequence[str]], Awaitable[PredictedBatch]]
"""Predicts a batch. Raises ServiceError."""


async def predict_all(
    ask: Ask,
    codes: Sequence[str],
    batch: int,
    journal: PredictionJournal,
    on_items: Callable[[int], None],
    under_way: int = UNDER_WAY,
) -> None:
    """Predict the parts that the journal does not have yet.

    Args:
        batch: items of a call.
        on_items: called with the number of items of each part that is stored.
        under_way: batches at a time.

    Raises:
        ServiceError: a service refused, or did not answer for minutes; what is stored stays.
    """
    pace = _Pace(batch)
    parts = iter([part for part in range(-(-len(codes) // batch)) if part not in journal.finished])
    storing = asyncio.Lock()
    pauses: list[float] = []  # none before the first answer: services that never answered are not waited for

    async def work(waiting: Iterator[int]) -> None:
        for part in waiting:
            chosen = codes[part * batch : (part + 1) * batch]
            found = await _in_reach(ask, chosen, pauses, pace)
            pauses[:] = PAUSES
            async with storing:
                await asyncio.to_thread(
                    journal.add, part, len(chosen), found.rows, found.model_version, found.unanswered
                )
            on_items(len(chosen))

    workers = [asyncio.create_task(work(parts)) for _ in range(under_way)]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


@dataclass
class _Pace:
    """How many items this catalogue on this machine does within one call."""

    most: int

    def too_many(self, items: int) -> None:
        """Note that so many were not answered in time."""
        self.most = max(1, min(self.most, items // 2))


async def _in_reach(ask: Ask, codes: Sequence[str], pauses: Sequence[float], pace: _Pace) -> PredictedBatch:
    """The answer to a batch, in as many calls as it takes so that each is answered in time."""
    answers: list[PredictedBatch] = []
    done = 0
    while done < len(codes):
        asked = codes[done : done + pace.most]
        try:
            found = await _patiently(ask, asked, pauses)
        except DeadlineExceeded:
            if len(asked) == 1:
                raise
            pace.too_many(len(asked))
            continue
        if answers and found.model_version != answers[-1].model_version:
            answers, done = [], 0  # a version became active meanwhile: a batch is of one
            continue
        answers.append(found)
        done += len(asked)
    return answers[0] if len(answers) == 1 else _joined(answers)


def _joined(answers: Sequence[PredictedBatch]) -> PredictedBatch:
    """One batch of several in order; what differs in type between them becomes what holds both."""
    filled = [one.rows for one in answers if one.rows.height]
    version = answers[0].model_version
    rows = pl.concat(filled, how="diagonal_relaxed") if filled else answers[0].rows
    unanswered = [one for answer in answers for one in answer.unanswered]
    return PredictedBatch(_in_order(rows, version), version, unanswered)


async def _patiently(ask: Ask, codes: Sequence[str], pauses: Sequence[float]) -> PredictedBatch:
    """The answer to a batch, asked again after each of `pauses` (seconds) while services do not answer or change versions."""
    for pause in (*pauses, None):
        try:
            return await ask(codes)
        except (Unavailable, DeadlineExceeded, PreconditionFailed) as error:
            if pause is None or (isinstance(error, DeadlineExceeded) and len(codes) > 1):
                raise
            await asyncio.sleep(pause)
    raise AssertionError("the last attempt returns or raises")


def by_services(control: ControlPlane, options: BulkOptions) -> Ask:
    """Predicts by the services themselves."""

    async def ask(codes: Sequence[str]) -> PredictedBatch:
        version, answer = await ask_services(
            control.clients,
            codes,
            top_k=options.top_k,
            threshold=options.threshold,
            detailed=options.detailed,
            timeout=CALL_SECONDS if len(codes) > 1 else LONGEST_CALL_SECONDS,
        )
        rows = await asyncio.to_thread(rows_of, answer, version)
        return batch_of(codes, rows, version, answer)

    return ask


def batch_of(codes: Sequence[str], rows: pl.DataFrame, version: str, answer: PredictResponse) -> PredictedBatch:
    """A batch of an answer and its rows."""
    unknown = [codes[position] for position in answer.unknown]
    without = [codes[position] for position in answer.without_routing]
    return PredictedBatch(rows, version, _unanswered(unknown, without))


def by_gateway(client: RoutingMlClient, url: str, options: BulkOptions) -> Ask:
    """Predicts by the REST API of the gateway at `url`."""

    def ask_now(codes: Sequence[str]) -> PredictedBatch:
        with translated(url):
            found = predict_remotely(
                client, codes, top_k=options.top_k, threshold=options.threshold, detailed=options.detailed
            )
        rows = [{**routing.columns, **operation} for routing in found.routings for operation in routing.operations]
        frame = _in_order(pl.DataFrame(rows, infer_schema_length=None), found.model_version)
        return PredictedBatch(frame, found.model_version, _unanswered(found.unknown, found.without_routing))

    return lambda codes: asyncio.to_thread(ask_now, codes)


def rows_of(answer: PredictResponse, model_version: str) -> pl.DataFrame:
    """One row an operation: what is said of its routing, its own columns, the model version."""
    routings, operations = to_frame(answer.routings), to_frame(answer.operations)
    lengths = [end - begin for begin, end in pairwise(answer.operation_offsets)]
    place = pl.Series("place", range(routings.height), dtype=pl.UInt32).repeat_by(pl.Series(lengths, dtype=pl.UInt32))
    of_routing = routings[place.explode().drop_nulls()]
    own = operations.drop([name for name in operations.columns if name in of_routing.columns])
    return _in_order(pl.concat([of_routing, own], how="horizontal"), model_version)


def _in_order(rows: pl.DataFrame, model_version: str) -> pl.DataFrame:
    """Rows with what is said of the routing first, and the model version last."""
    first = [name for name in OF_ROUTING if name in rows.columns]
    rest = [name for name in rows.columns if name not in (*OF_ROUTING, "MODEL_VERSION")]
    return rows.select(first + rest).with_columns(pl.lit(model_version).alias("MODEL_VERSION"))


def _unanswered(unknown: Sequence[str], without_routing: Sequence[str]) -> list[tuple[str, str]]:
    """The items that got no routing, and why."""
    return [(code, UNKNOWN) for code in unknown] + [(code, WITHOUT_ROUTING) for code in without_routing]
