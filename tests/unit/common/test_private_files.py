"""Folders for an installation's own accounts, on both systems."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from common import private_files
from common.private_files import private_folder

ROOT = Path(__file__).resolve().parents[3]


def modes_asked_for(windows: bool, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The modes with which the folder is made."""
    asked: list[int] = []
    make = Path.mkdir

    def noted(path: Path, mode: int = 0o777, **options: Any) -> None:
        asked.append(mode)
        make(path, mode, **options)

    monkeypatch.setattr(private_files, "IS_WINDOWS", windows)
    monkeypatch.setattr(Path, "mkdir", noted)
    private_folder(folder)
    return asked


def test_on_linux_only_the_owner_looks_into_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert modes_asked_for(False, tmp_path / "secrets", monkeypatch) == [0o700]


def test_on_windows_it_keeps_the_rights_that_the_installer_grants_above_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = modes_asked_for(True, tmp_path / "var" / "secrets", monkeypatch)
    assert asked
    assert 0o700 not in asked  # since Python 3.12.4 that means: nobody but the maker and administrators


def test_no_other_module_makes_a_folder_for_its_owner_only() -> None:
    making = re.compile(r"(mkdir|makedirs)\([^)]*0o700")
    found = [
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        if not {"tests", "node_modules", ".venv", "var"} & set(path.relative_to(ROOT).parts)
        and making.search(path.read_text(encoding="utf-8"))
    ]
    assert found == ["common/private_files.py"]
