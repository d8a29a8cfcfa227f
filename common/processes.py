"""Starting, stopping and naming processes on Windows and Linux; the only module that asks which of the two it is on.

Windows: asyncio has no add_signal_handler, gRPC's aio stack wants the selector loop (grpc #23617, #23783), CTRL_C_EVENT reaches a
whole process group (children get groups of their own and are stopped with CTRL_BREAK), and there is no fork.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from pathlib import Path
from types import FrameType

import psutil

from common.exit_codes import ExitCode
from common.heap import give_back_now_and_then, keep_heaps_few, keep_what_is_there

SERVICE_PORTS = (10_000, 32_000)
"""Below the ports that Linux (from 32768) and Windows (from 49152) give to outgoing connections."""

SAME_SIGNAL_SECONDS = 0.3

IS_WINDOWS = os.name == "nt"

SELECT_SOCKETS = 512
"""What CPython is compiled for on Windows (FD_SETSIZE)."""


def new_event_loop() -> asyncio.AbstractEventLoop:
    """The loop that gRPC's aio stack works best on: the selector loop everywhere."""
    return asyncio.SelectorEventLoop()


def run_until_stopped(
    main: Callable[[asyncio.Event], Coroutine[None, None, int]],
    loop_factory: Callable[[], asyncio.AbstractEventLoop] = new_event_loop,
) -> int:
    """Run `main(stop)` on a fresh loop; `stop` is set by SIGINT, SIGTERM or (Windows) CTRL+BREAK. Returns its exit code.

    A second signal ends the process at once with code 130; one that comes with the first is the same: `timeout` sends each twice, to
    the process and to its group.
    """

    async def guarded() -> int:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        first = 0.0

        def on_signal(_number: int, _frame: FrameType | None) -> None:
            nonlocal first
            now = time.monotonic()
            if first and now - first > SAME_SIGNAL_SECONDS:
                os._exit(ExitCode.INTERRUPTED)
            first = first or now
            loop.call_soon_threadsafe(stop.set)

        for number in stop_signals():
            signal.signal(number, on_signal)
        # A blocked selector does not run Python signal handlers on Windows: wake it regularly.
        beside = [asyncio.ensure_future(_tick())] if IS_WINDOWS else []
        beside.append(asyncio.ensure_future(give_back_now_and_then()))
        try:
            return await main(stop)
        finally:
            for task in beside:
                task.cancel()

    keep_heaps_few()
    keep_what_is_there()
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(guarded())


async def _tick() -> None:
    while True:
        await asyncio.sleep(0.2)


def stop_signals() -> list[signal.Signals]:
    """Signals that mean: finish what is in flight and end."""
    names = ("SIGINT", "SIGTERM", "SIGBREAK")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


def start_child(
    command: list[str],
    *,
    environment: Mapping[str, str] | None = None,
    working_dir: Path | None = None,
    output: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a process in a group of its own, so that Ctrl-C in a terminal reaches only its parent.

    Args:
        output: file that standard output and error are appended to; None: inherited.
    """
    stream = open(output, "ab") if output else None  # noqa: SIM115 - handed to the child
    try:
        options: dict[str, object] = {}
        if IS_WINDOWS:
            options["creationflags"] = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        else:
            options["start_new_session"] = True
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
            command,
            env={**os.environ, **(environment or {})},
            cwd=working_dir,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT if stream else None,
            **options,
        )
    finally:
        if stream:
            stream.close()


def start_detached(command: list[str], *, environment: Mapping[str, str], working_dir: Path, output: Path) -> int:
    """Start a process that outlives its parent and its terminal; returns its process id.

    On Windows it gets a console of its own, unseen, through which it can tell its own children to stop.
    """
    options: dict[str, object] = {}
    if IS_WINDOWS:
        options["creationflags"] = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(
            subprocess, "CREATE_NO_WINDOW", 0
        )
    else:
        options["start_new_session"] = True
    with open(output, "ab") as stream:
        child = subprocess.Popen(  # type: ignore[call-overload]
            command,
            env={**os.environ, **environment},
            cwd=working_dir,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            **options,
        )
    child.returncode = 0  # it is not waited for: no warning when the object goes
    return int(child.pid)


def ask_to_stop(pid: int) -> None:
    """Ask a process started by `start_child` to finish; nothing when it is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError, OSError):
        if IS_WINDOWS:
            os.kill(pid, signal.CTRL_BREAK_EVENT)  # type: ignore[attr-defined,unused-ignore]
        else:
            os.kill(pid, signal.SIGTERM)


