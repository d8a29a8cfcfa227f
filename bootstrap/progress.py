"""What is being done and for how long: a line that counts in a terminal, one line at the start and one at the end elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import TextIO

REDRAW_SECONDS = 0.5


class SetupFailed(Exception):
    """A step of the set-up failed; the message says what, where and what to do."""


class Step:
    """A step that is under way, used as a context.

    Args:
        what: the step in words, such as "Installing the Python packages".
        stream: where it is shown; standard error by default.
    """

    def __init__(self, what: str, stream: TextIO | None = None) -> None:
        self._what, self._stream = what, stream or sys.stderr
        self._live = self._stream.isatty()
        self._detail = ""
        self._started = 0.0
        self._ended = threading.Event()
        self._drawing = threading.Thread(target=self._draw, daemon=True)

    def detail(self, text: str) -> None:
        """Show how far the step is, such as "12 of 47"."""
        self._detail = text

    @property
    def seconds(self) -> int:
        """Whole seconds since the step began."""
        return int(time.monotonic() - self._started)

    def __enter__(self) -> Step:
        self._started = time.monotonic()
        if self._live:
            self._drawing.start()
        else:
            self._stream.write(f"{self._what} ...\n")
            self._stream.flush()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._live:
            self._drawing.join()
        outcome = "done" if kind is None else "failed"
        start = "\r\x1b[K" if self._live else ""
        self._stream.write(f"{start}{self._what}: {outcome} ({self.seconds} s)\n")
        self._stream.flush()

    def _draw(self) -> None:
        while not self._ended.wait(REDRAW_SECONDS):
            detail = f"  {self._detail}" if self._detail else ""
            self._stream.write(f"\r\x1b[K{self._what}{detail}  {self.seconds} s")
            self._stream.flush()


def notice(text: str) -> None:
    """Tell people something that is no error."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
