"""The same tables in an Access file and in Parquet give the same predictions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from plant.input_profile import InputProfile
from source import open_source
from source.role_reading import read_role
from tests.support.catalogue import items_without_routing
from tests.support.running_system import RunningSystem, running_system

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "tests" / "data" / "demo.accdb"
pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

ROLES = {"features": "items", "routing": "routing", "results": "work_orders"}


def write_parquet(access_file: Path, folder: Path) -> None:
    """The tables of an Access file as Parquet files."""
    folder.mkdir()
    source, profile = open_source(access_file), InputProfile.built_in()
    for role, name in ROLES.items():
        pl.concat(list(read_role(source, profile, role))).write_parquet(folder / f"{name}.parquet")


@pytest.fixture(scope="module")
def parquet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo database as a folder of Parquet files."""
    folder = tmp_path_factory.mktemp("data") / "parquet"
    write_parquet(DEMO, folder)
    return folder


@pytest.fixture(scope="module")
def from_access(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """A system on the Access file."""
    with running_system(tmp_path_factory.mktemp("access") / "state", "--data", str(DEMO)) as system:
        yield system


def predictions(system: RunningSystem, codes: list[str]) -> list[dict[str, Any]]:
    """Detailed routings of items, without what differs by moment and model name."""
    with system.admin() as client:
        answer = client.post("/api/predict", json={"item_codes": codes, "top_k": 10, "mode": "detailed"})
    assert answer.status_code == 200, answer.text
    return [{name: value for name, value in item.items() if name != "generated_at"} for item in answer.json()["items"]]


def test_the_same_tables_give_the_same_predictions(from_access: RunningSystem, parquet: Path, tmp_path: Path) -> None:
    codes = items_without_routing(20, parquet)
    with running_system(tmp_path / "state", "--data", str(parquet)) as from_parquet:
        expected = predictions(from_parquet, codes)
    found = predictions(from_access, codes)
    assert len(found) >= len(codes)
    assert found == expected


def test_the_data_source_is_remembered(from_access: RunningSystem) -> None:
    assert from_access.record.dataset == str(DEMO)
    from_access.stop()
    from_access.start()
    assert from_access.record.dataset == str(DEMO)
