"""The settings document: defaults of the contract, bounds, rules across fields, merging, differences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import InvalidInput
from plant.settings import UNKNOWN_NAME, PlantSettings, difference, merge
from plant.settings.rules import find_circle

RECORDINGS = Path(__file__).parents[2] / "contract" / "recordings" / "workflow.json"
ADDITIVE = {"search", "prediction", "access", "snapshot", "training", "erp"}
NOW = "2030-01-02T03:04:05Z"


def changed(patch: dict[str, Any], document: PlantSettings | None = None) -> PlantSettings:
    return merge(document or PlantSettings(), json.dumps(patch), now=NOW)


def refused(patch: dict[str, Any], document: PlantSettings | None = None) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        changed(patch, document)
    return caught.value


def fields(error: InvalidInput) -> list[str]:
    return [violation.field for violation in error.violations]


def recorded(document: PlantSettings) -> dict[str, Any]:
    """The document as the contract's answers show it."""
    content = {name: section for name, section in document.to_dict().items() if name not in ADDITIVE}
    content["updated_at"] = "<time>"
    if content["graph"]["last_saved"]:
        content["graph"]["last_saved"] = "<time>"
    return content


def test_the_recorded_requests_give_the_recorded_documents_and_refusals() -> None:
    document = PlantSettings()
    compared = 0
    for step in json.loads(RECORDINGS.read_text(encoding="utf-8")):
        answer = step["response"]
        if step["as"] == "anonymous":
            continue
        if step["request"]["method"] == "GET":
            assert recorded(document) == answer["json"], step["name"]
            compared += 1
            continue
        status, named = 200, []
        try:
            document = changed(step["request"]["json"], document)
        except InvalidInput as error:
            status = 400 if error.reason == UNKNOWN_NAME else 422
            named = ["body." + field for field in fields(error)]
        if answer:
            assert status == answer["status"], step["name"]
            compared += 1
            if isinstance(answer["json"]["detail"] if status != 200 else None, list):
                assert named == [".".join(map(str, each["loc"])) for each in answer["json"]["detail"]]
            if status == 200:
                assert recorded(document) == answer["json"], step["name"]
    assert compared > 8


@pytest.mark.parametrize("text", ["", "{}"])
def test_an_empty_document_has_the_defaults(text: str) -> None:
    assert PlantSettings.parse(text) == PlantSettings()
    assert PlantSettings().search.ef_search is None
    assert PlantSettings().prediction.strategy == "consensus"


def test_a_document_survives_its_json() -> None:
    document = changed({"search": {"ef_search": 128}, "data_source": {"column_overrides": {"a": ["b"]}}})
    assert PlantSettings.parse(document.to_json()) == document


def test_a_document_of_a_newer_software_is_read_without_what_is_unknown() -> None:
    assert PlantSettings.parse('{"search": {"ef_search": 32, "later": 1}, "later": {}}').search.ef_search == 32


@pytest.mark.parametrize(
    "text", ["{", "[]", "1", '"x"', "nul", '{"trainer": 7}', '{"trainer": {"similarity_threshold": NaN}}']
)
def test_a_text_that_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        PlantSettings.parse(text)
    with pytest.raises(InvalidInput):
        merge(PlantSettings(), text, now=NOW)


@pytest.mark.parametrize(
    ("patch", "field"),
    [
        ({"trainer": {"trim_lower_percent": 0.96}}, "trainer.trim_lower_percent"),
        ({"predictor": {"trim_upper_percent": 0.01}}, "predictor.trim_lower_percent"),
        ({"trainer": {"time_profile_strategy": "guess"}}, "trainer.time_profile_strategy"),
        ({"trainer": {"time_profile_safe_sigma": -1}}, "trainer.time_profile_safe_sigma"),
        ({"prediction": {"strategy": "oracle"}}, "prediction.strategy"),
        ({"search": {"ef_search": 0}}, "search.ef_search"),
        ({"search": {"cache_entries": 50_001}}, "search.cache_entries"),
        ({"export": {"default_encoding": "klingon"}}, "export.default_encoding"),
        ({"export": {"default_encoding": "base64"}}, "export.default_encoding"),
        ({"export": {"export_directory": "a\x00b"}}, "export.export_directory"),
        ({"sql": {"output_columns": []}}, "sql.output_columns"),
        ({"sql": {"output_columns": ["ITEM_CD", "ITEM_CD"]}}, "sql.output_columns.1"),
        (
            {"data_source": {"table_profiles": [{"name": "t", "label": "t", "role": "magic"}]}},
            "data_source.table_profiles.0.role",
        ),
        ({"trainer": [1]}, "trainer"),
        ({"graph": {"edges": [{"id": "e", "source": "x", "target": "y", "kind": "data"}]}}, "graph.edges.0.source"),
        ({"graph": {"nodes": [{"id": "n", "label": "n"}]}}, "graph.nodes.0.type"),
    ],
)
def test_a_broken_bound_names_its_field(patch: dict[str, Any], field: str) -> None:
    error = refused(patch)
    assert fields(error)[0] == field
    assert error.reason != UNKNOWN_NAME


