"""The comparison of prediction methods: nothing of the held-out items is left to learn from, and figures keep their place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks.prediction_quality import neighbour_methods, spaces
from benchmarks.prediction_quality.held_out import HeldOut, held_out
from benchmarks.prediction_quality.quality_table import MethodQuality, read_rows, write_markdown, write_rows
from plant.item_keys import item_key
from routings.quality_metrics import quality, score

HELD_OUT = 40


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> HeldOut:
    return held_out(tmp_path_factory.mktemp("quality"), 600, 3, HELD_OUT, hard=True)


def row(name: str, order: int, exact: float = 0.5) -> MethodQuality:
    return MethodQuality(name, exact, 0.9, None, 0.6, 1.0, None, 2.0, order)


def test_held_out_items_keep_their_features_and_lose_routings_and_results(data: HeldOut) -> None:
    keys = {item_key(code) for code in data.codes}
    assert len(keys) == HELD_OUT
    for table in ("routing", "work_orders"):
        codes = pl.read_parquet(data.folder / f"{table}.parquet", columns=["ITEM_CD"])["ITEM_CD"]
        assert not keys & {item_key(code) for code in codes}
    assert (data.routings.table.lengths(data.items) == 0).all()
    assert (data.items >= 0).all()
    assert all(one.operations for one in data.right)
    assert len(data.index) == 600
    assert data.routings.items_with_routing > 400


def test_neighbours_are_other_items_with_a_routing(data: HeldOut) -> None:
    found = neighbour_methods.nearest_routed(data, spaces.block_vectors(data.columns), 5)
    assert (data.routings.table.lengths(found.items) > 0).all()
    assert not np.isin(found.items, data.items).any()


def test_blocks_find_better_neighbours_than_the_monoliths_vectors(data: HeldOut) -> None:
    exact = {}
    for name, vectors in (
        ("monolith", spaces.monolith_vectors(data.columns)),
        ("blocks", spaces.block_vectors(data.columns)),
    ):
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
        nearest, voted = neighbour_methods.both(data, vectors)
        assert all(len(made) == 1 for made in voted)
        scores = [score(made, right) for made, right in zip(nearest, data.right, strict=True)]
        exact[name] = quality(scores).set_f1
    assert exact["blocks"] > exact["monolith"]


def test_a_section_is_replaced_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "quality.md"
    path.write_text("# Title\n\n<!-- seed 5: begin -->\nold\n<!-- seed 5: end -->\n\nafter\n", encoding="utf-8")
    write_markdown(path, "seed 5", "20,000 items", [row("a method", 0)])
    write_markdown(path, "hard", "hard ones", [row("another", 0)])
    text = path.read_text(encoding="utf-8")
    assert "old" not in text
    assert "| a method | 0.500 | 0.900 | – | 0.600 | 1.000 | – | 2 |" in text
    assert text.index("a method") < text.index("after") < text.index("another")


def test_rows_come_back_from_their_file_by_name(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    assert read_rows(path) == {}
    rows = [row("b", 1), row("a", 0)]
    write_rows(path, rows)
    assert read_rows(path) == {"b": rows[0], "a": rows[1]}
