"""Putting a version beside those that are there: its files, its virtual environment, and last the mark that it is complete."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bootstrap.progress import SetupFailed, Step
from common.files import SHARING_RETRY_SECONDS, replace, temporary_name, write_text
from installer.journal import cannot_write
from installer.layout import COMPLETE, Layout
from installer.release_source import ReleaseSource, hash_file
from installer.wording import words

HOME_FILE = "installation.json"
"""File beside manage.py that tells the command `routing-ml` where its installation's data are."""

MakeEnvironment = Callable[[Path, Path, Path | None], None]
"""Makes a virtual environment for (application, folder of the environment, wheels or None)."""


def place(layout: Layout, release: ReleaseSource) -> None:
    """Copy the program of a release to its version's folder, or restore what differs there from the release.

    What an interrupted attempt left there goes first.

    Raises:
        SetupFailed: the folder cannot be written, or the version runs with other content.
    """
    folder = layout.version_folder(release.version)
    complete = layout.is_complete(release.version)
    if complete and layout.fingerprint(release.version) != release.fingerprint():
        if layout.active() == release.version:
            raise SetupFailed(words("check.other_content", version=release.version, folder=folder))
        complete = False  # what an attempt left that was taken back, or a version that is not in use
    application = layout.application(release.version)
    try:
        if not complete:
            remove_version(layout, release.version)
        for path in damaged(layout, release):
            target = application / path
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = temporary_name(target)
            try:
                shutil.copyfile(release.application / path, temporary)
                _put(temporary, target)
            finally:
                temporary.unlink(missing_ok=True)
        write_text(application / HOME_FILE, json.dumps({"home": str(layout.data)}, ensure_ascii=False))
    except OSError as error:
        raise cannot_write(folder, error) from error


def _put(temporary: Path, target: Path) -> None:
    try:
        replace(temporary, target)
    except PermissionError as error:
        if not target.is_file():
            raise
        raise SetupFailed(words("place.held", file=target, reason=error.strerror or error)) from error


def damaged(layout: Layout, release: ReleaseSource) -> list[Path]:
    """Files of a release that are missing in its version's folder or differ there, relative to the program."""
    application = layout.application(release.version)
    return [
        path
        for path in release.files()
        if not (application / path).is_file() or hash_file(application / path) != hash_file(release.application / path)
    ]


def packages_damaged(layout: Layout, version: str) -> bool:
    """Whether files of the packages of a version are missing or have another size than the packages say."""
    libraries = [
        *layout.environment(version).glob("Lib/site-packages"),
        *layout.environment(version).glob("lib/*/site-packages"),
    ]
    if not layout.python(version).is_file():
        return True
    for library in libraries:
        for record in library.glob("*.dist-info/RECORD"):
            with open(record, encoding="utf-8", newline="") as stream:
                for name, _digest, size, *_ in csv.reader(stream):
                    if not size or name.endswith(".pyc"):
                        continue
                    try:
                        if (library / name).stat().st_size != int(size):
                            return True
                    except OSError:
                        return True
    return False


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
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        (folder / COMPLETE).unlink()
    if folder.is_dir():
        delete_tree(folder)


def delete_tree(folder: Path) -> None:
    """Delete a folder with everything in it; what a virus scanner holds for a moment is tried again, what is read-only is made writable.

    Raises:
        OSError: a file is held by a program that still runs.
    """
    deadline = time.monotonic() + SHARING_RETRY_SECONDS

    def again(function: Callable[..., object], path: str, error: BaseException | tuple[object, ...]) -> None:
        while True:
            try:
                Path(path).chmod(0o700)
                function(path)
                return
            except FileNotFoundError:
                return
            except OSError:
                if os.name != "nt" or time.monotonic() > deadline:
                    raise
            time.sleep(0.2)

    if sys.version_info >= (3, 12):
        shutil.rmtree(folder, onexc=again)
    else:
        shutil.rmtree(folder, onerror=again)
