"""The PowerShell scripts of daily operation, as far as they can be checked without Windows, and the monitoring files beside them."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_powershell

from cli.care.watchdog_command import PACKAGES
from installer import access_diagnosis, daily_commands
from installer.layout import Layout
from installer.scheduled_tasks import training_task, watchdog_task
from installer.wording import speak
from trainer.exit_codes import ExitCode

FOLDER = Path(__file__).resolve().parents[2] / "compose-windows"
SCRIPTS = ("check-models", "diagnose-access", "register-training-task", "run-training", "watchdog")
PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def text_of(name: str) -> str:
    return (FOLDER / f"{name}.ps1").read_text(encoding="ascii")  # 5.1 reads files without a mark as ANSI


def nodes(name: str, kind: str = "") -> Iterator[tree_sitter.Node]:
    """The nodes of a script's tree, of one kind or all."""
    waiting = [PARSER.parse(text_of(name).encode()).root_node]
    while waiting:
        node = waiting.pop()
        waiting += node.children
        if not kind or node.type == kind:
            yield node


def words(node: tree_sitter.Node) -> str:
    return (node.text or b"").decode()


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_parses_without_error(name: str) -> None:
    assert [words(node)[:60] for node in nodes(name) if node.type == "ERROR" or node.is_missing] == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_strict_and_ends_with_the_shared_exit_codes(name: str) -> None:
    text = text_of(name)
    assert "Set-StrictMode -Version 2.0" in text
    assert "$ErrorActionPreference = 'Stop'" in text
    assert "RoutingML.psm1" in text
    assert "Invoke-Expression" not in text
    assert all(part in text for part in (".SYNOPSIS", ".DESCRIPTION", ".EXAMPLE"))


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_function_and_every_parameter_is_explained_and_typed(name: str) -> None:
    text = text_of(name)
    for function in nodes(name, "function_statement"):
        assert ".SYNOPSIS" in words(function), words(function)[:60]
    for parameter in nodes(name, "script_parameter"):
        variable = next(words(child) for child in parameter.children if child.type == "variable").removeprefix("$")
        assert re.search(
            r"\[(string|int|switch|psobject|object|System\.[\w.]+)(\[\])?\]\s*\$", words(parameter)
        ), words(parameter)
        assert f".PARAMETER {variable}" in text, variable


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_leaves_every_decision_to_the_installer(name: str) -> None:
    text = text_of(name)
    body = text[text.index("Set-StrictMode") :]
    assert "[CmdletBinding(SupportsShouldProcess = $true)]" in text
    assert len(body.splitlines()) < 20
    assert body.rstrip().endswith("exit $code")


def layout() -> Layout:
    return Layout(Path("C:/Program Files/RoutingML"), Path("D:/공장 자료"))


def test_the_training_task_is_caught_up_and_never_runs_twice_at_once() -> None:
    text = training_task(layout(), interval="Quarterly", day=3, at="01:30", account="")
    task = ElementTree.fromstring(text.partition("\n")[2])
    settings = {node.tag.removeprefix(TASK): node.text for node in task.find(f"{TASK}Settings") or ()}
    assert settings["StartWhenAvailable"] == "true"
    assert settings["MultipleInstancesPolicy"] == "IgnoreNew"
    assert task.findtext(f".//{TASK}ScheduleByMonth/{TASK}DaysOfMonth/{TASK}Day") == "3"
    months = [node.tag.removeprefix(TASK) for node in task.find(f".//{TASK}Months") or ()]
    assert months == ["January", "April", "July", "October"]
    assert task.findtext(f".//{TASK}UserId") == "S-1-5-20"
    assert task.findtext(f".//{TASK}ProcessTokenSidType") == "Unrestricted"
    arguments = task.findtext(f".//{TASK}Arguments") or ""
    assert "-Label quarterly" in arguments
    assert '-DataRoot "D:/공장 자료"' in arguments


def test_a_group_managed_account_trains_where_one_is_named() -> None:
    text = training_task(layout(), interval="Monthly", day=1, at="02:00", account="PLANT\\routing-train$")
    task = ElementTree.fromstring(text.partition("\n")[2])
    assert task.findtext(f".//{TASK}UserId") == "PLANT\\routing-train$"
    assert task.findtext(f".//{TASK}LogonType") == "Password"
    assert len(task.find(f".//{TASK}Months") or ()) == 12


def test_the_watchdog_task_runs_as_system_every_five_minutes() -> None:
    task = ElementTree.fromstring(watchdog_task(layout(), patience=60).partition("\n")[2])
    assert task.findtext(f".//{TASK}Repetition/{TASK}Interval") == "PT5M"
    assert task.findtext(f".//{TASK}UserId") == "S-1-5-18"
    assert "-Patience 60" in (task.findtext(f".//{TASK}Arguments") or "")


def test_the_watchdog_knows_the_service_of_every_process() -> None:
    table = json.loads((FOLDER / "services.json").read_text(encoding="utf-8"))
    assert {entry["package"] for entry in table["services"] if entry["package"]} >= set(PACKAGES.values())


def test_the_exit_codes_of_a_training_are_those_of_the_trainer() -> None:
    assert daily_commands.LOCK_HELD == ExitCode.LOCK_HELD
    assert daily_commands.NOT_ACTIVATED == ExitCode.NOT_ACTIVATED


@pytest.mark.parametrize(
    ("bits", "own", "other", "exists", "connection", "locked", "expected"),
    [
        (64, [], [], True, "not tried", False, "AccessDatabaseEngine_X64.exe"),
        (64, [], ["Microsoft Access Driver (*.mdb)"], True, "not tried", False, "/quiet"),
        (32, [], [], True, "not tried", False, "AccessDatabaseEngine.exe"),
        (64, ["one"], [], False, "not tried", False, "There is no file"),
        (64, ["one"], [], True, "[HY000] [Microsoft][ODBC] 사용 중인 파일입니다. (-1024)", False, "exclusively"),
        (64, ["one", "two"], [], True, "irgendetwas", True, "exclusively"),
        (64, ["one", "two", "three"], ["one"], True, "kein Format", False, "cannot open the file: kein Format"),
        (64, ["one"], [], True, "", False, ""),
    ],
)
def test_the_diagnosis_says_what_is_wrong_whatever_the_number_of_drivers_and_the_language(
    bits: int, own: list[str], other: list[str], exists: bool, connection: str, locked: bool, expected: str
) -> None:
    speak("en")
    ok, verdict = access_diagnosis._verdict(
        "/there/ROUTING.accdb",
        bits,
        {bits: own, 96 - bits: other},
        share="",
        reachable=True,
        exists=exists,
        connection=connection,
        locked=locked,
    )
    assert ok == (not expected)
    assert expected in verdict


def test_a_share_and_a_lock_file_are_found_in_a_path() -> None:
    assert access_diagnosis.share_of("\\\\files\\plant\\a b\\ROUTING.accdb") == "\\\\files\\plant"
    assert access_diagnosis.share_of("D:\\ROUTING.accdb") == ""
    assert access_diagnosis.lock_file("ROUTING.accdb").name == "ROUTING.laccdb"
    assert access_diagnosis.lock_file("ROUTING.mdb").name == "ROUTING.ldb"


def test_the_dashboard_is_one_that_grafana_reads() -> None:
    dashboard = json.loads((FOLDER / "monitoring" / "grafana-dashboard.json").read_text(encoding="utf-8"))
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids) >= 10
    for panel in dashboard["panels"]:
        assert panel["title"]
        assert panel["targets"]
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
