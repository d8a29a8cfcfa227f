"""Loading a version: its files are checked against the manifest, its lineage chooses the loader, its index is opened."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from common.errors import DataProblem, PreconditionFailed
from routings.calibration import Calibration
from trained.artifacts import Manifest, Verdict, check_integrity, judge, read_manifest
from trained.artifacts.array_files import read_arrays
from trained.artifacts.json_files import read_json_object
from trained.encoder import BlockEncoder
from trained.index.engine import open_index
from trained.index.equal_items import EqualItems
from trained.item_codes import ItemCodeIndex
from trained.learned.learned_block import LearnedBlock
from trained.learned.learned_chances import LearnedChances
from trained.older.model_reading import NATIVE
from trained.plain_version import plain_version
from trained.searchable_model import SearchableModel
from trained.version_files import ENCODER_STATE, LINEAGE
from trained.version_schema import schema_of

NEEDED_FACTS: Final = frozenset({"engine", "dimension", "default_ef_search"})
"""What a manifest's metadata say of the index of a version that this software wrote."""


def load_version(
    folder: Path,
    manifest_path: Path | None = None,
    derived: Path | None = None,
    *,
    version_name: str = "",
    threads: int = 1,
) -> SearchableModel:
    """Load a version: check its files against the manifest, choose the loader, open the index.

    Args:
        folder: the version's folder; it is not written.
        manifest_path: its manifest; None: `manifest.json` in the folder.
        derived: folder for files derived from versions of older lineages, and for what is remembered of large files.
        version_name: name in the registry; "": the folder's name.
        threads: for batches of queries.

    Raises:
        PreconditionFailed: the manifest or an artifact is missing or changed, or the version cannot be loaded here.
        DataProblem: an artifact is damaged or holds what it should not.
    """
    name = version_name or folder.name
    manifest = read_manifest(manifest_path or folder / "manifest.json")
    check_integrity(manifest, folder, remembered=derived / "verified.json" if derived else None)
    metadata = read_training_metadata(manifest, folder)
    versions = metadata.get("runtime_versions")
    judgement = judge(versions if isinstance(versions, dict) else {})
    if judgement.verdict is Verdict.REFUSED:
        raise PreconditionFailed(f"Version {name} cannot be loaded: {judgement.reason}", reason="VERSION_UNUSABLE")
    if is_native(manifest, metadata):
        model = _load_native(folder, manifest, derived, name, threads)
    else:
        from trained.older.legacy_model import load_legacy

        model = load_legacy(folder, manifest, derived, name, threads)
    model.judgement = f"{judgement.verdict}: {judgement.reason}"
    return model


def is_native(manifest: Manifest, training_metadata: Mapping[str, Any]) -> bool:
    """Whether `version_files` wrote the version, by training_metadata.json, or by its artifacts where that is silent.

    Raises:
        PreconditionFailed: it is of a lineage that this program does not know.
    """
    lineage = training_metadata.get("lineage")
    if lineage == LINEAGE:
        return True
    if lineage:
        raise PreconditionFailed(
            f"training_metadata.json says that the version is of the lineage {lineage}, which this program does not know: "
            "install the release that wrote it, or train again",
            reason="VERSION_UNUSABLE",
        )
    return "index" in manifest.artifacts and "item_codes" in manifest.artifacts


def read_training_metadata(manifest: Manifest, folder: Path) -> dict[str, Any]:
    """Contents of training_metadata.json; empty where the version has none.

    Raises:
        DataProblem: it is no JSON object.
    """
    artifact = manifest.role("meta")
    return read_json_object(artifact.file(folder)) if artifact else {}


def weight_profiles_of(manifest: Manifest, folder: Path) -> dict[str, dict[str, float]]:
    """Weight profiles of feature_weights.json; empty where there are none."""
    artifact = manifest.artifacts.get("feature_weights_state")
    profiles = read_json_object(artifact.file(folder)).get("profiles") if artifact else None
    if not isinstance(profiles, dict):
        return {}
    try:
        return {
            str(name): {str(feature): float(weight) for feature, weight in weights.items()}
            for name, weights in profiles.items()
            if isinstance(weights, dict)
        }
    except (TypeError, ValueError) as error:
        raise DataProblem(
            f"feature_weights.json has a weight profile with a weight that is no number ({error}): restore it from a backup",
            reason="ARTIFACT_UNUSABLE",
        ) from None


def _load_native(folder: Path, manifest: Manifest, derived: Path | None, name: str, threads: int) -> SearchableModel:
    state, facts = encoder_state(folder, manifest, derived, name)
    try:
        engine_name, dimension = str(facts["engine"]), int(facts["dimension"])
        default_ef, unlike = int(facts["default_ef_search"]), facts.get("unlike_below")
    except (KeyError, TypeError, ValueError) as error:
        raise DataProblem(
            f"similarity_engine.joblib of version {name} lacks {error}: restore it from a backup, or train again",
            reason="ARTIFACT_DAMAGED",
        ) from error
    learned, chances, calibration = _load_learned(folder, manifest)
    encoder = BlockEncoder.from_state(state, learned)
    codes_file = manifest.needed("item_codes").file(folder)
    codes = ItemCodeIndex.open(codes_file.parent, codes_file.stem)
    engine = open_index(engine_name, manifest.needed("index").file(folder), dimension, threads=threads)
    equal = manifest.artifacts.get("equal_items")
    if equal is not None:
        parts = read_arrays(equal.file(folder))
        engine = EqualItems(engine, parts["number_of"], parts["members"])
    return SearchableModel(
        name,
        engine,
        codes,
        encoder,
        default_ef,
        None if unlike is None else float(unlike),
        weight_profiles_of(manifest, folder),
        metadata=manifest.metadata,
        calibration=calibration,
        chances=chances,
        unrouted=_unrouted(folder, manifest),
        schema=schema_of(manifest, folder),
    )


def _unrouted(folder: Path, manifest: Manifest) -> npt.NDArray[np.int64] | None:
    artifact = manifest.artifacts.get("unrouted_items")
    return None if artifact is None else read_arrays(artifact.file(folder))["positions"].astype(np.int64)


def encoder_state(
    folder: Path, manifest: Manifest, derived: Path | None, name: str
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """State of the encoder and facts about the index: of plain files, or of the pickles of versions that have only these."""
    stored = manifest.artifacts.get(ENCODER_STATE)
    if stored is not None and manifest.metadata.keys() >= NEEDED_FACTS:
        return read_json_object(stored.file(folder)), manifest.metadata
    manifest.needed("encoder")
    facts = plain_version(folder, manifest, derived, name, NATIVE, 1).facts
    return facts.get("encoder", {}), facts.get("searcher", manifest.metadata)


def _load_learned(folder: Path, manifest: Manifest) -> tuple[LearnedBlock | None, LearnedChances | None, Calibration]:
    artifact = manifest.artifacts.get("learned_model")
    if artifact is None:
        return None, None, Calibration()
    learned = LearnedBlock.from_parts(read_arrays(artifact.file(folder)))
    stored = manifest.artifacts.get("calibration")
    calibration = Calibration.from_json(stored.file(folder).read_text(encoding="utf-8")) if stored else Calibration()
    chances = (
        LearnedChances.open(folder, len(learned.model.operations)) if "learned_chances" in manifest.artifacts else None
    )
    return learned, chances, calibration
