"""Predictions that also rest on what the version has learned: combined, explained, and refused where nothing is known."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from aggregate_service.learned_messages import _names
from ann_service.learned_answers import to_message
from common.errors import InvalidInput
from protos.aggregate.v1 import aggregate_pb2 as pb
from routings.calibration import Calibration
from routings.estimates import Estimates
from trained.learned.learned_model import TimeModel

from .conftest import Running, neighbour_message, rows_of


def estimates_of(operations: list[str], probabilities: list[float], neighbours: int, ratio: float = 1.0) -> Estimates:
    """Estimates of one item all of whose times are `ratio` times those of its neighbours."""
    effects = np.zeros((len(operations) + 1, 2, 1), np.float32)
    effects[:, :, 0] = 1.0
    return Estimates(
        operations=operations,
        probabilities=np.array([probabilities], np.float32),
        factors=np.full((1, 1), np.log(ratio), np.float32),
        neighbour_factors=np.zeros((neighbours, 1), np.float32),
        size_differences=np.zeros(neighbours, np.float32),
        times=TimeModel(np.zeros((len(operations) + 1, 2), np.float32), effects),
        calibration=Calibration(model=1.0, vote=0.0),
        reasons=[["GROUP2", "OUTDIAMETER"] for _operation in operations],
    )


def asked(small_tables: Path, count: int = 4) -> tuple[pb.PredictRequest, pl.DataFrame]:
    """A request for an item without routing, and the operations of its neighbours."""
    routing = pl.read_parquet(small_tables / "routing.parquet")
    items = pl.read_parquet(small_tables / "items.parquet")["ITEM_CD"]
    item = items.filter(~items.is_in(routing["ITEM_CD"].unique().to_list()))[0]
    near = routing.filter(pl.col("ROUT_NO") == "R02")["ITEM_CD"].unique(maintain_order=True).to_list()[:count]
    request = pb.PredictRequest(
        item_codes=[item],
        neighbours=neighbour_message([(code, 0.9) for code in near]),
        strategy="consensus",
        evidence=True,
    )
    return request, routing.filter(pl.col("ITEM_CD").is_in(near) & (pl.col("ROUT_NO") == "R02"))


async def test_models_decide_beside_the_neighbours_and_the_answer_says_why(small: Running, small_tables: Path) -> None:
    request, operations = asked(small_tables)
    jobs = operations["JOB_CD"].unique().sort().to_list()
    common = "INS"
    request.estimates.CopyFrom(to_message(estimates_of(jobs, [0.02 if job == common else 0.97 for job in jobs], 4)))
    answer = await small.call("Predict", request)
    first = rows_of(answer.operations)[: answer.operation_offsets[1]]
    assert {row["PROC_CD"] for row in first} == set(jobs) - {common}
    proof = rows_of(answer.evidence)[0]
    assert proof["LEARNED"] == pytest.approx(0.97, abs=1e-3)
    assert proof["BELIEF"] == pytest.approx(0.97, abs=1e-3)
    assert "neighbours have it; its features say 97% by Group 2 = " in proof["WHY"]
    assert "Outer diameter = " in proof["WHY"]
    assert [one["feature"] for one in json.loads(str(proof["REASONS"]))] == ["GROUP2", "OUTDIAMETER"]


async def test_where_a_model_names_no_features_those_are_named_that_the_neighbours_share(
    small: Running, small_tables: Path
) -> None:
    request, operations = asked(small_tables)
    jobs = operations["JOB_CD"].unique().sort().to_list()
    nameless = replace(estimates_of(jobs, [0.97] * len(jobs), 4), reasons=[[] for _job in jobs])
    request.estimates.CopyFrom(to_message(nameless))
    answer = await small.call("Predict", request)
    named = json.loads(str(rows_of(answer.evidence)[0]["REASONS"]))
    items = pl.read_parquet(small_tables / "items.parquet")
    own = items.row(by_predicate=pl.col("ITEM_CD") == request.item_codes[0], named=True)
    assert named
    for one in named:
        assert one["value"] == str(own[one["feature"]])


def test_names_of_features_travel_whatever_they_hold() -> None:
    odd = replace(estimates_of(["INS"], [0.5], 4), reasons=[["Size, outer", 'the "old" name']])
    message = to_message(odd)
    assert [_names(text) for text in message.reasons] == [["Size, outer", 'the "old" name']]
    with pytest.raises(InvalidInput, match="no JSON list"):
        _names("Size,outer")


async def test_times_are_those_of_the_neighbours_as_the_item_compares_with_them(
    small: Running, small_tables: Path
) -> None:
    request, operations = asked(small_tables)
    jobs = operations["JOB_CD"].unique().sort().to_list()
    times = []
    for ratio in (1.0, 2.0):
        request.estimates.CopyFrom(to_message(estimates_of(jobs, [0.97] * len(jobs), 4, ratio)))
        answer = await small.call("Predict", request)
        times.append([row["RUN_TIME"] for row in rows_of(answer.operations)[: answer.operation_offsets[1]]])
    np.testing.assert_allclose(times[1], 2.0 * np.array(times[0]), rtol=1e-4)


async def test_nothing_is_made_up_for_an_item_without_features(small: Running, small_tables: Path) -> None:
    request, _operations = asked(small_tables)
    request.without_features.append(0)
    answer = await small.call("Predict", request)
    assert answer.routings.rows == 0
    assert [warning.reason for warning in answer.warnings] == ["NO_FEATURES"]
    assert request.item_codes[0] in answer.warnings[0].message


async def test_an_item_unlike_everything_known_is_predicted_with_a_warning(small: Running, small_tables: Path) -> None:
    request, _operations = asked(small_tables)
    request.unlike.append(0)
    answer = await small.call("Predict", request)
    assert answer.routings.rows > 0
    assert [warning.reason for warning in answer.warnings] == ["UNLIKE_TRAINING_DATA"]


@pytest.mark.parametrize(("whole", "reason"), [(False, "NOTHING_IN_COMMON"), (True, "USUAL_ROUTING")])
async def test_without_anything_in_common_nothing_is_proposed_or_what_is_usual_is_marked(
    small: Running, small_tables: Path, whole: bool, reason: str
) -> None:
    request, operations = asked(small_tables)
    request.neighbours.similarities[:] = [0.0] * 4
    jobs = operations["JOB_CD"].unique().sort().to_list()
    said = replace(estimates_of(jobs, [0.97] * len(jobs), 4), calibration=Calibration(whole=whole))
    request.estimates.CopyFrom(to_message(said))
    answer = await small.call("Predict", request)
    assert (answer.routings.rows > 0) == whole
    assert [warning.reason for warning in answer.warnings] == [reason]


async def test_estimates_that_do_not_fit_the_request_are_refused(small: Running, small_tables: Path) -> None:
    request, _operations = asked(small_tables)
    request.estimates.CopyFrom(to_message(estimates_of(["INS"], [0.5], 3)))
    with pytest.raises(InvalidInput, match="neighbour_factors"):
        await small.call("Predict", request)
    request.estimates.offsets.append(7)
    with pytest.raises(InvalidInput, match="offsets"):
        await small.call("Predict", request)
