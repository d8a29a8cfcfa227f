"""The tests know the project's files in a clone and in a copy without git alike."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.project_files import ROOT, project_files

NAMES = ["a.py", "b/.gitignore", "b/c.py", "b/odd name.ts", "models/README.md", "설명.md"]
IGNORED = [".venv/x.py", "b/dist/y.ts", "b/z.pyc", "models/v1/index", "var/log.txt"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in NAMES + IGNORED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x", encoding="utf-8")
    (tmp_path / ".gitignore").write_text(".venv/\n# made\nvar/\n*.pyc\nmodels/*\n!models/README.md\n", "utf-8")
    (tmp_path / "b" / ".gitignore").write_text("\ndist\n", "utf-8")
    return tmp_path


def test_a_copy_without_git_has_what_is_not_ignored(folder: Path) -> None:
    assert project_files(root=folder) == sorted([".gitignore", *NAMES])
    assert project_files(".py", ".ts", root=folder) == ["a.py", "b/c.py", "b/odd name.ts"]


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_git_says_the_same(folder: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    assert project_files(root=folder) == sorted([".gitignore", *NAMES])


def test_this_project_is_the_same_with_and_without_git(monkeypatch: pytest.MonkeyPatch) -> None:
    known = project_files()
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert project_files() == known
    assert {"manage.py", "tests/support/project_files.py"} <= set(known)
    assert ROOT.is_dir()
