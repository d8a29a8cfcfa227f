"""The first version: trained and activated when the registry has no active one."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from cli.control_plane import ControlPlane
from cli.installation import ROOT
from cli.running.stored_profiles import read_active
from common.errors import DataProblem, NotFound, ServiceError
from common.logs import get_logger
from common.processes import start_child, stop_all
from common.settings import Settings
from plant.examples import DEMO_CATALOGUE
from plant.input_profile import InputProfile
from plant.profile_files import write_profile
from protos.registry.v1.registry_pb2 import GetActiveRequest
from trained.artifacts import read_manifest
from trained.version_schema import schema_of

log = get_logger(__name__)

POLL_SECONDS = 0.2
GRACE_SECONDS = 1.0
WAIT_SECONDS = 2.0
ANOTHER_TRAINS = 4
"""Exit code of a training that found another one running."""


class FirstVersion:
    """Trains a version in a child process, as the scheduler does.

    Args:
        variables: environment variables of the child.
    """

    def __init__(self, settings: Settings, variables: dict[str, str]) -> None:
        self._settings, self._variables = settings, variables
        self._child: subprocess.Popen[bytes] | None = None
        self._profile: InputProfile | None = None

    async def is_needed(self) -> bool:
        """Whether no version is active, or only one that cannot serve with the active input profile.

        Raises:
            ServiceError: auth_service did not answer.
        """
        async with ControlPlane(self._settings) as control:
            self._profile = await read_active(control)
            try:
                active = (await control.call(control.registry.GetActive, GetActiveRequest())).version
            except NotFound:
                return True
        try:
            schema = schema_of(read_manifest(Path(active.manifest_path)), Path(active.artifact_dir))
        except ServiceError:
            return False  # told by what serves it
        return bool(schema.cannot_serve(self._profile.plant))

    @property
    def profile_name(self) -> str:
        """Name of the active input profile; "" before `is_needed` has asked."""
        return self._profile.name if self._profile is not None else ""

    @property
    def _dataset(self) -> Path:
        named = self._settings.dataset or self._settings.initial_dataset
        assert named is not None
        return named

    async def train(self, on_progress: Callable[[str, float], None]) -> None:
        """Train and activate; `on_progress` gets what is being done and the share that is done, 0 to 1.

        Raises:
            DataProblem: the training failed; the message is its own.
        """
        folder = self._folder()
        output = self._settings.logs_path / "first-training.out"
        output.unlink(missing_ok=True)
        command = [sys.executable, "train_build_index.py", "--save-dir", str(folder), "--activate"]
        command += ["--requested-by", "routing-ml up", "--dataset", str(self._dataset), "--time-profiles"]
        if self._profile is not None:
            used = self._settings.run_path / "first-training.profile.json"
            write_profile(used, self._profile)
            command += ["--profile", str(used)]
        log.info("training", folder=str(folder), dataset=str(self._dataset))
        while True:
            self._child = start_child(command, environment=self._variables, working_dir=ROOT, output=output)
            while self._child.poll() is None:
                on_progress(*self._progress())
                await asyncio.sleep(POLL_SECONDS)
            if self._child.returncode != ANOTHER_TRAINS:
                break
            # One that a killed `up` has left, or that was started by hand: what it makes may be what is wanted.
            on_progress("Waiting for a training that runs already", -1.0)
            await asyncio.sleep(WAIT_SECONDS)
            if not await self.is_needed():
                return
            output.unlink(missing_ok=True)
        if self._child.returncode:
            raise DataProblem(f"The first training failed (code {self._child.returncode}):\n{_last_words(output)}")
        log.info("trained", folder=str(folder))

    def end(self) -> None:
        """End a training that is under way; what it has half written goes with it."""
        if self._child is not None and self._child.poll() is None:
            stop_all([self._child], grace_seconds=GRACE_SECONDS)

    def _folder(self) -> Path:
        source = "demo" if self._dataset == DEMO_CATALOGUE else self._dataset.stem
        plain = re.sub(r"[^A-Za-z0-9_-]+", "-", source).strip("-") or "data"
        name = f"{plain}-{time.strftime('%Y%m%d-%H%M%S')}"
        folder = self._settings.models_dir / name
        suffix = 2
        while folder.exists():
            folder = self._settings.models_dir / f"{name}-{suffix}"
            suffix += 1
        return folder

    def _progress(self) -> tuple[str, float]:
        what = "Training the first version"
        try:
            status = json.loads((self._settings.run_path / "training.status.json").read_text(encoding="utf-8"))
            if status.get("status") != "running":
                return what, -1.0
            return f"{what}: {status.get('message') or status.get('stage')}", float(status["progress"]) / 100
        except (OSError, ValueError, KeyError, TypeError):
            return what, -1.0


def _last_words(output: Path, lines: int = 8) -> str:
    """The last lines of a log in JSON lines or plain text, for people."""
    try:
        text = output.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    spoken = []
    for line in text.strip().splitlines()[-lines:]:
        try:
            event = json.loads(line)
        except ValueError:
            spoken.append(line)
            continue
        if isinstance(event, dict):
            spoken.append(str(event.get("error") or event.get("message") or event.get("event") or line))
    return "\n".join(spoken)
