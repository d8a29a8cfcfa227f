"""What makes a generated catalogue as hard as the plant's: many families and operations with a long tail, and the item master
as people fill it in.

Everything here follows from the seed and touches nothing of what `make_catalogue.py` makes without its options. The rates are
those of the real plant's column statistics (321,305 items).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

PRACTICE_SEED = 20250618
"""Families, operations and rules are the same whatever the seed of the items."""
MOST_FAMILIES, MOST_OPERATIONS = 400, 300
LATIN = "BCDEFGHJK"

UNITS = {"": 0.5637, "MM": 0.4029, "mm": 0.0205, "INCH": 0.0113, "D": 0.0012, "inch": 0.0004}
"""Share of each spelling of OUTDIAMETER_UNIT; where there is none the size is missing too (see ABSENT)."""
SEAL_UNITS = {"INCH": 0.6855, "MM": 0.3034, "KZ": 0.0109, "mm": 0.0001, "inch": 0.0001}
"""Share of each spelling of IN_SEALSIZE_UOM where there is one."""
ABSENT = {
    "ITEM_SPEC": 0.2931,
    "ADDITIONAL_SPEC": 0.2152,
    "MATERIAL_DESC": 0.0036,
    "ITEM_TYPE": 0.1408,
    "ITEM_GRP1NM": 0.0651,
    "STANDARD_YN": 0.0010,
    "GROUP1": 0.1074,
    "GROUP2": 0.0862,
    "GROUP3": 0.9906,
    "DRAW_NO": 0.2400,
    "DRAW_REV": 0.5226,
    "DRAW_SHEET_NO": 0.0614,
    "DRAW_USE": 1.0,
    "ITEM_NM_ENG": 1.0,
    "OUTDIAMETER": 0.5635,
    "SealTypeGrup": 0.8419,
    "IN_SEALTYPE_CD": 0.3883,
    "MID_SEALTYPE_CD": 0.9998,
    "OUT_SEALTYPE_CD": 0.8520,
    "RAW_MATL_KIND": 0.9697,
    "RAW_MATL_KINDNM": 0.9697,
}
"""Share of the items for which a column says nothing: null, "" or the text "nan". Sizes are 0 then."""
SAID_AS_NAN = 0.2
"""Share of the absent texts that are the text "nan"."""
TYPING_ERRORS = 0.0023
"""Share of cells that are typed wrongly: of STANDARD_YN so many are neither Y nor N."""

SIZES = ("OUTDIAMETER", "INDIAMETER", "OUTTHICKNESS")
SEAL_SIZES = {"IN_SEALSIZE": "IN_SEALSIZE_UOM", "MID_SEALSIZE": "MID_SEALSIZE_UOM", "OUT_SEALSIZE": "OUT_SEALSIZE_UOM"}
TYPED = (
    "ITEM_CD",
    "PartNm",
    "ITEM_SPEC",
    "ITEM_MATERIAL",
    "ITEM_TYPE",
    "STANDARD_YN",
    "GROUP1",
    "GROUP2",
    "IN_SEALTYPE_CD",
)
"""Texts that people type."""
INCH_WORDS = ("INCH", "inch")
OLDEST, NEWEST = 2010, 2026
SLOWER_A_YEAR = 1.02
"""Run times entered a year earlier are so much longer."""
CHANGED_FAMILIES = 0.6
"""Share of the families in which one operation replaced another at some time."""


class Rule(NamedTuple):
    """When an item needs one of the rarer operations.

    Attributes:
        job: number of the operation.
        rank: where it stands among the others.
        families: numbers of the families that may need it.
        feature: material, seal, od or standard, with the values (or the least value) that ask for it.
        values: of the feature.
    """

    job: int
    rank: float
    families: np.ndarray
    feature: str
    values: tuple[float, ...]

    def needed(self, f: dict[str, np.ndarray]) -> np.ndarray:
        """Which items need it."""
        member = np.isin(f["family"], self.families)
        if self.feature == "od":
            return member & (f["od"] > self.values[0])
        if self.feature == "standard":
            return member & (f["standard"] == bool(self.values[0]))
        return member & np.isin(f[self.feature], self.values)


def more_families(names: list[str], korean: list[str], count: int) -> tuple[list[str], list[str]]:
    """The families and their variants (SLEEVE B, SLEEVE C, ...), `count` in all, the usual ones first."""
    if not len(names) <= count <= MOST_FAMILIES:
        raise SystemExit(f"--families {count}: between {len(names)} and {MOST_FAMILIES}")
    variants = [(f"{a} {letter}", f"{b} {letter}") for letter in LATIN for a, b in zip(names, korean, strict=True)]
    more = variants[: count - len(names)]
    return [*names, *(name for name, _ko in more)], [*korean, *(ko for _name, ko in more)]


def more_jobs(jobs: list[tuple], count: int) -> list[tuple]:
    """The operations and rarer ones behind them, `count` in all."""
    if not len(jobs) <= count <= MOST_OPERATIONS:
        raise SystemExit(f"--operations {count}: between {len(jobs)} and {MOST_OPERATIONS}")
    rng = np.random.default_rng(PRACTICE_SEED)
    made = list(jobs)
    for number in range(len(jobs), MOST_OPERATIONS):
        machines = tuple(f"SP{number:03d}-{k + 1:02d}" for k in range(int(rng.integers(1, 4))))
        inside = int(rng.random() < 0.8)
        setup, run = round(float(rng.uniform(4, 60)), 1), round(float(rng.lognormal(2.2, 0.7)), 1)
        made.append((f"P{number:03d}", f"특수 공정 {number}", machines, inside, setup * inside, run))
    return made[:count]


def rare_rules(first_job: int, jobs: int, families: int, materials: int, seals: int) -> list[Rule]:
    """A rule for each of the rarer operations: a few concern many families, most concern one to three."""
    rng = np.random.default_rng(PRACTICE_SEED + 1)
    rules = []
    for place, job in enumerate(range(first_job, jobs)):
        reach = max(1, min(families, round(families * 0.4 / (1 + place) ** 0.9)))
        members = rng.choice(families, min(families, reach + int(rng.integers(0, 3))), replace=False)
        feature = ("material", "seal", "od", "standard")[int(rng.integers(4))]
        values: tuple[float, ...]
        if feature == "material":
            values = tuple(float(v) for v in rng.choice(materials, int(rng.integers(2, 6)), replace=False))
        elif feature == "seal":
            values = tuple(float(v) for v in rng.choice(seals, int(rng.integers(1, 4)), replace=False))
        else:
            values = (float(np.round(np.exp(rng.uniform(3.4, 5.0)))),) if feature == "od" else (float(rng.integers(2)),)
        rules.append(Rule(job, round(float(rng.uniform(2, 19)), 2), members, feature, values))
    return rules


def as_it_was(
    plan: dict[str, np.ndarray], f: dict[str, np.ndarray], jobs: list[tuple], fixed: set[int]
) -> dict[str, np.ndarray]:
    """The plan as planners entered it in the year of the item: slower, and with the operations of that time.

    Args:
        fixed: numbers of operations that never were others.
    """
    rng = np.random.default_rng(PRACTICE_SEED + 2)
    item = plan["item"]
    year = f["created"].astype("datetime64[Y]").astype(int) + 1970
    ago = np.maximum(NEWEST - year[item], 0)
    job, run = plan["job"].copy(), np.round(plan["run"] * SLOWER_A_YEAR**ago, 3)
    for family in range(int(f["family"].max()) + 1):
        since, draw = int(rng.integers(OLDEST + 3, NEWEST - 2)), rng.random()
        before, which = int(rng.integers(len(jobs))), rng.random()
        members = f["family"][item] == family
        candidates = [j for j in np.unique(plan["job"][members]).tolist() if j not in fixed]
        if draw >= CHANGED_FAMILIES or before in fixed or not candidates:
            continue
        now = candidates[int(which * len(candidates))]
        job[members & (plan["job"] == now) & (year[item] < since)] = before
    return {**plan, "job": job, "run": run}


def in_mixed_units(items: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Sizes in the units and spellings of the plant; what is in inches is converted."""
    unit = _drawn(UNITS, items.height, rng)
    inches = np.isin(unit, INCH_WORDS)
    sizes = [_divided(items[name], inches) for name in SIZES]
    items = items.with_columns(*sizes, pl.Series("OUTDIAMETER_UNIT", unit))
    for size, holder in SEAL_SIZES.items():
        written = _drawn(SEAL_UNITS, items.height, rng)
        written = np.where(items[size].is_null().to_numpy(), "", written)
        items = items.with_columns(_divided(items[size], np.isin(written, INCH_WORDS)), pl.Series(holder, written))
    return items


