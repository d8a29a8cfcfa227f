"""Loading the monolith's versions as they are: their pickles are read by attributes, nothing of scikit-learn or of the monolith
needs to be installed, and their folder is never written.

What makes serving fast (the mapped index, the item code index) is derived once into a folder of the state, keyed by the version's
name and the hash of its searcher.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from common.errors import DataProblem, PreconditionFailed
from common.files import temporary_name
from common.logs import get_logger
from trained.artifacts import Manifest
from trained.index.engine import Engine, open_index
from trained.index.engine_faiss import FaissEngine
from trained.item_codes import ItemCodeIndex
from trained.older.legacy_parts import read_encoding
from trained.older.legacy_searcher import read_searcher
from trained.searchable_model import SearchableModel, weight_profiles_of

log = get_logger(__name__)

REQUIRED: Final = ("similarity_engine", "encoder", "scaler", "feature_columns")
OPTIONAL: Final = ("training_metadata.json", "feature_weights.joblib", "feature_weights.json", "active_features.json")
DEFAULT_EF_SEARCH: Final = 256
"""The monolith searched its graphs wide; none of its versions has a measured recall curve."""


def load_legacy(
    folder: Path, manifest: Manifest, derived: Path | None, version_name: str, threads: int
) -> SearchableModel:
    """Load a version of the monolith.

    Args:
        derived: where derived files may be written; None, or one that cannot be written: they stay in memory.

    Raises:
        PreconditionFailed: an artifact that is required is not in the manifest (all such are named).
        DataProblem: an artifact is damaged, or of a kind that no lineage had.
    """
    missing = [name for name in REQUIRED if name not in manifest.artifacts]
    if missing:
        raise PreconditionFailed(
            f"Version {version_name} lacks {', '.join(f'{name}.joblib' for name in missing)}: a version needs "
            f"{', '.join(f'{name}.joblib' for name in REQUIRED)}. Restore what is missing from a backup and write the "
            "manifest again, or train again",
            reason="ARTIFACT_MISSING",
            details={"missing": ", ".join(missing)},
        )
    encoding, notes = read_encoding(folder, manifest)
    engine, codes = _open_searcher(folder, manifest, derived, version_name, threads)
    if engine.dimension != encoding.dimension:
        raise DataProblem(
            f"The scaler of version {version_name} has {encoding.dimension} columns, its index {engine.dimension} "
            "dimensions: the files come from different trainings; restore them from one backup, or train again"
        )
    return SearchableModel(
        version_name,
        engine,
        codes,
        encoding,
        int(manifest.metadata.get("default_ef_search", DEFAULT_EF_SEARCH)),
        None,
        weight_profiles_of(manifest, folder),
        metadata=manifest.metadata,
        notes=[*notes, *_unlisted(folder, manifest)],
    )


def _unlisted(folder: Path, manifest: Manifest) -> list[str]:
    """What is said of optional files that lie in the folder and are not in the manifest."""
    listed = {artifact.path for artifact in manifest.artifacts.values()}
    found = [path for path in OPTIONAL if path not in listed and (folder / path).is_file()]
    if not found:
        return []
    return [
        f"not read, because the manifest does not list it: {', '.join(found)}; `routing-ml models check --force` writes it again"
    ]


def _open_searcher(
    folder: Path, manifest: Manifest, derived: Path | None, version_name: str, threads: int
) -> tuple[Engine, ItemCodeIndex]:
    artifact = manifest.artifacts["similarity_engine"]
    path = artifact.file(folder)
    place = derived / f"{_safe(version_name)}-{artifact.sha256[:16]}" if derived else None
    if place is not None and not place.is_dir():
        engine, codes = read_searcher(path, threads)
        try:
            _derive(place, engine, codes)
        except OSError as error:
            log.warning(
                "derived files cannot be written: the index stays in memory", folder=str(place), error=str(error)
            )
            return engine, ItemCodeIndex.of(codes)
        engine.close()
    if place is None:
        engine, codes = read_searcher(path, threads)
        return engine, ItemCodeIndex.of(codes)
    index = place / "index.faiss"
    return open_index("faiss", index, 0, threads=threads), ItemCodeIndex.open(place)


def _derive(place: Path, engine: FaissEngine, codes: Sequence[str]) -> None:
    """Write the mapped files under a temporary name; another process that is as far may win."""
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_name(place)
    temporary.mkdir()
    try:
        engine.save(temporary / "index.faiss")
        ItemCodeIndex.write(temporary, codes)
        temporary.rename(place)
    except OSError:
        if not place.is_dir():
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _safe(name: str) -> str:
    """A version's name as part of a folder name."""
    return "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in name)[:60] or "version"
