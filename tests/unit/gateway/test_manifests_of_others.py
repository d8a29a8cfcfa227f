"""What a manifest says beside its files is shown where it makes sense, and left out where anybody has written something else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.health import seconds_of
from gateway.manifest_items import ManifestItems
from gateway.translate.system import recall_curve, search_settings
from plant.mechanical_seals import MECHANICAL_SEALS
from protos.settings.v1 import settings_pb2
from routings.routing_rules import check

JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
POINT = {"ef_search": 16, "recall": 0.9, "latency_ms": 1.5}
RULE = {"id": "r", "type": "max_operations", "value": 3, "message": "m", "severity": "error"}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([*POINT, *RULE, "x"]), JSON), max_size=3), JSON)
def test_whatever_it_holds_makes_no_error(changes: list[tuple[str, Any]], other: Any) -> None:
    point, rule = {**POINT, **dict(changes)}, {**RULE, **dict(changes)}
    for metadata in (other, {"recall_curve": [point, POINT, other], "default_ef_search": other}):
        shown = search_settings(settings_pb2.SettingsDocument(), {"metadata": metadata}, None)
        assert all(set(one) == set(POINT) for one in shown["curve"])
    seconds_of(other)
    items = ManifestItems({"items": [other, {"item_code": "A", "groups": other, "metadata": other}]})
    items.groups("a")
    items.metadata("a")
    check([rule, other], [{"PROC_SEQ": 10, "JOB_CD": "T"}], None, MECHANICAL_SEALS.routing.summed)


@pytest.mark.parametrize("bad", [[], None, "16", True, float("nan"), {}])
def test_points_that_are_no_numbers_are_left_out(bad: Any) -> None:
    assert recall_curve([POINT, {**POINT, "ef_search": bad}]) == [POINT]
