"""A plant's schema: what is wrong with one is said with its place, and what derives from it fits any plant."""

from __future__ import annotations

import json
from typing import Any

import pytest

from common.errors import InvalidInput
from plant.columns import ColumnType
from plant.input_profile import InputProfile, profile_json_schema
from plant.mechanical_seals import MECHANICAL_SEALS, is_of_seals, with_labels
from plant.schema import MOST_FEATURES, PlantSchema

BICYCLES: dict[str, Any] = {
    "format": 2,
    "name": "Bicycles",
    "tables": {"features": "Product", "routing": "WorkOrderRouting"},
    "schema": {
        "name": "Bicycle works",
        "features": [
            {"name": "Color", "kind": "category", "label_ko": "색상"},
            {"name": "Weight", "kind": "size", "unit_from": "WeightUnit", "weight": 2},
            {"name": "Sold", "kind": "date", "active": False},
        ],
        "item": {"levels": ["Color"]},
    },
    "columns": [
        {"internal": "ITEM_CD", "role": "features", "source": "productid"},
        {"internal": "Color", "role": "features", "source": "color"},
        {"internal": "Weight", "role": "features", "source": "weight"},
        {"internal": "ITEM_CD", "role": "routing", "source": "ProductID"},
        {"internal": "PROC_SEQ", "role": "routing", "source": "OperationSequence"},
        {"internal": "RUN_TIME", "role": "routing", "source": "ActualResourceHrs", "unit": "H"},
    ],
}


def bicycles(**schema: Any) -> dict[str, Any]:
    return {**BICYCLES, "schema": {**BICYCLES["schema"], **schema}}


def refusals(document: dict[str, Any]) -> str:
    with pytest.raises(InvalidInput) as refused:
        InputProfile.parse(json.dumps(document))
    return " | ".join(f"{one.field}: {one.description}" for one in refused.value.violations)


def test_a_profile_of_format_2_carries_the_schema_and_comes_back_the_same() -> None:
    profile = InputProfile.parse(json.dumps(BICYCLES))
    assert profile.plant.name == "Bicycle works"
    assert InputProfile.parse(profile.to_json()) == profile
    types = {column.internal: column.type for column in profile.columns if column.role == "features"}
    assert types == {"ITEM_CD": ColumnType.TEXT, "Color": ColumnType.TEXT, "Weight": ColumnType.NUMBER}


def test_a_profile_of_format_1_is_of_the_seal_plant() -> None:
    older = {
        "name": "old",
        "tables": {"features": "items", "routing": "routing"},
        "columns": [
            {"internal": "ITEM_CD", "role": "features", "source": "A"},
            {"internal": "OUTDIAMETER", "role": "features", "source": "B", "unit": "CM"},
            {"internal": "ITEM_CD", "role": "routing", "source": "A"},
            {"internal": "PROC_SEQ", "role": "routing", "source": "C"},
        ],
    }
    with pytest.raises(InvalidInput, match="INDIAMETER"):
        InputProfile.parse(
            json.dumps(
                {**older, "columns": [*older["columns"], {"internal": "INDIAMETER", "role": "features", "source": "D"}]}
            )
        )
    profile = InputProfile.parse(json.dumps(older))
    assert (profile.format, profile.plant) == (2, MECHANICAL_SEALS)
    assert json.loads(profile.to_json())["schema"]["name"] == MECHANICAL_SEALS.name


def test_the_operations_of_another_plant_go_out_under_the_names_of_the_contract_and_their_own() -> None:
    schema = InputProfile.parse(json.dumps(bicycles(routing_columns=[{"name": "PlannedCost", "type": "NUMBER"}]))).plant
    outputs = schema.operation_outputs
    assert {"PROC_SEQ", "PROC_CD", "PROC_DESC", "RES_CD", "SETUP_TIME", "RUN_TIME", "PlannedCost"} <= set(outputs)
    assert "PlannedCost" in schema.number_outputs
    assert schema.output_columns[0] == "ITEM_CD"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"features": [{"name": "Color", "kind": "category"}, {"name": "COLOR", "kind": "category"}]},
            "differ in case",
        ),
        ({"features": [{"name": "Color", "kind": "category"}, {"name": "Color", "kind": "text"}]}, "one kind"),
        ({"features": [{"name": "Color", "kind": "text", "unit_from": "U"}]}, "only a size has a unit"),
        ({"features": [{"name": f"F{n}", "kind": "text"} for n in range(500)]}, f"at most {MOST_FEATURES}"),
        ({"features": [{"name": "Color", "kind": "text", "weight": "heavy"}]}, "schema.features.0.weight"),
        ({"features": [{"name": "Color", "kind": "text", "weight": "heavy"}]}, "is 'heavy'"),
        ({"features": [{"name": "Color", "kind": "text", "weight": -1}]}, "schema.features.0.weight"),
        ({"features": [{"name": "Color", "kind": "text", "weight": float("nan")}]}, "schema.features.0.weight"),
        ({"features": [{"name": "Color", "kind": "text", "weight": float("inf")}]}, "schema.features.0.weight"),
        ({"features": [{"name": "Color", "kind": "text", "weight": True}]}, "not true or false"),
        ({"weight_profiles": {"mine": {"factors": {"Color": -2}}}}, "schema.weight_profiles.mine.factors.Color"),
        ({"features": [{"name": "Color", "kind": "colour"}]}, "features.0.kind"),
        ({"features": [{"name": "Color", "kind": "text", "label": "<b>Color</b>"}]}, "markup"),
        ({"features": [{"name": "ITEM_CD", "kind": "text"}]}, "identity"),
        ({"features": [{"name": "Color", "kind": "text", "active": False}]}, "told apart"),
        ({"item": {"name": "Nowhere"}}, "item.name"),
        ({"weight_profiles": {"geometry-focus": {"factors": {"Nothing": 2}}}}, "no feature"),
        ({"routing": {"machine": "RUN_TIME"}}, "two roles"),
    ],
)
def test_what_is_wrong_with_a_schema_is_said_with_its_place(change: dict[str, Any], said: str) -> None:
    assert said in refusals(bicycles(**change))


