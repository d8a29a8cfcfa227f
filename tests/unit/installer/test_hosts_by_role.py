"""A host of several has only the services that it is for: chosen once, remembered, changed by another choice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from installer import verification
from installer.choices import Choices, read_choices, write_choices
from installer.control_database import ControlDatabase
from installer.layout import Layout
from installer.service_table import CONTROL, GATEWAY, ROLES, SERVING, TRAINING, service_table
from tests.support.windows_machine import steps_of
from tests.support.windows_server import CADDY, NEW, OLD, SERVICES, Server

ROOT = Path(__file__).resolve().parents[3]
AUTH, AGGREGATE, ANN, TRAINER, GATEWAY_SERVICE = SERVICES


def of_hosts(server: Server) -> None:
    """Settings as they are the same on several hosts."""
    secret = server.desk / "service.secret.txt"
    secret.write_text("the same on every host, 24 characters\n", encoding="utf-8")
    with open(server.layout.env_file, "a", encoding="utf-8") as stream:
        stream.write(
            "ROUTING_ML_DATABASE_URL=postgresql://routing@db.plant.local/routing\n"
            "ROUTING_ML_AUTH_ADDRESS=east.plant.local:50071,west.plant.local:50071\n"
            f"ROUTING_ML_SERVICE_SECRET_FILE={secret}\n"
        )


def test_every_service_has_a_role() -> None:
    table = service_table(ROOT)
    assert {service.role for service in table.services} == set(ROLES)
    assert [one.name for one in table.wanted(with_proxy=True)] == [*SERVICES, CADDY]
    assert table.wanted(with_proxy=True) == list(table.services)


@pytest.mark.parametrize(
    ("roles", "wanted"),
    [
        ((CONTROL,), {AUTH: ()}),
        ((SERVING,), {AGGREGATE: (), ANN: ()}),
        ((GATEWAY,), {GATEWAY_SERVICE: (), CADDY: (GATEWAY_SERVICE,)}),
        ((TRAINING,), {TRAINER: ()}),
        ((CONTROL, TRAINING), {AUTH: (), TRAINER: (AUTH,)}),
        ((SERVING, GATEWAY), {AGGREGATE: (), ANN: (), GATEWAY_SERVICE: (AGGREGATE, ANN), CADDY: (GATEWAY_SERVICE,)}),
    ],
)
def test_a_service_needs_only_those_that_are_on_its_host(
    roles: tuple[str, ...], wanted: dict[str, tuple[str, ...]]
) -> None:
    found = service_table(ROOT).wanted(with_proxy=True, roles=roles)
    assert {service.name: service.depends_on for service in found} == wanted


def test_a_serving_host_has_its_services_and_neither_site_nor_port(server: Server) -> None:
    of_hosts(server)
    script = server.call("install", OLD, Role=["serving"])
    assert script.ended == 0, script.text()
    windows = server.windows
    assert windows.running() == [AGGREGATE, ANN]
    assert {name: one.registered.depends_on for name, one in windows.services.items()} == {AGGREGATE: (), ANN: ()}
    assert windows.rules == {}
    assert not {"save", "migrate"} & set(steps_of(script))  # whose copy of auth_service takes over migrates
    assert "This host is for: serving" in script.text()
    assert "password" not in script.text().lower()
    assert {account for _, account in windows.rights if "RoutingML-" in account} == {
        f"NT SERVICE\\{name}" for name in (AGGREGATE, ANN)
    }
    again = server.call("install", OLD)
    assert (again.ended, list(steps_of(again))) == (0, ["rights"]), again.text()


def test_every_process_of_the_host_may_read_the_files_that_the_settings_name(server: Server) -> None:
    of_hosts(server)
    named = {"SERVICE_SECRET_FILE": server.desk / "service.secret.txt"}
    for name in ("TLS_CERTIFICATE", "TLS_KEY", "TLS_CA", "SITES_FILE"):
        named[name] = server.desk / f"{name.lower()}.txt"
        named[name].write_text("[busan]\n", encoding="utf-8")
        with open(server.layout.env_file, "a", encoding="utf-8") as stream:
            stream.write(f"ROUTING_ML_{name}={named[name]}\n")
    script = server.call("install", OLD, Role=["serving"])
    assert script.ended == 0, script.text()
    for file in named.values():
        readers = {
            account for (path, account), right in server.windows.rights.items() if path == str(file) and right == "R"
        }
        assert readers == {f"NT SERVICE\\{name}" for name in (AGGREGATE, ANN)}, file


def test_every_process_may_change_the_store_of_versions_where_it_is_a_folder_of_this_machine(server: Server) -> None:
    of_hosts(server)
    store = server.desk / "store of versions"
    store.mkdir()
    with open(server.layout.env_file, "a", encoding="utf-8") as stream:
        stream.write(f"ROUTING_ML_ARTIFACT_STORE={store}\n")
    script = server.call("install", OLD, Role=["serving", "training"])
    assert script.ended == 0, script.text()
    allowed = {account: right for (path, account), right in server.windows.rights.items() if path == str(store)}
    assert allowed == {f"NT SERVICE\\{name}": "(OI)(CI)M" for name in (AGGREGATE, ANN, TRAINER)}


@pytest.mark.parametrize("named", ["s3://bucket/versions", r"\\files\routing\versions", "nowhere"])
def test_a_store_elsewhere_is_left_to_who_owns_it(server: Server, named: str) -> None:
    of_hosts(server)
    with open(server.layout.env_file, "a", encoding="utf-8") as stream:
        stream.write(f"ROUTING_ML_ARTIFACT_STORE={named}\n")
    assert server.call("install", OLD, Role=["serving"]).ended == 0
    assert not [path for path, _account in server.windows.rights if "versions" in path and "var" not in path]


def test_a_file_that_the_settings_name_and_that_is_not_there_is_said_first(server: Server) -> None:
    of_hosts(server)
    (server.desk / "service.secret.txt").unlink()
    refused = server.call("install", OLD, Role=["serving"])
    assert refused.ended == 1
    assert f"names {server.desk / 'service.secret.txt'}, which does not exist" in refused.text()
    assert server.windows.told == []
    named = server.desk / "sites.toml"
    (server.desk / "service.secret.txt").write_text("the same on every host, 24 characters\n", encoding="utf-8")
    named.write_text("[Busan and others]\n", encoding="utf-8")
    with open(server.layout.env_file, "a", encoding="utf-8") as stream:
        stream.write(f"ROUTING_ML_SITES_FILE={named}\n")
    refused = server.call("install", OLD, Role=["serving"])
    assert (refused.ended, server.windows.told) == (1, [])
    assert str(named) in refused.text()


def test_the_services_have_their_rights_in_the_folders_of_every_site(server: Server) -> None:
    sites, models = server.desk / "sites.toml", server.desk / "versions of seoul"
    sites.write_text(f"[busan]\n[seoul]\nmodels = '{models}'\n", encoding="utf-8")
    with open(server.layout.env_file, "a", encoding="utf-8") as stream:
        stream.write(f"ROUTING_ML_SITES_FILE={sites}\n")
    script = server.install(OLD)
    assert script.ended == 0, script.text()
    rights, state = server.windows.rights, server.layout.data / "var"
    own = {path: right for (path, account), right in rights.items() if account == f"NT SERVICE\\{ANN}"}
    for site, versions in (("busan", state / "sites" / "busan" / "models"), ("seoul", models)):
        assert own[str(versions)] == own[str(server.layout.data / "models")]
        assert own[str(state / "sites" / site)] == own[str(state)]
        assert own[str(state / "sites" / site / "derived")] == own[str(state / "derived")]
    assert (state / "sites" / "seoul" / "snapshots").is_dir()


def test_the_rights_are_given_where_the_settings_put_the_folders(server: Server) -> None:
    elsewhere = {name: server.desk / name for name in ("state", "versions", "log")}
    with open(server.layout.env_file, "a", encoding="utf-8") as stream:
        stream.write(f"ROUTING_ML_STATE_DIR={elsewhere['state']}\n")
        stream.write(f"ROUTING_ML_MODELS_DIR={elsewhere['versions']}\nROUTING_ML_LOG_DIR={elsewhere['log']}\n")
    script = server.install(OLD)
    assert script.ended == 0, script.text()
    own = {
        path: right for (path, account), right in server.windows.rights.items() if account == f"NT SERVICE\\{TRAINER}"
    }
    assert own[str(elsewhere["versions"])] == "(OI)(CI)M"
    assert own[str(elsewhere["log"])] == own[str(server.layout.data / "logs")] == "(OI)(CI)M"
    assert own[str(elsewhere["state"] / "run")] == "(OI)(CI)M"


def test_a_host_needs_only_the_ports_of_its_own_services(server: Server) -> None:
    of_hosts(server)
    with open(server.layout.env_file, "a", encoding="utf-8") as stream:
        stream.write("ROUTING_ML_GATEWAY_PORT=8123\nROUTING_ML_TRAINER_ADDRESS=127.0.0.1:8124\n")
    server.windows.taken_ports = {8123, 8124}  # by programs that have nothing to do with what this host is for
    script = server.call("install", OLD, Role=["serving"])
    assert script.ended == 0, script.text()
    refused = server.call("install", OLD, Role=["serving", "training"])
    assert refused.ended != 0
    assert "8124" in refused.text()


def test_roles_are_remembered_by_an_upgrade_and_a_rollback(server: Server) -> None:
    of_hosts(server)
    assert server.call("install", OLD, Role=["serving", "training"]).ended == 0
    upgraded = server.call("upgrade", NEW)
    assert upgraded.ended == 0, upgraded.text()
    assert server.windows.running() == [AGGREGATE, ANN, TRAINER]
    assert not {"save", "migrate"} & set(steps_of(upgraded))
    back = server.call("rollback", NEW)
    assert back.ended == 0, back.text()
    assert server.windows.running() == [AGGREGATE, ANN, TRAINER]


def test_another_choice_adds_and_removes_services(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def served(_port: int) -> verification.Served:  # the control plane is on another host
        runs = GATEWAY_SERVICE in server.windows.running()
        return verification.Served(runs, runs, server.layout.active() or "")

    monkeypatch.setattr(verification, "ask", served)
    of_hosts(server)
    assert server.call("install", OLD, Role=["serving"]).ended == 0
    changed = server.install(OLD, Role=["gateway"])
    assert changed.ended == 0, changed.text()
    assert server.windows.running() == list(server.windows.services) == [GATEWAY_SERVICE, CADDY]
    assert server.windows.rules == {"RoutingML-HTTPS": 8443}
    whole = server.install(OLD, Role="control,serving,gateway,training")
    assert set(server.windows.services) == {*SERVICES, CADDY}, whole.text()
    known = read_choices(server.layout)
    assert known is not None
    assert known.roles == ()


def test_a_host_that_is_alone_migrates_whatever_its_roles(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(ControlDatabase, "migrate", lambda _self, version, to="head": asked.append(version))
    assert server.call("install", OLD, Role=["control"]).ended == 0
    assert asked == [OLD]
    assert server.windows.running() == [AUTH]


def test_a_role_that_there_is_not_is_refused(server: Server) -> None:
    refused = server.call("install", OLD, Role=["serving", "searching"])
    assert refused.ended == 1
    assert "-Role searching is no role: there are control, serving, gateway, training" in refused.text()
    assert server.windows.services == {}


@pytest.mark.parametrize("given", [["control", "training"], "control,training", ["Control, training"]])
def test_several_roles_are_taken_from_a_prompt_and_from_a_file(server: Server, given: object) -> None:
    assert server.call("install", OLD, Role=given).ended == 0
    assert server.windows.running() == [AUTH, TRAINER]


def test_status_of_a_host_without_a_gateway_goes_by_its_services(server: Server) -> None:
    of_hosts(server)
    assert server.call("install", OLD, Role=["serving"]).ended == 0
    shown = server.call("status", AsJson=True)
    assert shown.ended == 0, shown.text()
    server.windows.services[ANN].runs = False
    assert server.call("status").ended == 1


def test_choices_of_before_there_were_roles_are_everything(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "program", tmp_path / "data")
    (layout.data / "install").mkdir(parents=True)
    (layout.data / "install" / "choices.json").write_text(
        json.dumps({"proxy": "iis", "runner": "nssm", "https_port": 8443}), encoding="utf-8"
    )
    known = read_choices(layout)
    assert known == Choices("iis", "nssm", 8443)
    assert all(known.has(role) for role in ROLES)
    write_choices(layout, Choices(roles=(CONTROL,)))
    assert read_choices(layout) == Choices(roles=(CONTROL,))
