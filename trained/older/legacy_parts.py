"""The monolith's encoder, scaler, weights and active features, read from the stored attributes in the forms that its lineages wrote.

Weights and active features are optional files. Where they are missing, what the scaler tells of the training decides between the
monolith's own and none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from common.errors import DataProblem
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.schema import FeatureKind
from trained.artifacts import Manifest, load_joblib, read_feature_columns, stand_in
from trained.older.legacy_encoding import LegacyEncoding, ValueCodes, label_codes, ordinal_codes
from trained.version_schema import read_json_object

OrdinalEncoder = stand_in("OrdinalEncoder")
LabelEncoder = stand_in("LabelEncoder")
StandardScaler = stand_in("StandardScaler")

ENCODER_CLASSES: Final = {
    "sklearn.preprocessing.*.OrdinalEncoder": OrdinalEncoder,
    "sklearn.preprocessing.*.LabelEncoder": LabelEncoder,
}
SCALER_CLASSES: Final = {"sklearn.preprocessing.*.StandardScaler": StandardScaler}

_ROUNDING: Final = 1e-7
"""Relative rounding of float32 products, of which the scaler's means were made."""
_TELLING_COLUMNS: Final = 3


def read_encoding(folder: Path, manifest: Manifest) -> tuple[LegacyEncoding, list[str]]:
    """How unseen items become vectors, and what people should know about it.

    Raises:
        DataProblem: a file is damaged or of a kind that no lineage had; names it.
    """
    features = read_feature_columns(manifest.artifacts["feature_columns"].file(folder))
    encoder_file = manifest.artifacts["encoder"].file(folder)
    codes = _value_codes(load_joblib(encoder_file, ENCODER_CLASSES), features, encoder_file)
    scaler_file = manifest.artifacts["scaler"].file(folder)
    scaler = load_joblib(scaler_file, SCALER_CLASSES)
    if not isinstance(scaler, StandardScaler):
        raise _unusable(scaler_file, scaler, "a StandardScaler")
    state = vars(scaler)
    notes: list[str] = []
    weights = _weights(folder, manifest)
    columns = _scaled_columns(state, features, codes, weights, scaler_file)
    mean = _per_column(state.get("mean_"), len(columns), 0.0, scaler_file)
    scale = _per_column(state.get("scale_"), len(columns), 1.0, scaler_file)
    if weights is None:
        weights, told = _weights_of_the_training(state, columns, codes)
        notes.append(f"it has no feature weights: {told}")
    active = _active(folder, manifest)
    if active is None:
        own = all(weights.get(name, 1.0) == weight for name, weight in MECHANICAL_SEALS.weights.items())
        active = dict(MECHANICAL_SEALS.active) if own else {}
        told = "its weights are the older system's own, and so are the active features here" if own else "all are"
        notes.append(f"it does not say which features are active: {told}")
    centre = mean if state.get("with_mean", True) else np.zeros_like(mean)
    spread = scale if state.get("with_std", True) else np.ones_like(scale)
    every = list(dict.fromkeys([*features, *columns]))
    return LegacyEncoding(every, columns, codes, weights, active, centre, spread), notes


def _value_codes(encoder: object, features: Sequence[str], path: Path) -> ValueCodes:
    if isinstance(encoder, dict) and encoder and not _are_label_encoders(encoder.values()):
        inner = [part for part in encoder.values() if isinstance(part, dict) and _are_label_encoders(part.values())]
        encoder = inner[0] if len(inner) == 1 else encoder
    try:
        if isinstance(encoder, OrdinalEncoder):
            if "feature_names_in_" not in vars(encoder) and "categories_" in vars(encoder):
                vars(encoder)["feature_names_in_"] = _categorical(features, len(vars(encoder)["categories_"]), path)
            return ordinal_codes(encoder)
        if isinstance(encoder, dict) and encoder and _are_label_encoders(encoder.values()):
            return label_codes(encoder)
        if isinstance(encoder, list | tuple) and encoder and _are_label_encoders(encoder):
            return label_codes(dict(zip(_categorical(features, len(encoder), path), encoder, strict=True)))
    except (KeyError, AttributeError, TypeError, ValueError, IndexError) as error:
        raise DataProblem(
            f"{path} holds an encoder that was not fitted or lacks {error}: restore it from a backup, or train again",
            reason="ARTIFACT_DAMAGED",
            details={"path": path},
        ) from error
    raise _unusable(path, encoder, "an OrdinalEncoder or a dictionary of LabelEncoders")


def _are_label_encoders(parts: Any) -> bool:
    return all(isinstance(part, LabelEncoder) for part in parts)


def _categorical(features: Sequence[str], count: int, path: Path) -> list[str]:
    """The columns of an encoder that does not name its `count` columns: the categorical features in their order, or all."""
    kinds = (FeatureKind.SIZE, FeatureKind.FLAG)
    chosen = [
        name
        for name in features
        if name not in MECHANICAL_SEALS.feature_by_name or MECHANICAL_SEALS.feature_by_name[name].kind not in kinds
    ]
    for names in (chosen, list(features)):
        if len(names) == count:
            return names
    raise DataProblem(
        f"{path} does not name its {count} columns, and feature_columns.joblib has {len(features)}, {len(chosen)} of them "
        "categorical: which they are cannot be told; train again",
        details={"path": path},
    )


