"""PostgreSQL by ADBC and by ODBC: the same values; what goes wrong is named; passwords are nowhere but in the folder of secrets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import psycopg
import pytest
from adbc_driver_postgresql import dbapi  # type: ignore[import-untyped]

from common.errors import DataProblem
from common.settings import settings
from source import Source, open_source
from source.access_driver import installed_drivers
from source.databases import postgresql
from source.databases.address import locate
from source.diagnosis import diagnose
from source.kept_parts import KeptParts, ReadCounts, RememberingSource
from tests.support.certificates import Authority
from tests.support.patience import wait_until
from tests.support.postgresql import WITH_PASSWORD, postgresql_server

DATA = Path(__file__).resolve().parents[3] / "data"
PASSWORD = "s}ec;r et"
TABLES = """
CREATE SCHEMA erp;
CREATE TABLE "품목" (code text PRIMARY KEY, "직경 (mm)" float8, weight real, price numeric(12, 4), paid money, active boolean,
  made timestamp, day date, zoned timestamptz, small smallint, big bigint, note varchar(20), fixed char(6), id uuid);
INSERT INTO "품목" VALUES
  ('00012', 0.1, 0.25, 12.3456, 7.5, true, '2024-01-05 08:30:15.25', '1899-12-29', '2024-01-05 00:00Z', 1, 9007199254740993, 'x', 'ab',
   '11111111-2222-3333-4444-555555555555'),
  ('나 2', 1e-300, NULL, NULL, NULL, false, 'infinity', '9999-12-31', NULL, NULL, NULL, '', NULL, NULL);
