"""Predicting any number of items in batches, two of them under way at a time, each finished one stored in the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import polars as pl

from cli.control_plane import ControlPlane
from cli.prediction import ask_services
from cli.prediction_journal import PredictionJournal
from common.errors import DeadlineExceeded, PreconditionFailed, Unavailable
from common.tables import to_frame
from protos.aggregate.v1.aggregate_pb2 import PredictResponse

BATCH: Final = 500
"""Usual number of items of a call: its own cost does not count any more, and an answer is a few MB."""

UNDER_WAY: Final = 2
"""Batches at a time: while one is looked up and stored here, the services work on the other."""

CALL_SECONDS: Final = 120.0
PAUSES: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
"""Seconds before a batch is tried again when a service does not answer (it may be restarting)."""

OF_ROUTING: Final = ("ITEM_CD", "CANDIDATE_ID", "RANK", "PRIORITY", "SIMILARITY_SCORE", "SIMILARITY_TIER")
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


async def predict_all(
    control: ControlPlane,
    codes: Sequence[str],
    options: BulkOptions,
    journal: PredictionJournal,
    on_items: Callable[[int], None],
) -> None:
    """Predict the parts that the journal does not have yet.

    Args:
        on_items: called with the number of items of each part that is stored.

    Raises:
        ServiceError: a service refused, or did not answer for minutes; what is stored stays.
    """
    parts = iter([part for part in range(-(-len(codes) // options.batch)) if part not in journal.finished])
    storing = asyncio.Lock()
    pauses: list[float] = []  # none before the first answer: services that never answered are not waited for

    async def work(waiting: Iterator[int]) -> None:
        for part in waiting:
            batch = codes[part * options.batch : (part + 1) * options.batch]
            version, answer = await _ask(control, batch, options, pauses)
            pauses[:] = PAUSES
            rows = await asyncio.to_thread(rows_of, answer, version)
            async with storing:
                await asyncio.to_thread(journal.add, part, len(batch), rows, version, unanswered_of(batch, answer))
            on_items(len(batch))

    workers = [asyncio.create_task(work(parts)) for _ in range(UNDER_WAY)]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


async def _ask(
    control: ControlPlane, batch: Sequence[str], options: BulkOptions, pauses: Sequence[float]
) -> tuple[str, PredictResponse]:
    """The answer to a batch, asked again after each of `pauses` (seconds) while services do not answer or change versions."""
    for pause in (*pauses, None):
        try:
            return await ask_services(
                control,
                batch,
                top_k=options.top_k,
                threshold=options.threshold,
                detailed=options.detailed,
                timeout=CALL_SECONDS,
            )
        except (Unavailable, DeadlineExceeded, PreconditionFailed):
            if pause is None:
                raise
            await asyncio.sleep(pause)
    raise AssertionError("the last attempt returns or raises")


def rows_of(answer: PredictResponse, model_version: str) -> pl.DataFrame:
    """One row an operation: what is said of its routing, its own columns, the model version."""
    routings, operations = to_frame(answer.routings), to_frame(answer.operations)
    lengths = [end - begin for begin, end in pairwise(answer.operation_offsets)]
    place = pl.Series("place", range(routings.height), dtype=pl.UInt32).repeat_by(pl.Series(lengths, dtype=pl.UInt32))
    of_routing = routings[place.explode().drop_nulls()]
    first: list[str] = [name for name in OF_ROUTING if name in of_routing.columns]
    rest = [name for name in of_routing.columns if name not in first]
    own = operations.drop([name for name in operations.columns if name in of_routing.columns])
    return pl.concat([of_routing.select(first + rest), own], how="horizontal").with_columns(
        pl.lit(model_version).alias("MODEL_VERSION")
    )


def unanswered_of(batch: Sequence[str], answer: PredictResponse) -> list[tuple[str, str]]:
    """The items of a batch that got no routing, and why."""
    unknown = [(batch[position], UNKNOWN) for position in answer.unknown]
    return unknown + [(batch[position], WITHOUT_ROUTING) for position in answer.without_routing]
