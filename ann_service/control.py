"""Following the control state: versions are prepared beside the one that serves, swapped, and settings taken over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from ann_service.delta_index import DeltaIndex
from ann_service.searcher import Searcher
from ann_service.served_model import ServedModel, none_active
from ann_service.sites_memory import SitesMemory
from common.errors import PreconditionFailed, ServiceError
from common.logs import get_logger
from plant.settings import PlantSettings
from protos.settings.v1 import settings_pb2 as pb
from trained.artifacts import read_manifest, sha256_of
from trained.travel import VersionCache
from trained.version_loading import is_native, load_version, read_training_metadata

log = get_logger(__name__)

MANIFEST: Final = "manifest.json"


class AnnControl:
    """Takes the control state for one process.

    Args:
        derived: folder for files derived from versions, and for delta indexes.
        threads: of one batch search.
        set_serving: reports SERVING or NOT_SERVING.
        on_ready: called when a version serves for the first time.
        versions: finds versions here, and fetches those that are not.
        site, memory: of a site, whose version is mapped when it is asked for, as far as the budget of the host allows.
    """

    def __init__(
        self,
        searcher: Searcher,
        derived: Path,
        threads: int,
        set_serving: Callable[[bool], Awaitable[None]],
        on_ready: Callable[[], None] = lambda: None,
        versions: VersionCache | None = None,
        *,
        site: str = "",
        memory: SitesMemory | None = None,
    ) -> None:
        self.site, self._memory = site, memory
        self._active: pb.ActiveVersion | None = None
        self._versions = versions
        self._searcher, self._derived, self._threads = searcher, derived, threads
        self._set_serving, self._on_ready = set_serving, on_ready
        self._prepared: ServedModel | None = None
        self._busy = asyncio.Lock()
        self._told = ""

    def serving_version(self) -> str:
        """Name of the version that serves; "" when none does."""
        return self._searcher.slot.version_name

    async def prepare(self, version: pb.ActiveVersion) -> None:
        """Load a version beside the one that serves and prove it with searches.

        Raises:
            ServiceError: it cannot be loaded; the one that serves is not touched.
        """
        async with self._busy:
            if not self._is(self._searcher.slot.current, version):
                await self._prepare(version)

    async def abandon(self, version_name: str) -> None:
        """Drop what was prepared under this name."""
        async with self._busy:
            if self._prepared is not None and self._prepared.model.version_name == version_name:
                self._drop_prepared()

    async def apply(self, state: pb.ControlState) -> None:
        """Take over the settings and the active version of a state.

        Raises:
            ServiceError: the active version cannot be loaded (the one before goes on serving), or the settings are invalid.
        """
        async with self._busy:
            self._apply_settings(state.settings.document_json)
            self._active = state.active if state.HasField("active") else None
            if self._active is not None:
                if self._memory is None or self._searcher.slot.current is not None or self._prepared is not None:
                    await self._activate(self._active)
                else:
                    self._wait_to_be_asked(self._active)
                    await self._set_serving(True)
            else:
                if self._memory is not None:
                    self._memory.gave_up(self.site)
                self._searcher.slot.explain_absence(none_active(self.site))
                if self._searcher.slot.current is not None:
                    log.info("no version is active any more", model_version=self.serving_version())
                    self._searcher.slot.swap(None)
                    await self._set_serving(False)

    async def summon(self) -> None:
        """Have the active version mapped before it is asked; nothing to do where it always is.

        Raises:
            ServiceError: it cannot be loaded.
        """
        if self._memory is None:
            return
        self._memory.used(self.site)
        if self._searcher.slot.current is None and self._active is not None:
            async with self._busy:
                if self._searcher.slot.current is None and self._active is not None:
                    await self._activate(self._active)

    def let_go(self) -> None:
        """Unmap the version until it is asked for again."""
        self._searcher.slot.swap(None)
        self._searcher.cache.clear()
        if self._active is not None:
            self._wait_to_be_asked(self._active)

    def _wait_to_be_asked(self, version: pb.ActiveVersion) -> None:
        self._searcher.slot.explain_absence(
            f"The version {version.version_name} of {self.site} is loaded when it is asked for: try again in a moment",
            loading=True,
        )

    def close(self) -> None:
        """Close all versions."""
        self._drop_prepared()
        self._searcher.slot.swap(None)

    def _apply_settings(self, document_json: str) -> None:
        settings = PlantSettings.parse(document_json).search
        self._searcher.ef_search = settings.ef_search
        self._searcher.cache.resize(settings.cache_entries)

    async def _activate(self, version: pb.ActiveVersion) -> None:
        slot = self._searcher.slot
        if not self._is(slot.current, version):
            if not self._told:
                slot.explain_absence(
                    f"The active version {version.version_name} is being loaded: try again in a moment", loading=True
                )
            try:
                served = await self._prepare(version)
            except ServiceError as error:
                why = f"The active version {version.version_name} cannot be loaded: {error.message}"
                slot.explain_absence(why)
                if why != self._told:  # it is tried again and again
                    self._told = why
                    log.error(
                        "the active version cannot be loaded",
                        model_version=version.version_name,
                        error=error.message,
                        reason=error.reason,
                    )
                raise
            self._told = ""
            self._prepared = None
            slot.swap(served)
            if self._memory is not None:
                self._memory.took(self, served.bytes)
            self._searcher.cache.clear()
            log.info("version serves", model_version=version.version_name)
        await self._set_serving(True)
        self._on_ready()

    async def _prepare(self, version: pb.ActiveVersion) -> ServedModel:
        if self._prepared is not None:
            if self._is(self._prepared, version):
                return self._prepared
            self._drop_prepared()
        self._prepared = await asyncio.to_thread(self.load, version)
        return self._prepared

    def load(self, version: pb.ActiveVersion) -> ServedModel:
        """Load a version and prove it with searches; blocks.

        Raises:
            ServiceError: it cannot be loaded.
        """
        started = time.perf_counter()
        folder = Path(version.artifact_dir)
        manifest_path = Path(version.manifest_path) if version.manifest_path else folder / MANIFEST
        if self._versions is not None:
            found = self._versions.locate(
                version.version_name, version.artifact_dir, version.manifest_path, version.manifest_sha256
            )
            folder, manifest_path = found.folder, found.manifest_path
        digest = self._manifest_digest(manifest_path, version)
        model = load_version(
            folder, manifest_path, self._derived, version_name=version.version_name, threads=self._threads
        )
        try:
            model.warm()
        except BaseException:
            model.close()
            raise
        delta_name = f"delta-{digest[:24] or 'unlisted'}.npz"
        delta = DeltaIndex(self._derived / delta_name, model.codes, model.dimension)
        log.info(
            "version loaded",
            model_version=version.version_name,
            engine=model.engine_name,
            items=model.items,
            judgement=model.judgement,
            duration_ms=round((time.perf_counter() - started) * 1000, 1),
        )
        manifest = read_manifest(manifest_path) if manifest_path.exists() else None
        trained_here = manifest is not None and is_native(manifest, read_training_metadata(manifest, folder))
        identity = str(manifest.metadata.get("source_identity") or "") if manifest is not None else ""
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if self._memory else 0
        return ServedModel(model, delta, digest, trained_here=trained_here, source_identity=identity, size=size)

    @staticmethod
    def _manifest_digest(path: Path, version: pb.ActiveVersion) -> str:
        try:
            digest = sha256_of(path)
        except OSError:
            return ""  # load_version says what is missing
        if version.manifest_sha256 and digest != version.manifest_sha256.lower():
            raise PreconditionFailed(
                f"The manifest {path} is not the one that was registered for version {version.version_name}: register the "
                "version again, or restore the manifest",
                reason="HASH_MISMATCH",
                details={"path": path},
            )
        return digest

    @staticmethod
    def _is(served: ServedModel | None, version: pb.ActiveVersion) -> bool:
        return served is not None and served.is_version(version)

    def _drop_prepared(self) -> None:
        if self._prepared is not None:
            log.info("prepared version dropped", model_version=self._prepared.model.version_name)
            self._prepared.retire()
            self._prepared = None
