"""Scenarios of bad input and of what gets in the way while something is changed: each says what, where and what to do."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.windows.asking import made_certificate
from tests.windows.changing import NEW, OLD, until_serves
from tests.windows.installing import nothing_registered
from tests.windows.stage import INSTALLED, SITE, WENT_BACK, Differs, Stage, programs, says, serves, until

OTHER_PYTHON = "C:\\python312\\python.exe"
SMALL_DISK_MEGABYTES, DISK_MEGABYTES = 200, 2500


def certificates(stage: Stage) -> None:
    """A certificate without its key, a key without its certificate, and a key of another certificate: said, and nothing changes."""
    stage.forget()
    install = f"{stage.release('r1', '1.0.0')}\\install.ps1"
    folder = stage.disk / "routing-ml"
    made_certificate(stage)
    shutil.copyfile(folder / "site.key", folder / "other.key")
    made_certificate(stage)
    without_key = stage.unchanged(install, "-Site", SITE, "-Certificate", r".\site.pem", expected=2)
    says(without_key, "C:\\routing-ml\\site.pem", "-CertificateKey")
    says(stage.unchanged(install, "-Site", SITE, "-CertificateKey", "site.key", expected=2), "-Certificate")
    both = ["-Certificate", "site.pem", "-CertificateKey", "other.key"]
    says(stage.unchanged(install, "-Site", SITE, *both, expected=1), "C:\\routing-ml\\other.key")


def python_of_32_bits(stage: Stage) -> None:
    """A Python that says that it has 32 bits is named with them and refused, and nothing changes."""
    stage.forget()
    install = f"{stage.release('r1', '1.0.0')}\\install.ps1"
    own = stage.disk / "python32"
    if not own.exists():
        shutil.copytree(stage.disk / "python312", own, ignore=shutil.ignore_patterns("site-packages", "test", "tcl"))
        (own / "Lib" / "site-packages").mkdir()
    (own / "Lib" / "site-packages" / "sitecustomize.py").write_text(
        "import struct\nstruct.calcsize = lambda _text: 4\n"
    )
    named = "C:\\python32\\python.exe"
    says(stage.unchanged(install, *stage.proxy, "-Python", named, expected=1), f"32-bit {named}", "64-bit Python")


@contextlib.contextmanager
def drive(stage: Stage, megabytes: int) -> Iterator[Path]:
    """A drive D: of some megabytes; begins with an empty machine. The folder is where it lies on this machine."""
    image, place = stage.target / "drive.img", stage.target / "debian13" / "drive"
    link = stage.target / "debian13" / "wine" / "dosdevices" / "d:"
    image.unlink(missing_ok=True)
    with open(image, "wb") as stream:
        stream.truncate(megabytes * 1024**2)
    place.mkdir(exist_ok=True)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(place)], check=True)
    link.unlink(missing_ok=True)
    link.symlink_to("/drive")
    try:
        stage.forget()
        yield place
    finally:
        stage.cut_power()
        link.unlink()
        subprocess.run(["umount", "--lazy", str(place)], check=True)
        image.unlink()


def full_disk(stage: Stage) -> None:
    """A disk without room is said before anything is changed; one that fills up ends with the step, and nothing is left registered."""
    install = f"{stage.release('r1', '1.0.0')}\\install.ps1"
    where = ["-ProgramRoot", r"D:\RoutingML"]
    with drive(stage, SMALL_DISK_MEGABYTES):
        says(stage.unchanged(install, *stage.proxy, *where, expected=1), r"D:\RoutingML", "MB")
    with drive(stage, DISK_MEGABYTES) as place:
        running = stage.begin(install, *stage.proxy, *where)
        until("packages are installed", lambda: any(place.glob("RoutingML/*/venv/Lib/site-packages/*")), 300)
        left = os.statvfs(place)
        size = max(1, left.f_bavail * left.f_frsize - 1024**2)
        subprocess.run(["fallocate", "-l", str(size), str(place / "filler")], check=True)
        said, _nothing = running.communicate()
        if running.returncode != 1:
            raise Differs(f"install.ps1 ended with {running.returncode}:\n{said[-2500:]}")
        says(said, "failed at step packages", "No space left")
        nothing_registered(stage)


@contextlib.contextmanager
def held(stage: Stage, file: str) -> Iterator[None]:
    """Another program keeps a file open."""
    mark = "import time; held = open"
    line = (
        f"Start-Process -FilePath '{OTHER_PYTHON}' -ArgumentList '-c', '\"{mark}(r''''{file}''''); time.sleep(900)\"'"
    )
    stage.call(options=["--command", line.replace("''''", "''")])
    until("the program runs", lambda: bool(programs(mark)), 60)
    try:
        yield
    finally:
        for number in programs(mark):
            stage.end(number)
        until("the program has ended", lambda: not programs(mark), 60)


def held_file(stage: Stage) -> None:
    """A file that another program holds open: a repair ends with the step and the file and serves on, and the next repair restores it."""
    install = f"{stage.release('r1', OLD)}\\install.ps1"
    page = stage.program / OLD / "app" / "demo" / "make_catalogue.py"
    good = (stage.disk / "r1" / "app" / "demo" / "make_catalogue.py").read_bytes()
    page.write_bytes(good + b"# changed\n")
    with held(stage, rf"C:\Program Files\RoutingML\{OLD}\app\demo\make_catalogue.py"):
        said = stage.play(install, *stage.proxy, expected=1)
        says(said, "failed at step place", "demo\\make_catalogue.py cannot be replaced")
        serves(OLD)
    stage.play(install, *stage.proxy)
    if page.read_bytes() != good:
        raise Differs(f"{page} is not restored")
    serves(OLD)


def will_not_stop(stage: Stage) -> None:
    """A service that takes no order to stop: the upgrade ends with the step and its name, and the former version serves.

    A process of WinSW that is kept from running is no way to play it: under Wine the service manager then answers nobody any more.
    """
    with stage.refusing("sc.exe stop RoutingML-Ann"):
        said = stage.play(f"{stage.release('r2', NEW)}\\upgrade.ps1", expected=WENT_BACK)
    says(said, "at step stop", "RoutingML-Ann could not be stopped")
    if stage.journal_step():
        raise Differs("the journal is still there")
    until_serves(OLD)


def second_installer(stage: Stage) -> None:
    """While one installer works a second one is refused, and the first one comes to its end."""
    upgrade = f"{stage.release('r2', NEW)}\\upgrade.ps1"
    journal = r"C:\ProgramData\RoutingML\install\operation.json"
    begun = f"-NoProfile -ExecutionPolicy Bypass -File {upgrade}"
    lines = (
        f"$first = Start-Process -FilePath C:\\pwsh\\pwsh.exe -ArgumentList '{begun}' -PassThru -NoNewWindow "
        "-RedirectStandardOutput C:\\standins\\run\\first.txt -RedirectStandardError C:\\standins\\run\\first-errors.txt",
        "$null = $first.Handle",
        f"while (-not $first.HasExited -and -not (Test-Path -LiteralPath '{journal}')) {{ Start-Sleep -Milliseconds 200 }}",
        f"& '{upgrade}'",
        "'== the second one ended with ' + $LASTEXITCODE",
        "$first.WaitForExit()",
        "'== the first one ended with ' + $first.ExitCode",
    )
    _code, said = stage.call(options=["--command", "\n".join(lines)])
    says(said, "== the second one ended with 1", "== the first one ended with 0")
    serves(NEW)
    stage.play(f"{INSTALLED}\\rollback.ps1")
    serves(OLD)
