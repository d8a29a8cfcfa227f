"""Export: the files, their content, and what is refused."""

from __future__ import annotations

import asyncio
import csv as python_csv
import io
import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import grpc
import openpyxl  # type: ignore[import-untyped]
import polars as pl
import pytest
from pyarrow import parquet

from aggregate_service.export_writers import FORMATS
from common.errors import InvalidInput, PreconditionFailed
from common.rpc.status import from_rpc_error
from common.spreadsheet_cells import guard_formulas
from common.tables import from_frame, number_column, table, text_column, to_frame
from plant.settings.defaults import OUTPUT_COLUMNS
from protos.aggregate.v1 import aggregate_pb2 as pb

from .conftest import Running, Start

PLAIN = json.dumps({"export": {"compress_on_save": False}})


@pytest.fixture
async def exporting(start: Start, small_tables: Path, tmp_path: Path, small_state: Path) -> Running:
    """A service with a state folder of its own to export into."""
    state = tmp_path / "state"
    shutil.copytree(small_state / "snapshots", state / "snapshots")
    running = await start(small_tables, state)
    await running.apply(PLAIN)
    return running


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
        return json.dumps({"export": {"export_directory": "deliverables/files", **export}})

    await exporting.apply(section(default_encoding="cp949", compress_on_save=False))
    csv, plain = await export(exporting, told(JOB_NM="선삭 🔩"), "csv", "parquet")
    assert csv.parent == tmp_path / "state" / "deliverables" / "files"
    assert "선삭 ?" in csv.read_bytes().decode("cp949")
    await exporting.apply(section(compress_on_save=True))
    squeezed = (await export(exporting, told(JOB_NM="선삭"), "parquet"))[0]
    used = [parquet.ParquetFile(path).metadata.row_group(0).column(0).compression for path in (plain, squeezed)]
    assert used == ["UNCOMPRESSED", "ZSTD"]


async def test_the_columns_of_the_settings_are_exported_in_their_order(exporting: Running) -> None:
    await exporting.apply(json.dumps({"sql": {"output_columns": ["JOB_NM", "ITEM_CD", "RES_CD"]}, **json.loads(PLAIN)}))
    csv = (await export(exporting, told(JOB_NM="선삭"), "csv"))[0]
    assert pl.read_csv(io.BytesIO(csv.read_bytes())).rows() == [("선삭", "A-1", None)]


async def test_a_second_export_of_the_same_name_gets_a_number(exporting: Running) -> None:
    names = [(await export(exporting, told(JOB_NM="x"), "csv"))[0].name for _ in range(3)]
    assert names == ["routing.csv", "routing-2.csv", "routing-3.csv"]


@pytest.mark.parametrize(
    "name",
    ["../x", "a/b", "a\\b", "C:x", "..", ".", "x\0", "x\n", "a" * 200, "x.", "CON", "nul.csv", "lpt1", "가" * 100],
)
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


async def test_an_export_directory_outside_the_allowed_folders_gets_nothing_but_downloads_go_on(
    exporting: Running, tmp_path: Path
) -> None:
    (tmp_path / "state" / "deliverables").mkdir()
    (tmp_path / "state" / "deliverables" / "out").symlink_to(tmp_path)
    for directory in ("/etc", "../..", "secrets", "deliverables/out"):
        await exporting.apply(json.dumps({"export": {"export_directory": directory}}))
        with pytest.raises(PreconditionFailed, match=r"access\.allowed_folders"):
            await export(exporting, told(JOB_NM="x"), "csv")
    answer = await streamed(exporting, begin("csv", download=True), part(JOB_NM="선삭"))
    assert list(answer[0].files.paths) == ["parts.csv"]


@pytest.mark.skipif(os.name == "nt", reason="rights of POSIX")
async def test_exported_files_are_read_by_their_group_and_nobody_else(exporting: Running) -> None:
    before = os.umask(0)
    try:
        files = await export(exporting, told(JOB_NM="x"), *FORMATS)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in files} == {0o640}


