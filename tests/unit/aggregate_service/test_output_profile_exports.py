"""Exports follow the active output profile: names, order, constants, formats, encoding."""

from __future__ import annotations

import datetime
from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import polars as pl
import pytest

from aggregate_service.export_files import Exporter
from common.settings import Settings
from common.tables import integer_column, number_column, table, text_column
from plant.output_profile import OutputColumn, OutputProfile
from plant.settings.defaults import OUTPUT_COLUMNS
from plant.settings.sections import ExportSection
from protos.aggregate.v1 import aggregate_pb2 as pb

PREDICTION = pb.PredictResponse(
    routings=table(2, [text_column("ITEM_CD", ["A-1", "B-2"]), text_column("CANDIDATE_ID", ["A-1_C01", None])]),
    operation_offsets=[0, 2, 3],
    operations=table(
        3,
        [
            integer_column("PROC_SEQ", [10, 20, 10]),
            text_column("JOB_NM", ["선삭", "=1+1", "검사"]),
            number_column("SETUP_TIME", [1.25, None, 3.0]),
            text_column("VALID_FROM_DT", ["2026-01-02", None, "2026-03-04T05:06:07"]),
        ],
    ),
)
PROFILE = OutputProfile(
    name="ERP",
    columns=(
        OutputColumn(name="공장", constant="P1"),
        OutputColumn(name="순번", source="PROC_SEQ", type="integer", format="0000"),
        OutputColumn(name="품목", source="ITEM_CD"),
        OutputColumn(name="작업", source="JOB_NM"),
        OutputColumn(name="준비", source="SETUP_TIME", type="number"),
        OutputColumn(name="시작", source="VALID_FROM_DT", type="date", format="%Y%m%d"),
    ),
    encoding="cp949",
    null_text="-",
)


def export(folder: Path, kind: str, profile: OutputProfile | None) -> Path:
    exporter = Exporter(
        ExportSection(compress_on_save=False),
        list(OUTPUT_COLUMNS),
        Settings(_env_file=None, state_dir=folder),
        profile=profile,
    )
    return exporter.export(PREDICTION, [kind], "routing")[0].path


def test_text_files_hold_what_the_profile_says(tmp_path: Path) -> None:
    assert export(tmp_path, "csv", PROFILE).read_bytes().decode("cp949").splitlines() == [
        "공장,순번,품목,작업,준비,시작",
        "P1,0010,A-1,선삭,1.25,20260102",
        "P1,0020,A-1,'=1+1,-,-",
        "P1,0010,B-2,검사,3.0,20260304",
    ]
    assert "공장\t순번" in export(tmp_path, "txt", PROFILE).read_bytes().decode("cp949")


def test_parquet_and_sheets_keep_types(tmp_path: Path) -> None:
    rows = pl.read_parquet(export(tmp_path, "parquet", PROFILE))
    assert rows["시작"].to_list() == [datetime.date(2026, 1, 2), None, datetime.date(2026, 3, 4)]
    assert rows["순번"].dtype == pl.Int64
    sheet = openpyxl.load_workbook(export(tmp_path, "excel", PROFILE)).active
    assert sheet is not None
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert cells[0] == ["공장", "순번", "품목", "작업", "준비", "시작"]
    assert cells[1] == ["P1", "0010", "A-1", "선삭", 1.25, "20260102"]


@pytest.mark.parametrize("kind", ["csv", "txt"])
def test_the_default_profile_writes_what_no_profile_writes(tmp_path: Path, kind: str) -> None:
    plain = export(tmp_path / "a", kind, None).read_bytes()
    assert export(tmp_path / "b", kind, OutputProfile.default()).read_bytes() == plain
