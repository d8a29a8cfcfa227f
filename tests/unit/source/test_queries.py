"""Roles as queries: joins and events become tables; a query that does anything else is refused or ended."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from common.errors import DataProblem, InvalidInput, ServiceError
from plant.columns import ColumnType
from source.folder import FolderSource
from source.queries import QueriedSource, QueryBounds, named_tables


@pytest.fixture
def folder(tmp_path: Path) -> FolderSource:
    """A header table, its operations and a log, as Parquet and CSV."""
    pl.DataFrame({"id": [1, 2], "item": ["가-1", "B"]}).write_parquet(tmp_path / "head.parquet")
    operations = {"head": [1, 1, 2], "seq": [10, 20, 10], "hours": [0.5, 1.0, None], "note": ["x", None, "y"]}
    pl.DataFrame(operations).write_csv(tmp_path / "op steps.csv")
    starts = ["2024-01-02 08:00:00", "2024-01-02 07:00:00", "2024-01-03 08:00:00"]
    ends = ["2024-01-02 08:30:00", "2024-01-02 07:10:00", "2024-01-03 08:00:30"]
    pl.DataFrame({"case": ["a", "a", "b"], "start": starts, "end": ends}).write_csv(tmp_path / "log.csv")
    return FolderSource(tmp_path)


def rows_of(source: QueriedSource, table: str) -> pl.DataFrame:
    """All rows of a table with its own types."""
    types = {column.name: column.type for column in source.columns(table)}
    frames = list(source.batches(table, list(types), types))
    return pl.concat(frames) if frames else pl.DataFrame()


def test_a_join_brings_the_item_to_its_operations(folder: FolderSource) -> None:
    sql = 'SELECT o.*, h.item FROM "op steps" AS o JOIN head AS h ON o.head = h.id ORDER BY h.id, seq'
    source = QueriedSource(folder, {"operations": sql})
    assert source.tables() == ["head", "log", "op steps", "operations"]
    assert [(column.name, column.type) for column in source.columns("operations")] == [
        ("head", ColumnType.INTEGER),
        ("seq", ColumnType.INTEGER),
        ("hours", ColumnType.NUMBER),
        ("note", ColumnType.TEXT),
        ("item", ColumnType.TEXT),
    ]
    assert source.count("operations") == 3
    assert rows_of(source, "operations")["item"].to_list() == ["가-1", "가-1", "B"]
    assert rows_of(source, "operations")["hours"].to_list() == [0.5, 1.0, None]
    assert rows_of(source, "head")["item"].to_list() == ["가-1", "B"]


def test_events_become_operations_with_a_sequence_and_minutes(folder: FolderSource) -> None:
    sql = """SELECT "case", row_number() OVER (PARTITION BY "case" ORDER BY start) AS seq,
                    date_diff('second', start, "end") / 60.0 AS minutes FROM log ORDER BY 1, 2"""
    assert rows_of(QueriedSource(folder, {"ops": sql}), "ops").rows() == [("a", 1, 10.0), ("a", 2, 30.0), ("b", 1, 0.5)]


def test_a_table_may_be_read_twice_and_a_filtered_column_need_not_be_in_the_result(folder: FolderSource) -> None:
    sql = """SELECT a.seq FROM "op steps" a JOIN "op steps" b ON a.head = b.head AND a.seq < b.seq WHERE b.note IS NULL AND a.hours > 0.1"""
    assert rows_of(QueriedSource(folder, {"q": sql}), "q")["seq"].to_list() == [10]


def test_a_query_without_rows_has_its_columns(folder: FolderSource) -> None:
    source = QueriedSource(folder, {"q": "SELECT item, 1.5 AS x, DATE '2024-01-01' AS d FROM head WHERE id > 9"})
    assert [column.type for column in source.columns("q")] == [ColumnType.TEXT, ColumnType.NUMBER, ColumnType.DATETIME]
    assert source.count("q") == 0


def test_a_source_with_queries_changes_when_the_source_does(folder: FolderSource) -> None:
    assert QueriedSource(folder, {"q": "SELECT 1 AS a"}).identity() == folder.identity()


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE x AS SELECT 1",
        "COPY (SELECT 1) TO 'out.csv'",
        "ATTACH 'other.db'",
        "DELETE FROM head",
        "INSTALL httpfs",
        "SET memory_limit = '99GB'",
        "PRAGMA database_list",
        "SELECT 1; SELECT 2",
        "SELEC 1",
        "",
        "SELECT '" + "x" * 200_000 + "'",
    ],
)
def test_what_is_no_select_is_refused_before_it_runs(sql: str) -> None:
    with pytest.raises(InvalidInput, match="The query cannot be run"):
        named_tables(sql)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT * FROM read_csv('secret.csv')", "disabled by configuration"),
        ("SELECT * FROM glob('*')", "disabled by configuration"),
        ("SELECT * FROM read_text('secret.csv')", "disabled by configuration"),
        ("SELECT * FROM parquet_scan('head.parquet')", "disabled by configuration"),
        ("SELECT * FROM 'secret.csv'", "has no table"),
        ("SELECT * FROM nowhere", "has no table nowhere; it has head, log, op steps"),
        ("SELECT nothing FROM head", "nothing"),
        ("SELECT id, id FROM head", "twice"),
        ("SELECT [id] AS ids FROM head", "convert it with CAST"),
        ("SELECT * FROM query('SELECT * FROM read_csv(''secret.csv'')')", ""),
    ],
)
def test_a_query_sees_its_tables_and_nothing_else(folder: FolderSource, sql: str, said: str) -> None:
    (folder.path / "secret.csv").write_text("password\nhunter2\n", encoding="utf-8")
    with pytest.raises(ServiceError) as refused:
        QueriedSource(folder, {"q": sql}).columns("q")
    assert said in refused.value.message
    assert "hunter2" not in refused.value.message


SHORT = QueryBounds(seconds=2)
SMALL = QueryBounds(seconds=60, memory_bytes=600 * 2**20)
MANY_COLUMNS = "SELECT * FROM range(5), " + ", ".join(f"(SELECT {at} AS c{at})" for at in range(300))
NO_END = "WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r) SELECT count(*) AS n FROM r"


@pytest.mark.parametrize(
    ("sql", "bounds", "reason"),
    [
        pytest.param(NO_END, SHORT, "QUERY_TOO_LONG", id="recursion"),
        pytest.param("SELECT repeat('x', 2000000000) AS t", SMALL, "QUERY_TOO_LARGE", id="one text"),
        pytest.param(
            "SELECT string_agg(range::VARCHAR) AS t FROM range(400000000)", SMALL, "QUERY_TOO_LARGE", id="many"
        ),
        pytest.param(MANY_COLUMNS, QueryBounds(columns=200), "QUERY_INVALID", id="columns"),
    ],
)
def test_a_query_is_ended_at_its_bounds(folder: FolderSource, sql: str, bounds: QueryBounds, reason: str) -> None:
    source = QueriedSource(folder, {"q": sql}, bounds)
    with pytest.raises(InvalidInput) as ended:
        source.count("q")
    assert ended.value.reason == reason


def test_rows_are_bounded_for_a_preview(folder: FolderSource) -> None:
    assert (
        QueriedSource(folder, {"q": "SELECT range AS n FROM range(1000000000);"}, QueryBounds(rows=7)).count("q") == 7
    )


def test_a_query_whose_values_are_of_another_type_is_refused_by_item_and_column(folder: FolderSource) -> None:
    source = QueriedSource(folder, {"q": "SELECT 'A' AS item, 'ten' AS step"})
    types = {"item": ColumnType.TEXT, "step": ColumnType.INTEGER}
    with pytest.raises(DataProblem, match="Table q, item 'A', column step: 'ten' is not a whole number"):
        list(source.batches("q", ["item", "step"], types, item_column="item"))


@pytest.fixture
def changing(tmp_path: Path) -> FolderSource:
    """A CSV table whose columns look like numbers for longer than its types are told from."""
    rows = range(12_000)
    late = [str(row) if row < 11_000 else f"A{row}" for row in rows]
    parts = ["3" if row < 11_000 else "3.5" for row in rows]
    pl.DataFrame({"code": late, "minutes": parts}).write_csv(tmp_path / "items.csv")
    return FolderSource(tmp_path)


def test_values_that_fit_no_more_after_thousands_of_rows_widen_their_column(changing: FolderSource) -> None:
    found = rows_of(QueriedSource(changing, {"q": "SELECT code, minutes * 2 AS double FROM items"}), "q")
    assert found.schema == {"code": pl.String, "double": pl.Float64}
    assert found.row(0) == ("0", 6.0)
    assert found.row(-1) == ("A11999", 7.0)


def test_a_query_that_needs_the_numbers_is_told_which_value_is_none(changing: FolderSource) -> None:
    with pytest.raises(DataProblem, match="row 11,001, column code: 'A11000' is not a number") as problem:
        rows_of(QueriedSource(changing, {"q": "SELECT code * 2 AS double FROM items"}), "q")
    assert problem.value.reason == "VALUE_MISFIT"


def test_a_query_names_tables_as_their_files_are_called(tmp_path: Path) -> None:
    for name in ("ITEMS", "routing"):
        pl.DataFrame({"id": ["a", "b"]}).write_csv(tmp_path / f"{name}.csv")
    source = QueriedSource(FolderSource(tmp_path), {"q": "SELECT i.id FROM items i JOIN routing r ON i.id = r.id"})
    assert source.tables() == ["ITEMS", "q", "routing"]
    assert source.count("q") == 2
