"""A plant whose columns have other names for every role: what is answered of its items and operations is what its tables say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aggregate_service.item_lookup import whole_items
from aggregate_service.messages import to_items_response, to_operations_response
from aggregate_service.plant_operations import plant_operations
from aggregate_service.plant_options import PlantOptions
from aggregate_service.snapshot import Snapshot
from aggregate_service.snapshot_build import build_snapshot
from gateway.schemas.operations import OperationStep
from gateway.translate import master_data, time_summary
from gateway.translate import plant as plant_words
from gateway.translate.client_operations import plant_rows
from gateway.translate.group_rows import group_parts, operation_row
from gateway.translate.proposals import timed_operation
from plant.client_names import NAMES, added_columns
from plant.input_profile import InputProfile
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.profile_files import read_profile
from plant.schema import PlantSchema
from plant.schema_checks import schema_violations
from protos.documents.v1 import documents_pb2

GEARS = Path(__file__).resolve().parents[2] / "data" / "plants" / "engranajes"
PROFILE = read_profile(GEARS / "profile.json")
SCHEMA = PROFILE.plant


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    folder = tmp_path_factory.mktemp("snapshots")
    return Snapshot(
        build_snapshot(GEARS, PROFILE.to_json(), folder, lambda _progress: None, force=False, lock_timeout=10)
    )


@pytest.fixture(scope="module")
def operations(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    """What the plant's operations are answered as, by their code."""
    found = to_operations_response(plant_operations(snapshot, PlantOptions()), "tag")
    return {one["step"]["Fase"]: one["step"] for one in master_data.operations(found)["operations"]}


def test_operations_carry_what_clients_of_every_plant_read(operations: dict[str, dict[str, Any]]) -> None:
    turning = operations["0010"]
    assert {name: turning[name] for name in NAMES} == {
        "PROC_CD": "0010",
        "PROC_DESC": "Torneado",
        "RES_CD": "T1",
        "RES_DESC": "Torno CNC",
        "QUEUE_TIME": 15.0,
        "SETUP_TIME": turning["Preparación"],
        "RUN_TIME": turning["Ciclo"],
        "WAIT_TIME": 30.0,
        "MOVE_TIME": 6.0,
    }
    assert operations["0030"]["SETUP_TIME"] is None
    assert operations["0030"]["Subcontrata"] == "Tratamientos SA"


def test_a_run_time_for_a_lot_is_one_for_a_piece_and_says_so(operations: dict[str, dict[str, Any]]) -> None:
    assert (operations["0020"]["Ciclo"], operations["0020"]["Lote"]) == (9.5, 1.0)


def test_the_seal_plant_has_nothing_beside_its_own_but_the_names_it_had() -> None:
    assert added_columns(MECHANICAL_SEALS) == {"PROC_CD": "JOB_CD", "PROC_DESC": "JOB_NM"}


def test_an_items_sheet_is_as_people_write(snapshot: Snapshot) -> None:
    found = to_items_response(whole_items(snapshot, ["E-001"]), SCHEMA)
    sheet = master_data.item("E-001", found, SCHEMA)
    values = sheet["rows"][0]["values"]
    expected = {"Zurdo": "0", "Dientes": "12", "Ajuste": "-1", "Clase": "007", "Peso": "0.4", "UM peso": "kg"}
    assert expected.items() <= values.items()
    assert (values["Alta"], values["Diámetro"], values["UM Ø"]) == ("2021-01-01", "1.5748", "in")
    assert {column["width"] for column in sheet["columns"]} == {None}


def test_the_evidence_names_sizes_with_units_that_are_not_millimetres(snapshot: Snapshot) -> None:
    rows = np.array([0, 1])
    assert snapshot.shown("Diámetro", rows) == ["1.5748 in", "45"]
    assert snapshot.shown("Peso", rows) == ["0.4 kg", "0.55 kg"]
    assert snapshot.shown("Zurdo", rows) == ["0", "1"]
    assert snapshot.shown("nothing", rows) == [None, None]


