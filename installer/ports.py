"""Which of the installation's ports are taken, and by whom."""

from __future__ import annotations

import csv
import errno
import os
import socket
from collections.abc import Sequence
from pathlib import Path

from bootstrap.progress import SetupFailed
from installer.layout import Layout
from installer.machine import Run, system_program
from installer.settings_files import read_env
from installer.wording import words

_ADDRESS_DEFAULTS = {
    "ROUTING_ML_AUTH_ADDRESS": "127.0.0.1:50071",
    "ROUTING_ML_AGGREGATE_ADDRESSES": "127.0.0.1:50061",
    "ROUTING_ML_ANN_ADDRESSES": "127.0.0.1:50051",
    "ROUTING_ML_TRAINER_ADDRESS": "127.0.0.1:50081",
}


GATEWAY_SETTING = "ROUTING_ML_GATEWAY_PORT"
ADDRESS_SETTINGS = (*_ADDRESS_DEFAULTS, GATEWAY_SETTING)
"""Settings of the addresses that processes listen on."""


def taken_ports(
    layout: Layout, example: Path | None = None, wanted_settings: Sequence[str] = ADDRESS_SETTINGS
) -> list[tuple[str, int]]:
    """Ports of the processes that cannot be listened on, each with the setting that changes it; for a time when no process runs.

    Args:
        wanted_settings: those of the processes that are for this machine.
        example: what `.env` will be written from where there is none yet.
    """
    settings = read_env(layout.env_file if example is None or layout.env_file.exists() else example)
    wanted = [
        (name, address.rpartition(":")[0] or "127.0.0.1", int(address.rpartition(":")[2]))
        for name, default in _ADDRESS_DEFAULTS.items()
        if name in wanted_settings
        for address in (settings.get(name) or default).split(",")
    ]
    if GATEWAY_SETTING in wanted_settings:
        wanted.append((GATEWAY_SETTING, "127.0.0.1", int(settings.get(GATEWAY_SETTING) or 8000)))
    return [(name, port) for name, host, port in wanted if is_taken(host, port)]


def check_ports(layout: Layout, wanted_settings: Sequence[str] = ADDRESS_SETTINGS) -> None:
    """See that the ports of the processes are free; for a time when none of them runs.

    Args:
        wanted_settings: those of the processes that are for this machine.

    Raises:
        SetupFailed: one is taken; names the setting that changes it.
    """
    for name, port in taken_ports(layout, None, wanted_settings):
        raise SetupFailed(words("check.port_taken", port=port, holder="", setting=name, file=layout.env_file))


def is_taken(host: str, port: int) -> bool:
    """Whether a port of this machine cannot be listened on."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name == "nt":
            probe.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_EXCLUSIVEADDRUSE", -5), 1)
        else:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno in (errno.EADDRINUSE, errno.EACCES) or getattr(error, "winerror", 0) in (10013, 10048)
    return False


def holder_of(run: Run, port: int) -> str:
    """The program that listens on a port, such as "nginx.exe (process 1234)"; "" where Windows does not tell."""
    for line in run([system_program("netstat.exe"), "-ano", "-p", "TCP"]).stdout.splitlines():
        fields = line.split()
        if len(fields) >= 5 and fields[1].rpartition(":")[2] == str(port) and fields[2].endswith(":0"):
            return f"{_program_name(run, fields[-1])} ({words('port.process', number=fields[-1])})".strip()
    return ""


def _program_name(run: Run, process: str) -> str:
    if process == "4":
        return "System (IIS)"
    said = run([system_program("tasklist.exe"), "/fi", f"PID eq {process}", "/fo", "csv", "/nh"]).stdout
    rows: Sequence[list[str]] = list(csv.reader(said.splitlines()))
    return rows[0][0] if rows and len(rows[0]) > 1 else ""
