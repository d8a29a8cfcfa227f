"""Items as numbers that members read: dense columns (choices, numbers, numbers within texts) and the parts of their texts.

Fitted on the items that have a routing; immutable; evaluated with NumPy alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from methods.feature_table import ABSENT, ColumnKind, FeatureColumn, FeatureTable
from methods.text_parts import MOST_NUMBERS, numbers_in, parts_of_text

Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

MOST_VALUES: Final = 300
"""Values of a category that are told apart; the rarer ones count as one, so that a tree's inputs stay within memory."""
MOST_PARTS: Final = 20_000
"""Parts of texts that are told apart, those in most items; bounds memory, not precision (rarer ones hardly recur)."""
TEXT_SHARE: Final = 0.5
"""A category with more distinct values than this share of the items is a name: its parts count too."""


@dataclass(frozen=True)
class DenseColumn:
    """One dense column.

    Attributes:
        feature: the feature it is read from.
        kind: is (1 where the feature has `value`), other (any value that no column is about), number, in_text (a number of the text at
            `place`), count (how many numbers), least, most (of them).
        value: see kind.
        place: see kind.
    """

    feature: str
    kind: str
    value: str = ""
    place: int = 0


@dataclass(frozen=True)
class Described:
    """Described items.

    Attributes:
        dense: float32 (n, columns); NaN where a number is absent.
        part_offsets, parts, counts: the parts of item i are [part_offsets[i], part_offsets[i + 1]) of the next two.
    """

    dense: Floats32
    part_offsets: Integers
    parts: npt.NDArray[np.int32]
    counts: Floats32

    def __len__(self) -> int:
        return len(self.dense)

    def of(self, items: Integers) -> Described:
        """Some of the items."""
        lengths = np.diff(self.part_offsets)[items]
        ends = np.cumsum(lengths)
        places = np.repeat(self.part_offsets[items] - (ends - lengths), lengths) + np.arange(int(lengths.sum()))
        return Described(
            self.dense[items], np.concatenate(([0], ends)).astype(np.int64), self.parts[places], self.counts[places]
        )


