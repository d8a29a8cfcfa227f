"""What the pickles of a version hold, as plain values, so that no process that serves ever opens one.

A locked-down process reads them once; the result is kept in a folder of the state, keyed by the version's name and by the files'
hashes. The version's own folder is never written.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from common.errors import DataProblem, PreconditionFailed
from common.files import temporary_name, write_text, writing
from common.locked_process import PIECE, run_locked
from common.logs import get_logger
from common.patience import IDLE_SECONDS
from trained.artifacts import Manifest
from trained.artifacts.json_files import parsed, read_json_object
from trained.item_codes import ItemCodeIndex
from trained.older.model_reading import LEGACY, NATIVE

log = get_logger(__name__)

FORM: Final = "routing-ml/plain-version@1"
FACTS: Final = "facts.json"
INDEX: Final = "index.faiss"
FILES: Final = {
    NATIVE: ("encoder", "similarity_engine", "feature_columns"),
    LEGACY: (
        "similarity_engine",
        "encoder",
        "scaler",
        "feature_columns",
        "feature_weights",
        "feature_weights_state",
        "active_features",
    ),
}
"""Artifacts that are read in the locked-down process, where a version has them."""

REQUIRED: Final = {NATIVE: ("encoder",), LEGACY: ("similarity_engine", "encoder", "scaler", "feature_columns")}
"""Those without which a version cannot be read."""

CPU_SECONDS: Final = 900
"""Seconds of a core that reading may take."""
LEAST_MEMORY: Final = 4 * 1024**3
MEMORY_A_BYTE: Final = 32


@dataclass(frozen=True)
class PlainVersion:
    """What was read.

    Attributes:
        facts: plain values, see `trained.older.model_reading`.
        folder: where index and item codes lie; None: they are in memory.
        codes, index: item codes by position and the bytes of the index, where `folder` is None.
    """

    facts: dict[str, Any]
    folder: Path | None
    codes: Sequence[str] = ()
    index: bytes = b""


def plain_version(
    folder: Path, manifest: Manifest, derived: Path | None, version_name: str, lineage: str, threads: int
) -> PlainVersion:
    """What the pickles of a version hold: as it was kept, or read now.

    Args:
        folder: the version's; its files have been compared with the manifest.
        derived: where results are kept; None, or one that cannot be written: they stay in memory.
        lineage: NATIVE or LEGACY.

    Raises:
        PreconditionFailed: an artifact that is required is not in the manifest (all such are named), or a file was changed meanwhile.
        DataProblem: a file is damaged, of a kind that no lineage had, or made to harm.
    """
    missing = [name for name in REQUIRED[lineage] if name not in manifest.artifacts]
    if missing:
        raise PreconditionFailed(
            f"Version {version_name} lacks {', '.join(f'{name}.joblib' for name in missing)}: a version needs "
            f"{', '.join(f'{name}.joblib' for name in REQUIRED[lineage])}. Restore what is missing from a backup and write the "
            "manifest again, or train again",
            reason="ARTIFACT_MISSING",
            details={"missing": ", ".join(missing)},
        )
    place = derived / f"plain-{_safe(version_name)}-{_key(manifest, lineage)}" if derived else None
    kept = _kept(place) if place else None
    if kept is not None:
        return kept
    made = _read(folder, manifest, version_name, lineage, threads)
    if place is None:
        return made
    try:
        _keep(place, made)
    except OSError as error:
        log.warning("what was read of a version cannot be kept", folder=str(place), error=str(error))
        return made
    return PlainVersion(made.facts, place)


def _key(manifest: Manifest, lineage: str) -> str:
    listed = [f"{name}={manifest.artifacts[name].sha256}" for name in FILES[lineage] if name in manifest.artifacts]
    return hashlib.sha256("\n".join([FORM, *listed]).encode()).hexdigest()[:24]


def _kept(place: Path) -> PlainVersion | None:
    if not place.is_dir():
        return None
    try:
        document = read_json_object(place / FACTS)
        if document["form"] == FORM:
            return PlainVersion(document["facts"], place)
    except (DataProblem, KeyError) as error:
        log.warning("what was kept of a version cannot be used and is read again", folder=str(place), error=str(error))
    shutil.rmtree(place, ignore_errors=True)
    return None


def _keep(place: Path, made: PlainVersion) -> None:
    """Write it under a temporary name; another process that is as far may win."""
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_name(place)
    temporary.mkdir()
    try:
        write_text(temporary / FACTS, json.dumps({"form": FORM, "facts": made.facts}, ensure_ascii=False))
        if made.index:
            with writing(temporary / INDEX) as stream:
                stream.write(made.index)
            ItemCodeIndex.write(temporary, made.codes)
        temporary.rename(place)
    except OSError:
        if not place.is_dir():
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _read(folder: Path, manifest: Manifest, version_name: str, lineage: str, threads: int) -> PlainVersion:
    contents = []
    for name in FILES[lineage]:
        artifact = manifest.artifacts.get(name)
        if artifact is None:
            continue
        path = artifact.file(folder)
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != artifact.sha256:
            raise PreconditionFailed(f"{path} was changed while it was read: try again", reason="HASH_MISMATCH")
        contents.append((name, path, data))
    listed = {"files": [[name, str(path), len(data)] for name, path, data in contents]}

    def given() -> Iterator[bytes]:
        yield json.dumps(listed).encode("ascii") + b"\n"
        for _name, _path, data in contents:
            yield data

    memory = LEAST_MEMORY + MEMORY_A_BYTE * sum(len(data) for _name, _path, data in contents)
    arguments = [lineage, str(memory), str(CPU_SECONDS), str(max(1, threads))]
    answer, index = run_locked("trained.older.model_reading", arguments, given(), _answer, IDLE_SECONDS)
    if "problem" in answer:
        said = answer["problem"]
        raise DataProblem(str(said["message"]), reason=str(said["reason"]), details=dict(said["details"]))
    log.info("what a version's pickles hold was read", model_version=version_name, lineage=lineage)
    return PlainVersion(answer["facts"], None, answer["codes"], index)


def _answer(stream: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    answer = parsed(stream.readline())
    if not isinstance(answer, dict):
        raise ValueError("no JSON object")
    if "problem" in answer:
        return answer, b""
    pieces, left = [], int(answer["index"])
    while left > 0 and (piece := stream.read(min(PIECE, left))):
        pieces.append(piece)
        left -= len(piece)
    if left or not isinstance(answer["facts"], dict) or not all(isinstance(code, str) for code in answer["codes"]):
        raise ValueError("an answer that is cut off")
    return answer, b"".join(pieces)


def _safe(name: str) -> str:
    """A version's name as part of a folder name."""
    return "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in name)[:60] or "version"
