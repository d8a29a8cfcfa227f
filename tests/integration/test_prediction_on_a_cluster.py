"""Bulk predictions on a Ray cluster of this machine: the same rows, bit by bit, as the services give."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from tests.support.catalogue import items_with_routing, items_without_routing
from tests.support.running_system import ROOT, RunningSystem

pytestmark = pytest.mark.integration


def predicted(
    system: RunningSystem, codes: Path, target: Path, *more: str, address: str = "local"
) -> subprocess.CompletedProcess[str]:
    """Run the bulk command as an operator does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ROUTING_ML_")}
    return subprocess.run(
        [sys.executable, "-m", "cli", "predict", "--file", str(codes), "--out", str(target), "--batch", "40", *more],
        cwd=ROOT,
        env={**kept, **system.variables, "ROUTING_ML_RAY_ADDRESS": address, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


@pytest.fixture
def codes(tmp_path: Path) -> Path:
    """Items with and without routing, and one that nobody knows."""
    path = tmp_path / "codes.txt"
    named = [*items_without_routing(50), "NO-SUCH-ITEM", *items_with_routing(120)]
    path.write_text("\n".join(named) + "\n", encoding="utf-8")
    return path


@pytest.mark.timeout(300)
def test_a_cluster_gives_the_same_rows(whole_system: RunningSystem, codes: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed (`pip install ray`, Linux)")
    for name, more in (("plain", ()), ("detailed", ("--detailed", "--top-k", "25"))):
        here, there = tmp_path / f"{name}-here.parquet", tmp_path / f"{name}-there.parquet"
        first = predicted(whole_system, codes, here, *more)
        second = predicted(whole_system, codes, there, *more, "--cluster")
        assert (first.returncode, second.returncode) == (4, 4), first.stderr + second.stderr
        rows, others = pl.read_parquet(here), pl.read_parquet(there)
        assert rows.height > 300
        assert rows.equals(others, null_equal=True)
        for column in rows.columns:  # `equals` takes -0.0 for 0.0
            if rows[column].dtype == pl.Float64:
                assert rows[column].to_numpy().tobytes() == others[column].to_numpy().tobytes(), column
        unanswered = [path.with_name(f"{path.stem}.unanswered.csv").read_bytes() for path in (here, there)]
        assert unanswered[0] == unanswered[1]
        assert b"NO-SUCH-ITEM" in unanswered[0]


def test_without_a_cluster_it_is_told_what_to_do(whole_system: RunningSystem, codes: Path, tmp_path: Path) -> None:
    refused = predicted(whole_system, codes, tmp_path / "out.csv", "--cluster", address="")
    assert refused.returncode == 1
    assert "--cluster needs the Ray cluster of ROUTING_ML_RAY_ADDRESS" in refused.stderr
    both = predicted(whole_system, codes, tmp_path / "out.csv", "--cluster", "--url", "http://127.0.0.1:9")
    assert both.returncode == 1
    assert "one of the two" in both.stderr
