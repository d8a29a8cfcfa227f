"""The two calls of a prediction: neighbours found by code and by features become one list."""

from __future__ import annotations

import pytest

from cli.predicting.predict_command import heading
from cli.predicting.prediction import Routing
from predicting.neighbours import merge as merge_neighbours
from protos.common.v1.table_pb2 import Neighbours


def neighbours(*queries: list[str]) -> Neighbours:
    """Neighbours of queries, similarities falling from 1."""
    made = Neighbours(offsets=[0])
    for codes in queries:
        made.item_codes.extend(codes)
        made.similarities.extend(1 - place / 4 for place in range(len(codes)))
        made.offsets.append(len(made.item_codes))
    return made


def test_queries_searched_by_features_take_their_place() -> None:
    merged = merge_neighbours(neighbours(["A", "B"], [], ["C"], []), neighbours(["X"], ["Y", "Z"]), {1: 1, 3: 0})
    assert list(merged.offsets) == [0, 2, 4, 5, 6]
    assert list(merged.item_codes) == ["A", "B", "Y", "Z", "C", "X"]
    assert list(merged.similarities) == pytest.approx([1, 0.75, 1, 0.75, 1, 1])


def test_without_such_queries_nothing_changes() -> None:
    known = neighbours(["A"], ["B", "C"])
    assert merge_neighbours(known, Neighbours(offsets=[0]), {}) == known


def test_a_routing_is_told_in_one_line_without_what_is_absent() -> None:
    columns: dict[str, object] = {
        "ITEM_CD": "S1",
        "CANDIDATE_ID": "S1_C01",
        "PRIORITY": "primary",
        "SIMILARITY_SCORE": 0.91234,
        "REFERENCE_ITEM_CD": None,
        "ROUTING_SIGNATURE": "선삭+용접",
    }
    assert heading(Routing(columns, [])) == "S1  S1_C01  primary  similarity 0.912  선삭+용접"


def test_a_routing_that_several_items_agree_on_is_told_in_words() -> None:
    told = heading(Routing({"ITEM_CD": "S1", "CANDIDATE_ID": "S1_MLP", "REFERENCE_ITEM_CD": "ML_PREDICTED"}, []))
    assert told == "S1  S1_MLP  agreed on by neighbours and models"
    told = heading(Routing({"ITEM_CD": "S1", "CANDIDATE_ID": "S1_C02", "REFERENCE_ITEM_CD": "ML_PREDICTED"}, []))
    assert told == "S1  S1_C02  of operations of several items"
    assert heading(Routing({"ITEM_CD": "S1", "REFERENCE_ITEM_CD": "S2"}, [])) == "S1  after S2"
