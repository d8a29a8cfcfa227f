"""Sources: an Access file, Parquet and CSV give equal frames; what cannot be read is refused with what, where and what to do."""

from __future__ import annotations

import importlib.util
import os
import shutil
from datetime import datetime
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from common.errors import DataProblem, NotFound, ServiceError
from common.settings import settings
from plant.mechanical_seals import REQUIRED_OF_TABLE
from source import ColumnType, Source, access_driver, open_source

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "tests" / "data"
ITEMS, ROUTING, RESULTS = "dbo_BI_ITEM_INFO_VIEW", "dbo_BI_ROUTING_VIEW", "dbo_BI_WORK_ORDER_RESULTS"


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_catalogue", ROOT / "demo" / "make_catalogue.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def demo_tables() -> dict[str, pl.DataFrame]:
    tables: dict[str, pl.DataFrame] = generator().make_catalogue(2000, 7)
    return tables


def whole(source: Source, table: str, batch_rows: int = 50_000) -> pl.DataFrame:
    columns = source.columns(table)
    frames = source.batches(table, [c.name for c in columns], {c.name: c.type for c in columns}, batch_rows)
    return pl.concat(list(frames))


def write_csv(folder: Path, text: str, name: str = "items", encoding: str = "utf-8") -> Source:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.csv").write_bytes(text.encode(encoding))
    return open_source(folder)


def test_access_parquet_and_csv_give_equal_frames(tmp_path: Path, demo_tables: dict[str, pl.DataFrame]) -> None:
    access = open_source(DATA / "demo.accdb")
    for name in ("items", "routing", "work_orders"):
        demo_tables[name].write_parquet(tmp_path / f"{name}.parquet")
    parquet = open_source(tmp_path)
    csv_folder = tmp_path / "csv"
    csv_folder.mkdir()
    for name in ("items", "routing", "work_orders"):
        demo_tables[name].write_csv(csv_folder / f"{name}.csv", datetime_format="%Y-%m-%d %H:%M:%S")
    csv = open_source(csv_folder)
    assert access.tables() == parquet.tables() == csv.tables() == [ITEMS, ROUTING, RESULTS]
    for table in access.tables():
        expected = whole(access, table, batch_rows=7000)
        assert [(c.name, c.type) for c in access.columns(table)] == [(c.name, c.type) for c in parquet.columns(table)]
        assert whole(parquet, table).equals(expected)
        types = {c.name: c.type for c in access.columns(table)}
        from_csv = pl.concat(list(csv.batches(table, list(types), types, batch_rows=1000)))
        assert from_csv.equals(expected)
        assert access.count(table) == parquet.count(table) == csv.count(table) == expected.height


@pytest.mark.parametrize("batch_rows", [1, 7, 50, 149, 150, 151, 5000])
def test_an_access_table_ends_where_it_ends_whatever_the_batch(batch_rows: int) -> None:
    source = open_source(DATA / "small.accdb")
    frames = list(source.batches(ITEMS, ["ITEM_CD", "OUTDIAMETER"], {}, batch_rows))
    assert sum(frame.height for frame in frames) == 150
    assert all(0 < frame.height <= batch_rows for frame in frames)
    assert frames[0].schema == {"ITEM_CD": pl.String, "OUTDIAMETER": pl.Float64}


def test_only_the_named_columns_are_read_in_their_order_and_in_any_case() -> None:
    source = open_source(DATA / "small.accdb")
    frame = next(iter(source.batches(ITEMS.lower(), ["outdiameter", "ITEM_CD"], {})))
    assert frame.columns == ["outdiameter", "ITEM_CD"]
    with pytest.raises(NotFound, match="lacks column WIDTH"):
        list(source.batches(ITEMS, ["ITEM_CD", "WIDTH"], {}))
    with pytest.raises(NotFound, match="has no table nowhere; it has dbo_BI_ITEM_INFO_VIEW"):
        source.columns("nowhere")


