"""Item codes of a catalogue or an index: which position an item has, whatever blanks and case its code is asked with.

Two memory-mapped parts: the codes as stored (an Arrow file) and the sorted 64-bit hashes of their keys. Nothing that grows with
the catalogue lives on the Python heap, so worker processes share all of it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from common.errors import DataProblem
from common.files import writing
from plant.item_keys import item_key
from trained.artifacts.array_files import map_array

COLUMN = "ITEM_CD"
FEW = 64
"""Codes up to which a look into the mapped text costs less than a call of Arrow."""
REMEMBERED: Final = 32_768
"""Codes whose positions an index remembers: neighbours are looked up again and again, those of alike items the same ones."""
ASKED_AGAIN: Final = 2_048
"""Codes of one call up to which they are remembered; larger calls go through a catalogue and would only push others out."""
LONGEST: Final = 64
"""Characters of a code up to which it is remembered: whoever asks for longer ones takes no memory."""
SUFFIXES = (".arrow", ".hash.npy", ".order.npy")


def key_hashes(keys: Iterable[str]) -> npt.NDArray[np.uint64]:
    """64-bit hashes of keys, the same in every process: the first 8 bytes of BLAKE2b, little-endian."""
    return np.frombuffer(b"".join(map(_digest, keys)), dtype="<u8").astype(np.uint64, copy=False)


def _digest(key: str) -> bytes:
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()


class ItemCodeIndex:
    """Codes by position and positions by code, mapped from files.

    Where several stored codes share a key, the first one is found.
    """

    def __init__(
        self,
        codes: pa.Array,
        hashes: npt.NDArray[np.uint64],
        order: npt.NDArray[np.int32],
        mapped: pa.MemoryMappedFile | None = None,
    ) -> None:
        """Args:
        codes: large_string array of the codes as stored, n.
        hashes: sorted hashes of their keys, n.
        order: position of the code behind each hash, ascending among equal hashes, n.
        mapped: the file behind `codes`, to close.
        """
        self._codes = codes
        self._hashes = hashes
        self._order = order
        self._mapped = mapped
        self._known: dict[str, int] = {}
        self._ascending: memoryview = hashes.data
        _validity, offsets, text = codes.buffers()
        start = codes.offset
        count = len(codes)
        self._offsets = (
            np.frombuffer(offsets, dtype=np.int64)[start : start + count + 1] if count else np.zeros(1, np.int64)
        )
        self._text = memoryview(text) if count and text is not None else memoryview(b"")

    @classmethod
    def write(cls, folder: Path, codes: pa.Array | pa.ChunkedArray | Sequence[str], prefix: str = "item_codes") -> None:
        """Write the files `<prefix>.arrow`, `<prefix>.hash.npy` and `<prefix>.order.npy` into `folder`.

        Args:
            codes: n codes as stored, in the order of their positions; null counts as "".

        Raises:
            OSError: the folder cannot be written.
        """
        if isinstance(codes, pa.ChunkedArray):
            codes = codes.combine_chunks()
        texts = [code or "" for code in (codes.to_pylist() if isinstance(codes, pa.Array) else codes)]
        table = pa.table({COLUMN: pa.array(texts, pa.large_string())})
        hashes = key_hashes(item_key(text) for text in texts)
        order = np.argsort(hashes, kind="stable").astype(np.int32)
        with writing(folder / f"{prefix}.arrow") as stream, pa.ipc.new_file(stream, table.schema) as writer:
            writer.write_table(table, max_chunksize=max(1, table.num_rows))
        with writing(folder / f"{prefix}.hash.npy") as stream:
            np.save(stream, hashes[order])
        with writing(folder / f"{prefix}.order.npy") as stream:
            np.save(stream, order)

    @classmethod
    def open(cls, folder: Path, prefix: str = "item_codes") -> ItemCodeIndex:
        """Map the files that `write` left in `folder`.

        Raises:
            DataProblem: a file is missing, damaged, or does not fit the others.
        """
        path = folder / f"{prefix}.arrow"
        try:
            mapped = pa.memory_map(str(path))
            column = pa.ipc.open_file(mapped).read_all().column(COLUMN)
            if column.type != pa.large_string() or column.null_count:
                raise ValueError(f"its column is {column.type} with {column.null_count} absent codes")
            codes = column.chunk(0) if column.num_chunks == 1 else pa.array(column.to_pylist(), pa.large_string())
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            raise DataProblem(
                f"The item codes in {path} cannot be read ({error}): restore the file or build it again",
                details={"path": path},
            ) from error
        hashes, order = (
            map_array(folder / f"{prefix}{suffix}", kind)
            for suffix, kind in zip(SUFFIXES[1:], (np.uint64, np.int32), strict=True)
        )
        if not len(codes) == len(hashes) == len(order):
            raise DataProblem(
                f"The item code files {prefix}.* in {folder} do not belong together "
                f"({len(codes)} codes, {len(hashes)} hashes, {len(order)} positions): build them again"
            )
        return cls(codes, hashes, order, mapped)

    @classmethod
    def of(cls, codes: Sequence[str]) -> ItemCodeIndex:
        """An index in memory, for a few thousand codes."""
        hashes = key_hashes(item_key(code) for code in codes)
        order = np.argsort(hashes, kind="stable").astype(np.int32)
        return cls(pa.array(codes, pa.large_string()), hashes[order], order)

    def check(self) -> None:
        """Compare every position and hash with the codes.

        Raises:
            DataProblem: some do not follow from the codes, so that look-ups would fail or find other items.
        """
        count, wrong = len(self._order), ""
        try:
            self._codes.validate(full=True)
        except pa.ArrowException as error:
            wrong = f"the codes are no texts: {error}"
        if not wrong and count and not (int(self._order.min()) >= 0 and int(self._order.max()) < count):
            wrong = (
                f"positions reach from {int(self._order.min())} to {int(self._order.max())}, there are {count} items"
            )
        if not wrong and not (np.bincount(self._order, minlength=count) == 1).all():
            wrong = "positions are missing, and others there twice"
        if not wrong:
            hashes = key_hashes(item_key(code) for code in self._codes.to_pylist())
            if not np.array_equal(hashes[self._order], self._hashes) or (self._hashes[1:] < self._hashes[:-1]).any():
                wrong = "the hashes are not those of the codes, or not in order"
        if wrong:
            raise DataProblem(
                f"The item code files of the version do not belong together ({wrong}): restore them from a backup, or train again",
                reason="ARTIFACT_DAMAGED",
            )

    def __len__(self) -> int:
        return len(self._order)

    @property
    def codes(self) -> pa.Array:
        """All codes as stored, a large_string array over the mapped file."""
        return self._codes

    def code(self, position: int) -> str:
        """The code as stored at a position.

        Raises:
            IndexError: there is no such position.
        """
        if not 0 <= position < len(self._order):
            raise IndexError(f"Position {position} of {len(self._order)} item codes")
        return str(self._text[self._offsets[position] : self._offsets[position + 1]], "utf-8")

    def codes_at(self, positions: npt.NDArray[np.integer]) -> list[str]:
        """The codes as stored at many positions (all within bounds), in their order."""
        if len(positions) < FEW:
            text = self._text
            starts, ends = self._offsets[positions].tolist(), self._offsets[positions + 1].tolist()
            return [str(text[start:end], "utf-8") for start, end in zip(starts, ends, strict=True)]
        return self._codes.take(pa.array(positions)).to_pylist()  # type: ignore[no-any-return]

    def sorted_hashes(self) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int32]]:
        """Hashes of all keys, ascending, and the position of the code behind each; views, not copies."""
        return self._hashes, self._order

    def find(self, code: str) -> int:
        """Position of an item by code, trimmed and in any case; -1 when it is unknown."""
        key = item_key(code)
        wanted = int.from_bytes(_digest(key), "little")
        return self._confirm(key, np.uint64(wanted), bisect_left(self._ascending, wanted))

    def find_many(self, codes: Sequence[str]) -> npt.NDArray[np.int32]:
        """Positions of many items by code, -1 where unknown; int32 parallel to `codes`."""
        if len(codes) <= ASKED_AGAIN:
            places = list(map(self._known.get, codes))
            if None in places:
                self._remember([code for code, place in zip(codes, places, strict=True) if place is None])
                places = list(map(self._known.get, codes))
            if None not in places:  # some may be too long, and another thread may have made room
                return np.array(places, np.int32)
        distinct = list(dict.fromkeys(codes))
        found = self._find_distinct(distinct)
        if len(distinct) == len(codes):
            return found
        position_of = dict(zip(distinct, found.tolist(), strict=True))
        return np.fromiter(map(position_of.__getitem__, codes), np.int32, len(codes))

    def _remember(self, codes: Sequence[str]) -> None:
        """Look codes up and keep where they are."""
        distinct = list(dict.fromkeys(code for code in codes if len(code) <= LONGEST))
        found = self._find_distinct(distinct).tolist()
        if len(self._known) + len(distinct) > REMEMBERED:
            self._known = {}
        self._known.update(zip(distinct, found, strict=True))

    def _find_distinct(self, codes: Sequence[str]) -> npt.NDArray[np.int32]:
        """`find_many` of codes that are all different."""
        found = np.full(len(codes), -1, np.int32)
        if not len(self._order):
            return found
        keys = [item_key(code) for code in codes]
        hashes = key_hashes(keys)
        places = self._hashes.searchsorted(hashes)
        likely = np.flatnonzero(self._hashes[np.minimum(places, len(self._order) - 1)] == hashes)
        found[likely] = self._order[places[likely]]
        for row, stored in zip(likely.tolist(), self.codes_at(found[likely]), strict=True):
            if stored != codes[row] and item_key(stored) != keys[row]:
                found[row] = self._confirm(keys[row], hashes[row], int(places[row]) + 1)
        return found

    def _confirm(self, key: str, wanted: np.uint64, place: int) -> int:
        """The position whose key really is `key` among those with its hash, from `place` on; -1 when none is."""
        count = len(self._order)
        while place < count and self._hashes[place] == wanted:
            position = int(self._order[place])
            if item_key(self.code(position)) == key:
                return position
            place += 1
        return -1

    def close(self) -> None:
        """Let go of the files; the index cannot be used afterwards."""
        self._known = {}
        self._ascending = np.zeros(0, np.uint64).data
        empty = pa.array([], pa.large_string())
        self._codes, self._text = empty, memoryview(b"")
        self._hashes, self._order = np.zeros(0, np.uint64), np.zeros(0, np.int32)
        self._offsets = np.zeros(1, np.int64)
        if self._mapped is not None:
            self._mapped.close()
            self._mapped = None
