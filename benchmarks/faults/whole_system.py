"""The whole system with its own state folder, and who may ask it: an administrator, a planner, nobody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.catalogues import ROOT
from benchmarks.system import ADMIN, PASSWORD, System, start
from common.processes import free_port, is_running

USER, USER_PASSWORD = "planner@plant.example", "Measured-Seal-42"


@dataclass
class WholeSystem:
    """A running system and the tokens of its people."""

    system: System
    admin_token: str
    user_token: str

    @property
    def url(self) -> str:
        """Address of the gateway."""
        return self.system.url

    def client(self, token: str) -> httpx.Client:
        """A client in the name of whoever has the token; "": nobody."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=90, trust_env=False)

    def processes(self) -> dict[str, int]:
        """Process ids by name, the supervisor apart."""
        return self.system.pids()

    def supervisor(self) -> int:
        """Id of the process that watches the others."""
        return int(self._run_state()["pid"])

    def _run_state(self) -> dict[str, Any]:
        state = Path(self.system.environment["ROUTING_ML_STATE_DIR"])
        return dict(json.loads((state / "run" / "supervisor.json").read_text(encoding="utf-8")))

    def stop(self) -> None:
        """Stop it, and end what did not stop."""
        left = self._run_state()["processes"]
        self.system.stop()
        for process in left:
            if process["pid"] and is_running(process["pid"], process["started_at"]):
                psutil.Process(process["pid"]).kill()


def start_whole(folder: Path, catalogue: Path, **more: str) -> WholeSystem:
    """Start the system in a folder and make a planner's account.

    Raises:
        RuntimeError: it did not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = ("AUTH_ADDRESS", "ANN_ADDRESSES", "AGGREGATE_ADDRESSES", "TRAINER_ADDRESS")
    variables = {
        **{key: value for key, value in os.environ.items() if not key.startswith("ROUTING_ML_")},
        **{f"ROUTING_ML_{name}": f"127.0.0.1:{free_port()}" for name in names},
        "ROUTING_ML_STATE_DIR": str(folder / "state"),
        "ROUTING_ML_MODELS_DIR": str(folder / "models"),
        "ROUTING_ML_ADMIN_EMAIL": ADMIN,
        "ROUTING_ML_ADMIN_PASSWORD": PASSWORD,
        "ROUTING_ML_SESSION_MINUTES": "10080",
        "PYTHONUTF8": "1",
        **more,
    }
    return with_people(start(variables, catalogue))


def with_people(system: System, *, email: str = ADMIN, password: str = PASSWORD) -> WholeSystem:
    """The tokens of an administrator and of a planner, whose account is made when there is none."""
    with httpx.Client(base_url=system.url, timeout=90, trust_env=False) as client:

        def log_in(name: str, secret: str) -> httpx.Response:
            return client.post("/api/auth/login", json={"username": name, "password": secret})

        admin = log_in(email, password).raise_for_status().json()["token"]
        headers = {"authorization": f"Bearer {admin}"}
        if log_in(USER, USER_PASSWORD).status_code != 200:
            client.post("/api/auth/register", json={"username": USER, "password": USER_PASSWORD})
            client.post("/api/auth/admin/approve", json={"username": USER}, headers=headers)
        user = log_in(USER, USER_PASSWORD).raise_for_status().json()["token"]
    return WholeSystem(system, admin, user)


def settled(whole: WholeSystem, seconds: float) -> float:
    """Wait until the gateway says that all is well; returns how long that took.

    Raises:
        RuntimeError: it does not within `seconds`.
    """
    begun = time.monotonic()
    with whole.client("") as client:
        while True:
            try:
                if client.get("/api/health").json().get("status") == "ok":
                    return time.monotonic() - begun
            except (httpx.HTTPError, ValueError):
                pass
            if time.monotonic() - begun > seconds:
                raise RuntimeError("the system is not well again")
            time.sleep(0.1)


def routing_ml(whole: WholeSystem, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the command line for this system."""
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        cwd=ROOT,
        env=dict(whole.system.environment),
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
