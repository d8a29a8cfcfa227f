"""JSON logs: one line an event, one line a request, in a file of each process's own, rotated by size and day.

Every line has `at` (ISO time, UTC), `level`, `event`, `process`, `instance`; lines within a request have `request_id` and what
handlers added (`model_version`, ...).
"""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, datetime
from typing import Final

import orjson
import structlog

from common.log_files import DailySizedFile
from common.request_context import current_request
from common.settings import Settings

IS_LINE: Final = "routing_ml_line"
"""Attribute of log records whose message is a whole line."""


def _add_request(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    context = current_request()
    if context is not None:
        event.setdefault("request_id", context.request_id)
    return event


def _add_time(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    event["at"] = datetime.now(UTC).isoformat(timespec="milliseconds")
    return event


def _to_text(value: object) -> object:
    return value.item() if hasattr(value, "item") else str(value)


def render_json(event: dict[str, object]) -> str:
    """One log line, without line break."""
    return orjson.dumps(event, default=_to_text, option=orjson.OPT_NON_STR_KEYS).decode("utf-8", "replace")


def _render(_logger: object, _method: str, event: structlog.typing.EventDict) -> str:
    return render_json({"at": event.pop("at", None), **event})


class _Lines:
    """Where structlog leaves its lines, ready as they are: straight into the files, as most of them are of requests."""

    def __init__(self) -> None:
        self._root = logging.getLogger()

    def _write(self, level: int, line: str) -> None:
        record: logging.LogRecord | None = None
        for handler in self._root.handlers:
            if isinstance(handler, DailySizedFile):
                handler.write_line(line)
                continue
            if record is None:
                named = {"levelno": level, "levelname": logging.getLevelName(level), "msg": line, IS_LINE: True}
                record = logging.makeLogRecord(named)
            if level >= handler.level:
                handler.handle(record)

    def debug(self, line: str) -> None:
        """Write a line."""
        self._write(logging.DEBUG, line)

    def info(self, line: str) -> None:
        """Write a line."""
        self._write(logging.INFO, line)

    def warning(self, line: str) -> None:
        """Write a line."""
        self._write(logging.WARNING, line)

    def error(self, line: str) -> None:
        """Write a line."""
        self._write(logging.ERROR, line)

    def critical(self, line: str) -> None:
        """Write a line."""
        self._write(logging.CRITICAL, line)


class _RequestLines:
    """Writes the lines of requests, of which there is one for each, without structlog's chain of processors."""

    def __init__(self) -> None:
        self._lines: _Lines | None = None
        self._written = True
        self._processors: list[structlog.typing.Processor] = []
        self._process: dict[str, object] = {}

    def begin(
        self, lines: _Lines, level: int, process: dict[str, object], processors: list[structlog.typing.Processor]
    ) -> None:
        """Write from now on.

        Args:
            level: lines below are left out.
            process: what every line says of this process.
            processors: structlog's own list; who changes it gets the lines.
        """
        self._lines, self._written, self._process = lines, level <= logging.INFO, process
        self._processors = processors

    def write(self, event: str, fields: dict[str, object]) -> bool:
        """Write a line; False where structlog has been told to do otherwise with lines."""
        if self._lines is None or not self._processors or self._processors[-1] is not _render:
            return False
        if self._written:
            context = current_request()
            known = {} if context is None else {"request_id": context.request_id}
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            line = {"at": at, **fields, "event": event, "level": "info", **known, **self._process}
            self._lines.info(render_json(line))
        return True


_requests: Final = _RequestLines()


def log_request(event: str, fields: dict[str, object]) -> None:
    """Write the line of a request: what `get_logger(...).info(event, **fields)` writes, at a fraction of its cost."""
    if not _requests.write(event, fields):
        _structlog.info(event, **fields)


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Leaves the lines of structlog as they are."""

    def format(self, record: logging.LogRecord) -> str:
        """A record as one line."""
        return str(record.msg) if getattr(record, IS_LINE, False) else super().format(record)


class GoneCallers(logging.Filter):
    """gRPC tells with a traceback that an answer could not be sent, because whoever asked had hung up: that is one line, and no failure."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change such a record; all are let through."""
        error = record.exc_info[1] if record.exc_info else None
        if type(error).__name__ == "ExecuteBatchError":
            record.levelno, record.levelname = logging.INFO, "INFO"
            record.msg, record.args = "the caller had hung up before its answer", ()
            record.exc_info = record.exc_text = None
        return True


def configure_logging(settings: Settings, process: str, instance: str) -> None:
    """Send structlog and standard logging to `<logs>/<instance>.jsonl` as JSON lines.

    Args:
        process: kind of process (gateway, ann, ...).
        instance: unique name of this one (ann-50051); names the file.

    Raises:
        OSError: the log folder cannot be written; the message names it.
    """
    folder = settings.logs_path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handlers: list[logging.Handler] = [
            DailySizedFile(
                folder / f"{instance}.jsonl",
                max_bytes=settings.log_max_bytes,
                retention_days=settings.log_retention_days,
            )
        ]
    except OSError as error:
        raise OSError(
            f"The log folder {folder} cannot be written ({error.strerror}): "
            "grant write access or set ROUTING_ML_LOG_DIR to another folder"
        ) from error
    if settings.log_console:
        handlers.append(logging.StreamHandler(sys.stderr))
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _add_request,
        _add_time,
        structlog.processors.format_exc_info,
    ]

    pid = os.getpid()

    def add_process(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["process"], event["instance"], event["pid"] = process, instance, pid
        event.pop("color_message", None)  # uvicorn's own text once more, for terminals
        return event

    formatter = _Formatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared, add_process],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _render],
    )
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
        old.close()
    for handler in handlers:
        handler.setFormatter(formatter)
        root.addHandler(handler)
    root.setLevel(settings.log_level.upper())
    logging.getLogger("grpc._cython.cygrpc").addFilter(GoneCallers())
    for noisy in ("uvicorn.access", "grpc", "asyncio", "httpx", "httpcore", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)

    lines = _Lines()
    processors = [*shared, add_process, _render]
    _requests.begin(lines, root.level, {"process": process, "instance": instance, "pid": pid}, processors)
    structlog.configure(
        processors=processors,
        logger_factory=lambda *_names: lines,
        wrapper_class=structlog.make_filtering_bound_logger(root.level),
        cache_logger_on_first_use=True,
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger for the module `name`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


_structlog: Final = get_logger(__name__)
