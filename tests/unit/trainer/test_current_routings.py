"""The current routings that learning and evaluation read are those that aggregate_service serves."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl

from aggregate_service.snapshot import Snapshot
from aggregate_service.snapshot_build import build_snapshot
from plant.input_profile import InputProfile
from source import open_source
from tests.support.catalogue import CATALOGUE
from trained.item_codes import ItemCodeIndex
from trainer.current_routings import CurrentRoutings, read_current_routings


def read(folder: Path, codes: list[str]) -> CurrentRoutings:
    return read_current_routings(open_source(folder), InputProfile.built_in(), ItemCodeIndex.of(codes), results=True)


def test_they_are_the_routings_of_the_snapshot(tmp_path: Path) -> None:
    folder = build_snapshot(CATALOGUE, "", tmp_path / "snapshots", lambda _progress: None, force=False, lock_timeout=5)
    served = Snapshot(folder)
    codes = list(served.codes.codes_at(np.arange(len(served.codes))))
    found = read(CATALOGUE, codes)
    expected = served.operations
    np.testing.assert_array_equal(found.table.offsets, expected.offsets)
    np.testing.assert_array_equal(found.table.sequence, expected.sequence)
    np.testing.assert_array_equal(found.table.times, expected.times)
    pairs = set(zip(found.table.operation.tolist(), expected.operation.tolist(), strict=True))
    assert len(pairs) == len(np.unique(found.table.operation)) == len(np.unique(expected.operation))
    machines = set(zip(found.table.machine.tolist(), expected.machine.tolist(), strict=True))
    assert len(machines) == len(np.unique(expected.machine))
    np.testing.assert_array_equal(found.table.actual, expected.actual)
    assert np.isfinite(expected.actual).any()


def test_strange_results_are_learned_from_as_they_are_served(tmp_path: Path) -> None:
    for name in ("items", "routing"):
        pl.read_parquet(CATALOGUE / f"{name}.parquet").write_parquet(tmp_path / f"{name}.parquet")
    results = pl.read_parquet(CATALOGUE / "work_orders.parquet")
    row, run = pl.int_range(pl.len()), pl.col("ACT_RUN_TIME")
    strange = results.with_columns(
        pl.when(row % 3 == 0).then(run * 60).when(row % 7 == 0).then(-run).otherwise(run).alias("ACT_RUN_TIME"),
        pl.when(row % 5 == 0).then(pl.col("PROC_SEQ").cast(pl.Int64) + 2**32).otherwise("PROC_SEQ").alias("PROC_SEQ"),
    )
    pl.concat([strange, strange.sample(fraction=0.5, shuffle=True, seed=1)]).write_parquet(
        tmp_path / "work_orders.parquet"
    )
    folder = build_snapshot(tmp_path, "", tmp_path / "snapshots", lambda _progress: None, force=False, lock_timeout=5)
    served = Snapshot(folder)
    found = read(tmp_path, list(served.codes.codes_at(np.arange(len(served.codes)))))
    np.testing.assert_array_equal(found.table.actual, served.operations.actual)
    assert np.isfinite(served.operations.actual).any()


def test_the_newest_routing_counts_then_the_greatest_number(tmp_path: Path) -> None:
    old, new = datetime(2020, 1, 1), datetime(2021, 1, 1)
    rows = [
        ("A", "R9", 10, old, "OLD"),
        ("A", "R1", 20, new, "TUR "),
        ("A", "R1", 10, old, "SAW"),
        ("A", "R1", 10, new, "AGAIN"),
        ("b", "R1", 10, old, "LOW"),
        ("B", "R2", 10, old, "TUR"),
        ("B", "R2", 20, old, "TUR"),
        ("ghost", "R1", 10, old, "TUR"),
    ]
    columns = list(zip(*rows, strict=True))
    names = ("ITEM_CD", "ROUT_NO", "PROC_SEQ", "INSRT_DT", "JOB_CD")
    frame = pl.DataFrame(dict(zip(names, columns, strict=True))).with_columns(
        pl.col("INSRT_DT").cast(pl.Datetime("ms")), SETUP_TIME=-1.0, RUN_TIME=5.0
    )
    frame.write_parquet(tmp_path / "routing.parquet")
    found = read(tmp_path, [" a ", "B", "C"])
    assert found.job_sequence(0) == ["SAW", "TUR"]
    assert found.job_sequence(1) == ["TUR", "TUR"]
    assert found.job_sequence(2) == []
    assert found.items_with_routing == 2
    assert len(set(found.table.operation[2:4].tolist())) == 2
    assert np.isnan(found.table.times[:, 1]).all()
    assert found.machines == [""]


def test_a_source_without_routings_has_none(tmp_path: Path) -> None:
    pl.read_parquet(CATALOGUE / "routing.parquet").clear().write_parquet(tmp_path / "routing.parquet")
    found = read(tmp_path, ["A"])
    assert found.items_with_routing == 0
    assert found.jobs == []
