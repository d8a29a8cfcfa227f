"""Columns to JSON rows, column by column: no object stands for a cell.

NumPy is not imported here, so that processes without arrays do not pay for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

import orjson

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Cells: TypeAlias = "Sequence[str | None] | Sequence[float | None] | Sequence[int | None] | npt.NDArray[np.generic]"
"""Values of a column: texts, or numbers, of which NaN is absent; None is absent in lists."""

_OPTIONS: Final = orjson.OPT_SERIALIZE_NUMPY


def row_members(columns: Iterable[tuple[str, Cells]], rows: int, json_lists: Collection[str] = ()) -> list[bytes]:
    """Each row as the members of a JSON object without its braces; absent values are null.

    Args:
        columns: names and values of the columns, in order.
        rows: how many there are.
        json_lists: text columns whose values are JSON already, an empty list where absent.
    """
    pattern, cells = [], []
    for column, values in columns:
        if column in json_lists:
            pattern.append(_member(column, False))
            cells.append([(value.encode() or b"null") if isinstance(value, str) else b"[]" for value in values])
            continue
        texts = _plain_texts(values)
        pattern.append(_member(column, texts is not None))
        cells.append(texts if texts is not None else _written(values))
    if not pattern:
        return [b""] * rows
    row = b",".join(pattern)
    return [row % values for values in zip(*cells, strict=True)]


@lru_cache(maxsize=1024)
def _member(column: str, quoted: bool) -> bytes:
    """Pattern of a member of an object."""
    return orjson.dumps(column).replace(b"%", b"%%") + (b':"%b"' if quoted else b":%b")


def _plain_texts(values: Cells) -> list[bytes] | None:
    """Texts as JSON without their quotes; None where there is anything else among them, or a quote of their own."""
    if not isinstance(values, list) or not values or not isinstance(values[0], str) or None in values:
        return None
    written = orjson.dumps(values)
    if b'\\"' in written:
        return None
    return written[2:-2].split(b'","')  # nothing but a text's end is a quote


def _written(values: Cells) -> list[bytes]:
    """Values as JSON."""
    if not len(values):
        return []
    if not isinstance(values, list):
        return orjson.dumps(_contiguous(values), option=_OPTIONS)[1:-1].split(b",")
    if any(isinstance(value, str) for value in values):
        return [orjson.dumps(value) for value in values]
    return orjson.dumps(values)[1:-1].split(b",")


def _contiguous(values: Cells) -> Cells:
    """An array whose values lie side by side, as orjson wants it; of double precision where they are no whole numbers."""
    kind, strides = values.dtype, values.strides  # type: ignore[union-attr]
    if kind == "float32":
        return values.astype("float64")  # type: ignore[union-attr]
    return values if strides == (kind.itemsize,) else values.copy()  # type: ignore[union-attr]
