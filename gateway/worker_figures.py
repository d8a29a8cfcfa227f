"""Figures that the gateway's processes share: each leaves its own in the run folder every few seconds and reads those of the others.

So the dashboard, `/api/metrics` and Prometheus see the gateway as a whole, whichever process answers. Files, because processes behind
one port cannot be asked one by one; a process that is gone is left out after a moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson
from prometheus_client import generate_latest

from common.files import temporary_name
from common.finishing import ended
from common.logs import get_logger
from gateway.figures import Bin, RecentRequests, bins_of
from gateway.last_answers import LastAnswers

log = get_logger(__name__)

ENDING: Final = ".figures.json"
EVERY_SECONDS: Final = 3.0
FORGOTTEN_SECONDS: Final = 30.0


@dataclass(frozen=True)
class WorkerFigures:
    """What one gateway process left.

    Attributes:
        instance: its name, such as gateway-8000-1.
        bins: its requests of the last hour.
        last: moment and figures of its last evaluations.
        prometheus: its figures in the Prometheus text format.
    """

    instance: str
    bins: list[Bin] = field(default_factory=list)
    last: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    prometheus: str = ""


class SharedFigures:
    """Leaves the figures of this process for the others, and reads theirs.

    Args:
        folder: the run folder of the installation.
        instance: name of this process; names its file.
    """

    def __init__(self, folder: Path, instance: str, recent: RecentRequests, last: LastAnswers) -> None:
        self._folder, self._instance = folder, instance
        self._recent, self._last = recent, last
        self._own = folder / f"{instance}{ENDING}"
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to leave figures."""
        self._task = asyncio.create_task(self._leave_often())

    async def stop(self) -> None:
        """Take the own figures away."""
        if self._task is not None:
            await ended(self._task)
        with contextlib.suppress(OSError):
            self._own.unlink()

    async def others(self) -> list[WorkerFigures]:
        """What the other gateway processes left lately."""
        return await asyncio.to_thread(read_figures, self._folder, self._instance)

    async def _leave_often(self) -> None:
        while True:
            content = {
                "instance": self._instance,
                "bins": self._recent.as_json(),
                "last": self._last.as_json(),
                "prometheus": generate_latest().decode("utf-8"),
            }
            await asyncio.to_thread(self._leave, orjson.dumps(content))
            await asyncio.sleep(EVERY_SECONDS)

    def _leave(self, content: bytes) -> None:
        """Replace the own file. It is worth nothing after a crash, so nothing is forced to the disk; a failure costs one round."""
        temporary = temporary_name(self._own)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(content)
            os.replace(temporary, self._own)
        except OSError as error:
            log.debug("figures not left", error=str(error))
            with contextlib.suppress(OSError):
                temporary.unlink()


def read_figures(folder: Path, without: str = "") -> list[WorkerFigures]:
    """What gateway processes left lately, by name; `without` is the name of one to leave out."""
    found = []
    for path in sorted(folder.glob(f"gateway-*{ENDING}")):
        try:
            if path.name == f"{without}{ENDING}" or time.time() - path.stat().st_mtime > FORGOTTEN_SECONDS:
                continue
            read = orjson.loads(path.read_bytes())
            last = [(float(at), dict(figures)) for at, figures in read["last"]]
            found.append(WorkerFigures(str(read["instance"]), bins_of(read["bins"]), last, str(read["prometheus"])))
        except (OSError, ValueError, KeyError, TypeError):  # being replaced, or of another program version
            continue
    return found
