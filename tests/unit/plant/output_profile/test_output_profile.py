"""Output profiles: what is valid, what comes out, what the checks find."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import InvalidInput
from plant.output_profile import OutputColumn, OutputProfile
from plant.output_profile.application import apply_profile
from plant.output_profile.formats import OutputType, writer
from plant.output_profile.reading import READERS
from plant.settings.defaults import COLUMN_ALIASES, OUTPUT_COLUMNS

ROWS = pl.DataFrame(
    {
        "ITEM_CD": ["A-1", "A-1", "가나"],
        "PROC_SEQ": [10, 20, None],
        "SETUP_TIME": [1.25, None, -3.0],
        "dbo_BI_ROUTING_VIEW_JOB_CD": ["CNC", "", "품질검사"],
        "VALID_FROM_DT": ["2026-01-02T03:04:05.000", "20260102", "never"],
        "INSP_FLG": ["Y", "n", "?"],
    }
)


def profile(*columns: OutputColumn, **fields: Any) -> OutputProfile:
    return OutputProfile(name="p", columns=columns, **fields)


def column(name: str = "c", source: str = "ITEM_CD", **fields: Any) -> OutputColumn:
    return OutputColumn(name=name, source=source, **fields)


def problems(*columns: OutputColumn, **fields: Any) -> list[str]:
    return [violation.description for violation in profile(*columns, **fields).violations()]


def test_the_default_profile_is_every_output_column_as_it_is() -> None:
    default = OutputProfile.parse("")
    assert [output.name for output in default.columns] == default.sources == list(OUTPUT_COLUMNS)
    assert default.aliases == COLUMN_ALIASES
    assert OutputProfile.parse(default.to_json()) == default


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ([column(), column("C", "PROC_SEQ")], "comes twice"),
        ([column(source="NO_SUCH")], "not a column of a prediction"),
        ([column(source="")], "neither a source nor a constant"),
        ([column(constant="x")], "both a source and a constant"),
        ([column("k", "", constant="x")], "every column is a constant"),
        ([column(type="number", format="0,00")], "not a format"),
        ([column(type="date", format="%Q")], "not a format"),
        ([column(type="date", format="%H")], "not a format"),
        ([column(type="boolean", format="Y/Y")], "not a format"),
        ([column(format="title")], "not a format"),
        ([column(type="integer", format="00.0")], "not a format"),
        ([column(type="integer", default="x")], "not of type integer"),
        ([column(type="boolean", default=1)], "not of type boolean"),
        ([column(type="date", default="soon")], "not of type date"),
        ([column(minimum=1)], "cannot have a minimum"),
        ([column(type="number", minimum=3, maximum=2)], "above the maximum"),
        ([column(" c")], "no blanks around"),
    ],
)
def test_a_profile_that_contradicts_itself_is_refused(wrong: list[OutputColumn], words: str) -> None:
    assert any(words in problem for problem in problems(*wrong))
    with pytest.raises(InvalidInput) as caught:
        OutputProfile.parse(profile(*wrong).to_json())
    assert caught.value.violations


def test_encodings_and_aliases_are_checked() -> None:
    assert "not a text encoding" in problems(column(), encoding="klingon")[0]
    assert "not a text encoding" in problems(column(), encoding="hex")[0]
    assert "cannot be written" in problems(column("공정"), encoding="latin-1")[0]
    assert problems(column("공정"), encoding="cp949") == []
    assert "not a column" in problems(column(), aliases={"X": "NO_SUCH"})[0]
    assert problems(column(source="X"), aliases={"X": "JOB_NM"}) == []
    own = profile(column(source="PLANT_OWN"))
    assert list(own.violations(available=["PLANT_OWN"])) == []


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"name": "x"}', '{"name": "x", "columns": []}', '{"name":"x","columns":[{"name":"a","colour":1}]}'],
)
def test_what_is_no_profile_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        OutputProfile.read(text)
    assert caught.value.reason == "PROFILE_INVALID"


def test_columns_come_out_in_order_under_their_names_with_types_formats_and_constants() -> None:
    applied = apply_profile(
        profile(
            column("품목", format="lower"),
            column("plant", "", constant="P1"),
            column("seq", "PROC_SEQ", type="integer", format="0000"),
            column("setup", "SETUP_TIME", type="number", format="0.0", default=0.0),
            column("job", "JOB_CD"),
            column("from", "VALID_FROM_DT", type="date", format="%Y/%m/%d"),
            column("inspect", "INSP_FLG", type="boolean", format="검사/생략"),
            column("late", "MOVE_TIME", type="number"),
            aliases=dict(COLUMN_ALIASES),
        ),
        ROWS,
    )
    assert applied.texts.rows() == [
        ("a-1", "P1", "0010", "1.2", "CNC", "2026/01/02", "검사", None),
        ("a-1", "P1", "0020", "0.0", None, "2026/01/02", "생략", None),
        ("가나", "P1", None, "-3.0", "품질검사", None, None, None),
    ]
    assert applied.values.schema == {
        "품목": pl.String,
        "plant": pl.String,
        "seq": pl.Int64,
        "setup": pl.Float64,
        "job": pl.String,
        "from": pl.Date,
        "inspect": pl.Boolean,
        "late": pl.Float64,
    }
    assert applied.values["setup"].to_list() == [1.25, 0.0, -3.0]
    assert [(f.row, f.column, f.check) for f in applied.findings] == [(2, "from", "type"), (2, "inspect", "type")]


def test_every_check_names_row_and_column() -> None:
    applied = apply_profile(
        profile(
            column("a", values=("A-1",)),
            column("b", "PROC_SEQ", type="integer", required=True, maximum=15),
            column("c", "SETUP_TIME", type="number", minimum=0),
            column("d", "dbo_BI_ROUTING_VIEW_JOB_CD", max_length=3),
            column("e", "ITEM_CD", type="number"),
            encoding="latin-1",
        ),
        ROWS,
    )
    assert [(f.row, f.column, f.check) for f in applied.findings] == [
        (0, "e", "type"),
        (1, "b", "range"),
        (1, "e", "type"),
        (2, "a", "value"),
        (2, "b", "null"),
        (2, "c", "range"),
        (2, "d", "length"),
        (2, "e", "type"),
    ]
    assert all(f.message.startswith(f.column) for f in applied.findings)
    unencodable = apply_profile(profile(column("a"), encoding="latin-1"), ROWS)
    assert [(f.row, f.check) for f in unencodable.findings] == [(2, "encoding")]
    few = apply_profile(profile(column("e", type="number")), ROWS, max_findings=1)
    assert (len(few.findings), few.total_findings) == (1, 3)


def test_the_default_profile_leaves_the_rows_as_they_are() -> None:
    applied = apply_profile(OutputProfile.default(), ROWS)
    assert applied.total_findings == 0
    assert applied.texts.columns == list(OUTPUT_COLUMNS)
    assert applied.texts["SETUP_TIME"].to_list() == ["1.25", None, "-3.0"]


def test_no_rows_give_no_rows() -> None:
    assert apply_profile(OutputProfile.default(), ROWS.clear()).values.height == 0


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_plain_number_reads_back_as_written(value: float) -> None:
    write = writer(OutputType.NUMBER, "")
    assert write is not None
    text = write(value)
    assert "e" not in text
    assert float(text) == pytest.approx(value, rel=1e-9, abs=1e-15)


cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**62), 2**62),
    st.floats(),
    st.text(max_size=12),
    st.dates(),
    st.datetimes(),
)


@given(st.sampled_from(list(OutputType)), cells)
def test_any_cell_is_read_and_written_or_found_wrong(kind: OutputType, value: Any) -> None:
    if value is None:
        return
    made = READERS[kind](value)
    write = writer(kind, "")
    assert write is not None
    if made is not None:
        assert isinstance(write(made), str)
