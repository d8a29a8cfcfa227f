"""Install, upgrade and rollback on real files with a real database; a failure or a kill at each step leaves the former version."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest

from bootstrap.progress import SetupFailed
from installer import checks, verification
from installer.change import STEPS, Change, WentBack
from installer.journal import previous_version, read_history, read_operation
from installer.layout import Layout
from installer.program_files import remove_version
from installer.release_source import ReleaseSource
from installer.running_system import WINDOWS_STEPS, Before
from tests.support.installation import RecordedServices, borrowed_environment, new_layout, release_of, run_in

OLD, NEW = "1.0.0", "1.1.0"
USER = "planner@plant.example"


class Killed(BaseException):
    """The installer's process ends without any clean-up."""


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ReleaseSource]:
    folder = tmp_path_factory.mktemp("releases")
    return {OLD: release_of(folder / "old", OLD), NEW: release_of(folder / "new", NEW, with_migration=True)}


def served_by(layout: Layout) -> verification.Served:
    """A gateway that serves what `current` leads to."""
    return verification.Served(True, True, layout.active() or "")


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """An empty installation."""
    made = new_layout(tmp_path)
    monkeypatch.setattr(verification, "ask", lambda _port: served_by(made))
    return made


def change(layout: Layout, services: RecordedServices | None = None, dies_at: str = "") -> Change:
    def on_step(step: str) -> None:
        if step == dies_at:
            raise Killed

    return Change(
        layout,
        services or RecordedServices(layout),
        make_environment=borrowed_environment,
        on_step=on_step,
        patience_seconds=0.1,
    )


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, releases: dict[str, ReleaseSource]) -> Layout:
    """Version 1.0.0, with an account in its database."""
    made = new_layout(tmp_path_factory.mktemp("installation"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verification, "ask", lambda _port: served_by(made))
        change(made).install(releases[OLD])
    run_in(made, OLD, "-m", "auth_service", "create-admin", USER, "--password-stdin", said="Planner-Pass-11\n")
    return made


@pytest.fixture
def installed(shared: Layout, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """Version 1.0.0, as every test but the last has to leave it."""
    monkeypatch.setattr(verification, "ask", lambda _port: served_by(shared))
    assert shared.active() == OLD
    return shared


def database(layout: Layout) -> Path:
    return layout.data / "var" / "routing.db"


def tables(layout: Layout) -> set[str]:
    with contextlib.closing(sqlite3.connect(database(layout))) as connection:
        return {str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def has_account(layout: Layout, user: str = USER) -> bool:
    with contextlib.closing(sqlite3.connect(database(layout))) as connection:
        rows = [
            name
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE name LIKE '%account%' OR name LIKE '%user%'"
            )
        ]
        return any(user in str(connection.execute(f"SELECT * FROM {name}").fetchall()) for name in rows)


def test_the_first_installation_has_all_folders_and_a_migrated_database(installed: Layout) -> None:
    assert installed.active() == OLD
    assert installed.installed() == [OLD]
    assert has_account(installed)
    assert read_operation(installed) is None
    assert (installed.services / "RoutingML-Auth.xml").read_text(encoding="utf-8").count(str(installed.data)) == 3
    home = json.loads((installed.application(OLD) / "installation.json").read_text(encoding="utf-8"))
    assert home == {"home": str(installed.data)}


def test_the_command_line_of_an_installation_finds_its_data(installed: Layout) -> None:
    said = run_in(
        installed,
        OLD,
        "-c",
        "from cli.installation import installation_settings as s; print(s().state_dir, s().gateway_port)",
    )
    assert str(installed.data / "var") in said


def test_installing_the_same_release_again_changes_nothing(
    installed: Layout, releases: dict[str, ReleaseSource]
) -> None:
    services = RecordedServices(installed)
    env = installed.env_file.read_bytes()
    said = change(installed, services).install(releases[OLD])
    assert "already" in said
    assert services.calls == []
    assert installed.env_file.read_bytes() == env


@pytest.mark.parametrize("step", [step for step in STEPS if step not in WINDOWS_STEPS])
def test_an_upgrade_that_is_killed_at_any_step_is_taken_back_by_the_next_command(
    installed: Layout, releases: dict[str, ReleaseSource], step: str
) -> None:
    with pytest.raises(Killed):
        change(installed, dies_at=step).install(releases[NEW])
    left = read_operation(installed)
    assert left is not None
    assert left.step == step
    services = RecordedServices(installed)
    said = change(installed, services).recover()
    assert said is not None
    assert f"Version {OLD} serves again" in said
    assert read_operation(installed) is None
    assert installed.active() == OLD
    assert "tool_lives" not in tables(installed)
    assert has_account(installed)
    assert services.calls in ([], ["stop", "start"])


def test_an_upgrade_whose_services_do_not_start_goes_back_by_itself(
    installed: Layout, releases: dict[str, ReleaseSource]
) -> None:
    services = RecordedServices(installed, fails_at="start")
    with pytest.raises(WentBack, match=r"Version 1\.0\.0 serves again"):
        change(installed, services).install(releases[NEW])
    assert services.calls == ["stop", "start", "stop", "start"]
    assert installed.active() == OLD
    assert "tool_lives" not in tables(installed)
    assert read_history(installed)[-1]["outcome"] == "went back"


def test_an_upgrade_that_does_not_predict_any_more_goes_back(
    installed: Layout, releases: dict[str, ReleaseSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    def served(_port: int) -> verification.Served:
        version = installed.active() or ""
        return verification.Served(True, version == OLD, version, "the index finds nothing")

    monkeypatch.setattr(verification, "ask", served)
    with pytest.raises(WentBack, match="the index finds nothing"):
        change(installed).install(releases[NEW])
    assert installed.active() == OLD


def test_going_back_that_is_interrupted_is_gone_on_with(installed: Layout, releases: dict[str, ReleaseSource]) -> None:
    with pytest.raises(Killed):
        change(installed, dies_at="verify").install(releases[NEW])

    class DiesOnStart(RecordedServices):
        def start(self, before: Before) -> None:
            raise Killed

    with pytest.raises(Killed):
        change(installed, DiesOnStart(installed)).recover()
    assert read_operation(installed) is not None
    assert change(installed).recover() is not None
    assert installed.active() == OLD
    assert has_account(installed)


def test_a_disk_that_fills_up_while_files_are_copied_leaves_the_former_version(
    installed: Layout, releases: dict[str, ReleaseSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    copied = 0
    really = shutil.copyfile

    def full(source: Path, target: Path) -> object:
        nonlocal copied
        copied += 1
        if copied > 20:
            raise OSError(28, "No space left on device")
        return really(source, target)

    monkeypatch.setattr(shutil, "copyfile", full)
    services = RecordedServices(installed)
    remove_version(installed, NEW)
    with pytest.raises(WentBack, match="No space left on device"):
        change(installed, services).install(releases[NEW])
    assert services.calls == []
    assert not installed.version_folder(NEW).exists()
    assert installed.active() == OLD


def test_a_first_installation_that_fails_leaves_no_version(layout: Layout, releases: dict[str, ReleaseSource]) -> None:
    with pytest.raises(SetupFailed, match="failed at step start"):
        change(layout, RecordedServices(layout, fails_at="start")).install(releases[OLD])
    assert layout.active() is None
    assert f"Version {OLD} is installed and current" in change(layout).install(releases[OLD])


def test_a_taken_port_is_named_with_its_setting_and_nothing_is_switched(
    layout: Layout, releases: dict[str, ReleaseSource]
) -> None:
    import socket

    from tests.support.installation import gateway_port_of

    with socket.socket() as other:
        other.bind(("127.0.0.1", gateway_port_of(layout)))
        other.listen()
        with pytest.raises(SetupFailed, match="ROUTING_ML_GATEWAY_PORT"):
            change(layout).install(releases[OLD])
    assert layout.active() is None


def test_the_same_version_with_other_content_is_refused(installed: Layout, tmp_path: Path) -> None:
    other = release_of(tmp_path / "other", OLD, broken=True)
    with pytest.raises(SetupFailed, match="other content"):
        change(installed).install(other)
    assert installed.active() == OLD


def test_a_version_that_is_not_installed_cannot_be_gone_to(installed: Layout) -> None:
    with pytest.raises(SetupFailed, match=r"0\.9\.0 is not installed; installed are 1\.0\.0"):
        change(installed).go_to("0.9.0")


def test_a_clock_a_day_behind_the_release_is_refused(layout: Layout, releases: dict[str, ReleaseSource]) -> None:
    import time
    from dataclasses import replace

    with pytest.raises(SetupFailed, match="24 hours behind"):
        checks.refuse(checks.check_clock(replace(releases[OLD], made_at=time.time() + 86_400)))


def test_a_running_training_is_not_cut_off(installed: Layout, releases: dict[str, ReleaseSource]) -> None:
    from filelock import FileLock

    run = installed.data / "var" / "run"
    run.mkdir(parents=True, exist_ok=True)
    (run / "training.lock.holder.json").write_text("{}", encoding="utf-8")
    with FileLock(run / "training.lock"), pytest.raises(SetupFailed, match="training is running"):
        change(installed).install(releases[NEW])


def test_a_folder_that_cannot_be_made_says_what_to_do(tmp_path: Path, releases: dict[str, ReleaseSource]) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    layout = Layout(tmp_path / "file" / "program", tmp_path / "data")
    with pytest.raises(SetupFailed, match="Run as administrator"):
        change(layout).install(releases[OLD])


def test_a_postgresql_database_has_to_be_saved_by_its_own_tools_first(
    installed: Layout, releases: dict[str, ReleaseSource]
) -> None:
    before = installed.env_file.read_text(encoding="utf-8")
    url = "ROUTING_ML_DATABASE_URL=postgresql+psycopg://routing@127.0.0.1/routing"
    installed.env_file.write_text(f"{before}{url}\n", encoding="utf-8")
    try:
        with pytest.raises(SetupFailed, match="pg_dump"):
            change(installed).install(releases[NEW])
    finally:
        installed.env_file.write_text(before, encoding="utf-8")
    assert installed.active() == OLD


def test_an_upgrade_migrates_with_a_backup_and_a_rollback_keeps_what_was_written_since(
    installed: Layout, releases: dict[str, ReleaseSource]
) -> None:
    services = RecordedServices(installed)
    said = change(installed, services).install(releases[NEW])
    assert f"Version {NEW} is current" in said
    assert installed.installed() == [OLD, NEW]
    assert previous_version(installed) == OLD
    assert services.calls == ["stop", "start"]
    assert "tool_lives" in tables(installed)
    assert has_account(installed, USER)
    saved = Path(str(read_history(installed)[-1]["backup"]))
    assert saved.parent == installed.backups
    assert saved.stat().st_size

    later = "later@plant.example"
    run_in(installed, NEW, "-m", "auth_service", "create-admin", later, "--password-stdin", said="Planner-Pass-12\n")
    change(installed).go_to(OLD)
    assert installed.active() == OLD
    assert "tool_lives" not in tables(installed)
    assert has_account(installed, USER)
    assert has_account(installed, later)


@pytest.fixture(autouse=True)
def _other_settings_in_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """The administrator's own ROUTING_ML_* do not count."""
    monkeypatch.setenv("ROUTING_ML_STATE_DIR", "/nowhere")
