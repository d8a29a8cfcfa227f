"""JSON logs: one line an event, one line a request, in a file of each process's own, rotated by size and day.

Every line has `at` (ISO time, UTC), `level`, `event`, `process`, `instance`; lines within a request have `request_id` and what
handlers added (`model_version`, ...).
"""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, datetime

import orjson
import structlog

from common.log_files import DailySizedFile
from common.request_context import current_request
from common.settings import Settings


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
        structlog.stdlib.add_log_level,
        _add_request,
        _add_time,
        structlog.processors.format_exc_info,
    ]

    def add_process(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["process"], event["instance"], event["pid"] = process, instance, os.getpid()
        event.pop("color_message", None)  # uvicorn's own text once more, for terminals
        return event

    formatter = structlog.stdlib.ProcessorFormatter(
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
