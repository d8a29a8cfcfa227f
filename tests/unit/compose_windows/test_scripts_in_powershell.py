"""The scripts in a real PowerShell: they parse, keep rules for 5.1, and their functions take none, one and several results."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.compose_windows.conftest import PowerShell

FOLDER = Path(__file__).resolve().parents[3] / "compose-windows"
MODULE = FOLDER / "RoutingML.psm1"
pytestmark = pytest.mark.timeout(300)

RULES = r"""
function Get-Fault {
    param([string]$Name, [System.Management.Automation.Language.Ast]$Tree)
    $kinds = 'System.Management.Automation.Language.'
    # Commands that are functions of modules on Windows: the caller's $ErrorActionPreference does not reach them.
    $ofModules = '^(Get|New|Set|Remove)-NetFirewall|-ScheduledTask|-Mp[A-Z]|^Get-FileHash$|^Import-Module$'
    $Tree.FindAll({ $args[0] -is ($kinds + 'CommandAst') }, $true) | ForEach-Object {
        $called = $_.GetCommandName()
        $line = '{0}:{1} {2}' -f $Name, $_.Extent.StartLineNumber, $_.Extent.Text.Split("`n")[0]
        $says = $_.Extent.Text -match '-ErrorAction (Stop|SilentlyContinue)'
        if ($called -match $ofModules -and -not $says) { "without -ErrorAction: $line" }
        # 5.1 quotes arguments of programs wrongly: a quote within or a backslash at the end of one changes it.
        if ($called -match '\.(exe|cmd)$' -or $_.InvocationOperator -eq 'Ampersand') { "a program with arguments: $line" }
    }
    $Tree.FindAll({ $args[0] -is ($kinds + 'TypeExpressionAst') }, $true) | ForEach-Object {
        # A remote session and the ISE have no console.
        if ($_.TypeName.FullName -match '^(System\.)?Console$') { '{0}:{1} [Console]' -f $Name, $_.Extent.StartLineNumber }
    }
    $Tree.FindAll({ $args[0] -is ($kinds + 'MemberExpressionAst') }, $true) | ForEach-Object {
        if ([string]$_.Member -ne 'Count') { return }
        $owner = $_.Expression.Extent.Text
        # .Count of what may be one thing or none fails under strict mode: it has to come from @( ) or be a collection of .NET.
        $sure = $owner -match '^@\(' -or $Tree.Extent.Text -match ([regex]::Escape($owner) + '\s*=\s*(@\(|New-Object)')
        if (-not $sure) { '{0}:{1} {2}' -f $Name, $_.Extent.StartLineNumber, $_.Extent.Text }
    }
    $Tree.FindAll({ $args[0] -is ($kinds + 'BinaryExpressionAst') }, $true) | ForEach-Object {
        if ([string]$_.Operator -in 'AndAnd', 'OrOr', 'QuestionQuestion') { '{0}:{1} {2}' -f $Name, $_.Extent.StartLineNumber, $_.Operator }
    }
    $Tree.FindAll({ $args[0] -is ($kinds + 'RedirectionAst') }, $true) | ForEach-Object {
        # Under Stop, 5.1 makes an error of whatever a program writes to standard error.
        '{0}:{1} {2}' -f $Name, $_.Extent.StartLineNumber, $_.Extent.Text
    }
}
"""


def quoted(path: object) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def faults(powershell: PowerShell, files: list[Path]) -> Any:
    text = RULES + "$found = @()\n"
    for path in files:
        text += (
            "$errors = $null\n"
            f"$tree = [System.Management.Automation.Language.Parser]::ParseFile({quoted(path)}, [ref]$null, [ref]$errors)\n"
            f"$found += @($errors | ForEach-Object {{ '{path.name}: ' + $_.Message }})\n"
            f"$found += @(Get-Fault -Name '{path.name}' -Tree $tree)\n"
        )
    return powershell(text + "'JSON ' + (ConvertTo-Json -InputObject @($found) -Compress)\n")


def test_every_script_parses_and_keeps_the_rules(powershell: PowerShell) -> None:
    assert faults(powershell, sorted(FOLDER.glob("*.ps*1"))) == []


@pytest.mark.parametrize(
    "line",
    [
        "if ($x {",
        "New-NetFirewallRule -Name x -DisplayName y",
        "Register-ScheduledTask -TaskName x",
        "Get-FileHash -LiteralPath x",
        "& $program -m installer $argument",
        "icacls.exe $path /grant 'x:F'",
        "[Console]::Error.WriteLine('x')",
        "$found = Get-Item x; if ($found.Count) { 1 }",
        "$said = $program 2>$null",
        "Get-Item x 2>&1",
    ],
)
def test_the_rules_find_each_kind_of_fault(powershell: PowerShell, tmp_path: Path, line: str) -> None:
    script = tmp_path / "fault.ps1"
    script.write_text(line + "\n", encoding="ascii")
    assert faults(powershell, [script])


def in_module(text: str, *, before: str = "") -> str:
    """Lines within the module, with commands of Windows stood for by functions that are defined before."""
    return (
        f"Set-StrictMode -Version 2.0\n{before}\nImport-Module {quoted(MODULE)} -Force\n"
        f"$found = & (Get-Module RoutingML) {{ {text} }}\n"
        "'JSON ' + (ConvertTo-Json -InputObject @{ found = $found } -Depth 6 -Compress)\n"
    )


NO_RULES = "function global:Get-NetFirewallRule { [CmdletBinding()] param($Name) Write-Error 'No MSFT_NetFirewallRule objects found' }"
ONE_RULE = "function global:Get-NetFirewallRule { [CmdletBinding()] param($Name) [pscustomobject]@{ Name = $Name } }"
PORTS = (
    "function global:Get-NetFirewallPortFilter { [CmdletBinding()] param([Parameter(ValueFromPipeline)]$InputObject) "
    "process { [pscustomobject]@{ LocalPort = PORT } } }"
)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (NO_RULES, ""),
        (ONE_RULE + "\n" + PORTS.replace("PORT", "'443'"), "443"),
        (ONE_RULE + "\n" + PORTS.replace("PORT", "@('443', '8443')"), "443,8443"),
        (
            ONE_RULE.replace("[pscustomobject]", "1..2 | ForEach-Object { [pscustomobject]", 1).replace(
                "$Name }", "$Name } }", 1
            )
            + "\n"
            + PORTS.replace("PORT", "'443'"),
            "443",
        ),
    ],
)
def test_the_port_of_a_rule_is_found_with_no_rule_one_and_several_ports(
    powershell: PowerShell, before: str, expected: str
) -> None:
    assert powershell(in_module("Get-RoutingMLPort -Rule 'RoutingML-HTTPS'", before=before))["found"] == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", None),
        ("[pscustomobject]@{ Principal = [pscustomobject]@{ UserId = 'SYSTEM' } }", {"user": "SYSTEM"}),
        (
            '1..2 | ForEach-Object { [pscustomobject]@{ Principal = [pscustomobject]@{ UserId = "u$_" } } }',
            {"user": "u1"},
        ),
    ],
)
def test_a_task_is_found_with_none_one_and_several(powershell: PowerShell, given: str, expected: object) -> None:
    before = f"function global:Get-ScheduledTask {{ [CmdletBinding()] param($TaskName) {given} }}"
    assert powershell(in_module("Get-RoutingMLTask -Name 'RoutingML-Training'", before=before))["found"] == expected


@pytest.mark.parametrize("number", [0, 1, 3])
def test_processes_are_listed_with_none_one_and_several(powershell: PowerShell, number: int) -> None:
    before = (
        "function global:Get-Process { [CmdletBinding()] param() "
        f"for ($i = 1; $i -le {number}; $i++) "
        "{ [pscustomobject]@{ Id = $i; ProcessName = 'python'; Path = \"C:\\P M\\r\\x$i.exe\" } }\n"
        "[pscustomobject]@{ Id = 99; ProcessName = 'other'; Path = 'C:\\P Mo\\x.exe' } }"
    )
    asked = "Invoke-RoutingMLStep -Name 'look-processes' -Detail ([pscustomobject]@{ folder = 'C:\\p m' })"
    found = powershell(in_module(asked, before=before))["found"]["done"]
    assert [process["id"] for process in found] == list(range(1, number + 1))


@pytest.mark.parametrize(
    ("step", "command", "detail"),
    [
        ("register-task", "Register-ScheduledTask", "name = 'x'; xml = '<x/>'"),
        ("remove-task", "Unregister-ScheduledTask", "name = 'x'"),
        ("firewall", "New-NetFirewallRule", "name = 'x'; port = 443"),
    ],
)
def test_what_windows_refuses_is_told_as_refused(powershell: PowerShell, step: str, command: str, detail: str) -> None:
    refusing = (
        f"function global:{command} {{ [CmdletBinding(SupportsShouldProcess)] "
        "param($TaskName, $Xml, [switch]$Force, $Name, $DisplayName, $Direction, $Action, $Protocol, $LocalPort, $Profile) "
        "Write-Error 'Access is denied.' }"
    )
    asked = f"Invoke-RoutingMLStep -Name '{step}' -Detail ([pscustomobject]@{{ {detail} }})"
    found = powershell(in_module(asked, before=f"{NO_RULES}\n{refusing}"))["found"]
    assert "Access is denied" in found["refused"]


def test_a_line_for_the_installer_is_plain_ascii_whatever_is_in_it(powershell: PowerShell) -> None:
    text = "ConvertTo-RoutingMLLine -Value @{ done = [object[]]@(@{ path = ('C:\\' + [char]0xacf5 + '\"\\') }) }"
    line = powershell(in_module(text))["found"]
    assert line.isascii()
    assert "\\uacf5" in line
    assert '\\"\\\\"' in line


def script_call(script: str, arguments: str) -> str:
    return (
        "$global:LASTEXITCODE = 77\n"
        f"$given = & {quoted(FOLDER / script)} {arguments} 6>$null 3>$null\n"
        "'JSON ' + (ConvertTo-Json -InputObject @{ code = $LASTEXITCODE; given = [string[]]@($given) } -Compress)\n"
    )


def test_a_script_called_from_a_prompt_hands_over_paths_relative_to_the_caller(
    powershell: PowerShell, tmp_path: Path
) -> None:
    (tmp_path / "모델 폴더").mkdir()
    call = script_call("check-models.ps1", f"-Models '모델 폴더\\' -Json -Python {quoted(sys.executable)} -WhatIf")
    found = powershell(f"Set-Location {quoted(tmp_path)}\n{call}".replace("폴더\\'", "폴더/'"))
    assert found["code"] == 0
    assert '"versions": []' in "\n".join(found["given"])


@pytest.mark.parametrize(
    ("script", "arguments", "code"),
    [
        ("check-models.ps1", "-Models nowhere", 2),
        ("check-models.ps1", "-Python ./nowhere/python", 1),
        ("status.ps1", "-ProgramRoot ./nowhere", 3),
        ("run-training.ps1", "-ProgramRoot ./nowhere", 3),
    ],
)
def test_an_error_has_an_exit_code_also_at_a_prompt(
    powershell: PowerShell, tmp_path: Path, script: str, arguments: str, code: int
) -> None:
    python = "" if "-Python" in arguments or script != "check-models.ps1" else f" -Python {quoted(sys.executable)}"
    path = f"$env:PATH = '{tmp_path}'\n" if not python else ""
    fake = tmp_path / "python.exe"
    fake.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    fake.chmod(0o755)
    assert (
        powershell(f"{path}Set-Location {quoted(tmp_path)}\n" + script_call(script, arguments + python))["code"] == code
    )


def test_an_installer_that_ends_without_a_word_is_told_with_its_error(powershell: PowerShell, tmp_path: Path) -> None:
    fake = tmp_path / "python.exe"
    dies = "echo 'ModuleNotFoundError: no module of that name' >&2; exit 1"
    fake.write_text(f'#!/bin/sh\ncase "$*" in *front-door*) {dies};; esac\necho 3 12 64 {fake}\n', encoding="utf-8")
    fake.chmod(0o755)
    said = powershell(
        in_module(
            "$script:told = @(); function Write-RoutingMLMessage { param($Message, $Level) $script:told += $Message }\n"
            "function Invoke-Door { [CmdletBinding()] param() $code = 1; $called = @{ Command = 'status'; Caller = $PSCmdlet; "
            f"Bound = @{{ Python = {quoted(fake)} }} }}; Invoke-RoutingML @called -ExitCode ([ref]$code); $code }}\n"
            "$code = Invoke-Door; @{ code = $code; told = [string[]]$script:told }"
        )
    )["found"]
    assert said["code"] == 1
    assert "ModuleNotFoundError" in "".join(said["told"])
    assert "code 1" in "".join(said["told"])


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("3 12 64 /opt/py three/python", "/opt/py three/python"),
        ("3 12 32 C:/py/python.exe", "3.12 32-bit C:/py/python.exe"),
        ("3 10 64 C:/py/python.exe", "3.10 64-bit"),
        ("3 13 64 C:\\Users\\kim\\AppData\\Local\\Programs\\Python\\python.exe", "AppData"),
        ("", "none"),
    ],
)
def test_a_python_is_taken_or_refused_by_version_bits_and_whom_it_is_for(
    powershell: PowerShell, tmp_path: Path, said: str, expected: str
) -> None:
    if said:
        fake = tmp_path / "python.exe"
        fake.write_text(f"#!/bin/sh\necho warning >&2\nprintf '%s\\n' '{said}'\n", encoding="utf-8")
        fake.chmod(0o755)
    text = f"$env:PATH = '{tmp_path}:/bin:/usr/bin'\ntry {{ Find-RoutingMLPython }} catch {{ [string]$_.Exception.Message }}"
    assert expected in powershell(in_module(text))["found"]
