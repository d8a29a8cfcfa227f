"""The plans of the scripts, played against a Windows in memory with real files; each refusal of Windows is met once."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bootstrap.environment import venv_python
from common.processes import free_port
from installer import change as change_module
from installer import verification, version_commands, windows_services
from installer.change import STEPS
from installer.control_database import ControlDatabase
from installer.journal import read_history, read_operation
from installer.layout import Layout
from installer.release_source import FACTS
from installer.windows_system import SECRETS, WindowsSystem
from tests.support.installation import borrowed_environment, new_layout
from tests.support.windows_machine import Script, WindowsMachine, steps_of

OLD, NEW = "1.0.0", "1.1.0"
SITE_PORT = free_port()  # the checks before an installation look at real ports
SITE = f"https://routing.plant.local:{SITE_PORT}"
PROGRAM = b"MZ" + bytes(58) + (64).to_bytes(4, "little") + b"PE\0\0" + (0x8664).to_bytes(2, "little") + bytes(100)
SERVICES = ["RoutingML-Auth", "RoutingML-Aggregate", "RoutingML-Ann", "RoutingML-Trainer", "RoutingML-Gateway"]
CADDY = "RoutingML-Caddy"


ROOT = Path(__file__).resolve().parents[3]


def unpacked(folder: Path, version: str) -> Path:
    """A release with what the plans read of one, and its tools; returns its application."""
    application = folder / "app"
    shutil.copytree(ROOT / "compose-windows", application / "compose-windows")
    for name in (".env.example", "manage.py"):
        shutil.copyfile(ROOT / name, application / name)
    for name, text in {
        "common/__init__.py": f'__version__ = "{version}"\n',
        "frontend/dist/index.html": "<!doctype html>",
    }.items():
        (application / name).parent.mkdir(parents=True, exist_ok=True)
        (application / name).write_text(text, encoding="utf-8")
    (folder / "tools").mkdir()
    (folder / "tools" / "WinSW-x64.exe").write_bytes(PROGRAM + version.encode())
    (folder / "tools" / "caddy.exe").write_bytes(PROGRAM + b"caddy " + version.encode())
    (folder / FACTS).write_text(json.dumps({"version": version, "made_at": 0}), encoding="utf-8")
    return application


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("releases")
    return {
        OLD: unpacked(folder / "old", OLD),
        NEW: unpacked(folder / "new", NEW),
    }


@dataclass
class Server:
    """A machine with the folders of an installation."""

    windows: WindowsMachine
    layout: Layout
    releases: dict[str, Path]
    desk: Path

    def call(self, command: str, release: str = OLD, *, agrees: bool = True, **options: Any) -> Script:
        """Call a script of a release for this installation."""
        script = Script(self.windows, agrees=agrees)
        folders = {"ProgramRoot": str(self.layout.program), "DataRoot": str(self.layout.data)}
        script.call(command, self.releases[release], self.desk, **(folders | options))
        return script

    def install(self, release: str = OLD, **options: Any) -> Script:
        """Call install.ps1."""
        return self.call("install", release, **({"Site": SITE} | options))

    def files(self) -> dict[str, bytes]:
        """Every file of the installation."""
        found = {}
        for root in (self.layout.program, self.layout.data):
            for path in root.rglob("*"):
                if path.is_file() and not path.is_symlink():
                    found[str(path)] = path.read_bytes()
        return found


@pytest.fixture
def server(tmp_path: Path, releases: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Server:
    layout = new_layout(tmp_path)
    windows = WindowsMachine()
    made = Server(windows, layout, releases, tmp_path / "책상")
    made.desk.mkdir()
    _quick(made, monkeypatch)
    return made


def _quick(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the processes be those of the machine in memory, and packages cost nothing."""

    def served(_port: int) -> verification.Served:
        runs = {"RoutingML-Auth", "RoutingML-Gateway"} <= set(server.windows.running())
        return verification.Served(runs, runs, server.layout.active() or "")

    def site_answers(_site: str, _port: int, *, patience_seconds: float) -> None:
        assert patience_seconds >= 0

    def make(application: Path, folder: Path, wheels: Path | None) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        borrowed_environment(application, folder, wheels)

    def check_sums(_folder: Path) -> None:
        """The releases of these tests have no sums."""

    def make_secrets(self: WindowsSystem, _version: str) -> None:
        folder = server.layout.data / "var" / "secrets"
        folder.mkdir(parents=True, exist_ok=True)
        for name in SECRETS:
            (folder / name).touch()

    monkeypatch.setattr(WindowsSystem, "_make_secrets", make_secrets)
    monkeypatch.setattr(ControlDatabase, "_run", lambda *_arguments, **_variables: "0001")
    monkeypatch.setattr(verification, "ask", served)
    monkeypatch.setattr(verification, "verify_site", site_answers)
    monkeypatch.setattr("installer.release_source.check_sums", check_sums)
    monkeypatch.setattr(change_module.Change.__init__, "__kwdefaults__", _defaults(make))
    monkeypatch.setattr(windows_services, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(version_commands, "SITE_SECONDS", 0.0)


def _defaults(make: Any) -> dict[str, Any]:
    known = dict(change_module.Change.__init__.__kwdefaults__ or {})
    return known | {"make_environment": make, "patience_seconds": 0.1}


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory, releases: dict[str, Path]) -> tuple[Path, WindowsMachine, Script]:
    """An installation of the older release, to be copied by tests."""
    folder = tmp_path_factory.mktemp("once")
    server = Server(WindowsMachine(), new_layout(folder), releases, folder)
    with pytest.MonkeyPatch.context() as patch:
        _quick(server, patch)
        script = server.install()
    assert script.ended == 0, script.text()
    return folder, server.windows, script


