"""Which source serves: the one that the installation fixes, else the one that an operator saved, else the one it was started with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from common.files import write_text
from common.settings import Settings
from plant.settings import PlantSettings

SEEN_FILE = "chosen-sources.json"
OWN_PROFILE_FILE = "own-input-profile"
"""There while the active input profile is not the one that comes with the product."""
DEFAULT_PATH = PlantSettings().data_source.access_path


class Origin(Enum):
    """Who named the source that serves."""

    FIXED = "fixed"
    """ROUTING_ML_DATASET: changes of the settings have no effect on the source."""
    SETTINGS = "settings"
    """data_source.access_path, or one of its backups."""
    INITIAL = "initial"
    """What the system was started with; serves until an operator saves another source."""


@dataclass(frozen=True)
class ServingSource:
    """A source, who named it, and why it is this one, for people."""

    path: Path
    origin: Origin
    reason: str


def serving_source(settings: Settings, document: PlantSettings) -> ServingSource:
    """The source that serves.

    A path of the settings that has never been there does not replace what the system was started with; one that was there and is away
    now (a share that does not answer) stays the source, and its last snapshot serves.
    """
    named = document.data_source
    paths = [Path(path) for path in (named.access_path, *named.backup_paths)]
    if settings.dataset is not None:
        reason = "ROUTING_ML_DATASET fixes the source; data_source.access_path of the settings has no effect"
        return ServingSource(settings.dataset, Origin.FIXED, reason)
    found = next((path for path in paths if path.exists()), None)
    chosen = named.access_path != DEFAULT_PATH
    initial = settings.initial_dataset
    if initial is None or (chosen and (found is not None or _seen(settings, paths[0]))):
        path = found or paths[0]
        if not path.exists():
            reason = f"{path} of the settings (data_source.access_path) cannot be reached"
        elif path != paths[0]:
            reason = f"{paths[0]} of the settings cannot be reached: its backup serves"
        else:
            reason = "data_source.access_path of the settings names it"
        return ServingSource(path, Origin.SETTINGS, reason)
    if chosen:
        reason = (
            f"{paths[0]} of the settings (data_source.access_path) does not exist, so the source of the start serves on"
        )
    else:
        reason = "the system was started with it; a file saved as data_source.access_path takes its place"
    return ServingSource(initial, Origin.INITIAL, reason)


def was_anything_chosen(settings: Settings) -> bool:
    """Whether an operator's source has ever served here, so that the settings have to be known first."""
    return bool(_all_seen(settings))


def note_chosen(settings: Settings, document: PlantSettings, source: ServingSource) -> None:
    """Remember that the source of the settings has been there.

    Raises:
        OSError: the state folder cannot be written.
    """
    chosen = str(Path(document.data_source.access_path))
    if source.origin is Origin.SETTINGS and source.path.exists() and not _seen(settings, Path(chosen)):
        settings.run_path.mkdir(parents=True, exist_ok=True)
        write_text(settings.run_path / SEEN_FILE, json.dumps([*_all_seen(settings), chosen], ensure_ascii=False))


def has_own_profile(settings: Settings) -> bool:
    """Whether another input profile than the one that comes with the product was last active here, so that it has to be known first."""
    return (settings.run_path / OWN_PROFILE_FILE).exists()


def note_profile(settings: Settings, profile_json: str) -> None:
    """Remember whether the active input profile ("": the one that comes with the product) is the plant's own.

    Raises:
        OSError: the state folder cannot be written.
    """
    path = settings.run_path / OWN_PROFILE_FILE
    if not profile_json:
        path.unlink(missing_ok=True)
    elif not path.exists():
        settings.run_path.mkdir(parents=True, exist_ok=True)
        write_text(path, "")


def _seen(settings: Settings, path: Path) -> bool:
    return str(path) in _all_seen(settings)


def _all_seen(settings: Settings) -> list[str]:
    try:
        read = json.loads((settings.run_path / SEEN_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [str(path) for path in read] if isinstance(read, list) else []
