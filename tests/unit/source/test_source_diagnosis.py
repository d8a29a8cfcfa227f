"""Diagnosis of a source: drivers, tables, columns against the profile, and one verdict that says what to do."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import polars as pl

from plant.input_profile import InputProfile
from source import open_source
from source.access_driver import BITNESS
from source.diagnosis import diagnose, path_hash
from source.table_profile import profile_table

DATA = Path(__file__).resolve().parents[2] / "data"


def test_a_good_access_file_is_described_in_full() -> None:
    found = diagnose(DATA / "small.accdb", read_values=True)
    assert found.ok
    assert found.verdict.startswith("Access file ")
    assert "150 rows in dbo_BI_ITEM_INFO_VIEW" in found.verdict
    assert (found.kind, found.driver, found.connection_string) == ("Access", "", "")
    assert found.python_bitness == BITNESS
    assert [finding.role for finding in found.roles] == ["features", "routing", "results"]
    code = found.roles[0].columns[0]
    assert (code.name, code.type, code.null_share, len(code.examples)) == ("ITEM_CD", "TEXT", 0.0, 5)
    assert found.elapsed_ms > 0
    assert json.loads(orjson.dumps(found.to_dict()))["ok"] is True


def test_a_missing_column_is_the_verdict() -> None:
    found = diagnose(DATA / "missing_column.accdb")
    assert not found.ok
    assert found.roles[0].missing_required == ("OUTDIAMETER",)
    assert "dbo_BI_ITEM_INFO_VIEW lacks column OUTDIAMETER" in found.verdict
    assert found.roles[1].problem == ""


def test_what_cannot_be_opened_is_the_verdict_too(tmp_path: Path) -> None:
    cut = diagnose(DATA / "truncated.accdb")
    assert (cut.ok, cut.reason, cut.kind) == (False, "SOURCE_DAMAGED", "")
    assert "is cut off" in cut.verdict
    assert "does not exist" in diagnose(tmp_path / "none.accdb").verdict
    assert "holds no tables" in diagnose(tmp_path).verdict


def test_a_value_that_does_not_fit_is_found_also_in_the_first_rows(tmp_path: Path) -> None:
    items = pl.read_parquet(DATA.parents[1] / "demo" / "catalogue" / "items.parquet").head(20)
    items.with_columns(pl.lit("wide").alias("OUTDIAMETER")).write_csv(tmp_path / "items.csv")
    (tmp_path / "routing.csv").write_text("ITEM_CD,ROUT_NO,PROC_SEQ,INSRT_DT,JOB_CD,SETUP_TIME,RUN_TIME\n")
    assert "'wide' is not a number" in diagnose(tmp_path).verdict
    found = diagnose(tmp_path, read_values=True)
    assert not found.ok
    assert "column OUTDIAMETER: 'wide' is not a number" in found.verdict
    assert any("dbo_BI_ROUTING_VIEW is empty" in warning for warning in found.warnings)
    assert any("no table for results" in warning for warning in found.warnings)


def test_an_empty_item_table_cannot_be_used(tmp_path: Path) -> None:
    schema = pl.read_parquet(DATA.parents[1] / "demo" / "catalogue" / "items.parquet").clear()
    schema.write_parquet(tmp_path / "items.parquet")
    pl.read_parquet(DATA.parents[1] / "demo" / "catalogue" / "routing.parquet").clear().write_parquet(
        tmp_path / "routing.parquet"
    )
    assert "is empty: there are no items" in diagnose(tmp_path).verdict


def test_null_shares_and_examples_are_counted_over_all_batches(tmp_path: Path) -> None:
    pl.DataFrame({"ITEM_CD": ["A", "B", "C", "A"], "X": [None, 1.0, 1.0, 2.5]}).write_parquet(
        tmp_path / "items.parquet"
    )
    rows, columns = profile_table(open_source(tmp_path), "items")
    assert rows == 4
    assert [(c.name, c.null_share, c.examples) for c in columns] == [
        ("ITEM_CD", 0.0, ("A", "B", "C")),
        ("X", 0.25, ("1", "2.5")),
    ]


def test_the_hash_of_a_path_ignores_case_and_has_sixteen_digits() -> None:
    assert path_hash(Path("/Data/A.accdb")) == path_hash(Path("/data/a.ACCDB"))
    assert len(path_hash(Path("x"))) == 18


def test_own_profiles_are_checked_against_the_file() -> None:
    text = InputProfile.built_in().to_json().replace('"dbo_BI_ROUTING_VIEW"', '"routes"')
    found = diagnose(DATA / "small.accdb", InputProfile.parse(text))
    assert "lacks table routes, from which the input profile Access views takes the routing" in found.verdict
