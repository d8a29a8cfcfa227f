"""`python -m benchmarks.engines [--items 30000]`: recall, time and processor time of a search by each index engine that is here.

The vectors are those of a generated catalogue by the features alone. pgvector is measured on the server of ROUTING_ML_VECTORS_URL, else on
one of the package pgserver where it is installed. The last line is JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import psutil

from benchmarks.catalogues import catalogue
from tests.support.postgresql import postgresql_server, vector_programs
from trained.encoder import BlockEncoder
from trained.encoding.dictionary_columns import DictionaryColumn
from trained.index.engine import ENGINES, Engine, build_index, index_file_name, open_index
from trained.index.recall import exact_truth, measure

WIDTHS = (64, 128, 256)
TIMED = 500


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines", description=__doc__)
    parser.add_argument("--items", type=int, default=30_000, help="items of the catalogue")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="routing-ml-engines-") as temporary, vectors_database():
        folder = Path(temporary)
        items = pl.read_parquet(catalogue(folder, options.items) / "items.parquet")
        columns = {name: DictionaryColumn.of(items[name].to_list()) for name in items.columns}
        encoder = BlockEncoder.fit(columns)
        vectors = encoder.transform({name: columns[name] for name in encoder.reads})
        found = {name: figures(name, vectors, folder) for name in ENGINES if is_here(name)}
    print(json.dumps({"items": len(vectors), "dimension": vectors.shape[1], "engines": found}), flush=True)
    return 0


@contextlib.contextmanager
def vectors_database() -> Iterator[None]:
    """Name a database of vectors in the environment for the while, where there is none and can be one."""
    if os.environ.get("ROUTING_ML_VECTORS_URL") or vector_programs() is None:
        yield
        return
    with postgresql_server(vector_programs()) as url:
        os.environ["ROUTING_ML_VECTORS_URL"] = f"{url}/postgres"
        try:
            yield
        finally:
            del os.environ["ROUTING_ML_VECTORS_URL"]


def is_here(name: str) -> bool:
    """Whether an engine can be used."""
    if name == "pgvector":
        return bool(os.environ.get("ROUTING_ML_VECTORS_URL"))
    return importlib.util.find_spec(name) is not None


def figures(name: str, vectors: Any, folder: Path) -> dict[str, Any]:
    """What is measured of one engine."""
    began = time.perf_counter()
    built = build_index(name, vectors)
    seconds = time.perf_counter() - began
    path = folder / index_file_name(name)
    built.save(path)
    built.close()
    engine = open_index(name, path, vectors.shape[1])
    curve = measure(engine, vectors, WIDTHS, truth=exact_truth(vectors))
    processor = processor_ms(engine, vectors)
    engine.close()
    print(f"{name}: built in {seconds:.1f} s", flush=True)
    return {
        "build_s": round(seconds, 1),
        "file_mb": round(path.stat().st_size / 1e6, 1),
        "processor_ms": round(processor, 3),
        "recall_at_50": {point.ef_search: round(point.recall, 4) for point in curve},
        "latency_ms": {point.ef_search: round(point.latency_ms, 3) for point in curve},
    }


def processor_ms(engine: Engine, vectors: Any) -> float:
    """Processor time of one search, of this process and of the database's."""
    chosen = np.random.default_rng(5).integers(0, len(vectors), TIMED)
    engine.search(vectors[:1], 50, WIDTHS[1])
    watched = [psutil.Process(), *postgresql_processes()]
    before = sum(map(used, watched))
    for row in chosen.tolist():
        engine.search(vectors[row : row + 1], 50, WIDTHS[1])
    return (sum(map(used, watched)) - before) / TIMED * 1000.0


def postgresql_processes() -> list[psutil.Process]:
    """Processes of PostgreSQL on this machine."""
    return [one for one in psutil.process_iter(["name"]) if one.info["name"] == "postgres"]


def used(process: psutil.Process) -> float:
    """Processor seconds of a process."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


if __name__ == "__main__":
    sys.exit(main())