def test_numbers_that_a_profile_converts_are_named_with_the_unit_they_are_in_then(tmp_path: Path) -> None:
    document = json.loads((GEARS / "profile.json").read_text(encoding="utf-8"))
    for column in document["columns"]:
        if column["internal"] == "Peso":
            column["unit"] = "kg"
    document["schema"]["item"] |= {"specification": "Dientes", "levels": ["Familia", "Dientes"]}
    profile = InputProfile.parse(json.dumps(document))
    built = Snapshot(
        build_snapshot(GEARS, profile.to_json(), tmp_path, lambda _progress: None, force=False, lock_timeout=10)
    )
    assert built.shown("Peso", np.array([0])) == ["400 G"]
    assert built.search.shown(np.array([0]))["SPECIFICATION"] == ["12"]
    assert ("Rueda", "12") in built.search.labels
    assert plant_words.plant("x", profile.plant, {"Peso": "G", "ORDER": "MIN"})["units"] == {"ORDER": "MIN"}


STEP = {
    "PROC_SEQ": 10,
    "Fase": "0010",
    "Trabajo": "Torneado",
    "Puesto": "T1",
    "Nombre puesto": "Torno",
    "Preparación": 30.0,
    "Ciclo": 4.0,
    "Cola": 15.0,
    "Espera": 30.0,
    "Traslado": 6.0,
}
CHANGED = {
    "PROC_CD": "0010",
    "RES_CD": "T9",
    "RES_DESC": "Torno 9",
    "SETUP_TIME": 99.0,
    "RUN_TIME": 5.0,
    "WAIT_TIME": None,
    "QUEUE_TIME": 7.0,
}


def test_what_a_planner_changed_is_what_is_summed_exported_and_reviewed() -> None:
    (row,) = plant_rows([OperationStep.model_validate_json(json.dumps(STEP | CHANGED))], SCHEMA)
    step = documents_pb2.RoutingGroupStep(seq=1, process_code="0010", sql_values_json=json.dumps(STEP | CHANGED))
    for made in (row, operation_row(step, SCHEMA)):
        assert (made["Fase"], made["Puesto"], made["Nombre puesto"]) == ("0010", "T9", "Torno 9")
        assert [made[name] for name in ("Preparación", "Ciclo", "Cola", "Espera", "Traslado")] == [99, 5, 7, None, 6]
    reviewed = timed_operation(STEP | CHANGED, SCHEMA)
    assert (reviewed.process_code, reviewed.setup, reviewed.run) == ("0010", 99.0, 5.0)


def test_the_times_of_a_saved_routing_go_out_as_numbers_under_every_name() -> None:
    step = documents_pb2.RoutingGroupStep(seq=1, process_code="0010", sql_values_json=json.dumps(STEP | CHANGED))
    content = documents_pb2.RoutingGroupContent(group_name="G", item_codes=["E-001"], steps=[step])
    (part,) = group_parts(documents_pb2.RoutingGroup(content=content), SCHEMA)
    kinds = {column.name: column.WhichOneof("values") for column in part.operations.columns}
    assert {kinds[name] for name in ("Cola", "Ciclo", "QUEUE_TIME", "SETUP_TIME", "RUN_TIME")} == {"number"}
    assert kinds["RES_CD"] == "text"


def test_a_plant_that_only_names_its_operations_and_has_no_times_is_served() -> None:
    roles = dict.fromkeys(("operation_code", "setup", "run", "queue", "wait", "move", "machine_name"), "")
    plain = PlantSchema.model_validate(
        {
            "name": "plain",
            "features": [{"name": "a", "kind": "text"}],
            "routing": roles | {"operation_name": "Arbeit", "machine": "Platz"},
        }
    )
    assert not list(schema_violations(plain))
    assert added_columns(plain)["PROC_CD"] == "Arbeit"
    step = documents_pb2.RoutingGroupStep(seq=1, process_code="Drehen", duration_min=3.0)
    assert operation_row(step, plain)["Arbeit"] == "Drehen"
    sent = [OperationStep.model_validate_json('{"PROC_SEQ": 10, "RUN_TIME": 3, "Arbeit": "Drehen"}')]
    assert [column.name for column in time_summary.request("a", sent, True, plain).operations.columns] == ["PROC_SEQ"]
