"""The item master of a snapshot: every item once, sorted by code, with what the search over it needs."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aggregate_service.column_building import TableBuilder
from aggregate_service.column_files import write_array, write_numpy
from aggregate_service.findings import Findings
from common.errors import DataProblem
from common.notices import notice
from plant.item_keys import UNNAMED, item_key
from plant.schema import ITEM_CODE, ItemDisplay
from source.canonical import ABSENT_WORDS
from trained.item_codes import ItemCodeIndex


@dataclass(frozen=True)
class ItemOrder:
    """Which rows of the item table are kept, and in which order.

    Attributes:
        rows: int64 (items); rows read, sorted by item code.
        index: codes of the items in that order.
    """

    rows: npt.NDArray[np.int64]
    index: ItemCodeIndex


def order_items(table: TableBuilder, findings: Findings, name: str) -> ItemOrder:
    """Sort the items by code, the first of each code (trimmed, in any case) only.

    Args:
        name: the source's name of the table, for messages.

    Raises:
        DataProblem: the table holds no item.
    """
    column = table.text(ITEM_CODE)
    values = column.values
    keys = ["" if value is None else item_key(value) for value in values]
    by_key: dict[str, int] = {}
    repeated: list[str] = []
    blank = 0
    for row, code in enumerate(column.codes.tolist()):
        key = keys[code]
        if not key:
            blank += 1
        elif by_key.setdefault(key, row) != row:
            repeated.append(values[code] or "")
    if not by_key:
        raise DataProblem(
            f"{name} holds no item: check that the table is the item master and that its first column is filled",
            reason="EMPTY_TABLE",
            details={"table": name},
        )
    findings.add(
        blank,
        notice("ROWS_WITHOUT", "rows of {table} have no {column} and were left out", table=name, column=ITEM_CODE),
    )
    findings.add(
        len(repeated),
        notice(
            "ROWS_REPEAT_ITEM", "rows of {table} repeat an item code; the first row of each code counts", table=name
        ),
        repeated,
    )
    rows = np.array([by_key[key] for key in sorted(by_key)], np.int64)
    codes = column.codes[rows]
    return ItemOrder(rows, ItemCodeIndex.of([values[code] or "" for code in codes.tolist()]))


def folded(text: str) -> str:
    """Text as the search compares it: width, compatibility forms and case do not count."""
    return unicodedata.normalize("NFKC", text).casefold()


def absent(text: str | None) -> bool:
    """Whether a text says that there is none, as tables write that."""
    return text is None or text.strip().casefold() in ABSENT_WORDS


def searched_by_value(item: ItemDisplay) -> tuple[str, ...]:
    """Searched columns with few values: each value is compared once."""
    return tuple(filter(None, (item.name, item.material)))


def write_search(folder: Path, table: TableBuilder, order: ItemOrder, item: ItemDisplay) -> None:
    """Write what the search reads: items by group, family and code, their folded text, and the families.

    The group is the first level of the plant's hierarchy, the family what is left of it.

    Files: `search_text.arrow` (large_string: code, specification,
    drawing number), `search_items.npy` (int32, positions), `search_family.npy` (int32),
    `families.arrow` (struct of GROUP and FAMILY, labels).
    """
    groups = _labels(table, item.levels[:1], order.rows)
    families = _labels(table, item.levels[1:] or item.levels, order.rows)
    pairs = sorted(
        set(zip(groups, families, strict=True)),
        key=lambda pair: [(label is None, label or "") for label in pair],
    )
    number = {pair: place for place, pair in enumerate(pairs)}
    family = np.array([number[pair] for pair in zip(groups, families, strict=True)], np.int32)
    sequence = np.argsort(family, kind="stable").astype(np.int32)  # items are sorted by code already
    parts = [
        _folded_values(table, name, order.rows[sequence])
        for name in filter(None, (ITEM_CODE, item.specification, item.drawing))
    ]
    texts = ["\n".join(row) for row in zip(*parts, strict=True)]
    write_array(folder / "search_text.arrow", pa.array(texts, pa.large_string()))
    write_numpy(folder / "search_items.npy", sequence)
    write_numpy(folder / "search_family.npy", family[sequence])
    labels = [{"GROUP": group or UNNAMED, "FAMILY": member or UNNAMED} for group, member in pairs]
    kind = pa.struct([("GROUP", pa.large_string()), ("FAMILY", pa.large_string())])
    write_array(folder / "families.arrow", pa.array(labels, kind))


def _labels(table: TableBuilder, names: Sequence[str], rows: npt.NDArray[np.int64]) -> list[str | None]:
    """The values of levels, joined; None where none is present."""
    levels = []
    for name in names:
        column = table.text(name)
        values = [None if absent(value) else (value or "").strip() for value in column.values]
        levels.append([values[code] for code in column.codes[rows].tolist()])
    if len(levels) == 1:
        return levels[0]
    return (
        [" / ".join(filter(None, parts)) or None for parts in zip(*levels, strict=True)]
        if levels
        else [None] * len(rows)
    )


def _folded_values(table: TableBuilder, name: str, rows: npt.NDArray[np.int64]) -> list[str]:
    column = table.text(name)
    values = ["" if value is None else folded(value) for value in column.values]
    return [values[code] for code in column.codes[rows].tolist()]
