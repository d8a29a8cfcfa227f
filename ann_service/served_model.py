"""The version that serves and the one that is prepared: swapped by one reference, closed when the last request has ended.

All of this happens on the event loop's thread, so nothing needs a lock.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ann_service.delta_index import DeltaIndex
from common.errors import Unavailable
from common.logs import get_logger
from protos.settings.v1 import settings_pb2 as pb
from trained.searchable_model import SearchableModel

log = get_logger(__name__)
_serials = itertools.count(1)


class ServedModel:
    """A loaded version with its delta index and the requests that use it.

    Attributes:
        trained_here: whether this software trained it, over a whole item master.
        source_identity: identity of the source at the training; "" when the version does not say.
        model: the version.
        delta: items that came after its training.
        manifest_sha256: hash of the manifest it was loaded by.
        bytes: size of its files; 0 where nobody asks.
        serial: a number of its own in this process.
    """

    def __init__(
        self,
        model: SearchableModel,
        delta: DeltaIndex,
        manifest_sha256: str,
        *,
        trained_here: bool = False,
        source_identity: str = "",
        size: int = 0,
    ) -> None:
        self.bytes = size
        self.model, self.delta, self.manifest_sha256 = model, delta, manifest_sha256
        self.trained_here, self.source_identity = trained_here, source_identity
        self.serial = next(_serials)
        self._users = 0
        self._retired = False
        self.closed = False

    def is_version(self, version: pb.ActiveVersion) -> bool:
        """Whether it is the version that the control plane names, by name and manifest."""
        return self.model.version_name == version.version_name and version.manifest_sha256.lower() in (
            "",
            self.manifest_sha256,
        )

    @contextmanager
    def in_use(self) -> Iterator[ServedModel]:
        """Keeps it open for a request."""
        self._users += 1
        try:
            yield self
        finally:
            self._users -= 1
            self._close_if_done()

    def retire(self) -> None:
        """Close it when the last request that uses it has ended."""
        self._retired = True
        self._close_if_done()

    def _close_if_done(self) -> None:
        if self._retired and not self._users and not self.closed:
            self.closed = True
            self.model.close()
            log.info("version closed", model_version=self.model.version_name)


NOT_TOLD: Final = (
    "This process has just started and has not been told yet which model version is active: try again in a moment"
)


def none_active(site: str) -> str:
    """Why nothing can be searched where no version is active, at a site or ("") the installation's own plant."""
    if site:
        return (
            f"No model version is active at the site {site}, so nothing can be searched: train one "
            f"(ROUTING_ML_AT_SITE={site}, train_build_index.py --activate) or activate one in its registry"
        )
    return (
        "No model version is active, so nothing can be searched: train one (train_build_index.py --activate) or "
        "activate one in the registry"
    )


class ModelSlot:
    """Holds the version that serves, or why none does.

    Attributes:
        absence: why there is none, for people. Says nothing about a version that serves.
        loading: whether one is on its way.
    """

    def __init__(self) -> None:
        self._current: ServedModel | None = None
        self.absence, self.loading = NOT_TOLD, True

    def explain_absence(self, why: str, *, loading: bool = False) -> None:
        """Note why none serves."""
        self.absence, self.loading = why, loading

    @property
    def current(self) -> ServedModel | None:
        """The version that serves; None when none does."""
        return self._current

    @property
    def version_name(self) -> str:
        """Its name; "" when none serves."""
        return self._current.model.version_name if self._current else ""

    @property
    def problem(self) -> str:
        """Why no version serves; "" while one does."""
        return "" if self._current is not None else self.absence

    def swap(self, served: ServedModel | None) -> None:
        """Let `served` answer from now on; requests in flight finish on the one before."""
        before, self._current = self._current, served
        if before is not None and before is not served:
            before.retire()

    def needed(self) -> ServedModel:
        """The version that serves.

        Raises:
            Unavailable: none does; says why.
        """
        if self._current is None:
            raise Unavailable(self.absence, reason="MODEL_NOT_LOADED", retry_after=2.0)
        return self._current
