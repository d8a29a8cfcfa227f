"""The project's own files: as git knows them, or in a copy without git (an archive of the sources) what .gitignore leaves."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]


def project_files(*endings: str, root: Path = ROOT) -> list[str]:
    """Names (with `/`, below `root`) of the files that there are, those whose name ends in one of `endings` or all."""
    if shutil.which("git") and (root / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=root,
            capture_output=True,
            check=True,
        )
        names = [name for name in listed.stdout.decode("utf-8").split("\0") if name and (root / name).is_file()]
    else:
        names = list(_not_ignored(root, "", []))
    return sorted(name for name in set(names) if name.endswith(endings or ("",)))


def _not_ignored(root: Path, folder: str, rules: list[tuple[str, str]]) -> Iterator[str]:
    """The files below a folder that neither its .gitignore nor those above it name.

    Args:
        rules: folder of a .gitignore ("" or with a `/` at its end) and one of its lines, the later one counts.
    """
    written = root / folder / ".gitignore"
    if written.is_file():
        lines = (line.strip() for line in written.read_text(encoding="utf-8").splitlines())
        rules = rules + [(folder, line) for line in lines if line and not line.startswith("#")]
    for entry in sorted(os.scandir(root / folder), key=lambda one: one.name):
        name, is_folder = folder + entry.name, entry.is_dir(follow_symlinks=False)
        if entry.name == ".git" or _is_ignored(name, is_folder, rules):
            continue
        if is_folder:
            yield from _not_ignored(root, f"{name}/", rules)
        else:
            yield name


def _is_ignored(name: str, is_folder: bool, rules: list[tuple[str, str]]) -> bool:
    ignored = False
    for folder, line in rules:
        pattern = line.removeprefix("!")
        if pattern.endswith("/") and not is_folder:
            continue
        pattern = pattern.rstrip("/")
        below = name.removeprefix(folder)
        if fnmatchcase(below if "/" in pattern else PurePosixPath(name).name, pattern.lstrip("/")):
            ignored = not line.startswith("!")
    return ignored