CREATE VIEW erp.steps AS SELECT '00012' AS item, n AS step, n * 0.1::float8 AS minutes FROM generate_series(1, 130000) n;
CREATE TABLE erp.empty_one (a int);
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """URL of a database with tables, and a user with a password."""
    with postgresql_server() as url, psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
        connection.execute(TABLES)
        connection.execute(f"CREATE ROLE {WITH_PASSWORD} LOGIN PASSWORD '{PASSWORD}'")
        connection.execute(f'GRANT SELECT ON "품목" TO {WITH_PASSWORD}')
        yield f"{url}/postgres"


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of its own."""
    monkeypatch.setattr(settings(), "state_dir", tmp_path / "state")
    return tmp_path / "state"


def addresses(server: str) -> dict[str, str]:
    port = server.rpartition(":")[2].partition("/")[0]
    found = {"adbc": server}
    if "PostgreSQL Unicode" in installed_drivers():
        found["odbc"] = f"odbc:DRIVER={{PostgreSQL Unicode}};SERVER=127.0.0.1;PORT={port};DATABASE=postgres;UID=routing"
    return found


def whole(source: Source, table: str, batch_rows: int = 50_000) -> pl.DataFrame:
    columns = [column.name for column in source.columns(table)]
    return pl.concat(list(source.batches(table, columns, {}, batch_rows)))


@pytest.mark.parametrize("way", ["adbc", "odbc"])
def test_values_of_every_kind_come_exactly(server: str, way: str) -> None:
    address = addresses(server).get(way) or pytest.skip("psqlodbc is not installed")
    source = open_source(locate(address))
    assert source.tables() == ["erp.empty_one", "erp.steps", "품목"]
    frame = whole(source, "품목")
    assert frame["code"].to_list() == ["00012", "나 2"]
    assert frame["직경 (mm)"].to_list() == [0.1, 1e-300]
    assert frame["weight"].to_list() == [0.25, None]
    assert frame["price"].to_list() == [12.3456, None]
    assert frame["active"].to_list() in ([True, False], ["1", "0"])
    assert frame["made"][0] == datetime(2024, 1, 5, 8, 30, 15, 250_000)
    assert frame["day"].to_list() == [datetime(1899, 12, 29), datetime(9999, 12, 31)]
    assert frame["small"].to_list() == [1, None]
    assert frame["big"].to_list() == [9007199254740993, None]
    assert frame["note"].to_list() == ["x", None]
    steps = whole(source, "erp.steps")
    assert steps.height == source.count("erp.steps") == 130_000
    assert steps["minutes"].to_list() == [n * 0.1 for n in range(1, 130_001)]
    assert list(source.batches("erp.empty_one", ["a"], {})) == []


def test_the_identity_changes_with_the_rows(server: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        for address in addresses(server).values():
            path = locate(address)
            before = open_source(path).identity()
            assert open_source(path).identity() == before
            connection.execute("INSERT INTO erp.empty_one VALUES (1)")
            connection.execute("SELECT pg_stat_force_next_flush()")
            assert open_source(path).identity() != before
            connection.execute("DELETE FROM erp.empty_one")


def test_a_password_lies_in_the_folder_of_secrets_and_nowhere_else(server: str, own_state: Path) -> None:
    host = server.partition("@")[2]
    escaped = "s%7Dec%3Br%20et"
    path = locate(f"postgresql://{WITH_PASSWORD}:{escaped}@{host}")
    assert whole(open_source(path), "품목").height == 2
    holders = [file for file in own_state.rglob("*") if file.is_file() and PASSWORD in file.read_text(encoding="utf-8")]
    assert [file.parent.name for file in holders] == ["secrets"]
    assert holders[0].stat().st_mode & 0o077 == 0
    assert PASSWORD not in str(diagnose(path).to_dict())


@pytest.mark.parametrize("way", ["adbc", "odbc"])
def test_a_wrong_password_is_told_without_being_repeated(server: str, way: str) -> None:
    address = addresses(server).get(way) or pytest.skip("psqlodbc is not installed")
    wrong = "wr0ng-one"
    if way == "adbc":
        text = address.replace("routing@", f"{WITH_PASSWORD}:{wrong}@")
    else:
        text = address.replace("UID=routing", f"UID={WITH_PASSWORD};PWD={wrong}")
    with pytest.raises(DataProblem, match="refuses the user") as refused:
        open_source(locate(text)).tables()
    assert refused.value.reason == "SOURCE_REFUSED"
    assert wrong not in str(refused.value) + str(refused.value.details)


def test_a_server_that_is_not_there_and_a_driver_that_is_not_installed_are_named() -> None:
    with pytest.raises(DataProblem, match="cannot be reached") as refused:
        open_source(locate("postgresql://a@127.0.0.1:1/db")).tables()
    assert refused.value.reason == "SOURCE_UNREACHABLE"
    with pytest.raises(DataProblem, match="driver") as refused:
        open_source(locate("DRIVER={No Such Driver};SERVER=db;UID=a")).tables()
    assert refused.value.reason == "DRIVER_MISSING"


def test_a_database_that_goes_away_in_the_middle_is_told(server: str) -> None:
    going = server.replace("/postgres", "/going")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE going")
        with psycopg.connect(going, autocommit=True) as own:
            own.execute("CREATE VIEW long AS SELECT n FROM generate_series(1, 100000000) n")
        frames = open_source(locate(going)).batches("long", ["n"], {}, 1000)
        next(frames)
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'going'")
        with pytest.raises(DataProblem, match=r"database going on 127\.0\.0\.1") as told:
            list(frames)
        assert told.value.reason == "SOURCE_MISSING"
        connection.execute("DROP DATABASE going WITH (FORCE)")


def test_access_parquet_and_postgresql_give_equal_frames(server: str, tmp_path: Path) -> None:
    access = open_source(DATA / "small.accdb")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE plant")
    address = server.replace("/postgres", "/plant")
    frames = {table: whole(access, table) for table in access.tables()}
    with dbapi.connect(address) as connection, connection.cursor() as cursor:
        for table, frame in frames.items():
            frame.write_parquet(tmp_path / f"{table}.parquet")
            cursor.adbc_ingest(table, frame.to_arrow())
        connection.commit()
    others = [open_source(tmp_path), open_source(locate(address))]
    for table, frame in frames.items():
        for other in others:
            assert [(c.name, c.type) for c in other.columns(table)] == [(c.name, c.type) for c in access.columns(table)]
            assert whole(other, table, 777).equals(frame)


def test_an_expired_certificate_is_told_with_what_to_do(server: str, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    expired = authority.certificate("old", "localhost", begins=timedelta(days=-9), ends=timedelta(days=-2))
    with psycopg.connect(server, autocommit=True) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
        assert row is not None
        data = Path(row[0])
        owner = data.stat()
        for name, made in zip(("server.crt", "server.key"), expired, strict=True):
            (data / name).write_bytes(made.read_bytes())
            (data / name).chmod(0o600)
            os.chown(data / name, owner.st_uid, owner.st_gid)
        connection.execute("ALTER SYSTEM SET ssl = on")
        connection.execute("SELECT pg_reload_conf()")
    address = server.replace("127.0.0.1", "localhost") + f"?sslmode=verify-full&sslrootcert={authority.path}"
    source = open_source(locate(address))

    def refused() -> DataProblem | None:
        try:
            source.tables()
        except DataProblem as problem:
            return problem if problem.reason == "SOURCE_CERTIFICATE" else None
        return None

    wait_until(lambda: refused() is not None, 20.0, lambda: "no connection was refused for its certificate")
    problem = refused()
    assert problem is not None
    assert "Renew the server's certificate" in problem.message


EDITS_OF_ROWS = (
    "UPDATE parts SET minutes = minutes + 1, modified = '2001-01-01' WHERE id = 7000",  # a change that says that it is old
    "DELETE FROM parts WHERE id BETWEEN 300 AND 310",
    "INSERT INTO parts SELECT n, n, '2024-01-01', 'new' FROM generate_series(50001, 50100) n",
    "INSERT INTO parts SELECT * FROM parts WHERE id = 7",
    "UPDATE parts SET note = NULL WHERE id IN (3, 2500)",
)
EDITS_OF_TABLES = (
    "ALTER TABLE parts ADD COLUMN further text DEFAULT 'as before'",
    "ALTER TABLE parts ALTER COLUMN minutes TYPE numeric(9, 3)",
    "ALTER TABLE parts RENAME COLUMN further TO others",
    "ALTER TABLE parts DROP COLUMN note",
    "VACUUM FULL parts",
    "TRUNCATE parts",
)


def test_only_the_parts_of_a_table_that_changed_are_read(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "_PART_BLOCKS", 16)
    source = locate(server)

    def read(opened: Source, table: str) -> pl.DataFrame:
        columns = [column.name for column in opened.columns(table)]
        return pl.concat([*opened.batches(table, columns, {}, 5000)] or [pl.DataFrame(schema=columns)])

    def check(table: str) -> ReadCounts:
        remembering = RememberingSource(open_source(source), KeptParts(tmp_path / "kept"))
        found = read(remembering, table)
        assert found.equals(read(open_source(source), table))
        return remembering.counts[table]

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE TABLE parts (id int, minutes float8, modified timestamp, note text)")
        connection.execute("INSERT INTO parts SELECT n, n, '2024-01-01', 'n' || n FROM generate_series(1, 12000) n")
        connection.execute("CREATE VIEW few AS SELECT id, minutes FROM parts WHERE id < 100")
        try:
            assert check("parts").read == check("parts").parts > 3
            assert (check("few").read, check("few").read) == (1, 0)
            with monkeypatch.context() as older:
                older.setattr(postgresql, "_STORED", "SELECT attgenerated FROM pg_class WHERE oid = {oid}")
                assert "does not tell" in check("few").whole
            for edit in EDITS_OF_ROWS:
                connection.execute(edit)
                count = check("parts")
                assert 0 < count.read < count.parts, edit
            assert check("few").read == 1
            connection.execute("UPDATE parts SET minutes = 1 WHERE id = 9000")
            assert check("few").read == 0
            connection.execute("UPDATE parts SET minutes = 0 WHERE id = 4")
            assert check("few").read == 1
            connection.execute("DROP VIEW few")
            for edit in EDITS_OF_TABLES:
                connection.execute(edit)
                count = check("parts")
                assert count.read == count.parts, edit
        finally:
            connection.execute("DROP TABLE parts CASCADE")
