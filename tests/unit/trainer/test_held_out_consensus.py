"""What neighbours say of items that are held out together: nobody of an item's own fold is among its neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from plant.mechanical_seals import MECHANICAL_SEALS
from plant.time_columns import TIMES
from routings.calibration import Calibration
from routings.operation_table import OperationTable, offsets_of
from routings.routing_prediction import PredictionOptions
from trained.encoder import BlockEncoder
from trained.encoding.dictionary_columns import DictionaryColumn
from trainer.held_out_consensus import held_out_consensus

JOBS = [f"J{number}" for number in range(12)]
NEAREST = PredictionOptions()


def of_own_operation(items: int, routed: np.ndarray) -> OperationTable:
    """Items of one operation each, number of the item modulo the number of operations."""
    rows = np.flatnonzero(routed)
    return OperationTable(
        offsets_of(routed.astype(np.int64)),
        (rows % len(JOBS)).astype(np.int32),
        np.zeros(len(rows), np.int32),
        np.full(len(rows), 10, np.int32),
        np.ones((len(rows), len(TIMES))),
        np.full((len(rows), 2), np.nan),
    )


@pytest.mark.parametrize("routed_share", [1.0, 0.6])
@pytest.mark.parametrize("draws", [1, 3])
def test_the_nearest_of_the_other_folds_say_what_is_proposed(routed_share: float, draws: int) -> None:
    random = np.random.default_rng(4)
    items = 90
    sizes = random.permutation(items).astype(np.float64) * 10.0 + 5.0
    columns = {"OUTDIAMETER": DictionaryColumn(sizes)}
    encoder = BlockEncoder.fit(columns, schema=MECHANICAL_SEALS)
    vectors = encoder.transform(columns)
    routed = random.random(items) < routed_share
    table = of_own_operation(items, routed)
    propose = held_out_consensus(encoder, vectors, None, table, JOBS, Calibration(), NEAREST, 1)
    asked = np.flatnonzero(routed)[:40]
    for _draw in range(draws):
        folds = random.integers(0, 4, len(asked))
        told = propose(asked, folds)
        for item, fold, proposed in zip(asked.tolist(), folds.tolist(), told, strict=True):
            others = np.setdiff1d(np.flatnonzero(routed), asked[folds == fold])
            nearest = others[np.argmax(vectors[others] @ vectors[item])]
            assert proposed == (JOBS[nearest % len(JOBS)],)


def test_items_that_are_all_there_is_have_nobody_to_learn_from() -> None:
    columns = {"OUTDIAMETER": DictionaryColumn(np.arange(5.0, 9.0))}
    encoder = BlockEncoder.fit(columns, schema=MECHANICAL_SEALS)
    table = of_own_operation(4, np.ones(4, np.bool_))
    vectors = encoder.transform(columns)
    propose = held_out_consensus(encoder, vectors, None, table, JOBS, Calibration(), NEAREST, 5)
    assert propose(np.arange(4), np.zeros(4, np.int64)) == [None] * 4
