"""A release is found from its folder and from the program in it, and a damaged one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from bootstrap.progress import SetupFailed
from installer.bill_of_materials import frontend_components
from installer.release_archive import write_sums
from installer.release_source import ReleaseSource
from installer.target_platform import Target

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def release(tmp_path: Path) -> Path:
    for name, text in {
        "app/manage.py": "",
        "app/common/__init__.py": '__version__ = "1.2.3"\n',
        "app/frontend/dist/index.html": "<!doctype html>",
        "wheels/one.whl": "wheel",
        "release.json": '{"version": "1.2.3", "made_at": 5.0}',
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    write_sums(tmp_path)
    return tmp_path


def test_a_release_brings_its_wheels_whether_it_or_its_program_is_named(release: Path) -> None:
    for folder in (release, release / "app"):
        found = ReleaseSource.open(folder)
        assert (found.version, found.wheels, found.made_at) == ("1.2.3", release / "wheels", 5.0)


def test_a_damaged_and_a_missing_file_of_a_release_are_named(release: Path) -> None:
    (release / "wheels" / "one.whl").write_text("other", encoding="utf-8")
    (release / "app" / "manage.py").unlink()
    with pytest.raises(SetupFailed, match=r"app/manage\.py is missing; wheels/one\.whl differs"):
        ReleaseSource.open(release)


def test_a_folder_without_a_program_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(SetupFailed, match="no release of Routing ML"):
        ReleaseSource.open(tmp_path)


def test_requirements_of_windows_hold_its_own_packages_and_no_markers() -> None:
    windows = Target("win_amd64", "3.13").requirements(ROOT / "requirements" / "runtime.txt")
    linux = Target("linux_x86_64", "3.11").requirements(ROOT / "requirements" / "runtime.txt")
    assert "tzdata==" in windows
    assert "uvloop==" not in windows
    assert "uvloop==" in linux
    assert "tzdata==" not in linux
    assert " ; " not in windows + linux
    assert windows.count("\nnumpy==") == linux.count("\nnumpy==") == 1


def test_the_bill_of_materials_names_what_the_screens_bundle_with_hashes() -> None:
    found = {component["name"]: component for component in frontend_components(ROOT / "frontend" / "package-lock.json")}
    assert found["react"]["hashes"][0]["alg"] == "SHA-512"
    assert "vite" not in found