def test_a_profile_without_a_key_or_with_a_feature_that_the_schema_lacks_is_refused() -> None:
    columns = BICYCLES["columns"]
    assert "lacks a mapping of ITEM_CD" in refusals({**BICYCLES, "columns": columns[1:]})
    stranger = {"internal": "Size", "role": "features", "source": "size"}
    assert "Size is not an internal column" in refusals({**BICYCLES, "columns": [*columns, stranger]})
    colour = {**columns[1], "unit": "MM"}
    assert "cannot have a unit" in refusals({**BICYCLES, "columns": [columns[0], colour, *columns[2:]]})
    assert "format" in refusals({**BICYCLES, "format": 3})


def test_a_version_serves_with_a_schema_that_has_its_features_as_they_were() -> None:
    schema = PlantSchema.model_validate(BICYCLES["schema"])
    assert schema.cannot_serve(schema) == ""
    assert "Color" in schema.cannot_serve(MECHANICAL_SEALS)
    recoloured = bicycles(features=[{"name": "Color", "kind": "text"}, *BICYCLES["schema"]["features"][1:]])
    assert "as a category" in schema.cannot_serve(PlantSchema.model_validate(recoloured["schema"]))
    fewer = bicycles(features=BICYCLES["schema"]["features"][:2])  # the date does not take part
    assert schema.cannot_serve(PlantSchema.model_validate(fewer["schema"])) == ""


def test_every_plant_has_the_weight_profiles_that_clients_name() -> None:
    schema = PlantSchema.model_validate(BICYCLES["schema"])
    assert {"geometry-focus", "operation-history"} <= schema.profiles.keys()
    assert schema.profiles["geometry-focus"].factors == {"Weight": 2.5}


def test_the_json_schema_of_profiles_names_their_parts() -> None:
    described = profile_json_schema()
    assert {"schema", "columns", "tables"} <= described["properties"].keys()


def test_a_wrong_value_is_said_once_and_not_again_of_what_holds_it() -> None:
    assert refusals(bicycles(features=[{"name": "Color", "kind": "text", "weight": "heavy"}])).count("schema.") == 1


def test_the_seal_plant_is_known_and_labelled_as_an_older_program_stored_it() -> None:
    """Older programs stored its Korean labels alone, and no labels of the routing's columns."""
    stored = json.loads(MECHANICAL_SEALS.to_json())
    for part in ("features", "item_columns", "routing_columns", "results_columns"):
        for column in stored[part]:
            del column["label"]
            if part.startswith("r"):
                del column["label_ko"]
    older = PlantSchema.model_validate(stored)
    assert older != MECHANICAL_SEALS
    assert is_of_seals(older)
    assert with_labels(older) == MECHANICAL_SEALS
    stored["features"][1] |= {"weight": 9.0, "label": "Sort"}
    changed = with_labels(PlantSchema.model_validate(stored))
    assert not is_of_seals(changed)
    assert (changed.label_of("PART_TYPE"), changed.label_of("OUTDIAMETER")) == ("Sort", "Outer diameter")
    document = InputProfile.built_in().document()
    assert InputProfile.model_validate({**document, "schema": older.model_dump(exclude_defaults=True)}).plant == (
        MECHANICAL_SEALS
    )
    assert with_labels(ANOTHER) is ANOTHER


def test_every_column_of_the_seal_plant_has_a_label_in_both_languages() -> None:
    known = {name for role in MECHANICAL_SEALS.tables for name in MECHANICAL_SEALS.columns(role)}
    assert known == set(MECHANICAL_SEALS.labels)
    for name, (english, korean) in MECHANICAL_SEALS.labels.items():
        assert name not in (english, korean), name
        assert english != korean


ANOTHER = PlantSchema.model_validate({"name": "Gears", "features": [{"name": "Module", "kind": "number"}]})
