"""The frontend is built when its sources changed, and only then."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bootstrap import frontend
from bootstrap.environment import Environment
from bootstrap.progress import SetupFailed

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="needs Node.js")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A frontend without dependencies whose build counts its runs."""
    folder = tmp_path / "frontend"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "main.ts").write_text("export const one = 1;\n", encoding="utf-8")
    script = "require('fs').mkdirSync('dist',{recursive:true});require('fs').appendFileSync('../runs','x')"
    package = {"name": "screen", "version": "1.0.0", "private": True, "scripts": {"build": f'node -e "{script}"'}}
    (folder / "package.json").write_text(json.dumps(package), encoding="utf-8")
    lock = {
        "name": "screen",
        "version": "1.0.0",
        "lockfileVersion": 3,
        "packages": {"": {"name": "screen", "version": "1.0.0"}},
    }
    (folder / "package-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    monkeypatch.setattr(frontend, "FRONTEND", folder)
    return folder


def runs(project: Path) -> int:
    """How often the frontend was built."""
    counter = project.parent / "runs"
    return len(counter.read_text(encoding="ascii")) if counter.exists() else 0


def test_it_is_built_once_and_again_after_a_change(project: Path, tmp_path: Path) -> None:
    environment = Environment(tmp_path / "venv")
    frontend.build(environment)
    frontend.build(environment)
    assert runs(project) == 1
    (project / "src" / "main.ts").write_text("export const one = 2;\n", encoding="utf-8")
    frontend.build(environment)
    assert runs(project) == 2


def test_what_the_build_makes_is_no_change_of_the_sources(project: Path) -> None:
    before = frontend.source_hash(project)
    (project / "node_modules").mkdir()
    (project / "node_modules" / "package.js").write_text("", encoding="utf-8")
    (project / "dist").mkdir()
    (project / "dist" / "index.html").write_text("", encoding="utf-8")
    assert frontend.source_hash(project) == before


def test_a_build_that_fails_says_so_with_its_last_lines(project: Path, tmp_path: Path) -> None:
    package = json.loads((project / "package.json").read_text(encoding="utf-8"))
    package["scripts"]["build"] = "node -e \"console.log('type error in main.ts');process.exit(1)\""
    (project / "package.json").write_text(json.dumps(package), encoding="utf-8")
    with pytest.raises(SetupFailed, match=r"(?s)run build failed.*type error in main\.ts"):
        frontend.build(Environment(tmp_path / "venv"))
    assert not (project / "dist" / frontend.STAMP).exists()


def test_without_a_frontend_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontend, "FRONTEND", tmp_path / "nothing")
    frontend.build(Environment(tmp_path / "venv"))
    assert list(tmp_path.iterdir()) == []


def test_it_is_built_while_other_things_are_done(project: Path, tmp_path: Path) -> None:
    building = frontend.begin()
    assert building is not None
    building.finish(Environment(tmp_path / "venv"))
    assert runs(project) == 1
    assert frontend.begin() is None


def test_a_build_that_nobody_needs_any_more_ends(project: Path, tmp_path: Path) -> None:
    package = json.loads((project / "package.json").read_text(encoding="utf-8"))
    package["scripts"]["build"] = "node -e \"require('fs').writeFileSync('../runs','x');setInterval(()=>0,1000)\""
    (project / "package.json").write_text(json.dumps(package), encoding="utf-8")
    building = frontend.begin()
    assert building is not None
    building.give_up()
    assert not (project / "dist" / frontend.STAMP).exists()
    with pytest.raises(SetupFailed):
        building.finish(Environment(tmp_path / "venv"))
