"""The virtual environment: recognised by its stamp, made again when it is not what it should be."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrap import environment
from bootstrap.environment import Environment, fingerprint
from bootstrap.progress import SetupFailed


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project folder whose locked requirements are empty, so that installing them needs no network."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "requirements").mkdir()
    for name in ("runtime", "dev", "node"):
        (folder / "requirements" / f"{name}.txt").write_text("", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(environment, "ROOT", folder)
        patch.delenv("ROUTING_ML_WHEELHOUSE", raising=False)
        yield folder


@pytest.fixture(scope="module")
def made(project: Path) -> Environment:
    """The environment of that project, with what the tests need."""
    made = Environment(project / "venv")
    made.ensure("dev")
    return made


def test_a_fresh_environment_can_import_the_project_and_has_the_command(project: Path, made: Environment) -> None:
    (project / "plant.py").write_text("WORD = 'found'\n", encoding="utf-8")
    shown = subprocess.run(
        [made.python, "-c", "import plant; print(plant.WORD)"], capture_output=True, text=True, cwd="/", check=True
    )
    assert shown.stdout.strip() == "found"
    assert (made.folder / ("Scripts/routing-ml.cmd" if os.name == "nt" else "bin/routing-ml")).exists()


def test_a_folder_with_letters_of_any_language_is_known_in_every_language_of_the_system(
    made: Environment, tmp_path: Path
) -> None:
    folder = tmp_path / "공장 'Süd'"
    folder.mkdir()
    (folder / "of_the_plant.py").write_text("WORD = 'found'\n", encoding="utf-8")
    library = "Lib/site-packages" if os.name == "nt" else "lib/python{}.{}/site-packages".format(*sys.version_info[:2])
    line = made.folder / library / "korean.pth"
    line.write_text(environment.path_line(folder) + "\n", encoding="ascii")
    find = "import of_the_plant; print(of_the_plant.WORD)"
    variables = {**os.environ, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    try:
        shown = subprocess.run([made.python, "-c", find], capture_output=True, text=True, cwd="/")
        begins = subprocess.run(
            [made.python, "-c", "print('ready')"],
            capture_output=True,
            text=True,
            cwd="/",
            env={**variables, "LC_ALL": "C"},
        )
    finally:
        line.unlink()
    assert (shown.stdout.strip(), shown.stderr) == ("found", "")
    assert begins.stdout.strip() == "ready", begins.stderr


def test_the_command_takes_no_code_from_the_folder_that_somebody_is_in(
    project: Path, made: Environment, tmp_path: Path
) -> None:
    for folder, word in ((project, "the project's"), (tmp_path, "somebody's")):
        (folder / "cli").mkdir()
        (folder / "cli" / "__init__.py").write_text("", encoding="utf-8")
        (folder / "cli" / "__main__.py").write_text(f"print({word!r})\n", encoding="utf-8")
    command = made.folder / ("Scripts/routing-ml.cmd" if os.name == "nt" else "bin/routing-ml")
    shown = subprocess.run([command], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "the project's"


def test_the_command_of_windows_is_one_line_that_cmd_reads() -> None:
    text = environment.windows_launcher()
    assert text.endswith("\r\n")
    assert "\r\r\n" not in text
    assert " -P " in text
    assert text.isascii()


def test_everything_that_a_service_imports_is_compiled(project: Path, made: Environment) -> None:
    package = project / "plant_program"
    package.mkdir()
    for name in ("__init__.py", "inside.py"):
        (package / name).write_text("WORD = 1\n", encoding="utf-8")
    made.compile()
    assert {path.name.partition(".")[0] for path in (package / "__pycache__").iterdir()} == {"__init__", "inside"}
    code = "import plant_program.inside, pip._internal, sys; print(plant_program.inside.__cached__, pip._internal.__cached__)"
    cached = subprocess.run([made.python, "-B", "-c", code], capture_output=True, text=True, cwd="/", check=True)
    assert all(Path(path).exists() for path in cached.stdout.split())


def test_what_python_thinks_of_a_packages_code_is_not_shown(
    project: Path, made: Environment, capfd: pytest.CaptureFixture[str]
) -> None:
    package = project / "odd_program"
    package.mkdir()
    (package / "__init__.py").write_text('SAME = "a" is "b"\n', encoding="utf-8")
    made.compile()
    assert list((package / "__pycache__").iterdir())
    assert "Warning" not in capfd.readouterr().err


def test_nothing_is_done_when_the_stamp_matches(made: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise AssertionError("a process was started although nothing is missing")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    Environment(made.folder).ensure("dev")
    Environment(made.folder).ensure("runtime")


def test_installing_what_tests_need_installs_what_running_needs(made: Environment) -> None:
    assert Environment(made.folder).has("runtime")
    assert not Environment(made.folder).has("node")


def test_changed_requirements_are_noticed(project: Path, made: Environment) -> None:
    locked = project / "requirements" / "node.txt"
    Environment(made.folder).ensure("node")
    assert Environment(made.folder).has("node")
    locked.write_text("# another\n", encoding="utf-8")
    assert not Environment(made.folder).has("node")


def test_a_package_without_a_hash_is_refused_with_pips_words(
    project: Path, made: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = project / "wheels"
    wheels.mkdir()
    (project / "requirements" / "node.txt").write_text("no-such-package==1.0\n", encoding="utf-8")
    monkeypatch.setenv("ROUTING_ML_WHEELHOUSE", str(wheels))
    with pytest.raises(SetupFailed, match=r"(?s)wheelhouse.*no-such-package"):
        Environment(made.folder).ensure("node")
    assert not Environment(made.folder).has("node")
    assert Environment(made.folder).has("dev")


def test_a_wheelhouse_that_is_no_folder_is_named(
    project: Path, made: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "requirements" / "node.txt").write_text("# yet another\n", encoding="utf-8")
    monkeypatch.setenv("ROUTING_ML_WHEELHOUSE", str(project / "nowhere"))
    with pytest.raises(SetupFailed, match="nowhere, which is no folder"):
        Environment(made.folder).ensure("node")


@pytest.mark.parametrize(("key", "value"), [("python", "3.10.0"), ("folder", "/elsewhere")])
def test_an_environment_of_another_python_or_a_moved_one_is_not_used(made: Environment, key: str, value: str) -> None:
    stamp = made.folder / environment.STAMP
    before = stamp.read_text(encoding="utf-8")
    content = json.loads(before)
    content["made"][key] = value
    stamp.write_text(json.dumps(content), encoding="utf-8")
    assert not Environment(made.folder).usable
    stamp.write_text(before, encoding="utf-8")
    assert Environment(made.folder).usable


def test_an_environment_without_a_stamp_is_made_again(made: Environment) -> None:
    (made.folder / environment.STAMP).unlink()
    (made.folder / "trace").write_text("", encoding="utf-8")
    Environment(made.folder).ensure("runtime")
    assert not (made.folder / "trace").exists()
    content = json.loads((made.folder / environment.STAMP).read_text(encoding="utf-8"))
    assert content["made"] == {"python": platform.python_version(), "folder": str(made.folder)}


def test_line_ends_do_not_change_the_fingerprint(tmp_path: Path) -> None:
    unix, windows = tmp_path / "a.txt", tmp_path / "b.txt"
    unix.write_bytes(b"a==1\nb==2\n")
    windows.write_bytes(b"a==1\r\nb==2\r\n")
    assert fingerprint(unix) == fingerprint(windows)


def test_manage_refuses_a_python_that_is_too_old_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    import manage

    said: list[str] = []
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(sys.stderr, "write", said.append)
    assert manage.main() == 2
    assert "needs Python 3.11, 3.12 or 3.13; this is 3.9" in said[0]


def test_a_disk_that_is_full_while_pip_is_put_in_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = (
        b"Processing pip.whl\nERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n"
    )
    said += b"subprocess.CalledProcessError: Command '['python.exe', '-c', 'import runpy']' returned non-zero exit status 1.\n"

    def full(_builder: object, _folder: Path) -> None:
        raise subprocess.CalledProcessError(1, ["python", "-m", "ensurepip"], output=said)

    monkeypatch.setattr("venv.EnvBuilder.create", full)
    with pytest.raises(SetupFailed, match="No space left on device"):
        Environment(tmp_path / "venv")._create()
