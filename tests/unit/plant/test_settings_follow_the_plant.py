"""The settings document of another plant: what nobody has changed is the plant's, what somebody has changed keeps what fits."""

from __future__ import annotations

from pathlib import Path

from plant.input_profile import InputProfile
from plant.output_profile import OutputProfile
from plant.profile_files import read_profile
from plant.settings import PlantSettings
from plant.settings.of_plant import of_plant, settings_of

ROOT = Path(__file__).resolve().parents[3]
SEALS = InputProfile.built_in()
BICYCLES = read_profile(ROOT / "demo" / "plants" / "adventureworks" / "profile.json")


def test_the_defaults_are_those_of_the_seal_plant() -> None:
    document = PlantSettings().to_dict()
    for section, fields in settings_of(SEALS).items():
        for name, value in fields.items():
            assert document[section][name] == value, (section, name)


def test_settings_that_nobody_changed_are_those_of_the_new_plant_and_come_back() -> None:
    there = of_plant(PlantSettings(), SEALS, BICYCLES)
    assert there.data_source.default_table == "Product"
    assert [table.name for table in there.data_source.table_profiles] == ["Product", "WorkOrderRouting"]
    assert there.data_source.table_profiles[1].columns == ["ProductID", "OperationSequence"]
    assert "Planned cost" in there.sql.output_columns
    assert there.sql.output_columns == list(BICYCLES.plant.output_columns) == there.sql.available_columns
    assert there.visualization.projector_metadata_columns == ["ITEM_CD", "Name", "Subcategory", "Model"]
    back = of_plant(there, BICYCLES, SEALS).to_dict()
    back["sql"] |= {name: PlantSettings().to_dict()["sql"][name] for name in ("profiles",)}
    assert back == PlantSettings().to_dict()


def test_what_somebody_has_changed_keeps_what_the_plant_has() -> None:
    content = PlantSettings().to_dict()
    content["sql"]["output_columns"] = ["ITEM_CD", "PROC_SEQ", "NC_PROGRAM"]
    content["visualization"]["projector_metadata_columns"] = ["GROUP1"]
    content["data_source"]["default_table"] = "mine"
    there = of_plant(PlantSettings.of(content), SEALS, BICYCLES)
    assert there.sql.output_columns == ["ITEM_CD", "PROC_SEQ"]
    assert there.visualization.projector_metadata_columns == ["ITEM_CD", "Name", "Subcategory", "Model"]
    assert there.data_source.default_table == "mine"


def test_a_table_that_a_query_makes_is_no_table_of_the_source() -> None:
    joined = BICYCLES.model_copy(
        update={"tables": {**BICYCLES.tables, "features": "joined"}, "queries": {"joined": "select 1"}}
    )
    there = of_plant(PlantSettings(), SEALS, joined)
    assert [table.name for table in there.data_source.table_profiles] == ["WorkOrderRouting"]


def test_the_output_profile_that_comes_with_the_product_has_the_columns_of_the_plant() -> None:
    profile = OutputProfile.read("", BICYCLES.plant)
    assert [column.source for column in profile.columns] == list(BICYCLES.plant.output_columns)
    assert profile.name == "AdventureWorks Cycles"
    assert {column.name: column.type for column in profile.columns}["Planned cost"] == "number"
