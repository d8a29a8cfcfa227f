"""What may happen to a host of an installation; each fault lasts as long as its context, then the host is well again or starts."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from typing import Protocol

from benchmarks.hosts.installation import Installation
from benchmarks.hosts.network import Host


class Fault(Protocol):
    """Something that happens to a host."""

    __name__: str

    def __call__(
        self, installation: Installation, kind: str, host: Host, /
    ) -> contextlib.AbstractContextManager[None]: ...


@contextlib.contextmanager
def killed(installation: Installation, kind: str, host: Host) -> Iterator[None]:
    """Everything on it ends without a word, and is started again."""
    host.kill()
    yield
    installation.start(kind, host)


@contextlib.contextmanager
def cut_off(_installation: Installation, _kind: str, host: Host) -> Iterator[None]:
    """Its cable is pulled, and plugged in again."""
    host.plug(False)
    yield
    host.plug(True)


@contextlib.contextmanager
def frozen(_installation: Installation, _kind: str, host: Host) -> Iterator[None]:
    """It takes connections and does nothing."""
    host.send(signal.SIGSTOP)
    yield
    host.send(signal.SIGCONT)


@contextlib.contextmanager
def slowed(_installation: Installation, _kind: str, host: Host) -> Iterator[None]:
    """It does nothing nine tenths of the time."""
    ended = threading.Event()

    def slow() -> None:
        while not ended.is_set():
            host.send(signal.SIGSTOP)
            time.sleep(0.27)
            host.send(signal.SIGCONT)
            time.sleep(0.03)

    thread = threading.Thread(target=slow)
    thread.start()
    yield
    ended.set()
    thread.join()


@contextlib.contextmanager
def restarted(installation: Installation, kind: str, host: Host) -> Iterator[None]:
    """It is stopped as by its administrator, as for an upgrade, and started again."""
    host.stop()
    installation.start(kind, host)
    yield


FAULTS: tuple[Fault, ...] = (killed, cut_off, frozen, slowed, restarted)
