"""The documents in Korean and English: they build, agree with each other, and every command in them exists as written."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from bootstrap.commands import _parser
from bootstrap.documents import build
from bootstrap.environment import Environment, venv_folder
from cli.main import command_line
from common.settings import Settings
from plant.input_profile import InputProfile
from trainer.command import parser as training_parser

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ROOT / "docs"
SCRIPTS = ROOT / "compose-windows"
LANGUAGES = ("en", "ko")
PAGES = (
    "index",
    "installation",
    "operations",
    "training",
    "rollback",
    "troubleshooting",
    "architecture",
    "security",
    "data-dictionary",
    "plants",
    "sources",
    "performance",
    "hosts",
)
OF_THE_INSTALLATION = {"install", "upgrade", "rollback", "status", "uninstall"}
FENCE = re.compile(r"^\s*```(sh|powershell)\n(.*?)^\s*```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(routing-ml [^`]+|\.\\[^`]+\.ps1[^`]*)`")


def page(language: str, name: str) -> str:
    return (DOCUMENTS / language / f"{name}.md").read_text(encoding="utf-8")


def commands(language: str, kind: str) -> list[str]:
    """The command lines of one kind (sh, powershell) in all pages, fenced ones first."""
    found = []
    for name in PAGES:
        text = page(language, name)
        found += [line.strip() for shell, block in FENCE.findall(text) if shell == kind for line in block.splitlines()]
        inline = INLINE.findall(FENCE.sub("", text))
        found += [one for one in inline if one.startswith("routing-ml") == (kind == "sh")]
    return [line for line in found if line]


def test_both_languages_have_the_same_pages_and_commands() -> None:
    for language in LANGUAGES:
        assert {path.stem for path in (DOCUMENTS / language).glob("*.md")} == set(PAGES)
        nav = (DOCUMENTS / f"mkdocs.{language}.yml").read_text(encoding="utf-8")
        assert re.findall(r": ([\w-]+)\.md$", nav, re.MULTILINE) == list(PAGES)
    for kind in ("sh", "powershell"):
        assert sorted(set(commands("en", kind))) == sorted(set(commands("ko", kind)))


def check_routing_ml(words: list[str]) -> None:
    """Walk the command line's own definition: commands, options, arguments."""
    command: Any = typer.main.get_command(command_line())
    rest = list(words)
    while hasattr(command, "commands"):
        name = rest.pop(0)
        assert name in command.commands, f"there is no command {name}"
        command = command.commands[name]
    options = {name: option for option in command.params for name in (*option.opts, *option.secondary_opts)}
    arguments = 0
    while rest:
        word = rest.pop(0)
        if word == "--help":
            continue
        if word.startswith("-"):
            assert word in options, f"{command.name} has no option {word}"
            option = options[word]
            if not getattr(option, "is_flag", False):
                assert rest, f"{word} needs a value"
                rest.pop(0)
        else:
            arguments += 1
    takes = [one for one in command.params if one.param_type_name == "argument"]
    most = 1000 if any(one.nargs == -1 for one in takes) else len(takes)
    least = 0 if "--help" in words else sum(one.required for one in takes)
    assert least <= arguments <= most, f"{command.name} takes {len(takes)} arguments, not {arguments}"


@pytest.mark.parametrize("line", sorted(set(commands("en", "sh"))))
def test_a_shell_command_exists_as_written(line: str) -> None:
    program, *words = shlex.split(line)
    if program == "routing-ml":
        check_routing_ml(words)
    elif words[0] == "manage.py":
        assert _parser().parse_known_args(words[1:])[1] == []
    else:
        assert (program, words[0]) == ("python", "train_build_index.py")
        training_parser().parse_args(words[1:])


@pytest.mark.parametrize("line", sorted(set(commands("en", "powershell"))))
def test_a_powershell_command_exists_as_written(line: str) -> None:
    """These cannot be run here; docs/windows-not-run.md lists them."""
    if line.startswith(("Start-Service", "Stop-Service")):
        table = json.loads((SCRIPTS / "services.json").read_text(encoding="utf-8"))
        assert set(re.findall(r"RoutingML-\w+", line)) == {service["name"] for service in table["services"]}
        return
    script = re.match(r"\.\\([\w-]+)\.ps1", line)
    assert script, line
    path = SCRIPTS / f"{script[1]}.ps1"
    if not path.exists():
        assert script[1] in OF_THE_INSTALLATION
        return
    text = path.read_text(encoding="utf-8")
    for name in re.findall(r"\s-([A-Z]\w+)", line):
        known = "SupportsShouldProcess" if name == "WhatIf" else f"${name}"
        assert known in text, f"{path.name} has no parameter {name}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_troubleshooting_has_more_than_forty_entries_those_of_access_first(language: str) -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \|(.*)\| (.+) \|$", page(language, "troubleshooting"), re.MULTILINE)
    assert [int(row[0]) for row in rows] == list(range(1, len(rows) + 1))
    assert len(rows) >= 40
    assert page(language, "troubleshooting").index("Access") < page(language, "troubleshooting").index("| 1 |")
    assert all(symptom.strip() and cure.strip() for _number, symptom, _check, cure in rows)


def test_troubleshooting_is_the_same_in_both_languages() -> None:
    counts = [len(re.findall(r"^\| \d+ \|", page(language, "troubleshooting"), re.MULTILINE)) for language in LANGUAGES]
    assert counts[0] == counts[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_data_dictionary_has_every_column(language: str) -> None:
    text = page(language, "data-dictionary")
    missing = [column.internal for column in InputProfile.built_in().columns if f"| `{column.internal}` |" not in text]
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_settings_that_the_documents_name_exist(language: str) -> None:
    known = {f"ROUTING_ML_{name.upper()}" for name in Settings.model_fields}
    named = {name for one in PAGES for name in re.findall(r"ROUTING_ML_[A-Z_]+[A-Z]", page(language, one))}
    assert named <= known


def test_the_site_builds_without_a_warning_and_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    build(Environment(venv_folder()), tmp_path / "site")
    for language in ("en", "ko"):
        for name in PAGES[1:]:
            text = (tmp_path / "site" / language / name / "index.html").read_text(encoding="utf-8")
            loaded = re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"(https?:)?//", text)
            assert loaded == [], name
        index = json.loads((tmp_path / "site" / language / "search" / "search_index.json").read_text(encoding="utf-8"))
        assert len(index["docs"]) > 40
    assert any("되돌리기" in entry["title"] for entry in index["docs"])
