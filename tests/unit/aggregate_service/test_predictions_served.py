"""Predict over a real channel: own routings, predicted ones, columns, batches, and what it says about odd requests."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from aggregate_service.snapshot import Snapshot
from common.errors import InvalidInput, Unauthenticated
from gateway.translate.prediction import PredictedItems
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.settings.defaults import OUTPUT_COLUMNS
from predicting.neighbours import Found
from protos.aggregate.v1 import aggregate_pb2 as pb
from protos.common.v1 import table_pb2

from .conftest import CATALOGUE, DATA, Running, Start, build, neighbour_message, rows_of

NOTHING_FOUND = Found("v", table_pb2.Neighbours(), (), (), 0, 0.0, ())
ADDED = ["PROC_CD", "PROC_DESC", "RUN_TIME"]


@pytest.fixture
def routing(small_tables: Path) -> pl.DataFrame:
    return pl.read_parquet(small_tables / "routing.parquet")


def without_routing(small_tables: Path) -> list[str]:
    items = pl.read_parquet(small_tables / "items.parquet")["ITEM_CD"].to_list()
    routed = set(pl.read_parquet(small_tables / "routing.parquet")["ITEM_CD"].to_list())
    return [code for code in items if code not in routed]


def operations_of(response: pb.PredictResponse, number: int) -> list[dict[str, Any]]:
    start, end = response.operation_offsets[number : number + 2]
    return rows_of(response.operations)[start:end]


async def test_an_item_with_a_routing_gets_its_current_one_as_stored(small: Running, routing: pl.DataFrame) -> None:
    code = routing["ITEM_CD"][0]
    answer = await small.call("Predict", pb.PredictRequest(item_codes=[f"  {code.lower()} "]))
    assert rows_of(answer.routings) == [
        {
            "ITEM_CD": code,
            "CANDIDATE_ID": f"{code}_C01",
            "ROUTING_SIGNATURE": answer.routings.columns[2].text.values[0],
            "PRIORITY": "primary",
            "SIMILARITY_TIER": "HIGH",
            "SIMILARITY_SCORE": 1.0,
            "REFERENCE_ITEM_CD": code,
            "RANK": 1,
        }
    ]
    stored = routing.filter(pl.col("ITEM_CD") == code)
    stored = stored.filter(pl.col("ROUT_NO") == stored["ROUT_NO"].max()).sort("PROC_SEQ")
    operations = operations_of(answer, 0)
    assert [row["PROC_SEQ"] for row in operations] == stored["PROC_SEQ"].to_list()
    for name in ("JOB_NM", "RES_CD", "SETUP_TIME", "ACT_RUN_TIME", "QUEUE_TIME", "RUN_TIME"):
        assert [row[name] for row in operations] == stored[name].to_list()
    assert [row["dbo_BI_ROUTING_VIEW_JOB_CD"] for row in operations] == stored["JOB_CD"].to_list()
    assert answer.routings.columns[2].text.values[0] == "+".join(stored["JOB_NM"].to_list()[:4])
    assert answer.candidates.rows == 0


async def test_summary_has_the_key_columns_and_detailed_all_output_columns(
    small: Running, routing: pl.DataFrame
) -> None:
    code = routing["ITEM_CD"][0]
    summary = await small.call("Predict", pb.PredictRequest(item_codes=[code]))
    detailed = await small.call("Predict", pb.PredictRequest(item_codes=[code], detailed=True))
    assert [column.name for column in summary.operations.columns] == [*MECHANICAL_SEALS.summary_outputs, *ADDED]
    names = {column.name for table in (detailed.routings, detailed.operations) for column in table.columns}
    assert names == {*OUTPUT_COLUMNS, *ADDED, "RANK"}
    first = operations_of(detailed, 0)[0]
    assert first["ROUT_ORDER"] == "1"
    assert first["VALID_TO_DT"] == "2999-12-31T00:00:00"
    assert first["ROUT_DOC"] is None
    assert operations_of(summary, 0)[0]["RUN_TIME"] == first["RUN_TIME"]


async def test_an_item_without_routing_is_predicted_from_its_neighbours(
    small: Running, small_tables: Path, routing: pl.DataFrame
) -> None:
    asked = without_routing(small_tables)[0]
    near = routing["ITEM_CD"].unique(maintain_order=True).to_list()[:8]
    pairs = [(code, 0.99 - k / 100) for k, code in enumerate(near)]
    answer = await small.call("Predict", pb.PredictRequest(item_codes=[asked], neighbours=neighbour_message(pairs)))
    routings, candidates = rows_of(answer.routings), rows_of(answer.candidates)
    assert [row["CANDIDATE_ID"] for row in routings] == [*(f"{asked}_C0{k}" for k in range(1, 5)), f"{asked}_MLP"]
    assert [row["PRIORITY"] for row in routings] == ["primary", *["fallback"] * 4]
    assert [row["RANK"] for row in routings] == [1, 2, 3, 4, 5]
    assert [row["REFERENCE_ITEM_CD"] for row in routings] == [*near[:4], "ML_PREDICTED"]
    assert [row["SIMILARITY_SCORE"] for row in routings[:2]] == [0.99, 0.98]
    assert [row["CANDIDATE_ITEM_CD"] for row in candidates] == [*near[:4], "ML_PREDICTED"]
    assert [row["PROCESS_COUNT"] for row in candidates] == [
        end - start for start, end in zip(answer.operation_offsets[:-1], answer.operation_offsets[1:], strict=True)
    ]
    assert {row["HAS_ROUTING"] for row in candidates} == {"Y"}
    for row in rows_of(answer.operations):
        assert row["PROC_SEQ"] > 0
        assert row["RUN_TIME"] is not None
        assert row["RUN_TIME"] == row["RUN_TIME"]
        assert row["PROC_CD"] == row["dbo_BI_ROUTING_VIEW_JOB_CD"]


async def test_a_similarity_of_exactly_the_threshold_counts(
    small: Running, small_tables: Path, routing: pl.DataFrame
) -> None:
    near = routing["ITEM_CD"].unique(maintain_order=True).to_list()[:2]
    request = pb.PredictRequest(
        item_codes=[without_routing(small_tables)[0]],
        neighbours=neighbour_message([(near[0], 0.9), (near[1], 0.7)]),
        similarity_threshold=0.7,
    )
    answer = await small.call("Predict", request)
    assert [row["REFERENCE_ITEM_CD"] for row in rows_of(answer.routings)] == [*near, "ML_PREDICTED"]
    assert [row["SIMILARITY_TIER"] for row in rows_of(answer.routings)][:2] == ["HIGH", "LOW"]


async def test_below_the_threshold_the_best_one_is_used_with_a_warning(
    small: Running, small_tables: Path, routing: pl.DataFrame
) -> None:
    near = routing["ITEM_CD"].unique(maintain_order=True).to_list()[:2]
    request = pb.PredictRequest(
        item_codes=[without_routing(small_tables)[0]], neighbours=neighbour_message([(near[0], 0.5), (near[1], 0.4)])
    )
    answer = await small.call("Predict", request)
    assert [row["REFERENCE_ITEM_CD"] for row in rows_of(answer.routings)] == [near[0], "ML_PREDICTED"]
    assert [warning.reason for warning in answer.warnings] == ["BELOW_THRESHOLD"]
    assert "0.500" in answer.warnings[0].message


async def test_unknown_items_and_items_without_neighbours_are_named_beside_the_others(
    small: Running, small_tables: Path, routing: pl.DataFrame
) -> None:
    known, lonely = routing["ITEM_CD"][0], without_routing(small_tables)[0]
    answer = await small.call("Predict", pb.PredictRequest(item_codes=["NOPE-1", known, lonely, "🔩"]))
    assert list(answer.unknown) == [0, 3]
    assert list(answer.without_routing) == [2]
    assert [row["ITEM_CD"] for row in rows_of(answer.routings)] == [known]
    assert [warning.reason for warning in answer.warnings] == ["NO_NEIGHBOURS"]


async def test_a_large_batch_comes_back_in_the_order_asked(small: Running, routing: pl.DataFrame) -> None:
    codes = routing["ITEM_CD"].unique(maintain_order=True).to_list()
    asked = (codes * 80)[:10_000]
    answer = await small.call("Predict", pb.PredictRequest(item_codes=asked))
    assert list(answer.routings.columns[0].text.values) == asked


async def test_a_what_if_prediction_ignores_the_own_routing_and_shows_its_evidence(
    small: Running, routing: pl.DataFrame
) -> None:
    codes = routing["ITEM_CD"].unique(maintain_order=True).to_list()
    request = pb.PredictRequest(
        item_codes=[codes[0]],
        neighbours=neighbour_message([(code, 0.9) for code in codes[:6]]),
        ignore_own_routing=True,
        evidence=True,
        max_variants=1,
    )
    answer = await small.call("Predict", request)
    assert [row["REFERENCE_ITEM_CD"] for row in rows_of(answer.routings)] == [codes[1], "ML_PREDICTED"]
    evidence = rows_of(answer.evidence)
    assert len(evidence) == answer.operations.rows
    for row in evidence:
        supporters, dissenters = json.loads(row["NEIGHBOURS_FOR"]), json.loads(row["NEIGHBOURS_AGAINST"])
        assert sorted([*supporters, *dissenters]) == sorted(codes[1:6])
        assert row["SUPPORT"] == pytest.approx(len(supporters) / 5)
        assert 0.0 < row["CONFIDENCE"] <= 1.0


async def test_consensus_leads_with_the_merged_routing(
    small: Running, small_tables: Path, routing: pl.DataFrame
) -> None:
    near = routing["ITEM_CD"].unique(maintain_order=True).to_list()[:8]
    request = pb.PredictRequest(
        item_codes=[without_routing(small_tables)[0]],
        neighbours=neighbour_message([(code, 0.9) for code in near]),
        strategy="consensus",
    )
    answer = await small.call("Predict", request)
    assert rows_of(answer.routings)[0]["REFERENCE_ITEM_CD"] == "ML_PREDICTED"
    assert rows_of(answer.routings)[0]["PRIORITY"] == "primary"


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (pb.PredictRequest(), "item_codes is empty"),
        (pb.PredictRequest(item_codes=["A", "  "]), r"item_codes\[1\] is empty"),
        (pb.PredictRequest(item_codes=["A"] * 10_001), "at most 10,000"),
        (pb.PredictRequest(item_codes=["A"], max_variants=11), "max_variants is 11"),
        (pb.PredictRequest(item_codes=["A"], similarity_threshold=1.5), "similarity_threshold is 1.5"),
        (pb.PredictRequest(item_codes=["A"], similarity_threshold=float("nan")), "similarity_threshold is nan"),
        (pb.PredictRequest(item_codes=["A"], strategy="guess"), "nearest, consensus"),
        (pb.PredictRequest(item_codes=["A"], neighbours=neighbour_message([], [])), "neighbours.offsets has 3"),
    ],
    ids=["no codes", "blank code", "too many", "variants", "threshold", "nan threshold", "strategy", "neighbours"],
)
async def test_a_request_that_makes_no_sense_is_refused_in_words(
    request_: pb.PredictRequest, message: str, small: Running
) -> None:
    with pytest.raises(InvalidInput, match=message):
        await small.call("Predict", request_)


async def test_nobody_is_answered_without_a_credential(small: Running) -> None:
    small.metadata = ()
    with pytest.raises(Unauthenticated):
        await small.call("Predict", pb.PredictRequest(item_codes=["A"]))


async def test_settings_act_on_the_next_prediction(small: Running, small_tables: Path, routing: pl.DataFrame) -> None:
    near = routing["ITEM_CD"].unique(maintain_order=True).to_list()[:8]
    request = pb.PredictRequest(
        item_codes=[without_routing(small_tables)[0]],
        neighbours=neighbour_message([(code, 0.9) for code in near]),
        detailed=True,
    )
    document = {
        "predictor": {"max_routing_variants": 2, "similarity_high_threshold": 0.95},
        "prediction": {"strategy": "consensus"},
        "sql": {"output_columns": ["ITEM_CD", "PROC_SEQ", "JOB_NM"]},
    }
    await small.apply(json.dumps(document))
    answer = await small.call("Predict", request)
    assert answer.routings.rows <= 3
    assert {row["SIMILARITY_TIER"] for row in rows_of(answer.routings)} == {"LOW"}
    assert [column.name for column in answer.operations.columns] == ["PROC_SEQ", "JOB_NM", *ADDED]
    await small.apply("")
    await small.apply(json.dumps({"prediction": {"strategy": "nearest"}}))
    assert (await small.call("Predict", request)).routings.rows == 5
    await small.apply("")


async def test_settings_that_are_not_valid_are_refused_and_change_nothing(small: Running) -> None:
    before = small.program._servicer.plant
    with pytest.raises(InvalidInput):
        await small.apply('{"predictor": {"max_routing_variants": 0}}')
    assert small.program._servicer.plant is before


async def test_access_and_parquet_give_the_same_predictions(start: Start, demo: Snapshot, tmp_path: Path) -> None:
    parquet = tmp_path / "parquet"
    shutil.copytree(demo.folder.parent, parquet / "snapshots")
    build(DATA / "demo.accdb", tmp_path / "access" / "snapshots")
    running = [await start(CATALOGUE, parquet), await start(DATA / "demo.accdb", tmp_path / "access")]
    items = demo.codes.codes_at(np.arange(2000))
    pairs = [[(items[(place * 7 + k * 13) % 2000], 0.95 - k / 100) for k in range(20)] for place in range(2000)]
    request = pb.PredictRequest(item_codes=items, neighbours=neighbour_message(*pairs), detailed=True, evidence=True)
    one, other = [await service.call("Predict", request) for service in running]
    assert one.snapshot_tag != other.snapshot_tag
    assert one.routings.rows > 2000
    one.snapshot_tag = other.snapshot_tag
    assert one.SerializeToString(deterministic=True) == other.SerializeToString(deterministic=True)


@pytest.mark.parametrize("detailed", [False, True])
@pytest.mark.parametrize("evidence", [False, True])
async def test_json_texts_say_what_the_tables_say(
    small: Running, small_tables: Path, routing: pl.DataFrame, detailed: bool, evidence: bool
) -> None:
    routed = routing["ITEM_CD"].unique().sort().to_list()
    codes = [without_routing(small_tables)[0], routed[0], "NO SUCH ITEM", routed[1]]
    request = pb.PredictRequest(item_codes=codes, detailed=detailed, evidence=evidence, model_version="v")
    request.neighbours.CopyFrom(neighbour_message([(code, 0.9) for code in routed[:5]], [], [], []))
    tables = await small.call("Predict", request)
    request.generated_at = '2026-01-01T00:00:00 "now"'
    texts = await small.call("Predict", request)
    wanted = PredictedItems.of(codes, NOTHING_FOUND, tables, request.generated_at)
    told = PredictedItems.of(codes, NOTHING_FOUND, texts, request.generated_at)
    assert told.routings == wanted.routings
    assert told.candidates == wanted.candidates
    assert len(told.routings) > 2
    assert told.candidates
    assert not texts.operations.columns
    assert told.share(0, 1).metrics == wanted.share(0, 1).metrics
    assert told.share(1, 2).routings == wanted.share(1, 2).routings
    assert all(json.loads(text)["generated_at"] == request.generated_at for text in told.routings)
