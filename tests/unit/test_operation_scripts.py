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

from trained.artifacts.rules import artifact_rules
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


@pytest.mark.parametrize("name", ["check-models", "register-training-task", "run-training", "watchdog"])
def test_a_script_that_changes_something_can_be_asked_what_it_would_do(name: str) -> None:
    assert "[CmdletBinding(SupportsShouldProcess = $true)]" in text_of(name)
    assert "$PSCmdlet.ShouldProcess(" in text_of(name)


def test_the_check_of_models_takes_its_rules_from_the_one_table_only() -> None:
    text = text_of("check-models")
    assert "artifact_rules.json" in text
    rules = artifact_rules()
    for rule in rules.artifacts:
        assert rule.path not in text, f"{rule.path} is written into the script"
    for used in ("manifest_file", "manifest_schema", "hash_algorithm", "artifacts", "roles"):
        assert f"$Table.{used}" in text
    assert "manifest.json'" not in text


def test_the_check_of_models_reports_the_same_fields_as_the_command() -> None:
    from trained.artifacts.folder_check import METADATA, REPORT_SCHEMA, ArtifactFinding, FolderFinding

    text = text_of("check-models")
    for field in (*FolderFinding.__dataclass_fields__, *ArtifactFinding.__dataclass_fields__):
        assert re.search(rf"\b{field}\b", text), field
    assert REPORT_SCHEMA in text
    assert METADATA["written_by"] in text
    for state in ("missing", "present", "invalid", "written", "rewritten", "listed", "not listed", "changed"):
        assert f"'{state}'" in text


def task_xml(principal: str) -> ElementTree.Element:
    """The definition of the training task with its variables filled in."""
    text = text_of("register-training-task")
    start = text.index("<Task version")
    document = text[start : text.index('"@', start)]
    filled = {
        "$begin": "2026-01-01T02:00:00",
        "$DayOfMonth": "1",
        "$monthNodes": "<January /><April />",
        "$principal": principal,
        "$(ConvertTo-XmlText -Text $arguments)": "-File &quot;run-training.ps1&quot;",
        "$(ConvertTo-XmlText -Text $Layout.DataRoot)": "C:\\ProgramData\\RoutingML",
    }
    for variable, value in filled.items():
        assert variable in document, variable
        document = document.replace(variable, value)
    assert "$" not in document
    return ElementTree.fromstring(document)


def test_the_training_task_is_caught_up_and_never_runs_twice_at_once() -> None:
    task = task_xml("<UserId>S-1-5-20</UserId>")
    settings = {node.tag.removeprefix(TASK): node.text for node in task.find(f"{TASK}Settings") or ()}
    assert settings["StartWhenAvailable"] == "true"
    assert settings["MultipleInstancesPolicy"] == "IgnoreNew"
    assert task.find(f".//{TASK}ScheduleByMonth/{TASK}DaysOfMonth/{TASK}Day") is not None
    text = text_of("register-training-task")
    assert "S-1-5-20" in text
    assert "<ProcessTokenSidType>Unrestricted</ProcessTokenSidType>" in text
    assert "'RoutingML-Trainer'" in text, "the task gets the rights of the trainer"


def test_the_result_of_a_training_goes_to_the_event_log_by_its_exit_code() -> None:
    text = text_of("run-training")
    assert "--save-dir" in text
    for event in (2000, 2001, 2002):
        assert f"-EventId {event}" in text
    assert f"$code -eq {int(ExitCode.LOCK_HELD)} -or $code -eq {int(ExitCode.NOT_ACTIVATED)}" in text
    assert text.rstrip().endswith("exit $code")


def test_the_watchdog_restarts_only_services_that_windows_says_are_running() -> None:
    text = text_of("watchdog")
    assert "$service.Status -ne 'Running'" in text
    assert "-m cli watchdog --json" in text
    table = json.loads((FOLDER / "services.json").read_text(encoding="utf-8"))
    from cli.care.watchdog_command import PACKAGES

    assert {entry["package"] for entry in table["services"] if entry["package"]} >= set(PACKAGES.values())


def test_the_diagnosis_names_the_package_to_install_in_each_bitness() -> None:
    text = text_of("diagnose-access")
    for part in (
        "AccessDatabaseEngine_X64.exe",
        "AccessDatabaseEngine.exe",
        "/quiet",
        "WOW6432Node",
        "laccdb",
        "Get-Acl",
    ):
        assert part in text


def test_the_dashboard_is_one_that_grafana_reads() -> None:
    dashboard = json.loads((FOLDER / "monitoring" / "grafana-dashboard.json").read_text(encoding="utf-8"))
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids) >= 10
    for panel in dashboard["panels"]:
        assert panel["title"]
        assert panel["targets"]
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
