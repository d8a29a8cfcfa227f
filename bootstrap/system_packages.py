"""What the operating system must bring: installed on Debian when root runs this, named precisely elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bootstrap.progress import SetupFailed, Step, notice


@dataclass(frozen=True)
class Need:
    """Packages of Debian and what does not work without them."""

    packages: tuple[str, ...]
    without: str


ODBC = Need(("unixodbc",), "databases cannot be read by ODBC; files and PostgreSQL can")
TREES = Need(("libgomp1",), "trainings cannot learn from routings (LightGBM needs it); plain similarity works")
DATABASE = Need(("postgresql",), "the tests on PostgreSQL are skipped; those on SQLite run")
DATABASE_BY_ODBC = Need(("odbc-postgresql",), "the tests of PostgreSQL through ODBC are skipped")
PROXY = Need(("caddy",), "the tests of Caddy's configuration are skipped")
BROWSER = Need(("chromium", "fonts-noto-cjk"), "the browser tests are skipped")


def ensure(needs: Sequence[Need]) -> None:
    """Install what is missing where that is possible, else say what to install and what does not work without it."""
    if sys.platform == "win32":
        return
    for need in needs:
        missing = _missing(need.packages)
        if missing and not _install(missing):
            notice(f"Not installed: {' '.join(missing)}, so {need.without}.\n  {_advice(missing)}")


def ensure_venv_module() -> None:
    """Debian keeps the module that makes virtual environments in a package of its own.

    Raises:
        SetupFailed: it is missing and cannot be installed from here.
    """
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        package = "python{}.{}-venv".format(*sys.version_info[:2])
        if not _install([package]):
            raise SetupFailed(
                f"This Python cannot make virtual environments. {_advice([package])}, then try again"
            ) from None


def _advice(packages: Sequence[str]) -> str:
    if shutil.which("apt-get"):
        return f"Run: sudo apt-get install {' '.join(packages)}"
    return f"Install what your system calls these packages of Debian: {' '.join(packages)}"


def _missing(packages: Sequence[str]) -> list[str]:
    if not shutil.which("dpkg-query"):
        found = {
            "unixodbc": any(Path("/usr").glob("lib*/**/libodbc.so.2")),
            "libgomp1": any(Path("/usr").glob("lib*/**/libgomp.so.1")),
            "odbc-postgresql": any(Path("/usr").glob("lib*/**/psqlodbcw.so")),
            "postgresql": shutil.which("initdb") is not None or any(Path("/usr/lib/postgresql").glob("*/bin/initdb")),
            "caddy": shutil.which("caddy") is not None,
            "chromium": any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")),
        }
        return [name for name in packages if not found.get(name, True)]
    listed = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *packages], capture_output=True, text=True
    )
    present = {line.split()[0] for line in listed.stdout.splitlines() if line.endswith(" installed")}
    return [name for name in packages if name not in present]


def _install(packages: Sequence[str]) -> bool:
    """Install packages of Debian; False when this is not Debian, not root, or apt-get fails (which it then shows)."""
    apt = shutil.which("apt-get")
    if not apt or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = [apt, "install", "-y", "-q", "--no-install-recommends", *packages]
    with Step(f"Installing the Debian packages {' '.join(packages)}"):
        for command in (install, [apt, "update", "-q"], install):
            done = subprocess.run(command, capture_output=True, text=True, env=environment)
            if command is install and done.returncode == 0:
                return True
    notice(done.stderr.strip())
    return False