def test_korean_names_and_every_kind_of_column_of_an_access_file_come_exactly() -> None:
    source = open_source(DATA / "korean_names.accdb")
    assert source.tables() == ["품목 마스터"]
    columns = {column.name: column.type for column in source.columns("품목 마스터")}
    assert columns == {
        "품목코드": ColumnType.TEXT,
        "바깥지름 (mm)": ColumnType.NUMBER,
        "안지름": ColumnType.NUMBER,
        "회전": ColumnType.INTEGER,
        "판": ColumnType.INTEGER,
        "수량": ColumnType.INTEGER,
        "단가": ColumnType.NUMBER,
        "사용": ColumnType.BOOLEAN,
        "설명": ColumnType.TEXT,
        "등록일": ColumnType.DATETIME,
    }
    frame = whole(source, "품목 마스터")
    assert frame["품목코드"].to_list() == ["가-1", "나 2", "00012"]
    assert frame["바깥지름 (mm)"].to_list() == [pytest.approx(44.01, rel=1e-7), -0.25, None]
    assert frame["안지름"].to_list() == [12.34, -99999.5, None]
    assert frame["회전"].to_list() == [-5, 32000, None]
    assert frame["판"].to_list() == [1, 255, None]
    assert frame["수량"].to_list() == [-70000, 2**31 - 1, None]
    assert frame["단가"].to_list() == [12.3456, -7.5, None]
    assert frame["사용"].to_list() == [True, False, False]
    assert frame["설명"].to_list() == ["긴 글" * 500, "b", None]
    assert frame["등록일"].to_list() == [datetime(2024, 1, 5, 8, 30, 15), datetime(1999, 12, 31), None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-05 오전 8:30:00", datetime(2024, 1, 5, 8, 30)),
        ("2024-01-05 오후 12:30:05", datetime(2024, 1, 5, 12, 30, 5)),
        ("2024-01-05 오전 12:30:05", datetime(2024, 1, 5, 0, 30, 5)),
        ("2024-01-05 오후 3:05", datetime(2024, 1, 5, 15, 5)),
        ("2024. 1. 5.", datetime(2024, 1, 5)),
        ("2024/1/5 8:05", datetime(2024, 1, 5, 8, 5)),
        ("2024.01.05 10:00:00", datetime(2024, 1, 5, 10)),
        ("12/31/2999 00:00:00", datetime(2999, 12, 31)),
        ("20240105", datetime(2024, 1, 5)),
    ],
)
def test_dates_as_text_are_read_as_windows_writes_them(tmp_path: Path, text: str, expected: datetime) -> None:
    source = write_csv(tmp_path, f"ITEM_CD,DAY\nA,{text}\nB,2024-01-05\n")
    frame = next(iter(source.batches(ITEMS, ["DAY"], {"DAY": ColumnType.DATETIME})))
    assert frame["DAY"].to_list() == [expected, datetime(2024, 1, 5)]


@pytest.mark.parametrize("text", ["01/05/24 08:30:15", "24/01/05", "12/31/99 00:00:00", "13/01/2024 00:00:00", "soon"])
def test_a_date_that_could_mean_two_days_is_refused(tmp_path: Path, text: str) -> None:
    source = write_csv(tmp_path, f"ITEM_CD,DAY\nA,2024-01-05\nB,{text}\n")
    with pytest.raises(DataProblem, match=f"item 'B', column DAY: '{text}' is not a date"):
        list(source.batches(ITEMS, ["ITEM_CD", "DAY"], {"ITEM_CD": ColumnType.TEXT, "DAY": ColumnType.DATETIME}))


def test_the_identity_changes_with_the_content_and_only_then(tmp_path: Path) -> None:
    file = Path(shutil.copy(DATA / "small.accdb", tmp_path / "a.accdb"))
    before = open_source(file).identity()
    assert open_source(file).identity() == before
    os.utime(file, (1, 1))
    assert open_source(file).identity() != before
    source = write_csv(tmp_path / "f", "ITEM_CD\nA\n")
    first = source.identity()
    (tmp_path / "f" / "items.csv").write_text("ITEM_CD\nA\nB\n")
    assert source.identity() != first
    second = source.identity()
    (tmp_path / "f" / "routing.csv").write_text("ITEM_CD\n")
    assert source.identity() != second


def test_a_truncated_database_is_called_cut_off() -> None:
    with pytest.raises(DataProblem, match="is cut off: 1,500,000 bytes") as caught:
        open_source(DATA / "truncated.accdb")
    assert caught.value.reason == "SOURCE_DAMAGED"