def with_gaps(items: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Columns that say nothing as often as the plant's, some of it as the text "nan"; missing sizes are 0."""
    for name, share in ABSENT.items():
        draw, nan = rng.random(items.height), rng.random(items.height) < SAID_AS_NAN
        if name == "OUTDIAMETER":
            gone = pl.Series(draw < share)
            items = items.with_columns(pl.when(gone).then(0.0).otherwise(pl.col(size)).alias(size) for size in SIZES)
            items = items.with_columns(
                pl.when(gone).then(pl.lit("")).otherwise("OUTDIAMETER_UNIT").alias("OUTDIAMETER_UNIT")
            )
            continue
        absent = items[name].is_null().to_numpy()
        more = max(0.0, share - absent.mean()) / max(1e-9, 1 - absent.mean())
        gone = pl.Series(absent | (draw < more))
        words = pl.Series(np.where(nan, "nan", ""))
        items = items.with_columns(pl.when(gone).then(words).otherwise(pl.col(name)).alias(name))
    return items


def with_typing_errors(items: pl.DataFrame, rng: np.random.Generator) -> tuple[pl.DataFrame, dict[str, str]]:
    """Texts and sizes typed wrongly here and there; also the new code of each item whose code is written oddly.

    A code only gets blanks or small letters: it stays the same item.
    """
    codes: dict[str, str] = {}
    for name in TYPED:
        values = items[name].to_list()
        for row in np.flatnonzero(rng.random(items.height) < TYPING_ERRORS).tolist():
            if not values[row]:
                continue
            if name == "ITEM_CD":
                codes[values[row]] = (f" {values[row]}", values[row].lower(), f"{values[row]}\u3000")[
                    int(rng.integers(3))
                ]
                values[row] = codes[values[row]]
            else:
                values[row] = _mistyped(values[row], rng)
        items = items.with_columns(pl.Series(name, values, pl.String))
    for name in SIZES:
        sizes = items[name].to_numpy().copy()
        wrong = np.flatnonzero(rng.random(len(sizes)) < TYPING_ERRORS)
        sizes[wrong] = np.where(rng.random(len(wrong)) < 0.2, 9999.0, np.round(sizes[wrong] * 10.0, 3))
        items = items.with_columns(pl.Series(name, sizes).fill_nan(None))
    return items, codes


def _mistyped(text: str, rng: np.random.Generator) -> str:
    place, kind = int(rng.integers(max(1, len(text) - 1))), int(rng.integers(5))
    if kind == 0:
        return f" {text}"
    if kind == 1:
        return text.lower()
    if kind == 2:
        return text[:place] + text[place + 1 : place + 2] + text[place : place + 1] + text[place + 2 :]
    if kind == 3:
        return text[:place] + text[place : place + 1] + text[place:]
    return f"{text[: place + 1]}\u3000{text[place + 1 :]}"


def _drawn(shares: dict[str, float], count: int, rng: np.random.Generator) -> np.ndarray:
    weights = np.array(list(shares.values()))
    return np.array(list(shares))[rng.choice(len(shares), count, p=weights / weights.sum())]


def _divided(sizes: pl.Series, inches: np.ndarray) -> pl.Series:
    values = sizes.to_numpy().astype(np.float64)
    return pl.Series(sizes.name, np.where(inches, np.round(values / 25.4, 4), values)).fill_nan(None)
