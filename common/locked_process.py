"""A process that gives up what it does not need before it looks at foreign bytes: memory and time are bounded, and it can neither open
files, nor reach the network, nor start programs.

Its parent gives it everything through standard input and takes everything from standard output, as `run_locked` does.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Final

from common.errors import DataProblem
from common.processes import IS_WINDOWS, kill_tree, python_module

ROOT: Final = Path(__file__).resolve().parents[1]
PIECE: Final = 1024 * 1024
LONGEST_COMPLAINT: Final = 4_000

PR_SET_NO_NEW_PRIVS, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC = 38, 1, 1
CLONE_THREAD, NOT_PERMITTED, NO_SUCH_CALL = 0x10000, 1, 38
_LOAD_WORD, _IF_EQUAL, _IF_BITS, _ANSWER = 0x20, 0x15, 0x45, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000

# read write close fstat newfstatat lseek mmap mprotect munmap brk mremap madvise rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack
# readv writev poll/ppoll sched_yield sched_getaffinity nanosleep clock_nanosleep clock_gettime gettimeofday getpid gettid tgkill exit
# exit_group uname sysinfo getrlimit prlimit64 futex set_robust_list rseq getcpu getrandom membarrier
_CALLS: Final = {
    "x86_64": (
        0xC000003E,
        (0, 1, 3, 5, 262, 8, 9, 10, 11, 12, 25, 28, 13, 14, 15, 131, 19, 20, 7, 271, 24, 204, 35, 230, 228, 96, 39, 186, 234, 60, 231, 63, 99, 97, 302, 202, 273, 334, 309, 318, 324),
        {"clone": 56, "clone3": 435, "seccomp": 317},
    ),
    "aarch64": (
        0xC00000B7,
        (63, 64, 57, 80, 79, 62, 222, 226, 215, 214, 216, 233, 134, 135, 139, 132, 65, 66, 73, 124, 123, 101, 115, 113, 169, 172, 178, 131, 93, 94, 160, 179, 163, 261, 98, 99, 293, 168, 278, 283),
        {"clone": 220, "clone3": 435, "seccomp": 277},
    ),
}
"""Machine -> its audit number, the system calls of a process that only computes, and those that are looked at more closely."""


def lock_down(memory_bytes: int, seconds: int) -> list[str]:
    """Give up, for good, what computing does not need; returns what was given up. Everything that is used later is imported before.

    Args:
        memory_bytes: address space (Windows: committed memory) that the process may have.
        seconds: processor time that it may use.
    """
    return _lock_windows(memory_bytes, seconds) if IS_WINDOWS else [*_limit(memory_bytes, seconds), *_filter_calls()]


def _limit(memory_bytes: int, seconds: int) -> list[str]:
    import resource

    limits = {"CORE": 0, "FSIZE": 0, "NOFILE": 16, "NPROC": 64, "CPU": seconds, "AS": memory_bytes}
    kept = []
    for name, most in limits.items():
        with contextlib.suppress(ValueError, OSError, AttributeError):
            number = getattr(resource, f"RLIMIT_{name}")
            hard = resource.getrlimit(number)[1]
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(number, (most, most))
            kept.append(name.lower())
    return kept


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction)))


def _filter_calls() -> list[str]:
    """Let the kernel refuse every system call but those of a process that computes, in all threads."""
    known = _CALLS.get(platform.machine())
    if known is None or platform.system() != "Linux":
        return []
    audit, calls, looked_at = known
    lines = [(_LOAD_WORD, 0, 0, 4), (_IF_EQUAL, 1, 0, audit), (_ANSWER, 0, 0, _ERROR | NOT_PERMITTED)]
    lines.append((_LOAD_WORD, 0, 0, 0))
    for number in calls:
        lines += [(_IF_EQUAL, 0, 1, number), (_ANSWER, 0, 0, _ALLOW)]
    lines += [(_IF_EQUAL, 0, 1, looked_at["clone3"]), (_ANSWER, 0, 0, _ERROR | NO_SUCH_CALL)]  # its flags lie in memory
    lines += [(_IF_EQUAL, 0, 3, looked_at["clone"]), (_LOAD_WORD, 0, 0, 16)]
    lines += [(_IF_BITS, 0, 1, CLONE_THREAD), (_ANSWER, 0, 0, _ALLOW), (_ANSWER, 0, 0, _ERROR | NOT_PERMITTED)]
    program = _Program(len(lines), (_Instruction * len(lines))(*(_Instruction(*line) for line in lines)))
    library: Any = ctypes.CDLL(None, use_errno=True)
    if library.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return []
    number = ctypes.c_long(looked_at["seccomp"])
    done = library.syscall(number, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, ctypes.byref(program))
    return ["calls"] if done == 0 else []


class _BasicLimits(ctypes.Structure):
    _fields_ = (
        ("process_time", ctypes.c_int64),
        ("job_time", ctypes.c_int64),
        ("flags", ctypes.c_uint32),
        ("least_set", ctypes.c_size_t),
        ("most_set", ctypes.c_size_t),
        ("processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority", ctypes.c_uint32),
        ("scheduling", ctypes.c_uint32),
    )


class _JobLimits(ctypes.Structure):
    _fields_ = (
        ("basic", _BasicLimits),
        ("io", ctypes.c_uint64 * 6),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process", ctypes.c_size_t),
        ("peak_job", ctypes.c_size_t),
    )


class _LabelledToken(ctypes.Structure):
    _fields_ = (("sid", ctypes.c_void_p), ("attributes", ctypes.c_uint32))


def _lock_windows(memory_bytes: int, seconds: int) -> list[str]:
    """A job object of its own: one process, so much memory and time; and the integrity level of what may write nowhere."""
    windows: Any = ctypes.windll  # type: ignore[attr-defined,unused-ignore]
    kernel, advapi = windows.kernel32, windows.advapi32
    kernel.CreateJobObjectW.restype = kernel.GetCurrentProcess.restype = ctypes.c_void_p
    process = ctypes.c_void_p(kernel.GetCurrentProcess())
    kept = []
    limits = _JobLimits()
    limits.basic.flags = (
        0x2 | 0x8 | 0x100 | 0x400
    )  # process time, active processes, process memory, die on an exception
    limits.basic.process_time, limits.basic.processes, limits.process_memory = seconds * 10_000_000, 1, memory_bytes
    job = ctypes.c_void_p(kernel.CreateJobObjectW(None, None))
    if kernel.SetInformationJobObject(job, 9, ctypes.byref(limits), ctypes.sizeof(limits)):
        if kernel.AssignProcessToJobObject(job, process):
            kept.append("job")
    kernel.CloseHandle(job)
    token, sid = ctypes.c_void_p(), ctypes.c_void_p()
    if advapi.OpenProcessToken(process, 0x0080 | 0x0008, ctypes.byref(token)):
        if advapi.ConvertStringSidToSidW("S-1-16-4096", ctypes.byref(sid)):  # low integrity
            label = _LabelledToken(sid, 0x20)
            size = ctypes.c_uint32(ctypes.sizeof(label) + advapi.GetLengthSid(sid))
            if advapi.SetTokenInformation(token, 25, ctypes.byref(label), size):
                kept.append("integrity")
        kernel.CloseHandle(token)
    return kept


def run_locked(
    module: str, arguments: Iterable[str], given: Iterator[bytes], take: Callable[[IO[bytes]], Any], seconds: float
) -> Any:
    """Run a module that locks itself down; returns what `take` makes of its standard output.

    Args:
        given: what it gets on standard input.
        take: reads its standard output; a ValueError or EOFError of it says that the process answered with something else.
        seconds: after these it is killed.

    Raises:
        DataProblem: it died, took too long, or answered with something else (reason READER_FAILED).
    """
    environment = {name: value for name, value in os.environ.items() if not name.upper().startswith("ROUTING_ML_")}
    environment |= {"OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    child = subprocess.Popen(
        python_module(module, *arguments),
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdin
    assert child.stdout
    assert child.stderr
    complaint: list[bytes] = []
    late = threading.Event()

    def give() -> None:
        assert child.stdin
        with contextlib.suppress(OSError):  # it died, which its exit code tells
            for piece in given:
                child.stdin.write(piece)
        with contextlib.suppress(OSError):
            child.stdin.close()

    def hear() -> None:
        assert child.stderr
        while piece := child.stderr.read(PIECE):
            complaint[:] = [(b"".join(complaint) + piece)[-LONGEST_COMPLAINT:]]

    def end() -> None:
        late.set()
        kill_tree(child.pid)

    timer = threading.Timer(seconds, end)
    threads = [threading.Thread(target=give, daemon=True), threading.Thread(target=hear, daemon=True)]
    timer.start()
    for thread in threads:
        thread.start()
    failure: Exception | None = None
    try:
        return take(child.stdout)
    except (ValueError, EOFError, KeyError, TypeError) as error:
        failure = error
    finally:
        kill_tree(child.pid) if child.poll() is None and failure is not None else None
        child.stdout.close()
        for thread in threads:
            thread.join(10)
        child.stderr.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(10)
        timer.cancel()
    said = b"".join(complaint).decode("utf-8", "replace").strip().splitlines()
    why = f"it took longer than {seconds:g} s" if late.is_set() else f"it ended with code {child.returncode}"
    raise DataProblem(
        f"The process that reads what an older model stored could not ({why}{': ' + said[-1][:300] if said else ''}): the files are "
        "damaged, or made to harm; restore them from a backup, or train again",
        reason="READER_FAILED",
    ) from failure