def test_a_database_cut_at_a_page_is_found_damaged_while_reading(tmp_path: Path) -> None:
    file = tmp_path / "cut.accdb"
    file.write_bytes((DATA / "demo.accdb").read_bytes()[: 366 * 4096])
    source = open_source(file)
    assert whole(source, ITEMS).height == 2000
    with pytest.raises(
        DataProblem,
        match=r"damaged \(table dbo_BI_ROUTING_VIEW should have 16,857 rows on pages up to .* ends after 366",
    ):
        whole(source, ROUTING)


def test_what_is_no_database_is_refused_before_a_driver_sees_it(tmp_path: Path) -> None:
    fake = tmp_path / "fake.accdb"
    fake.write_bytes(b"ITEM_CD,ITEM_NM\n" * 1000)
    with pytest.raises(DataProblem, match="is not an Access database"):
        open_source(fake)
    (tmp_path / "empty.mdb").write_bytes(b"")
    with pytest.raises(DataProblem, match="is not an Access database"):
        open_source(tmp_path / "empty.mdb")
    letter = tmp_path / "plant.docx"
    letter.write_bytes(b"PK")
    with pytest.raises(DataProblem, match=r"expected an Access file \(.accdb, .mdb\), a folder"):
        open_source(letter)


def test_a_missing_file_and_a_folder_without_tables_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match="does not exist"):
        open_source(tmp_path / "none.accdb")
    with pytest.raises(DataProblem, match="does not exist"):
        open_source(tmp_path / "none")
    (tmp_path / "readme.txt").write_text("hello")
    with pytest.raises(DataProblem, match=r"holds no tables: expected files such as items.parquet"):
        open_source(tmp_path)


@pytest.fixture
def by_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Access files are read by Microsoft's driver."""
    monkeypatch.setattr(settings(), "access_reader", "microsoft")


@pytest.mark.usefixtures("by_driver")
def test_without_a_driver_it_says_what_to_install_and_in_which_bitness(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoDrivers:
        @staticmethod
        def drivers() -> list[str]:
            return ["SQLite3"]

    monkeypatch.setattr(access_driver, "odbc", NoDrivers)
    with pytest.raises(
        DataProblem,
        match=rf"{access_driver.BITNESS}-bit Python \(drivers found: SQLite3\).*Access Database Engine 2016",
    ) as caught:
        open_source(DATA / "small.accdb")
    assert caught.value.reason == "DRIVER_MISSING"


@pytest.mark.usefixtures("by_driver")
def test_without_pyodbc_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> ModuleType:
        raise ImportError("libodbc.so.2: cannot open shared object file")

    monkeypatch.setattr("source.access_driver.importlib.import_module", fail)
    with pytest.raises(DataProblem, match=r"pyodbc does not load \(libodbc"):
        open_source(DATA / "small.accdb")


def test_the_windows_driver_is_preferred_and_old_jet_opens_only_mdb(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = ["Microsoft Access Driver (*.mdb)", access_driver.MICROSOFT]
    monkeypatch.setattr(access_driver, "installed_drivers", lambda: installed)
    driver = access_driver.find_driver(Path("a.accdb"))
    assert driver.connection_string(Path("a.accdb")).startswith(
        "DRIVER={Microsoft Access Driver (*.mdb, *.accdb)};DBQ=a.accdb;"
    )
    assert "DBQ={a;b.accdb};" in driver.connection_string(Path("a;b.accdb"))
    installed.remove(access_driver.MICROSOFT)
    assert access_driver.find_driver(Path("a.mdb")).name == "Microsoft Access Driver (*.mdb)"
    with pytest.raises(DataProblem, match="is not installed"):
        access_driver.find_driver(Path("a.accdb"))


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (
            "[Microsoft][ODBC Microsoft Access Driver] Could not use '(unknown)'; file already in use. (-1024)",
            "SOURCE_LOCKED",
        ),
        ("Not a valid password. (-1905)", "SOURCE_PROTECTED"),
        ("Unrecognized database format 'x'. (-1028)", "SOURCE_DAMAGED"),
        ("System resource exceeded. (-1011)", "SOURCE_RESOURCES"),
        ("General error Unable to open registry key", "SOURCE_UNREADABLE"),
    ],
)
def test_errors_of_the_driver_are_translated(words: str, reason: str) -> None:
    assert access_driver.explain(RuntimeError("HY000", words), DATA / "small.accdb", "read table X").reason == reason


