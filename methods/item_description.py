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
from methods.text_parts import MOST_NUMBERS

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
        codes: dict[str, dict[str, int]] = {}
        for place, one in enumerate(self.columns):
            column = by_name.get(one.feature)
            if one.kind == "number":
                if column is not None and column.numbers is not None:
                    dense[:, place] = _finite(column.numbers)
            elif one.kind in ("is", "other"):
                if one.feature not in codes:
                    codes[one.feature] = _code_of_values(column)
                dense[:, place] = _matches(column, codes[one.feature], one, told.get(one.feature, set()))
            elif column is not None and column.codes is not None:
                if one.feature not in numbers:
                    numbers[one.feature] = _numbers_of(column)
                dense[:, place] = _of_numbers(numbers[one.feature], one)
        return Described(dense, *self._parts_of(by_name, table.items))

    def _parts_of(
        self, by_name: Mapping[str, FeatureColumn], items: int
    ) -> tuple[Integers, npt.NDArray[np.int32], Floats32]:
        """Where each item's parts begin, the parts, ascending, and how often each occurs in all its texts."""
        cells, counts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        width = max(len(self.parts), 1)
        for column in (by_name[name] for name in self.texts if name in by_name and by_name[name].codes is not None):
            needed, own = np.unique(_codes(column), return_inverse=True)
            offsets, parts, often = column.read.parts(needed.astype(np.int64))
            known = column.read.known
            number = np.fromiter((self._part.get(part, -1) for part in known), np.int64, len(known))[parts]
            lengths = np.diff(offsets)[own]
            ends = np.cumsum(lengths)
            places = np.repeat(offsets[own] - (ends - lengths), lengths) + np.arange(int(lengths.sum()))
            item = np.repeat(np.arange(items), lengths)
            told = number[places] >= 0
            cells.append(item[told] * width + number[places][told])
            counts.append(often[places][told].astype(np.int64))
        found, place = np.unique(np.concatenate(cells), return_inverse=True)
        whole = np.bincount(place, np.concatenate(counts), len(found))
        starts = np.searchsorted(found, np.arange(items + 1) * width)
        return starts.astype(np.int64), (found % width).astype(np.int32), whole.astype(np.float32)

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


def _code_of_values(column: FeatureColumn | None) -> dict[str, int]:
    """Code of each text that an item has."""
    if column is None or column.codes is None:
        return {}
    return {column.values[code]: code for code in np.unique(column.codes).tolist()}


def _matches(
    column: FeatureColumn | None, codes: Mapping[str, int], one: DenseColumn, told: set[str]
) -> npt.NDArray[np.bool_] | bool:
    """Whether each item's text is the one that a column is about; one answer for all where the table lacks the feature."""
    if column is None or column.codes is None:
        return one.value == ABSENT if one.kind == "is" else ABSENT not in told
    if one.kind == "is":
        same: npt.NDArray[np.bool_] = column.codes == codes.get(one.value, -1)
        return same
    return np.isin(column.codes, [code for value, code in codes.items() if value not in told])


def _numbers_of(column: FeatureColumn) -> Floats32:
    """Numbers of each item's text, float32 (n, MOST_NUMBERS), NaN where there are no more."""
    needed, own = np.unique(_codes(column), return_inverse=True)
    made: Floats32 = _finite(column.read.numbers(needed.astype(np.int64)))[own]
    return made


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
    """Parts of texts that at least two items have; of more than MOST_PARTS those in most items."""
    found: Counter[str] = Counter()
    for column in table.columns:
        if column.name not in texts:
            continue
        needed, holders = np.unique(_codes(column), return_counts=True)
        offsets, parts, _often = column.read.parts(needed.astype(np.int64))
        items = np.bincount(parts, np.repeat(holders, np.diff(offsets)), len(column.read.known)).astype(np.int64)
        known = column.read.known
        for number in np.flatnonzero(items).tolist():
            found[known[number]] += int(items[number])
    repeated = [part for part, count in found.items() if count >= 2]
    return sorted(sorted(repeated, key=lambda part: (-found[part], part))[:MOST_PARTS])


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
