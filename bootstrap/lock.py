"""Locking the requirements: versions and hashes for Windows and Linux, Python 3.11 to 3.13, without any index address.

uv resolves for all of them at once; it is fetched into a temporary folder and used for this only.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bootstrap.environment import IS_WINDOWS, ROOT
from bootstrap.progress import SetupFailed, Step

OPTIONS = (
    *("--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate", "--no-config", "--quiet"),
)


def lock(*, upgrade: bool = False, check: bool = False) -> list[str]:
    """Write requirements/*.txt from requirements/*.in; returns the names of the files that changed (or would).

    Args:
        upgrade: take the newest versions instead of keeping those that are locked.
        check: compare only.

    Raises:
        SetupFailed: uv could not be had, or the requirements contradict each other.
    """
    changed = []
    with tempfile.TemporaryDirectory() as folder, Step("Locking the requirements"):
        uv = _fetch_uv(Path(folder))
        for name, constraint in (("dev", None), ("runtime", "dev"), ("node", None), ("benchmarks", "dev")):
            locked = ROOT / "requirements" / f"{name}.txt"
            fresh = Path(folder) / f"{name}.txt"
            before = locked.read_bytes().replace(b"\r\n", b"\n") if locked.exists() else b""
            if before and not upgrade:
                fresh.write_bytes(before)
            limits = ["-c", str(Path(folder) / f"{constraint}.txt")] if constraint else []
            _compile(uv, ROOT / "requirements" / f"{name}.in", fresh, [*limits, *(["--upgrade"] if upgrade else [])])
            content = fresh.read_bytes().replace(b"\r\n", b"\n")
            if content != before:
                changed.append(locked.name)
                if not check:
                    locked.write_bytes(content)
    return changed


def _fetch_uv(folder: Path) -> Path:
    fetched = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", folder, "uv"],
        capture_output=True,
        text=True,
    )
    uv = folder / "bin" / ("uv.exe" if IS_WINDOWS else "uv")
    if fetched.returncode or not uv.exists():
        raise SetupFailed(f"uv, which resolves the requirements, could not be fetched:\n{fetched.stderr.strip()}")
    return uv


def _compile(uv: Path, source: Path, target: Path, options: list[str]) -> None:
    made = subprocess.run(
        [uv, "pip", "compile", *OPTIONS, *options, "-o", target, source],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("UV_")},
    )
    if made.returncode:
        raise SetupFailed(f"{source.name} cannot be locked:\n{made.stderr.strip()}")
