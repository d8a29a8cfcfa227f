"""Texts that hold a number and its unit: `1h 30m`, `12 Min.`, `1 1/2"`, `Ø30`, `2,5 cm`."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

import polars as pl

from plant.units import SIZE, TIME, find_unit

_AMOUNT: Final = r"(?:\d+\s+\d+\s*/\s*\d+|\d+\s*-\s*\d+/\d+|\d+\s*/\s*\d+|\d+(?:[.,]\d+)?)"
_PART: Final = re.compile(rf"\s*({_AMOUNT})\s*([^\d\s.,;/-][^\d\s,;-]*)?\s*[,;]?")
_SIGN: Final = re.compile(r"^[øØ⌀φΦ∅]\s*")
_SHORT: Final = {"m": "min", "시": "시간"}
"""Units that mean something else beside times than alone."""
_FRACTION: Final = {"½": " 1/2", "¼": " 1/4", "¾": " 3/4", "⅛": " 1/8", "⅜": " 3/8", "⅝": " 5/8", "⅞": " 7/8"}


def read_texts(texts: pl.Series, measures: str) -> pl.Series:
    """Each text as minutes (`measures` time) or mm (size); null where it is none. Without a unit a number is minutes or mm."""
    known = {text: number_of(text, measures) for text in texts.drop_nulls().unique()}
    return pl.Series(texts.name, [None if text is None else known[text] for text in texts], dtype=pl.Float64)


def says_units(texts: pl.Series, measures: str) -> bool:
    """Whether all texts are numbers of a kind, and some of them say their unit."""
    values = texts.drop_nulls().unique()
    some = values.head(50)
    if not len(values) or any(number_of(text, measures) is None for text in some):
        return False
    if not any(_says_unit(text) for text in some):
        return False
    return all(number_of(text, measures) is not None for text in values)


def _says_unit(text: str) -> bool:
    plain = _plain(text)
    return bool(_SIGN.match(plain)) or bool(re.search(r"[^\d\s.,/+-]", plain))


@lru_cache(maxsize=50_000)
def number_of(text: str, measures: str) -> float | None:
    """One text as minutes or mm; None when it is none: `1h 30m` 90, `1 1/2"` 38.1, `Ø30` 30."""
    plain = _plain(text)
    if measures == SIZE:
        plain = _SIGN.sub("", plain)
    total, at, parts = 0.0, 0, 0
    while at < len(plain):
        part = _PART.match(plain, at)
        if part is None or part.end() == at:
            return None
        amount, unit = _amount(part[1]), _factor(part[2], measures)
        if amount is None or unit is None or (parts and part[2] is None):
            return None
        total, at, parts = total + amount * unit, part.end(), parts + 1
    return total if parts and (parts == 1 or measures == TIME) else None


def _plain(text: str) -> str:
    for sign, written in _FRACTION.items():
        text = text.replace(sign, written)
    return unicodedata.normalize("NFKC", text.replace("″", '"')).strip()


def _amount(text: str) -> float | None:
    whole, _, fraction = text.replace("-", " ").strip().rpartition(" ") if "/" in text else ("", "", text)
    if "/" not in text:
        return float(text.replace(",", "."))
    over, under = (float(each) for each in fraction.split("/"))
    return float(whole or 0) + over / under if under else None


def _factor(text: str | None, measures: str) -> float | None:
    if text is None:
        return 1.0
    spelled = text.strip().rstrip(".").casefold()
    unit = find_unit(_SHORT.get(spelled, spelled) if measures == TIME else spelled)
    return unit.factor if unit is not None and unit.measures == measures else None
