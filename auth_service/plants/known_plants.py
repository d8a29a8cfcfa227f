"""The plants that an installation can serve, each with its source, its input profile and the version that was trained for both."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth_service.control.settings import find, parse
from auth_service.mapping import plant_section, profiles
from auth_service.mapping.chosen_source import lacking_table
from auth_service.mapping.profile_kinds import INPUT
from auth_service.store.records import SettingsRevisionRecord, VersionRecord
from common.errors import InvalidInput, ServiceError
from common.settings import Settings
from plant.examples import OWN, Example
from plant.input_profile import InputProfile
from plant.schema import PlantSchema
from source.opening import open_source
from source.serving_source import DEFAULT_PATH, serving_source
from trained.artifacts import read_manifest
from trained.travel import VersionCache
from trained.travel.cache import small
from trained.version_schema import schema_of

_REVISIONS: Final = 500
"""How far back the settings are looked through for the installation's own source."""


@dataclass(frozen=True)
class KnownPlant:
    """A plant.

    Attributes:
        name: `own`, `demo` or the name of an example.
        path: its source.
        profile: what the source is read through.
        serving: whether its source serves now.
    """

    name: str
    path: Path
    profile: InputProfile
    serving: bool


def known_plants(session: Session, settings: Settings, examples: Mapping[str, Example]) -> list[KnownPlant]:
    """The plants that are here, the installation's own first where it has one."""
    document = parse(find(session, 0))
    serving = serving_source(settings, document).path
    folders = {example.folder: example for example in examples.values()}
    found = [
        KnownPlant(example.name, example.folder, _as_stored(session, example), serving == example.folder)
        for example in examples.values()
    ]
    path = serving if serving not in folders else _own_source(session, settings, folders)
    if path is not None:
        active = plant_section.active_input(session)
        profile = active if path == serving else _profile_for(session, path, examples) or active
        found.insert(0, KnownPlant(OWN, path, profile, path == serving))
    return found


def _as_stored(session: Session, example: Example) -> InputProfile:
    """The profile of an example as somebody has changed it since, where it fits the example's tables still."""
    stored = profiles.stored_under(session, INPUT, example.profile.name)
    if stored is None or not stored.stored_json:
        return example.profile
    try:
        kept = InputProfile.parse(stored.stored_json)
        return example.profile if lacking_table(kept, open_source(example.folder).tables()) else kept
    except ServiceError:
        return example.profile


def _own_source(session: Session, settings: Settings, examples: Mapping[Path, Example]) -> Path | None:
    """The source that served before an example did: the newest that was saved, else what the system was started with."""
    newest = (
        select(SettingsRevisionRecord.document_json).order_by(SettingsRevisionRecord.revision.desc()).limit(_REVISIONS)
    )
    for text in session.scalars(newest):
        saved = orjson.loads(text).get("data_source", {}).get("access_path") or DEFAULT_PATH
        if saved != DEFAULT_PATH and Path(saved) not in examples:
            return Path(saved)
    initial = settings.dataset or settings.initial_dataset or Path(DEFAULT_PATH)
    return None if initial in examples else initial


def _profile_for(session: Session, path: Path, examples: Mapping[str, Example]) -> InputProfile | None:
    """The stored profile that fits the tables of a source, those of no example first; None when none does."""
    try:
        tables = open_source(path).tables()
    except ServiceError:
        return None
    of_examples = {example.profile.name for example in examples.values()}
    stored: list[InputProfile] = []
    for name in profiles.list_names(session, INPUT):
        with contextlib.suppress(InvalidInput):
            stored.append(InputProfile.parse(profiles.get(session, INPUT, name).stored_json))
    fitting = [profile for profile in stored if not lacking_table(profile, tables)]
    return min(reversed(fitting), key=lambda profile: profile.name in of_examples, default=None)


class VersionsOfPlants:
    """The versions that were trained for plants. Sources are opened, and what versions say of themselves is read, once for all of them."""

    def __init__(self, session: Session, plants: Sequence[KnownPlant], cache: VersionCache) -> None:
        self._cache = cache
        self._sources = {plant.name: _description(plant.path) for plant in plants}
        self._of_examples = {source for name, source in self._sources.items() if name != OWN}
        newest_first = VersionRecord.trained_at.desc()
        rows = select(VersionRecord).where(VersionRecord.withdrawn.is_(False)).order_by(newest_first)
        self._rows: Sequence[VersionRecord] = session.scalars(rows).all()
        self._told: dict[int, tuple[PlantSchema, Mapping[str, Any]] | None] = {}

    def newest(self, plant: KnownPlant, active: VersionRecord | None = None) -> str:
        """The newest version that was trained for a plant and may become active; "" when none.

        For the installation's own plant that may also be one of a source that is called otherwise today, or that does not say which.

        Args:
            active: version that serves the plant now: it is the one, where it fits the schema.
        """
        fallback, fallback_at = "", 0.0
        for row in (*([active] if active is not None else []), *self._rows):
            told = self._told_by(row)
            if told is None or told[0].cannot_serve(plant.profile.plant):
                continue
            said = told[1]
            if active is not None and row.id == active.id:
                return row.version_name
            if said.get("source") == self._sources[plant.name] and said.get("input_profile") == plant.profile.name:
                return row.version_name
            if plant.name == OWN and said.get("source") not in self._of_examples and row.activated_at > fallback_at:
                fallback, fallback_at = row.version_name, row.activated_at
        return fallback

    def _told_by(self, row: VersionRecord) -> tuple[PlantSchema, Mapping[str, Any]] | None:
        """Schema and metadata of a version; None where its files cannot be read."""
        if row.id not in self._told:
            self._told[row.id] = None
            with contextlib.suppress(ServiceError, OSError):
                found = self._cache.locate(
                    row.version_name, row.artifact_dir, row.manifest_path, row.manifest_sha256, small
                )
                manifest = read_manifest(found.manifest_path)
                self._told[row.id] = schema_of(manifest, found.folder), manifest.metadata
        return self._told[row.id]


def _description(path: Path) -> str:
    """What a version that was trained on a source calls it; "" where it cannot be opened."""
    try:
        return open_source(path).description
    except ServiceError:
        return ""
