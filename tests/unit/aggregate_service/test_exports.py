"""Export: the files, their content, and what is refused."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl  # type: ignore[import-untyped]
import polars as pl
import pytest
from pyarrow import parquet

from aggregate_service.export_files import FORMATS
from aggregate_service.export_table import guard_formulas
from common.errors import InvalidInput, PreconditionFailed
from common.plant_settings.defaults import OUTPUT_COLUMNS
from common.tables import number_column, table, text_column
from protos.aggregate.v1 import aggregate_pb2 as pb

from .conftest import Running, Start


@pytest.fixture
async def exporting(start: Start, small_tables: Path, tmp_path: Path, small_state: Path) -> Running:
    """A service with a state folder of its own to export into."""
    state = tmp_path / "state"
    shutil.copytree(small_state / "snapshots", state / "snapshots")
    return await start(small_tables, state)


@pytest.fixture
async def prediction(exporting: Running, small_tables: Path) -> pb.PredictResponse:
    codes = pl.read_parquet(small_tables / "routing.parquet")["ITEM_CD"].unique(maintain_order=True).to_list()[:5]
    answer: pb.PredictResponse = await exporting.call("Predict", pb.PredictRequest(item_codes=codes, detailed=True))
    return answer


async def export(running: Running, prediction: pb.PredictResponse, *formats: str, name: str = "routing") -> list[Path]:
    answer = await running.call("Export", pb.ExportRequest(prediction=prediction, formats=formats, name=name))
    paths = [Path(path) for path in answer.paths]
    assert [path.stat().st_size for path in paths] == list(answer.bytes)
    return paths


def told(**values: str) -> pb.PredictResponse:
    """A prediction of one operation with given texts."""
    columns = [text_column("ITEM_CD", [values.pop("ITEM_CD", "A-1")])]
    operation = [number_column("SETUP_TIME", [1.5]), *(text_column(name, [value]) for name, value in values.items())]
    return pb.PredictResponse(routings=table(1, columns), operation_offsets=[0, 1], operations=table(1, operation))


async def test_every_format_holds_all_operations_under_the_output_columns(
    exporting: Running, prediction: pb.PredictResponse
) -> None:
    csv, excel, txt, columnar, json_file, xml = await export(exporting, prediction, *FORMATS)
    rows = prediction.operations.rows
    assert csv.read_bytes().startswith(b"\xef\xbb\xbf")
    frame = pl.read_csv(csv.read_bytes(), infer_schema_length=0)
    assert frame.columns == list(OUTPUT_COLUMNS)
    assert frame.height == rows
    assert set(frame["ITEM_CD"]) == set(prediction.routings.columns[0].text.values)
    assert pl.read_csv(txt, separator="\t", infer_schema_length=0).equals(frame)
    stored = pl.read_parquet(columnar)
    assert stored.columns == list(OUTPUT_COLUMNS)
    assert stored["SETUP_TIME"].dtype == pl.Float64
    sheet = openpyxl.load_workbook(excel).active
    assert [cell.value for cell in next(sheet.iter_rows())] == list(OUTPUT_COLUMNS)
    assert sheet.max_row == rows + 1
    items = json.loads(json_file.read_text("utf-8"))["items"]
    assert sum(len(item["operations"]) for item in items) == rows
    assert "NaN" not in json_file.read_text("utf-8")
    parsed = ElementTree.parse(xml).getroot()
    assert len(parsed.findall("routing/operation")) == rows


async def test_cells_that_a_spreadsheet_would_run_are_guarded(exporting: Running) -> None:
    attack = told(
        ITEM_CD="@SUM(A1)",
        JOB_NM="=cmd|' /C calc'!A0",
        RES_CD="+1+2",
        RES_DIS=" =1+1",
        NC_PROGRAM="-5.5",
        DOC_NO="\t=1",
    )
    csv, excel, txt = await export(exporting, attack, "csv", "excel", "txt")
    for row in (
        pl.read_csv(csv.read_bytes(), infer_schema_length=0).to_dicts()[0],
        pl.read_csv(txt.read_bytes(), separator="\t", infer_schema_length=0).to_dicts()[0],
    ):
        assert row["ITEM_CD"] == "'@SUM(A1)"
        assert row["JOB_NM"].startswith("'=cmd")
        assert row["RES_CD"] == "'+1+2"
        assert row["RES_DIS"] == "' =1+1"
        assert row["NC_PROGRAM"] == "-5.5"
        assert row["DOC_NO"].startswith("'")
    with zipfile.ZipFile(excel) as package:
        assert b"<f>" not in package.read("xl/worksheets/sheet1.xml")
    cells = [cell.value for cell in list(openpyxl.load_workbook(excel).active.iter_rows())[1]]
    assert not any(isinstance(value, str) and value.strip().startswith(("=", "+", "@")) for value in cells)


def test_guarding_leaves_harmless_text_alone() -> None:
    frame = pl.DataFrame({"a": ["선삭", "-5", "+3.2", "1e-5", "-1.5E+3", None, "", "a=b"]})
    assert guard_formulas(frame).equals(frame)


async def test_quotes_line_breaks_and_control_characters_survive_or_vanish_cleanly(exporting: Running) -> None:
    text = 'a "b", c;\nd\x01'
    csv, xml, json_file = await export(exporting, told(JOB_NM=text), "csv", "xml", "json")
    assert pl.read_csv(csv.read_bytes(), infer_schema_length=0)["JOB_NM"][0] == text
    assert ElementTree.parse(xml).getroot().findtext("routing/operation/JOB_NM") == text.replace("\x01", "")
    assert json.loads(json_file.read_text("utf-8"))["items"][0]["operations"][0]["JOB_NM"] == text


async def test_the_set_encoding_and_compression_are_used(exporting: Running, tmp_path: Path) -> None:
    def section(**export: Any) -> str:
        return json.dumps({"export": {"export_directory": "files", **export}})

    await exporting.apply(section(default_encoding="cp949", compress_on_save=False))
    csv, plain = await export(exporting, told(JOB_NM="선삭 🔩"), "csv", "parquet")
    assert csv.parent == tmp_path / "state" / "files"
    assert "선삭 ?" in csv.read_bytes().decode("cp949")
    await exporting.apply(section(compress_on_save=True))
    squeezed = (await export(exporting, told(JOB_NM="선삭"), "parquet"))[0]
    used = [parquet.ParquetFile(path).metadata.row_group(0).column(0).compression for path in (plain, squeezed)]
    assert used == ["UNCOMPRESSED", "ZSTD"]


async def test_the_columns_of_the_settings_are_exported_in_their_order(exporting: Running) -> None:
    await exporting.apply(json.dumps({"sql": {"output_columns": ["JOB_NM", "ITEM_CD", "RES_CD"]}}))
    csv = (await export(exporting, told(JOB_NM="선삭"), "csv"))[0]
    assert pl.read_csv(io.BytesIO(csv.read_bytes())).rows() == [("선삭", "A-1", None)]


async def test_a_second_export_of_the_same_name_gets_a_number(exporting: Running) -> None:
    names = [(await export(exporting, told(JOB_NM="x"), "csv"))[0].name for _ in range(3)]
    assert names == ["routing.csv", "routing-2.csv", "routing-3.csv"]


@pytest.mark.parametrize("name", ["../x", "a/b", "a\\b", "C:x", "..", ".", "x\0", "x\n", "a" * 200, "x."])
async def test_a_name_that_leads_elsewhere_is_refused_and_nothing_is_written(
    name: str, exporting: Running, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match="Nothing was exported"):
        await export(exporting, told(JOB_NM="x"), "csv", name=name)
    assert not (tmp_path / "state" / "deliverables").exists()


async def test_formats_that_are_unknown_or_switched_off_are_refused(exporting: Running) -> None:
    with pytest.raises(InvalidInput, match="pdf is not one of csv, excel"):
        await export(exporting, told(JOB_NM="x"), "csv", "pdf")
    await exporting.apply(json.dumps({"export": {"enable_excel": False}}))
    with pytest.raises(InvalidInput, match="excel is switched off"):
        await export(exporting, told(JOB_NM="x"), "excel")


async def test_an_export_directory_that_cannot_be_written_is_told(exporting: Running, tmp_path: Path) -> None:
    (tmp_path / "state" / "deliverables").write_text("a file where the folder should be")
    with pytest.raises(PreconditionFailed, match="cannot be written"):
        await export(exporting, told(JOB_NM="x"), "csv")


async def test_a_prediction_that_contradicts_itself_is_refused_and_leaves_no_file(
    exporting: Running, tmp_path: Path
) -> None:
    broken = told(JOB_NM="x")
    broken.operation_offsets[1] = 7
    with pytest.raises(InvalidInput, match="operation_offsets"):
        await export(exporting, broken, "csv", "json")
    assert list((tmp_path / "state" / "deliverables" / "exports").iterdir()) == []