def test_a_file_that_vanishes_in_the_middle_is_named(tmp_path: Path) -> None:
    file = Path(shutil.copy(DATA / "small.accdb", tmp_path / "a.accdb"))
    frames = open_source(file).batches(ITEMS, ["ITEM_CD"], {}, 50)
    assert next(frames).height == 50
    file.unlink()
    with pytest.raises(DataProblem, match="is gone or cannot be reached"):
        list(frames)
    folder = tmp_path / "folder"
    source = write_csv(folder, "ITEM_CD\n" + "A\n" * 200)
    frames = source.batches(ITEMS, ["ITEM_CD"], {}, 50)
    next(frames)
    (folder / "items.csv").unlink()
    with pytest.raises(DataProblem, match="is gone or cannot be reached"):
        list(frames)


def test_an_empty_table_has_columns_and_no_batches(tmp_path: Path) -> None:
    source = write_csv(tmp_path, "ITEM_CD,OUTDIAMETER\n")
    assert source.count(ITEMS) == 0
    assert [c.name for c in source.columns(ITEMS)] == ["ITEM_CD", "OUTDIAMETER"]
    assert list(source.batches(ITEMS, ["ITEM_CD"], {})) == []
    pl.DataFrame(schema={"ITEM_CD": pl.String}).write_parquet(tmp_path / "routing.parquet")
    assert list(open_source(tmp_path).batches(ROUTING, ["ITEM_CD"], {})) == []


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_text_in_a_numeric_column_names_table_item_and_column(tmp_path: Path, kind: str) -> None:
    frame = pl.DataFrame({"ITEM_CD": ["A", "B", " C1"], "OUTDIAMETER": ["1.5", "nan", "12 mm"]})
    getattr(frame, f"write_{kind}")(tmp_path / f"items.{kind}")
    source = open_source(tmp_path)
    with pytest.raises(
        DataProblem, match=r"Table items, item ' C1', column OUTDIAMETER: '12 mm' is not a number"
    ) as caught:
        list(source.batches(ITEMS, ["ITEM_CD", "OUTDIAMETER"], {"OUTDIAMETER": ColumnType.NUMBER}))
    assert caught.value.details["column"] == "OUTDIAMETER"


def test_words_for_absence_are_null_in_numbers_and_stay_in_text(tmp_path: Path) -> None:
    source = write_csv(tmp_path, 'ITEM_CD,N,T\nA,nan,nan\nB,,""\nC, - ,-\nD, 7 , x \n')
    frame = next(iter(source.batches(ITEMS, ["N", "T"], {"N": ColumnType.NUMBER, "T": ColumnType.TEXT})))
    assert frame["N"].to_list() == [None, None, None, 7.0]
    assert frame["T"].to_list() == ["nan", None, "-", " x "]


def test_values_come_in_the_wanted_type(tmp_path: Path) -> None:
    pl.DataFrame(
        {"ITEM_CD": ["A", "B"], "REV": [1.0, 2.5], "SEQ": [10.0, None], "DAY": ["2024-02-03", "2024-02-03 04:05:06"]}
    ).write_parquet(tmp_path / "items.parquet")
    types = {"REV": ColumnType.TEXT, "SEQ": ColumnType.INTEGER, "DAY": ColumnType.DATETIME}
    frame = next(iter(open_source(tmp_path).batches(ITEMS, list(types), types)))
    assert frame["REV"].to_list() == ["1", "2.5"]
    assert frame["SEQ"].to_list() == [10, None]
    assert frame["DAY"].dt.to_string().to_list() == ["2024-02-03 00:00:00.000", "2024-02-03 04:05:06.000"]
    with pytest.raises(DataProblem, match=r"item 'B', column REV: '2.5' is not a whole number"):
        list(open_source(tmp_path).batches(ITEMS, ["ITEM_CD", "REV"], {"REV": ColumnType.INTEGER}))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_csv_is_read_in_the_encodings_of_spreadsheets_with_or_without_a_mark(tmp_path: Path, encoding: str) -> None:
    source = write_csv(tmp_path, 'ITEM_CD,품명\nA,글랜드 플레이트\nB,"줄\n바꿈, 쉼표"\n', encoding=encoding)
    assert [c.name for c in source.columns(ITEMS)] == ["ITEM_CD", "품명"]
    frame = whole(source, ITEMS)
    assert frame["품명"].to_list() == ["글랜드 플레이트", "줄\n바꿈, 쉼표"]


