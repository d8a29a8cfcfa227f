"""Prediction, similarity search and time summary over HTTP."""

from __future__ import annotations

from typing import Any

from common import errors
from common.tables import integer_column, number_column, table, text_column
from protos.aggregate.v1 import aggregate_pb2
from protos.ann.v1 import ann_pb2
from protos.common.v1 import table_pb2


def test_a_prediction_takes_one_search_and_one_aggregation(plant: Any) -> None:
    answer = plant.client().post("/api/predict", json={"item_codes": ["A"], "top_k": 50})
    assert answer.status_code == 200
    body = answer.json()
    assert [len(item["operations"]) for item in body["items"]] == [3, 1]
    assert body["items"][0]["ROUTING_SIGNATURE"] == "선삭+연삭"
    assert body["items"][1]["SIMILARITY_SCORE"] is None
    assert body["candidates"][0]["CANDIDATE_ITEM_CD"] == "B"
    assert body["candidates"][0]["RANK"] == 1
    assert len(plant.script.asked["Search"]) == len(plant.script.asked["Predict"]) == 1
    search = plant.script.last("Search")
    assert list(search.items.codes) == ["A"]
    assert search.top_k == 50
    assert not search.include_self
    predict = plant.script.last("Predict")
    assert predict.model_version == "v1"
    assert list(predict.neighbours.item_codes) == ["B", "C"]
    assert not predict.HasField("similarity_threshold")


def test_metrics_have_every_field_of_the_contract(plant: Any) -> None:
    request = {
        "item_codes": ["A"],
        "similarity_threshold": 0.4,
        "feature_weights": {"OUTDIAMETER": 9},
        "with_visualization": True,
        "mode": "detailed",
    }
    metrics = plant.client().post("/api/predict", json=request).json()["metrics"]
    assert metrics["requested_items"] == 1
    assert metrics["returned_routings"] == 2
    assert metrics["returned_candidates"] == 1
    assert metrics["threshold"] == 0.4
    assert metrics["model_version"] == "v1"
    assert metrics["generated_at"]
    assert metrics["exported_files"] == []
    assert metrics["feature_weights"] == {
        "weights": {"OUTDIAMETER": 22.5, "ITEM_CD": 0.0},  # nine times the trained 2.5
        "active_features": {"OUTDIAMETER": True, "ITEM_CD": False},
        "profiles": ["default", "geometry-focus"],
    }
    assert metrics["cache"]["item_master"]["version"] == "v0"
    assert metrics["visualization"]["neo4j_available"] is False
    assert "Nothing is exported" in metrics["visualization"]["neo4j_note"]
    assert plant.script.last("Predict").detailed
    assert dict(plant.script.last("Search").feature_weights) == {"OUTDIAMETER": 9.0}


def test_without_a_threshold_the_setting_is_reported(plant: Any) -> None:
    metrics = plant.client().post("/api/predict", json={"item_codes": ["A"]}).json()["metrics"]
    assert metrics["threshold"] == 0.8
    assert "visualization" not in metrics


def test_an_item_that_the_index_does_not_hold_is_searched_by_its_features(plant: Any, services: Any) -> None:
    def search(request: ann_pb2.SearchRequest) -> ann_pb2.SearchResponse:
        if request.WhichOneof("queries") == "items":
            return ann_pb2.SearchResponse(
                model_version="v1",
                neighbours=services.neighbours([("B", 0.9)], [], []),
                unknown=[1, 2],
                stored_codes=["A", "", ""],
            )
        return ann_pb2.SearchResponse(model_version="v1", neighbours=services.neighbours([("D", 0.7), ("E", 0.6)]))

    plant.script.answers["Search"] = search
    plant.script.answers["ItemFeatures"] = aggregate_pb2.ItemFeaturesResponse(
        features=table(1, [text_column("ITEM_TYPE", ["N"])]), stored_codes=["NEW-1"], positions=[1], unknown=[0]
    )
    plant.script.answers["Predict"] = aggregate_pb2.PredictResponse(unknown=[1], without_routing=[2])
    body = plant.client().post("/api/predict", json={"item_codes": ["a", "GHOST", "new-1"]}).json()
    by_features = plant.script.last("Search")
    assert list(by_features.exclude_codes) == ["NEW-1"]
    assert by_features.model_version == "v1"
    given = plant.script.last("Predict").neighbours
    assert list(given.offsets) == [0, 1, 1, 3]
    assert list(given.item_codes) == ["B", "D", "E"]
    assert body["items"] == []
    assert body["metrics"]["unknown_items"] == ["GHOST"]
    assert body["metrics"]["items_without_routing"] == ["new-1"]


