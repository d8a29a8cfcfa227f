"""Search over the item master by words, in part, ignoring case and width; and its hierarchy group > family > item."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import polars as pl

from aggregate_service.column_files import Column, TextColumn, map_array, map_numpy
from aggregate_service.item_build import folded, searched_by_value
from common.errors import InvalidInput
from plant.features import shown_value
from plant.schema import ITEM_CODE, ItemDisplay
from trained.item_codes import ItemCodeIndex

MOST_WORDS: Final = 32
SHOWN: Final = ("name", "specification", "material", "details")
"""Roles of the columns that say what an item is; in answers in capitals."""


@dataclass(frozen=True)
class Family:
    """A family with matches: label of its group, its own label, number of items that match."""

    group: str
    family: str
    items: int


@dataclass(frozen=True)
class FoundItems:
    """Items found, by group, family and code.

    Attributes:
        positions: int64; positions of the items of the page asked for.
        families: int32, parallel; the family of each, into `ItemSearch.labels`.
        matches: number of all items that match.
        counts: families that have matches, in order.
        first: position of the match with the lowest code; -1 when nothing matches.
    """

    positions: npt.NDArray[np.int64]
    families: npt.NDArray[np.int32]
    matches: int
    counts: list[Family]
    first: int


def parse_query(query: str) -> list[list[str]]:
    """Alternatives of words that must all match: `a b OR c` is [[a, b], [c]]; AND between words says nothing new.

    Raises:
        InvalidInput: too many words.
    """
    words = folded_words(query)
    if len(words) > MOST_WORDS:
        raise InvalidInput(f"The query has {len(words)} words; at most {MOST_WORDS} are searched at once")
    alternatives: list[list[str]] = [[]]
    for word, folded_word in words:
        if word in ("OR", "|"):
            alternatives.append([])
        elif word not in ("AND", "&"):
            alternatives[-1].append(folded_word)
    return [alternative for alternative in alternatives if alternative]


def folded_words(query: str) -> list[tuple[str, str]]:
    """Words of a query as typed and folded."""
    return [(word, folded(word)) for word in re.split(r"[\s\u3000]+", query) if word]


def _folded_values(column: TextColumn) -> pl.Series:
    """The dictionary of a column as the search compares it, parallel to its codes."""
    return pl.Series(["" if value is None else folded(value) for value in column.values.to_pylist()], dtype=pl.String)


def _contains(texts: pl.Series, word: str) -> npt.NDArray[np.bool_]:
    """Which texts hold a word. Polars compares with vector instructions: a third of Arrow's time."""
    found: npt.NDArray[np.bool_] = texts.str.contains(word, literal=True).to_numpy()
    return found


def _mask(places: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.bool_]:
    mask = np.zeros(count, bool)
    mask[places] = True
    return mask


class ItemSearch:
    """The search over one snapshot.

    Attributes:
        labels: label of the group and of the family of each family, in order.
    """

    def __init__(self, folder: Path, items: Mapping[str, Column], codes: ItemCodeIndex, display: ItemDisplay) -> None:
        self._texts = pl.Series(pl.from_arrow(map_array(folder / "search_text.arrow")))
        self._positions = cast(npt.NDArray[np.int32], map_numpy(folder / "search_items.npy"))
        self._family = cast(npt.NDArray[np.int32], map_numpy(folder / "search_family.npy"))
        self.labels: list[tuple[str, str]] = [
            (label["GROUP"], label["FAMILY"]) for label in map_array(folder / "families.arrow").to_pylist()
        ]
        self._items, self._codes, self._display = items, codes, display
        self._by_value = [
            column for name in searched_by_value(display) if isinstance(column := items.get(name), TextColumn)
        ]
        self._folded = [_folded_values(column) for column in self._by_value]

    def find(self, query: str, *, limit: int = 0, offset: int = 0, group: str = "", family: str = "") -> FoundItems:
        """Items that match a query.

        Args:
            query: see `parse_query`; "": every item.
            limit: most items of the page; 0: all.
            offset: items to skip.
            group: only items of the group with this label; "": any.
            family: only items of the family with this label; "": any.

        Raises:
            InvalidInput: too many words.
        """
        alternatives = parse_query(query)
        mask = self._match(alternatives) if alternatives else None
        if group or family:
            wanted = [(not group or g == group) and (not family or f == family) for g, f in self.labels]
            chosen = np.array(wanted, bool)[self._family]
            mask = chosen if mask is None else mask & chosen
        found = np.arange(len(self._positions)) if mask is None else np.flatnonzero(mask)
        members = self._family[found]
        page = found[offset : offset + limit if limit else None]
        counts = np.bincount(members, minlength=len(self.labels))
        return FoundItems(
            positions=self._positions[page].astype(np.int64),
            families=self._family[page],
            matches=len(found),
            counts=[Family(*self.labels[number], int(counts[number])) for number in np.flatnonzero(counts).tolist()],
            first=int(self._positions[found].min()) if len(found) else -1,
        )

    def _match(self, alternatives: list[list[str]]) -> npt.NDArray[np.bool_]:
        matched = np.zeros(len(self._texts), bool)
        for words in alternatives:
            matched |= self._match_all(words)
        return matched

    def _match_all(self, words: list[str]) -> npt.NDArray[np.bool_]:
        """Items with all words, each in any of the searched columns.

        Long words first; the text of the items is looked through only where the few-valued columns do not have the word already and all
        earlier words were found.
        """
        matched = np.ones(len(self._texts), bool)
        for word in sorted(words, key=len, reverse=True):
            known = self._match_values(word)
            open_places = np.flatnonzero(matched & ~known)
            matched &= known
            if len(open_places) > len(matched) // 2:
                matched |= _contains(self._texts, word) & _mask(open_places, len(matched))
            elif len(open_places):
                matched[open_places] = _contains(self._texts.gather(open_places), word)
        return matched

    def _match_values(self, word: str) -> npt.NDArray[np.bool_]:
        """Items that have a word in a few-valued column."""
        matched = np.zeros(len(self._positions), bool)
        for column, values in zip(self._by_value, self._folded, strict=True):
            holding = _contains(values, word)
            if holding.any():
                matched |= holding[column.codes]
        return matched[self._positions]

    def shown(self, positions: npt.NDArray[np.int64]) -> dict[str, list[str | None]]:
        """Code, name, specification, material and details of items."""
        columns: dict[str, list[str | None]] = {ITEM_CODE: list(self._codes.codes_at(positions))}
        for role in SHOWN:
            column = self._items.get(str(getattr(self._display, role)))
            values = [None] * len(positions) if column is None else column.take(positions)
            columns[role.upper()] = [shown_value(value) for value in values]
        return columns
