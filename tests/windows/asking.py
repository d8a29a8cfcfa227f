"""Scenarios in which nothing may change: previews, answers of No, and what is in the way of an installation."""

from __future__ import annotations

import json
import subprocess

from tests.windows.stage import INSTALLED, SITE, Differs, Stage, says


def preview(stage: Stage) -> None:
    """Every script with -WhatIf on an empty machine: nothing changes."""
    stage.forget()
    scripts = stage.release("r1", "1.0.0")
    said = stage.unchanged(f"{scripts}\\install.ps1", "-WhatIf")
    says(said, "What if", "firewall", "register")
    stage.unchanged(f"{scripts}\\install.ps1", *stage.proxy, "-WhatIf")
    stage.unchanged(
        f"{scripts}\\install-with-nssm.ps1", "-Nssm", r"C:\standins\tools\nssm.exe", "-Site", SITE, "-WhatIf"
    )
    stage.unchanged(f"{scripts}\\upgrade.ps1", "-WhatIf", expected=3)
    stage.unchanged(f"{scripts}\\rollback.ps1", "-WhatIf", expected=3)
    stage.unchanged(f"{scripts}\\uninstall.ps1", "-WhatIf")
    stage.unchanged(f"{scripts}\\register-training-task.ps1", "-WhatIf", expected=3)
    stage.unchanged(f"{scripts}\\watchdog.ps1", "-Register", "-WhatIf", expected=3)
    stage.unchanged(f"{scripts}\\status.ps1", expected=3)


def refusals(stage: Stage) -> None:
    """What is in the way is said in one line with its cure, and nothing is changed; in Korean on a Korean system."""
    stage.forget()
    scripts = stage.release("r1", "1.0.0")
    install = f"{scripts}\\install.ps1"
    says(stage.unchanged(install, expected=2), "-Site https://routing.plant.local")
    says(stage.unchanged(install, "-Site", SITE, "-HttpsPort", "444", expected=2), "-HttpsPort")
    says(
        stage.unchanged(install, "-Site", SITE, "-Certificate", "nowhere.pem", "-CertificateKey", "x", expected=1),
        "nowhere.pem",
    )
    says(stage.unchanged(install, "-Site", SITE, "-ProgramRoot", r"Q:\RoutingML", expected=1), "Q:\\")
    says(stage.unchanged(install, "-Site", SITE, "-Wheelhouse", r"C:\nowhere", expected=1), r"C:\nowhere")
    says(stage.unchanged(install, "-Site", SITE, "-WinSW", r"C:\r1\release.json", expected=1), "release.json")
    korean = stage.unchanged(install, expected=2, options=["--codepage", "949"])
    says(korean, "브라우저가 사용할 사이트를")
    damaged = stage.disk / "r1" / "app" / "manage.py"
    before = damaged.read_bytes()
    damaged.write_bytes(before + b"\n")
    try:
        says(stage.unchanged(install, "-Site", SITE, expected=1), "app/manage.py")
    finally:
        damaged.write_bytes(before)


def no_python(stage: Stage) -> None:
    """A machine without Python on PATH, and one that names a Python of nobody: said, and nothing changes."""
    stage.forget()
    install = f"{stage.release('r1', '1.0.0')}\\install.ps1"
    stage.first = ""
    try:
        says(stage.unchanged(install, *stage.proxy, expected=1), "64-bit Python 3.11, 3.12 or 3.13", "none")
        says(stage.unchanged(install, *stage.proxy, "-Python", r"C:\nowhere\python.exe", expected=1), "64-bit Python")
        stage.unchanged(install, *stage.proxy, "-Python", r"C:\python312\python.exe", "-WhatIf")
    finally:
        stage.first = None


CALLS = (
    ("install.ps1", "-Site", "https://localhost:9443"),
    ("uninstall.ps1", "-RemoveData"),
    ("register-training-task.ps1",),
    ("watchdog.ps1", "-Register"),
    ("run-training.ps1",),
    ("check-models.ps1",),
)


def preview_installed(stage: Stage) -> None:
    """Every script with -WhatIf on an installation: nothing changes."""
    scripts = stage.release("r1", "1.0.0")
    for script, *arguments in CALLS:
        stage.silent(f"{scripts}\\{script}", *arguments, "-WhatIf")
    stage.silent(f"{stage.release('r2', '1.1.0')}\\upgrade.ps1", "-WhatIf")


def no_to_everything(stage: Stage) -> None:
    """Every script with -Confirm, answered with No: the system is told nothing, and that is said."""
    scripts = stage.release("r1", "1.0.0")
    for script, *arguments in CALLS:
        said = stage.told_no(f"{scripts}\\{script}", *arguments)
        if script != "check-models.ps1":
            says(said, "Nothing was changed")
    says(stage.told_no(f"{stage.release('r2', '1.1.0')}\\upgrade.ps1"), "Nothing was changed")


def access_drivers(stage: Stage) -> None:
    """The verdict on an Access file with no driver, one, and three of both bitnesses."""
    (stage.disk / "plant.accdb").write_bytes(b"no database")
    script = f"{INSTALLED}\\diagnose-access.ps1"
    driver = "Microsoft Access Driver (*.mdb, *.accdb)"
    for count, parts in (
        (0, ["AccessDatabaseEngine_X64.exe"]),
        (1, [driver, "cannot open"]),
        (3, [driver, "cannot open"]),
    ):
        drivers = [{"name": driver, "platform": "64-bit"}][: min(count, 1)]
        if count == 3:
            drivers.append({"name": "Microsoft Access Driver (*.mdb)", "platform": "64-bit"})
            drivers.append({"name": "Microsoft Access Driver (*.mdb)", "platform": "32-bit"})
        file = stage.target / "odbc.json"
        file.write_text(json.dumps(drivers), encoding="utf-8")
        says(stage.play(script, "-Path", r"C:\plant.accdb", options=["--odbc", str(file)], expected=1), *parts)
    says(stage.play(script, "-Path", r"C:\nowhere.accdb", expected=1), r"C:\nowhere.accdb")
    file.write_text("[]", encoding="utf-8")
    stage.call(options=["--odbc", str(file), "--command", "exit 0"])


def made_certificate(stage: Stage) -> None:
    """A certificate and its key where the scripts are called from: site.pem and site.key."""
    folder = stage.disk / "routing-ml"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "30"]
    command += ["-addext", "subjectAltName=DNS:localhost"]
    done = subprocess.run(
        [*command, "-keyout", str(folder / "site.key"), "-out", str(folder / "site.pem")], capture_output=True
    )
    if done.returncode:
        raise Differs(done.stderr.decode())
