"""Whether a version's files fit each other, before anything of it is searched: every array's type, shape and range against its siblings.

This reads every byte that a search could follow, in the process that proves a version; processes that serve rely on it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from common.errors import DataProblem, PreconditionFailed
from common.notices import notice
from plant.schema import PlantSchema
from trained.artifacts import Manifest, check_integrity, read_manifest
from trained.artifacts.array_files import read_arrays, within
from trained.artifacts.json_files import read_json_object
from trained.artifacts.rules import artifact_rules
from trained.encoder import BlockEncoder
from trained.index.faiss_layout import check_faiss_file
from trained.item_codes import ItemCodeIndex
from trained.learned.learned_block import LearnedBlock
from trained.learned.learned_chances import LearnedChances
from trained.learned.learned_proof import check_learned
from trained.learned.planned_proof import check_examples
from trained.older.model_reading import LEGACY
from trained.plain_version import INDEX, plain_version
from trained.version_loading import encoder_state, is_native, read_training_metadata

MOST_EF: Final = 1_000_000
WIDEST_BLOCK: Final = 4_096


def check_features(trained: Sequence[str], schema: PlantSchema) -> str:
    """Say that the features of a version are known here.

    Raises:
        PreconditionFailed: some are not (reason FOREIGN_FEATURES).
    """
    known = schema.feature_by_name
    foreign = [name for name in trained if name not in known]
    if foreign:
        raise PreconditionFailed(
            f"The version was trained on features that are not known here ({', '.join(foreign[:5])}): train it again with this "
            "software, or install the release that knows them",
            reason="FOREIGN_FEATURES",
        )
    return notice("FEATURES_KNOWN", "its {count} features are known here", count=len(trained))


def check_version(folder: Path, manifest_path: Path, derived: Path | None, version_name: str = "") -> str:
    """Check all files of a version against each other; says what was checked.

    Raises:
        PreconditionFailed: a file is missing or was changed.
        DataProblem: a file is damaged, or two do not belong together; names them.
    """
    manifest = read_manifest(manifest_path)
    check_integrity(manifest, folder)
    metadata = read_training_metadata(manifest, folder)
    for artifact in manifest.artifacts.values():
        if artifact.path.endswith(".json") and artifact.path in _KNOWN_JSON:
            read_json_object(artifact.file(folder))
    name = version_name or folder.name
    if is_native(manifest, metadata):
        _check_native(folder, manifest, derived, name)
    else:
        plain = plain_version(folder, manifest, derived, name, LEGACY, 1)
        if plain.folder is not None:
            items, _dimension = check_faiss_file(plain.folder / INDEX)
            _check_codes(plain.folder, "item_codes", items)
    return notice("ARRAYS_FIT", "every array fits its siblings")


_KNOWN_JSON: Final = frozenset(rule.path for rule in artifact_rules().artifacts if rule.path.endswith(".json"))


def _check_native(folder: Path, manifest: Manifest, derived: Path | None, name: str) -> None:
    state, facts = encoder_state(folder, manifest, derived, name)
    codes_file, index = manifest.needed("item_codes").file(folder), manifest.needed("index").file(folder)
    learned = _check_learned_files(folder, manifest)
    encoder = BlockEncoder.from_state(state, learned)
    _check_encoder(encoder)
    items = _check_facts(facts, encoder.dimension)
    if facts.get("engine") == "faiss":
        found, dimension = check_faiss_file(index)
        found = _check_equal_items(folder, manifest, found)
        if dimension != encoder.dimension or (items is not None and found != items):
            raise _apart(
                f"{index.name} has vectors of {dimension} dimensions for {found:,} items, the encoder makes vectors of "
                f"{encoder.dimension}, and the version says that it has {items} items"
            )
        items = found
    count = _check_codes(codes_file.parent, codes_file.stem, items)
    _check_unrouted(folder, manifest, count)
    if learned is not None:
        _check_learned_items(folder, manifest, learned, count)


def _check_equal_items(folder: Path, manifest: Manifest, vectors: int) -> int:
    """Number of items behind the vectors of an index, of which many equal ones may share one."""
    artifact = manifest.artifacts.get("equal_items")
    if artifact is None:
        return vectors
    parts = read_arrays(artifact.file(folder))
    try:
        number_of = within("number_of", parts["number_of"], 0, vectors)
        members = within("members", parts["members"], 0, len(number_of), (len(number_of),))
        if len(np.unique(members)) != len(members):
            raise ValueError("members names an item twice")
        if (np.diff(number_of[members].astype(np.int64)) < 0).any():
            raise ValueError("members does not hold the items of a vector together")
    except (KeyError, ValueError) as error:
        raise _apart(f"{artifact.path}: {error}") from error
    return len(number_of)


def _check_unrouted(folder: Path, manifest: Manifest, items: int) -> None:
    artifact = manifest.artifacts.get("unrouted_items")
    if artifact is None:
        return
    try:
        positions = within("positions", read_arrays(artifact.file(folder))["positions"], 0, items)
        if len(np.unique(positions)) != len(positions):
            raise ValueError("positions names an item twice")
    except (KeyError, ValueError) as error:
        raise _apart(f"{artifact.path}: {error}") from error


def _check_learned_items(folder: Path, manifest: Manifest, learned: LearnedBlock, items: int) -> None:
    if learned.model.planned is not None:
        try:
            check_examples(learned.model.planned, items)
        except ValueError as error:
            raise _apart(f"{manifest.needed('learned_model').path}: {error}") from error
    if "learned_chances" in manifest.artifacts:
        chances = LearnedChances.open(folder, len(learned.model.operations))
        chances.check(items)
        chances.close()


def _check_learned_files(folder: Path, manifest: Manifest) -> LearnedBlock | None:
    artifact = manifest.artifacts.get("learned_model")
    if artifact is None:
        return None
    parts = read_arrays(artifact.file(folder))
    learned = LearnedBlock.from_parts(parts)
    try:
        check_learned(learned.model, parts)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise _apart(f"{artifact.path}: {error}") from error
    return learned


def _check_encoder(encoder: BlockEncoder) -> None:
    for block in encoder.blocks:
        parts = (block.width, getattr(block, "shared", 0))
        if not all(isinstance(number, int) and 0 <= number <= WIDEST_BLOCK for number in parts):
            raise _apart(f"the encoder's block of {block.feature} has {block.width} dimensions")
    numbers = [*encoder.weights.values(), encoder.learned_share, *encoder.scales.tolist()]
    if not all(isinstance(number, int | float) and math.isfinite(number) and number >= 0 for number in numbers):
        raise _apart("the encoder has weights that are no numbers from 0 on")
    if not (0 <= encoder.slack <= WIDEST_BLOCK and encoder.learned_share < 1):
        raise _apart("the encoder's slack or learned share cannot be")


def _check_facts(facts: Mapping[str, Any], dimension: int) -> int | None:
    """Number of items that the version says it has; None where it does not say."""
    try:
        said, width, unlike = int(facts["dimension"]), int(facts["default_ef_search"]), facts.get("unlike_below")
        items = None if facts.get("items") is None else int(facts["items"])
        if said != dimension or not 0 < width <= MOST_EF or not (unlike is None or math.isfinite(float(unlike))):
            raise ValueError(f"dimension {said}, default_ef_search {width}, unlike_below {unlike}")
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise _apart(f"what it says of its index cannot be ({error})") from error
    return items


def _check_codes(folder: Path, prefix: str, items: int | None) -> int:
    """Number of item codes."""
    codes = ItemCodeIndex.open(folder, prefix)
    try:
        if items is not None and len(codes) != items:
            raise _apart(f"there are {len(codes):,} item codes for {items:,} vectors")
        codes.check()
        return len(codes)
    finally:
        codes.close()


def _apart(what: str) -> DataProblem:
    return DataProblem(
        f"The files of the version do not belong together: {what}. Restore them from one backup, or train again",
        reason="ARTIFACT_DAMAGED",
    )
