"""Scenarios of installing: the first, the second, a repair, other proxies and programs, refusals of Windows, removal."""

from __future__ import annotations

import contextlib
import shutil
import socket
from collections.abc import Iterator

from tests.windows.asking import made_certificate
from tests.windows.stage import (
    GATEWAY_PORT,
    INSTALLED,
    SITE,
    SITE_PORT,
    Differs,
    Stage,
    health,
    processes,
    says,
    serves,
    until,
)

PACKAGES = ("auth_service", "aggregate_service", "ann_service", "trainer", "gateway")


def first(stage: Stage) -> None:
    """The first installation with rights enforced: it serves, and what it told the system is as written."""
    stage.forget()
    said = stage.play(f"{stage.release('r1', '1.0.0')}\\install.ps1", *stage.proxy)
    says(said, "step rights")
    stage.keep_password(said)
    serves("1.0.0")
    stage.compare("first-caddy" if stage.caddy else "first-iis", stage.told())
    not_refused(stage)


def not_refused(stage: Stage) -> None:
    """See that no service was refused a file."""
    if stage.refused():
        raise Differs(f"services were refused:\n{stage.refused()}")


def second(stage: Stage) -> None:
    """A second installation gives every right again and changes nothing else."""
    before = len(stage.told())
    stage.play(f"{stage.release('r1', '1.0.0')}\\install.ps1", *stage.proxy)
    told = stage.told()[before:]
    others = [line for line in told if not line.startswith("icacls.exe")]
    if others:
        raise Differs("\n".join(others))
    serves("1.0.0")


def broken(stage: Stage) -> None:
    """A second installation over a damaged one restores files, services and rule, and takes nothing away."""
    scripts = stage.release("r1", "1.0.0")
    lines = (
        "sc.exe stop RoutingML-Trainer; sc.exe delete RoutingML-Trainer; Remove-NetFirewallRule -Name RoutingML-HTTPS"
    )
    stage.call(options=["--command", lines])
    page = stage.program / "1.0.0" / "app" / "cli" / "__init__.py"
    good = (stage.disk / "r1" / "app" / "cli" / "__init__.py").read_bytes()
    page.write_text("broken", encoding="utf-8")
    stage.play(f"{scripts}\\install.ps1", *stage.proxy)
    if page.read_bytes() != good:
        raise Differs(f"{page} is still broken")
    until("all services run", lambda: all(map(processes, PACKAGES)))
    serves("1.0.0")
    not_refused(stage)
    told = stage.told()
    if not any("service RoutingML-Trainer created" in line for line in told[-40:]):
        raise Differs("\n".join(told[-40:]))


REFUSED = (
    ("packages", ("-m venv",), ("-m pip",)),
    ("register", ("sc.exe config RoutingML-Ann", "obj="), ("sc.exe sidtype RoutingML-Gateway",), ("sc.exe failure",)),
    ("secrets", ("make-secrets",)),
    ("rights", ("icacls.exe", "secrets")),
    ("start", ("sc.exe start RoutingML-Gateway",)),
)


def refused_by_windows(stage: Stage) -> None:
    """Each refusal of Windows in a first installation is the step's name and exit code 1, and nothing is left registered."""
    stage.forget()
    install = f"{stage.release('r1', '1.0.0')}\\install.ps1"
    for step, *calls in REFUSED[1:]:
        for words in calls:
            with stage.refusing(*words):
                says(stage.play(install, *stage.proxy, expected=1), f"failed at step {step}", "Access is denied")
            nothing_registered(stage)
    with stage.failing("New-NetFirewallRule"):
        says(stage.play(install, *stage.proxy, expected=1), "failed at step firewall")
    nothing_registered(stage)
    said = stage.play(install, *stage.proxy)
    stage.keep_password(said)
    serves("1.0.0")


