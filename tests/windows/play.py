"""Plays scenarios of the Windows scripts under Wine and compares what was told to the system with what is written; see README.md."""

from __future__ import annotations

import argparse
import difflib
import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = Path(__file__).with_name("scenarios")
GATEWAY_PORT, SITE_PORT = 8133, 8443
SETTINGS = (
    f"ROUTING_ML_GATEWAY_PORT={GATEWAY_PORT}",
    "ROUTING_ML_ANN_ADDRESSES=127.0.0.1:24151",
    "ROUTING_ML_AGGREGATE_ADDRESSES=127.0.0.1:24161",
    "ROUTING_ML_AUTH_ADDRESS=127.0.0.1:24171",
    "ROUTING_ML_TRAINER_ADDRESS=127.0.0.1:24181",
)
SITE = f"https://localhost:{SITE_PORT}"
BY_THEMSELVES = re.compile(r"program \d+ (started|ended)|failure \d+|started after a failure|event log|stopped|started")
LEFT_OUT = ((re.compile(r"\d{8}T?-?\d{6}|process \d+"), "N"), (re.compile(r"S-1-5-87[-\d]+"), "S-1-5-87"))


class Differs(Exception):
    """A scenario did not go as it should; the message says how."""


@dataclass
class Stage:
    """The Windows disk and the commands that play on it.

    Attributes:
        kit: folder of play.sh and release.py. target: the Windows environment.
        caddy: caddy.exe; None: IIS is the proxy wherever services have to serve.
        writes: scenarios whose record is written instead of compared.
    """

    kit: Path
    target: Path
    caddy: Path | None
    writes: Sequence[str] = ()
    releases: set[str] = field(default_factory=set)

    @property
    def disk(self) -> Path:
        """The drive C:."""
        return self.target / "debian13" / "wine" / "drive_c"

    @property
    def proxy(self) -> list[str]:
        """Parameters for the proxy that is there."""
        return ["-Site", SITE] if self.caddy else ["-Site", SITE, "-UseIis"]

    def release(self, name: str, version: str) -> str:
        """Unpack a release once; returns the folder of its scripts."""
        if name not in self.releases:
            command = [
                sys.executable,
                str(self.kit / "release.py"),
                str(self.target),
                str(ROOT),
                name,
                "--version",
                version,
            ]
            command += ["--caddy", str(self.caddy)] if self.caddy else []
            subprocess.run([*command, *SETTINGS], check=True, stdout=subprocess.DEVNULL)
            self.releases.add(name)
        return f"C:\\{name}\\app\\compose-windows"

    def play(self, script: str, *arguments: str, options: Sequence[str] = (), expected: int = 0) -> str:
        """Call a script as a prompt does; returns what it said."""
        command = [str(self.kit / "play.sh"), str(self.target), str(ROOT), "--as-is", *options, script, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace")
        said = done.stdout + done.stderr
        if done.returncode != expected:
            raise Differs(
                f"{script} {' '.join(arguments)} ended with {done.returncode}, not {expected}:\n{said[-3000:]}"
            )
        return said

    def unchanged(self, script: str, *arguments: str, expected: int = 0, options: Sequence[str] = ()) -> str:
        """Call a script that may change nothing, neither the system nor a file."""
        return self.play(script, *arguments, options=["--no-changes", *options], expected=expected)

    def silent(self, script: str, *arguments: str) -> None:
        """Call a script that may tell the system nothing, while services run and write their own files."""
        before = self.told()
        self.play(script, *arguments)
        if self.told() != before:
            raise Differs("\n".join(self.told()[len(before) :]))

    def forget(self) -> None:
        """Take everything away that earlier scenarios left; rights are enforced from now on."""
        subprocess.run([str(self.kit / "play.sh"), str(self.target), str(ROOT), "--as-is", "--reset"], check=True)
        (self.disk / "standins" / "enforce.txt").touch()
        (self.disk / "standins" / "fail.txt").unlink(missing_ok=True)

    def told(self) -> list[str]:
        """What was told to the system, without what differs from run to run."""
        file = self.disk / "standins" / "record.jsonl"
        lines = file.read_text(encoding="utf-8-sig").splitlines() if file.exists() else []
        return [line for line in map(_line, map(json.loads, lines)) if line]

    def refused(self) -> str:
        """What services were refused because no right was granted."""
        file = self.disk / "standins" / "refused.txt"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def compare(self, name: str, told: Sequence[str]) -> None:
        """Compare what was told with what is written."""
        file = WRITTEN / f"{name}.txt"
        text = "".join(f"{line}\n" for line in told)
        if name in self.writes:
            file.write_text(text, encoding="utf-8")
            return
        if not file.exists():
            raise Differs(f"{file.name} is not written yet: read this and keep it with --write {name}\n{text}")
        written = file.read_text(encoding="utf-8")
        if text != written:
            lines = difflib.unified_diff(written.splitlines(), text.splitlines(), "written", "told", lineterm="")
            raise Differs("\n".join(lines))


def _line(entry: dict[str, object]) -> str:
    effect = str(entry.get("effect", ""))
    if BY_THEMSELVES.search(effect) or entry.get("program") in ("service manager", "event log"):
        return ""
    words = entry.get("arguments")
    text = f"{entry.get('program')} {' '.join(map(str, words)) if isinstance(words, list) else ''} -> {effect}"
    for pattern, instead in LEFT_OUT:
        text = pattern.sub(instead, text)
    return text


def serves() -> None:
    """See that the gateway answers and predicts."""
    with urllib.request.urlopen(f"http://127.0.0.1:{GATEWAY_PORT}/health", timeout=30) as answer:
        health = json.loads(answer.read())
    if health.get("status") not in ("ok", "ready", "healthy", "degraded"):
        raise Differs(f"the gateway says {health}")


def says(said: str, *parts: str) -> None:
    """See that each part was said."""
    missing = [part for part in parts if part not in said]
    if missing:
        raise Differs(f"was not said: {missing}\n{said[-3000:]}")


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


def first(stage: Stage) -> None:
    """The first installation with rights enforced: it serves, and what it told the system is as written."""
    stage.forget()
    said = stage.play(f"{stage.release('r1', '1.0.0')}\\install.ps1", *stage.proxy)
    says(said, "password ", "step rights")
    serves()
    stage.compare("first-caddy" if stage.caddy else "first-iis", stage.told())
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
    serves()


def preview_installed(stage: Stage) -> None:
    """Every script with -WhatIf on an installation: nothing changes."""
    scripts = stage.release("r1", "1.0.0")
    for call in (
        ["install.ps1", "-Site", "https://localhost:9443", "-WhatIf"],
        ["uninstall.ps1", "-RemoveData", "-WhatIf"],
        ["register-training-task.ps1", "-WhatIf"],
        ["watchdog.ps1", "-Register", "-WhatIf"],
        ["run-training.ps1", "-WhatIf"],
        ["check-models.ps1", "-WhatIf"],
    ):
        stage.silent(f"{scripts}\\{call[0]}", *call[1:])
    stage.silent(f"{stage.release('r2', '1.1.0')}\\upgrade.ps1", "-WhatIf")


def tasks(stage: Stage) -> None:
    """Both tasks are registered, and a refusal is an exit code."""
    scripts = stage.release("r1", "1.0.0")
    fail = stage.disk / "standins" / "fail.txt"
    fail.write_text("Register-ScheduledTask\n", encoding="utf-8")
    try:
        says(stage.play(f"{scripts}\\register-training-task.ps1", expected=1), "Step task failed")
        says(stage.play(f"{scripts}\\watchdog.ps1", "-Register", expected=1), "Step task failed")
    finally:
        fail.unlink()
    stage.play(f"{scripts}\\register-training-task.ps1", "-Interval", "Quarterly")
    stage.play(f"{scripts}\\watchdog.ps1", "-Register")


def upgrade_and_back(stage: Stage) -> None:
    """An upgrade serves, and so does the version before after the rollback."""
    scripts = stage.release("r2", "1.1.0")
    stage.play(f"{scripts}\\upgrade.ps1")
    serves()
    stage.play(r"C:\Program Files\RoutingML\current\app\compose-windows\rollback.ps1")
    serves()


def removal(stage: Stage) -> None:
    """The data stay; a second removal has nothing to do; with -RemoveData they go."""
    own = r"C:\Program Files\RoutingML\current\app\compose-windows\uninstall.ps1"
    stage.play(own, "-Confirm:$false")
    data = stage.disk / "ProgramData" / "RoutingML"
    if (stage.disk / "Program Files" / "RoutingML").exists() or not (data / ".env").is_file():
        raise Differs("the program is still there, or the data are not")
    release = f"{stage.release('r1', '1.0.0')}\\uninstall.ps1"
    stage.unchanged(release, "-Confirm:$false")
    stage.play(release, "-RemoveData", "-Confirm:$false")
    stage.play(release, "-RemoveData", "-Confirm:$false")
    if data.exists():
        raise Differs(f"{data} is still there")


SCENARIOS: dict[str, Callable[[Stage], None]] = {
    "preview": preview,
    "refusals": refusals,
    "first": first,
    "second": second,
    "preview-installed": preview_installed,
    "tasks": tasks,
    "upgrade-and-back": upgrade_and_back,
    "removal": removal,
}


def played(stage: Stage, names: Sequence[str]) -> Iterator[tuple[str, str, float]]:
    """Each scenario, what differed ("": nothing), and how long it took."""
    for name in names:
        started, wrong = time.monotonic(), ""
        try:
            SCENARIOS[name](stage)
        except Differs as error:
            wrong = str(error)
        yield name, wrong, time.monotonic() - started


def main() -> int:
    """Play scenarios; returns 1 when one differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kit", type=Path, required=True, help="folder of play.sh and release.py")
    parser.add_argument("--target", type=Path, required=True, help="the Windows environment")
    parser.add_argument("--caddy", type=Path, help="caddy.exe for Windows; without it IIS is the proxy")
    parser.add_argument("--write", action="append", default=[], help="scenario whose record is written")
    parser.add_argument("scenarios", nargs="*", choices=[*SCENARIOS, []], help="default: all, in order")
    known = parser.parse_args()
    stage = Stage(known.kit.absolute(), known.target.absolute(), known.caddy, known.write)
    failed = 0
    for name, wrong, seconds in played(stage, known.scenarios or list(SCENARIOS)):
        failed += bool(wrong)
        sys.stdout.write(f"{name}: {wrong or 'green'} ({seconds:.0f} s)\n")
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
