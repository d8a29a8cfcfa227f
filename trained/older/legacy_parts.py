"""The monolith's encoder, scaler, weights and active features, read from the stored attributes in the forms that its lineages wrote.

Weights and active features are optional files. Where they are missing, what the scaler tells of the training decides between the
monolith's own and none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from common.errors import DataProblem
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.schema import FeatureKind
from trained.artifacts.json_files import json_object
from trained.artifacts.pickled_arrays import is_numbers, is_scalar, is_texts
from trained.artifacts.stand_ins import either, stand_in
from trained.artifacts.unpickler import StoredFile, feature_columns, unpickled
from trained.older.legacy_encoding import LegacyEncoding, ValueCodes, label_codes, ordinal_codes


def _rows_of_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(row, np.ndarray) and is_texts(row) for row in value)


def _mappings(value: object) -> bool:
    rows = value if isinstance(value, list | tuple) else () if value is None else None
    return rows is not None and all(row is None or is_numbers(row) for row in rows)


def _numbers_or_none(value: object) -> bool:
    return value is None or is_numbers(value)


def _count(value: object) -> bool:
    return isinstance(value, int | np.integer)


def _counts(value: object) -> bool:
    return _count(value) or is_numbers(value) or (is_scalar(value) and isinstance(value, np.number))


OrdinalEncoder = stand_in(
    "OrdinalEncoder",
    {
        "feature_names_in_": is_texts,
        "categories_": _rows_of_texts,
        "_default_to_infrequent_mappings": _mappings,
    },
)
LabelEncoder = stand_in("LabelEncoder", {"classes_": lambda value: isinstance(value, np.ndarray) and is_texts(value)})
StandardScaler = stand_in(
    "StandardScaler",
    {
        "feature_names_in_": is_texts,
        "mean_": _numbers_or_none,
        "scale_": _numbers_or_none,
        "n_features_in_": _count,
        "n_samples_seen_": _counts,
        "with_mean": either,
        "with_std": either,
    },
)

ENCODER_CLASSES: Final = {
    "sklearn.preprocessing.*.OrdinalEncoder": OrdinalEncoder,
    "sklearn.preprocessing.*.LabelEncoder": LabelEncoder,
}
SCALER_CLASSES: Final = {"sklearn.preprocessing.*.StandardScaler": StandardScaler}

_ROUNDING: Final = 1e-7
"""Relative rounding of float32 products, of which the scaler's means were made."""
_TELLING_COLUMNS: Final = 3


def read_encoding(files: Mapping[str, StoredFile]) -> tuple[LegacyEncoding, list[str]]:
    """How unseen items become vectors, and what people should know about it.

    Args:
        files: by name of the artifact; the required ones are there.

    Raises:
        DataProblem: a file is damaged or of a kind that no lineage had; names it.
    """
    features = feature_columns(files["feature_columns"])
    encoder, scaler_file = files["encoder"], files["scaler"].path
    codes = _value_codes(unpickled(encoder, ENCODER_CLASSES), features, encoder.path)
    scaler = unpickled(files["scaler"], SCALER_CLASSES)
    if not isinstance(scaler, StandardScaler):
        raise _unusable(scaler_file, scaler, "a StandardScaler")
    state = vars(scaler)
    notes: list[str] = []
    weights = _weights(files)
    columns = _scaled_columns(state, features, codes, weights, scaler_file)
    mean = _per_column(state.get("mean_"), len(columns), 0.0, scaler_file)
    scale = _per_column(state.get("scale_"), len(columns), 1.0, scaler_file)
    if weights is None:
        weights, told = _weights_of_the_training(state, columns, codes)
        notes.append(f"it has no feature weights: {told}")
    active = _active(files)
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
    if array.shape == (count,) and not np.isfinite(array).all():
        raise DataProblem(
            f"{path} holds NaN or infinity where it scales columns: restore it from a backup, or train again",
            reason="ARTIFACT_DAMAGED",
            details={"path": path},
        )
    if array.shape != (count,):
        raise DataProblem(
            f"{path} has {array.size} values for {count} columns: restore it from a backup, or train again",
            reason="ARTIFACT_DAMAGED",
            details={"path": path},
        )
    return array


def _weights(files: Mapping[str, StoredFile]) -> dict[str, float] | None:
    """The stored weights, flat or under `weights`; None where there are none."""
    stored = files.get("feature_weights")
    if stored is not None:
        content = unpickled(stored)
        if isinstance(content, Mapping) and isinstance(content.get("weights"), Mapping):
            content = content["weights"]
        return _numbers(content, stored.path)
    state = files.get("feature_weights_state")
    if state is None:
        return None
    content = json_object(state.data, state.path).get("weights")
    return None if content is None else _numbers(content, state.path)


def _numbers(content: object, path: Path) -> dict[str, float]:
    if not isinstance(content, Mapping):
        raise _unusable(path, content, "weights by feature")
    made: dict[str, float] = {}
    for name, weight in content.items():
        try:
            made[str(name)] = _finite(weight)
        except (TypeError, ValueError, OverflowError):
            raise DataProblem(
                f"{path} has the weight {_shown(weight)} for {_name(name)}, which is no number: restore it from a backup, or train again",
                reason="ARTIFACT_UNUSABLE",
                details={"path": path},
            ) from None
    return made


def _active(files: Mapping[str, StoredFile]) -> dict[str, bool] | None:
    """Which features take part, by active_features.json, else by feature_weights.json; None where neither says it."""
    for name in ("active_features", "feature_weights_state"):
        stored = files.get(name)
        if stored is None:
            continue
        content: Any = json_object(stored.data, stored.path)
        if name == "feature_weights_state" or isinstance(content.get("active_features"), dict):
            content = content.get("active_features")
        if content is not None:
            return _switches(content, stored.path)
    return None


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} is no number")
    return number


def _shown(value: object) -> str:
    """A value for people, however large it is."""
    return repr(value)[:80] if is_scalar(value) else type(value).__name__


def _name(value: object) -> str:
    return value[:80] if isinstance(value, str) else _shown(value)


def _switches(content: object, path: Path) -> dict[str, bool]:
    if not isinstance(content, Mapping):
        raise _unusable(path, content, "true or false by feature")
    for name, on in content.items():
        if not (isinstance(on, bool | int | float | np.bool_) and on in (True, False)):
            raise DataProblem(
                f"{path} has {_shown(on)} for {_name(name)}, which is neither true nor false: restore it from a backup, or train again",
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