def nothing_registered(stage: Stage) -> None:
    """See that no service, rule or link of the product is there."""
    lines = (
        "$left = @(Get-Service RoutingML-* -ErrorAction SilentlyContinue) + "
        "@(Get-NetFirewallRule -Name RoutingML-HTTPS -ErrorAction SilentlyContinue); exit $left.Count"
    )
    code, said = stage.call(options=["--command", lines])
    if code or (stage.program / "current").is_symlink():
        raise Differs(f"{code} services and rules are left, or the link: {said}")


def iis(stage: Stage) -> None:
    """With -UseIis the service of Caddy goes, and comes back with -UseIis:$false."""
    scripts = stage.release("r1", "1.0.0")
    says(stage.play(f"{scripts}\\install.ps1", "-Site", SITE, "-UseIis"), "frontend")
    code, said = stage.call(
        options=["--command", "exit @(Get-Service RoutingML-Caddy -ErrorAction SilentlyContinue).Count"]
    )
    if code:
        raise Differs(f"Caddy is still registered: {said}")
    serves("1.0.0")
    if stage.caddy:
        stage.play(f"{scripts}\\install.ps1", "-Site", SITE, "-UseIis:$false")
        serves("1.0.0")
    not_refused(stage)


def nssm(stage: Stage) -> None:
    """NSSM is a way of the same plan: its services run with rights enforced, and removal takes them away."""
    stage.forget()
    scripts = stage.release("r1", "1.0.0")
    said = stage.play(f"{scripts}\\install-with-nssm.ps1", "-Nssm", r"C:\standins\tools\nssm.exe", *stage.proxy)
    stage.keep_password(said)
    serves("1.0.0")
    if stage.program.joinpath("services", "RoutingML-Auth.exe").exists():
        raise Differs("WinSW was put there, too")
    known_to_the_stand_ins(stage)
    stage.play(f"{scripts}\\install.ps1", *stage.proxy)
    serves("1.0.0")
    not_refused(stage)
    stage.play(f"{scripts}\\uninstall.ps1", "-Confirm:$false")
    nothing_registered(stage)


def known_to_the_stand_ins(stage: Stage) -> None:
    """Stop services of NSSM that are refused what was not granted once they start again: the variable BASE says whose they are."""
    lines = (
        "$ErrorActionPreference = 'Stop'",
        "foreach ($one in 'Gateway', 'Trainer', 'Ann', 'Aggregate', 'Auth') {",
        r"  $key = 'HKLM:\SYSTEM\CurrentControlSet\Services\RoutingML-' + $one + '\Parameters'",
        "  $known = (Get-ItemProperty -Path $key).AppEnvironmentExtra",
        r"  Set-ItemProperty -Path $key -Name AppEnvironmentExtra -Value ([string[]]($known + 'BASE=C:\Program Files\RoutingML\services'))",
        "  Stop-Service -Name ('RoutingML-' + $one) -Force",
        "}",
    )
    code, said = stage.call(options=["--command", "\n".join(lines)])
    if code:
        raise Differs(f"the services could not be changed: {said}")


KOREAN = (r"C:\프로그램 폴더\RoutingML", r"C:\공장 자료\라우팅 ML")


