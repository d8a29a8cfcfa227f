"""Serving the monolith's versions as they are: nothing of scikit-learn or of the monolith needs to be installed, and their folder is
never written.

What their pickles hold is read once, see `trained.plain_version`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from common.errors import DataProblem
from trained.artifacts import Manifest
from trained.index.engine import Engine, open_index
from trained.index.engine_faiss import FaissEngine, engine_from_bytes
from trained.item_codes import ItemCodeIndex
from trained.older.legacy_encoding import LegacyEncoding
from trained.older.model_reading import LEGACY
from trained.plain_version import INDEX, PlainVersion, plain_version
from trained.searchable_model import SearchableModel
from trained.version_loading import weight_profiles_of

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
    plain = plain_version(folder, manifest, derived, version_name, LEGACY, threads)
    try:
        encoding = LegacyEncoding.from_state(plain.facts["encoding"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataProblem(
            f"What was kept of version {version_name} cannot be used ({error}): delete {plain.folder}"
        ) from error
    engine, codes = _open_searcher(plain, threads)
    return SearchableModel(
        version_name,
        engine,
        codes,
        encoding,
        int(manifest.metadata.get("default_ef_search", DEFAULT_EF_SEARCH)),
        None,
        weight_profiles_of(manifest, folder),
        metadata=manifest.metadata,
        notes=[*plain.facts.get("notes", ()), *_unlisted(folder, manifest)],
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


def _open_searcher(plain: PlainVersion, threads: int) -> tuple[Engine, ItemCodeIndex]:
    if plain.folder is not None:
        return open_index("faiss", plain.folder / INDEX, 0, threads=threads), ItemCodeIndex.open(plain.folder)
    engine = engine_from_bytes(plain.index, threads)
    assert isinstance(engine, FaissEngine)  # the reader made it so
    return engine, ItemCodeIndex.of(plain.codes)
