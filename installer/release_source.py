"""What is installed from: an unpacked release (app/, wheels/, release.json, SHA256SUMS), or a clone of the project."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bootstrap.progress import SetupFailed
from installer.wording import words

SUMS = "SHA256SUMS"
FACTS = "release.json"
NOT_INSTALLED = ("tests/", "frontend/", "benchmarks/", ".github/", ".ci/", "var/", "models/")
"""Folders of a clone that a server does not need; the built frontend and documents are added to what is left."""
ALSO_INSTALLED = ("models/README.md",)


@dataclass(frozen=True)
class ReleaseSource:
    """A release to install.

    Attributes:
        application: folder with manage.py.
        version: version of the software.
        wheels: folder of the wheels; None: packages come from the index.
        made_at: when the release was made, seconds since 1970; 0 for a clone.
        folder: the unpacked release, with `tools` in it; None for a clone.
    """

    application: Path
    version: str
    wheels: Path | None
    made_at: float = 0.0
    folder: Path | None = None

    @classmethod
    def open(cls, folder: Path, wheels: Path | None = None) -> ReleaseSource:
        """The release in `folder` (or whose `app` it is), or the clone that it is.

        Args:
            wheels: other wheels than those of the release.

        Raises:
            SetupFailed: it is neither, or a file of the release is damaged or missing.
        """
        folder, wheels = folder.absolute(), wheels.absolute() if wheels else None
        if folder.name == "app" and (folder.parent / FACTS).is_file():
            folder = folder.parent
        application, made_at, unpacked = folder, 0.0, (folder / FACTS).is_file()
        if unpacked:
            check_sums(folder)
            application = folder / "app"
            made_at = float(json.loads((folder / FACTS).read_text(encoding="utf-8"))["made_at"])
            if wheels is None and (folder / "wheels").is_dir():
                wheels = folder / "wheels"
        if not (application / "manage.py").is_file():
            raise SetupFailed(words("release.none", folder=folder))
        if wheels is not None and not wheels.is_dir():
            raise SetupFailed(words("release.no_wheelhouse", folder=wheels))
        if not (application / "frontend" / "dist" / "index.html").is_file():
            raise SetupFailed(words("release.no_frontend", folder=application))
        return cls(application, software_version(application), wheels, made_at, folder if unpacked else None)

    def files(self) -> list[Path]:
        """The files that belong to the program, relative to `application`."""
        return program_files(self.application)

    def fingerprint(self) -> str:
        """Digest of names and contents of all files."""
        digest = hashlib.sha256()
        for path in self.files():
            digest.update(path.as_posix().encode() + b"\0" + hash_file(self.application / path).encode() + b"\n")
        return digest.hexdigest()


def software_version(application: Path) -> str:
    """The version of the software in a folder.

    Raises:
        SetupFailed: it names none.
    """
    text = (application / "common" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([0-9A-Za-z.+-]+)"$', text, re.MULTILINE)
    if not found:
        raise SetupFailed(f"{application / 'common' / '__init__.py'} names no version")
    return found.group(1)


def program_files(application: Path) -> list[Path]:
    """The program's files in a folder, relative to it and sorted: of a clone those that git knows, else all."""
    if (application / ".git").exists():
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=application, capture_output=True, check=True)
        names = [name for name in listed.stdout.decode("utf-8").split("\0") if name]
        kept = [name for name in names if not name.startswith(NOT_INSTALLED) or name in ALSO_INSTALLED]
        for built in (application / "frontend" / "dist", application / "docs" / "site"):
            kept += [path.relative_to(application).as_posix() for path in _all_files(built)]
    else:
        kept = [path.relative_to(application).as_posix() for path in _all_files(application)]
    return sorted(Path(name) for name in kept if (application / name).is_file())


def _all_files(folder: Path) -> list[Path]:
    found = []
    for current, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in ("__pycache__", "node_modules")]
        found += [Path(current) / name for name in files if not name.endswith(".pyc")]
    return found


def hash_file(path: Path) -> str:
    """sha256 of a file, in hexadecimal."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_sums(folder: Path) -> None:
    """Compare a release with its list of hashes.

    Raises:
        SetupFailed: a file is missing or differs; names the first few.
    """
    wrong = []
    if not (folder / SUMS).is_file():
        raise SetupFailed(words("release.damaged", folder=folder, files=words("release.missing", name=SUMS)))
    for line in (folder / SUMS).read_text(encoding="utf-8").splitlines():
        expected, _, name = line.partition("  ")
        path = folder / name
        if not path.is_file():
            wrong.append(words("release.missing", name=name))
        elif hash_file(path) != expected:
            wrong.append(words("release.differs", name=name))
    if wrong:
        more = words("release.more", count=len(wrong) - 3) if len(wrong) > 3 else ""
        raise SetupFailed(words("release.damaged", folder=folder, files="; ".join(wrong[:3]) + more))