FULL_DISK = """
import resource, sys
from pathlib import Path
from aggregate_service.export_files import Exporter
from common.errors import Unavailable
from plant.settings.sections import ExportSection
from common.settings import Settings
from common.tables import table, text_column
from protos.aggregate.v1 import aggregate_pb2 as pb
noise = [str(number) * 50 for number in range(3000)]
prediction = pb.PredictResponse(
    routings=table(1, [text_column("ITEM_CD", ["A"])]),
    operation_offsets=[0, len(noise)],
    operations=table(len(noise), [text_column("JOB_NM", noise)]),
)
exporter = Exporter(ExportSection(), ["ITEM_CD", "JOB_NM"], Settings(_env_file=None, state_dir=Path(sys.argv[1])))
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
for kind in ("csv", "excel", "txt", "parquet", "json", "xml"):
    try:
        exporter.export(prediction, [kind], "full")
    except Unavailable as error:
        print(error.reason, end=" ")
"""


@pytest.mark.skipif(os.name == "nt", reason="a limit of POSIX stands for the full disk")
def test_a_full_disk_is_told_as_everywhere_and_leaves_no_file(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3])
    assert done.stdout.split() == ["LACK_OF_RESOURCES"] * len(FORMATS), done.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_a_prediction_that_contradicts_itself_is_refused_and_leaves_no_file(
    exporting: Running, tmp_path: Path
) -> None:
    broken = told(JOB_NM="x")
    broken.operation_offsets[1] = 7
    with pytest.raises(InvalidInput, match="operation_offsets"):
        await export(exporting, broken, "csv", "json")
    assert list((tmp_path / "state" / "deliverables" / "exports").iterdir()) == []


END = pb.ExportPart(end=pb.ExportEnd())


async def streamed(running: Running, *parts: pb.ExportPart) -> list[pb.ExportChunk]:
    """All answers of an export by parts after the one to its start; errors as the service raised them."""
    try:
        call = running.stub.ExportStream(metadata=running.metadata)
        answers = []
        first, *rest = *parts, END
        await call.write(first)
        assert await call.read() == pb.ExportChunk()
        for part in rest:
            await call.write(part)
        await call.done_writing()
        while (answer := await call.read()) is not grpc.aio.EOF:
            answers.append(answer)
        return answers
    except grpc.aio.AioRpcError as error:
        raise from_rpc_error(error, "aggregate_service") from None


def begin(*formats: str, download: bool = False, name: str = "parts") -> pb.ExportPart:
    return pb.ExportPart(start=pb.ExportStart(formats=formats, name=name, download=download))


def part(**values: str) -> pb.ExportPart:
    return pb.ExportPart(prediction=told(**values))


async def test_parts_make_the_same_files_as_the_whole(exporting: Running, prediction: pb.PredictResponse) -> None:
    whole = await export(exporting, prediction, *FORMATS, name="whole")
    halves = []
    for first, last in ((0, 2), (2, prediction.routings.rows)):
        half = pb.PredictResponse(operation_offsets=[0])
        half.CopyFrom(cut(prediction, first, last))
        halves.append(pb.ExportPart(prediction=half))
    answer = await streamed(exporting, begin(*FORMATS), *halves)
    files = [Path(path) for path in answer[0].files.paths]
    assert answer[0].files.operations == prediction.operations.rows
    for kind, one, other in zip(FORMATS, whole, files, strict=True):
        if kind == "parquet":
            assert pl.read_parquet(one).equals(pl.read_parquet(other))
        elif kind == "excel":
            sheets = [[[c.value for c in row] for row in openpyxl.load_workbook(p).active] for p in (one, other)]
            assert sheets[0] == sheets[1]
        else:
            assert one.read_bytes() == other.read_bytes()


def cut(prediction: pb.PredictResponse, first: int, last: int) -> pb.PredictResponse:
    """Routings [first, last) of a prediction."""
    offsets = list(prediction.operation_offsets)
    start, end = offsets[first], offsets[last]
    return pb.PredictResponse(
        routings=from_frame(to_frame(prediction.routings)[first:last]),
        operation_offsets=[offset - start for offset in offsets[first : last + 1]],
        operations=from_frame(to_frame(prediction.operations)[start:end]),
    )


async def test_a_download_is_answered_and_leaves_no_file(exporting: Running, tmp_path: Path) -> None:
    answer = await streamed(exporting, begin("csv", download=True), part(JOB_NM="선삭"), part(JOB_NM="연삭"))
    assert list(answer[0].files.paths) == ["parts.csv"]
    content = b"".join(chunk.data for chunk in answer[1:])
    assert pl.read_csv(content, infer_schema_length=0)["JOB_NM"].to_list() == ["선삭", "연삭"]
    assert list((tmp_path / "state" / "run" / "downloads").iterdir()) == []
    assert not (tmp_path / "state" / "deliverables").exists()


