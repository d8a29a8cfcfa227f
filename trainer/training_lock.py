"""The lock that keeps a second training from running at the same time. The system lets go of it when its holder dies, however."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import psutil
from filelock import FileLock, Timeout

from common.files import write_text
from common.local_time import local_time
from common.processes import is_running
from trainer.exit_codes import LockHeld, cannot_write

FILE_NAME: Final = "training.lock"
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Holder:
    """Who holds the lock.

    Attributes:
        pid, process_started_at: the process.
        host: machine it runs on.
        requested_by: who asked for the training.
        save_dir: where its version goes.
        since: when it got the lock, seconds since 1970 UTC.
    """

    pid: int
    process_started_at: float
    host: str
    requested_by: str
    save_dir: str
    since: float

    def describe(self) -> str:
        """Who, what and since when, for people."""
        moment = local_time(self.since, "seconds")
        asked = f" asked for by {self.requested_by}" if self.requested_by else ""
        return f"process {self.pid} on {self.host}, training {self.save_dir}{asked}, since {moment}"


def holder_path(lock: Path) -> Path:
    """Where the holder's facts lie."""
    return lock.with_name(lock.name + ".holder.json")


def read_holder(lock: Path) -> Holder | None:
    """Who holds the lock as far as is known; None when nobody wrote it down or that process is gone."""
    try:
        record = json.loads(holder_path(lock).read_text(encoding="utf-8"))
        holder = Holder(**record)
    except (OSError, ValueError, TypeError):
        return None
    if holder.host == socket.gethostname() and not is_running(holder.pid, holder.process_started_at):
        return None
    return holder


@contextlib.contextmanager
def training_lock(
    folder: Path, *, timeout: float, requested_by: str, save_dir: Path, on_wait: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Hold the lock of the installation.

    Args:
        folder: folder of the lock, the same for all trainings of the installation.
        timeout: seconds to wait for another training; 0: not at all.
        on_wait: told once who is being waited for.

    Raises:
        LockHeld: another training held it for all that time; names it.
        CannotWrite: the folder cannot be written.
    """
    path = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from None
    lock = FileLock(path)
    deadline = time.monotonic() + timeout
    told = False
    while True:
        try:
            lock.acquire(timeout=0)
            break
        except Timeout:
            holder = read_holder(path)
            who = holder.describe() if holder else "another process that has not said who it is yet"
            if time.monotonic() >= deadline:
                waited = f" after waiting {timeout:g} s" if timeout else ""
                raise LockHeld(
                    f"Another training runs{waited}: {who}. Wait until it ends, or give a longer --lock-timeout",
                    details={"holder": who, "lock": path},
                ) from None
            if on_wait and not told:
                on_wait(who)
                told = True
            time.sleep(_POLL_SECONDS)
        except OSError as error:
            raise cannot_write(path, error) from None
    try:
        me = psutil.Process()
        holder = Holder(me.pid, me.create_time(), socket.gethostname(), requested_by, str(save_dir), time.time())
        with contextlib.suppress(OSError):  # only the courtesy of saying who is lost
            write_text(holder_path(path), json.dumps(asdict(holder), ensure_ascii=False))
        yield
    finally:
        with contextlib.suppress(OSError):
            holder_path(path).unlink()
        lock.release()
