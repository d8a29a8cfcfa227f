"""What a process gives up before it looks at foreign bytes: memory and time are bounded, and it can neither open files, nor reach the
network, nor start programs. On Windows it may write nowhere and start nothing.

Its parent gives it everything through standard input and takes everything from standard output, see `common.locked_process`. This
module imports little: such a process starts whenever an older model is read.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
from typing import Any, Final

PR_SET_NO_NEW_PRIVS, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC = 38, 1, 1
CLONE_THREAD, NOT_PERMITTED, NO_SUCH_CALL = 0x10000, 1, 38
_LOAD_WORD, _IF_EQUAL, _IF_BITS, _ANSWER = 0x20, 0x15, 0x45, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000

_CALLS: Final = {
    "x86_64": (
        0xC000003E,
        "read 0 write 1 close 3 fstat 5 poll 7 lseek 8 mmap 9 mprotect 10 munmap 11 brk 12 rt_sigaction 13 rt_sigprocmask 14 "
        "rt_sigreturn 15 readv 19 writev 20 sched_yield 24 mremap 25 madvise 28 nanosleep 35 getpid 39 exit 60 uname 63 "
        "gettimeofday 96 getrlimit 97 sigaltstack 131 gettid 186 futex 202 sched_getaffinity 204 clock_gettime 228 "
        "clock_nanosleep 230 exit_group 231 tgkill 234 newfstatat 262 ppoll 271 set_robust_list 273 prlimit64 302 getcpu 309 "
        "getrandom 318 membarrier 324 rseq 334",
        {"clone": 56, "clone3": 435, "seccomp": 317},
    ),
    "aarch64": (
        0xC00000B7,
        "lseek 62 read 63 write 64 readv 65 writev 66 ppoll 73 newfstatat 79 fstat 80 close 57 exit 93 exit_group 94 futex 98 "
        "set_robust_list 99 nanosleep 101 clock_gettime 113 clock_nanosleep 115 sched_getaffinity 123 sched_yield 124 tgkill 131 "
        "sigaltstack 132 rt_sigaction 134 rt_sigprocmask 135 rt_sigreturn 139 uname 160 getrlimit 163 getcpu 168 gettimeofday 169 "
        "getpid 172 gettid 178 brk 214 munmap 215 mremap 216 mmap 222 mprotect 226 madvise 233 prlimit64 261 getrandom 278 "
        "membarrier 283 rseq 293",
        {"clone": 220, "clone3": 435, "seccomp": 277},
    ),
}
"""Machine -> its audit number, the system calls of a process that only computes with their numbers, and those that are looked at more
closely."""


def lock_down(memory_bytes: int, seconds: int) -> list[str]:
    """Give up, for good, what computing does not need; returns what was given up. Everything that is used later is imported before.

    Args:
        memory_bytes: address space (Windows: committed memory) that the process may have.
        seconds: processor time that it may use.
    """
    return (
        _lock_windows(memory_bytes, seconds) if os.name == "nt" else [*_limit(memory_bytes, seconds), *_filter_calls()]
    )


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
    for number in map(int, calls.split()[1::2]):
        lines += [(_IF_EQUAL, 0, 1, number), (_ANSWER, 0, 0, _ALLOW)]
    lines += [(_IF_EQUAL, 0, 1, looked_at["clone3"]), (_ANSWER, 0, 0, _ERROR | NO_SUCH_CALL)]  # its flags lie in memory
    lines += [(_IF_EQUAL, 0, 3, looked_at["clone"]), (_LOAD_WORD, 0, 0, 16)]
    lines += [(_IF_BITS, 0, 1, CLONE_THREAD), (_ANSWER, 0, 0, _ALLOW), (_ANSWER, 0, 0, _ERROR | NOT_PERMITTED)]
    program = _Program(len(lines), (_Instruction * len(lines))(*(_Instruction(*line) for line in lines)))
    library: Any = ctypes.CDLL(None, use_errno=True)
    if library.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return []
    call = ctypes.c_long(looked_at["seccomp"])
    done = library.syscall(call, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, ctypes.byref(program))
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
    set_limits = kernel.SetInformationJobObject(job, 9, ctypes.byref(limits), ctypes.sizeof(limits))
    if set_limits and kernel.AssignProcessToJobObject(job, process):
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
