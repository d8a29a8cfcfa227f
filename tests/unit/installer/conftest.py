"""Every test of the installer is on an English system; a Windows server in memory, empty and with an installation."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from installer import checks, current_link, wording
from installer.layout import Layout
from installer.wording import speak
from tests.support.installation import new_layout
from tests.support.windows_machine import Script, WindowsMachine
from tests.support.windows_server import NEW, OLD, Server, copied, quick, unpacked


@pytest.fixture(autouse=True, scope="session")
def _on_an_english_system() -> Iterator[None]:
    """Whatever the language here is, and however deep the folder of the tests lies."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wording, "system_language", lambda: "en")
        patch.setattr(checks, "LONGEST_ROOT_ON_WINDOWS", 200)
        yield


@pytest.fixture(autouse=True)
def _in_the_language_of_the_system() -> Iterator[None]:
    yield
    speak("")


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("releases")
    return {
        OLD: unpacked(folder / "old", OLD),
        NEW: unpacked(folder / "new", NEW),
    }


@pytest.fixture
def server(tmp_path: Path, releases: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Server:
    layout = new_layout(tmp_path)
    windows = WindowsMachine()
    made = Server(windows, layout, releases, tmp_path / "책상")
    made.desk.mkdir()
    quick(made, monkeypatch)
    return made


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory, releases: dict[str, Path]) -> tuple[Path, WindowsMachine, Script]:
    """An installation of the older release, to be copied by tests."""
    folder = tmp_path_factory.mktemp("once")
    server = Server(WindowsMachine(), new_layout(folder), releases, folder)
    with pytest.MonkeyPatch.context() as patch:
        quick(server, patch)
        script = server.install()
    assert script.ended == 0, script.text()
    return folder, server.windows, script


@pytest.fixture
def installed(
    once: tuple[Path, WindowsMachine, Script], releases: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    """The installed older release; what a test does to it is undone."""
    folder, windows, _script = once
    saved = folder.with_name(f"{folder.name}-saved")
    machine = copied(windows)
    layout = Layout(folder / "공장 서버" / "Program Files", folder / "공장 서버" / "Program Data")
    version = current_link.target_of(layout.current)
    assert version is not None
    current_link.remove(layout.current)  # a junction would be copied as what it leads to
    shutil.copytree(folder, saved, symlinks=True)
    current_link.point(layout.current, version)
    server = Server(machine, layout, releases, folder)
    quick(server, monkeypatch)
    yield server
    current_link.remove(layout.current)
    shutil.rmtree(folder)
    saved.rename(folder)
    current_link.point(layout.current, version)
