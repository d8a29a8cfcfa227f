"""Lists of item codes: pasted, as text, as tables."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from cli.predicting.item_list import read_item_list
from trained.item_codes import ItemCodeIndex

SUFFIXES: Final = (".txt", ".csv", ".tsv", ".parquet")
SEEDS: Final = (
    b"0A-1\nA-2\n\na-1 \n",
    b"1ITEM_CD,x\nA-1,2\nA-2,3\n",
    "1품목코드;x\n슬리브;2\n".encode("cp949"),
    b"2\xff\xfe" + "a\tb\n".encode("utf-16-le"),
    b'1"a""b\n',
    b"3PAR1PAR1",
)
_FOLDER: Final = Path(tempfile.mkdtemp(prefix="routing-ml-fuzzing-"))


def read(data: bytes) -> None:
    """Read a list, its kind by the first byte, and look its items up."""
    path = _FOLDER / f"codes{SUFFIXES[data[0] % len(SUFFIXES) if data else 0]}"
    path.unlink(missing_ok=True)
    path.write_bytes(data[1:])
    codes = read_item_list(str(path)).codes
    found = ItemCodeIndex.of(codes).find_many(codes)
    assert (found >= 0).all()
