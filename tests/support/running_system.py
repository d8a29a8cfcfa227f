"""The whole system, running for tests: real processes on free ports with a state folder of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx

from cli.running.run_record import FAILED, READY, STOPPED, ProcessRecord, RunRecord, read_record
from common.processes import IS_WINDOWS, free_port, is_running, kill_tree
from common.settings import Settings
from tests.support.patience import busyness, wait_until

ROOT = Path(__file__).resolve().parents[2]
ADMIN_EMAIL = "admin@plant.example"
ADMIN_PASSWORD = "Start-Pass-99"
START_SECONDS = 120.0
STOP_SECONDS = 5.0

KINDS = ("auth", "aggregate", "ann", "trainer", "gateway")


def system_variables(state: Path, **more: str) -> dict[str, str]:
    """Environment variables of a system with its state below `state`, and nothing of the surroundings' ROUTING_ML_*."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ROUTING_ML_")}
    return {
        **kept,
        "ROUTING_ML_STATE_DIR": str(state),
        "ROUTING_ML_MODELS_DIR": str(state / "models"),
        "ROUTING_ML_ADMIN_EMAIL": ADMIN_EMAIL,
        "ROUTING_ML_ADMIN_PASSWORD": ADMIN_PASSWORD,
        "PYTHONUTF8": "1",
        **more,
    }


def port_variables() -> dict[str, str]:
    """Environment variables that put the services on ports that are free now."""
    names = ("AUTH_ADDRESS", "ANN_ADDRESSES", "AGGREGATE_ADDRESSES", "TRAINER_ADDRESS")
    return {f"ROUTING_ML_{name}": f"127.0.0.1:{free_port()}" for name in names}