def stop_all(children: Iterable[subprocess.Popen[bytes]], *, grace_seconds: float) -> None:
    """Ask the children to stop, in order, and kill with their descendants those that have not after the grace."""
    waiting = [child for child in children if child.poll() is None]
    for child in waiting:
        ask_to_stop(child.pid)
    deadline = time.monotonic() + grace_seconds
    for child in waiting:
        try:
            child.wait(max(0.05, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            kill_tree(child.pid)
            child.wait()


def kill_tree(pid: int) -> None:
    """Kill a process and all its descendants, also those that are being started meanwhile; nothing when it is gone."""
    family: dict[int, psutil.Process] = {}
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        found = [process]
        while found:  # whoever is held starts no more
            for member in found:
                family[member.pid] = member
                with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                    member.suspend()
            found = [child for child in process.children(recursive=True) if child.pid not in family]
    for member in family.values():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):  # Windows denies what is ending already
            member.kill()
    psutil.wait_procs(list(family.values()), timeout=3)


def is_running(pid: int, started_at: float | None = None) -> bool:
    """Whether `pid` lives and, when `started_at` (seconds since 1970) is given, is still the same process."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return started_at is None or abs(process.create_time() - started_at) < 2.0
    except psutil.NoSuchProcess:
        return False


def port_is_free(host: str, port: int) -> bool:
    """Whether `port` could be bound now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        own_address(probe)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def own_address(listening: socket.socket) -> None:
    """Before a socket is bound: nobody else may take its address, and one left by a process that has ended can be taken again.

    On Windows another process could bind the same port and take the connections, unless the socket says that it is exclusive; and
    SO_REUSEADDR, which elsewhere only passes over connections that have ended, would itself take over a port in use.
    """
    if IS_WINDOWS:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def watchable_sockets(wanted: int) -> int:
    """Sockets and files that one process can watch, `wanted` if the system lets it.

    CPython's `select` on Windows takes 512 and its event loop dies of one more. Elsewhere the number of open files counts, which a
    process may raise up to what the administrator allows.
    """
    if IS_WINDOWS:
        return SELECT_SOCKETS
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        raised = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
            soft = raised
    return wanted if soft == resource.RLIM_INFINITY else min(soft, wanted)


def free_port(host: str = "127.0.0.1") -> int:
    """A port that is free now, of a range from which no system takes the ports of outgoing connections.

    Chosen by chance, so that programs that ask at the same moment hardly ever get the same. An outgoing connection
    could otherwise take a service's port while that restarts, even one of a client that tries to reach the service.

    Raises:
        OSError: nothing in the range can be bound on this host.
    """
    for _ in range(200):
        port = random.SystemRandom().randrange(*SERVICE_PORTS)
        if port_is_free(host, port):
            return port
    raise OSError(f"No port of {SERVICE_PORTS[0]} to {SERVICE_PORTS[1]} can be used on {host}")


def python_module(module: str, *arguments: str) -> list[str]:
    """Command line that runs a module with this interpreter, which finds modules where this process does."""
    return [sys.executable, *(("-P",) if sys.flags.safe_path else ()), "-m", module, *arguments]


def resident_bytes() -> int:
    """Resident memory of this process."""
    return int(psutil.Process().memory_info().rss)
