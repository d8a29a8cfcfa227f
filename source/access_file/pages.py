"""Pages of an Access file: its format, header, and which pages belong to a table."""

from __future__ import annotations

import contextlib
import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt

from common.errors import DataProblem
from source.source import vanished

Positions = npt.NDArray[np.int64]

DATA_PAGE, DEFINITION_PAGE, USAGE_PAGE = 0x01, 0x02, 0x05
_HEADER_KEY: Final = bytes((0xC7, 0xDA, 0x39, 0x6B))
_HEADER_START: Final = 0x18
_CODE_PAGE, _PAGE_KEY = 0x3C, 0x3E
_OLDEST_WITH_OFFICE_ENCRYPTION: Final = 2
_KEPT_PAGES: Final = 4096


@dataclass(frozen=True)
class Layout:
    """Where things stand in pages of a format; bytes.

    Attributes:
        page: length of a page.
        wide: whether row counters have two bytes (since Access 2000) or one (Access 97).
        rows: number of rows in a data page; their offsets follow.
        definition: positions in a table's definition: rows, variable columns, columns, real indexes, usage map, end of the fixed part.
        index_entry: length of an entry for each real index.
        column: positions in a column's entry: number, place among the variable ones, precision, flags, further flags, offset, length.
        column_entry: length of a column's entry.
    """

    page: int
    wide: bool
    rows: int
    definition: tuple[int, int, int, int, int, int]
    index_entry: int
    column: tuple[int, int, int, int, int | None, int, int]
    column_entry: int


_ACCESS_97: Final = Layout(2048, False, 8, (12, 23, 25, 31, 35, 43), 8, (1, 3, 9, 13, None, 14, 16), 18)
_SINCE_2000: Final = Layout(4096, True, 12, (16, 43, 45, 51, 55, 63), 12, (5, 7, 11, 15, 16, 21, 23), 25)


def rc4(key: bytes, text: bytes) -> bytes:
    """RC4, with which every Access file hides its header."""
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) & 0xFF
        state[i], state[j] = state[j], state[i]
    out = bytearray()
    i = j = 0
    for byte in text:
        i = (i + 1) & 0xFF
        j = (j + state[i]) & 0xFF
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) & 0xFF])
    return bytes(out)


