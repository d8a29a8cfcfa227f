"""Run as a locked-down process: read what a version's pickles hold, and hand it back as plain values and an index's bytes.

`python -m trained.older.model_reading LINEAGE MEMORY SECONDS THREADS` reads from standard input one line of JSON
({"files": [[name, path, bytes], ...]}) and the files' bytes; it writes to standard output one line of JSON
({"facts": ..., "codes": [...], "index": bytes} or {"problem": ...}) and the index's bytes.
"""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from common.errors import DataProblem, ServiceError
from common.lock_down import lock_down
from trained.artifacts.unpickler import StoredFile, feature_columns, unpickled

NATIVE, LEGACY = "native", "legacy"
CODECS: Final = ("latin-1", "utf-8", "utf-8-sig", "ascii", "cp949", "raw-unicode-escape", "unicode-escape")
"""What reading may need and could no longer be imported."""


def read_native(files: Mapping[str, StoredFile]) -> tuple[dict[str, Any], list[str], bytes]:
    """Facts of a version that this software wrote: the encoder's state and what similarity_engine.joblib says."""
    facts: dict[str, Any] = {
        "features": feature_columns(files["feature_columns"]) if "feature_columns" in files else []
    }
    for name, part in (("encoder", "encoder"), ("similarity_engine", "searcher")):
        if part == "searcher" and name not in files:
            continue
        facts[part] = unpickled(files[name])
        try:
            json.dumps(facts[part], allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise DataProblem(
                f"{files[name].path} holds other than plain values ({error}): restore it from a backup, or train again",
                reason="ARTIFACT_DAMAGED",
            ) from None
    return facts, [], b""


def read_legacy(files: Mapping[str, StoredFile], threads: int) -> tuple[dict[str, Any], list[str], bytes]:
    """Facts, item codes and index of a version of the monolith."""
    from trained.older.legacy_parts import read_encoding
    from trained.older.legacy_searcher import read_searcher

    encoding, notes = read_encoding(files)
    engine, codes = read_searcher(files["similarity_engine"], threads)
    if engine.dimension != encoding.dimension:
        raise DataProblem(
            f"The scaler of the version has {encoding.dimension} columns, its index {engine.dimension} "
            "dimensions: the files come from different trainings; restore them from one backup, or train again"
        )
    features = feature_columns(files["feature_columns"])
    return {"features": features, "encoding": encoding.to_state(), "notes": notes}, codes, engine.to_bytes()


def main(lineage: str, memory: int, seconds: int, threads: int) -> None:
    """Lock down, read, answer."""
    if lineage == LEGACY:
        import trained.older.legacy_parts
        import trained.older.legacy_searcher  # noqa: F401
    for name in CODECS:
        codecs.lookup(name)
    lock_down(memory, seconds)
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    listed = json.loads(source.readline())["files"]
    files = {name: StoredFile(Path(path), source.read(size)) for name, path, size in listed}
    index = b""
    try:
        facts, codes, index = read_native(files) if lineage == NATIVE else read_legacy(files, threads)
        answer = json.dumps({"facts": facts, "codes": codes, "index": len(index)}, allow_nan=False)
    except ServiceError as error:
        index = b""
        answer = json.dumps({"problem": {"message": error.message, "reason": error.reason, "details": error.details}})
    except MemoryError:
        index = b""
        message = (
            "What the version's files would hold does not fit the memory that reading them may take: they are damaged"
        )
        answer = json.dumps({"problem": {"message": message, "reason": "ARTIFACT_DAMAGED", "details": {}}})
    sink.write(answer.encode("ascii") + b"\n")
    sink.write(index)
    sink.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
