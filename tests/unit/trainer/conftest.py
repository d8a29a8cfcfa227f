"""Small catalogues, and trainings run as processes the way a scheduler runs them."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from common.processes import free_port
from tests.support import patience

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "tests" / "data"


def make_tables(items: int, seed: int = 11) -> dict[str, pl.DataFrame]:
    """Tables of a generated catalogue."""
    spec = importlib.util.spec_from_file_location("make_catalogue", ROOT / "demo" / "make_catalogue.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    tables: dict[str, pl.DataFrame] = module.make_catalogue(items, seed)
    return tables


def write_tables(folder: Path, tables: dict[str, pl.DataFrame]) -> Path:
    """A Parquet folder of the tables."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("items", "routing", "work_orders"):
        if name in tables:
            tables[name].write_parquet(folder / f"{name}.parquet")
    return folder


@pytest.fixture(scope="session")
def tables_of_300() -> dict[str, pl.DataFrame]:
    return make_tables(300)


@pytest.fixture(scope="session")
def catalogue_of_300(tmp_path_factory: pytest.TempPathFactory, tables_of_300: dict[str, pl.DataFrame]) -> Path:
    return write_tables(tmp_path_factory.mktemp("catalogue"), tables_of_300)


@pytest.fixture(scope="session")
def items_of_300(tmp_path_factory: pytest.TempPathFactory, tables_of_300: dict[str, pl.DataFrame]) -> Path:
    """Items without routings, so that nothing is learned: for trainings that are not about what they learn."""
    return write_tables(tmp_path_factory.mktemp("items"), {"items": tables_of_300["items"]})


@dataclass
class Installation:
    """A state folder, a models folder and the variables of their processes; auth_service does not run."""

    folder: Path
    auth_port: int = 0

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def models(self) -> Path:
        return self.folder / "models"

    @property
    def status_file(self) -> Path:
        return self.state / "run" / "training.status.json"

    def variables(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("ROUTING_ML_")},
            "ROUTING_ML_STATE_DIR": str(self.state),
            "ROUTING_ML_MODELS_DIR": str(self.models),
            "ROUTING_ML_AUTH_ADDRESS": f"127.0.0.1:{self.auth_port or free_port()}",
            "PYTHONIOENCODING": "utf-8",
        }

    def command(self, *arguments: object) -> list[str]:
        return [sys.executable, str(ROOT / "train_build_index.py"), *map(str, arguments)]

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            env=self.variables(),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def train(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            env=self.variables(),
            cwd=self.folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )

    def status(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.status_file.read_text(encoding="utf-8"))
        return content


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Wait for something that another process does."""
    patience.wait_until(condition, seconds, lambda: f"waited for {what}")


def last_event(output: str) -> dict[str, Any]:
    """The last JSON line of a run."""
    event: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    return event
