"""Input profiles: any table and column names, units, defaults; what is missing is named with what it was wanted for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from common.errors import DataProblem, InvalidInput
from plant.input_profile import InputProfile
from plant.mechanical_seals import MECHANICAL_SEALS
from source import open_source
from source.role_reading import read_role

DATA = Path(__file__).resolve().parents[2] / "data"
CODE = {"internal": "ITEM_CD", "role": "features", "source": "품번", "required": True}
ROUTING_KEYS = [
    {"internal": "ITEM_CD", "role": "routing", "source": "품번"},
    {"internal": "PROC_SEQ", "role": "routing", "source": "순서"},
]


def profile(*columns: dict[str, Any], **tables: str) -> InputProfile:
    named = {"features": "품목", "routing": "공정", **tables}
    return InputProfile.parse(
        json.dumps({"name": "own names", "tables": named, "columns": [CODE, *ROUTING_KEYS, *columns]})
    )


def folder(path: Path, **tables: pl.DataFrame) -> Path:
    for name, frame in tables.items():
        frame.write_parquet(path / f"{name}.parquet")
    return path


def test_the_built_in_profile_reads_the_views_as_they_are() -> None:
    source = open_source(DATA / "small.accdb")
    built_in = InputProfile.built_in()
    for role, columns in MECHANICAL_SEALS.tables.items():
        frame = pl.concat(list(read_role(source, built_in, role)))
        assert frame.columns == list(columns)
    assert [len(columns) for columns in MECHANICAL_SEALS.tables.values()] == [47, 49, 12]
    assert InputProfile.parse("") is built_in
    assert InputProfile.parse(built_in.to_json()) == built_in
    assert list(built_in.violations()) == []


def test_a_missing_required_column_is_named_with_what_it_is_for() -> None:
    source = open_source(DATA / "missing_column.accdb")
    with pytest.raises(
        DataProblem,
        match=r"dbo_BI_ITEM_INFO_VIEW lacks column OUTDIAMETER; the active input profile \(Access views\) maps it to OUTDIAMETER",
    ):
        list(read_role(source, InputProfile.built_in(), "features", ["ITEM_CD"]))
    assert sum(frame.height for frame in read_role(source, InputProfile.built_in(), "routing")) > 0


def test_any_names_units_and_defaults(tmp_path: Path) -> None:
    items = pl.DataFrame(
        {"품번": ["A", "B"], "외경": [1.0, None], "내경": [0.5, 2.0], "두께": [None, 3.0], "unit": ["INCH", "INCH"]}
    )
    routing = pl.DataFrame({"품번": ["A"], "순서": [10.0], "준비": ["0.5"], "가공": [90.0]})
    source = open_source(folder(tmp_path, 품목=items, 공정=routing))
    own = profile(
        {"internal": "OUTDIAMETER", "role": "features", "source": "외경", "unit": "inch"},
        {"internal": "INDIAMETER", "role": "features", "source": "내경", "unit": "CM", "default": 7},
        {"internal": "OUTTHICKNESS", "role": "features", "source": "두께", "unit": "MM", "default": 5.0},
        {"internal": "OUTDIAMETER_UNIT", "role": "features", "source": "unit"},
        {"internal": "ITEM_TYPE", "role": "features", "default": "S"},
        {"internal": "SETUP_TIME", "role": "routing", "source": "준비", "unit": "H"},
        {"internal": "RUN_TIME", "role": "routing", "source": "가공", "unit": "SEC"},
    )
    seen: list[int] = []
    frame = pl.concat(list(read_role(source, own, "features", batch_rows=1, on_rows=seen.append)))
    assert seen == [1, 2]
    assert frame["OUTDIAMETER"].to_list() == [25.4, None]
    assert frame["INDIAMETER"].to_list() == [5.0, 20.0]
    assert frame["OUTTHICKNESS"].to_list() == [5.0, 3.0]
    assert frame["OUTDIAMETER_UNIT"].to_list() == ["MM", "MM"]
    assert frame["ITEM_TYPE"].to_list() == ["S", "S"]
    assert frame["ITEM_NM"].to_list() == [None, None]
    times = pl.concat(list(read_role(source, own, "routing", ["RUN_TIME", "SETUP_TIME", "PROC_SEQ", "JOB_CD"])))
    assert times.rows() == [(1.5, 30.0, 10, None)]


def test_a_constant_column_alone_has_a_row_for_each_row(tmp_path: Path) -> None:
    source = open_source(
        folder(tmp_path, 품목=pl.DataFrame({"품번": ["A", "B"]}), 공정=pl.DataFrame({"품번": ["A"], "순서": [1]}))
    )
    own = profile({"internal": "ITEM_TYPE", "role": "features", "default": "S"})
    assert pl.concat(list(read_role(source, own, "features", ["ITEM_TYPE"])))["ITEM_TYPE"].to_list() == ["S", "S"]


def test_text_in_a_number_names_the_item_by_its_mapped_column(tmp_path: Path) -> None:
    items = pl.DataFrame({"품번": ["A"], "외경": ["wide"]})
    source = open_source(folder(tmp_path, 품목=items, 공정=pl.DataFrame({"품번": ["A"], "순서": [1]})))
    own = profile({"internal": "OUTDIAMETER", "role": "features", "source": "외경"})
    with pytest.raises(DataProblem, match="Table 품목, item 'A', column 외경: 'wide' is not a number"):
        list(read_role(source, own, "features", ["OUTDIAMETER"]))


def test_a_missing_table_is_refused_unless_the_system_works_without_it(tmp_path: Path) -> None:
    source = open_source(folder(tmp_path, 품목=pl.DataFrame({"품번": ["A"]})))
    own = profile(results="")
    assert list(read_role(source, own, "results")) == []
    with pytest.raises(
        DataProblem,
        match=r"lacks table 공정; the input profile own names takes the routing from it. The source has 품목",
    ):
        list(read_role(source, own, "routing"))


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ({"internal": "WIDTH", "role": "features", "source": "x", "type": "TEXT"}, "WIDTH is not an internal column"),
        ({"internal": "OUTDIAMETER", "role": "features", "source": "x", "unit": "blurb"}, "unknown unit 'blurb'"),
        ({"internal": "ITEM_TYPE", "role": "features", "source": "x", "unit": "MM"}, "cannot have a unit"),
        ({"internal": "OUTDIAMETER", "role": "features", "source": "x", "default": "wide"}, "is not of type NUMBER"),
        ({"internal": "OUTDIAMETER", "role": "features", "source": "x", "type": "TEXT"}, "is NUMBER inside"),
        ({"internal": "ITEM_TYPE", "role": "features", "required": True}, "is required and has no source column"),
        ({"internal": "ITEM_CD", "role": "features", "source": "y"}, "mapped twice"),
        ({"internal": "OUTDIAMETER", "role": "features", "source": "x", "colour": "red"}, "not permitted"),
    ],
)
def test_a_profile_that_contradicts_itself_is_refused(column: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match="The input profile") as caught:
        profile(column)
    assert any(message in violation.description for violation in caught.value.violations)


def test_sizes_that_share_a_unit_column_have_units_together() -> None:
    with pytest.raises(InvalidInput) as caught:
        profile(
            {"internal": "OUTDIAMETER", "role": "features", "source": "x", "unit": "INCH"},
            {"internal": "INDIAMETER", "role": "features", "source": "y"},
        )
    assert "so INDIAMETER need one too" in caught.value.violations[0].description


@pytest.mark.parametrize("text", ["{", "[]", '{"name": ""}', "null"])
def test_what_is_no_profile_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        InputProfile.parse(text)