@pytest.mark.parametrize(
    "patch",
    [
        {},
        {"updated_at": "x"},
        {"nonsense": {"a": 1}},
        {"trainer": None},
        {"sql": {"output_columns": ["NO_SUCH"]}},
        {
            "sql": {"available_columns": ["ITEM_CD"], "output_columns": ["ITEM_CD"]}
        },  # aliases and profiles would point to nothing
        {"sql": {"active_profile": "ghost"}},
        {"sql": {"profiles": []}},  # the active one would be gone
        {"data_source": {"access_path": "x.docx"}},
        {"data_source": {"access_path": "x.accdb/file"}},
        {"data_source": {"backup_paths": ["ok.mdb", "bad"]}},
        {"data_source": {"blueprint_switches": [{"id": "ghost", "enabled": True}]}},
    ],
)
def test_an_unknown_name_is_told_apart_from_a_broken_bound(patch: dict[str, Any]) -> None:
    assert refused(patch).reason == UNKNOWN_NAME


def test_all_violations_are_told_and_bounds_come_before_names() -> None:
    error = refused(
        {"trainer": {"similarity_threshold": 2, "trim_lower_percent": -1}, "sql": {"active_profile": "ghost"}}
    )
    assert fields(error) == ["trainer.similarity_threshold", "trainer.trim_lower_percent"]


def graph(*edges: str) -> dict[str, Any]:
    nodes = sorted({node for edge in edges for node in edge})
    return {
        "graph": {
            "nodes": [{"id": node, "label": node, "type": "t"} for node in nodes],
            "edges": [
                {"id": f"e{p}", "source": edge[0], "target": edge[1], "kind": "data"} for p, edge in enumerate(edges)
            ],
        }
    }


def test_a_circle_of_edges_is_refused_with_its_nodes() -> None:
    error = refused(graph("ab", "bc", "ca"))
    assert "circle" in error.violations[0].description
    assert fields(refused(graph("aa"))) == ["graph.edges.0"]


def test_removing_a_node_that_an_edge_needs_is_refused() -> None:
    document = changed(graph("ab", "bc"))
    error = refused(
        {"graph": {"nodes": [{"id": "a", "label": "a", "type": "t"}, {"id": "b", "label": "b", "type": "t"}]}}, document
    )
    assert fields(error) == ["graph.edges.1.target"]


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=15))
def test_a_circle_is_found_exactly_when_nodes_cannot_be_put_in_order(pairs: list[tuple[int, int]]) -> None:
    edges = [(str(a), str(b)) for a, b in pairs]
    circle = find_circle(edges)
    remaining = set(edges)
    while True:  # take away edges into which nothing leads, as long as there are any
        fed = {target for _source, target in remaining}
        kept = {(source, target) for source, target in remaining if source in fed}
        if kept == remaining:
            break
        remaining = kept
    assert bool(circle) == bool(remaining)
    for source, target in zip(circle, [*circle[1:], *circle[:1]], strict=True):
        assert (source, target) in edges


def test_a_patch_changes_only_what_it_names() -> None:
    document = changed({"predictor": {"max_routing_variants": 2}})
    document = changed({"predictor": {"similarity_high_threshold": 0.9}}, document)
    assert [c.to_dict() for c in difference(PlantSettings(), document)] == [
        {"path": "predictor.similarity_high_threshold", "before": 0.8, "after": 0.9},
        {"path": "predictor.max_routing_variants", "before": 4, "after": 2},
    ]


