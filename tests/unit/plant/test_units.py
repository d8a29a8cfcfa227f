"""Units as people and ERP systems write them."""

from __future__ import annotations

import pytest

from plant.features import mm_per_unit, tidy_unit
from plant.units import find_unit


@pytest.mark.parametrize(
    ("text", "measures", "factor"),
    [
        ("HR", "time", 60.0),
        (" Std. ", "time", 60.0),
        ("분", "time", 1.0),
        ("[초]", "time", 1 / 60),
        ("시간", "time", 60.0),
        ("CM", "size", 10.0),
        ("M", "size", 1000.0),
        ("인치", "size", 25.4),
        ('"', "size", 25.4),
        ("Zoll", "size", 25.4),
        ("t", "mass", 1e6),
        ("m²", "area", 1e6),
        ("cm3", "volume", 1000.0),
        ("Stück", "count", 1.0),
        ("min/Stück", "time", 1.0),
        ("H/1000 pcs", "time", 0.06),
        ("분/개", "time", 1.0),
        ("yard", "size", 914.4),
        ("us", "time", 1 / 60e6),
    ],
)
def test_a_unit_is_known_by_its_words_or_by_pint(text: str, measures: str, factor: float) -> None:
    unit = find_unit(text)
    assert unit is not None
    assert unit.measures == measures
    assert unit.factor == pytest.approx(factor)


@pytest.mark.parametrize("text", ["", "xx", "N/A", "12", "nan", "min/h", "kN", "a" * 200, "1e9999", "m**m**m"])
def test_what_is_no_unit_is_none(text: str) -> None:
    assert find_unit(text) is None


def test_sizes_of_all_units_of_length_compare_in_mm() -> None:
    assert [mm_per_unit(unit) for unit in ("MM", "CM", "m", '"', None, "?", "HR")] == [1, 10, 1000, 25.4, 1, 1, 1]
    assert [tidy_unit(unit) for unit in ("inches", "″", "cm", None)] == ["INCH", "INCH", "CM", ""]


@pytest.mark.parametrize(
    ("text", "unit"),
    [("horas", "H"), ("小时", "H"), ("minuti", "MIN"), ("secondes", "SEC"), ("jours", "DAY"), ("pulgadas", "INCH")],
)
def test_units_of_further_languages_are_known(text: str, unit: str) -> None:
    found = find_unit(text)
    assert found is not None
    assert found.name == unit