@pytest.fixture
def installed(
    once: tuple[Path, WindowsMachine, Script], releases: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> Any:
    """The installed older release; what a test does to it is undone."""
    folder, windows, _script = once
    saved = folder.with_name(f"{folder.name}-saved")
    shutil.copytree(folder, saved, symlinks=True)
    machine = _copy(windows)
    layout = Layout(folder / "공장 서버" / "Program Files", folder / "공장 서버" / "Program Data")
    server = Server(machine, layout, releases, folder)
    _quick(server, monkeypatch)
    yield server
    shutil.rmtree(folder)
    saved.rename(folder)


def _copy(windows: WindowsMachine) -> WindowsMachine:
    services = {name: type(one)(one.registered, one.runs) for name, one in windows.services.items()}
    return WindowsMachine(services, dict(windows.rights), dict(windows.rules), dict(windows.tasks))


def test_the_first_installation_has_services_rights_port_and_runs(
    once: tuple[Path, WindowsMachine, Script],
) -> None:
    folder, windows, script = once
    assert windows.running() == [*SERVICES, CADDY]
    assert {one.registered.account for one in windows.services.values()} == {
        f"NT SERVICE\\{name}" for name in [*SERVICES, CADDY]
    }
    assert windows.rules == {"RoutingML-HTTPS": SITE_PORT}
    data = folder / "공장 서버" / "Program Data"
    secret = str(data / "var" / "secrets" / "service.secret")
    assert {account for path, account in windows.rights if path == secret} == {
        f"NT SERVICE\\{name}" for name in SERVICES if name != "RoutingML-Auth"
    }
    assert ("Information", 1000) in [(kind, number) for number, kind, _ in windows.events]
    assert list(steps_of(script)) == list(STEPS)
    assert "is installed and current" in script.text()


def test_secrets_and_rights_are_there_before_the_first_service_starts(
    once: tuple[Path, WindowsMachine, Script],
) -> None:
    told = once[1].told
    first_start = next(number for number, words in enumerate(told) if words.startswith("sc.exe start"))
    on_secret = [number for number, words in enumerate(told) if "service.secret" in words]
    assert on_secret
    assert max(on_secret) < first_start
    assert all("icacls" not in words for words in told[first_start:])


def test_the_log_of_the_installation_has_plan_and_steps(once: tuple[Path, WindowsMachine, Script]) -> None:
    logs = once[0] / "공장 서버" / "Program Data" / "logs" / "scripts"
    lines = [json.loads(line) for line in next(logs.glob("install-*.jsonl")).read_text("utf-8").splitlines()]
    assert {line["level"] for line in lines} == {"info"}
    assert [line["event"] for line in lines if line["event"].startswith("verify: ")]
    assert [line["event"] for line in lines if line["event"].startswith("step rights")]


def test_a_preview_or_a_no_changes_nothing_at_all(server: Server) -> None:
    before = server.files()
    script = server.install(agrees=False)
    assert (script.ended, script.asked) == (0, 1)
    assert list(steps_of(script)) == list(STEPS)
    assert "Nothing was changed" in script.text()
    assert server.windows.told == []
    assert server.windows.events == []
    assert server.files() == before


@pytest.mark.parametrize(
    "command", ["install", "upgrade", "rollback", "uninstall", "training-task", "watchdog", "train"]
)
def test_a_no_to_any_script_on_an_installation_changes_nothing(installed: Server, command: str) -> None:
    before = installed.files()
    options = {"Register": True} if command == "watchdog" else {}
    script = installed.call(command, NEW if command == "upgrade" else OLD, agrees=False, **options)
    if command == "rollback":
        assert script.ended == 1  # there is no former version
    else:
        assert (script.ended, script.asked) == (0, 1), script.text()
    assert installed.windows.told == []
    assert installed.windows.events == []
    assert installed.files() == before


def test_a_second_installation_stops_nothing_and_gives_every_right_again(installed: Server) -> None:
    task = installed.call("training-task")
    assert task.ended == 0, task.text()
    trainer_rights = {path for path, account in installed.windows.rights if account == "*S-1-5-87-11-22"}
    assert len(trainer_rights) > 5
    installed.windows.rights.clear()
    installed.windows.told.clear()
    script = installed.install()
    assert script.ended == 0, script.text()
    assert list(steps_of(script)) == ["rights"]
    assert {words.split()[0] for words in installed.windows.told} == {"icacls.exe"}
    assert {path for path, account in installed.windows.rights if account == "*S-1-5-87-11-22"} == trainer_rights


def test_no_call_takes_a_right_away_before_another_is_given(installed: Server) -> None:
    installed.install()
    for words in installed.windows.told:
        assert "/reset" not in words
        if "/inheritance:r" in words:
            assert "/grant:r" in words


def test_a_repair_restores_services_rule_files_and_definitions(installed: Server) -> None:
    windows, layout = installed.windows, installed.layout
    windows.services["RoutingML-Gateway"].runs = windows.services[CADDY].runs = False
    del windows.services[CADDY], windows.services["RoutingML-Trainer"]
    windows.rules.clear()
    (layout.services / "RoutingML-Ann.xml").write_text("<service/>", encoding="utf-8")
    (layout.application(OLD) / "manage.py").write_text("broken", encoding="utf-8")
    (layout.data / "var" / "secrets" / "signing.secret").unlink()
    script = installed.install()
    assert script.ended == 0, script.text()
    assert set(windows.running()) == {*SERVICES, CADDY}
    assert windows.rules == {"RoutingML-HTTPS": SITE_PORT}
    assert "RoutingML Search" not in (layout.services / "RoutingML-Ann.xml").read_text("utf-8")
    assert (layout.services / "RoutingML-Ann.xml").stat().st_size > 500
    assert (layout.application(OLD) / "manage.py").read_bytes() == (installed.releases[OLD] / "manage.py").read_bytes()
    assert (layout.data / "var" / "secrets" / "signing.secret").is_file()


def test_a_disabled_service_is_started_again_by_a_repair_and_left_alone_by_an_upgrade(installed: Server) -> None:
    windows = installed.windows
    windows.run(["C:\\sc.exe", "stop", "RoutingML-Trainer"])
    windows.run(["C:\\sc.exe", "config", "RoutingML-Trainer", "start=", "disabled"])
    assert installed.call("upgrade", NEW).ended == 0
    assert "RoutingML-Trainer" not in windows.running()
    assert installed.install(NEW).ended == 0
    assert "RoutingML-Trainer" in windows.running()


REFUSALS = [
    ("register", ("RoutingML-Auth.exe install",)),
    ("register", ("sc.exe config RoutingML-Ann", "obj=")),
    ("register", ("sc.exe sidtype RoutingML-Gateway",)),
    ("register", ("sc.exe failure RoutingML-Caddy",)),
    ("rights", ("icacls.exe", "secrets")),
    ("firewall", ("firewall", str(SITE_PORT))),
    ("start", ("sc.exe start RoutingML-Gateway",)),
]


@pytest.mark.parametrize(
    ("step", "refused"),
    [(step, tuple(w.lower() if w.endswith("install") else w for w in words)) for step, words in REFUSALS],
)
def test_a_first_installation_that_windows_refuses_names_the_step_and_leaves_nothing(
    server: Server, step: str, refused: tuple[str, ...]
) -> None:
    server.windows.refuses = [refused]
    script = server.install()
    assert script.ended == 1
    assert f"failed at step {step}" in script.text("error")
    assert server.windows.services == {}
    assert server.windows.rules == {}
    assert server.layout.active() is None
    assert read_operation(server.layout) is None
    assert ("Error", 1000) in [(kind, number) for number, kind, _ in server.windows.events]
    server.windows.refuses = []
    again = server.install()
    assert again.ended == 0, again.text()
    assert set(server.windows.running()) == {*SERVICES, CADDY}


@pytest.mark.parametrize("refused", [("sc.exe stop RoutingML-Ann",), ("sc.exe config RoutingML-Ann", "disabled")])
def test_a_service_that_will_not_stop_leaves_the_former_version_serving(
    installed: Server, refused: tuple[str, ...]
) -> None:
    met = []

    def once_refused(words: str) -> None:
        if all(part in words for part in refused):
            met.append(words)
            if len(met) > 1:
                installed.windows.refuses = []

    installed.windows.refuses, installed.windows.on_told = [refused], once_refused
    script = installed.call("upgrade", NEW)
    assert script.ended == 10, script.text()
    assert "failed at step stop" in script.text("error")
    assert set(installed.windows.running()) == {*SERVICES, CADDY}
    assert {one.registered.start for one in installed.windows.services.values()} == {2}
    assert installed.layout.active() == OLD


@pytest.mark.parametrize("step", ["register", "rights", "firewall", "start", "verify"])
def test_an_upgrade_that_fails_after_the_switch_puts_everything_back(
    installed: Server, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows, layout = installed.windows, installed.layout
    before = {name: one.registered for name, one in windows.services.items()}
    tools = {path.name: path.read_bytes() for path in layout.services.glob("*.exe")}
    really = change_module.Change._step

    def failing(self: Any, name: str, operation: Any, prepared: Any) -> Any:
        done = really(self, name, operation, prepared)
        if name == step:
            raise OSError(f"{step} was refused")
        return done

    monkeypatch.setattr(change_module.Change, "_step", failing)
    script = installed.call("upgrade", NEW)
    assert script.ended == 10, script.text()
    assert f"failed at step {step}" in script.text("error")
    assert {name: one.registered for name, one in windows.services.items()} == before
    assert {path.name: path.read_bytes() for path in layout.services.glob("*.exe")} == tools
    assert set(windows.running()) == {*SERVICES, CADDY}
    assert (layout.active(), windows.rules) == (OLD, {"RoutingML-HTTPS": SITE_PORT})


def test_an_upgrade_brings_its_own_winsw_and_caddy_and_a_rollback_the_former_ones(installed: Server) -> None:
    places = [installed.layout.services / name for name in ("RoutingML-Auth.exe", "caddy.exe")]
    assert all(OLD.encode() in place.read_bytes() for place in places)
    assert installed.call("upgrade", NEW).ended == 0
    assert all(NEW.encode() in place.read_bytes() for place in places)
    script = installed.call("rollback", NEW)
    assert script.ended == 0, script.text()
    assert all(OLD.encode() in place.read_bytes() for place in places)
    assert installed.layout.active() == OLD


@pytest.mark.parametrize("step", ["packages", "migrate", "register", "start"])
def test_a_rollback_after_an_interrupted_upgrade_goes_back_once(
    installed: Server, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert installed.call("upgrade", NEW).ended == 0
    newest = installed.releases[OLD].parent.parent / "newest"
    if not newest.exists():
        unpacked(newest, "1.2.0")
    installed.releases["1.2.0"] = newest / "app"

    def killed(call: Any, at: str) -> None:
        if at == step:
            raise SystemExit

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(version_commands, "_tell", killed)
        with pytest.raises(SystemExit):
            installed.call("upgrade", "1.2.0")
    script = installed.call("rollback", NEW)
    assert script.ended == 0, script.text()
    assert list(steps_of(script)) == ["recover"]
    assert installed.layout.active() == NEW
    assert set(installed.windows.running()) == {*SERVICES, CADDY}
    assert [line["kind"] for line in read_history(installed.layout)][-1] == "upgrade"


def test_iis_is_a_way_of_the_same_plan_and_remembered(installed: Server) -> None:
    installed.windows.told.clear()
    script = installed.install(UseIis=True)
    assert script.ended == 0, script.text()
    assert CADDY not in installed.windows.services
    assert not any(CADDY in words for words in installed.windows.told if words.startswith("icacls"))
    assert installed.call("upgrade", NEW).ended == 0
    assert CADDY not in installed.windows.services
    assert installed.install(NEW).ended == 0
    assert CADDY not in installed.windows.services


def test_nssm_is_a_way_of_the_same_plan_and_remembered(server: Server) -> None:
    nssm = server.desk / "nssm.exe"
    nssm.write_bytes(PROGRAM)
    script = server.install(Nssm="nssm.exe")
    assert script.ended == 0, script.text()
    assert {Path(one.registered.program).name for one in server.windows.services.values()} == {"nssm.exe"}
    told = "\n".join(server.windows.told)
    assert "AppThrottle" not in told
    assert "WinSW" not in told
    assert f'AppParameters run --config "{server.layout.current}' in told
    assert {one.registered.account for one in server.windows.services.values()} == {
        f"NT SERVICE\\{name}" for name in [*SERVICES, CADDY]
    }
    assert server.call("upgrade", NEW).ended == 0
    assert {Path(one.registered.program).name for one in server.windows.services.values()} == {"nssm.exe"}


def test_a_service_that_ends_at_once_is_not_called_running(server: Server) -> None:
    server.windows.ends_at_once = {"RoutingML-Ann"}
    script = server.install()
    assert script.ended == 1
    assert "RoutingML-Ann has ended right after its start" in script.text("error")
    assert "RoutingML-Ann runs." not in script.text()


def test_an_uninstallation_that_stops_half_way_does_not_keep_a_new_installation_from_working(
    installed: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(folder: Path) -> None:
        shutil.rmtree(folder / "app" if (folder / "app").is_dir() else folder)
        raise PermissionError(13, "used by another process", str(folder / "venv"))

    with monkeypatch.context() as patch:
        patch.setattr("installer.program_files.delete_tree", held)
        script = installed.call("uninstall")
    assert script.ended == 1
    assert "Step program failed" in script.text("error")
    again = installed.install()
    assert again.ended == 0, again.text()
    assert set(installed.windows.running()) == {*SERVICES, CADDY}


def test_removing_takes_everything_away_but_the_data(installed: Server) -> None:
    assert installed.call("training-task").ended == 0
    assert installed.call("watchdog", Register=True).ended == 0
    env = installed.layout.env_file.read_bytes()
    script = installed.call("uninstall")
    assert script.ended == 0, script.text()
    windows = installed.windows
    assert (windows.services, windows.rules, windows.tasks) == ({}, {}, {})
    assert not installed.layout.program.exists()
    assert installed.layout.env_file.read_bytes() == env
    again = installed.call("uninstall")
    assert (again.ended, again.asked) == (0, 0)
    assert "nothing to remove" in again.text()


def test_removing_the_data_leaves_no_folder_behind_also_the_second_time(installed: Server) -> None:
    assert installed.call("uninstall", RemoveData=True).ended == 0
    assert not installed.layout.data.exists()
    assert installed.call("uninstall", RemoveData=True).ended == 0
    assert not installed.layout.data.exists()


def test_nothing_is_removed_while_another_program_runs_from_the_installation(installed: Server) -> None:
    installed.windows.programs = [
        {"id": 4711, "name": "python", "path": "x"},
        {"id": 77, "name": "python", "path": "y"},
    ]
    script = installed.call("uninstall")
    assert script.ended == 1
    assert "process 4711" in script.text("error")
    assert "process 77)" not in script.text("error")
    assert set(installed.windows.running()) == {*SERVICES, CADDY}


def test_a_refused_step_of_the_removal_is_named(installed: Server) -> None:
    installed.windows.refuses = [("sc.exe delete RoutingML-Ann",)]
    script = installed.call("uninstall")
    assert script.ended == 1
    assert "Step services failed" in script.text("error")
    installed.windows.refuses = []
    assert installed.call("uninstall").ended == 0


@pytest.mark.parametrize("what", ["training-task", "watchdog"])
def test_a_task_that_windows_refuses_is_no_task_that_is_registered(installed: Server, what: str) -> None:
    installed.windows.refuses = [("register-task",)]
    script = installed.call(what, Register=what == "watchdog")
    assert script.ended == 1
    assert "Step task failed" in script.text("error")
    assert "trains" not in script.text()
    assert installed.windows.tasks == {}


def test_scripts_know_the_installation_that_they_lie_in_and_the_one_that_is_registered(installed: Server) -> None:
    own = Script(installed.windows, agrees=False)
    own.call("uninstall", installed.layout.application(OLD), installed.desk)
    assert any(str(installed.layout.program) in line for line in own.plan)
    other = Script(installed.windows, agrees=False)
    other.call("upgrade", installed.releases[NEW], installed.desk)
    assert other.ended == 0, other.text()
    assert other.asked == 1


def test_an_installation_is_upgraded_with_install_only_by_upgrade(installed: Server) -> None:
    script = installed.install(NEW)
    assert script.ended == 2
    assert "use upgrade.ps1" in script.text("error")


def test_the_password_of_the_first_administrator_is_told_once_and_not_logged(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def auth_has_started(words: str) -> None:
        if words == "sc.exe start RoutingML-Auth":
            (server.layout.data / "var" / "first-administrator.txt").write_text("Geheim-11-Wort\n", encoding="utf-8")

    server.windows.on_told = auth_has_started
    script = server.install()
    assert script.ended == 0, script.text()
    assert "admin@plant.example" in script.text()
    assert script.text().count("Geheim-11-Wort") == 1
    assert not (server.layout.data / "var" / "first-administrator.txt").exists()
    for log in (server.layout.data / "logs").rglob("*.jsonl"):
        assert "Geheim" not in log.read_text(encoding="utf-8")


def test_a_hanging_service_is_restarted_alone(installed: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("installer.daily_commands.POLL_SECONDS", 0.01)
    python = installed.layout.python(OLD)
    said = json.dumps({"hanging": [{"process": "auth-1", "package": "auth_service"}]})
    python.write_text(f"#!/bin/sh\necho '{said}'\nexit 1\n", encoding="utf-8")
    script = installed.call("watchdog")
    assert script.ended == 1
    assert [words for words in installed.windows.told if words.startswith("sc.exe")] == []
    assert "installer.service_processes end 1000" in "\n".join(installed.windows.told)
    assert [number for number, _, _ in installed.windows.events] == [3000]
    assert set(installed.windows.running()) == {*SERVICES, CADDY}


def test_a_watchdog_that_is_told_nothing_says_so(installed: Server) -> None:
    installed.layout.python(OLD).write_text("#!/bin/sh\necho broken >&2\nexit 1\n", encoding="utf-8")
    script = installed.call("watchdog")
    assert script.ended == 1
    assert "broken" in script.text("error")
    assert [number for number, _, _ in installed.windows.events] == [3001]


def test_a_site_that_does_not_answer_is_no_success(installed: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from bootstrap.progress import SetupFailed

    def dead(_site: str, _port: int, *, patience_seconds: float) -> None:
        raise SetupFailed("connection refused")

    monkeypatch.setattr(verification, "verify_site", dead)
    script = installed.install()
    assert script.ended == 1
    assert "Step site failed: connection refused" in script.text("error")
    assert set(installed.windows.running()) == {*SERVICES, CADDY}


def test_the_data_of_a_training_task_with_a_trailing_backslash_reach_it_whole(tmp_path: Path) -> None:
    from installer.locating import absolute
    from installer.scheduled_tasks import script_call

    data = absolute(str(tmp_path / "공장 자료") + "/", tmp_path)
    assert data is not None
    words = script_call(Layout(tmp_path / "Program Files", data), "run-training.ps1", ["-Label", "monthly"])
    assert f'-DataRoot "{data}" -ProgramRoot' in words


def test_what_may_not_be_read_is_said_and_no_surprise(installed: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_layout: Layout) -> object:
        raise PermissionError(13, "Access is denied", str(installed.layout.env_file))

    monkeypatch.setattr("installer.windows_status.status", denied)
    script = installed.call("status")
    assert script.ended == 1
    assert f"{installed.layout.env_file} cannot be read (Access is denied)" in script.text("error")


def test_a_version_that_was_left_by_a_failed_attempt_gives_way_to_a_corrected_release(
    server: Server, tmp_path: Path
) -> None:
    server.windows.refuses = [("icacls.exe",)]
    assert server.install().ended == 1
    server.windows.refuses = []
    corrected = unpacked(tmp_path / "corrected", OLD)
    (corrected / "manage.py").write_text("# corrected\n", encoding="utf-8")
    server.releases = {**server.releases, OLD: corrected}
    script = server.install()
    assert script.ended == 0, script.text()
    assert (server.layout.application(OLD) / "manage.py").read_text("utf-8") == "# corrected\n"


def _run(python: Path, *arguments: str) -> str:
    return subprocess.run([str(python), *arguments], capture_output=True, text=True, check=True).stdout


def test_the_python_of_a_version_is_the_one_that_the_tests_lend(installed: Server) -> None:
    assert venv_python(installed.layout.environment(OLD)).is_file()
    assert _run(installed.layout.python(OLD), "-c", "print(1)") == "1\n"
