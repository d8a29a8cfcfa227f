"""The features that describe an item, what counts as absent, and sizes in millimetres."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MM_PER_INCH: Final = 25.4

ABSENT: Final = ""
"""Stands for every way in which a source says that a text is absent."""

_ABSENT_WORDS: Final = frozenset({"", "nan", "null", "none", "-", "--"})
_INCH_WORDS: Final = frozenset({"IN", "INC", "INCH", "INCHES", '"', "''", "″", "”", "＂"})


class FeatureKind(StrEnum):
    """How values of a feature compare."""

    NUMERIC = "numeric"
    """A size: by ratio, in mm; 0 and below are absent."""
    FLAG = "flag"
    """A number that is a choice, such as a direction of rotation: equal or not; 0 is a value."""
    CATEGORY = "category"
    """A code or a name: equal or not."""
    TEXT = "text"
    """Free text with many distinct values: by common parts."""
    IDENTITY = "identity"
    """The item's own code: says nothing about similarity."""


@dataclass(frozen=True)
class Feature:
    """One feature of an item.

    Attributes:
        name: internal name, the column of the item view.
        kind: how its values compare.
        weight: the plant's weight of it, >= 0.
        active: whether the plant lets it take part.
        unit_from: feature that holds the unit of a size; None where there is none.
    """

    name: str
    kind: FeatureKind
    weight: float
    active: bool = True
    unit_from: str | None = None


_C, _T, _N = FeatureKind.CATEGORY, FeatureKind.TEXT, FeatureKind.NUMERIC

FEATURES: Final[tuple[Feature, ...]] = (
    Feature("ITEM_CD", FeatureKind.IDENTITY, 0.3, active=False),
    Feature("PART_TYPE", _C, 2.2),
    Feature("PartNm", _C, 0.4, active=False),
    Feature("ITEM_SUFFIX", _C, 0.3, active=False),
    Feature("ITEM_SPEC", _T, 1.1),
    Feature("ITEM_NM", _T, 0.4, active=False),
    Feature("ADDITIONAL_SPEC", _T, 0.4, active=False),
    Feature("ITEM_MATERIAL", _C, 2.0),
    Feature("MATERIAL_DESC", _C, 0.7),
    Feature("ITEM_ACCT", _C, 0.6),
    Feature("ITEM_TYPE", _C, 2.2),
    Feature("ITEM_UNIT", _C, 0.6),
    Feature("ITEM_GRP1", _C, 1.5),
    Feature("ITEM_GRP1NM", _C, 0.7),
    Feature("STANDARD_YN", _C, 1.5),
    Feature("GROUP1", _C, 1.6),
    Feature("GROUP2", _C, 1.5),
    Feature("GROUP3", _C, 1.0),
    Feature("DRAW_NO", _T, 0.8),
    Feature("DRAW_REV", _C, 0.7),
    Feature("DRAW_SHEET_NO", _C, 0.3, active=False),
    Feature("DRAW_USE", _C, 0.3, active=False),
    Feature("ITEM_NM_ENG", _T, 0.4, active=False),
    Feature("OUTDIAMETER", _N, 2.5, unit_from="OUTDIAMETER_UNIT"),
    Feature("INDIAMETER", _N, 2.5, unit_from="OUTDIAMETER_UNIT"),
    Feature("OUTTHICKNESS", _N, 2.2, unit_from="OUTDIAMETER_UNIT"),
    Feature("OUTDIAMETER_UNIT", _C, 1.0),
    Feature("ROTATE_CLOCKWISE", FeatureKind.FLAG, 1.3),
    Feature("ROTATE_CTRCLOCKWISE", FeatureKind.FLAG, 1.3),
    Feature("SealTypeGrup", _C, 3.0),
    Feature("IN_SEALTYPE_CD", _C, 2.5),
    Feature("IN_SEALSIZE", _N, 1.8, unit_from="IN_SEALSIZE_UOM"),
    Feature("IN_SEALSIZE_UOM", _C, 0.6),
    Feature("MID_SEALTYPE_CD", _C, 2.5),
    Feature("MID_SEALSIZE", _N, 1.8, unit_from="MID_SEALSIZE_UOM"),
    Feature("MID_SEALSIZE_UOM", _C, 0.6),
    Feature("OUT_SEALTYPE_CD", _C, 2.5),
    Feature("OUT_SEALSIZE", _N, 1.8, unit_from="OUT_SEALSIZE_UOM"),
    Feature("OUT_SEALSIZE_UOM", _C, 0.6),
    Feature("RAW_MATL_KIND", _C, 2.3),
    Feature("RAW_MATL_KINDNM", _C, 0.7),
)
"""The plant's 41 features in the order of the item view, with the plant's weights."""

FEATURE_BY_NAME: Final[dict[str, Feature]] = {feature.name: feature for feature in FEATURES}
UNIT_FEATURES: Final = frozenset(feature.unit_from for feature in FEATURES if feature.unit_from)

DEFAULT_WEIGHTS: Final[dict[str, float]] = {feature.name: feature.weight for feature in FEATURES}
DEFAULT_ACTIVE: Final[dict[str, bool]] = {feature.name: feature.active for feature in FEATURES}


def is_absent(text: str | None) -> bool:
    """Whether a text says that there is no value: null, "", nan, null, None, - or --, blanks around it ignored."""
    return text is None or text.strip().lower() in _ABSENT_WORDS


def tidy_text(value: object) -> str:
    """A value as the text that is compared: outer blanks gone, inner ones single, absence as ABSENT; 11.0 reads as 11."""
    if value is None:
        return ABSENT
    if isinstance(value, float):
        if not math.isfinite(value):
            return ABSENT
        return str(int(value)) if value.is_integer() else repr(value)
    text = " ".join(str(value).split())
    return ABSENT if text.lower() in _ABSENT_WORDS else text


def tidy_unit(value: object) -> str:
    """A unit in its one spelling: `INCH` for all inches, capitals otherwise, ABSENT where there is none."""
    text = tidy_text(value).upper()
    return "INCH" if text in _INCH_WORDS else text


def mm_per_unit(value: object) -> float:
    """Millimetres in one unit: 25.4 for inches, 1 for everything else (the plant measures in mm)."""
    return MM_PER_INCH if tidy_unit(value) == "INCH" else 1.0


def number_of(value: object) -> float:
    """A value as a number, NaN where it is absent or no number."""
    if value is None:
        return math.nan
    if isinstance(value, (int, float)):
        return float(value) if math.isfinite(value) else math.nan
    text = str(value).strip()
    if text.lower() in _ABSENT_WORDS:
        return math.nan
    try:
        number = float(text)
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan
