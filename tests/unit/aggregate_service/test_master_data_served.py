"""Time summaries, features, whole items, and the search over the item master."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from aggregate_service.item_search import parse_query
from aggregate_service.snapshot import Snapshot
from aggregate_service.snapshot_keeper import SourceChoice
from common.errors import InvalidInput
from common.tables import number_column, table, text_column
from plant.mechanical_seals import MECHANICAL_SEALS
from protos.aggregate.v1 import aggregate_pb2 as pb
from protos.common.v1.table_pb2 import Column, IntegerValues

from .conftest import CATALOGUE, Running, build, edit, rows_of

RECORDINGS = Path(__file__).parents[2] / "contract" / "recordings"
TIMES = {"SETUP_TIME": 0.9, "MACH_WORKED_HOURS": 3.25, "QUEUE_TIME": 2.0, "WAIT_TIME": 0.5, "MOVE_TIME": 0.2}


def times_request(*, breakdown: bool = False) -> pb.SummarizeTimesRequest:
    columns = [number_column("PROC_SEQ", [10.0]), *(number_column(name, [value]) for name, value in TIMES.items())]
    return pb.SummarizeTimesRequest(
        item_codes=["A-1"], offsets=[0, 1], operations=table(1, columns), breakdown=breakdown
    )


async def test_times_are_summed_to_the_last_bit_and_remembered(small: Running) -> None:
    first = await small.call("SummarizeTimes", times_request())
    assert rows_of(first.totals) == [
        {
            "setup_time": 0.9,
            "run_time": 3.25,
            "queue_time": 2.0,
            "wait_time": 0.5,
            "move_time": 0.2,
            "lead_time": 6.8500000000000005,
        }
    ]
    assert list(first.process_counts) == [1]
    assert not first.HasField("breakdown")
    assert not first.cached
    again = await small.call("SummarizeTimes", times_request())
    assert again.cached
    again.cached = False
    assert again == first


async def test_a_breakdown_has_the_figures_of_each_operation(small: Running) -> None:
    answer = await small.call("SummarizeTimes", times_request(breakdown=True))
    assert rows_of(answer.breakdown)[0]["total_time"] == 6.8500000000000005
    assert rows_of(answer.breakdown)[0]["proc_seq"] == 10


async def test_an_item_without_operations_has_totals_of_zero(small: Running) -> None:
    answer = await small.call("SummarizeTimes", pb.SummarizeTimesRequest(item_codes=["A"], offsets=[0, 0]))
    assert set(rows_of(answer.totals)[0].values()) == {0.0}


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (pb.SummarizeTimesRequest(item_codes=["A"], offsets=[0]), "offsets must ascend"),
        (
            pb.SummarizeTimesRequest(
                item_codes=["A"], offsets=[0, 1], operations=table(1, [text_column("SETUP_TIME", ["x"])])
            ),
            "SETUP_TIME of the operations is text",
        ),
        (
            pb.SummarizeTimesRequest(
                item_codes=["A"], offsets=[0, 2], operations=table(2, [number_column("MOVE_TIME", [1.0])])
            ),
            "'MOVE_TIME' has 1 values",
        ),
        (
            pb.SummarizeTimesRequest(item_codes=["A"], offsets=[0, 2**31 - 1], operations=table(2**31 - 1, [])),
            "2,147,483,647 rows and has no columns",
        ),
        (
            pb.SummarizeTimesRequest(
                item_codes=["A"],
                offsets=[0, 1],
                operations=table(1, [Column(name="PROC_SEQ", integer=IntegerValues(values=[1], absent=[7]))]),
            ),
            "marks a row as absent",
        ),
    ],
    ids=["offsets", "text", "too short", "rows of nothing", "absent rows"],
)
async def test_operations_that_contradict_themselves_are_refused(
    request_: pb.SummarizeTimesRequest, message: str, small: Running
) -> None:
    with pytest.raises(InvalidInput, match=message):
        await small.call("SummarizeTimes", request_)


async def test_features_come_raw_under_internal_names(small: Running, small_tables: Path) -> None:
    items = pl.read_parquet(small_tables / "items.parquet")
    asked = [items["ITEM_CD"][3].lower(), "NOPE-1", items["ITEM_CD"][0]]
    answer = await small.call("ItemFeatures", pb.ItemFeaturesRequest(item_codes=asked))
    assert [column.name for column in answer.features.columns] == [
        feature.name for feature in MECHANICAL_SEALS.features
    ]
    assert list(answer.stored_codes) == [items["ITEM_CD"][3], items["ITEM_CD"][0]]
    assert list(answer.positions) == [0, 2]
    assert list(answer.unknown) == [1]
    for row, place in zip(rows_of(answer.features), (3, 0), strict=True):
        assert row == {name: items[name][place] for name in row}


async def test_a_whole_item_is_what_the_recordings_show(demo: Snapshot, small: Running) -> None:
    recorded = next(r for r in json.loads((RECORDINGS / "master-data.json").read_text("utf-8")) if r["name"] == "item")
    expected: dict[str, Any] = recorded["response"]["json"]
    await small.program._servicer.keeper._swap(demo, SourceChoice(CATALOGUE, ""))
    answer = await small.call("GetItems", pb.GetItemsRequest(item_codes=["sls-0000718", "NOPE"]))
    assert list(answer.positions) == [0]
    assert list(answer.unknown) == [1]
    row = rows_of(answer.items)[0]
    assert [(name, label) for name, label in zip(row, answer.labels, strict=True)] == [
        (column["key"], column["label"]) for column in expected["columns"]
    ]
    shown = {name: "" if value is None else str(value) for name, value in row.items()}
    recorded_values = expected["rows"][0]["values"]
    assert {k: v for k, v in shown.items() if not k.endswith("_DT")} == {
        k: v for k, v in recorded_values.items() if not k.endswith("_DT")
    }
    assert row["INSRT_DT"] == "2019-10-26T00:00:00"


async def test_the_hierarchy_is_what_the_recordings_show(demo: Snapshot, small: Running) -> None:
    recorded = json.loads((RECORDINGS / "master-data.json").read_text("utf-8"))[0]["response"]["json"]
    await small.program._servicer.keeper._swap(demo, SourceChoice(CATALOGUE, ""))
    answer = await small.call("SearchItems", pb.SearchItemsRequest())
    families = [
        (group["label"], family["label"], len(family["children"]))
        for group in recorded["nodes"]
        for family in group["children"]
    ]
    assert [(row["GROUP"], row["FAMILY"], row["ITEMS"]) for row in rows_of(answer.families)] == families
    items = [
        (item["id"], item["meta"].get("ADDITIONAL_SPEC"))
        for group in recorded["nodes"]
        for family in group["children"]
        for item in family["children"]
    ]
    assert [(row["ITEM_CD"], row["DETAILS"]) for row in rows_of(answer.items)] == items
    assert answer.total_items == answer.filtered_items == 2000
    assert answer.default_item_code == recorded["default_item_code"]


def search(snapshot: Snapshot, query: str, **options: Any) -> list[str]:
    return snapshot.codes.codes_at(snapshot.search.find(query, **options).positions)


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ("sls-00007", pl.col("ITEM_CD").str.contains("SLS-00007")),
        ("슬리브 sus304", (pl.col("ITEM_NM") == "슬리브") & (pl.col("ITEM_MATERIAL") == "SUS304")),
        ("ＳＵＳ３０４　슬리브", (pl.col("ITEM_NM") == "슬리브") & (pl.col("ITEM_MATERIAL") == "SUS304")),
        ("슬리브 AND carbon", (pl.col("ITEM_NM") == "슬리브") & (pl.col("ITEM_MATERIAL") == "CARBON")),
        (
            "ptfe OR 회전링 bronze",
            (pl.col("ITEM_MATERIAL") == "PTFE")
            | ((pl.col("ITEM_NM") == "회전링") & (pl.col("ITEM_MATERIAL") == "BRONZE")),
        ),
        ("100x", pl.col("ITEM_SPEC").str.contains("100x") | pl.col("ITEM_CD").str.contains("100X")),
        ("no-such-thing", pl.lit(False)),
        ("슬리브 no-such-thing", pl.lit(False)),
    ],
)
def test_words_are_found_in_part_whatever_their_case_and_width(query: str, condition: pl.Expr, demo: Snapshot) -> None:
    items = pl.read_parquet(CATALOGUE / "items.parquet")
    assert sorted(search(demo, query)) == sorted(items.filter(condition)["ITEM_CD"].to_list())


def test_pages_of_a_search_follow_each_other(demo: Snapshot) -> None:
    everything = search(demo, "슬리브")
    assert search(demo, "슬리브", limit=10) + search(demo, "슬리브", limit=10, offset=10) == everything[:20]
    assert demo.search.find("슬리브", limit=10).matches == len(everything)


def test_a_group_and_a_family_narrow_the_search(demo: Snapshot) -> None:
    found = demo.search.find("", group="미분류", family="B0")
    assert found.matches == 5
    assert {(family.group, family.family) for family in found.counts} == {("미분류", "B0")}


def test_or_at_the_edges_and_alone_means_nothing() -> None:
    assert parse_query("OR a b OR") == [["a", "b"]]
    assert parse_query("AND OR") == []
    assert parse_query("or and") == [["or", "and"]]


def test_a_query_of_too_many_words_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at most 32"):
        parse_query("a " * 33)


def test_names_with_odd_widths_are_found(tables: Path, tmp_path: Path) -> None:
    first = pl.int_range(pl.len()) == 0
    edit(
        tables,
        "items",
        lambda frame: frame.with_columns(ITEM_NM=pl.when(first).then(pl.lit("ﾊﾝﾄﾞﾙ Ｘ")).otherwise(None)),
    )
    snapshot = build(tables, tmp_path / "s")
    assert len(search(snapshot, "ハンドル x")) == 1


def test_words_for_nothing_are_no_group(tables: Path, tmp_path: Path) -> None:
    labels = ["G10", "G2", "nan", "G1", "-"]
    edit(
        tables,
        "items",
        lambda items: items.with_columns(
            pl.Series(MECHANICAL_SEALS.item.levels[0], [labels[row % len(labels)] for row in range(len(items))])
        ),
    )
    groups = [group for group, _family in build(tables, tmp_path / "snapshots").search.labels]
    assert list(dict.fromkeys(groups)) == ["G1", "G10", "G2", "미분류"]


def test_an_item_is_found_by_its_drawing_number(demo: Snapshot) -> None:
    row = int(demo.codes.find_many(["SLS-0000718"])[0])
    drawing = demo.items["DRAW_NO"].take(np.array([row]))[0]
    found = demo.search.find(str(drawing).lower())
    assert row in found.positions.tolist()


async def test_the_operations_of_the_plant_have_their_usual_times_and_machines(
    small: Running, small_tables: Path
) -> None:
    answer = await small.call("ListOperations", pb.ListOperationsRequest())
    operations, machines = rows_of(answer.operations), rows_of(answer.machines)
    names = [operation["JOB_NM"] for operation in operations]
    codes = [operation["PROC_CD"] for operation in operations]
    assert len(set(codes)) == len(codes) > 5
    assert list(answer.uses) == sorted(answer.uses, reverse=True)
    assert all(operation["RUN_TIME"] > 0 for operation in operations)
    place = names.index("톱절단")
    own = [machine for machine, of in zip(machines, answer.machine_of, strict=True) if of == place]
    assert operations[place]["RES_CD"] == own[0]["RES_CD"]
    uses = [uses for uses, of in zip(answer.machine_uses, answer.machine_of, strict=True) if of == place]
    assert sum(uses) == answer.uses[place]
    assert (await small.call("ListOperations", pb.ListOperationsRequest())) == answer