class ItemDescription:
    """Turns feature tables into numbers."""

    def __init__(self, columns: Sequence[DenseColumn], texts: Sequence[str], parts: Sequence[str]) -> None:
        """Args:
        columns: dense columns.
        texts: features whose parts count.
        parts: the parts that are told apart, by number.
        """
        self.columns, self.texts, self.parts = tuple(columns), tuple(texts), tuple(parts)
        self._part = {part: number for number, part in enumerate(parts)}

    @classmethod
    def fit(cls, table: FeatureTable) -> ItemDescription:
        """What can be told of items like these; columns that say the same of all of them, or what another says, are left out."""
        columns: list[DenseColumn] = []
        texts: dict[bytes, str] = {}
        for column in table.columns:
            if column.kind is ColumnKind.NUMBER:
                columns.append(DenseColumn(column.name, "number"))
                continue
            codes = _codes(column)
            counts = np.bincount(codes, minlength=len(column.values))
            present = [place for place in np.argsort(-counts, kind="stable").tolist() if counts[place]]
            if len(present) < 2:
                continue
            name_like = column.kind is ColumnKind.TEXT or len(present) > TEXT_SHARE * table.items
            if column.kind is ColumnKind.CATEGORY:
                told = [place for place in present if counts[place] > 1][:MOST_VALUES]
                columns += [DenseColumn(column.name, "is", column.values[place]) for place in told]
                columns.append(DenseColumn(column.name, "other"))
            if name_like:
                seen = "\x00".join(column.values[place] for place in codes.tolist()).encode("utf-8", "surrogatepass")
                if seen in texts:
                    continue
                texts[seen] = column.name
                columns += [DenseColumn(column.name, "in_text", place=place) for place in range(MOST_NUMBERS)]
                columns += [DenseColumn(column.name, kind) for kind in ("count", "least", "most")]
        chosen = list(texts.values())
        made = cls(columns, chosen, _frequent_parts(table, chosen))
        return cls(_telling(made.describe(table).dense, columns), chosen, made.parts)

    def describe(self, table: FeatureTable) -> Described:
        """Items as numbers; features that the table lacks count as absent."""
        by_name = {column.name: column for column in table.columns}
        dense = np.full((table.items, len(self.columns)), np.nan, np.float32)
        told: dict[str, set[str]] = {}
        for one in self.columns:
            if one.kind == "is":
                told.setdefault(one.feature, set()).add(one.value)
        numbers: dict[str, Floats32] = {}
        for place, one in enumerate(self.columns):
            column = by_name.get(one.feature)
            if one.kind == "number":
                if column is not None and column.numbers is not None:
                    dense[:, place] = _finite(column.numbers)
            elif one.kind in ("is", "other"):
                dense[:, place] = _matches(column, table.items, one, told.get(one.feature, set()))
            elif column is not None and column.codes is not None:
                if one.feature not in numbers:
                    numbers[one.feature] = _numbers_of(column)
                dense[:, place] = _of_numbers(numbers[one.feature], one)[column.codes]
        return Described(dense, *self._parts_of(by_name, table.items))

    def _parts_of(
        self, by_name: Mapping[str, FeatureColumn], items: int
    ) -> tuple[Integers, npt.NDArray[np.int32], Floats32]:
        columns = [by_name[name] for name in self.texts if name in by_name and by_name[name].codes is not None]
        known: list[list[tuple[int, int]]] = []
        rows: list[npt.NDArray[np.int32]] = []
        for column in columns:
            start = len(known)
            needed = np.unique(_codes(column)).tolist()
            moved = np.full(len(column.values) + 1, -1, np.int32)
            for place in needed:
                moved[place] = len(known)
                known.append(self._numbered(column.values[place]))
            rows.append(moved[_codes(column)])
            assert start <= len(known)
        offsets, parts, counts = [0], [], []
        for item in range(items):
            whole: dict[int, int] = {}
            for row in rows:
                for number, count in known[row[item]]:
                    whole[number] = whole.get(number, 0) + count
            parts += list(whole)
            counts += list(whole.values())
            offsets.append(len(parts))
        return np.array(offsets, np.int64), np.array(parts, np.int32), np.array(counts, np.float32)

    def _numbered(self, text: str) -> list[tuple[int, int]]:
        found = Counter(parts_of_text(text))
        return [(self._part[part], count) for part, count in found.items() if part in self._part]

    def to_parts(self) -> dict[str, npt.NDArray[Any]]:
        """Arrays from which `from_parts` makes the description again."""
        facts = {
            "columns": [[one.feature, one.kind, one.value, one.place] for one in self.columns],
            "texts": self.texts,
            "parts": self.parts,
        }
        text = json.dumps(facts, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return {"facts": np.frombuffer(text, np.uint8)}

    @classmethod
    def from_parts(cls, parts: Mapping[str, npt.NDArray[Any]]) -> ItemDescription:
        """The description of such arrays."""
        facts = json.loads(parts["facts"].tobytes().decode("utf-8", "surrogatepass"))
        return cls([DenseColumn(*one) for one in facts["columns"]], facts["texts"], facts["parts"])


def _codes(column: FeatureColumn) -> npt.NDArray[np.int32]:
    assert column.codes is not None
    return column.codes


def _finite(numbers: npt.NDArray[np.float64]) -> Floats32:
    most = float(np.finfo(np.float32).max)
    return np.clip(np.where(np.isfinite(numbers), numbers, np.nan), -most, most).astype(np.float32)


def _matches(column: FeatureColumn | None, items: int, one: DenseColumn, told: set[str]) -> npt.NDArray[np.bool_]:
    if column is None or column.codes is None:
        return np.full(items, one.value == ABSENT if one.kind == "is" else ABSENT not in told)
    if one.kind == "is":
        table = np.fromiter((value == one.value for value in column.values), np.bool_, len(column.values))
    else:
        table = np.fromiter((value not in told for value in column.values), np.bool_, len(column.values))
    found: npt.NDArray[np.bool_] = table[column.codes]
    return found


def _numbers_of(column: FeatureColumn) -> Floats32:
    """Numbers of each distinct text, float32 (values, MOST_NUMBERS), NaN where there are no more."""
    table = np.full((len(column.values), MOST_NUMBERS), np.nan)
    for place in np.unique(_codes(column)).tolist():
        found = numbers_in(column.values[place])
        table[place, : len(found)] = found
    return _finite(table)


def _of_numbers(numbers: Floats32, one: DenseColumn) -> Floats32:
    if one.kind == "in_text":
        found: Floats32 = numbers[:, one.place]
        return found
    present = ~np.isnan(numbers)
    if one.kind == "count":
        count: Floats32 = present.sum(axis=1).astype(np.float32)
        return count
    fill = np.float32(np.inf if one.kind == "least" else -np.inf)
    filled = np.where(present, numbers, fill)
    made = filled.min(axis=1) if one.kind == "least" else filled.max(axis=1)
    return np.where(np.isfinite(made), made, np.float32(np.nan)).astype(np.float32)


def _frequent_parts(table: FeatureTable, texts: Sequence[str]) -> list[str]:
    """Parts of texts that at least two items have, those in most items first."""
    found: Counter[str] = Counter()
    for column in table.columns:
        if column.name not in texts:
            continue
        counts = np.bincount(_codes(column), minlength=len(column.values))
        for place in np.flatnonzero(counts).tolist():
            for part in set(parts_of_text(column.values[place])):
                found[part] += int(counts[place])
    repeated = [part for part, count in found.most_common(MOST_PARTS) if count >= 2]
    return sorted(repeated)


def _telling(dense: Floats32, columns: Sequence[DenseColumn]) -> list[DenseColumn]:
    """Columns that differ among the items, each difference once."""
    seen: set[bytes] = set()
    kept = []
    for place, one in enumerate(columns):
        values = dense[:, place]
        key = values.tobytes()
        if (
            len(values)
            and not np.all((values == values[0]) | (np.isnan(values) & np.isnan(values[0])))
            and key not in seen
        ):
            seen.add(key)
            kept.append(one)
    return kept
