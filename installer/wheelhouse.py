"""Collecting the wheels of all locked packages for a platform and several versions of Python, each checked against its hash."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bootstrap.progress import SetupFailed, Step
from installer.target_platform import Target


def collect_wheels(locked: Path, platform: str, pythons: Sequence[str], folder: Path) -> list[Path]:
    """Download the wheels that `locked` asks for on `platform`; returns them.

    Args:
        platform: win_amd64 or linux_x86_64.
        pythons: versions of Python, such as 3.11.

    Raises:
        SetupFailed: a package has no wheel there, or one differs from its hash; the message is pip's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for python in pythons:
        target = Target(platform, python)
        with tempfile.TemporaryDirectory() as temporary, Step(f"Collecting the wheels for {platform}, Python {python}"):
            requirements = Path(temporary) / "requirements.txt"
            requirements.write_text(target.requirements(locked), encoding="utf-8")
            done = subprocess.run(
                download_command(target, requirements, folder),
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
        if done.returncode:
            raise SetupFailed(
                f"Not every package has a wheel for {platform} and Python {python}:\n"
                + "\n".join(done.stderr.splitlines()[-8:])
            )
    return sorted(folder.glob("*.whl"))


def download_command(target: Target, requirements: Path, folder: Path) -> list[str]:
    """The command line that downloads for a target and nothing else."""
    command = [sys.executable, "-m", "pip", "download", "--require-hashes", "--no-deps", "--only-binary", ":all:"]
    command += ["--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--quiet"]
    command += ["--python-version", target.python, "--implementation", "cp"]
    for tag in target.tags:
        command += ["--platform", tag]
    return [*command, "--dest", str(folder), "--requirement", str(requirements)]
