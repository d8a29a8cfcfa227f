"""Generated catalogues: without options what they always were, with them as hard as the plant's."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

ROOT = Path(__file__).resolve().parents[2]
STATISTICS = json.loads((ROOT / "tests" / "data" / "plant_statistics.json").read_text(encoding="utf-8"))
ABSENT_WORDS = ("", "nan", "-")


def load(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, ROOT / "demo" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def harder() -> Iterator[Any]:
    yield load("harder_data")
    del sys.modules["harder_data"]


@pytest.fixture(scope="module")
def generator(harder: Any) -> Iterator[Any]:
    yield load("make_catalogue")
    del sys.modules["make_catalogue"]


@pytest.fixture(scope="module")
def hard(generator: Any) -> dict[str, pl.DataFrame]:
    tables: dict[str, pl.DataFrame] = generator.make_catalogue(
        3000, 5, generator.shape_of(400, 300), generator.Habits(True, True, True, True)
    )
    return tables


def test_without_options_the_catalogue_is_what_it_always_was(generator: Any) -> None:
    for name, table in generator.make_catalogue(2000, 7).items():
        assert table.equals(pl.read_parquet(ROOT / "demo" / "catalogue" / f"{name}.parquet")), name


def test_the_same_seed_makes_the_same_hard_catalogue(generator: Any, hard: dict[str, pl.DataFrame]) -> None:
    again = generator.make_catalogue(3000, 5, generator.shape_of(400, 300), generator.Habits(True, True, True, True))
    assert all(again[name].equals(table) for name, table in hard.items())


def test_families_and_operations_have_a_long_tail(hard: dict[str, pl.DataFrame]) -> None:
    truth = hard["truth"]
    items = truth.group_by("JOB_CD").agg(pl.col("ITEM_CD").n_unique().alias("items"))
    assert items.height > 200
    assert items.filter(pl.col("items") <= 3).height > 40
    families = truth.group_by("FAMILY").agg(pl.col("ITEM_CD").n_unique().alias("items"))["items"]
    assert len(families) > 300
    assert families.max() > 50 * families.median()  # type: ignore[operator]


def test_every_routing_and_every_truth_belongs_to_an_item(hard: dict[str, pl.DataFrame]) -> None:
    def keys(name: str) -> set[str]:
        return {code.strip().lower() for code in hard[name]["ITEM_CD"]}

    assert len(keys("items")) == 3000
    assert keys("truth") == keys("items")
    assert keys("routing") < keys("items")
    assert keys("work_orders") < keys("items")
    assert any(code != code.strip() for code in hard["items"]["ITEM_CD"])


def test_sizes_in_inches_are_converted_and_say_so(generator: Any) -> None:
    plain = generator.make_catalogue(3000, 5)["items"]
    mixed = generator.make_catalogue(3000, 5, habits=generator.Habits(mixed_units=True))["items"]
    inches = mixed["OUTDIAMETER_UNIT"].is_in(["INCH", "inch"])
    assert 0 < inches.sum() < 200
    np.testing.assert_allclose(
        mixed["OUTDIAMETER"].filter(inches).to_numpy() * 25.4,
        plain["OUTDIAMETER"].filter(inches).to_numpy(),
        atol=0.002,
    )
    assert mixed["OUTDIAMETER"].filter(~inches).equals(plain["OUTDIAMETER"].filter(~inches))
    assert mixed["IN_SEALSIZE"].is_null().equals(plain["IN_SEALSIZE"].is_null())


def plant_absence(column: str) -> float:
    """Share of the plant's items for which a column says nothing."""
    facts = STATISTICS["columns"][column]
    said = sum(count for word, count in facts["top_20_values"].items() if word in ABSENT_WORDS)
    null = facts["missing_ratio"] if "nan" not in facts["top_20_values"] else 0.0
    return float(min(1.0, said / STATISTICS["total_items"] + null))


def test_rates_of_missing_values_are_the_plants(harder: Any, hard: dict[str, pl.DataFrame]) -> None:
    unit = STATISTICS["columns"]["OUTDIAMETER_UNIT"]["top_20_values"][""] / STATISTICS["total_items"]
    for column, share in harder.ABSENT.items():
        expected = unit if column == "OUTDIAMETER" else plant_absence(column)
        assert share == pytest.approx(expected, abs=0.003), column
        values = hard["items"][column]
        absent = (values == 0.0) if column == "OUTDIAMETER" else values.is_null() | values.is_in(ABSENT_WORDS)
        assert absent.mean() >= share - 0.03, column


def test_units_are_spelled_as_often_as_at_the_plant(harder: Any) -> None:
    spellings = STATISTICS["columns"]["OUTDIAMETER_UNIT"]["top_20_values"]
    for spelling, share in harder.UNITS.items():
        assert share == pytest.approx(spellings[spelling] / STATISTICS["total_items"], abs=0.001)
    flags = STATISTICS["columns"]["STANDARD_YN"]["top_20_values"]
    wrong = sum(count for word, count in flags.items() if word not in ("Y", "N", "nan", "")) / STATISTICS["total_items"]
    assert pytest.approx(wrong, abs=0.0002) == harder.TYPING_ERRORS


def test_old_routings_are_slower_and_partly_made_otherwise_while_the_truth_is_todays(generator: Any) -> None:
    plain = generator.make_catalogue(3000, 5)
    drifted = generator.make_catalogue(3000, 5, habits=generator.Habits(drift=True))
    assert drifted["truth"].equals(plain["truth"])
    assert drifted["items"].equals(plain["items"])
    then, now = drifted["routing"], plain["routing"]
    assert then.height == now.height
    changed = (then["JOB_CD"] != now["JOB_CD"]).mean()
    assert changed is not None
    assert 0.005 < changed < 0.2
    old = then["INSRT_DT"].dt.year() < 2015
    ratio = (then["RUN_TIME"] / now["RUN_TIME"]).filter(old & (now["RUN_TIME"] > 1)).median()
    assert isinstance(ratio, float)
    assert ratio > 1.15


def test_counts_out_of_range_are_refused(generator: Any) -> None:
    with pytest.raises(SystemExit, match="--families 500"):
        generator.shape_of(500, 21)
    with pytest.raises(SystemExit, match="--operations 10"):
        generator.shape_of(48, 10)