class Pages:
    """An Access file. It is open only while something is read: Access and renames meet no locked file.

    Attributes:
        layout: of its format.
        encoding: of texts in a file of Access 97; "" where texts are Unicode.
        count: pages of the file.

    Raises:
        DataProblem: it is missing, cannot be read, or is encrypted.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None
        self._kept: dict[int, bytes] = {}
        self._noted: dict[int, str] | None = None
        head = self.at(0, _SINCE_2000.page)
        version = head[0x14]
        self.layout = _ACCESS_97 if version == 0 else _SINCE_2000
        self.count = path.stat().st_size // self.layout.page
        hidden = 126 if version == 0 else 128
        header = head[:_HEADER_START] + rc4(_HEADER_KEY, head[_HEADER_START : _HEADER_START + hidden])
        self._refuse_encrypted(header, version)
        self.encoding = "" if version else _codec(struct.unpack_from("<H", header, _CODE_PAGE)[0])

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """Keeps the file open for what is read within."""
        if self._file is not None:
            yield
            return
        try:
            self._file = open(self.path, "rb")  # noqa: SIM115 - closed below
        except FileNotFoundError as error:
            raise vanished(self.path, error) from None
        except OSError as error:
            raise locked(self.path, error) from None
        try:
            yield
        finally:
            self._file.close()
            self._file = None
            self._kept.clear()

    def at(self, start: int, length: int) -> bytes:
        """Bytes by their place in the file; fewer than `length` where it ends."""
        with self.open():
            assert self._file is not None
            try:
                self._file.seek(start)
                return self._file.read(length)
            except OSError as error:
                raise (locked if self.path.exists() else vanished)(self.path, error) from None

    def _refuse_encrypted(self, header: bytes, version: int) -> None:
        if any(header[_PAGE_KEY : _PAGE_KEY + 4]):
            how = "encrypted with a password" if version >= _OLDEST_WITH_OFFICE_ENCRYPTION else "encoded"
            raise DataProblem(
                f"{self.path} is {how}: save a copy without it (Access: File, Info, Decrypt Database), or import its tables into a new "
                "file",
                reason="SOURCE_PROTECTED",
                details={"path": self.path},
            )

    def page(self, number: int) -> bytes:
        """The bytes of a page.

        Raises:
            DataProblem: the file ends before it.
        """
        known = self._kept.get(number)
        if known is None:
            known = self.at(number * self.layout.page, self.layout.page)
            if len(known) < self.layout.page:
                raise damaged(self.path, f"page {number:,} lies behind its end, it has {self.count:,}")
            if self._file is not None:
                if len(self._kept) >= _KEPT_PAGES:
                    self._kept.clear()
                self._kept[number] = known
        if self._noted is not None and number not in self._noted:
            self._noted[number] = hash_of_page(known)
        return known

    @contextlib.contextmanager
    def noting(self) -> Iterator[dict[int, str]]:
        """Collects which single pages are read within, and hashes of their bytes."""
        noted: dict[int, str] = {}
        self._noted = noted
        try:
            yield noted
        finally:
            self._noted = None

    def together(self, numbers: Positions) -> bytes:
        """The bytes of several pages, one after the other; neighbours are read at once.

        Raises:
            DataProblem: the file ends before one of them.
        """
        size = self.layout.page
        breaks = np.flatnonzero(np.diff(numbers) != 1) + 1
        read = b"".join(self.at(int(run[0]) * size, len(run) * size) for run in np.split(numbers, breaks) if len(run))
        if len(read) < len(numbers) * size:
            raise damaged(self.path, f"page {int(numbers.max()):,} lies behind its end, it has {self.count:,}")
        return read

    def row(self, pointer: int) -> bytes:
        """The bytes of a row by its pointer: the page in the upper three bytes, the row's number in the lowest."""
        page, number = self.page(pointer >> 8), pointer & 0xFF
        at = self.layout.rows + 2 + 2 * number
        start = struct.unpack_from("<H", page, at)[0] & 0x1FFF
        end = self.layout.page if number == 0 else struct.unpack_from("<H", page, at - 2)[0] & 0x1FFF
        return page[start:end]

    def pages_of_map(self, pointer: int) -> Positions:
        """Numbers of the pages that a usage map names, ascending."""
        usage = self.row(pointer)
        if len(usage) < 5:
            raise damaged(self.path, "what tells which pages a table has is too short")
        if usage[:1] == b"\0":
            first = struct.unpack_from("<I", usage, 1)[0]
            return _set_bits(usage[5:]) + int(first)
        found = []
        span = (self.layout.page - 4) * 8
        for place in range((len(usage) - 1) // 4):
            number = struct.unpack_from("<I", usage, 1 + 4 * place)[0]
            if number:
                page = self.page(number)
                if page[0] != USAGE_PAGE:
                    raise damaged(self.path, f"page {number:,} should tell which pages a table has, and does not")
                found.append(_set_bits(page[4:]) + place * span)
        return np.concatenate(found) if found else np.zeros(0, np.int64)


def hash_of_page(page: bytes) -> str:
    """By which a page is known."""
    return hashlib.blake2b(page, digest_size=16).hexdigest()


def _set_bits(bitmap: bytes) -> Positions:
    bits = np.unpackbits(np.frombuffer(bitmap, np.uint8), bitorder="little")
    places: Positions = np.flatnonzero(bits).astype(np.int64)
    return places


def _codec(code_page: int) -> str:
    """Python's name of a Windows code page; Western where the file names none that is known."""
    name = f"cp{code_page}"
    try:
        "".encode(name)
    except LookupError:
        return "cp1252"
    return name if code_page else "cp1252"


def locked(path: Path, error: Exception) -> DataProblem:
    """The error of a file that cannot be opened."""
    said = getattr(error, "strerror", None) or str(error)
    return DataProblem(
        f"{path} cannot be read ({said}): another program may have it open exclusively, or this account lacks the right",
        reason="SOURCE_LOCKED",
        details={"path": path},
    )


def damaged(path: Path, because: str) -> DataProblem:
    """The error of a database that is cut off or corrupt."""
    return DataProblem(
        f"{path} is damaged ({because}). Copy it again completely, or repair it in Access (Compact and Repair)",
        reason="SOURCE_DAMAGED",
        details={"path": path},
    )
