"""The baseline of training: only builds the index, with the parameters and vectors of a trained version. Prints seconds as JSON."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import faiss
import numpy as np

from trained.version_loading import load_version


def main() -> None:
    """Take the vectors out of a version, build the same index from them, say how long the building took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", type=Path)
    parser.add_argument("--m", type=int, required=True)
    parser.add_argument("--ef-construction", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    model = load_version(options.version, options.version / "manifest.json", options.version)
    vectors = np.ascontiguousarray(model.vectors(np.arange(model.items)), np.float32)
    faiss.omp_set_num_threads(options.threads)
    index = faiss.IndexHNSWFlat(vectors.shape[1], options.m, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = options.ef_construction
    started = time.perf_counter()
    index.add(vectors)
    print(json.dumps({"seconds": time.perf_counter() - started, "dimension": vectors.shape[1]}))


if __name__ == "__main__":
    main()