def test_csv_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_bytes(b"ITEM_CD,X\nA,\xff\xff\xff\xfe\n")
    with pytest.raises(DataProblem, match="neither UTF-8, UTF-16 nor of a code page"):
        open_source(tmp_path).columns(ITEMS)


def test_ragged_csv_rows_are_named(tmp_path: Path) -> None:
    source = write_csv(tmp_path, "ITEM_CD,X\nA,1\nB,2,3\n")
    with pytest.raises(DataProblem, match=r"row 3 has 3 values, the header has 2"):
        whole(source, ITEMS)


def test_codes_with_leading_zeros_stay_text(tmp_path: Path) -> None:
    source = write_csv(tmp_path, "ITEM_CD,REV\n007,1\n010,2\n")
    assert [c.type for c in source.columns(ITEMS)] == [ColumnType.TEXT, ColumnType.INTEGER]
    assert whole(source, ITEMS)["ITEM_CD"].to_list() == ["007", "010"]


def test_semicolons_and_duplicate_headers(tmp_path: Path) -> None:
    assert whole(write_csv(tmp_path, "ITEM_CD;X\nA;1,5\n"), ITEMS)["X"].to_list() == ["1,5"]
    with pytest.raises(DataProblem, match="column X stands twice"):
        write_csv(tmp_path, "X,X\n1,2\n").columns(ITEMS)


@pytest.mark.parametrize(
    ("header", "words"),
    [(f'"{"x" * 140_000}",ITEM_CD', "header line cannot be read"), ("x" * 1_000_001, "it is no header")],
)
def test_a_first_line_that_is_no_header_is_told_as_one(tmp_path: Path, header: str, words: str) -> None:
    with pytest.raises(DataProblem, match=words):
        write_csv(tmp_path, f"{header}\nA,1\n").columns(ITEMS)


def test_one_table_in_two_files_is_refused(tmp_path: Path) -> None:
    header = ",".join(sorted(REQUIRED_OF_TABLE[ROUTING])) + "\n"
    (tmp_path / "routing.csv").write_text(header)
    (tmp_path / f"{ROUTING}.csv").write_text(header)
    with pytest.raises(DataProblem, match="holds table dbo_BI_ROUTING_VIEW twice"):
        open_source(tmp_path)


def test_tables_of_another_plant_keep_the_names_of_their_files(
    tmp_path: Path, demo_tables: dict[str, pl.DataFrame]
) -> None:
    for name, columns in {
        "items": "id,colour",
        "routing": "id,step,operation,minutes",
        "work_orders": "id,state",
    }.items():
        (tmp_path / f"{name}.csv").write_text(columns + "\n")
    assert open_source(tmp_path).tables() == ["items", "routing", "work_orders"]
    (tmp_path / "routing.csv").unlink()
    demo_tables["routing"].write_parquet(tmp_path / "routing.parquet")
    assert open_source(tmp_path).tables() == ["dbo_BI_ROUTING_VIEW", "items", "work_orders"]


def test_a_broken_parquet_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "items.parquet").write_bytes(b"PAR1 but no more")
    with pytest.raises(ServiceError, match=r"items.parquet is not a complete Parquet file"):
        open_source(tmp_path).columns(ITEMS)


@pytest.mark.parametrize("name", ["한글 폴더/설비 (1).accdb", "a;b/{x}.accdb", "a b/plain.accdb"])
def test_an_access_file_with_any_name_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    shutil.copyfile(DATA / "small.accdb", path)
    source = open_source(path)
    assert ITEMS in source.tables()
    assert whole(source, ITEMS).height == 150
