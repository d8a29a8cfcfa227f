"""The Windows disk, the commands that play on it, and what is compared; see README.md."""

from __future__ import annotations

import contextlib
import difflib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = Path(__file__).with_name("scenarios")
GATEWAY_PORT, SITE_PORT = 8133, 8443
SITE = f"https://localhost:{SITE_PORT}"
CATALOGUE = "C:\\catalogue"
SETTINGS = (
    f"ROUTING_ML_GATEWAY_PORT={GATEWAY_PORT}",
    "ROUTING_ML_ANN_ADDRESSES=127.0.0.1:24151",
    "ROUTING_ML_AGGREGATE_ADDRESSES=127.0.0.1:24161",
    "ROUTING_ML_AUTH_ADDRESS=127.0.0.1:24171",
    "ROUTING_ML_TRAINER_ADDRESS=127.0.0.1:24181",
    f"ROUTING_ML_DATASET={CATALOGUE}",
)
INSTALLED = "C:\\Program Files\\RoutingML\\current\\app\\compose-windows"
WENT_BACK = 10
ITEMS = ("ADB-0001499", "ADC-0001586", "ADP-0001720")
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
        first: folders in front of PATH for the scripts; None: those of the kit, with Python.
        codepage: code page of the prompt.
    """

    kit: Path
    target: Path
    caddy: Path | None
    writes: Sequence[str] = ()
    first: str | None = None
    codepage: int = 437
    releases: set[str] = field(default_factory=set)

    @property
    def disk(self) -> Path:
        """The drive C:."""
        return self.target / "debian13" / "wine" / "drive_c"

    @property
    def data(self) -> Path:
        """The data folder of the usual installation."""
        return self.disk / "ProgramData" / "RoutingML"

    @property
    def program(self) -> Path:
        """The program folder of the usual installation."""
        return self.disk / "Program Files" / "RoutingML"

    @property
    def proxy(self) -> list[str]:
        """Parameters for the proxy that is there."""
        return ["-Site", SITE] if self.caddy else ["-Site", SITE, "-UseIis"]

    def release(self, name: str, version: str) -> str:
        """Unpack a release once; returns the folder of its scripts."""
        if name not in self.releases:
            command = [sys.executable, str(self.kit / "release.py"), str(self.target), str(ROOT), name]
            command += ["--version", version]
            command += ["--caddy", str(self.caddy)] if self.caddy else []
            done = subprocess.run([*command, *SETTINGS], capture_output=True, text=True)
            if done.returncode:
                raise Differs(done.stdout + done.stderr)
            shutil.copytree(ROOT / "demo" / "catalogue", self.disk / "catalogue", dirs_exist_ok=True)
            self.releases.add(name)
        return f"C:\\{name}\\app\\compose-windows"

    def write_sums(self, name: str) -> None:
        """Make the sums of a release right again after a file of it was changed."""
        sys.path.insert(0, str(ROOT))
        from installer.release_archive import write_sums

        write_sums(self.disk / name)

    def _command(self, options: Sequence[str]) -> list[str]:
        page = ["--codepage", str(self.codepage)] if self.codepage != 437 else []
        return [str(self.kit / "play.sh"), str(self.target), str(ROOT), "--as-is", *page, *options]

    def _variables(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ROUTING_ML_")}
        return kept if self.first is None else {**kept, "FIRST": self.first}

    def begin(self, script: str, *arguments: str) -> subprocess.Popen[str]:
        """Call a script as a prompt does and do not wait for it."""
        return subprocess.Popen(
            [*self._command([]), script, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=self._variables(),
        )

    def call(self, *words: str, options: Sequence[str] = ()) -> tuple[int, str]:
        """Call a script as a prompt does, or a line with the option --command; returns its exit code and what it said."""
        done = subprocess.run(
            [*self._command(options), *words],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=self._variables(),
        )
        return done.returncode, done.stdout + done.stderr

    def play(self, script: str, *arguments: str, options: Sequence[str] = (), expected: int = 0) -> str:
        """Call a script as a prompt does; returns what it said."""
        code, said = self.call(script, *arguments, options=options)
        if code != expected:
            raise Differs(f"{script} {' '.join(arguments)} ended with {code}, not {expected}:\n{said[-3000:]}")
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

    def told_no(self, script: str, *arguments: str) -> str:
        """Call a script with -Confirm and answer No to whatever it asks: the system is told nothing. Returns what was said."""
        before = self.told()
        words = " ".join(_literal(argument) for argument in (*arguments, "-Confirm"))
        asked = self.disk / "standins" / "asked.ps1"
        asked.write_text(f"& '{script}' {words}\nexit $LASTEXITCODE\n", encoding="utf-8-sig")
        line = "@('N') * 9 | C:\\pwsh\\pwsh.exe -NoProfile -ExecutionPolicy Bypass -File C:\\standins\\asked.ps1; exit $LASTEXITCODE"
        code, said = self.call(options=["--command", line])
        if code or self.told() != before:
            raise Differs(f"No to {script} ended with {code} and told {self.told()[len(before) :]}:\n{said[-3000:]}")
        return said

    def run(self, program: str, *arguments: str, codepage: int = 1252) -> tuple[int, bytes]:
        """Run a program of the disk with its output in a pipe; returns its exit code and what it wrote."""
        command = [str(self.kit / "run.sh"), str(self.target), str(ROOT), "--as-is", "--codepage", str(codepage), "--"]
        done = subprocess.run([*command, program, *arguments], capture_output=True, env=self._variables())
        return done.returncode, done.stdout + done.stderr

    def forget(self) -> None:
        """Take everything away that earlier scenarios left; rights are enforced from now on."""
        subprocess.run([str(self.kit / "play.sh"), str(self.target), str(ROOT), "--reset"], check=True)
        own = self.disk / "standins"
        (own / "enforce.txt").touch()
        for name in ("fail.txt", "refuse.txt", "refused-call.txt", "cut.txt", "cut-reached.txt"):
            (own / name).unlink(missing_ok=True)
        shutil.copyfile(Path(__file__).with_name("refusing.py"), own / "python" / "usercustomize.py")

    def cut_power(self) -> None:
        """End every program at once, the service manager too; the services that start by themselves do so at the next call."""
        subprocess.run([str(self.kit / "play.sh"), str(self.target), str(ROOT), "--as-is", "--end"], check=True)

    @contextlib.contextmanager
    def failing(self, command: str) -> Iterator[None]:
        """Let Windows refuse what a command of PowerShell asks for."""
        fail = self.disk / "standins" / "fail.txt"
        fail.write_text(f"{command}\n", encoding="utf-8")
        try:
            yield
        finally:
            fail.unlink()

    @contextlib.contextmanager
    def refusing(self, *words: str) -> Iterator[None]:
        """Let the first program whose call has all of these words be refused (exit code 5), or a function whose name is the first word.

        Raises:
            Differs: none was called.
        """
        refuse, refused = (self.disk / "standins" / name for name in ("refuse.txt", "refused-call.txt"))
        refused.unlink(missing_ok=True)
        refuse.write_text("\n".join(words), encoding="utf-8")
        try:
            yield
            if refuse.exists() and not refused.exists():
                raise Differs(f"nothing was called with {words}")
        finally:
            refuse.unlink(missing_ok=True)

    @contextlib.contextmanager
    def waiting_after(self, step: str) -> Iterator[Path]:
        """Let the installer wait at the end of a step for the power to be cut; yields the file that says that it does."""
        cut, reached = (self.disk / "standins" / name for name in ("cut.txt", "cut-reached.txt"))
        reached.unlink(missing_ok=True)
        cut.write_text(step, encoding="utf-8")
        try:
            yield reached
        finally:
            cut.unlink(missing_ok=True)

    def without(self, version: str) -> None:
        """Take a version's folder away that an earlier scenario left, so that it is installed from its first file."""
        shutil.rmtree(self.program / version, ignore_errors=True)

    def end(self, number: int) -> None:
        """End a process that a scenario started."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)

    def told(self) -> list[str]:
        """What was told to the system, without what differs from run to run."""
        file = self.disk / "standins" / "record.jsonl"
        lines = file.read_text(encoding="utf-8-sig").splitlines() if file.exists() else []
        return [line for line in map(_line, map(json.loads, lines)) if line]

    def events(self) -> list[int]:
        """Numbers of the events of the scripts, oldest first."""
        file = self.disk / "standins" / "events.jsonl"
        lines = file.read_text(encoding="utf-8-sig").splitlines() if file.exists() else []
        found = []
        for line in lines:
            entry = {name.lower(): value for name, value in json.loads(line).items()}
            number = entry.get("id", entry.get("event", entry.get("eventid")))
            if isinstance(number, int):
                found.append(number)
        return found

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

    def journal_step(self) -> str:
        """The step that a change is at; "" when none is under way."""
        try:
            text = (self.data / "install" / "operation.json").read_text(encoding="utf-8")
            return str(json.loads(text)["step"])
        except (OSError, ValueError, KeyError):
            return ""

    def password(self) -> str:
        """The administrator's password, as the installation told it."""
        return (self.target / "password").read_text(encoding="utf-8").strip()

    def keep_password(self, said: str) -> None:
        """Keep the password that an installation has told."""
        found = re.search(r"(?:password|비밀번호|암호)\s+([A-Za-z0-9]{5}(?:-[A-Za-z0-9]{5}){3})", said)
        if not found:
            raise Differs(f"no password was told:\n{said[-2000:]}")
        (self.target / "password").write_text(found.group(1), encoding="utf-8")

    def post(self, path: str, body: object, token: str = "") -> Any:
        """Ask the gateway."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        address = f"http://127.0.0.1:{GATEWAY_PORT}{path}"
        request = urllib.request.Request(address, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def predictions(self) -> Any:
        """What the gateway predicts for some items: version, candidates and routings, without times of measuring."""
        token = self.post("/api/auth/login", {"username": "admin@routing.local", "password": self.password()})["token"]
        said = self.post("/api/predict", {"item_codes": list(ITEMS), "top_k": 10}, token)
        said["version"] = said.pop("metrics").get("model_version")
        return without_times(said)


def without_times(said: Any) -> Any:
    """An answer without what says when it was made."""
    if isinstance(said, dict):
        return {name: without_times(value) for name, value in said.items() if not name.endswith(("_at", "seconds"))}
    return [without_times(value) for value in said] if isinstance(said, list) else said


def _literal(argument: str) -> str:
    return argument if re.match(r"-[A-Za-z]", argument) else "'" + argument.replace("'", "''") + "'"


def _line(entry: dict[str, object]) -> str:
    effect = str(entry.get("effect", ""))
    if BY_THEMSELVES.search(effect) or entry.get("program") in ("service manager", "event log"):
        return ""
    words = entry.get("arguments")
    text = f"{entry.get('program')} {' '.join(map(str, words)) if isinstance(words, list) else ''} -> {effect}"
    for pattern, instead in LEFT_OUT:
        text = pattern.sub(instead, text)
    return text


def health() -> dict[str, Any]:
    """What the gateway says of itself; empty when nothing answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{GATEWAY_PORT}/health", timeout=30) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:  # 503: it answers and cannot predict
        return dict(json.load(error))
    except OSError:
        return {}