def test_a_version_change_between_the_two_searches_starts_over(plant: Any, services: Any) -> None:
    calls = []

    def search(request: ann_pb2.SearchRequest) -> Any:
        calls.append(request.WhichOneof("queries"))
        if request.WhichOneof("queries") == "features" and len(calls) == 2:
            return errors.PreconditionFailed("version v2 is active now")
        return ann_pb2.SearchResponse(model_version="v1", neighbours=services.neighbours([]), unknown=[0])

    plant.script.answers["Search"] = search
    plant.script.answers["ItemFeatures"] = aggregate_pb2.ItemFeaturesResponse(
        features=table(1, []), stored_codes=["N"], positions=[0]
    )
    plant.script.answers["Predict"] = aggregate_pb2.PredictResponse(without_routing=[0])
    assert plant.client().post("/api/predict", json={"item_codes": ["N"]}).status_code == 200
    assert calls == ["items", "features", "items", "features"]


def test_exported_files_are_named_in_the_metrics_and_hold_all_columns(plant: Any) -> None:
    files = aggregate_pb2.ExportResponse(paths=["x.csv", "x.json"], bytes=[1, 2])
    plant.script.answers["ExportStream"] = [aggregate_pb2.ExportChunk(files=files)]
    body = plant.client().post("/api/predict", json={"item_codes": ["A"], "export_formats": ["csv", "json", "csv"]})
    assert body.json()["metrics"]["exported_files"] == ["x.csv", "x.json"]
    start, part, end = plant.script.last("ExportStream")
    assert end.WhichOneof("part") == "end"
    assert list(start.start.formats) == ["csv", "json"]
    assert part.prediction.operations.rows == 4
    assert [request.detailed for request in plant.script.asked["Predict"]] == [False, True]


def test_many_items_are_predicted_in_parts_by_one_version(plant: Any, services: Any) -> None:
    def search(request: ann_pb2.SearchRequest) -> ann_pb2.SearchResponse:
        lists = [[("B", 0.9)]] * len(request.items.codes)
        return ann_pb2.SearchResponse(model_version="v1", neighbours=services.neighbours(*lists), search_ms=1.0)

    plant.script.answers["Search"] = search
    plant.script.answers["Predict"] = lambda request: aggregate_pb2.PredictResponse(
        unknown=[len(request.item_codes) - 1]
    )
    codes = [f"I{number}" for number in range(1_201)]
    metrics = plant.client().post("/api/predict", json={"item_codes": codes}).json()["metrics"]
    assert metrics["requested_items"] == 1_201
    assert metrics["unknown_items"] == ["I499", "I999", "I1200"]
    assert metrics["search_ms"] == 3.0
    assert [len(request.item_codes) for request in plant.script.asked["Predict"]] == [500, 500, 201]
    assert [request.model_version for request in plant.script.asked["Search"]] == ["", "v1", "v1"]


def test_a_version_that_changes_between_parts_begins_the_answer_again(plant: Any, services: Any) -> None:
    active = ["v1", "v2"]

    def search(request: ann_pb2.SearchRequest) -> ann_pb2.SearchResponse:
        if request.model_version == "v1":
            active.pop(0)
        if request.model_version not in ("", active[0]):
            raise errors.PreconditionFailed("Another version serves", reason="MODEL_VERSION_CHANGED")
        lists = [[("B", 0.9)]] * len(request.items.codes)
        return ann_pb2.SearchResponse(model_version=active[0], neighbours=services.neighbours(*lists))

    plant.script.answers["Search"] = search
    plant.script.answers["Predict"] = aggregate_pb2.PredictResponse()
    codes = [f"I{number}" for number in range(600)]
    metrics = plant.client().post("/api/predict", json={"item_codes": codes}).json()["metrics"]
    assert (metrics["model_version"], metrics["requested_items"]) == ("v2", 600)


def test_unknown_export_formats_are_refused_before_anything_is_predicted(plant: Any) -> None:
    answer = plant.client().post("/api/predict", json={"item_codes": ["A"], "export_formats": ["exe"]})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "export_formats", 0]
    assert "Search" not in plant.script.asked


