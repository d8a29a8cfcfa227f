"""The settings a training works with: from the file its starter gave it, else what the installation's processes last knew."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.message import DecodeError

from common.errors import InvalidInput
from common.files import write_text
from plant.input_profile import InputProfile
from plant.settings import PlantSettings
from protos.settings.v1 import settings_pb2 as pb


@dataclass(frozen=True)
class KnownSettings:
    """The settings document and the input profile.

    Attributes:
        plant: the settings document.
        profile: the active input profile.
        revision: control revision they are of; 0: the built-in ones.
    """

    plant: PlantSettings
    profile: InputProfile
    revision: int = 0


def newest_settings(run_folder: Path) -> KnownSettings:
    """What the processes of the installation last knew, by the highest control revision among their caches; else the built-in ones.

    Raises:
        InvalidInput: the settings document or the input profile is not valid.
    """
    newest: pb.ControlState | None = None
    for path in sorted(run_folder.glob("*.control")):
        try:
            state = pb.ControlState.FromString(path.read_bytes())
        except (OSError, DecodeError):
            continue
        if newest is None or state.revision > newest.revision:
            newest = state
    if newest is None:
        return KnownSettings(PlantSettings(), InputProfile.built_in())
    return _known(newest.settings.document_json, newest.input_profile_json, int(newest.revision))


def write_settings(path: Path, document_json: str, profile_json: str, revision: int) -> None:
    """Leave settings in a file for a training that is about to be started.

    Raises:
        OSError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"settings": document_json, "input_profile": profile_json, "revision": revision}
    write_text(path, json.dumps(content, ensure_ascii=False))


def read_settings(path: Path) -> KnownSettings:
    """The settings in a file of `write_settings`.

    Raises:
        InvalidInput: the file cannot be read, or what it holds is not valid.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return _known(str(content["settings"]), str(content["input_profile"]), int(content["revision"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            f"The settings file {path} cannot be read ({error}): give the one that the trainer service wrote"
        ) from None


def _known(document_json: str, profile_json: str, revision: int) -> KnownSettings:
    return KnownSettings(PlantSettings.parse(document_json), InputProfile.parse(profile_json), revision)