def korean_folders(stage: Stage) -> None:
    """Folders with Korean, blanks and a backslash at their end, a relative certificate, code page 949, no Python on PATH."""
    stage.forget()
    scripts = stage.release("r1", "1.0.0")
    for folder in ("프로그램 폴더", "공장 자료"):
        shutil.rmtree(stage.disk / folder, ignore_errors=True)
    made_certificate(stage)
    stage.first, stage.codepage = "", 949
    folders = ["-ProgramRoot", KOREAN[0] + "\\", "-DataRoot", KOREAN[1] + "\\"]
    certificate = ["-Certificate", r".\site.pem", "-CertificateKey", "site.key"] if stage.caddy else []
    try:
        said = stage.play(
            f"{scripts}\\install.ps1", *stage.proxy, *folders, *certificate, "-Python", r"C:\python312\python.exe"
        )
        stage.keep_password(said)
        says(said, "단계")
        serves("1.0.0")
        stage.first = None
        own = f"{KOREAN[0]}\\current\\app\\compose-windows"
        says(stage.play(f"{own}\\status.ps1"), "1.0.0")
        stage.play(f"{own}\\register-training-task.ps1", "-DataRoot", KOREAN[1] + "\\")
        stage.play(f"{own}\\watchdog.ps1", "-Register", *folders)
        stage.play(f"{own}\\watchdog.ps1")
        for task in ("RoutingML-Watchdog", "RoutingML-Training"):
            code, said = stage.call(options=["--command", f"Start-ScheduledTask -TaskName {task} -ErrorAction Stop"])
            if code:
                raise Differs(f"{task} ended with {code}: {said}")
        versions = [path for path in (stage.disk / "공장 자료" / "라우팅 ML" / "models").iterdir() if path.is_dir()]
        if not versions:
            raise Differs("the training task has trained nothing")
        not_refused(stage)
        stage.play(f"{own}\\uninstall.ps1", "-RemoveData", "-Confirm:$false")
        left = [
            folder for folder in ("프로그램 폴더/RoutingML", "공장 자료/라우팅 ML") if (stage.disk / folder).exists()
        ]
        if left:
            raise Differs(f"{left} are still there")
    finally:
        stage.first, stage.codepage = None, 437


def removal(stage: Stage) -> None:
    """The data stay; a second removal has nothing to do; with -RemoveData they go."""
    own = f"{INSTALLED}\\uninstall.ps1"
    stage.play(own, "-Confirm:$false")
    if stage.program.exists() or not (stage.data / ".env").is_file():
        raise Differs("the program is still there, or the data are not")
    release = f"{stage.release('r1', '1.0.0')}\\uninstall.ps1"
    stage.unchanged(release, "-Confirm:$false")
    stage.play(release, "-RemoveData", "-Confirm:$false")
    stage.play(release, "-RemoveData", "-Confirm:$false")
    if stage.data.exists():
        raise Differs(f"{stage.data} is still there")


def removal_while_used(stage: Stage) -> None:
    """A program of the installation keeps it: said by its number, nothing is changed, and everything still serves."""
    python = r"& 'C:\Program Files\RoutingML\current\venv\Scripts\python.exe'"
    line = f"Start-Process -FilePath '{python[3:-1]}' -ArgumentList '-c', '\"import time; time.sleep(600)\"'"
    stage.call(options=["--command", line])
    until("the program runs", lambda: bool(processes("import time; time.sleep(600)")), 60)
    said = stage.play(f"{stage.release('r1', '1.0.0')}\\uninstall.ps1", "-Confirm:$false", expected=1)
    says(said, "runs from the installation", "Nothing was changed")
    serves("1.0.0")
    for number in processes("import time; time.sleep(600)"):
        stage.end(number)


def taken_port(stage: Stage) -> None:
    """A port of a process, or of the site, that another program has is named with its cure, and nothing is changed."""
    stage.forget()
    install = f"{stage.release('r1', '1.0.0')}\\install.ps1"
    with taken("127.0.0.1", GATEWAY_PORT):
        stage.data.mkdir(parents=True, exist_ok=True)
        (stage.data / ".env").write_text(f"ROUTING_ML_GATEWAY_PORT={GATEWAY_PORT}\n", encoding="utf-8")
        says(stage.unchanged(install, *stage.proxy, expected=1), str(GATEWAY_PORT), "ROUTING_ML_GATEWAY_PORT")
    if stage.caddy:
        with taken("0.0.0.0", SITE_PORT):
            says(stage.unchanged(install, *stage.proxy, expected=1), str(SITE_PORT), "-Site")
    if health():
        raise Differs("something serves")


@contextlib.contextmanager
def taken(host: str, port: int) -> Iterator[None]:
    """Another program has a port."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((host, port))
        other.listen()
        yield
