"""An installation's Windows: services by the table of a version, their programs, rights, secrets and the firewall's port."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bootstrap.progress import SetupFailed, notice
from installer import service_programs
from installer.choices import CADDY, IIS, Choices, Tools, read_choices, write_choices
from installer.control_database import process_variables
from installer.layout import Layout
from installer.machine import DISABLED, Machine, system_program
from installer.named_places import state_folder
from installer.rights import let_read, protect_program, set_rights
from installer.running_system import WINDOWS_STEPS, Before
from installer.service_table import (
    CONTROL,
    GATEWAY,
    Service,
    ServiceTable,
    definitions_differ,
    service_table,
    write_definitions,
)
from installer.settings_files import caddy_command, caddy_env, read_env, read_text, write_caddy_env
from installer.windows_services import POLL_SECONDS, WindowsServices, runner_of
from installer.wording import words

PASSWORD_FILE = "first-administrator.txt"  # noqa: S105 - a file's name
SECRETS = ("service.secret", "signing.secret")
CADDY_SERVICE = "RoutingML-Caddy"
LONGEST_LAST_WORDS = 300


@dataclass(frozen=True)
class Site:
    """What was named for the site; "" and None: as it is.

    Attributes:
        names: names that browsers use, such as https://routing.plant.local.
        certificate: PEM file. key: PEM file of its key.
    """

    names: str = ""
    certificate: Path | None = None
    key: Path | None = None


class WindowsSystem:
    """The services and what belongs to them.

    Args:
        application: a version's folder or a release's, which names the services where none is installed.
        choices: proxy, runner and port to use.
        tools: programs that the administrator named.
        release: folder of the unpacked release, whose tools are taken; None: only those that are there.
        site: names and certificate for Caddy.
    """

    steps: tuple[str, ...] = WINDOWS_STEPS

    def __init__(
        self,
        layout: Layout,
        machine: Machine,
        application: Path,
        choices: Choices,
        tools: Tools | None = None,
        release: Path | None = None,
        site: Site | None = None,
        *,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._layout, self._machine, self._choices = layout, machine, choices
        self._tools, self._release, self._site = tools or Tools(), release, site or Site()
        self._fallback = application
        self.services = WindowsServices(
            machine, layout.services, poll_seconds=poll_seconds, last_words=self.last_words_of
        )

    @property
    def with_caddy(self) -> bool:
        """Whether Caddy was chosen and not IIS."""
        return self._choices.with_caddy

    @property
    def migrates(self) -> bool:
        """Whether this host has the only copy of auth_service."""
        addresses = read_env(self._layout.env_file).get("ROUTING_ML_AUTH_ADDRESS", "")
        return self._choices.has(CONTROL) and "," not in addresses

    @property
    def has_gateway(self) -> bool:
        """Whether this host is for browsers and clients, too."""
        return self._choices.has(GATEWAY)

    @property
    def address_settings(self) -> list[str]:
        """The settings of the addresses of this host's processes."""
        return [service.address_setting for service in self._wanted() if service.address_setting]

    def _table(self, version: str | None = None) -> ServiceTable:
        version = version or self._layout.active()
        known = version and (self._layout.application(version) / "compose-windows" / "services.json").is_file()
        return service_table(self._layout.application(version) if version and known else self._fallback)

    def _wanted(self, version: str | None = None) -> list[Service]:
        return self._table(version).wanted(with_proxy=self._choices.with_caddy, roles=self._choices.roles)

    def names(self, version: str | None = None) -> list[str]:
        """Every service that is registered, or would be, in order of the start."""
        return [service.name for service in self._table(version).services]

    def registered(self) -> list[str]:
        """The services that are registered, in order of their start."""
        return [name for name in self.names() if self._machine.service(name) is not None]

    def look(self) -> dict[str, Any]:
        """Registered services with the program that runs them and whether they were disabled, the port, the choices."""
        services = {}
        for name in self.names():
            found = self._machine.service(name)
            if found:
                services[name] = {"runner": runner_of(found), "disabled": found.start == DISABLED}
        choices = read_choices(self._layout)
        return {
            "services": services,
            "port": str(self.port_before() or ""),
            "choices": asdict(choices) if choices else None,
        }

    def differs(self, version: str) -> set[str]:
        """Steps that a repair has to do. Rights are always set: comparing them would take longer."""
        found, wanted = {"rights"}, self._wanted(version)
        names = [service.name for service in wanted]
        if (
            definitions_differ(self._layout, version)
            or self._programs_differ(version, wanted)
            or (self._choices.with_caddy and self._caddy_env() != read_text(self._layout.caddy_env_file))
        ):
            found |= {"define", "stop"}
        wrong = [one.name for one in wanted if not self.services.is_right(one, self._choices.runner)]
        spare = [name for name in self.registered() if name not in names]
        if wrong or spare or read_choices(self._layout) != self._choices:
            found.add("register")
        if any(self._machine.service(name) for name in wrong):
            found.add("stop")
        if not self._secret_is_named() and not all((self._secrets_folder() / name).is_file() for name in SECRETS):
            found.add("secrets")
        if self.port_before() != self._choices.opened_port:
            found.add("firewall")
        if wrong or self.services.not_running(names):
            found.add("start")
        return found

    def _programs_differ(self, version: str, wanted: Sequence[Service]) -> bool:
        for name in service_programs.needed(self._choices):
            new = service_programs.given(name, self._tools, self._release)
            place = service_programs.kept(self._layout, version, name)
            if new and (not place.is_file() or new.read_bytes() != place.read_bytes()):
                return True
        return bool(service_programs.differing(self._layout, version, wanted, self._choices))

    def stop(self) -> None:
        """Stop the registered services, so that nothing starts them."""
        self.services.stop(self.registered())

    def start(self, before: Before) -> None:
        """Start the wanted services; those that were disabled before stay so."""
        disabled = [name for name, facts in before.get("services", {}).items() if facts.get("disabled")]
        self.services.start([service.name for service in self._wanted()], left_disabled=disabled)

    def keep_programs(self, version: str) -> None:
        """Put WinSW or NSSM, and Caddy beside a version."""
        service_programs.keep(self._layout, version, self._choices, self._tools, self._release)

    def do(self, step: str, version: str) -> None:
        """Do one step for a version."""
        if step == "define":
            self._define(version)
        elif step == "register":
            self._register(version)
        elif step == "secrets":
            self._make_secrets(version)
        elif step == "rights":
            self._set_rights(version)
        elif step == "firewall":
            self._machine.hands("firewall", name=self._table(version).firewall_rule, port=self._choices.opened_port)

    def _caddy_env(self) -> str:
        return caddy_env(self._layout, self._site.names, self._site.certificate, self._site.key)

    def _define(self, version: str) -> None:
        write_definitions(self._layout, version)
        if self._choices.with_caddy:
            write_caddy_env(self._layout, self._site.names, self._site.certificate, self._site.key)
        for source, target in service_programs.differing(self._layout, version, self._wanted(version), self._choices):
            service_programs.copy(source, target)

    def _register(self, version: str) -> None:
        wanted = self._wanted(version)
        for name in reversed(self.registered()):
            if name not in [service.name for service in wanted]:
                self.services.unregister(name)
        for service in wanted:
            if not self.services.is_right(service, self._choices.runner):
                self._register_one(service, self._choices.runner)
        write_choices(self._layout, self._choices)

    def _register_one(self, service: Service, runner: str) -> None:
        layout = self._layout
        if service.package:
            python = str(layout.current / "venv" / "Scripts" / "python.exe")
            command = (python, f"-m {service.package}", str(layout.data), str(layout.data / "logs"))
        else:
            program, arguments = caddy_command(layout)
            command = (program, arguments, str(layout.data / "caddy"), str(layout.data / "logs"))
        variables = {"PYTHONUTF8": "1", "PYTHONSAFEPATH": "1"} if service.package else {}
        if service.package == "auth_service":
            variables["ROUTING_ML_ADMIN_PASSWORD_FILE"] = str(layout.data / "var" / PASSWORD_FILE)
        self.services.register(service, runner, variables, command)
        notice(words("service.registered", name=service.name))

    def _state(self) -> Path:
        return state_folder(self._layout.data)

    def _secrets_folder(self) -> Path:
        return self._state() / "secrets"

    def _secret_is_named(self) -> bool:
        """Whether the settings name the secret that several hosts have in common, so that none is made here."""
        settings = read_env(self._layout.env_file)
        return any(settings.get(f"ROUTING_ML_SERVICE_SECRET{end}") for end in ("", "_FILE"))

    def password_file(self) -> Path:
        """Where the control plane leaves the first administrator's random password."""
        return self._state() / PASSWORD_FILE

    def port_before(self) -> int:
        """The port that the firewall opens for us now; 0 when none."""
        port = str(self._machine.hands("look-firewall", name=self._table().firewall_rule) or "")
        return int(port) if port.isdigit() else 0

    def last_words_of(self, name: str) -> str:
        """The last line that a service wrote to its error output; "" when there is none."""
        return last_words(self._layout.data / "logs" / f"{name}.err.log")

    def _make_secrets(self, version: str) -> None:
        """Make the secrets before any service starts: made by one of them, they would be that one's alone."""
        done = subprocess.run(
            [str(self._layout.python(version)), "-m", "auth_service", "make-secrets"],
            cwd=self._layout.data,
            env=process_variables(),
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        if done.returncode:
            raise SetupFailed((done.stderr or done.stdout).strip())

    def _set_rights(self, version: str) -> None:
        table, registered = self._table(version), self.registered()
        set_rights(self._machine, self._layout.data, table, registered, self.training_identity(table))
        protect_program(self._machine, self._layout.program, registered)
        if CADDY_SERVICE in registered:
            settings = read_env(self._layout.caddy_env_file)
            for name in ("ROUTING_ML_SITE_CERTIFICATE", "ROUTING_ML_SITE_KEY"):
                if settings.get(name) and Path(settings[name]).is_file():
                    let_read(self._machine, Path(settings[name]), CADDY_SERVICE)

    def training_identity(self, table: ServiceTable) -> str | None:
        """Who runs the scheduled training, as icacls.exe takes it; None where there is no such task."""
        task = self._machine.hands("look-task", name=table.training_task)
        if not task:
            return None
        return training_identity(self._machine, table.training_task, str(task.get("user") or ""))

    def put_back(self, version: str | None, before: Before) -> None:
        """Register what was registered before and nothing else, with the programs, the port and the rights of then."""
        services = before.get("services", {})
        for name in reversed(self.registered()):
            if name not in services:
                self.services.unregister(name)
        port = before.get("port", "")
        self._machine.hands("firewall", name=self._table(version).firewall_rule, port=int(port) if port else 0)
        remembered = before.get("choices")
        if version is None:
            return
        runners = {facts["runner"] for facts in services.values()}
        self._choices = (
            Choices(**remembered)
            if remembered
            else Choices(
                CADDY if CADDY_SERVICE in services else IIS,
                runners.pop() if runners else self._choices.runner,
                int(port) if port else self._choices.https_port,
            )
        )
        if not services:
            return
        write_definitions(self._layout, version)
        for source, target in service_programs.differing(self._layout, version, self._wanted(version), self._choices):
            service_programs.copy(source, target)
        for service in self._table(version).services:
            if service.name in services and not self.services.is_right(service, services[service.name]["runner"]):
                self._register_one(service, services[service.name]["runner"])
        write_choices(self._layout, self._choices)
        self._set_rights(version)

    def trouble(self) -> str:
        """Services that do not run, with the last words of each."""
        found = []
        for name in self.services.not_running([service.name for service in self._wanted()]):
            said = self.last_words_of(name)
            found.append(f"{name}: {said}" if said else name)
        return "; ".join(found)


def training_identity(machine: Machine, task: str, user: str) -> str:
    """Who a training task runs as, in the form that icacls.exe takes: its account, or the identifier of the task itself.

    Raises:
        SetupFailed: Windows does not tell the identifier.
    """
    if user.endswith("$"):
        return user
    said = machine.ask(system_program("schtasks.exe"), "/showsid", "/tn", task)
    found = re.search(r"S-1-5-87(?:-\d+)+", said)
    if not found:
        raise SetupFailed(words("task.no_identifier", task=task, said=" ".join(said.split())))
    return f"*{found.group(0)}"


def last_words(file: Path) -> str:
    """The last line that a process wrote before it ended; "" when there is none."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip()[:LONGEST_LAST_WORDS] for line in reversed(lines) if line.strip()), "")


def former_choices(layout: Layout, machine: Machine, table: ServiceTable) -> Choices:
    """The choices of an installation: those remembered, else what its registered services show."""
    remembered = read_choices(layout)
    if remembered:
        return remembered
    found = {service.name: machine.service(service.name) for service in table.services}
    runners = [runner_of(one) for one in found.values() if one]
    port = str(machine.hands("look-firewall", name=table.firewall_rule) or "")
    return Choices(
        CADDY if found.get(CADDY_SERVICE) or not runners else IIS,
        runners[0] if runners else Choices.runner,
        int(port) if port.isdigit() else table.https_port,
    )
