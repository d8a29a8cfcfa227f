"""Hosts that get a newer program one after the other while planners predict: nobody notices."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from benchmarks.hosts.upgrade import measure
from common.errors import PreconditionFailed

ROLES = {"auth": ("ctl1", "ctl2"), "aggregate": ("agg1", "agg2"), "ann": ("ann1", "ann2"), "gateway": ("gw1", "gw2")}


@pytest.mark.timeout(600)
def test_no_request_fails_while_one_host_after_the_other_is_upgraded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root may make network namespaces")
    if shutil.which("git") is None:
        pytest.skip("git lists the files of the program")
    try:
        code = measure(tmp_path / "hosts", "", 1.0, ROLES)
    except PreconditionFailed as error:
        pytest.skip(error.message)
    assert code == 0, capsys.readouterr().out
