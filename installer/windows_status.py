"""How an installation on Windows is: its services with accounts and processes, its versions, whether gateway and site answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bootstrap.progress import SetupFailed
from installer import settings_files, verification
from installer.door import ERROR, WARNING
from installer.front_door import DONE, FAILED, NOT_INSTALLED, Call
from installer.installation_status import status
from installer.machine import AUTOMATIC, BY_HAND, DISABLED
from installer.service_table import GATEWAY, service_table
from installer.windows_services import WindowsServices, account_of
from installer.windows_system import former_choices
from installer.wording import words

START_MODES = {AUTOMATIC: "Auto", BY_HAND: "Manual", DISABLED: "Disabled"}
STATES = {"RUNNING": "Running", "STOPPED": "Stopped", "START_PENDING": "Start Pending", "STOP_PENDING": "Stop Pending"}
SITE_SECONDS = 0.0


@dataclass(frozen=True)
class ServiceStatus:
    """A service as status.ps1 shows it: name, state, way of starting, account, process."""

    name: str
    installed: bool
    state: str = ""
    start_mode: str = ""
    account: str = ""
    process: int = 0

    def as_json(self) -> dict[str, Any]:
        """With the names of Windows' own objects."""
        return {
            "Name": self.name,
            "Installed": self.installed,
            "State": self.state,
            "StartMode": self.start_mode,
            "Account": self.account,
            "ProcessId": self.process,
        }


def show(call: Call) -> int:
    """Show services, versions and what answers; 0 when all services run and gateway and site answer."""
    layout = call.layout
    found = status(layout)
    if found.current is None and not found.interrupted:
        call.door.say(words("check.nothing_installed", folder=layout.program), ERROR)
        return NOT_INSTALLED
    table = service_table(layout.application(found.current)) if found.current else call.table
    choices = former_choices(layout, call.machine, table)
    with_caddy = choices.with_caddy if call.switch("UseIis") is None else not call.switch("UseIis")
    services = WindowsServices(call.machine, layout.services)
    with_caddy, wanted = with_caddy and choices.has(GATEWAY), table.wanted(with_proxy=with_caddy, roles=choices.roles)
    rows = [_service(call, services, service.name) for service in wanted]
    site, site_problem = settings_files.site_names(layout), ""
    if with_caddy and found.answers:
        try:
            verification.verify_site(site, choices.https_port, patience_seconds=SITE_SECONDS)
        except SetupFailed as error:
            site_problem = str(error)
    facts = {
        "services": [row.as_json() for row in rows],
        "installation": {**found.as_json(), "site": site if with_caddy else "", "site_problem": site_problem},
    }
    if call.switch("AsJson"):
        call.door.give(json.dumps(facts, ensure_ascii=False, indent=1))
    else:
        for line in _table([row.as_json() for row in rows]):
            call.door.say(line)
        call.door.say(" \n" + found.in_words())
    for row in rows:
        if row.installed and row.account.lower() != account_of(row.name).lower():
            call.door.say(words("status.foreign_account", service=row.name, account=row.account), WARNING)
    if site_problem:
        call.door.say(site_problem, WARNING)
    all_run = all(row.state == "Running" for row in rows)
    answers = found.answers or not choices.has(GATEWAY)
    return DONE if all_run and answers and not site_problem and not found.interrupted else FAILED


def _service(call: Call, services: WindowsServices, name: str) -> ServiceStatus:
    registered = call.machine.service(name)
    if registered is None:
        return ServiceStatus(name, installed=False)
    state = services.state(name)
    return ServiceStatus(
        name,
        True,
        STATES.get(state, state),
        START_MODES.get(registered.start, str(registered.start)),
        registered.account,
        services.process(name),
    )


def _table(rows: list[dict[str, Any]]) -> list[str]:
    """Rows as lines with columns as wide as they have to be."""
    lines = [list(rows[0]), *[[str(value) for value in row.values()] for row in rows]]
    widths = [max(len(line[number]) for line in lines) for number in range(len(lines[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
