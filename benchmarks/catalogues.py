"""Generated catalogues of the plant's shape, made once and kept in the benchmarks' folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SEED = 11


def catalogue(work: Path, items: int) -> Path:
    """Folder of a Parquet catalogue with `items` items, generated when it is not there yet."""
    folder = work / f"catalogue-{items}"
    if not (folder / "truth.parquet").exists():
        subprocess.run(
            [
                sys.executable,
                ROOT / "demo" / "make_catalogue.py",
                "--items",
                str(items),
                "--seed",
                str(SEED),
                "--out",
                folder,
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return folder
