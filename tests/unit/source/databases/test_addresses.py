"""Addresses of databases: what they name, and that passwords do not stay in them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from common.errors import DataProblem, InvalidInput
from common.settings import settings
from common.source_addresses import absolute_source, is_address
from source import open_source
from source.databases.address import locate, located, parse_address, read_address


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings(), "state_dir", tmp_path / "state")
    return tmp_path / "state"


@pytest.mark.parametrize(
    ("text", "kept", "server", "database", "password"),
    [
        ("postgresql://u:p%40ss@db.plant:5433/erp?schema=mfg", "postgresql://u@db.plant:5433/erp?schema=mfg", "db.plant", "erp", "p@ss"),
        ("postgres:/u@db/erp", "postgresql://u@db/erp", "db", "erp", ""),
        ("odbc:DRIVER={A};SERVER=tcp:h,1;DATABASE=d;UID=u;PWD={a;b}}c}", "DRIVER={A};SERVER=tcp:h,1;DATABASE=d;UID=u", "h", "d", "a;b}c"),
        ("Driver={SQL Server};Server=H\\INST;Database=d;Trusted_Connection=yes", None, "H", "d", ""),
        ("DSN=plant;Password=x", "DSN=plant", "plant", "plant", "x"),
    ],
)  # fmt: skip
def test_an_address_names_server_and_database(
    text: str, kept: str | None, server: str, database: str, password: str
) -> None:
    assert is_address(text)
    address, secret = parse_address(text)
    assert (address.text, address.server, address.database, secret) == (kept or text, server, database, password)


@pytest.mark.parametrize(
    "text", ["/data/plant.accdb", "C:\\data\\x.accdb", "driver.csv", "//server/share/x.accdb", "dsn/x"]
)
def test_paths_are_no_addresses(text: str) -> None:
    assert not is_address(text)
    assert locate(text) == Path(text)
    assert Path(absolute_source(text)).is_absolute()


def test_the_file_of_an_address_has_no_password_and_one_name(own_state: Path) -> None:
    first = locate("postgresql://u:geheim@db/erp")
    assert locate("postgresql://u@db/erp") == first == located(Path("postgresql://u@db/erp"))
    assert json.loads(first.read_text(encoding="utf-8"))["address"] == "postgresql://u@db/erp"
    assert first.parent == own_state / "sources"
    assert locate("postgresql://u@db/other") != first


@pytest.mark.parametrize("text", ["postgresql://u@/erp", "postgresql://u:geheim@db", "postgresql://u:geheim@db:x/erp"])
def test_a_wrong_address_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        locate(text)
    assert "geheim" not in refused.value.message


def test_a_password_in_the_file_of_an_address_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.database"
    path.write_text(json.dumps({"address": "postgresql://u:geheim@db/erp"}), encoding="utf-8")
    with pytest.raises(DataProblem, match="holds a password: take it out") as refused:
        open_source(path)
    assert "geheim" not in refused.value.message
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(DataProblem, match="names no database"):
        read_address(path)
