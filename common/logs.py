"""JSON logs: one line an event, one line a request, in a file of each process's own, rotated by size and day.

Every line has `at` (ISO time, UTC), `level`, `event`, `process`, `instance`; lines within a request have `request_id` and what
handlers added (`model_version`, ...).
"""

from __future__ import annotations

import contextlib
import gzip
import logging
import logging.handlers
import os
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import orjson
import structlog

from common.request_context import current_request
from common.settings import Settings


class DailySizedFile(logging.handlers.RotatingFileHandler):
    """A log file that is rotated when it reaches a size or the (UTC) day changes; old parts are compressed, then deleted.

    Only one process may write one file: no rename ever meets another process's open handle, which Windows would refuse.
    """

    def __init__(self, path: Path, *, max_bytes: int, retention_days: int) -> None:
        self._day = self._day_of(path)
        self._retention_seconds = retention_days * 86_400
        super().__init__(path, maxBytes=max_bytes, encoding="utf-8", delay=False)

    @staticmethod
    def _day_of(path: Path) -> int:
        with contextlib.suppress(OSError):
            return int(path.stat().st_mtime // 86_400)
        return int(time.time() // 86_400)

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802 - the name is logging's
        today = int(time.time() // 86_400)
        if today != self._day:
            return True
        return bool(super().shouldRollover(record))

    def doRollover(self) -> None:  # noqa: N802 - the name is logging's
        self._day = int(time.time() // 86_400)
        if self.stream:
            self.stream.close()
            self.stream = None
        current = Path(self.baseFilename)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        rotated = current.with_name(f"{current.stem}.{stamp}{current.suffix}")
        with contextlib.suppress(OSError):  # a file that a viewer holds open on Windows is rotated next time
            if current.exists() and current.stat().st_size:
                os.replace(current, rotated)
                self._compress(rotated)
        self._delete_expired(current)
        self.stream = self._open()

    @staticmethod
    def _compress(path: Path) -> None:
        packed = path.with_name(path.name + ".gz")
        with open(path, "rb") as source, gzip.open(packed, "wb", compresslevel=6) as target:
            shutil.copyfileobj(source, target)
        path.unlink()

    def _delete_expired(self, current: Path) -> None:
        limit = time.time() - self._retention_seconds
        for old in current.parent.glob(f"{current.stem}.*{current.suffix}*"):
            with contextlib.suppress(OSError):
                if old.stat().st_mtime < limit:
                    old.unlink()


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
        structlog.stdlib.add_log_level,
        _add_request,
        _add_time,
        structlog.processors.format_exc_info,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
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
    for noisy in ("uvicorn.access", "grpc", "asyncio", "httpx", "httpcore", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)

    def add_process(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["process"], event["instance"], event["pid"] = process, instance, os.getpid()
        return event

    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            add_process,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger for the module `name`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
