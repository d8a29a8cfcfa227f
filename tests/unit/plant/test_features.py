"""Features: the plant's list, absence, units."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from plant.features import is_absent, mm_per_unit, number_of, tidy_text, tidy_unit
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.schema import FeatureKind

DATA = Path(__file__).parents[2] / "data"


def test_the_features_are_those_of_the_plant_with_its_weights() -> None:
    plant = json.loads((DATA / "plant_statistics.json").read_text("utf-8"))
    stored = json.loads((DATA / "legacy_model" / "feature_weights.json").read_text("utf-8"))
    assert len(MECHANICAL_SEALS.features) == 41
    assert [feature.name for feature in MECHANICAL_SEALS.features] == list(plant["columns"])
    assert stored["weights"] == MECHANICAL_SEALS.weights
    assert stored["active_features"] == MECHANICAL_SEALS.active


def test_eight_features_are_numbers_and_each_size_knows_its_unit() -> None:
    numbers = [f for f in MECHANICAL_SEALS.features if f.kind in (FeatureKind.SIZE, FeatureKind.FLAG)]
    assert len(numbers) == 8
    for feature in MECHANICAL_SEALS.features:
        assert (feature.unit_from in MECHANICAL_SEALS.feature_by_name) == (feature.kind is FeatureKind.SIZE)


@pytest.mark.parametrize("text", ["", " ", "nan", "NaN", "null", "NULL", "None", "-", "--", "\u3000", None])
def test_every_way_to_say_nothing_is_the_same_absence(text: str | None) -> None:
    assert is_absent(text)
    assert tidy_text(text) == ""


@pytest.mark.parametrize("text", ["0", "NA", "---", "N", "슬리브"])
def test_other_texts_are_values(text: str) -> None:
    assert not is_absent(text)
    assert tidy_text(text) == text


def test_texts_compare_without_extra_blanks_and_whole_numbers_without_a_fraction() -> None:
    assert tidy_text(" 주조\u3000원소재 ") == "주조 원소재"
    assert tidy_text(11.0) == "11"
    assert tidy_text(11) == "11"
    assert tidy_text(1.5) == "1.5"
    assert tidy_text(math.nan) == ""


@pytest.mark.parametrize("unit", ["INCH", "inch", " in ", '"', "INC"])
def test_inches_become_millimetres(unit: str) -> None:
    assert mm_per_unit(unit) == 25.4
    assert tidy_unit(unit) == "INCH"


@pytest.mark.parametrize("unit", ["MM", "mm", None, "", "D", "52"])
def test_any_other_unit_is_millimetres(unit: str | None) -> None:
    assert mm_per_unit(unit) == 1.0


def test_a_text_that_is_no_number_counts_as_absent() -> None:
    assert number_of("12.5 ") == 12.5
    for value in ("abc", "nan", None, math.inf, "1e999", ""):
        assert math.isnan(number_of(value))
