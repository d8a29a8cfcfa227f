"""What is wrong, refused or cut off says what, where and what to do; what served before serves on, or one command puts it back."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from installer import change as change_module
from installer import checks, version_commands
from installer.change import STEPS
from installer.journal import exclusively, read_operation
from installer.release_archive import write_sums
from installer.release_source import check_sums
from installer.settings_files import read_env
from tests.support.windows_machine import Script
from tests.support.windows_server import CADDY, NEW, OLD, SERVICES, Server, unpacked

REFUSALS = [
    ("register", ("RoutingML-Auth.exe install",)),
    ("register", ("sc.exe config RoutingML-Ann", "obj=")),
    ("register", ("sc.exe sidtype RoutingML-Gateway",)),
    ("register", ("sc.exe failure RoutingML-Caddy",)),
    ("rights", ("icacls.exe", "secrets")),
    ("firewall", ("firewall", "8443")),
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
@pytest.mark.parametrize("for_ever", [False, True])
def test_a_service_that_will_not_stop_leaves_the_former_version_serving(
    installed: Server, refused: tuple[str, ...], for_ever: bool
) -> None:
    met = []

    def once_refused(words: str) -> None:
        if all(part in words for part in refused):
            met.append(words)
            if len(met) > 1 and not for_ever:
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
    assert (layout.active(), windows.rules) == (OLD, {"RoutingML-HTTPS": 8443})


@pytest.mark.parametrize("what", ["training-task", "watchdog"])
def test_a_task_that_windows_refuses_is_no_task_that_is_registered(installed: Server, what: str) -> None:
    installed.windows.refuses = [("register-task",)]
    script = installed.call(what, Register=what == "watchdog")
    assert script.ended == 1
    assert "Step task failed" in script.text("error")
    assert "trains" not in script.text()
    assert installed.windows.tasks == {}


def test_a_refused_step_of_the_removal_is_named(installed: Server) -> None:
    installed.windows.refuses = [("sc.exe delete RoutingML-Ann",)]
    script = installed.call("uninstall")
    assert script.ended == 1
    assert "Step services failed" in script.text("error")
    installed.windows.refuses = []
    assert installed.call("uninstall").ended == 0


def test_a_folder_or_a_file_that_does_not_exist_is_named_with_its_option(server: Server) -> None:
    for option in ("Wheelhouse", "WinSW", "Caddy", "Certificate"):
        script = server.install(**{option: "nowhere"})
        assert script.ended in (1, 2), option
        assert str(server.desk / "nowhere") in script.text("error"), option
        assert "Nothing was changed" in script.text("error")
    assert server.windows.told == []
    assert not server.layout.program.exists()


def port_of(server: Server, setting: str) -> int:
    return int(read_env(server.layout.env_file)[setting].rpartition(":")[2])


@pytest.mark.parametrize("setting", ["", "ROUTING_ML_ANN_ADDRESSES"])
def test_a_port_in_use_is_named_with_its_cure(server: Server, setting: str) -> None:
    port = port_of(server, setting) if setting else 8443
    server.windows.taken_ports = {port}
    script = server.install()
    assert script.ended == 1
    assert f"ort {port} " in script.text("error")
    assert (setting or "-UseIis") in script.text("error")
    assert server.windows.told == []
    assert not server.layout.program.exists()


def test_a_port_that_is_taken_while_the_version_is_changed_gives_the_former_one_back(
    installed: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def somebody_comes(words: str) -> None:
        if words == "sc.exe stop RoutingML-Auth":
            installed.windows.taken_ports = {port_of(installed, "ROUTING_ML_AGGREGATE_ADDRESSES")}

    installed.windows.on_told = somebody_comes
    script = installed.call("upgrade", NEW)
    assert script.ended == 10, script.text()
    assert "ROUTING_ML_AGGREGATE_ADDRESSES" in script.text("error")
    assert set(installed.windows.running()) == {*SERVICES, CADDY}


def test_a_full_disk_is_said_before_anything_is_changed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "ROOM_FOR_PACKAGES", 1 << 60)
    script = server.install()
    assert script.ended == 1
    assert "MB free and needs" in script.text("error")
    assert server.windows.told == []


def test_a_disk_that_fills_up_in_a_step_gives_the_former_version_back(
    installed: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: Any) -> None:
        raise OSError(28, "There is not enough space on the disk")

    monkeypatch.setattr(change_module, "place", full)
    script = installed.call("upgrade", NEW)
    assert script.ended == 10, script.text()
    assert "not enough space" in script.text("error")
    assert "failed at step place" in script.text("error")
    assert set(installed.windows.running()) == {*SERVICES, CADDY}
    assert installed.windows.told == []


def test_a_release_with_one_file_changed_is_refused_by_its_name(
    installed: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = unpacked(tmp_path / "newer", "1.3.0")
    write_sums(newer.parent)
    (newer / "manage.py").write_text("# changed\n", encoding="utf-8")
    monkeypatch.setattr("installer.release_source.check_sums", check_sums)
    installed.releases = {**installed.releases, "1.3.0": newer}
    script = installed.call("upgrade", "1.3.0")
    assert script.ended == 1
    assert "app/manage.py differs" in script.text("error")
    assert "Unpack the zip again" in script.text("error")
    assert installed.windows.told == []


def test_a_certificate_without_its_key_is_wrong_usage(server: Server) -> None:
    (server.desk / "site.pem").write_text("-----BEGIN CERTIFICATE-----\n", encoding="ascii")
    script = server.install(Certificate="site.pem")
    assert script.ended == 2
    assert "-CertificateKey" in script.text("error")
    assert server.windows.told == []


def test_a_program_that_is_held_open_gives_the_former_version_back(
    installed: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    from installer import service_programs

    really = service_programs.copy
    refused: list[Path] = []

    def held(source: Path, target: Path) -> None:
        if target == installed.layout.services / "caddy.exe" and not refused:
            refused.append(target)
            raise PermissionError(13, "The process cannot access the file because it is being used", str(target))
        really(source, target)

    monkeypatch.setattr(service_programs, "copy", held)
    script = installed.call("upgrade", NEW)
    assert script.ended == 10, script.text()
    assert "failed at step define" in script.text("error")
    assert "caddy.exe" in script.text("error")
    assert set(installed.windows.running()) == {*SERVICES, CADDY}
    assert installed.layout.active() == OLD


def test_a_damaged_file_that_another_program_holds_is_named_and_everything_runs_on(
    installed: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    from installer import program_files

    page = installed.layout.application(OLD) / "manage.py"
    page.write_text("broken", encoding="utf-8")

    def held(source: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied", str(source), 5, str(target))

    with monkeypatch.context() as patched:
        patched.setattr(program_files, "replace", held)
        script = installed.install()
    assert script.ended == 1, script.text()
    assert "failed at step place" in script.text("error")
    assert f"{page} cannot be replaced (Permission denied): end the program" in script.text("error")
    assert set(installed.windows.running()) == {*SERVICES, CADDY}
    assert installed.install().ended == 0
    assert page.read_bytes() == (installed.releases[OLD] / "manage.py").read_bytes()


def test_going_back_that_fails_says_the_one_command_that_does_it_later(installed: Server) -> None:
    installed.windows.refuses = [("icacls.exe", "secrets")]
    script = installed.call("upgrade", NEW)
    assert script.ended == 1, script.text()
    assert "failed at step rights" in script.text("error")
    assert "rollback.ps1" in script.text("error")
    installed.windows.refuses = []
    assert installed.call("rollback", NEW).ended == 0
    assert set(installed.windows.running()) == {*SERVICES, CADDY}
    assert installed.layout.active() == OLD


def test_a_second_installer_at_the_same_time_is_refused(installed: Server) -> None:
    before = list(installed.windows.told)
    with exclusively(installed.layout):
        found: list[Script] = []
        other = threading.Thread(target=lambda: found.append(installed.call("upgrade", NEW)))
        other.start()
        other.join()
    assert found[0].ended == 1
    assert "Another installer is at work" in found[0].text("error")
    assert installed.windows.told == before


def test_a_plan_is_not_carried_out_when_another_installer_was_quicker(installed: Server) -> None:
    quicker = installed.releases[NEW]

    class Slow(Script):
        """Somebody reads the plan for so long that another installer ends meanwhile."""

        def _answer(self, answer: dict[str, Any]) -> None:
            if self.asked == 1 and not getattr(self, "waited", False):
                self.waited = True
                assert Script(installed.windows).call("upgrade", quicker, installed.desk, **installed.folders) == 0
            super()._answer(answer)

    script = Slow(installed.windows)
    script.call("upgrade", quicker, installed.desk, **installed.folders)
    assert script.ended == 1
    assert "meanwhile" in script.text("error")
    assert set(installed.windows.running()) == {*SERVICES, CADDY}
    assert installed.layout.active() == NEW


def cut_at(server: Server, step: str, command: str, release: str) -> bool:
    """Cut the power at the begin of a step; returns whether the step was met."""
    met = []

    def cut(_call: Any, at: str) -> None:
        if at == step:
            met.append(at)
            raise SystemExit

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(version_commands, "_tell", cut)
        if command == "install":
            patch.setattr(checks, "check_process_ports", lambda *_: [])
        try:
            server.install(release) if command == "install" else server.call(command, release)
        except SystemExit:
            assert read_operation(server.layout)
    return bool(met)


@pytest.mark.parametrize("cure", ["rollback", "upgrade"])
def test_a_power_cut_in_each_step_of_an_upgrade_is_put_right_by_one_command(installed: Server, cure: str) -> None:
    before = {name: one.registered for name, one in installed.windows.services.items()}
    for step in STEPS:
        assert cut_at(installed, step, "upgrade", NEW), step
        script = installed.call(cure, NEW)
        assert script.ended == 0, f"{step}: {script.text()}"
        assert read_operation(installed.layout) is None
        assert installed.layout.active() == (OLD if cure == "rollback" else NEW)
        assert set(installed.windows.running()) == {*SERVICES, CADDY}, step
        if cure == "upgrade":
            assert installed.call("rollback", NEW).ended == 0
        assert {name: one.registered for name, one in installed.windows.services.items()} == before


def test_a_power_cut_in_each_step_of_a_rollback_is_put_right_by_one_command(installed: Server) -> None:
    assert installed.call("upgrade", NEW).ended == 0
    for step in [step for step in STEPS if step not in ("place", "packages", "secrets")]:
        assert cut_at(installed, step, "rollback", NEW), step
        script = installed.call("rollback", NEW)
        assert script.ended == 0, f"{step}: {script.text()}"
        assert read_operation(installed.layout) is None
        assert installed.layout.active() == NEW  # it was interrupted on its way to the older one, and is taken back
        assert set(installed.windows.running()) == {*SERVICES, CADDY}, step


def test_a_power_cut_in_each_step_of_a_first_installation_is_put_right_by_the_next_one(server: Server) -> None:
    for step in STEPS:
        assert cut_at(server, step, "install", OLD), step
        script = server.install()
        assert script.ended == 0, f"{step}: {script.text()}"
        assert set(server.windows.running()) == {*SERVICES, CADDY}, step
        assert server.call("uninstall", RemoveData=True).ended == 0
        assert server.windows.services == {}
        assert not server.layout.program.exists()


def test_a_power_cut_in_a_repair_is_put_right_by_the_next_one(installed: Server) -> None:
    for step in ("define", "register", "rights", "firewall", "start"):
        (installed.layout.services / "RoutingML-Ann.xml").write_text("<service/>", encoding="utf-8")
        installed.windows.services.pop("RoutingML-Trainer", None)
        installed.windows.rules.clear()
        assert cut_at(installed, step, "install", OLD), step
        script = installed.install()
        assert script.ended == 0, f"{step}: {script.text()}"
        assert set(installed.windows.running()) == {*SERVICES, CADDY}, step
        assert installed.windows.rules == {"RoutingML-HTTPS": 8443}, step


def test_a_program_outside_program_files_is_for_administrators_to_change(installed: Server) -> None:
    program = str(installed.layout.program)
    assert installed.install().ended == 0
    (told,) = [words for words in installed.windows.told if words.startswith(f"icacls.exe {program} ")]
    assert "/inheritance:r /grant:r *S-1-5-18:(OI)(CI)F *S-1-5-32-544:(OI)(CI)F *S-1-5-32-545:(OI)(CI)RX" in told
