"""The real system on a catalogue, in a state folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.catalogues import ROOT
from common.processes import free_port

ADMIN = "bench@plant.example"
PASSWORD = "Measured-Ring-42"


@dataclass
class System:
    """A running system.

    Attributes:
        url: of the gateway.
        start_seconds: from the command to ready.
        environment: variables by which other commands find it.
    """

    url: str
    start_seconds: float
    environment: Mapping[str, str]

    def status(self) -> dict[str, Any]:
        """What `routing-ml status --json` says."""
        answer = subprocess.run(
            [sys.executable, "-m", "cli", "status", "--json"],
            env=dict(self.environment),
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
        return dict(json.loads(answer.stdout))

    def address(self, kind: str) -> str:
        """Address of the first process of a kind (ann, aggregate, auth, trainer)."""
        return next(str(p["address"]) for p in self.status()["processes"] if str(p["name"]).startswith(kind))

    def pids(self) -> dict[str, int]:
        """Process ids by name."""
        return {str(p["name"]): int(p["pid"]) for p in self.status()["processes"]}

    def stop(self) -> None:
        """Stop it."""
        subprocess.run(
            [sys.executable, "-m", "cli", "down"],
            env=dict(self.environment),
            cwd=ROOT,
            check=False,
            capture_output=True,
        )


def state_folder(work: Path, items: int) -> Path:
    """State folder of the system for a catalogue of `items` items."""
    return work / f"state-{items}"


def models_folder(work: Path, items: int) -> Path:
    """Folder of its model versions."""
    return work / f"models-{items}"


def environment(work: Path, items: int) -> dict[str, str]:
    """Variables of the system for a catalogue of `items` items."""
    ports = [free_port() for _ in range(4)]
    return {
        **os.environ,
        "ROUTING_ML_STATE_DIR": str(state_folder(work, items)),
        "ROUTING_ML_MODELS_DIR": str(models_folder(work, items)),
        "ROUTING_ML_ADMIN_EMAIL": ADMIN,
        "ROUTING_ML_ADMIN_PASSWORD": PASSWORD,
        "ROUTING_ML_ANN_ADDRESSES": f"127.0.0.1:{ports[0]}",
        "ROUTING_ML_AGGREGATE_ADDRESSES": f"127.0.0.1:{ports[1]}",
        "ROUTING_ML_AUTH_ADDRESS": f"127.0.0.1:{ports[2]}",
        "ROUTING_ML_TRAINER_ADDRESS": f"127.0.0.1:{ports[3]}",
        "PYTHONUTF8": "1",
    }


def start(variables: Mapping[str, str], catalogue: Path) -> System:
    """Start the system and wait until it is ready.

    Raises:
        RuntimeError: it did not start; the message has its output.
    """
    port = free_port()
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "cli", "up", "--data", str(catalogue), "--port", str(port), "--detach"],
        env=dict(variables),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"The system did not start:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return System(f"http://127.0.0.1:{port}", time.perf_counter() - started, variables)
