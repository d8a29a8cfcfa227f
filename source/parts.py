"""Parts of a table that a source tells apart: equal fingerprints mean equal rows, so that a part read before need not be read again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl


class StoredPart(Protocol):
    """Some rows of a stored table.

    Attributes:
        fingerprint: changes whenever the rows, their order or their columns may have changed, but for what `beyond` tells.
    """

    fingerprint: str

    def frames(self, columns: Sequence[str], batch_rows: int) -> Iterator[pl.DataFrame]:
        """The named stored columns in frames of at most `batch_rows` rows."""

    def beyond(self) -> str | None:
        """After `frames` has ended: what the rows depend on beyond the fingerprint ("": nothing); None where the part has changed
        while it was read, so that its rows must not be taken for those of the fingerprint."""

    def still(self, beyond: str) -> bool:
        """Whether what `beyond` told of an earlier reading of the same fingerprint is the same now."""


@dataclass(frozen=True)
class Whole:
    """Why a table can only be read whole.

    Attributes:
        reason: for people, continues `is read whole: `.
    """

    reason: str


@dataclass(frozen=True)
class Part:
    """Some rows of a table as canonical frames.

    Attributes:
        key: names the rows in the columns and types that were asked for.
        frames: makes the frames, given the number of the first row (from 1, for errors).
        beyond, still: as `StoredPart`.
    """

    key: str
    frames: Callable[[int], Iterator[pl.DataFrame]]
    beyond: Callable[[], str | None]
    still: Callable[[str], bool]