class RunningSystem:
    """A system started by `up` in a process of its own.

    Args:
        state: its state folder.
        variables: environment variables of `up`.
        command: how `up` is called, before its arguments.
    """

    def __init__(
        self,
        state: Path,
        *,
        variables: Mapping[str, str] | None = None,
        command: Sequence[str] = (sys.executable, "-m", "cli"),
        working_dir: Path = ROOT,
    ) -> None:
        self.state = state
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.variables = system_variables(state, **(variables or {}))
        self._command, self._working_dir = list(command), working_dir
        self._up: subprocess.Popen[bytes] | None = None
        self.output = state.with_name(f"{state.name}.up.txt")

    @property
    def logs(self) -> Path:
        """Folder of the log files."""
        return self.state / "logs"

    @property
    def said(self) -> str:
        """What `up` has printed."""
        return self.output.read_text(encoding="utf-8", errors="replace") if self.output.exists() else ""

    @property
    def record(self) -> RunRecord:
        """What the supervisor tells of the run."""
        record = read_record(self.state / "run")
        assert record is not None, f"no run is recorded; up said:\n{self.said}"
        return record

    def settings(self) -> Settings:
        """Settings by which a test finds the services."""
        return Settings(
            _env_file=None,
            state_dir=self.state,
            models_dir=self.state / "models",
            auth_address=self.process("auth").address,
            trainer_address=self.process("trainer").address,
            ann_addresses=[self.process("ann").address],
            aggregate_addresses=[self.process("aggregate").address],
        )

    def start(self, *arguments: str) -> float:
        """Start it and wait until it is ready; returns the seconds that took.

        Raises:
            AssertionError: it ended, or took longer than START_SECONDS; has what `up` said.
        """
        begun = time.monotonic()
        self.spawn(*arguments)
        assert self._up is not None
        wait_until(lambda: self._settled(), START_SECONDS, lambda: f"not ready; up said:\n{self.said}")
        assert self.record.phase == READY, f"up ended with {self._up.poll()}:\n{self.said}"
        return time.monotonic() - begun

    def spawn(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start it without waiting."""
        (self.state / "run" / "supervisor.json").unlink(missing_ok=True)
        options: dict[str, int | bool] = (
            {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)} if IS_WINDOWS else {}
        )
        if not IS_WINDOWS:
            options["start_new_session"] = True
        with open(self.output, "ab") as stream:
            self._up = subprocess.Popen(  # type: ignore[call-overload]
                [*self._command, "up", "--port", str(self.port), *arguments],
                cwd=self._working_dir,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                **options,
            )
        return self._up

    def _settled(self) -> bool:
        assert self._up is not None
        record = read_record(self.state / "run")
        return self._up.poll() is not None or (record is not None and record.phase in (READY, FAILED, STOPPED))

    def stop(self) -> float:
        """Press Ctrl-C and wait for the end; returns the seconds that took."""
        if self._up is None or self._up.poll() is not None:
            return 0.0
        begun = time.monotonic()
        self._up.send_signal(signal.SIGINT if not IS_WINDOWS else signal.CTRL_BREAK_EVENT)  # type: ignore[attr-defined,unused-ignore]
        try:
            self._up.wait(4 * STOP_SECONDS * busyness())
        except subprocess.TimeoutExpired:
            kill_tree(self._up.pid)
            raise AssertionError(f"up did not stop:\n{self.said}") from None
        return time.monotonic() - begun

    @property
    def exit_code(self) -> int | None:
        """Exit code of `up`; None while it runs."""
        return None if self._up is None else self._up.poll()

    @property
    def pid(self) -> int:
        """Process id of `up`."""
        assert self._up is not None
        return self._up.pid

    def process(self, kind: str) -> ProcessRecord:
        """The record of the first process of a kind."""
        return next(process for process in self.record.processes if process.name.startswith(f"{kind}-"))

    def kill(self, kind: str) -> int:
        """Kill a process as a crash would; returns its process id. The supervisor starts it again."""
        pid = self.process(kind).pid
        kill_tree(pid)
        return pid

    def wait_for_restart(self, kind: str, dead_pid: int) -> ProcessRecord:
        """Wait until another process of the kind is ready."""

        def again() -> bool:
            process = self.process(kind)
            return process.state == READY and process.pid not in (0, dead_pid)

        wait_until(again, START_SECONDS, lambda: f"{kind} was not started again: {self.record}")
        return self.process(kind)

    @contextmanager
    def client(self, email: str = "", password: str = "") -> Iterator[httpx.Client]:
        """An HTTP client for the block; logged in when an e-mail is given."""
        with httpx.Client(base_url=self.url, timeout=60.0, trust_env=False) as client:
            if email:
                answer = client.post("/api/auth/login", json={"username": email, "password": password})
                assert answer.status_code == 200, answer.text
            yield client

    @contextmanager
    def admin(self) -> Iterator[httpx.Client]:
        """A client for the block, logged in as the administrator."""
        with self.client(ADMIN_EMAIL, ADMIN_PASSWORD) as client:
            yield client

    def log_lines(self, request_id: str = "") -> list[dict[str, object]]:
        """The log lines of all processes, of one request or all."""
        lines = []
        for path in self.logs.glob("*.jsonl"):
            for text in path.read_text(encoding="utf-8").splitlines():
                line = json.loads(text)
                if not request_id or line.get("request_id") == request_id:
                    lines.append(line)
        return sorted(lines, key=lambda line: str(line.get("at", "")))

    def command(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run `routing-ml` for this installation."""
        return subprocess.run(
            [sys.executable, "-m", "cli", *arguments],
            cwd=ROOT,
            env=self.variables,
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )


@contextmanager
def running_system(state: Path, *arguments: str, variables: Mapping[str, str] | None = None) -> Iterator[RunningSystem]:
    """A system that runs inside the block. Its processes are gone afterwards, whatever happened."""
    system = RunningSystem(state, variables=variables)
    try:
        system.start(*arguments)
        yield system
    finally:
        left = read_record(state / "run")
        try:
            system.stop()
        finally:
            for process in left.processes if left else []:
                if process.pid and is_running(process.pid, process.started_at):
                    kill_tree(process.pid)


def running_plant(state: Path, plant: Path, **variables: str) -> AbstractContextManager[RunningSystem]:
    """A system inside the block that was started with another plant's tables and the profile beside them, and nothing else."""
    arguments = ("--data", str(plant), "--profile", str(plant / "profile.json"))
    return running_system(state, *arguments, variables={**port_variables(), **variables})
