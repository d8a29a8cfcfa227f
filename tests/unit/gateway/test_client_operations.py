"""Operations that clients send of any plant: under its own names, or under those that every plant's clients know."""

from __future__ import annotations

import json

from gateway.schemas.operations import OperationStep
from gateway.translate import time_summary
from gateway.translate.client_operations import plant_rows
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.schema import PlantSchema

FURNITURE = PlantSchema.model_validate(
    {
        "name": "Möbelwerk",
        "features": [{"name": "Holzart", "kind": "category"}],
        "routing": {
            "operation_code": "Arbeitsgang",
            "operation_name": "Text",
            "machine": "Arbeitsplatz",
            "setup": "Rüstzeit",
            "run": "Stückzeit",
            "queue": "Übergang",
            "wait": "Liegezeit",
            "move": "Transport",
        },
        "routing_columns": [{"name": "Prüfplan"}],
    }
)


def steps(*operations: dict[str, object]) -> list[OperationStep]:
    return [OperationStep.model_validate_json(json.dumps(one)) for one in operations]


def test_times_under_the_names_of_the_plant_are_summed() -> None:
    sent = steps(
        {"PROC_SEQ": 10, "Rüstzeit": 9.5, "Stückzeit": 4, "Übergang": 30, "Liegezeit": "120", "Transport": 15},
        {"PROC_SEQ": 20, "Rüstzeit": None, "Stückzeit": "bald", "Liegezeit": [1], "other": 7},
    )
    request = time_summary.request("T1", sent, True, FURNITURE)
    values = {
        column.name: list(column.number.values) for column in request.operations.columns if column.name != "PROC_SEQ"
    }
    assert set(values) == {"Rüstzeit", "Stückzeit", "Übergang", "Liegezeit", "Transport"}
    assert [values[name][0] for name in ("Rüstzeit", "Stückzeit", "Liegezeit")] == [9.5, 4.0, 120.0]


def test_what_a_client_says_under_the_common_names_counts_before_what_the_prediction_said() -> None:
    (row,) = plant_rows(
        steps(
            {
                "PROC_SEQ": 10,
                "Rüstzeit": 9.5,
                "SETUP_TIME": 12,
                "RUN_TIME": 3,
                "PROC_CD": "CNC",
                "RES_CD": "BAZ1",
                "Prüfplan": "P",
            }
        ),
        FURNITURE,
    )
    assert (row["Rüstzeit"], row["Stückzeit"], row["Arbeitsgang"], row["Arbeitsplatz"], row["Prüfplan"]) == (
        12.0,
        3.0,
        "CNC",
        "BAZ1",
        "P",
    )


def test_operations_of_the_seal_plant_stay_what_they_are() -> None:
    sent = steps({"PROC_SEQ": 10, "SETUP_TIME": 0.9, "JOB_NM": "선삭", "unknown": {"deep": []}})
    assert plant_rows(sent, MECHANICAL_SEALS) == [sent[0].__dict__]
