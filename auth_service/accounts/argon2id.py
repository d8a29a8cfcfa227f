"""Argon2id (RFC 9106) on memory that is kept between hashes, with a thread for each lane or one for all.

Asking the system for fresh memory and clearing it costs a third of a hash, and threads that wait for each other cost when several hashes
run at once. The digest depends on neither: it is that of every other implementation, in the usual encoding.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import mmap
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from argon2 import Parameters, Type, extract_parameters
from argon2.exceptions import HashingError, InvalidHashError
from argon2.low_level import core, error_to_str, ffi, hash_secret_raw

from common.logs import get_logger

log = get_logger(__name__)

SALT_BYTES, DIGEST_BYTES = 16, 32
VERSION = 0x13
ALLOCATION_FAILED = -22


@dataclass(frozen=True)
class Cost:
    """Parameters of a hash: passes, memory in KiB, lanes."""

    passes: int
    memory_kib: int
    lanes: int


class _Block:
    """Memory for one hash at a time, and the functions by which Argon2 takes and returns it."""

    def __init__(self, size: int) -> None:
        self.size, self.used_at = size, time.monotonic()
        self._map = mmap.mmap(-1, size)
        if hasattr(mmap, "MADV_HUGEPAGE"):
            with contextlib.suppress(OSError):
                self._map.madvise(mmap.MADV_HUGEPAGE)
        self._start = ffi.from_buffer("uint8_t[]", self._map)
        self.take = ffi.callback("int(uint8_t **, size_t)", self._take, error=ALLOCATION_FAILED)
        self.give_back = ffi.callback("void(uint8_t *, size_t)", lambda _memory, _size: None)

    def _take(self, memory: Any, size: int) -> int:
        if size > self.size:
            return ALLOCATION_FAILED
        memory[0] = ffi.cast("uint8_t *", self._start)
        return 0

    def close(self) -> None:
        ffi.release(self._start)
        self._map.close()


class Argon2id:
    """Hashes and checks passwords. Thread-safe; as many blocks of memory exist as hashes ran at once.

    Args:
        cost: of new hashes.
    """

    def __init__(self, cost: Cost) -> None:
        self.cost = cost
        self._lock = threading.Lock()
        self._free: list[_Block] = []
        self.keeps_memory = self._works_on_own_memory()

    def hash(self, password: str, *, threads: int = 1) -> str:
        """A new hash with a random salt, encoded as `$argon2id$v=19$m=...,t=...,p=...$salt$digest`.

        Args:
            threads: that work on it; more than lanes are of no use.

        Raises:
            UnicodeEncodeError: the text holds lone surrogates.
        """
        salt = os.urandom(SALT_BYTES)
        digest = self._derive(password.encode(), salt, self.cost, DIGEST_BYTES, threads)
        cost = self.cost
        return f"$argon2id$v={VERSION}$m={cost.memory_kib},t={cost.passes},p={cost.lanes}${_encode(salt)}${_encode(digest)}"

    def verify(self, encoded: str, password: str, *, threads: int = 1) -> bool:
        """Whether the password fits a hash, made with whatever parameters.

        Raises:
            InvalidHashError: `encoded` is none. UnicodeEncodeError: the text holds lone surrogates.
        """
        found = _parameters(encoded)
        salt, digest = (_decode(part) for part in encoded.split("$")[-2:])
        cost = Cost(found.time_cost, found.memory_cost, found.parallelism)
        return hmac.compare_digest(self._derive(password.encode(), salt, cost, len(digest), threads), digest)

    def outdated(self, encoded: str) -> bool:
        """Whether a hash was made with other parameters than those of now."""
        found = _parameters(encoded)
        return (found.time_cost, found.memory_cost, found.parallelism, found.salt_len, found.hash_len) != (
            self.cost.passes,
            self.cost.memory_kib,
            self.cost.lanes,
            SALT_BYTES,
            DIGEST_BYTES,
        )

    def trim(self, idle_seconds: float) -> None:
        """Give back memory that no hash has used for so long."""
        until = time.monotonic() - idle_seconds
        with self._lock:
            idle = [block for block in self._free if block.used_at <= until]
            self._free = [block for block in self._free if block.used_at > until]
        for block in idle:
            block.close()

    def _derive(self, password: bytes, salt: bytes, cost: Cost, digest_bytes: int, threads: int) -> bytes:
        if not self.keeps_memory:
            return _by_the_library(password, salt, cost, digest_bytes)
        with self._block(cost.memory_kib * 1024) as block:
            return _on_block(block, password, salt, cost, digest_bytes, threads)

    @contextlib.contextmanager
    def _block(self, size: int) -> Iterator[_Block]:
        with self._lock:
            fitting = [block for block in self._free if block.size >= size]
            block = min(fitting, key=lambda one: one.size) if fitting else None
            if block is not None:
                self._free.remove(block)
        block = block or _Block(size)
        try:
            yield block
        finally:
            block.used_at = time.monotonic()
            with self._lock:
                self._free.append(block)

    def _works_on_own_memory(self) -> bool:
        """Whether the library takes its memory from here and comes to the known digest; if not, it uses its own."""
        cost = Cost(1, 32, 2)
        expected = _by_the_library(b"password", b"somesalt", cost, DIGEST_BYTES)
        try:
            block = _Block(cost.memory_kib * 1024)
            try:
                found = _on_block(block, b"password", b"somesalt", cost, DIGEST_BYTES, 2)
            finally:
                block.close()
        except (
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
            OSError,
            MemoryError,
            ffi.error,
            HashingError,
        ) as error:
            log.warning("password hashes use fresh memory each", error=str(error))
            return False
        return hmac.compare_digest(found, expected)


def _by_the_library(password: bytes, salt: bytes, cost: Cost, digest_bytes: int) -> bytes:
    return hash_secret_raw(password, salt, cost.passes, cost.memory_kib, cost.lanes, digest_bytes, Type.ID)


def _on_block(block: _Block, password: bytes, salt: bytes, cost: Cost, digest_bytes: int, threads: int) -> bytes:
    """The digest, computed on a block.

    Raises:
        HashingError: a parameter is out of bounds.
    """
    out = ffi.new("uint8_t[]", digest_bytes)
    secret, salted = ffi.new("uint8_t[]", password), ffi.new("uint8_t[]", salt)
    context = ffi.new(
        "argon2_context *",
        {
            "version": VERSION,
            "out": out,
            "outlen": digest_bytes,
            "pwd": secret,
            "pwdlen": len(password),
            "salt": salted,
            "saltlen": len(salt),
            "secret": ffi.NULL,
            "secretlen": 0,
            "ad": ffi.NULL,
            "adlen": 0,
            "t_cost": cost.passes,
            "m_cost": cost.memory_kib,
            "lanes": cost.lanes,
            "threads": max(1, min(threads, cost.lanes)),
            "allocate_cbk": block.take,
            "free_cbk": block.give_back,
            "flags": 0,
        },
    )
    code = core(context, Type.ID.value)
    ffi.memmove(secret, bytes(len(password)), len(password))
    if code:
        raise HashingError(error_to_str(code))
    return bytes(ffi.buffer(out, digest_bytes))


def _parameters(encoded: str) -> Parameters:
    found = extract_parameters(encoded)
    if found.type is not Type.ID or found.version != VERSION:
        raise InvalidHashError
    return found


def _encode(data: bytes) -> str:
    return base64.b64encode(data).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise InvalidHashError from None
