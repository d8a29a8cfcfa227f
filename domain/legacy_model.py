"""Loading the monolith's versions as they are: their pickles are read by attributes, nothing of scikit-learn or of the monolith
needs to be installed, and their folder is never written.

What makes serving fast (the mapped index, the item code index) is derived once into a folder of the state, keyed by the version's
name and the hash of its searcher.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from common.artifacts import Manifest, load_joblib, stand_in
from common.errors import DataProblem, PreconditionFailed
from common.files import temporary_name
from common.logs import get_logger
from domain.encoder_directions import scaled_to_unit
from domain.engine import Engine, open_index
from domain.engine_faiss import FaissEngine
from domain.item_codes import ItemCodeIndex
from domain.legacy_encoding import LegacyEncoding, ValueCodes, label_codes, ordinal_codes
from domain.searchable_model import SearchableModel, read_json_object, weight_profiles_of

log = get_logger(__name__)

REQUIRED: Final = ("similarity_engine", "encoder", "scaler", "feature_columns")
DEFAULT_EF_SEARCH: Final = 256
"""The monolith searched its graphs wide; none of its versions has a measured recall curve."""

HnswSearch = stand_in("HNSWSearch")
BruteForceSearch = stand_in("EfficientSimilaritySearch")
FaissIndex = stand_in("FaissIndex")
OrdinalEncoder = stand_in("OrdinalEncoder")
LabelEncoder = stand_in("LabelEncoder")
StandardScaler = stand_in("StandardScaler")

SEARCHER_CLASSES: Final = {
    "*.HNSWSearch": HnswSearch,
    "*.EfficientSimilaritySearch": BruteForceSearch,
    "faiss.swigfaiss*.Index*": FaissIndex,
}
ENCODER_CLASSES: Final = {
    "sklearn.preprocessing.*.OrdinalEncoder": OrdinalEncoder,
    "sklearn.preprocessing.*.LabelEncoder": LabelEncoder,
}
SCALER_CLASSES: Final = {"sklearn.preprocessing.*.StandardScaler": StandardScaler}


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
    encoding = _load_encoding(folder, manifest)
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
    )


def _load_encoding(folder: Path, manifest: Manifest) -> LegacyEncoding:
    features = [str(name) for name in load_joblib(manifest.artifacts["feature_columns"].file(folder))]
    encoder_file = manifest.artifacts["encoder"].file(folder)
    codes = _value_codes(load_joblib(encoder_file, ENCODER_CLASSES), encoder_file)
    scaler_file = manifest.artifacts["scaler"].file(folder)
    scaler = load_joblib(scaler_file, SCALER_CLASSES)
    if not isinstance(scaler, StandardScaler):
        raise _unusable(scaler_file, scaler, "a StandardScaler")
    state = vars(scaler)
    columns = _scaled_columns(state, features, scaler_file)
    return LegacyEncoding(
        list(dict.fromkeys([*features, *columns])),
        columns,
        codes,
        _weights(folder, manifest),
        _active(folder, manifest),
        _per_column(state.get("mean_"), len(columns), 0.0, scaler_file),
        _per_column(state.get("scale_"), len(columns), 1.0, scaler_file),
    )


def _value_codes(encoder: object, path: Path) -> ValueCodes:
    try:
        if isinstance(encoder, OrdinalEncoder):
            return ordinal_codes(encoder)
        if isinstance(encoder, dict) and all(isinstance(part, LabelEncoder) for part in encoder.values()):
            return label_codes(encoder)
    except (KeyError, AttributeError, TypeError, ValueError, IndexError) as error:
        raise DataProblem(
            f"{path} holds an encoder that was not fitted or lacks {error}: restore it from a backup, or train again",
            reason="ARTIFACT_DAMAGED",
            details={"path": path},
        ) from error
    raise _unusable(path, encoder, "an OrdinalEncoder or a dictionary of LabelEncoders")


def _scaled_columns(state: Mapping[str, Any], features: Sequence[str], path: Path) -> list[str]:
    named = state.get("feature_names_in_")
    if named is not None:
        return [str(name) for name in named]
    if state.get("n_features_in_", len(features)) == len(features):
        return list(features)  # fitted without names: on all feature columns in their order
    raise DataProblem(
        f"{path} does not name its {state.get('n_features_in_')} columns, and feature_columns.joblib has {len(features)}: "
        "which columns were constant cannot be told; train again",
        details={"path": path},
    )


def _per_column(values: Any, count: int, default: float, path: Path) -> npt.NDArray[np.float64]:
    if values is None:
        return np.full(count, default)
    array = np.asarray(values, np.float64)
    if array.shape != (count,):
        raise DataProblem(
            f"{path} has {array.size} values for {count} columns: restore it from a backup, or train again",
            reason="ARTIFACT_DAMAGED",
            details={"path": path},
        )
    return array


def _weights(folder: Path, manifest: Manifest) -> dict[str, float]:
    artifact = manifest.artifacts.get("feature_weights")
    if artifact is not None:
        return {str(name): float(weight) for name, weight in load_joblib(artifact.file(folder)).items()}
    state = manifest.artifacts.get("feature_weights_state")
    return dict(read_json_object(state.file(folder)).get("weights", {})) if state else {}


def _active(folder: Path, manifest: Manifest) -> dict[str, bool]:
    artifact = manifest.artifacts.get("active_features")
    return {str(name): bool(on) for name, on in read_json_object(artifact.file(folder)).items()} if artifact else {}


def _unusable(path: Path, found: object, wanted: str) -> DataProblem:
    return DataProblem(
        f"{path} holds {type(found).__name__}, not {wanted}: restore it from a backup, or train again",
        reason="ARTIFACT_UNUSABLE",
        details={"path": path},
    )


def _open_searcher(
    folder: Path, manifest: Manifest, derived: Path | None, version_name: str, threads: int
) -> tuple[Engine, ItemCodeIndex]:
    artifact = manifest.artifacts["similarity_engine"]
    path = artifact.file(folder)
    place = derived / f"{_safe(version_name)}-{artifact.sha256[:16]}" if derived else None
    if place is not None and not place.is_dir():
        engine, codes = _read_searcher(path, threads)
        try:
            _derive(place, engine, codes)
        except OSError as error:
            log.warning(
                "derived files cannot be written: the index stays in memory", folder=str(place), error=str(error)
            )
            return engine, ItemCodeIndex.of(codes)
        engine.close()
    if place is None:
        engine, codes = _read_searcher(path, threads)
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


def _read_searcher(path: Path, threads: int) -> tuple[FaissEngine, list[str]]:
    """The index and the item codes of a pickled searcher, in memory."""
    searcher = load_joblib(path, SEARCHER_CLASSES)
    if not isinstance(searcher, HnswSearch | BruteForceSearch):
        raise _unusable(path, searcher, "an HNSWSearch or an EfficientSimilaritySearch")
    state = vars(searcher)
    try:
        codes = [str(code) for code in state["item_codes"]]
        if isinstance(searcher, BruteForceSearch):
            vectors = np.asarray(state["vectors"], np.float32)
            engine = FaissEngine.flat(scaled_to_unit(vectors.reshape(len(codes), -1)))
        else:
            engine = FaissEngine.from_bytes(vars(state["index"])["this"], threads)
    except (KeyError, TypeError, ValueError) as error:
        raise DataProblem(
            f"{path} holds a {type(searcher).__name__} that cannot be used ({type(error).__name__}: {error}): restore it "
            "from a backup, or train again",
            reason="ARTIFACT_DAMAGED",
            details={"path": path},
        ) from error
    if len(codes) != engine.items:
        raise DataProblem(
            f"{path} has {len(codes)} item codes for {engine.items} vectors: restore it from a backup, or train again",
            reason="ARTIFACT_DAMAGED",
            details={"path": path},
        )
    return engine, codes


def _safe(name: str) -> str:
    """A version's name as part of a folder name."""
    return "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in name)[:60] or "version"
