"""Whether a version trained with other library versions can be loaded here, and how."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from common.notices import notice


class Verdict(StrEnum):
    """How a version is loaded."""

    AS_IS = "as_is"
    """The libraries have the same major versions."""
    COMPATIBLE = "compatible"
    """Another major version, or an unknown one: through the loader that reads the stored attributes itself."""
    REFUSED = "refused"
    """What the training used cannot be read here."""


@dataclass(frozen=True)
class Judgement:
    """The outcome of comparing library versions.

    Attributes:
        verdict: how to load.
        reason: why, for people.
        differences: library -> (at training, running), where the versions are not the same; "" where unknown.
    """

    verdict: Verdict
    reason: str
    differences: Mapping[str, tuple[str, str]]


_PACKAGES: Final = {
    "joblib": "joblib",
    "scikit_learn": "scikit-learn",
    "numpy": "numpy",
    "faiss": "faiss-cpu",
    "hnswlib": "chroma-hnswlib",
}
_SYNONYMS: Final = {
    "sklearn": "scikit_learn",
    "scikit-learn": "scikit_learn",
    "faiss-cpu": "faiss",
    "faiss_cpu": "faiss",
    "python_version": "python",
}
_OLDEST: Final = {
    "python": ((3, 0), "pickles of Python 2 hold text in another form"),
    "joblib": ((0, 10), "joblib before 0.10 wrote arrays into separate files"),
    "scikit_learn": ((0, 20), "scikit-learn before 0.20 had no OrdinalEncoder and stored its encoders differently"),
}


@cache
def running_versions() -> dict[str, str]:
    """Versions of the libraries that matter for models, of those that are installed here; nothing is imported for it."""
    found = {"python": platform.python_version()}
    for name, package in _PACKAGES.items():
        try:
            found[name] = version(package)
        except PackageNotFoundError:
            continue
    return found


def judge(at_training: Mapping[str, object], running: Mapping[str, str] | None = None) -> Judgement:
    """Compare the versions at training (`runtime_versions` of training_metadata.json) with the running ones.

    Args:
        at_training: library -> version; names as pip or as the monolith spells them.
        running: None: those of this process.
    """
    running = running_versions() if running is None else running
    trained = {_SYNONYMS.get(str(k).lower(), str(k).lower()): str(v) for k, v in at_training.items() if v}
    differences = {
        name: (trained.get(name, ""), running.get(name, ""))
        for name in dict.fromkeys([*trained, *running])
        if name in trained and trained[name] != running.get(name, "")
    }
    for name, (oldest, why) in _OLDEST.items():
        numbers = _numbers(trained.get(name, ""))
        if numbers and numbers < oldest:
            least = ".".join(map(str, oldest))
            return Judgement(
                Verdict.REFUSED,
                f"The version was trained with {_spelled(name)} {trained[name]}, older than {least}, and {why}: "
                "train the version again",
                differences,
            )
    if not trained:
        return Judgement(
            Verdict.COMPATIBLE,
            notice("LIBRARIES_UNKNOWN", "The version does not say which libraries trained it"),
            differences,
        )
    crossed = [
        f"{_spelled(name)} {then} at training, {now or 'not installed'} here"
        for name, (then, now) in differences.items()
        if name in (*_PACKAGES, "python") and _numbers(then)[:1] != _numbers(now)[:1] and now
    ]
    if crossed:
        return Judgement(
            Verdict.COMPATIBLE,
            notice("LIBRARIES_DIFFER", "Major versions differ: {which}", which="; ".join(crossed)),
            differences,
        )
    return Judgement(
        Verdict.AS_IS, notice("LIBRARIES_FIT", "The libraries have the major versions of the training"), differences
    )


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def _spelled(name: str) -> str:
    return {"scikit_learn": "scikit-learn", "python": "Python"}.get(name, name)
