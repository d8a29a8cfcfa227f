"""CSV tables of a source."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from source.csv_table import CsvTable

SEEDS: Final = (
    b"ITEM_CD,OUTDIAMETER,INSRT_DT\nA-1,12.5,2024-01-02\nA-2,,2024-01-03 08:30:00\n",
    "품목코드;외경\r\n슬리브-1;1,5\r\n".encode("cp949"),
    "ITEM_CD\tA\nx\t1\n".encode("utf-16"),
    b'\xef\xbb\xbfITEM_CD,"A ""b"""\n"x\ny",-\n',
    b"a,b,c\n1,2\n1,2,3,4\n",
)
_FILE: Final = Path(tempfile.mkdtemp(prefix="routing-ml-fuzzing-")) / "table.csv"


def read(data: bytes) -> None:
    """Read its columns, its length and all its rows."""
    _FILE.unlink(missing_ok=True)
    _FILE.write_bytes(data)
    table = CsvTable(_FILE)
    names = [column.name for column in table.columns()]
    table.count()
    for frame in table.frames(names, 100):
        frame.height  # noqa: B018 - frames are made as they are asked for
