"""The example plants: their profiles are valid, fit their data, and a snapshot speaks of items and operations in the plant's own words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aggregate_service.item_lookup import whole_items
from aggregate_service.operation_columns import OperationColumns
from aggregate_service.snapshot import Snapshot
from aggregate_service.snapshot_build import build_snapshot
from plant.profile_files import read_profile
from plant.settings.sections import SqlSection
from source.diagnosis import diagnose

PLANTS = Path(__file__).resolve().parents[3] / "demo" / "plants"


@pytest.mark.parametrize("name", ["adventureworks", "fabricad"])
def test_the_profile_fits_the_data(name: str) -> None:
    profile = read_profile(PLANTS / name / "profile.json")
    found = diagnose(PLANTS / name, profile, read_values=name == "fabricad")
    assert found.ok, found.verdict
    assert [role.missing_required + role.missing_optional for role in found.roles] == [(), (), ()]


def test_a_snapshot_of_another_plant_has_its_columns_under_its_names(tmp_path: Path) -> None:
    profile = read_profile(PLANTS / "fabricad" / "profile.json")
    folder = build_snapshot(
        PLANTS / "fabricad", profile.to_json(), tmp_path, lambda _progress: None, force=False, lock_timeout=10
    )
    snapshot = Snapshot(folder)
    assert snapshot.schema == profile.plant
    item = whole_items(snapshot, ["00000003"]).columns
    assert (item["Material"], item["Abmaße"]) == (["Baustahl"], ["100x300x100"])
    assert snapshot.search.find("baustahl").matches > 0
    assert {group for group, _family in snapshot.search.labels} >= {"Baustahl", "Aluminiumlegierungen"}
    names = OperationColumns.of(SqlSection(), snapshot.schema, detailed=True).sources
    assert {"PROC_SEQ", "PROC_CD", "PROC_DESC", "RES_CD", "SETUP_TIME", "Qualifikation", "Kosten"} <= names.keys()
    assert "liefern" in "".join(snapshot.operation_names)
    assert np.isfinite(snapshot.operations.times[:, 2]).any()