def test_blank_codes_and_too_many_codes_are_refused(plant: Any) -> None:
    client = plant.client()
    blank = client.post("/api/predict", json={"item_codes": ["A", " \u3000"]})
    assert (blank.status_code, blank.json()["detail"][0]["loc"]) == (422, ["body", "item_codes", 1])
    many = client.post("/api/predict", json={"item_codes": [f"I{n}" for n in range(10_001)]})
    assert (many.status_code, many.json()["detail"][0]["loc"]) == (422, ["body", "item_codes"])


def test_codes_with_quotes_blanks_korean_and_emoji_arrive_as_they_are(plant: Any) -> None:
    codes = [" 4H69065ZZ", "O'Ring; DROP TABLE x", "품목-1", "🙂", 'a"b\\c']
    plant.script.answers["Search"] = lambda request: ann_pb2.SearchResponse(
        model_version="v1", neighbours=table_pb2.Neighbours(offsets=[0] * 6), unknown=range(5)
    )
    plant.script.answers["Predict"] = aggregate_pb2.PredictResponse(unknown=range(5))
    body = plant.client().post("/api/predict", json={"item_codes": codes}).json()
    assert list(plant.script.last("Predict").item_codes) == codes
    assert body["metrics"]["unknown_items"] == codes
    assert body["metrics"]["strategy"] == "consensus"  # nothing else was saved in the settings


def test_similarity_search_answers_scores_between_0_and_1(plant: Any, services: Any) -> None:
    plant.script.answers["Search"] = ann_pb2.SearchResponse(
        model_version="v1", neighbours=services.neighbours([("B", 1.0000001), ("C", 0.9)]), ef_search=32
    )
    answer = plant.client().post("/api/similarity/search", json={"item_codes": ["A"], "min_similarity": 0.5})
    body = answer.json()
    assert body["results"] == [
        {
            "item_code": "A",
            "matches": [
                {"item_code": "B", "similarity_score": 1.0, "source": "prediction", "metadata": {}},
                {"item_code": "C", "similarity_score": 0.9, "source": "prediction", "metadata": {}},
            ],
            "manifest_revision": None,
        }
    ]
    assert body["metrics"]["ef_search"] == 32
    assert plant.script.last("Search").min_similarity == 0.5


def test_times_are_summed_by_the_service_and_remembered_for_the_metrics(plant: Any) -> None:
    totals = {
        "setup_time": 0.9,
        "run_time": 3.25,
        "queue_time": 2.0,
        "wait_time": 0.5,
        "move_time": 0.2,
        "lead_time": 6.85,
    }
    plant.script.answers["SummarizeTimes"] = aggregate_pb2.SummarizeTimesResponse(
        totals=table(1, [number_column(name, [value]) for name, value in totals.items()]),
        process_counts=[1],
        breakdown=table(1, [integer_column("proc_seq", [10]), number_column("setup_time", [0.9])]),
    )
    request = {
        "item_code": "A-1",
        "operations": [{"PROC_SEQ": 10, "SETUP_TIME": 0.9, "JOB_NM": "선삭", "unknown": {"deep": []}}],
        "include_breakdown": True,
    }
    body = plant.client().post("/api/time/summary", json=request).json()
    assert body == {
        "item_code": "A-1",
        "totals": totals,
        "process_count": 1,
        "breakdown": [{"proc_seq": 10, "setup_time": 0.9}],
    }
    asked = plant.script.last("SummarizeTimes")
    assert list(asked.offsets) == [0, 1]
    assert {column.name for column in asked.operations.columns} == {"PROC_SEQ", "SETUP_TIME"}


def test_a_sequence_number_beyond_64_bits_is_refused(plant: Any) -> None:
    request = {"item_code": "A", "operations": [{"PROC_SEQ": 2**63}]}
    answer = plant.client().post("/api/time/summary", json=request)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "operations", 0, "PROC_SEQ"]


def test_a_service_that_is_down_is_a_503_that_names_it(plant: Any) -> None:
    plant.run(plant.stop_service("aggregate"))
    try:
        answer = plant.client().post("/api/time/summary", json={"item_code": "A"})
        assert answer.status_code == 503
        assert "aggregate_service" in answer.json()["detail"]
        assert answer.headers["retry-after"]
    finally:
        plant.run(plant.start_service("aggregate"))
    plant.script.answers["SummarizeTimes"] = aggregate_pb2.SummarizeTimesResponse(process_counts=[0])
    for _attempt in range(50):
        if plant.client().post("/api/time/summary", json={"item_code": "A"}).status_code == 200:
            return
    raise AssertionError("the gateway did not find the service again")
