"""What each row says of its values: units of times and sizes, unknown ones counted, routing numbers and validity."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from plant.columns import ColumnType
from plant.input_profile import InputProfile, ProfileColumn
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.schema import Feature, FeatureKind, PlantSchema, RoutingRoles
from source import open_source
from source.current_routings import choose_current, is_valid, natural_keys
from source.role_reading import read_role

SCHEMA = PlantSchema(
    name="p",
    features=(Feature(name="D", kind=FeatureKind.SIZE, unit_from="U"),),
    routing=RoutingRoles(time_unit="TU", run_unit="RU", base_quantity="BASE"),
)


def column(internal: str, role: str, kind: ColumnType) -> ProfileColumn:
    return ProfileColumn.model_validate({"internal": internal, "role": role, "source": internal, "type": kind.value})


def profile() -> InputProfile:
    text, number = ColumnType.TEXT, ColumnType.NUMBER
    return InputProfile(
        name="p",
        tables={"features": "items", "routing": "steps"},
        plant=SCHEMA,
        columns=(
            column("ITEM_CD", "features", text),
            column("D", "features", number),
            column("U", "features", text),
            column("ITEM_CD", "routing", text),
            column("PROC_SEQ", "routing", ColumnType.INTEGER),
            *(column(name, "routing", number) for name in ("SETUP_TIME", "RUN_TIME", "BASE")),
            *(column(name, "routing", text) for name in ("TU", "RU")),
        ),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "items.csv").write_text("ITEM_CD,D,U\nA,1,CM\nB,2,furz\nC,3,\n", encoding="utf-8")
    (tmp_path / "steps.csv").write_text(
        "ITEM_CD,PROC_SEQ,SETUP_TIME,RUN_TIME,TU,RU,BASE\nA,10,1,2,HR,초,10\nA,20,1,2,분,MIN,\nB,10,1,2,,,1\nB,20,1,2,??,Std/100 St,1\n",
        encoding="utf-8",
    )
    return tmp_path


def test_times_are_minutes_for_one_piece_in_the_unit_of_their_row(folder: Path) -> None:
    found: list[tuple[int, str]] = []
    frames = read_role(open_source(folder), profile(), "routing", on_finding=lambda n, what: found.append((n, what)))
    rows = pl.concat(list(frames))
    assert rows["SETUP_TIME"].to_list() == [60.0, 1.0, 1.0, None]
    assert rows["RUN_TIME"].to_list() == [pytest.approx(2 / 60 / 10), 2.0, 2.0, pytest.approx(1.2)]
    assert rows["TU"].to_list() == ["MIN", "분", None, "??"]
    assert rows["RU"].to_list() == ["MIN", "MIN", None, "MIN"]
    assert [(n, "'??' in TU" in what and "times count as absent" in what) for n, what in found] == [(1, True)]


def test_an_unknown_unit_of_a_size_is_counted(folder: Path) -> None:
    found: list[str] = []
    list(read_role(open_source(folder), profile(), "features", on_finding=lambda n, what: found.append(f"{n} {what}")))
    assert found == ["1 rows of items have the unit 'furz' in U, which is not known: the sizes are taken as mm"]


def test_the_seal_plant_names_the_units_of_set_up_and_run_time_in_its_rows() -> None:
    assert MECHANICAL_SEALS.routing.units == {"SETUP_TIME": "TIME_UNIT", "RUN_TIME": "RUN_TIME_UNIT"}


def test_routing_numbers_that_are_numbers_order_as_such() -> None:
    assert sorted(
        ["10", "9", "09", ""], key=lambda text: natural_keys(["10", "9", "09", ""])[["10", "9", "09", ""].index(text)]
    ) == [
        "",
        "09",
        "9",
        "10",
    ]
    assert natural_keys(["R9", "R10", None]) == ["R9", "R10", ""]


def test_a_valid_routing_goes_before_a_newer_one_that_is_not_where_the_profile_says_so() -> None:
    item, sequence = np.array([0, 0, 1]), np.array([10, 10, 10])
    number, entered = np.array([1, 2, 1]), np.array([1, 2, 1])
    valid = is_valid(np.array([0.0, 0.0, 500.0]), np.array([np.nan, 50.0, np.nan]), 100)
    assert valid.tolist() == [True, False, False]
    assert choose_current(item, sequence, number, entered).rows.tolist() == [1, 2]
    assert choose_current(item, sequence, number, entered, valid).rows.tolist() == [0, 2]
