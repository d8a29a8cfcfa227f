"""A graph that cannot run is refused with the node and the reason; graphs of older clients stay acceptable."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import InvalidInput
from plant.blueprint.graph import BlueprintGraph
from plant.blueprint.graph_checks import problems
from plant.blueprint.node_options import OptionKind
from plant.blueprint.node_types import BY_TYPE, NODE_TYPES
from plant.blueprint.pipeline import default_graph, pipeline_of_graph
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.schema import PlantSchema

RECORDINGS = Path(__file__).parents[3] / "contract" / "recordings" / "workflow.json"


def reasons(graph: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (problem.reason, problem.node_id or problem.edge_id)
        for problem in problems(BlueprintGraph.of(graph), MECHANICAL_SEALS)
    ]


def changed(change: Callable[[dict[str, dict[str, Any]], list[dict[str, Any]]], object]) -> dict[str, Any]:
    """The default graph after `change(nodes by id, edges)`."""
    graph = copy.deepcopy(default_graph())
    nodes = {node["id"]: node for node in graph["nodes"]}
    change(nodes, graph["edges"])
    return {"nodes": list(nodes.values()), "edges": graph["edges"]}


def test_the_default_and_the_empty_graph_can_run() -> None:
    assert reasons(default_graph()) == []
    assert reasons({}) == []


def test_the_recorded_graph_of_an_older_client_can_run() -> None:
    entry = next(entry for entry in json.loads(RECORDINGS.read_text("utf-8")) if entry["name"] == "patch: graph")
    graph = BlueprintGraph.of(entry["request"]["json"]["graph"])
    assert problems(graph, MECHANICAL_SEALS) == []
    assert [node.meaning.type for node in graph.nodes if node.meaning] == ["loader", "encoder"]
    pipeline_of_graph(graph)


@pytest.mark.parametrize(
    ("node_id", "label", "settings", "meaning"),
    [
        ("n1", "인덱스 (HNSW)", {}, "index"),
        ("save-embeddings", "x", {}, "storage"),
        ("n2", "x", {"type": "predictor"}, "predictor"),
        ("n3", "Feature Weights", {}, "weights"),
        ("n4", "무언가", {"a": 1}, "note"),
    ],
)
def test_a_plain_node_is_known_by_its_words(node_id: str, label: str, settings: dict[str, Any], meaning: str) -> None:
    graph = BlueprintGraph.of({"nodes": [{"id": node_id, "label": label, "type": "default", "settings": settings}]})
    (node,) = graph.nodes
    assert node.meaning is BY_TYPE[meaning]
    assert problems(graph, MECHANICAL_SEALS) == []


def test_options_of_plain_nodes_count_and_what_they_do_not_know_is_left_alone() -> None:
    sketch = {
        "nodes": [
            {"id": "인덱스", "label": "", "type": "default", "settings": {"m": 24, "colour": "blue"}},
            {"id": "index-2", "label": "", "type": "default", "settings": {"m": 32}},
        ]
    }
    assert reasons(sketch) == []
    assert pipeline_of_graph(BlueprintGraph.of(sketch)).index.m == 24
    sketch["nodes"][0]["settings"] = {"m": 999}
    assert reasons(sketch) == [("OPTION_OUT_OF_RANGE", "인덱스")]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda nodes, edges: nodes["index"].update(type="magic"), "UNKNOWN_TYPE"),
        (lambda nodes, edges: nodes["index"].update(settings={}), "OPTION_MISSING"),
        (lambda nodes, edges: nodes["index"]["settings"].update(m=3), "OPTION_OUT_OF_RANGE"),
        (lambda nodes, edges: nodes["index"]["settings"].update(m=65), "OPTION_OUT_OF_RANGE"),
        (lambda nodes, edges: nodes["index"]["settings"].update(m="16"), "OPTION_WRONG_TYPE"),
        (lambda nodes, edges: nodes["index"]["settings"].update(m=True), "OPTION_WRONG_TYPE"),
        (lambda nodes, edges: nodes["index"]["settings"].update(m=16.5), "OPTION_WRONG_TYPE"),
        (lambda nodes, edges: nodes["index"]["settings"].update(engine="annoy"), "OPTION_OUT_OF_RANGE"),
        (lambda nodes, edges: nodes["index"]["settings"].update(target_recall=float("nan")), "OPTION_WRONG_TYPE"),
        (lambda nodes, edges: nodes["index"]["settings"].update(links=3), "OPTION_UNKNOWN"),
        (lambda nodes, edges: nodes["embedding"].update(settings={"dimensions": 100}), "OPTION_OUT_OF_RANGE"),
        (lambda nodes, edges: nodes["weights"].update(settings={"weights": {"NO": 1}}), "OPTION_OUT_OF_RANGE"),
        (lambda nodes, edges: nodes["weights"].update(settings={"weights": {"GROUP1": -1}}), "OPTION_OUT_OF_RANGE"),
        (lambda nodes, edges: nodes["weights"].update(settings={"active": {"GROUP1": 1}}), "OPTION_WRONG_TYPE"),
        (lambda nodes, edges: nodes["weights"].update(settings={"weights": [1]}), "OPTION_WRONG_TYPE"),
        (
            lambda nodes, edges: nodes["weights"].update(
                settings={"active": dict.fromkeys(MECHANICAL_SEALS.feature_by_name, False)}
            ),
            "NO_FEATURE",
        ),
        (
            lambda nodes, edges: nodes["time_profiles"].update(settings={"trim_lower": 0.9, "trim_upper": 0.1}),
            "OPTION_OUT_OF_RANGE",
        ),
        (lambda nodes, edges: nodes["projector"].update(settings={"metadata_columns": ["X"]}), "OPTION_OUT_OF_RANGE"),
        (
            lambda nodes, edges: nodes["projector"].update(settings={"metadata_columns": ["ITEM_CD", "ITEM_CD"]}),
            "OPTION_OUT_OF_RANGE",
        ),
        (lambda nodes, edges: nodes["loader"].update(settings={"features_table": "a\nb"}), "OPTION_WRONG_TYPE"),
        (lambda nodes, edges: nodes["loader"].update(settings={"use_results": "yes"}), "OPTION_WRONG_TYPE"),
        (lambda nodes, edges: nodes.update(second={**nodes["index"], "id": "second"}), "TOO_MANY_NODES"),
        (lambda nodes, edges: nodes.pop("projector") and nodes.pop("encoder"), "NODE_MISSING"),
        (lambda nodes, edges: edges.append({"id": "x", "source": "index", "target": "ghost"}), "EDGE_TO_NOWHERE"),
        (lambda nodes, edges: edges.append({"id": "x", "source": "loader", "target": "index"}), "PORT_MISMATCH"),
        (lambda nodes, edges: edges.append({"id": "x", "source": "index", "target": "encoder"}), "CYCLE"),
        (lambda nodes, edges: edges.append(dict(edges[0])), "DUPLICATE_ID"),
        (lambda nodes, edges: nodes.update(second={**nodes["index"]}), "DUPLICATE_ID"),
        (lambda nodes, edges: edges.clear(), "INPUT_NOT_CONNECTED"),
    ],
)
def test_what_is_wrong_is_named(change: Callable[..., object], expected: str) -> None:
    found = problems(BlueprintGraph.of(changed(change)), MECHANICAL_SEALS)
    assert expected in [problem.reason for problem in found]
    for problem in found:
        assert problem.message
        assert problem.reason == "NODE_MISSING" or problem.node_id or problem.edge_id
        if problem.node_id and problem.reason not in ("DUPLICATE_ID", "CYCLE"):
            assert problem.node_id in problem.message


def test_notes_may_be_joined_with_anything() -> None:
    def add_note(nodes: dict[str, dict[str, Any]], edges: list[dict[str, Any]]) -> None:
        nodes["remark"] = {"id": "remark", "type": "note", "settings": {"text": "두 줄\n메모"}}
        edges.append({"id": "x", "source": "sql", "target": "remark", "kind": "data"})

    assert reasons(changed(add_note)) == []


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"nodes": 3}', '{"nodes": [1]}', '{"nodes": [{"id": "a"}]}', '{"edges": [{}]}']
)
def test_what_is_no_graph_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        BlueprintGraph.parse(text)


def test_every_type_has_help_in_both_languages_and_defaults_that_fit() -> None:
    for node_type in NODE_TYPES:
        assert set(node_type.words.options) == {option.name for option in node_type.options}
        said = [node_type.words.en, node_type.words.ko]
        said += [words for option in node_type.words.options.values() for words in (option.en, option.ko)]
        assert all(words.title and words.help for words in said)
        for option in node_type.options:
            assert option.default is None or list(option.problems(option.default, MECHANICAL_SEALS)) == []
            words = node_type.words.options[option.name]
            assert option.schema(MECHANICAL_SEALS, words)["x-title-ko"] == words.ko.title
        assert json.loads(json.dumps(node_type.schema(MECHANICAL_SEALS)))["type"] == "object"


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=4,
)


@given(st.sampled_from([option for node_type in NODE_TYPES for option in node_type.options]), values)
def test_any_value_fits_or_is_refused_and_what_fits_can_be_taken(option: Any, value: object) -> None:
    if not list(option.problems(value, MECHANICAL_SEALS)):
        taken = option.taken(value)
        assert option.kind is not OptionKind.INTEGER or isinstance(taken, int)


BICYCLES = PlantSchema.model_validate(
    {"name": "Bicycles", "features": [{"name": "Color", "kind": "category"}, {"name": "Weight", "kind": "size"}]}
)


def weighted(**settings: dict[str, object]) -> BlueprintGraph:
    def set_weights(nodes: dict[str, dict[str, Any]], edges: list[dict[str, Any]]) -> None:
        nodes["weights"].update(settings=settings)

    return BlueprintGraph.of(changed(set_weights))


def test_the_weights_node_takes_the_features_of_the_plant_that_is_asked_for() -> None:
    assert problems(weighted(weights={"Color": 3}, active={"Weight": False}), BICYCLES) == []
    (problem,) = problems(weighted(weights={"GROUP1": 3}), BICYCLES)
    assert problem.reason == "OPTION_OUT_OF_RANGE"
    assert "GROUP1, which is not a feature of Bicycles" in problem.message
    (problem,) = problems(weighted(active={"Color": False, "Weight": False}), BICYCLES)
    assert problem.reason == "NO_FEATURE"


def test_node_types_offer_the_names_of_the_plant() -> None:
    schemas = {node_type.type: node_type.schema(BICYCLES)["properties"] for node_type in NODE_TYPES}
    assert list(schemas["weights"]["weights"]["properties"]) == ["Color", "Weight"]
    assert schemas["projector"]["metadata_columns"]["items"]["enum"] == ["ITEM_CD", "Color", "Weight"]
    assert schemas["sql"]["output_columns"]["default"] == list(BICYCLES.output_columns)


def test_a_problem_says_what_it_names_beside_its_text() -> None:
    facts = {
        problem.reason: problem.facts
        for change in (
            lambda nodes, edges: nodes["index"]["settings"].update(m=3),
            lambda nodes, edges: nodes["index"]["settings"].update(links=3),
            lambda nodes, edges: nodes.pop("encoder"),
        )
        for problem in problems(BlueprintGraph.of(changed(change)))
    }
    assert facts["OPTION_OUT_OF_RANGE"] == {"option": "m"}
    assert facts["OPTION_UNKNOWN"] == {"option": "links"}
    assert facts["NODE_MISSING"] == {"node_type": "encoder"}
    assert facts["INPUT_NOT_CONNECTED"] == {"port": "encoded", "node_type": "encoder"}