def test_a_refused_patch_leaves_the_document_as_it_was() -> None:
    document = PlantSettings()
    refused({"trainer": {"similarity_threshold": 0.5}, "sql": {"output_columns": ["NO_SUCH"]}}, document)
    assert document == PlantSettings()


def test_null_clears_what_may_be_absent_and_leaves_the_rest() -> None:
    document = changed({"search": {"ef_search": 64}, "export": {"erp_protocol": "http"}})
    document = changed(
        {"search": {"ef_search": None, "cache_entries": None}, "export": {"erp_protocol": None}}, document
    )
    assert document == PlantSettings()


def test_unknown_fields_are_ignored() -> None:
    document = changed({"nonsense": 1, "trainer": {"nonsense": 1, "similarity_threshold": 0.5}})
    assert [c.path for c in difference(PlantSettings(), document)] == ["trainer.similarity_threshold"]


def test_an_answer_can_be_sent_back_whole() -> None:
    document = changed(graph("ab"))
    whole = {**document.to_dict(), "updated_at": "2030-01-01T00:00:00Z", "revision": 3}
    assert changed(whole, document) == document


def test_saving_a_graph_notes_the_time() -> None:
    assert changed(graph("ab")).graph.last_saved == NOW
    assert changed({"graph": {"design_refs": []}}).graph.last_saved is None


def test_a_newly_chosen_profile_brings_its_aliases() -> None:
    document = changed({"sql": {"profiles": [{"name": "ERP", "mapping": {"JOB": "JOB_NM"}}], "active_profile": "ERP"}})
    assert document.sql.column_aliases == {"JOB": "JOB_NM"}
    document = changed(
        {"sql": {"profiles": [{"name": "A"}, {"name": "B"}], "active_profile": "A", "column_aliases": {"X": "ITEM_CD"}}}
    )
    assert document.sql.column_aliases == {"X": "ITEM_CD"}


def test_switches_are_matched_by_id() -> None:
    document = changed({"data_source": {"blueprint_switches": [{"id": "workorder-columns", "enabled": True}]}})
    assert [switch.enabled for switch in document.data_source.blueprint_switches] == [True, True, True]
    assert [c.path for c in difference(PlantSettings(), document)] == [
        "data_source.blueprint_switches[workorder-columns].enabled"
    ]


def test_a_reordered_list_is_a_difference() -> None:
    document = changed({"graph": {"nodes": [{"id": n, "label": n, "type": "t"} for n in "ab"]}})
    turned = changed({"graph": {"nodes": [{"id": n, "label": n, "type": "t"} for n in "ba"]}}, document)
    assert [c.path for c in difference(document, turned)] == ["graph.nodes"]


@pytest.mark.parametrize(
    "path",
    [
        "a.accdb",
        "A.MDB",
        "C:\\data\\plant.ACCDB",
        "\\\\server\\share\\x.accdb",
        "공장/자료.accdb",
        "//server/share/parts.xlsx",
        "\\\\server\\share\\export\\",
        "postgresql://u@db/erp",
    ],
)
def test_sources_are_recognised_by_their_ending(path: str) -> None:
    assert changed({"data_source": {"access_path": path}}).data_source.access_path == path


def test_files_of_other_kinds_and_folders_have_to_be_there(tmp_path: Path) -> None:
    (tmp_path / "parts.xlsx").write_bytes(b"")
    for path in (tmp_path, tmp_path / "parts.xlsx"):
        assert changed({"data_source": {"access_path": str(path)}}).data_source.access_path == str(path)
    for path in (tmp_path / "none.xlsx", tmp_path / "none"):
        assert refused({"data_source": {"access_path": str(path)}}).reason == UNKNOWN_NAME


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
patches = st.dictionaries(
    st.sampled_from(list(PlantSettings.model_fields)),
    json_values
    | st.dictionaries(
        st.sampled_from(sorted({field for section in PlantSettings().to_dict().values() for field in section})),
        json_values,
        max_size=3,
    ),
    max_size=3,
)


@given(patches)
def test_any_patch_is_either_refused_or_gives_a_valid_document(patch: dict[str, Any]) -> None:
    try:
        document = changed(patch)
    except InvalidInput:
        return
    assert PlantSettings.parse(document.to_json()) == document
