"""Making another plant serve: profile, source and version change together, and what goes wrong is taken back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping

from sqlalchemy.orm import Session

from auth_service.control.control_state import active_version
from auth_service.control.settings import SettingsDocuments, find, parse
from auth_service.mapping import plant_section, profiles
from auth_service.mapping.profile_kinds import INPUT
from auth_service.mapping.settings_hooks import wrapper_saver
from auth_service.plants.known_plants import KnownPlant, VersionsOfPlants, known_plants
from auth_service.store.surroundings import Surroundings
from auth_service.versions.activation import Activation
from common.errors import PreconditionFailed, ServiceError
from common.identity import Caller
from common.logs import get_logger
from plant.examples import Example, examples, unknown_plant
from plant.input_profile import InputProfile
from trained.travel import VersionCache

log = get_logger(__name__)


class ServingPlants:
    """Which plants are here, and making one serve.

    Args:
        known_examples: the plants that come with the product.
    """

    def __init__(
        self,
        here: Surroundings,
        documents: SettingsDocuments,
        activation: Activation,
        versions: VersionCache,
        known_examples: Callable[[], Mapping[str, Example]] = examples,
    ) -> None:
        self._here, self._documents, self._activation, self._versions = here, documents, activation, versions
        self._examples = known_examples

    async def list(self) -> list[tuple[KnownPlant, str]]:
        """Every plant with the newest version of it that may become active; "" where it has to be trained first."""

        def look(session: Session) -> list[tuple[KnownPlant, str]]:
            plants = known_plants(session, self._here.settings, self._examples())
            active, versions = active_version(session), VersionsOfPlants(session, plants, self._versions)
            return [(plant, versions.newest(plant, active if plant.serving else None)) for plant in plants]

        return await self._here.database.read(look)

    async def serve(self, name: str, version_name: str, caller: Caller) -> tuple[KnownPlant, str]:
        """Make a plant the one that serves; returns it and its version.

        Args:
            version_name: version to activate; "": the newest that was trained for it.

        Raises:
            NotFound: there is no such plant or version. PreconditionFailed: the installation fixes the source, nothing was trained for the
            plant, or the version cannot be activated; the plant before serves on.
        """
        here = await self.list()
        found = next(((plant, newest) for plant, newest in here if plant.name == name), None)
        if found is None:
            raise unknown_plant(repr(name), (plant.name for plant, _version in here))
        plant, version = found[0], version_name or found[1]
        if self._here.settings.dataset is not None and not plant.serving:
            raise PreconditionFailed(
                "ROUTING_ML_DATASET fixes the source of this installation, so no other plant can serve: take it out of .env and "
                "restart, then try again",
                reason="SOURCE_FIXED",
            )
        if not version:
            raise PreconditionFailed(
                f"No version has been trained for {plant.profile.plant.name} yet: train one first", reason="NOT_TRAINED"
            )
        before = await self._choose(plant.profile, str(plant.path) if not plant.serving else "", caller)
        try:
            await self._activation.activate(version, by=caller.username, reason=f"plant {plant.name}")
        except ServiceError as error:
            log.warning("plant cannot serve", plant=plant.name, version=version, error=error.message)
            await self._choose(*before, caller)
            raise
        return plant, version

    async def _choose(self, profile: InputProfile, path: str, caller: Caller) -> tuple[InputProfile, str]:
        """Make profile and source (""; as it is) what is read; returns what was before."""
        now = time.time()

        def work(session: Session) -> tuple[InputProfile, str]:
            before = plant_section.active_input(session), parse(find(session, 0)).data_source.access_path
            stored = profiles.stored_under(session, INPUT, profile.name)
            if stored is None:
                profiles.save(
                    session,
                    INPUT,
                    profile.to_json(),
                    comment="comes with the product",
                    author=caller.username,
                    now=now,
                )
            elif InputProfile.read(stored.stored_json) != profile:
                raise PreconditionFailed(
                    f"There is another input profile called {stored.name}, which does not fit the tables of {path}: rename it, then try "
                    "again",
                    reason="PROFILE_NAME_TAKEN",
                )
            profiles.activate(session, INPUT, profile.name, author=caller.username, now=now)
            saver = wrapper_saver(self._here.settings.state_dir)
            plant_section.follow(session, before[0], saver, author=caller.username, now=now)
            if path:
                patch = json.dumps({"data_source": {"access_path": path}})
                self._documents.patch_within(
                    session, patch, comment=f"plant {profile.plant.name}", author=caller.username, now=now
                )
            self._here.audit(session, caller, "plant.serve", profile.name, {"path": path})
            return before

        result, _published = await self._here.change(work)
        return result
