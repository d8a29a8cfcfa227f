"""TestSource and TableColumns: what may be opened, and what is said about it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from common.errors import InvalidInput, NotFound, PermissionDenied, ServiceError
from protos.aggregate.v1 import aggregate_pb2 as pb

from .conftest import DATA, Running, Start, rows_of

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="makes symbolic links, which Windows reserves for administrators"
)


@pytest.fixture
async def browsing(start: Start, small_tables: Path, small_state: Path, tmp_path: Path) -> Running:
    """A service whose administrator has allowed one folder with Access files."""
    running = await start(small_tables, small_state)
    allowed = tmp_path / "allowed folder"
    shutil.copytree(DATA, allowed, ignore=shutil.ignore_patterns("legacy*", "*.json"))
    shutil.copytree(DATA, tmp_path / "secret", ignore=shutil.ignore_patterns("legacy*", "*.json"))
    (allowed / "no database.accdb").write_bytes(b"this is no database" * 100)
    (allowed / "empty").mkdir()
    (allowed / "link.accdb").symlink_to(tmp_path / "secret" / "demo.accdb")
    await running.apply(json.dumps({"access": {"allowed_folders": [str(allowed)]}}))
    return running


def source_test(path: object, table: str = "") -> pb.TestSourceRequest:
    return pb.TestSourceRequest(path=str(path), table=table)


async def test_an_allowed_access_file_is_opened_and_read(browsing: Running, tmp_path: Path) -> None:
    answer = await browsing.call("TestSource", source_test(tmp_path / "allowed folder" / "demo.accdb"))
    assert answer.ok, answer.message
    assert answer.verified_table == "dbo_BI_ITEM_INFO_VIEW"
    assert "dbo_BI_ROUTING_VIEW" in answer.tables
    assert answer.elapsed_ms > 0
    assert answer.path_hash.startswith("0x")


async def test_the_configured_source_is_tested_without_a_path(browsing: Running) -> None:
    answer = await browsing.call("TestSource", source_test("", "dbo_BI_ROUTING_VIEW"))
    assert answer.ok
    assert answer.verified_table == "dbo_BI_ROUTING_VIEW"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nothing.accdb", "does not exist"),
        ("truncated.accdb", "truncated.accdb"),
        ("no database.accdb", "no database.accdb"),
        ("empty", "empty"),
        ("x.txt", "x.txt"),
    ],
)
async def test_what_cannot_be_read_is_told_in_words(name: str, words: str, browsing: Running, tmp_path: Path) -> None:
    answer = await browsing.call("TestSource", source_test(tmp_path / "allowed folder" / name))
    assert not answer.ok
    assert words in answer.message
    assert answer.verified_table == ""


async def test_a_table_that_is_not_there_is_told_with_those_that_are(browsing: Running, tmp_path: Path) -> None:
    answer = await browsing.call("TestSource", source_test(tmp_path / "allowed folder" / "demo.accdb", "NO_TABLE"))
    assert not answer.ok
    assert "dbo_BI_ITEM_INFO_VIEW" in answer.message


def outside(folder: Path) -> list[tuple[str, type[ServiceError]]]:
    allowed = folder / "allowed folder"
    return [
        (str(folder / "secret" / "demo.accdb"), PermissionDenied),
        (str(allowed / ".." / "secret" / "demo.accdb"), PermissionDenied),
        (str(allowed / "link.accdb"), PermissionDenied),
        (str(folder / "allowed folder2" / "x.accdb"), PermissionDenied),
        ("/etc/passwd", PermissionDenied),
        ("../../etc/passwd", PermissionDenied),
        ("C:\\Windows\\win.ini", PermissionDenied),
        ("\\\\server\\share\\x.accdb", PermissionDenied),
        ("//server/share/x.accdb", PermissionDenied),
        ("~nobody-here/x.accdb", InvalidInput),
        (f"{allowed}/demo.accdb\0.txt", InvalidInput),
    ]


async def test_nothing_outside_the_allowed_folders_is_opened(browsing: Running, tmp_path: Path) -> None:
    for path, error in outside(tmp_path):
        with pytest.raises(error):
            await browsing.call("TableColumns", pb.TableColumnsRequest(path=path))
        answer = await browsing.call("TestSource", source_test(path))
        assert not answer.ok
        assert not answer.HasField("elapsed_ms")
        assert not answer.tables


async def test_the_real_columns_of_any_table_are_listed(browsing: Running, tmp_path: Path) -> None:
    request = pb.TableColumnsRequest(path=str(tmp_path / "allowed folder" / "small.accdb"), table="dbo_BI_ROUTING_VIEW")
    answer = await browsing.call("TableColumns", request)
    columns = {row["name"]: row for row in rows_of(answer.columns)}
    assert len(columns) == 49
    assert columns["RUN_TIME"]["type"] == "NUMBER"
    assert columns["JOB_NM"]["type"] == "TEXT"
    assert answer.updated_at > 0
    assert answer.rows == 0


async def test_a_profiled_table_has_shares_and_examples(browsing: Running) -> None:
    answer = await browsing.call("TableColumns", pb.TableColumnsRequest(profile=True))
    columns: dict[str, dict[str, Any]] = {row["name"]: row for row in rows_of(answer.columns)}
    assert (answer.table, answer.rows) == ("dbo_BI_ITEM_INFO_VIEW", 150)
    assert columns["ITEM_CD"]["null_share"] == 0.0
    assert len(json.loads(columns["ITEM_MATERIAL"]["examples"])) > 1


async def test_columns_of_an_unknown_table_are_not_found(browsing: Running) -> None:
    with pytest.raises(NotFound, match="NO_TABLE"):
        await browsing.call("TableColumns", pb.TableColumnsRequest(table="NO_TABLE"))


async def test_a_source_that_nobody_described_is_drafted_with_items_as_they_would_be_read(
    browsing: Running, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "demo" / "plants" / "fabricad", tmp_path / "allowed folder" / "fabricad")
    path = str(tmp_path / "allowed folder" / "fabricad")
    answer = await browsing.call("SuggestProfile", pb.SuggestProfileRequest(path=path))
    assert answer.problem == ""
    taken = {row["role"]: row for row in rows_of(answer.roles)}
    assert json.loads(taken["operation"]["examples"])
    assert answer.operations_table in answer.tables
    assert json.loads(answer.profile_json)["tables"]["routing"]
    assert len(answer.items) == 6
    for item in answer.items:
        assert rows_of(item.features)
        operations = rows_of(item.operations)
        assert all(row["PROC_SEQ"] is not None for row in operations)
    asked = pb.SuggestProfileRequest(path=path, answers={"operation": "no such column"})
    with pytest.raises(InvalidInput, match="no such column"):
        await browsing.call("SuggestProfile", asked)
    with pytest.raises(PermissionDenied):
        await browsing.call("SuggestProfile", pb.SuggestProfileRequest(path=str(tmp_path / "secret" / "demo.accdb")))
