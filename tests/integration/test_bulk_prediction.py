"""`routing-ml predict --file` on the running system: the same as REST answers, and nothing lost when it is killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cli.predicting.remote_prediction import CREDENTIAL_VARIABLE
from common.processes import IS_WINDOWS
from tests.support.catalogue import items_with_routing, items_without_routing
from tests.support.patience import wait_until
from tests.support.running_system import ADMIN_EMAIL, ADMIN_PASSWORD, ROOT, RunningSystem

pytestmark = pytest.mark.integration

SAME = 1e-5
"""How far times may differ, relatively: sums in single precision depend on what is computed together with an item."""


@pytest.fixture(scope="module")
def codes() -> list[str]:
    return [*items_without_routing(60), "NO-SUCH-ITEM", *items_with_routing(240)]


@pytest.fixture(scope="module")
def whole(whole_system: RunningSystem, codes: list[str], tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """The result of a run that nothing disturbs."""
    folder = tmp_path_factory.mktemp("whole")
    done = whole_system.command("predict", "--file", "-", "--out", str(folder / "out.parquet"), stdin="\n".join(codes))
    assert done.returncode == 4, done.stderr
    assert "1 items got no routing" in done.stderr
    assert not (folder / "out.parquet.parts").exists()
    assert (folder / "out.unanswered.csv").read_text(encoding="utf-8-sig").splitlines()[1].startswith("NO-SUCH-ITEM,")
    return pl.read_parquet(folder / "out.parquet")


def test_the_file_holds_what_rest_answers(whole: pl.DataFrame, admin: httpx.Client, codes: list[str]) -> None:
    asked = [*codes[:5], *codes[-5:]]
    items = admin.post("/api/predict", json={"item_codes": asked}).json()["items"]
    shown = ["ITEM_CD", "CANDIDATE_ID", "PROC_SEQ", "JOB_NM", "SETUP_TIME", "RUN_TIME"]
    answered = [
        {**{name: routing[name] for name in shown[:2]}, **{name: operation[name] for name in shown[2:]}}
        for routing in items
        for operation in routing["operations"]
    ]
    rows = whole.filter(pl.col("ITEM_CD").is_in(asked)).select(shown)
    assert_frame_equal(rows, pl.DataFrame(answered, schema=rows.schema), rel_tol=SAME)


def test_the_gateway_of_another_machine_gives_the_same(
    whole: pl.DataFrame, whole_system: RunningSystem, codes: list[str], tmp_path: Path
) -> None:
    there = ("--url", whole_system.url, "--user", ADMIN_EMAIL)
    out = tmp_path / "out.parquet"
    variables = {**whole_system.variables, "ROUTING_ML_STATE_DIR": str(tmp_path), CREDENTIAL_VARIABLE: ADMIN_PASSWORD}

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cli", "predict", *arguments],
            cwd=ROOT,
            env=variables,
            input="\n".join(codes),
            capture_output=True,
            text=True,
            encoding="utf-8",
        )

    done = command("--file", "-", "--out", str(out), *there, "--batch", "100")
    assert done.returncode == 4, done.stderr
    assert_frame_equal(pl.read_parquet(out), whole, rel_tol=SAME, check_column_order=False, check_dtypes=False)
    some = json.loads(command(codes[0], "--format", "json", *there).stdout)
    assert {item["ITEM_CD"] for item in some["items"]} == {codes[0]}
    variables[CREDENTIAL_VARIABLE] = "wrong"
    refused = command(codes[0], *there)
    assert (refused.returncode, "401" in refused.stderr) == (1, True)
    assert "cannot be reached" in command(codes[0], "--url", "http://127.0.0.1:9", "--user", ADMIN_EMAIL).stderr


@pytest.mark.parametrize("how", [signal.SIGINT, getattr(signal, "SIGKILL", signal.SIGTERM)])
def test_an_interrupted_run_goes_on_without_repeating_or_losing_items(
    how: signal.Signals, whole_system: RunningSystem, whole: pl.DataFrame, codes: list[str], tmp_path: Path
) -> None:
    if IS_WINDOWS and how == signal.SIGINT:
        pytest.skip("a console event cannot be sent to one process there")
    (tmp_path / "codes.txt").write_text("\n".join(codes), encoding="utf-8")
    out = tmp_path / "out.csv"
    command = ("predict", "--file", str(tmp_path / "codes.txt"), "--out", str(out), "--batch", "2")
    running = subprocess.Popen(
        [sys.executable, "-m", "cli", *command], cwd=ROOT, env=whole_system.variables, stderr=subprocess.PIPE
    )
    journal = tmp_path / "out.csv.parts" / "journal.jsonl"
    wait_until(lambda: journal.exists() and journal.read_bytes().count(b"\n") > 3, 60, lambda: "nothing is predicted")
    running.send_signal(how)
    _output, said = running.communicate(timeout=60)
    assert running.returncode == (130 if how == signal.SIGINT else -how), said.decode()
    assert not out.exists()
    before = {json.loads(line)["part"]: line for line in journal.read_text(encoding="utf-8").splitlines()[:-1]}
    assert 3 <= len(before) < 150, "the run was over before it was interrupted"
    times = {part: (tmp_path / "out.csv.parts" / f"{part:07d}.parquet").stat().st_mtime_ns for part in before}
    refused = whole_system.command(*command, "--top-k", "3")
    assert (refused.returncode, "--restart" in refused.stderr) == (1, True)
    assert {p: (tmp_path / "out.csv.parts" / f"{p:07d}.parquet").stat().st_mtime_ns for p in before} == times
    again = whole_system.command(*command)
    assert again.returncode == 4, again.stderr
    assert "Going on after" in again.stderr
    found = pl.read_csv(out, schema_overrides=whole.schema, infer_schema=False)
    assert_frame_equal(found, whole, rel_tol=SAME)


def test_a_run_without_a_running_system_says_how_to_start_one(tmp_path: Path, whole_system: RunningSystem) -> None:
    variables = {**whole_system.variables, "ROUTING_ML_STATE_DIR": str(tmp_path / "state")}
    variables |= {"ROUTING_ML_ANN_ADDRESSES": "127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, "-m", "cli", "predict", "--file", "-", "--out", str(tmp_path / "out.csv")],
        cwd=ROOT,
        env=variables,
        input="A-1",
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 1
    assert "manage.py up" in done.stderr
