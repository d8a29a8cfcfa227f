"""Putting a version beside those that are there: its files, its virtual environment, and last the mark that it is complete."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bootstrap.progress import SetupFailed, Step
from common.files import write_text
from installer.journal import cannot_write
from installer.layout import COMPLETE, Layout
from installer.release_source import ReleaseSource

HOME_FILE = "installation.json"
"""File beside manage.py that tells the command `routing-ml` where its installation's data are."""

MakeEnvironment = Callable[[Path, Path, Path | None], None]
"""Makes a virtual environment for (application, folder of the environment, wheels or None)."""


def place(layout: Layout, release: ReleaseSource) -> None:
    """Copy the program of a release to its version's folder; what an interrupted attempt left there goes first.

    Raises:
        SetupFailed: the folder cannot be written, or the version is installed with other content.
    """
    folder = layout.version_folder(release.version)
    if layout.is_complete(release.version):
        if layout.fingerprint(release.version) != release.fingerprint():
            raise SetupFailed(
                f"Version {release.version} is installed in {folder} with other content. A changed program needs another version; "
                f"to replace a damaged one that is not active, delete {folder} first"
            )
        return
    application = layout.application(release.version)
    try:
        remove_version(layout, release.version)
        for path in release.files():
            target = application / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(release.application / path, target)
        write_text(application / HOME_FILE, json.dumps({"home": str(layout.data)}, ensure_ascii=False))
    except OSError as error:
        raise cannot_write(folder, error) from error


def make_environment(application: Path, folder: Path, wheels: Path | None) -> None:
    """Make the virtual environment of a version from its locked requirements, by the version's own bootstrap.

    Raises:
        SetupFailed: a package could not be had.
    """
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith(("ROUTING_ML_", "PIP_REQUIRE"))
    }
    variables |= {"ROUTING_ML_VENV": str(folder), "PYTHONUTF8": "1"}
    if wheels is not None:
        variables["ROUTING_ML_WHEELHOUSE"] = str(wheels)
    with Step(f"Making the virtual environment of {application.parent.name}"):
        done = subprocess.run(
            [sys.executable, "-m", "installer", "packages"],
            cwd=application,
            env=variables,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    if done.returncode:
        raise SetupFailed(f"The packages could not be installed:\n{done.stderr.strip()}")


def mark_complete(layout: Layout, release: ReleaseSource) -> None:
    """Note that a version is there to its last file."""
    facts = {"version": release.version, "fingerprint": release.fingerprint()}
    write_text(layout.version_folder(release.version) / COMPLETE, json.dumps(facts, indent=1))


def remove_version(layout: Layout, version: str) -> None:
    """Delete a version's folder, its mark first, so that what is left of an interrupted deletion is seen as incomplete.

    Raises:
        OSError: a file is held by a program that still runs.
    """
    folder = layout.version_folder(version)
    (folder / COMPLETE).unlink(missing_ok=True)
    if folder.is_dir():
        shutil.rmtree(folder)
