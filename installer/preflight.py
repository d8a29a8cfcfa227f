"""What has to be right before an installation changes anything: rights, room, ports, clock, length of paths."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import time
import uuid
from pathlib import Path

from bootstrap.environment import IS_WINDOWS
from bootstrap.progress import SetupFailed, notice
from installer.journal import cannot_write
from installer.layout import Layout
from installer.release_source import ReleaseSource
from installer.settings_files import read_env

ROOM_FOR_PACKAGES = 1_200 * 1024**2
LEAST_ROOM_FOR_DATA = 500 * 1024**2
CLOCK_TOLERANCE_SECONDS = 3600.0
LONGEST_ROOT_ON_WINDOWS = 80
"""Longer folders bring files of packages past the 260 characters that Windows takes unless long paths are switched on."""

_ADDRESS_DEFAULTS = {
    "ROUTING_ML_AUTH_ADDRESS": "127.0.0.1:50071",
    "ROUTING_ML_AGGREGATE_ADDRESSES": "127.0.0.1:50061",
    "ROUTING_ML_ANN_ADDRESSES": "127.0.0.1:50051",
    "ROUTING_ML_TRAINER_ADDRESS": "127.0.0.1:50081",
}


def check_folders(layout: Layout) -> None:
    """See that both folders can be written and have room.

    Raises:
        SetupFailed: no rights, no room, or a path that Windows would not take.
    """
    for folder, room in ((layout.program, ROOM_FOR_PACKAGES), (layout.data, LEAST_ROOM_FOR_DATA)):
        if IS_WINDOWS and len(str(folder)) > LONGEST_ROOT_ON_WINDOWS:
            raise SetupFailed(
                f"{folder} is too long ({len(str(folder))} characters): choose a folder of at most {LONGEST_ROOT_ON_WINDOWS}"
            )
        probe = folder / f".write-test-{uuid.uuid4().hex[:8]}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"routing-ml")
            free = shutil.disk_usage(folder).free
        except OSError as error:
            raise cannot_write(folder, error) from error
        finally:
            try:
                probe.unlink(missing_ok=True)
            except OSError:
                notice(f"{probe} could not be deleted")
        if free < room:
            raise SetupFailed(
                f"The drive of {folder} has {free // 1024**2} MB free and needs {room // 1024**2} MB: free some, or choose another folder"
            )


def check_clock(release: ReleaseSource) -> None:
    """See that the clock is not behind the release: certificates and sessions made by it would be refused elsewhere.

    Raises:
        SetupFailed: it is.
    """
    behind = release.made_at - time.time()
    if behind > CLOCK_TOLERANCE_SECONDS:
        raise SetupFailed(
            f"The clock of this machine is at least {behind / 3600:.0f} hours behind (it says {time.strftime('%Y-%m-%d %H:%M')}): set it "
            "(Windows: w32tm /resync), else certificates and sessions are refused"
        )


def check_ports(layout: Layout) -> None:
    """See that the ports of the processes are free; for a time when none of them runs.

    Raises:
        SetupFailed: one is taken; names the setting that changes it.
    """
    settings = read_env(layout.env_file)
    wanted = [
        (name, address.rpartition(":")[0] or "127.0.0.1", int(address.rpartition(":")[2]))
        for name, default in _ADDRESS_DEFAULTS.items()
        for address in (settings.get(name) or default).split(",")
    ]
    wanted.append(("ROUTING_ML_GATEWAY_PORT", "127.0.0.1", int(settings.get("ROUTING_ML_GATEWAY_PORT") or 8000)))
    for name, host, port in wanted:
        if _is_taken(host, port):
            raise SetupFailed(
                f"Port {port} is taken by another program (Windows: netstat -ano | findstr :{port}): stop it, or set {name} in "
                f"{layout.env_file} to another port"
            )


def _is_taken(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno in (errno.EADDRINUSE, errno.EACCES)
    return False


def check_no_training(layout: Layout) -> None:
    """See that no training runs: it would be cut off by the change.

    Raises:
        SetupFailed: one runs.
    """
    state = Path(read_env(layout.env_file).get("ROUTING_ML_STATE_DIR") or layout.data / "var")
    holder = layout.data / state / "run" / "training.lock.holder.json"
    if holder.is_file() and _is_locked(holder.with_name("training.lock")):
        raise SetupFailed("A training is running: wait for it (routing-ml models list), or stop it, then try again")


def _is_locked(lock: Path) -> bool:
    try:
        with open(lock, "a+b") as stream:
            if os.name == "nt":
                import msvcrt

                msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
            else:
                import fcntl

                fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    return False