def _scaled_columns(
    state: Mapping[str, Any],
    features: Sequence[str],
    codes: ValueCodes,
    weights: Mapping[str, float] | None,
    path: Path,
) -> list[str]:
    named = state.get("feature_names_in_")
    if named is not None:
        return [str(name) for name in named]
    count = state.get("n_features_in_", len(features))
    several = [name for name in features if len(codes.get(name, "several")) > 1]  # constant columns are taken away
    texts_first = sorted(several, key=lambda name: name not in codes)
    possible = [list(features), texts_first, several] if count == len(features) else [texts_first, several]
    fitting = [names for names in possible if len(names) == count]
    tried = (MECHANICAL_SEALS.weights, {}) if weights is None else (weights,)
    proved = [names for names in fitting if any(_fits(state, names, codes, given) for given in tried)]
    if proved or (fitting and count == len(features)):
        return (proved or fitting)[0]
    raise DataProblem(
        f"{path} does not name its {count} columns, and feature_columns.joblib has {len(features)}: "
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


def _weights(folder: Path, manifest: Manifest) -> dict[str, float] | None:
    """The stored weights, flat or under `weights`; None where there are none."""
    artifact = manifest.artifacts.get("feature_weights")
    if artifact is not None:
        path = artifact.file(folder)
        content = load_joblib(path)
        if isinstance(content, Mapping) and isinstance(content.get("weights"), Mapping):
            content = content["weights"]
        return _numbers(content, path)
    state = manifest.artifacts.get("feature_weights_state")
    if state is None:
        return None
    path = state.file(folder)
    content = read_json_object(path).get("weights")
    return None if content is None else _numbers(content, path)


def _numbers(content: object, path: Path) -> dict[str, float]:
    if not isinstance(content, Mapping):
        raise _unusable(path, content, "weights by feature")
    made: dict[str, float] = {}
    for name, weight in content.items():
        try:
            made[str(name)] = float(weight)
        except (TypeError, ValueError):
            raise DataProblem(
                f"{path} has the weight {weight!r} for {name}, which is no number: restore it from a backup, or train again",
                reason="ARTIFACT_UNUSABLE",
                details={"path": path},
            ) from None
    return made


def _active(folder: Path, manifest: Manifest) -> dict[str, bool] | None:
    """Which features take part, by active_features.json, else by feature_weights.json; None where neither says it."""
    for name in ("active_features", "feature_weights_state"):
        artifact = manifest.artifacts.get(name)
        if artifact is None:
            continue
        path = artifact.file(folder)
        content: Any = read_json_object(path)
        if name == "feature_weights_state" or isinstance(content.get("active_features"), dict):
            content = content.get("active_features")
        if content is not None:
            return _switches(content, path)
    return None


def _switches(content: object, path: Path) -> dict[str, bool]:
    if not isinstance(content, Mapping):
        raise _unusable(path, content, "true or false by feature")
    for name, on in content.items():
        if on not in (True, False):
            raise DataProblem(
                f"{path} has {on!r} for {name}, which is neither true nor false: restore it from a backup, or train again",
                reason="ARTIFACT_UNUSABLE",
                details={"path": path},
            )
    return {str(name): bool(on) for name, on in content.items()}


def _weights_of_the_training(
    state: Mapping[str, Any], columns: Sequence[str], codes: ValueCodes
) -> tuple[dict[str, float], str]:
    """The weights that the scaler's means tell of, and what is said about them."""
    if _fits(state, columns, codes, {}):
        return {}, "the scaler shows that none were used"
    if _fits(state, columns, codes, MECHANICAL_SEALS.weights):
        return (
            dict(MECHANICAL_SEALS.weights),
            "the scaler shows that the older system's own were used, and so they are here",
        )
    return {}, (
        "each counts as 1, though the scaler does not show that it was so: items that the version has not seen may get other "
        "neighbours; restore feature_weights.joblib where there was one"
    )


def _fits(state: Mapping[str, Any], columns: Sequence[str], codes: ValueCodes, weights: Mapping[str, float]) -> bool:
    """Whether the scaler's sums of the weighted codes are sums of whole numbers, in enough columns to tell."""
    try:
        means = np.asarray(state["mean_"], np.float64)
        sums = means * np.asarray(state["n_samples_seen_"], np.float64)
    except (KeyError, TypeError, ValueError):
        return False
    if sums.shape != (len(columns),):
        return False
    divided = [sums[i] / (weights.get(name, 1.0) or 1.0) for i, name in enumerate(columns) if name in codes]
    telling = [total for total in divided if 0 < abs(total) * _ROUNDING < 0.05]
    off = [abs(total - round(total)) > abs(total) * _ROUNDING + 1e-6 for total in telling]
    return len(telling) >= _TELLING_COLUMNS and not any(off)


def _unusable(path: Path, found: object, wanted: str) -> DataProblem:
    return DataProblem(
        f"{path} holds {type(found).__name__}, not {wanted}: restore it from a backup, or train again",
        reason="ARTIFACT_UNUSABLE",
        details={"path": path},
    )
