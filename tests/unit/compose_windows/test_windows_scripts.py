"""The PowerShell scripts that install: they parse, are explained and typed, use no aliases, and agree with the tables about names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_powershell

FOLDER = Path(__file__).resolve().parents[3] / "compose-windows"
SCRIPTS = sorted(path.name for path in FOLDER.glob("*.ps*1"))
PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
ALIASES = {
    *(
        "%",
        "?",
        "ac",
        "cat",
        "cd",
        "chdir",
        "clc",
        "clear",
        "cls",
        "compare",
        "copy",
        "cp",
        "cpi",
        "cvpa",
        "del",
        "diff",
        "dir",
    ),
    *(
        "echo",
        "erase",
        "fl",
        "foreach",
        "ft",
        "fw",
        "gal",
        "gc",
        "gci",
        "gcm",
        "gi",
        "gm",
        "gp",
        "gps",
        "group",
        "gsv",
        "gwmi",
        "h",
    ),
    *(
        "history",
        "icm",
        "iex",
        "ii",
        "ipmo",
        "irm",
        "iwr",
        "kill",
        "ls",
        "md",
        "measure",
        "mi",
        "mount",
        "move",
        "mp",
        "mv",
        "ni",
    ),
    *(
        "oh",
        "ogv",
        "popd",
        "ps",
        "pushd",
        "pwd",
        "r",
        "rd",
        "ren",
        "ri",
        "rm",
        "rmdir",
        "rni",
        "rp",
        "sajb",
        "sal",
        "saps",
        "sasv",
    ),
    *(
        "sc",
        "select",
        "set",
        "si",
        "sl",
        "sleep",
        "sls",
        "sort",
        "sp",
        "spps",
        "spsv",
        "start",
        "sv",
        "tee",
        "type",
        "where",
        "write",
    ),
}
CHANGING = ("install", "upgrade", "rollback", "status", "uninstall", "build-wheelhouse", "install-with-nssm")


def text_of(name: str) -> str:
    return (FOLDER / name).read_text(encoding="ascii")


def nodes(text: str, kind: str) -> Iterator[tree_sitter.Node]:
    waiting = [PARSER.parse(text.encode()).root_node]
    while waiting:
        node = waiting.pop()
        waiting += node.children
        if not kind or node.type == kind:
            yield node


def words(node: tree_sitter.Node) -> str:
    return (node.text or b"").decode()


def faults(text: str) -> list[str]:
    """What is wrong with a script: errors of the parser, unexplained functions, untyped parameters, aliases, Invoke-Expression."""
    found = [f"parse: {words(node)[:60]}" for node in nodes(text, "") if node.type == "ERROR" or node.is_missing]
    for function in nodes(text, "function_statement"):
        body = words(function)
        name = body.split()[1]
        if ".SYNOPSIS" not in body:
            found.append(f"no help: {name}")
        if not re.fullmatch(r"[A-Z][A-Za-z]+-[A-Z][A-Za-z]+", name):
            found.append(f"name: {name}")
        for parameter in nodes(body, "script_parameter"):
            variable = next(words(child) for child in parameter.children if child.type == "variable").removeprefix("$")
            if f".PARAMETER {variable}" not in body:
                found.append(f"no help: {name} -{variable}")
    for parameter in nodes(text, "script_parameter"):
        if not re.search(
            r"\[(string|int|switch|psobject|object|bool|ref|System\.[\w.]+)(\[\])?\]\s*\$", words(parameter)
        ):
            found.append(f"no type: {words(parameter)}")
    for command in nodes(text, "command_name"):
        if words(command).lower() in ALIASES:
            found.append(f"alias: {words(command)}")
    if re.search(r"Invoke-Expression|\biex\b", text, re.IGNORECASE):
        found.append("Invoke-Expression")
    if "Set-StrictMode -Version 2.0" not in text:
        found.append("not strict")
    return found


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_has_no_fault(name: str) -> None:
    assert faults(text_of(name)) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("if ($x {", "parse"),
        ("function Get-RoutingMLThing { return 1 }", "no help"),
        ("function Get-RoutingMLThing { <#\n.SYNOPSIS\nA.\n.PARAMETER A\nB.\n#>\nparam($A) }", "no type"),
        ("gci C:\\", "alias"),
        ("Get-Item x | % { $_ }", "alias"),
        ("Invoke-Expression 'x'", "Invoke-Expression"),
    ],
)
def test_the_check_finds_each_kind_of_fault(text: str, fault: str) -> None:
    assert any(found.startswith(fault) for found in faults(f"Set-StrictMode -Version 2.0\n{text}"))


@pytest.mark.parametrize("name", CHANGING)
def test_an_installing_script_can_be_asked_what_it_would_do_and_explains_its_parameters(name: str) -> None:
    text = text_of(f"{name}.ps1")
    assert "SupportsShouldProcess = $true" in text
    assert re.search(r"Exit codes: 0 ", text)
    head = text[: text.index("Set-StrictMode")]
    declared = re.findall(r"\]\$(\w+)", head[head.index("param(") :])
    assert declared
    assert sorted(declared) == sorted(re.findall(r"^\.PARAMETER (\w+)$", head, re.MULTILINE))
    assert ".EXAMPLE" in head


def test_everything_that_the_scripts_call_of_the_module_is_exported_by_it() -> None:
    module = text_of("RoutingML.psm1")
    defined = set(re.findall(r"^function (\S+)", module, re.MULTILINE))
    exported = set(re.findall(r"'(\w+-RoutingML\w*)'", module[module.index("Export-ModuleMember") :]))
    assert exported <= defined
    for name in SCRIPTS:
        text = text_of(name)
        own = set(re.findall(r"^function (\S+)", text, re.MULTILINE))
        called = {words(node) for node in nodes(text, "command_name") if "-RoutingML" in words(node)}
        assert called - own - exported == set(), name


def test_scripts_are_plain_ascii_because_windows_powershell_reads_them_as_ansi() -> None:
    for name in SCRIPTS:
        (FOLDER / name).read_bytes().decode("ascii")
