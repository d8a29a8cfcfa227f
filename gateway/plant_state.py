"""What the gateway keeps of the control state: settings document, active version and its manifest, the plant's schema."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson

from common.logs import get_logger
from gateway.manifest_items import ManifestItems
from plant.input_profile import BUILT_IN_NAME, InputProfile
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.schema import FEATURES
from protos.settings.v1 import settings_pb2 as pb

log = get_logger(__name__)


class PlantState:
    """Takes the control state over. Reading is free; every change replaces whole objects.

    Attributes:
        document: the settings document, sections by name; empty until a state came.
        settings_revision: its revision.
        active: the active version; None when none.
        manifest: manifest.json of the active version; empty when none or unreadable.
        items: what the manifest says about single items.
        profile: name of the active input profile.
        schema: the plant's schema by that profile.
        units: item columns that the profile converts, and the unit that they are in then.
    """

    def __init__(self) -> None:
        self.document: dict[str, Any] = {}
        self.settings_revision = 0
        self.active: pb.ActiveVersion | None = None
        self.manifest: dict[str, Any] = {}
        self.items = ManifestItems({})
        self.profile, self.schema = BUILT_IN_NAME, MECHANICAL_SEALS
        self.units: dict[str, str] = {}
        self._profile_json = ""

    async def prepare(self, version: pb.ActiveVersion) -> None:
        """Nothing to load: the gateway serves no model itself."""

    async def abandon(self, version_name: str) -> None:
        """Nothing was loaded."""

    async def apply(self, state: pb.ControlState) -> None:
        """Take over settings and active version."""
        if state.settings.document_json:
            self.document = orjson.loads(state.settings.document_json)
            self.settings_revision = int(state.settings.revision)
        if state.input_profile_json != self._profile_json:
            profile = InputProfile.read(state.input_profile_json)
            self.profile, self.schema, self._profile_json = profile.name, profile.plant, state.input_profile_json
            self.units = profile.converted(FEATURES)
        active = state.active if state.HasField("active") else None
        if active is None:
            self.active, self.manifest, self.items = None, {}, ManifestItems({})
        elif self.active is None or active.SerializeToString() != self.active.SerializeToString():
            manifest = await asyncio.to_thread(read_manifest_json, Path(active.manifest_path))
            self.active, self.manifest, self.items = active, manifest, ManifestItems(manifest)

    def serving_version(self) -> str:
        """Name of the active version; "" when none."""
        return self.active.version_name if self.active else ""

    def section(self, name: str) -> dict[str, Any]:
        """One section of the settings document; empty when not known."""
        section = self.document.get(name)
        return section if isinstance(section, dict) else {}

    @property
    def manifest_revision(self) -> str | None:
        """Revision that the active version's manifest states; None when it states none."""
        revision = self.manifest.get("revision")
        return None if revision is None else str(revision)


def read_manifest_json(path: Path) -> dict[str, Any]:
    """A manifest as it is; empty, with a line in the log, when it cannot be read."""
    try:
        manifest = orjson.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        log.warning("manifest cannot be read", path=str(path), error=str(error))
        return {}
    return manifest if isinstance(manifest, dict) else {}