def serves(version: str) -> dict[str, Any]:
    """See that the gateway of a version answers and has its database; returns what it says."""
    said = health()
    if not said.get("live") or said.get("version") != version or not said["checks"]["database"]["ok"]:
        raise Differs(f"version {version} does not serve, the gateway says {said}")
    return said


def says(said: str, *parts: str) -> None:
    """See that each part was said."""
    missing = [part for part in parts if part not in said]
    if missing:
        raise Differs(f"was not said: {missing}\n{said[-3000:]}")


def until(what: str, holds: Callable[[], bool], seconds: float = 180.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise Differs(f"after {seconds:.0f} s still not: {what}")
        time.sleep(0.3)


def processes(package: str) -> list[int]:
    """The Windows Pythons that run a service, by their numbers on this machine."""
    return _processes(lambda words: words[0].lower().endswith("python.exe") and package in words)


def programs(part: str) -> list[int]:
    """The Windows programs in whose call a text is, by their numbers on this machine."""
    return _processes(lambda words: ".exe" in words[0].lower() and part in " ".join(words))


def _processes(wanted: Callable[[list[str]], bool]) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
            if wanted(words):
                found.append(int(folder.name))
    return sorted(found)


def halt(package: str) -> list[int]:
    """Let a service hang: its processes are there and do nothing."""
    found = processes(package)
    for number in found:
        os.kill(number, signal.SIGSTOP)
    return found
