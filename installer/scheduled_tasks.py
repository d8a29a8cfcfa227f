"""The scheduled tasks of an installation as XML: the training, monthly or quarterly, and the watchdog, every five minutes."""

from __future__ import annotations

import subprocess
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path

from installer.layout import Layout

SPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
NETWORK_SERVICE, LOCAL_SYSTEM = "S-1-5-20", "S-1-5-18"
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
QUARTERS = ("January", "April", "July", "October")


def training_task(layout: Layout, *, interval: str, day: int, at: str, account: str) -> str:
    """The task that trains.

    Args:
        interval: Monthly or Quarterly. day: of the month, 1 to 28. at: time of the day, HH:mm.
        account: group managed service account to run as; "": NETWORK SERVICE with an identifier of the task's own.
    """
    arguments = script_call(layout, "run-training.ps1", ["-Label", interval.lower()])
    trigger = _element("CalendarTrigger", StartBoundary=f"{time.strftime('%Y-%m')}-01T{at}:00", Enabled="true")
    schedule = ElementTree.SubElement(trigger, "ScheduleByMonth")
    ElementTree.SubElement(ElementTree.SubElement(schedule, "DaysOfMonth"), "Day").text = str(day)
    months = ElementTree.SubElement(schedule, "Months")
    for name in QUARTERS if interval == "Quarterly" else MONTHS:
        ElementTree.SubElement(months, name)
    if account:
        principal = _element("Principal", UserId=account, LogonType="Password", RunLevel="LeastPrivilege")
    else:
        principal = _element(
            "Principal", UserId=NETWORK_SERVICE, RunLevel="LeastPrivilege", ProcessTokenSidType="Unrestricted"
        )
    text = "Trains a version of Routing ML; the result is in the event log (source RoutingML, 2000 to 2002)."
    return _task(text, trigger, principal, "Trainer", "PT12H", arguments, layout.data)


def watchdog_task(layout: Layout, *, patience: int) -> str:
    """The task that starts hanging services again, as SYSTEM every five minutes."""
    arguments = script_call(layout, "watchdog.ps1", ["-Patience", str(patience)])
    trigger = _element("TimeTrigger")
    ElementTree.SubElement(ElementTree.SubElement(trigger, "Repetition"), "Interval").text = "PT5M"
    ElementTree.SubElement(trigger, "StartBoundary").text = time.strftime("%Y-%m-%dT%H:%M:00")
    ElementTree.SubElement(trigger, "Enabled").text = "true"
    principal = _element("Principal", UserId=LOCAL_SYSTEM, RunLevel="HighestAvailable")
    text = "Starts services of Routing ML again that run and do not answer (source RoutingML, 3000)."
    return _task(text, trigger, principal, "Watchdog", "PT15M", arguments, layout.data)


def script_call(layout: Layout, script: str, parameters: Sequence[str]) -> str:
    """Arguments of powershell.exe that run a script of the current version for this installation, quoted as C programs read them."""
    file = layout.current / "app" / "compose-windows" / script
    return subprocess.list2cmdline(
        [
            *("-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File", str(file)),
            *parameters,
            *("-DataRoot", str(layout.data), "-ProgramRoot", str(layout.program)),
        ]
    )


def _element(tag: str, **children: str) -> ElementTree.Element:
    made = ElementTree.Element(tag)
    for name, text in children.items():
        ElementTree.SubElement(made, name).text = text
    return made


def _task(
    description: str,
    trigger: ElementTree.Element,
    principal: ElementTree.Element,
    who: str,
    limit: str,
    arguments: str,
    folder: Path,
) -> str:
    root = ElementTree.Element("Task", {"version": "1.3", "xmlns": SPACE})
    ElementTree.SubElement(ElementTree.SubElement(root, "RegistrationInfo"), "Description").text = description
    ElementTree.SubElement(root, "Triggers").append(trigger)
    principal.set("id", who)
    ElementTree.SubElement(root, "Principals").append(principal)
    settings = {
        "MultipleInstancesPolicy": "IgnoreNew",
        "DisallowStartIfOnBatteries": "false",
        "StopIfGoingOnBatteries": "false",
        "StartWhenAvailable": "true",
        "RunOnlyIfNetworkAvailable": "false",
        "WakeToRun": "false",
        "Enabled": "true",
        "ExecutionTimeLimit": limit,
        "Priority": "7",
    }
    root.append(_element("Settings", **settings))
    actions = ElementTree.SubElement(root, "Actions", {"Context": who})
    actions.append(_element("Exec", Command="powershell.exe", Arguments=arguments, WorkingDirectory=str(folder)))
    return '<?xml version="1.0" encoding="UTF-16"?>\n' + ElementTree.tostring(root, encoding="unicode")
