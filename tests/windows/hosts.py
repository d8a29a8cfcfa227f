"""A Windows host among several: only what it is for, with the control plane and the gateway on another machine, which is this Linux."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.windows.asking import made_certificate
from tests.windows.changing import serves_predictions
from tests.windows.installing import not_refused, taken
from tests.windows.stage import CATALOGUE, GATEWAY_PORT, ROOT, SETTINGS, Differs, Stage, processes, says, until

SECRET_FILE, STORE = r"C:\plant\service.secret.txt", r"C:\plant\versions"
PASSWORD = "Hosts-of-the-plant-2026"
ALL_ROLES = "control,serving,gateway,training"


def roles(stage: Stage) -> None:
    """A host for serving has its two services, no site and no port; it predicts for a gateway on Linux, with rights enforced."""
    stage.forget()
    scripts = stage.release("r1", "1.0.0")
    install, own = f"{scripts}\\install.ps1", r"C:\Program Files\RoutingML\current\app\compose-windows"
    plant = stage.disk / "plant"
    shutil.rmtree(plant, ignore_errors=True)
    (plant / "versions").mkdir(parents=True)
    stage.data.mkdir(parents=True, exist_ok=True)
    (stage.data / ".env").write_text(
        f"ROUTING_ML_HOST_NAME=west\nROUTING_ML_SERVICE_SECRET_FILE={SECRET_FILE}\nROUTING_ML_ARTIFACT_STORE={STORE}\n",
        encoding="utf-8",
    )
    says(
        stage.unchanged(install, "-Role", "serving,searching", expected=1),
        "searching is no role",
        ALL_ROLES.replace(",", ", "),
    )
    says(stage.unchanged(install, "-Role", "serving", expected=1), SECRET_FILE, "ROUTING_ML_SERVICE_SECRET_FILE")
    (plant / "service.secret.txt").write_text("the same on every host, 24 characters\n", encoding="utf-8")
    for name, right in ((SECRET_FILE, "F"), (STORE, "(OI)(CI)F")):
        only_for_administrators = f"icacls.exe '{name}' /inheritance:r /grant '*S-1-5-32-544:{right}'"
        stage.call(options=["--command", only_for_administrators])
    stage.unchanged(install, "-Role", "serving", "-WhatIf")
    with taken("127.0.0.1", GATEWAY_PORT):  # which is nothing to this host
        said = stage.play(install, "-Role", "serving")
    says(said, "This host is for: serving")
    if services(stage) != ["RoutingML-Aggregate", "RoutingML-Ann"]:
        raise Differs(f"registered: {services(stage)}")
    if any("New-NetFirewallRule" in line for line in stage.told()):
        raise Differs("a port was opened")
    with another_host(stage):
        until("predictions", lambda: serves_predictions(stage), 300)
        if not stage.predictions()["items"]:
            raise Differs("nothing was predicted")
        stage.play(f"{own}\\status.ps1")
        stage.play(install)  # the role is remembered
        stage.play(f"{scripts}\\install.ps1", "-WhatIf")
        until("predictions after a repair", lambda: serves_predictions(stage))
    not_refused(stage)
    if services(stage) != ["RoutingML-Aggregate", "RoutingML-Ann"]:
        raise Differs(f"registered: {services(stage)}")
    made_certificate(stage)
    stage.keep_password(stage.play(install, "-Role", ALL_ROLES, *stage.proxy))
    missing = [name for name in ("auth_service", "trainer", "gateway") if not processes(name)]
    if missing:
        raise Differs(f"with all roles these do not run: {missing}")


def services(stage: Stage) -> list[str]:
    """Names of the product's services that are registered."""
    line = "(Get-Service RoutingML-* -ErrorAction SilentlyContinue | Sort-Object Name).Name -join ' '"
    return stage.call(options=["--command", line])[1].split()


@contextlib.contextmanager
def another_host(stage: Stage) -> Iterator[None]:
    """Control plane and gateway on this Linux, and a version that is trained there and put into the store of both."""
    home = stage.target / "another-host"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    (stage.target / "password").write_text(PASSWORD, encoding="utf-8")
    program = os.environ.get("ROUTING_ML_VENV")
    python = str(Path(program) / "bin" / "python") if program else sys.executable
    variables = {name: value for name, value in os.environ.items() if not name.startswith("ROUTING_ML_")}
    variables |= dict(line.split("=", 1) for line in SETTINGS) | {
        "PYTHONPATH": str(ROOT),
        "ROUTING_ML_DATASET": str(stage.disk / CATALOGUE.removeprefix("C:\\")),
        "ROUTING_ML_HOST_NAME": "east",
        "ROUTING_ML_SERVICE_SECRET_FILE": str(stage.disk / "plant" / "service.secret.txt"),
        "ROUTING_ML_ARTIFACT_STORE": str(stage.disk / "plant" / "versions"),
        "ROUTING_ML_STATE_DIR": str(home / "var"),
        "ROUTING_ML_MODELS_DIR": str(home / "models"),
        "ROUTING_ML_ADMIN_PASSWORD": PASSWORD,
    }

    def begun(*words: str) -> subprocess.Popen[bytes]:
        with open(home / f"{words[0]}.log", "wb") as log:
            return subprocess.Popen([python, "-m", *words], cwd=home, env=variables, stdout=log, stderr=log)

    running = [begun("auth_service"), begun("gateway")]
    try:
        training = begun("train_build_index", "--activate")
        if training.wait(600):
            raise Differs((home / "train_build_index.log").read_text(encoding="utf-8", errors="replace")[-3000:])
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(60)
