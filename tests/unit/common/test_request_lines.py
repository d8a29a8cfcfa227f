"""Lines of requests are the same as those that structlog writes, whichever way they go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from common.identity import Caller
from common.logs import configure_logging, get_logger, log_request
from common.request_context import RequestContext, enter_request, leave_request
from common.settings import Settings

FIELDS = {"method": "/a.B/C", "status": "OK", "duration_ms": 1.25, "items": 3, "odd": Path("somewhere")}


def written(tmp_path: Path) -> list[str]:
    (file,) = tmp_path.rglob("*.jsonl")
    return file.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("within_a_request", [True, False])
def test_a_line_is_written_as_structlog_writes_it(tmp_path: Path, within_a_request: bool) -> None:
    configure_logging(Settings(state_dir=tmp_path), "ann", "ann-1")
    token = enter_request(RequestContext("r-1", Caller.nobody())) if within_a_request else None
    try:
        get_logger("x").info("rpc", **FIELDS)
        log_request("rpc", FIELDS)
    finally:
        if token is not None:
            leave_request(token)
    usual, quick = (list(json.loads(line).items()) for line in written(tmp_path)[-2:])
    assert usual[0][0] == quick[0][0] == "at"
    assert usual[1:] == quick[1:]


def test_a_level_above_leaves_the_line_out(tmp_path: Path) -> None:
    configure_logging(Settings(state_dir=tmp_path, log_level="WARNING"), "ann", "ann-1")
    log_request("rpc", FIELDS)
    assert written(tmp_path) == []


def test_who_listens_to_structlog_hears_of_requests(tmp_path: Path) -> None:
    configure_logging(Settings(state_dir=tmp_path), "ann", "ann-1")
    with capture_logs() as lines:
        log_request("rpc", FIELDS)
    assert [line["event"] for line in lines] == ["rpc"]
