"""Who may do what with the folders of an installation and of its sites: the table's rights for each service's account, set by icacls.exe.

No call takes rights away before others are given, so that services which run are never without theirs. What an administrator granted to
others besides stays.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from installer.machine import Machine, system_program
from installer.named_places import is_on_this_machine, named_files, places_of, store_folder
from installer.service_table import Right, ServiceTable
from installer.windows_services import account_of

SYSTEM, ADMINISTRATORS, USERS = "*S-1-5-18", "*S-1-5-32-544", "*S-1-5-32-545"
"""By their numbers, whatever they are called in the language of Windows."""

SPREAD = "(OI)(CI)"
TRAINER = "RoutingML-Trainer"


@dataclass(frozen=True)
class Grant:
    """The rights on one file or folder.

    Attributes:
        path: as in the table.
        is_folder: whether it is made where it is missing.
        allowed: right (such as (OI)(CI)M) by account.
        taken: accounts of services that have none here.
    """

    path: str
    is_folder: bool
    allowed: dict[str, str]
    taken: tuple[str, ...] = ()


def grants(rights: Sequence[Right], services: Sequence[str], training_identity: str | None = None) -> list[Grant]:
    """The rights by path, for the accounts of services that are registered.

    Args:
        services: registered services; an account exists only with its service.
        training_identity: who runs the scheduled training, with the trainer's rights; None: nobody.
    """
    merged: dict[str, tuple[bool, dict[str, str]]] = {}
    for right in rights:
        is_folder, allowed = merged.setdefault(right.path, (right.is_folder, {}))
        for names, level in ((right.read, "RX"), (right.modify, "M")):
            for name in names:
                spread = SPREAD if right.spreads and is_folder else ""
                if name in services:
                    allowed[account_of(name)] = spread + level
                if name == TRAINER and training_identity:
                    allowed[training_identity] = spread + level
    accounts = [account_of(name) for name in services]
    return [
        Grant(path, is_folder, allowed, tuple(account for account in accounts if account not in allowed))
        for path, (is_folder, allowed) in merged.items()
    ]


def set_rights(
    machine: Machine,
    data: Path,
    table: ServiceTable,
    services: Sequence[str],
    training_identity: str | None = None,
) -> None:
    """Make the folders of the table and give every account its rights on them.

    Raises:
        SetupFailed: icacls.exe refused; says on what.
    """
    icacls = system_program("icacls.exe")
    for grant in grants(table.rights, services, training_identity):
        inheritance, allowed = "/inheritance:e", dict(grant.allowed)
        if grant.path == ".":
            inheritance = "/inheritance:r"
            allowed = {SYSTEM: f"{SPREAD}F", ADMINISTRATORS: f"{SPREAD}F", **allowed}
        for path in places_of(data, grant.path):
            if grant.is_folder:
                path.mkdir(parents=True, exist_ok=True)
            elif not path.exists():
                continue
            arguments = [str(path), inheritance]
            if allowed:
                arguments += ["/grant:r", *(f"{account}:{right}" for account, right in allowed.items())]
            if grant.taken:
                arguments += ["/remove:g", *grant.taken]
            machine.ask(icacls, *arguments, "/q")
    _let_processes_use_named_places(machine, data, table, services, training_identity)


def _let_processes_use_named_places(
    machine: Machine, data: Path, table: ServiceTable, services: Sequence[str], training_identity: str | None
) -> None:
    """Let every process read the files that the settings name, as the secret of several hosts, and change the store of their versions.

    What lies on a share has the rights of the share's machine.
    """
    accounts = [account_of(one.name) for one in table.services if one.package and one.name in services]
    accounts += [training_identity] if training_identity else []
    files = [file for file in named_files(data).values() if file.is_file() and is_on_this_machine(file)]
    for file in files if accounts else []:
        granted = [f"{account}:R" for account in accounts]
        machine.ask(system_program("icacls.exe"), str(file), "/grant", *granted, "/q")
    store = store_folder(data)
    if store and accounts:
        granted = [f"{account}:{SPREAD}M" for account in accounts]
        machine.ask(system_program("icacls.exe"), str(store), "/grant", *granted, "/q")


def protect_program(machine: Machine, program: Path, services: Sequence[str]) -> None:
    """Let only administrators change the program where its folder does not lie below Program Files, which Windows protects.

    SYSTEM runs scripts from it, so that whoever may write there would be SYSTEM.
    """
    if not is_protected_by_windows(program):
        allowed = {SYSTEM: f"{SPREAD}F", ADMINISTRATORS: f"{SPREAD}F", USERS: f"{SPREAD}RX"}
        allowed |= {account_of(name): f"{SPREAD}RX" for name in services}
        granted = [f"{account}:{right}" for account, right in allowed.items()]
        icacls = system_program("icacls.exe")
        machine.ask(icacls, str(program), "/inheritance:r", "/grant:r", *granted, "/q")


def is_protected_by_windows(program: Path) -> bool:
    """Whether a folder lies below Program Files."""
    folder = PureWindowsPath(str(program))
    roots = [os.environ.get(name) for name in ("ProgramFiles", "ProgramW6432", "ProgramFiles(x86)")]
    return any(folder.is_relative_to(PureWindowsPath(root)) for root in roots if root)


def let_read(machine: Machine, file: Path, service: str) -> None:
    """Let a service read one file outside the installation, such as a certificate's key."""
    machine.ask(system_program("icacls.exe"), str(file), "/grant", f"{account_of(service)}:R", "/q")
