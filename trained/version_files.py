"""Writing a trained version: every artifact under the name it has always had, the mappable index, and the manifest.

The trainer gives a folder of a temporary name and renames it when this has returned. The joblib files hold plain builtins and NumPy
values, so that serving needs neither scikit-learn nor joblib.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from common.errors import InvalidInput
from common.files import write_text, writing
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.schema import PlantSchema
from routings.calibration import Calibration
from trained.artifacts import Artifact, Manifest, describe_file, running_versions, write_manifest
from trained.encoder import BlockEncoder
from trained.index.engine import EF_CONSTRUCTION, Engine, M, Vectors, index_file_name
from trained.index.equal_items import FILE as EQUAL_ITEMS
from trained.index.equal_items import EqualItems
from trained.index.recall import RecallPoint, smallest_ef
from trained.item_codes import SUFFIXES, ItemCodeIndex
from trained.learned.learned_block import NAME as LEARNED
from trained.learned.learned_chances import FILES as CHANCES
from trained.learned.learned_chances import LearnedChances
from trained.learned.learned_model import FILE as LEARNED_MODEL
from trained.learned.learned_model import LearnedOutputs, write_parts

LINEAGE: Final = "routing-ml/blocks@1"
"""`lineage` in training_metadata.json of the versions that this module writes."""
SEARCHER_FORMAT: Final = "routing-ml/searcher@1"
PROJECTOR_ROWS: Final = 10_000
"""Items in a Projector export; the Projector itself samples above this."""

ENCODER_STATE: Final = "encoder_state"
"""Name in the manifest of encoder.json, which holds what encoder.joblib holds without being a pickle."""
CALIBRATION: Final = "calibration.json"
UNROUTED: Final = "unrouted_items.npz"
OTHER_NAMES: Final = {"feature_weights": "feature_weights_state", "encoder": ENCODER_STATE}
"""Names in the manifest of JSON files that are called as another artifact is."""
CHANCE_NAMES: Final = ("learned_chances", "learned_chance_operations", "learned_chance_values")
"""Names in the manifest of the files of `trained.learned.learned_chances`."""

ROLES: Final = {
    "encoder": "encoder",
    "index": "index",
    "weights": "feature_weights",
    "meta": "training_metadata",
    "item_codes": "item_codes",
}


@dataclass(frozen=True)
class TrainedVersion:
    """Everything that a training has made.

    Attributes:
        encoder: the fitted encoder.
        vectors: its vectors of all items, float32 (n, encoder.dimension).
        index: the index over them.
        item_codes: codes as stored, in the order of the vectors; n.
        recall_curve: from `recall.measure`.
        unlike_below: from `recall.unlike_below`.
        wanted_recall: the default ef_search is the smallest that reaches it.
        m, ef_construction: how the index was built.
        request: contents of training_request.json (source, arguments, who asked).
        metrics: contents of training_metrics.json (stages, seconds, peak memory ...).
        statistics: contents of feature_statistics.json; empty: no such file.
        importance, recommendations: reports; empty: no such files.
        time_profiles: contents of time_profiles.json; None: not trained.
        evaluation: contents of evaluation.json (see routings.quality_report); its summary also goes into the manifest; None: not judged.
        weight_profiles: name -> feature -> weight, to choose among at a call.
        projector: metadata columns of all items for the TensorBoard Projector; None: no export.
        projector_rows: most items in that export.
        metadata: more facts for training_metadata.json and the manifest's metadata.
        trained_at: moment of the training; None: now.
        calibration: of the learned block; None: the version has none.
        outputs: what the learned models say of all items; None: the version has none.
        unrouted: positions of the items that have no routing, int64; None: unknown.
        schema: the plant's schema that it was trained with.
    """

    encoder: BlockEncoder
    vectors: Vectors
    index: Engine
    item_codes: Sequence[str] | pa.Array | pa.ChunkedArray
    recall_curve: Sequence[RecallPoint]
    unlike_below: float
    wanted_recall: float = 0.99
    m: int = M
    ef_construction: int = EF_CONSTRUCTION
    request: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    statistics: Mapping[str, Any] = field(default_factory=dict)
    importance: Mapping[str, Any] = field(default_factory=dict)
    recommendations: Mapping[str, Any] = field(default_factory=dict)
    time_profiles: Mapping[str, Any] | None = None
    evaluation: Mapping[str, Any] | None = None
    weight_profiles: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    projector: Mapping[str, Sequence[object]] | None = None
    projector_rows: int = PROJECTOR_ROWS
    metadata: Mapping[str, Any] = field(default_factory=dict)
    trained_at: datetime | None = None
    calibration: Calibration | None = None
    outputs: LearnedOutputs | None = None
    unrouted: npt.NDArray[np.int64] | None = None
    schema: PlantSchema = MECHANICAL_SEALS

    @property
    def default_ef_search(self) -> int:
        """ef_search of calls and plants that set none."""
        return smallest_ef(self.recall_curve, self.wanted_recall)


def write_version(folder: Path, trained: TrainedVersion) -> Manifest:
    """Write all artifact files and `manifest.json` of a version into an existing folder.

    Args:
        folder: where to; the files of earlier attempts in it are overwritten.

    Returns:
        The manifest as written; `metadata` in it has default_ef_search, recall_curve, dimension, items, engine and more.

    Raises:
        InvalidInput: vectors, codes and index are not of the same number.
        OSError: the folder cannot be written; what is there is no version as long as the manifest is missing.
    """
    _check(trained)
    moment = (trained.trained_at or datetime.now(UTC)).astimezone(UTC)
    artifacts: dict[str, Artifact] = {}

    def add(path: str, name: str | None = None, schema: str | None = None) -> None:
        artifact = describe_file(folder, path, name, schema)
        artifacts[artifact.name] = artifact

    engine_file = index_file_name(trained.index.name)
    trained.index.save(folder / engine_file)
    ItemCodeIndex.write(folder, trained.item_codes)
    for name, content in _joblib_files(trained, engine_file).items():
        _write_joblib(folder / f"{name}.joblib", content)
        add(f"{name}.joblib")
    for name, document in _json_files(trained, moment).items():
        write_text(folder / f"{name}.json", json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        add(f"{name}.json", OTHER_NAMES.get(name))
    add(engine_file, "index", f"routing-ml/index-{trained.index.name}@1")
    for suffix, name in zip(SUFFIXES, ("item_codes", "item_code_hashes", "item_code_order"), strict=True):
        add(f"item_codes{suffix}", name)
    if isinstance(trained.index, EqualItems):
        parts = {"number_of": trained.index.number_of, "members": trained.index.members}
        write_parts(folder / EQUAL_ITEMS, parts)
        add(EQUAL_ITEMS, "equal_items", "routing-ml/equal-items@1")
    if trained.unrouted is not None:
        write_parts(folder / UNROUTED, {"positions": trained.unrouted.astype(np.int32)})
        add(UNROUTED, "unrouted_items", "routing-ml/unrouted-items@1")
    for path, name in _write_learned(folder, trained).items():
        add(path, name)
    if trained.projector is not None:
        for name in write_projector(
            folder / "tb_projector", trained.vectors, trained.projector, trained.projector_rows
        ):
            add(f"tb_projector/{name}", f"tb_projector_{name.partition('.')[0]}", "routing-ml/projector@1")
    roles = {**ROLES, **({"time": "time_profiles"} if trained.time_profiles is not None else {})}
    return write_manifest(
        folder / "manifest.json", artifacts, roles=roles, metadata=_metadata(trained), generated_at=moment
    )


def _check(trained: TrainedVersion) -> None:
    count = len(trained.vectors)
    codes, indexed = len(trained.item_codes), trained.index.items
    if not count == codes == indexed or trained.vectors.shape[1] != trained.encoder.dimension:
        raise InvalidInput(
            f"The parts of the version do not fit: {codes} item codes, {count} vectors of {trained.vectors.shape[1]} "
            f"dimensions, an index of {indexed}, an encoder of {trained.encoder.dimension} dimensions"
        )


def _metadata(trained: TrainedVersion) -> dict[str, Any]:
    return {
        **trained.metadata,
        "lineage": LINEAGE,
        "engine": trained.index.name,
        "items": len(trained.vectors),
        "dimension": trained.encoder.dimension,
        "m": trained.m,
        "ef_construction": trained.ef_construction,
        "default_ef_search": trained.default_ef_search,
        "wanted_recall": trained.wanted_recall,
        "recall_curve": [asdict(point) for point in trained.recall_curve],
        "unlike_below": trained.unlike_below,
        **({"evaluation": trained.evaluation["summary"]} if trained.evaluation is not None else {}),
    }


def _joblib_files(trained: TrainedVersion, engine_file: str) -> dict[str, object]:
    encoder = trained.encoder
    searcher = {"format": SEARCHER_FORMAT, "index_file": engine_file, "metric": "inner_product"}
    blocks = [
        {"feature": block.feature, "start": start, "width": block.width, "scale": float(scale)}
        for block, start, scale in zip(encoder.blocks, encoder.starts, encoder.scales, strict=False)
    ]
    return {
        "similarity_engine": searcher | _metadata(trained),
        "encoder": encoder.to_state(),
        "scaler": {"format": "routing-ml/block-scaler@1", "blocks": blocks, "slack": encoder.slack},
        "feature_columns": list(encoder.features),
        "feature_weights": dict(encoder.weights),
    }


def _json_files(trained: TrainedVersion, moment: datetime) -> dict[str, object]:
    encoder = trained.encoder
    files: dict[str, object] = {
        "encoder": encoder.to_state(),
        "feature_weights": {
            "weights": encoder.weights,
            "active_features": encoder.active,
            "profiles": {name: dict(weights) for name, weights in trained.weight_profiles.items()},
            "timestamp": moment.isoformat(),
            "version": "3.0",
        },
        "active_features": encoder.active,
        "training_metadata": {
            **trained.metadata,
            "total_items": len(trained.vectors),
            "total_features": len(encoder.features),
            "vector_dimension": encoder.dimension,
            "training_date": moment.isoformat(),
            "runtime_versions": running_versions(),
            "lineage": LINEAGE,
            "engine": trained.index.name,
            "blocks": {block.feature: block.width for block in encoder.blocks}
            | ({LEARNED: encoder.learned.width} if encoder.learned is not None else {}),
        },
        "training_request": dict(trained.request),
        "training_metrics": dict(trained.metrics),
    }
    reports = {
        "feature_statistics": trained.statistics,
        "feature_importance": trained.importance,
        "feature_recommendations": trained.recommendations,
    }
    files["plant_schema"] = trained.schema.model_dump(mode="json", exclude_defaults=True)
    files |= {name: dict(report) for name, report in reports.items() if report}
    if trained.time_profiles is not None:
        files["time_profiles"] = dict(trained.time_profiles)
    if trained.evaluation is not None:
        files["evaluation"] = dict(trained.evaluation)
    return files


def _write_learned(folder: Path, trained: TrainedVersion) -> dict[str, str]:
    """Write the learned block, its calibration and what its vectors cannot hold; file -> name in the manifest."""
    learned = trained.encoder.learned
    if learned is None:
        return {}
    write_parts(folder / LEARNED_MODEL, learned.to_parts())
    write_text(folder / CALIBRATION, (trained.calibration or Calibration()).to_json() + "\n")
    written = {LEARNED_MODEL: "learned_model", CALIBRATION: "calibration"}
    if not learned.exact and trained.outputs is not None:
        LearnedChances.write(folder, trained.outputs.probabilities)
        written |= dict(zip(CHANCES, CHANCE_NAMES, strict=True))
    return written


def _write_joblib(path: Path, content: object) -> None:
    import joblib  # only the training side has it

    with writing(path) as stream:
        joblib.dump(content, stream, compress=3)


def write_projector(
    folder: Path, vectors: Vectors, metadata: Mapping[str, Sequence[object]], rows: int = PROJECTOR_ROWS
) -> list[str]:
    """Write vectors.tsv, metadata.tsv and projector_config.json for the TensorBoard Projector; returns their names.

    Args:
        vectors: float32 (n, d).
        metadata: columns of the n items to show; at most `rows` of the items, evenly spread, are written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chosen = np.unique(np.linspace(0, len(vectors) - 1, min(rows, len(vectors))).astype(np.int64))
    with writing(folder / "vectors.tsv") as stream:
        np.savetxt(stream, vectors[chosen], fmt="%.6g", delimiter="\t", newline="\n")
    columns = [[_cell(values[row]) for row in chosen.tolist()] for values in metadata.values()]
    lines = ["\t".join(cells) for cells in zip(*columns, strict=True)]
    if len(columns) > 1:  # with one column the Projector wants no heading
        lines.insert(0, "\t".join(map(_cell, metadata)))
    write_text(folder / "metadata.tsv", "\n".join(lines) + "\n")
    description = {
        "embeddings": [
            {
                "tensorName": "routing-ml items",
                "tensorShape": [len(chosen), int(vectors.shape[1])],
                "tensorPath": "vectors.tsv",
                "metadataPath": "metadata.tsv",
            }
        ]
    }
    write_text(folder / "projector_config.json", json.dumps(description, indent=2) + "\n")
    return ["vectors.tsv", "metadata.tsv", "projector_config.json"]


def _cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())
