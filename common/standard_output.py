"""What commands write to standard output and error: a character that the other end cannot take is written as one that it can, and a reader
that goes away ends nothing.

Redirected output of Windows has a code page, such as 949 (Korean) or 1252 (western): marks and foreign letters are not in it, and a pipe
that nobody reads any more refuses with error 22. Every command calls `prepare_standard_output` first.
"""

from __future__ import annotations

import codecs
import errno
import io
import json
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

PLAIN: Final = {
    "✓": "v",
    "✗": "x",
    "●": "*",
    "·": "-",
    "•": "*",
    "↻": "~",
    "→": "->",
    "×": "x",
    "″": '"',
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "–": "-",
    "—": "-",
    "…": "...",
    "≥": ">=",
    "≤": "<=",
}
"""What stands for a mark where the output's code page lacks it."""

ERRORS: Final = "routing-ml-plain"
"""Name of the error handler that writes marks plainly and every other character as JSON and Python write it: \\u with four digits."""


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(PLAIN.get(character) or json.dumps(character)[1:-1] for character in text), error.end


codecs.register_error(ERRORS, _plainly)


class _Channel(io.RawIOBase):
    """The other end of standard output; once nobody reads there any more, what is written is heard by nobody."""

    def __init__(self, raw: io.RawIOBase, name: str) -> None:
        super().__init__()
        self._raw = raw
        self.name = name
        self.mode = "wb"
        self.heard = True
        self.failure: OSError | None = None

    def writable(self) -> bool:
        """It is for writing."""
        return True

    def fileno(self) -> int:
        """That of the stream below."""
        return self._raw.fileno()

    def isatty(self) -> bool:
        """Whether people see it at once."""
        return self._raw.isatty()

    def write(self, data: ReadableBuffer, /) -> int | None:
        """Write to the stream below; everything is taken when nobody reads.

        Raises:
            OSError: it cannot be written for another reason, such as a full disk.
        """
        if not self.heard:
            return memoryview(data).nbytes
        try:
            return self._raw.write(data)
        except OSError as error:
            self.heard = False  # also after a failure: what is left is not tried again when the process ends
            if not _nobody_reads(error):
                self.failure = error
                raise
            return memoryview(data).nbytes


def _nobody_reads(error: OSError) -> bool:
    """Whether an error of writing says that the reader has gone: EPIPE; on Windows EINVAL, which its C library makes of it."""
    return error.errno == errno.EPIPE or (sys.platform == "win32" and error.errno == errno.EINVAL)


def prepare_standard_output() -> None:
    """Let this process write whatever it has to say, in the encoding of the other end; a second call does nothing.

    Streams that somebody has put in the place of the process' own keep their way, but for characters that their encoding lacks.
    """
    sys.stdout = _prepared(sys.stdout, sys.__stdout__, "<stdout>")
    sys.stderr = _prepared(sys.stderr, sys.__stderr__, "<stderr>")


def _prepared(stream: TextIO | None, own: TextIO | None, name: str) -> TextIO:
    if stream is None:  # a process without standard output, such as one of a task
        return open(os.devnull, "w", encoding="utf-8")
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    raw = getattr(stream.buffer, "raw", stream.buffer)  # with PYTHONUNBUFFERED nothing is between
    if stream is not own or not isinstance(raw, io.RawIOBase) or (sys.platform == "win32" and stream.isatty()):
        stream.reconfigure(errors=ERRORS)
        return stream
    stream.flush()
    channel = _Channel(raw, name)
    return io.TextIOWrapper(
        channel if raw is stream.buffer else io.BufferedWriter(channel),
        encoding=_code_page() or stream.encoding,
        errors=ERRORS,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _code_page() -> str | None:
    """Encoding of the console that started this process, which Windows' own programs use for redirected output too; None: Python's choice.

    Python takes the system's ANSI code page instead, which a western console does not have.
    """
    if sys.platform != "win32" or sys.flags.utf8_mode or os.environ.get("PYTHONIOENCODING"):
        return None
    import ctypes

    name = f"cp{ctypes.windll.kernel32.GetConsoleOutputCP()}"
    try:
        return codecs.lookup(name).name
    except LookupError:  # no console, or a code page that Python does not know
        return None


def is_heard() -> bool:
    """Whether somebody still reads standard output, as far as writing has shown."""
    channel = _channel(sys.stdout)
    return channel is None or channel.heard


def finish_standard_output() -> str:
    """Write what is still to be written; returns why something could not be written, "" when all was, or nobody reads it."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return _words(error)
    channel = _channel(sys.stdout)
    return _words(channel.failure) if channel is not None and channel.failure is not None else ""


def _words(error: OSError) -> str:
    return f"Standard output cannot be written: {error.strerror or error}"


def _channel(stream: TextIO) -> _Channel | None:
    below = getattr(stream, "buffer", None)
    raw = getattr(below, "raw", below)
    return raw if isinstance(raw, _Channel) else None


def json_text(document: Any, *, indent: int | None = 1, default: Callable[[Any], object] | None = None) -> str:
    """A document as JSON that every reader of standard output can take: in ASCII unless that is UTF-8."""
    universal = codecs.lookup(sys.stdout.encoding or "utf-8").name.startswith("utf")
    return json.dumps(document, ensure_ascii=not universal, indent=indent, default=default)
