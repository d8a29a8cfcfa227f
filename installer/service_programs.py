"""The programs beside the definitions: a copy of WinSW for each service, or NSSM, and Caddy. Each version keeps those it came with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from bootstrap.progress import SetupFailed
from common.files import replace, temporary_name
from installer.choices import Choices, Tools
from installer.layout import Layout
from installer.release_source import hash_file
from installer.service_table import Service
from installer.windows_services import WINSW
from installer.wording import words

WINSW_NAME, CADDY_NAME, NSSM_NAME = "WinSW-x64.exe", "caddy.exe", "nssm.exe"
FOLDER = "tools"


def needed(choices: Choices) -> list[str]:
    """Names of the programs that an installation needs."""
    return [WINSW_NAME if choices.runner == WINSW else NSSM_NAME, *([CADDY_NAME] if choices.with_caddy else [])]


def given(name: str, tools: Tools, release: Path | None) -> Path | None:
    """The program called `name` that was named, else that of the release; None when there is neither."""
    named = {WINSW_NAME: tools.winsw, CADDY_NAME: tools.caddy, NSSM_NAME: tools.nssm}[name]
    if named is not None:
        return named
    own = release / FOLDER / name if release else None
    return own if own and own.is_file() else None


def keep(layout: Layout, version: str, choices: Choices, tools: Tools, release: Path | None) -> None:
    """Copy the programs into a version's folder, from where the services get them also after a rollback."""
    for name in needed(choices):
        source = given(name, tools, release)
        if source is not None:
            copy(source, kept(layout, version, name))


def kept(layout: Layout, version: str, name: str) -> Path:
    """Where a version keeps a program."""
    return layout.version_folder(version) / FOLDER / name


def targets(layout: Layout, services: Sequence[Service], choices: Choices) -> Iterator[tuple[str, Path]]:
    """Each program that the services need, by its name and the place it is run from."""
    if choices.runner == WINSW:
        for service in services:
            yield WINSW_NAME, layout.services / f"{service.name}.exe"
    else:
        yield NSSM_NAME, layout.services / NSSM_NAME
    if choices.with_caddy:
        yield CADDY_NAME, layout.services / CADDY_NAME


def differing(layout: Layout, version: str, services: Sequence[Service], choices: Choices) -> list[tuple[Path, Path]]:
    """Programs (source, target) that are not in their place as the version has them.

    Raises:
        SetupFailed: one is neither kept by the version nor in its place.
    """
    found = []
    for name, target in targets(layout, services, choices):
        source = kept(layout, version, name)
        if not source.is_file():
            source = next((other for other in in_place(layout, name) if other.is_file()), source)
        if not source.is_file():
            raise SetupFailed(
                words("check.tool_missing", name=name, option=name.partition("-")[0].partition(".")[0], folder=FOLDER)
            )
        if not target.is_file() or hash_file(source) != hash_file(target):
            found.append((source, target))
    return found


def in_place(layout: Layout, name: str) -> list[Path]:
    """Where an installation made before versions kept their programs has one."""
    if name == WINSW_NAME:
        return sorted(layout.services.glob("RoutingML-*.exe"))
    return [layout.services / name]


def copy(source: Path, target: Path) -> None:
    """Copy a program, all or nothing; one that is the same stays.

    Raises:
        OSError: the program in its place runs, or the folder cannot be written.
    """
    if target.is_file() and hash_file(source) == hash_file(target):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_name(target)
    try:
        shutil.copyfile(source, temporary)
        replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