async def test_an_export_without_routings_has_its_columns_and_no_row(exporting: Running) -> None:
    answer = await streamed(exporting, begin(*FORMATS))
    csv, excel, txt, columnar, json_file, xml = [Path(path) for path in answer[0].files.paths]
    assert pl.read_csv(csv).columns == list(OUTPUT_COLUMNS)
    assert pl.read_csv(txt, separator="\t").height == pl.read_parquet(columnar).height == 0
    assert openpyxl.load_workbook(excel).active.max_row == 1
    assert json.loads(json_file.read_bytes()) == {"items": []}
    assert len(ElementTree.parse(xml).getroot()) == 0


async def test_a_caller_who_hangs_up_leaves_no_file_and_no_thread(exporting: Running, tmp_path: Path) -> None:
    folder = tmp_path / "state" / "deliverables" / "exports"
    call = exporting.stub.ExportStream(metadata=exporting.metadata)
    await call.write(begin(*FORMATS))
    for _ in range(3):
        await call.write(part(JOB_NM="x"))
    await wait_for(lambda: folder.exists() and len(list(folder.iterdir())) == len(FORMATS))
    call.cancel()
    await wait_for(lambda: list(folder.iterdir()) == [])
    await wait_for(lambda: not any(thread.name.startswith("export") for thread in threading.enumerate()))


async def test_a_stream_that_is_cut_off_leaves_no_file(exporting: Running, tmp_path: Path) -> None:
    parts = [begin("csv"), part(JOB_NM="x")]
    with pytest.raises(grpc.aio.AioRpcError, match="cut off"):
        _answer = [chunk async for chunk in exporting.stub.ExportStream(iter(parts), metadata=exporting.metadata)]
    await wait_for(lambda: list((tmp_path / "state" / "deliverables" / "exports").iterdir()) == [])


async def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(400):
        if condition():
            return
        await asyncio.sleep(0.025)
    raise AssertionError("it did not happen")


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((), "first part"),
        ((part(JOB_NM="x"),), "first part"),
        ((begin("csv"), begin("csv")), "predictions, and then"),
        ((begin("csv"), END), "predictions, and then"),
        ((begin("csv", "txt", download=True),), "exactly one format"),
        ((begin(),), "exactly one format"),
        ((begin("csv", name="../x"), part(JOB_NM="x")), "cannot be the name"),
    ],
)
async def test_parts_out_of_order_are_refused_and_leave_nothing(
    parts: tuple[pb.ExportPart, ...], words: str, exporting: Running, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match=words):
        await streamed(exporting, *parts)
    folder = tmp_path / "state" / "deliverables" / "exports"
    await wait_for(lambda: not folder.exists() or list(folder.iterdir()) == [])


async def test_saved_text_is_put_into_zip_files_when_so_set(exporting: Running) -> None:
    await exporting.apply(json.dumps({"export": {"compress_on_save": True}}))
    files = await export(exporting, told(JOB_NM="선삭"), *FORMATS)
    assert [path.name for path in files] == [
        "routing.csv.zip",
        "routing.xlsx",
        "routing.txt.zip",
        "routing.parquet",
        "routing.json.zip",
        "routing.xml.zip",
    ]
    for path in files:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as package:
                assert package.namelist() == [path.name.removesuffix(".zip")]
                assert package.testzip() is None
                assert "선삭" in package.read(package.namelist()[0]).decode("utf-8")
    answer = await streamed(exporting, begin("csv", download=True), part(JOB_NM="선삭"))
    assert answer[1].data.startswith(b"\xef\xbb\xbf")


async def test_codes_with_semicolons_and_quotes_come_back_whole_and_run_nowhere(exporting: Running) -> None:
    code, attack = 'A";B\'";-5;"C', "a; =1+1;@x;-cmd"
    csv = (await export(exporting, told(ITEM_CD=code, JOB_NM=attack), "csv"))[0]
    row = pl.read_csv(csv.read_bytes(), infer_schema_length=0).to_dicts()[0]
    assert row["ITEM_CD"] == code
    assert row["JOB_NM"] == "a;' =1+1;'@x;'-cmd"
    line = csv.read_text("utf-8-sig").splitlines()[1]
    for cell in next(iter(python_csv.reader([line], delimiter=";"))):
        assert not cell.lstrip(' "').startswith(("=", "@", "-c"))
