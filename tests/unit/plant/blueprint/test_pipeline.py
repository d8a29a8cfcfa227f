"""From graph to pipeline options, and settings that nodes and sections share."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from common.errors import InvalidInput
from plant.blueprint.graph import BlueprintGraph
from plant.blueprint.options import PipelineOptions
from plant.blueprint.pipeline import blueprint_violations, default_graph, pipeline_of, pipeline_of_graph, reconcile
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.settings import PlantSettings


def document(graph: dict[str, Any] | None = None, **sections: dict[str, Any]) -> PlantSettings:
    content: dict[str, Any] = PlantSettings().to_dict()
    for name, fields in sections.items():
        content[name].update(fields)
    if graph is not None:
        content["graph"].update(copy.deepcopy(graph))
    return PlantSettings.of(content)


def with_settings(**settings: dict[str, Any]) -> dict[str, Any]:
    graph = copy.deepcopy(default_graph())
    for node in graph["nodes"]:
        node["settings"].update(settings.get(node["id"], {}))
    return graph


def node_settings(of: PlantSettings, node_id: str) -> dict[str, Any]:
    return next(node.settings for node in of.graph.nodes if node.id == node_id)


def test_the_empty_and_the_default_graph_mean_the_default_pipeline() -> None:
    assert pipeline_of(PlantSettings()) == PipelineOptions()
    assert pipeline_of(document(default_graph())) == PipelineOptions()
    assert pipeline_of_graph(BlueprintGraph()) == PipelineOptions()


def test_every_option_of_a_node_reaches_the_pipeline() -> None:
    graph = with_settings(
        loader={"features_table": "품목", "use_results": False, "batch_rows": 1000},
        weights={"weights": {"OUTDIAMETER": 3}, "active": {"ITEM_NM": True}},
        encoder={"weight_exponent": 1, "least_text": 8},
        embedding={"dimensions": 96.0, "widest": 32},
        index={"engine": "hnswlib", "m": 8, "ef_construction": 100, "target_recall": 0.95, "threads": 1},
        time_profiles={"enabled": True, "strategy": "trimmed_std"},
        projector={"enabled": False, "most_points": 5},
        storage={"folder": "D:/models", "label": "분기"},
    )
    options = pipeline_of_graph(BlueprintGraph.of(graph))
    assert options.load.tables == {"features": "품목"}
    assert (options.load.use_results, options.load.batch_rows) == (False, 1000)
    assert (options.weights.weights, options.weights.active) == ({"OUTDIAMETER": 3.0}, {"ITEM_NM": True})
    assert (options.encode.weight_exponent, options.encode.least_text) == (1.0, 8)
    assert (options.embed.dimensions, options.embed.widest) == (96, 32)
    assert isinstance(options.embed.dimensions, int)
    assert (options.index.engine, options.index.m, options.index.threads) == ("hnswlib", 8, 1)
    assert (options.times.enabled, options.times.strategy) == (True, "trimmed_std")
    assert (options.projector.enabled, options.projector.most_points) == (False, 5)
    assert (options.store.folder, options.store.label) == ("D:/models", "분기")


def test_sections_say_what_no_node_says() -> None:
    options = pipeline_of(
        document(trainer={"time_profiles_enabled": True}, visualization={"projector_metadata_columns": ["ITEM_CD"]})
    )
    assert options.times.enabled
    assert options.projector.metadata_columns == ("ITEM_CD",)


def test_options_survive_json() -> None:
    options = pipeline_of_graph(BlueprintGraph.of(with_settings(weights={"weights": {"GROUP1": 2}})))
    assert PipelineOptions.from_dict(json.loads(json.dumps(options.to_dict()))) == options
    unreadable: list[dict[str, Any]] = [{"schema": "x"}, {"load": {"nothing": 1}}, {"rocket": {}}, {"load": 3}]
    for wrong in unreadable:
        with pytest.raises(InvalidInput):
            PipelineOptions.from_dict(wrong)


def test_a_graph_that_cannot_run_gives_no_pipeline_and_violations_by_path() -> None:
    wrong = document(with_settings(index={"m": 1}))
    with pytest.raises(InvalidInput) as caught:
        pipeline_of(wrong)
    assert caught.value.reason == "BLUEPRINT_INVALID"
    (violation,) = blueprint_violations(wrong, MECHANICAL_SEALS)
    position = next(p for p, node in enumerate(wrong.graph.nodes) if node.id == "index")
    assert violation.path == ("graph", "nodes", position, "settings", "m")


def test_what_a_change_sets_in_a_node_goes_into_the_section() -> None:
    before = document(default_graph())
    graph = with_settings(
        predictor={"max_routing_variants": 2, "strategy": "consensus", "ef_search": 128},
        sql={"output_columns": ["ITEM_CD", "PROC_SEQ"]},
        projector={"metadata_columns": ["ITEM_NM"]},
    )
    after = reconcile(before, document(graph))
    assert after.predictor.max_routing_variants == 2
    assert after.prediction.strategy == "consensus"
    assert after.search.ef_search == 128
    assert after.sql.output_columns == ["ITEM_CD", "PROC_SEQ"]
    assert after.visualization.projector_metadata_columns == ["ITEM_NM"]
    assert reconcile(before, after) == after
    cleared = document(default_graph(), search={"ef_search": 128})
    assert reconcile(after, cleared).search.ef_search is None


def test_what_a_change_sets_in_a_section_goes_into_the_node() -> None:
    graph = with_settings(predictor={"max_routing_variants": 2, "ef_search": 128})
    before = reconcile(document(default_graph()), document(graph))
    content = before.to_dict()
    content["predictor"]["max_routing_variants"] = 7
    content["search"]["ef_search"] = None
    after = reconcile(before, PlantSettings.of(content))
    assert after.predictor.max_routing_variants == 7
    assert node_settings(after, "predictor") == {"max_routing_variants": 7, "ef_search": None}
    assert after.search.ef_search is None


def test_plain_nodes_stay_as_they_were_sent_and_options_that_do_not_fit_are_left_for_the_checks() -> None:
    plain = {
        "nodes": [{"id": "predictor", "label": "예측", "type": "default", "settings": {"max_routing_variants": 2}}]
    }
    after = document(plain)
    assert reconcile(PlantSettings(), after) is after
    wrong = document(with_settings(predictor={"max_routing_variants": 99}))
    assert reconcile(PlantSettings(), wrong).predictor.max_routing_variants == 4
    assert [violation.path[-1] for violation in blueprint_violations(wrong, MECHANICAL_SEALS)] == [
        "max_routing_variants"
    ]
