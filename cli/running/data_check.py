"""Whether a data source can be used, before anything is started with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import DataProblem, NotFound

if TYPE_CHECKING:
    from plant.input_profile import InputProfile


def check_source(path: Path, *, against_profile: bool, profile: InputProfile | None = None) -> None:
    """Refuse a source that is not there or cannot be read.

    Args:
        against_profile: also check tables and columns against the input profile. Wrong where the plant has made a
            profile of its own active; training and snapshot then check against that.
        profile: the input profile; None: the built-in one.

    Raises:
        NotFound: nothing is at `path`.
        DataProblem: what is there cannot be used; says what is wrong and what to do.
    """
    from source.opening import KINDS

    if not path.exists():
        raise NotFound(f"There is no data at {path}: name {KINDS}")
    from source import open_source
    from source.diagnosis import diagnose

    if not against_profile:
        open_source(path).tables()
        return
    found = diagnose(path, profile)
    if not found.ok:
        raise DataProblem(
            f"{found.verdict}\n`routing-ml access diagnose` tells more about {path.name}.", reason=found.reason
        )
