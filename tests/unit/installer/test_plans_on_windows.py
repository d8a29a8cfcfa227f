"""The plans of the scripts, played against a Windows in memory with real files; each refusal of Windows is met once."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from bootstrap.environment import venv_python
from installer import verification, version_commands
from installer.change import STEPS
from installer.journal import read_history
from installer.layout import Layout
from tests.support.installation import lent_python_says
from tests.support.windows_machine import Script, WindowsMachine, steps_of
from tests.support.windows_server import CADDY, NEW, OLD, PROGRAM, SERVICES, Server, unpacked


def test_the_first_installation_has_services_rights_port_and_runs(
    once: tuple[Path, WindowsMachine, Script],
) -> None:
    folder, windows, script = once
    assert windows.running() == [*SERVICES, CADDY]
    assert {one.registered.account for one in windows.services.values()} == {
        f"NT SERVICE\\{name}" for name in [*SERVICES, CADDY]
    }
    assert windows.rules == {"RoutingML-HTTPS": 8443}
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
    assert windows.rules == {"RoutingML-HTTPS": 8443}
    assert "RoutingML Search" not in (layout.services / "RoutingML-Ann.xml").read_text("utf-8")
    assert (layout.services / "RoutingML-Ann.xml").stat().st_size > 500
    assert (layout.application(OLD) / "manage.py").read_bytes() == (installed.releases[OLD] / "manage.py").read_bytes()
    assert (layout.data / "var" / "secrets" / "signing.secret").is_file()


def test_a_rule_of_the_firewall_that_is_gone_is_restored_while_caddy_serves(installed: Server) -> None:
    installed.windows.rules.clear()
    installed.windows.taken_ports = {8443}  # by Caddy itself
    script = installed.install()
    assert script.ended == 0, script.text()
    assert installed.windows.rules == {"RoutingML-HTTPS": 8443}


def test_a_new_port_of_the_site_that_another_program_has_is_refused_while_caddy_serves(installed: Server) -> None:
    installed.windows.taken_ports = {8443, 9443}
    script = installed.install(Site="https://routing.plant.local:9443")
    assert script.ended == 1, script.text()
    assert "9443" in script.text("error")


def test_a_disabled_service_is_started_again_by_a_repair_and_left_alone_by_an_upgrade(installed: Server) -> None:
    windows = installed.windows
    windows.run(["C:\\sc.exe", "stop", "RoutingML-Trainer"])
    windows.run(["C:\\sc.exe", "config", "RoutingML-Trainer", "start=", "disabled"])
    assert installed.call("upgrade", NEW).ended == 0
    assert "RoutingML-Trainer" not in windows.running()
    assert installed.install(NEW).ended == 0
    assert "RoutingML-Trainer" in windows.running()


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


def test_a_service_that_ends_at_once_is_not_called_running_and_has_the_last_word(server: Server) -> None:
    server.windows.ends_at_once = {"RoutingML-Ann"}
    logs = server.layout.data / "logs"
    logs.mkdir(parents=True)
    (logs / "RoutingML-Ann.err.log").write_text("begun\nport 50051 is taken\n", encoding="utf-8")
    script = server.install()
    assert script.ended == 1
    assert "RoutingML-Ann has ended right after its start" in script.text("error")
    assert "port 50051 is taken" in script.text("error")
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


def test_the_password_is_told_also_where_the_gateway_is_quicker_than_the_control_plane(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def slow(_port: int) -> verification.Served:
        asked.append(1)
        if len(asked) > 2:
            (server.layout.data / "var" / "first-administrator.txt").write_text("Spaet-22-Wort\n", encoding="utf-8")
        return verification.Served(True, False, OLD, "", knows_accounts=len(asked) > 2)

    monkeypatch.setattr(verification, "ask", slow)
    monkeypatch.setattr(verification, "POLL_SECONDS", 0.0)
    script = server.install()
    assert script.ended == 0, script.text()
    assert script.text().count("Spaet-22-Wort") == 1


@pytest.mark.parametrize(("database", "knows"), [({"ok": True}, True), ({"ok": False, "problem": "no file"}, False)])
def test_a_gateway_without_its_control_plane_does_not_count_as_serving(database: object, knows: bool) -> None:
    body = json.dumps({"version": OLD, "detail": "no model", "checks": {"database": database}}).encode()

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(503)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Nothing is to be logged."""

    with HTTPServer(("127.0.0.1", 0), Health) as gateway:
        threading.Thread(target=gateway.handle_request).start()
        found = verification.ask(gateway.server_port)
    assert (found.answers, found.predicts, found.knows_accounts) == (True, False, knows)
    assert found.detail == ("no model" if knows else "no file")


def test_a_hanging_service_is_restarted_alone(installed: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("installer.daily_commands.POLL_SECONDS", 0.01)
    said = json.dumps({"hanging": [{"process": "auth-1", "package": "auth_service"}]})
    lent_python_says(installed.layout.python(OLD), said, code=1)
    script = installed.call("watchdog")
    assert script.ended == 1
    assert [words for words in installed.windows.told if words.startswith("sc.exe")] == []
    assert "installer.service_processes end 1000" in "\n".join(installed.windows.told)
    assert [number for number, _, _ in installed.windows.events] == [3000]
    assert set(installed.windows.running()) == {*SERVICES, CADDY}


def test_a_watchdog_that_is_told_nothing_says_so(installed: Server) -> None:
    lent_python_says(installed.layout.python(OLD), error="broken", code=1)
    script = installed.call("watchdog")
    assert script.ended == 1
    assert "broken" in script.text("error")
    assert [number for number, _, _ in installed.windows.events] == [3001]


@pytest.mark.parametrize("name", ["watchdog", "check-models"])
def test_a_python_that_does_not_start_is_named_and_no_surprise(installed: Server, name: str) -> None:
    python = installed.layout.python(OLD)
    python.write_bytes(b"\0 of another kind of machine")
    (installed.layout.data / "models").mkdir(exist_ok=True)
    script = installed.call(name)
    assert script.ended == 1
    assert str(python) in script.text("error")
    assert "should not happen" not in script.text("error")
    assert [number for number, _, _ in installed.windows.events] == ([3001] if name == "watchdog" else [])


@pytest.mark.parametrize("refused", [("sc.exe", "queryex"), ("installer.service_processes", "show")])
def test_a_watchdog_that_windows_refuses_leaves_an_event(installed: Server, refused: tuple[str, ...]) -> None:
    said = json.dumps({"hanging": [{"process": "auth-1", "package": "auth_service"}]})
    lent_python_says(installed.layout.python(OLD), said, code=1)
    installed.windows.refused_looks = [refused]
    script = installed.call("watchdog")
    assert script.ended == 1
    assert [number for number, _, _ in installed.windows.events] == [3001]


def test_a_training_that_cannot_write_its_log_trains_and_leaves_an_event(installed: Server) -> None:
    logs = installed.layout.data / "logs" / "scripts"
    shutil.rmtree(logs)
    logs.write_text("no folder", encoding="utf-8")
    lent_python_says(installed.layout.python(OLD))
    script = installed.call("train")
    assert script.ended == 0, script.text()
    assert str(logs) in script.text("warning")
    assert [(kind, number) for number, kind, _ in installed.windows.events] == [("Information", 2000)]


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
