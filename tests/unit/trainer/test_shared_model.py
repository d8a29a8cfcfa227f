"""A version with the model of another one: its items can be searched together with those of that version."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.unit.trainer.conftest import Installation, last_event, make_tables, write_tables
from trained.encoder import BlockEncoder
from trained.searchable_model import SearchableModel
from trained.version_loading import load_version


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[SearchableModel, SearchableModel, SearchableModel]:
    """A version, one of another catalogue with its model, one of that catalogue with a model of its own."""
    installation = Installation(tmp_path_factory.mktemp("plants"))
    first = write_tables(installation.folder / "first", make_tables(600, seed=11))
    other = write_tables(installation.folder / "other", make_tables(400, seed=12))
    models = installation.models
    for name, source, more in (
        ("first", first, ()),
        ("shared", other, ("--model-of", models / "first")),
        ("alone", other, ()),
    ):
        registry = installation.folder / f"{name}.db"
        done = installation.train(
            "--save-dir", models / name, "--dataset", source, "--registry-path", registry, *more
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        assert last_event(done.stdout)
    return tuple(load_version(models / name) for name in ("first", "shared", "alone"))  # type: ignore[return-value]


def test_versions_of_one_model_say_so_and_others_do_not(
    trained: tuple[SearchableModel, SearchableModel, SearchableModel],
) -> None:
    first, shared, alone = trained
    assert first.model == shared.model != ""
    assert alone.model not in ("", first.model)
    assert (first.items, shared.items, alone.items) == (600, 400, 400)


def test_an_item_has_the_same_vector_in_both(
    trained: tuple[SearchableModel, SearchableModel, SearchableModel],
) -> None:
    first, shared, _ = trained
    item = make_tables(600, seed=11)["items"].row(7, named=True)
    columns = {name: [value] for name, value in item.items()}
    np.testing.assert_array_equal(first.encode(columns, 1), shared.encode(columns, 1))
    positions, similarities = shared.search(first.encode(columns, 1), 10, 128)
    vectors = shared.vectors(np.arange(shared.items))
    exact = np.sort(vectors @ first.encode(columns, 1)[0])[::-1][:10]
    np.testing.assert_allclose(np.sort(similarities[0])[::-1], exact, atol=1e-5)
    assert (positions >= 0).all()


def test_what_belongs_to_the_catalogue_is_its_own(
    trained: tuple[SearchableModel, SearchableModel, SearchableModel],
) -> None:
    first, shared, _ = trained
    codes = set(make_tables(400, seed=12)["items"]["ITEM_CD"].to_list())
    assert {shared.code(position) for position in range(shared.items)} == codes
    encoder = shared.encoding
    assert isinstance(encoder, BlockEncoder)
    assert isinstance(first.encoding, BlockEncoder)
    assert (encoder.learned is None) == (first.encoding.learned is None)
    if encoder.learned is not None and encoder.learned.model.planned is not None:
        assert encoder.learned.model.planned.examples.max() < shared.items
    shared.prove()


def test_the_version_says_whose_model_it_has_and_is_judged(
    trained: tuple[SearchableModel, SearchableModel, SearchableModel],
) -> None:
    metadata = trained[1].metadata
    assert metadata["model_of"] == "first"
    assert 0.0 <= metadata["evaluation"]["operation_f1"] <= 1.0 if "operation_f1" in metadata["evaluation"] else True
    assert "model_of" not in trained[0].metadata


def test_a_model_of_other_features_is_refused(installation: Installation, catalogue_of_300: Path) -> None:
    source = write_tables(
        installation.folder / "pumps", {"items": pl.DataFrame({"ITEM_CD": ["A", "B"], "FLOW": [1.0, 2.0]})}
    )
    done = installation.train(
        "--save-dir", installation.models / "v1", "--dataset", source, "--model-of", installation.folder / "nowhere"
    )  # fmt: skip
    assert done.returncode != 0
    assert "nowhere" in done.stdout + done.stderr
    assert not (installation.models / "v1").exists()
