"""The generated wrapper: formatted, typed, versioned by revision, equal to the options it was made of."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import black
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import DataProblem, InvalidInput, NotFound
from plant.blueprint import wrapper
from plant.blueprint.options import IndexOptions, LoadOptions, PipelineOptions, StoreOptions, WeightOptions
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.settings import PlantSettings

FEATURES = list(MECHANICAL_SEALS.feature_by_name)

INDEX = {"id": "i", "label": "인덱스", "type": "default", "settings": {"m": 24}}


def document(*nodes: Mapping[str, object]) -> PlantSettings:
    return PlantSettings.of({"graph": {"nodes": list(nodes)}})


options = st.builds(
    PipelineOptions,
    load=st.builds(LoadOptions, features_table=st.text(max_size=20)),
    weights=st.builds(
        WeightOptions,
        st.dictionaries(st.sampled_from(FEATURES), st.floats(0, 100), max_size=3),
    ),
    index=st.builds(IndexOptions, m=st.integers(4, 64), target_recall=st.floats(0.5, 1)),
    store=st.builds(StoreOptions, folder=st.text(max_size=20)),
)


@given(options)
def test_the_source_holds_exactly_the_options(made: PipelineOptions) -> None:
    names: dict[str, object] = {"__name__": "wrapper"}
    exec(compile(wrapper.render(3, made), "wrapper", "exec"), names)
    assert names["OPTIONS"] == made
    assert names["REVISION"] == 3


def test_the_source_is_formatted() -> None:
    made = PipelineOptions(
        load=LoadOptions(features_table='품목 "뷰" \\ n'),
        weights=WeightOptions({"GROUP1": 1.5, "GROUP2": 0.0}, {"ITEM_NM": False}),
        store=StoreOptions(folder="C:\\models\n"),
    )
    for source in (wrapper.render(12, made), wrapper.render(0, PipelineOptions())):
        assert black.format_str(source, mode=black.Mode(line_length=120)) == source


def test_a_saved_revision_becomes_current_and_earlier_ones_stay(tmp_path: Path) -> None:
    assert wrapper.current_pipeline(tmp_path) == wrapper.Pipeline(0, PipelineOptions())
    with pytest.raises(NotFound):
        wrapper.wrapper_path(tmp_path)
    first = wrapper.write_wrapper(tmp_path, 2, document())
    second = wrapper.write_wrapper(tmp_path, 11, document(INDEX))
    assert (first.name, second.name) == ("pipeline_r2.py", "pipeline_r11.py")
    assert wrapper.wrapper_path(tmp_path) == second
    assert wrapper.wrapper_path(tmp_path, 2) == first
    assert wrapper.revisions(tmp_path) == [11, 2]
    current = wrapper.current_pipeline(tmp_path)
    assert (current.revision, current.path, current.options.index.m) == (11, second, 24)
    assert wrapper.load_wrapper(first).index.m == 16
    with pytest.raises(NotFound):
        wrapper.wrapper_path(tmp_path, 3)


def test_a_graph_that_cannot_run_leaves_the_current_wrapper(tmp_path: Path) -> None:
    wrapper.write_wrapper(tmp_path, 2, document())
    with pytest.raises(InvalidInput):
        wrapper.write_wrapper(tmp_path, 3, document({**INDEX, "settings": {"m": 999}}))
    assert wrapper.wrapper_path(tmp_path).name == "pipeline_r2.py"
    assert wrapper.revisions(tmp_path) == [2]


@pytest.mark.parametrize("source", ["syntax error(", "OPTIONS = 3", "", "raise SystemError"])
def test_a_broken_wrapper_is_named_with_what_to_do(tmp_path: Path, source: str) -> None:
    path = wrapper.write_wrapper(tmp_path, 2, document())
    path.write_text(source, "utf-8")
    with pytest.raises(DataProblem, match="save the blueprint again"):
        wrapper.current_pipeline(tmp_path)


def test_a_pointer_that_points_elsewhere_is_not_followed(tmp_path: Path) -> None:
    wrapper.write_wrapper(tmp_path, 2, document())
    (tmp_path / wrapper.FOLDER / wrapper.POINTER).write_text("../../evil.py", "utf-8")
    with pytest.raises(NotFound):
        wrapper.wrapper_path(tmp_path)


def test_an_operator_runs_it_by_hand_from_anywhere(tmp_path: Path) -> None:
    path = wrapper.write_wrapper(tmp_path, 7, document(INDEX))
    stand_in = tmp_path / "train_build_index.py"
    stand_in.write_text("def main(arguments, options):\n    print(options.index.m, arguments)\n    return 5\n", "utf-8")
    ran = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import runpy, sys; sys.path.insert(0, {str(tmp_path)!r}); "
            f"sys.path.append({str(wrapper.PROJECT)!r}); runpy.run_path({str(path)!r}, run_name='__main__')",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout.strip()) == (5, "24 None")
