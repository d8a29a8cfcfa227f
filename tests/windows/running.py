"""Scenarios of running: first version, predictions, tasks, watchdog, code pages, activation under load, many connections."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.windows.changing import differences, serves_predictions
from tests.windows.installing import PACKAGES, not_refused
from tests.windows.stage import (
    CATALOGUE,
    GATEWAY_PORT,
    INSTALLED,
    ITEMS,
    ROOT,
    SITE_PORT,
    Differs,
    Stage,
    halt,
    processes,
    says,
    serves,
    until,
    without_times,
)

PYTHON = "C:\\Program Files\\RoutingML\\current\\venv\\Scripts\\python.exe"
COMMAND = "& 'C:\\Program Files\\RoutingML\\current\\venv\\Scripts\\routing-ml.cmd'"


def routing_ml(stage: Stage, *words: str, expected: int = 0) -> str:
    """Call routing-ml of the installation with its output in a file; returns what it said."""
    code, said = stage.call(options=["--command", f"{COMMAND} {' '.join(words)}; exit $LASTEXITCODE"])
    if code != expected:
        raise Differs(f"routing-ml {' '.join(words)} ended with {code}, not {expected}:\n{said[-2500:]}")
    return said


def trained(stage: Stage, label: str) -> str:
    """Train a version by the script of the scheduled task; returns its name."""
    stage.play(f"{INSTALLED}\\run-training.ps1", "-Label", label)
    found = sorted(path.name for path in (stage.data / "models").iterdir() if path.name.endswith(label))
    if not found:
        raise Differs(f"no version {label} was made")
    return found[-1]


def first_version(stage: Stage) -> None:
    """A training makes a version, its activation is taken over by running services, and they predict."""
    version = trained(stage, "first")
    routing_ml(stage, "models", "activate", version)
    until("predictions", lambda: serves_predictions(stage))
    found = stage.predictions()
    if found["version"] != version or not found["items"]:
        raise Differs(str(found)[:500])
    not_refused(stage)


def tasks(stage: Stage) -> None:
    """Both tasks are registered and run, and a refusal is an exit code."""
    scripts = stage.release("r1", "1.0.0")
    with stage.failing("Register-ScheduledTask"):
        says(stage.play(f"{scripts}\\register-training-task.ps1", expected=1), "Step task failed")
        says(stage.play(f"{scripts}\\watchdog.ps1", "-Register", expected=1), "Step task failed")
    stage.play(f"{scripts}\\register-training-task.ps1", "-Interval", "Quarterly")
    stage.play(f"{scripts}\\watchdog.ps1", "-Register")
    code, said = stage.call(options=["--command", "Start-ScheduledTask -TaskName RoutingML-Watchdog -ErrorAction Stop"])
    if code:
        raise Differs(f"the watchdog's task ended with {code}: {said}")
    says(stage.play(f"{scripts}\\status.ps1"), "1.0.0")


def watchdog(stage: Stage) -> None:
    """A crashed service comes back by itself, a hanging one by the watchdog and alone, one that starts is left alone."""
    script = f"{INSTALLED}\\watchdog.ps1"
    stage.play(script, "-Patience", "5")
    for number in processes("ann_service"):
        os.kill(number, signal.SIGKILL)
    until("the crashed search is back", lambda: bool(processes("ann_service")), 60)
    stage.play(script, "-Patience", "5")  # it has just been started
    until("predictions", lambda: serves_predictions(stage))
    others = {package: processes(package) for package in PACKAGES if package != "ann_service"}
    time.sleep(1)
    hanging = halt("ann_service")
    _age(stage)
    before = stage.events().count(3000)
    said = stage.play(script, "-Patience", "5", expected=1)
    says(said, "RoutingML-Ann")
    if stage.events().count(3000) != before + 1:
        raise Differs("there is no event 3000")
    until("the search is another process", lambda: bool(set(processes("ann_service")) - set(hanging)), 120)
    now = {package: processes(package) for package in PACKAGES if package != "ann_service"}
    if now != others:
        raise Differs(f"other services were restarted: {others}, {now}")
    until("predictions", lambda: serves_predictions(stage))
    serves("1.0.0")


def _age(stage: Stage) -> None:
    """Wait until a service no longer counts as starting."""
    from installer.daily_commands import STARTING_SECONDS

    newest = max(Path(f"/proc/{number}").stat().st_ctime for number in processes("ann_service"))
    time.sleep(max(0.0, newest + STARTING_SECONDS + 5 - time.time()))


COMMANDS: tuple[tuple[str, ...], ...] = (
    ("models", "list"),
    ("models", "check", "--dry-run"),
    ("models", "doctor", "C:\\ProgramData\\RoutingML\\models"),
    ("status",),
    ("doctor",),
    ("logs", "-n", "3"),
    ("watchdog",),
    ("access", "diagnose", CATALOGUE),
    ("predict", "ADB-0001499", "ADC-0001586", "--format", "json"),
    ("predict", "ADB-0001499"),
    ("evaluate", "--items", "20"),
)


MARK = "== ended with"


def code_pages(stage: Stage) -> None:
    """Every command with redirected output, code pages 437 and 949 in a prompt, 1252 without one: it ends as it should, no letter lost."""
    ended = [(page, *one) for page in (437, 949) for one in _in_a_prompt(stage, page)]
    for words in COMMANDS:
        code, said = stage.run(PYTHON, "-P", "-m", "cli", *words, codepage=1252)
        ended.append((1252, words, code, said.decode("cp1252", "replace")))
    wrong = []
    for page, words, code, text in ended:
        allowed = (0, 1) if "doctor" in words else (0,)  # the folder of the models is no version
        if code not in allowed or "Traceback" in text or "codec" in text:
            wrong.append(f"code page {page}: {' '.join(words)} ended with {code}:\n{text[-1200:]}")
    if wrong:
        raise Differs("\n".join(wrong))


def _in_a_prompt(stage: Stage, page: int) -> list[tuple[tuple[str, ...], int, str]]:
    """Each command with its exit code and what it said, called from one prompt with its output in a file."""
    stage.codepage = page
    calls = [f"{COMMAND} {' '.join(words)}; '{MARK} ' + $LASTEXITCODE" for words in COMMANDS]
    try:
        _code, said = stage.call(options=["--command", "\n".join(calls)])
    finally:
        stage.codepage = 437
    parts = re.split(rf"{MARK} (-?\d+)", said)
    if len(parts) != 2 * len(COMMANDS) + 1:
        raise Differs(f"code page {page}: {said[-2000:]}")
    return [(words, int(code), text) for words, text, code in zip(COMMANDS, parts[::2], parts[1::2], strict=False)]


@contextlib.contextmanager
def asking(stage: Stage) -> Iterator[dict[str, int]]:
    """Three clients predict meanwhile: none may be refused. Yields how many answers each version has given."""
    said: dict[str, int] = {}
    failed: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                answered = str(stage.predictions()["version"])
                said[answered] = said.get(answered, 0) + 1
            except OSError as error:
                failed.append(repr(error))

    clients = [threading.Thread(target=ask) for _ in range(3)]
    for client in clients:
        client.start()
    try:
        yield said
    finally:
        stop.set()
        for client in clients:
            client.join()
    print(f"answers by version: {said}, failed requests: {len(failed)}")
    if failed:
        raise Differs(f"{len(failed)} requests failed ({failed[:3]}), answered: {said}")


def activation_under_load(stage: Stage) -> None:
    """A second version is activated while clients predict: no request fails, and both versions have answered."""
    version = trained(stage, "second")
    first = stage.predictions()["version"]
    with asking(stage) as said:
        routing_ml(stage, "models", "activate", version)
        until("the second version answers", lambda: version in said)
        routing_ml(stage, "models", "activate", first)
        until("the first version answers again", lambda: stage.predictions()["version"] == first)
    if set(said) != {first, version}:
        raise Differs(f"answered: {said}")
    not_refused(stage)


def retired_version(stage: Stage) -> None:
    """The version that answered until now is deleted at once after another was activated: no request fails, and its files go."""
    before = stage.predictions()["version"]
    others = [trained(stage, label) for label in ("third", "fourth")]
    with asking(stage) as said:
        for version in others:
            routing_ml(stage, "models", "activate", version)
        line = f"{COMMAND} models retention --apply --keep 1 --keep-good 1; exit $LASTEXITCODE"
        _code, told = stage.call(options=["--command", line])  # 1: it is mapped still, and the next time will do it
        until("the newest version answers", lambda: others[-1] in said)
        routing_ml(stage, "models", "retention", "--apply", "--keep", "1", "--keep-good", "1")
    left = [path.name for path in (stage.data / "models").iterdir() if before in path.name]
    if left:
        raise Differs(f"{left} is still there:\n{told[-1500:]}")
    not_refused(stage)


def exports(stage: Stage) -> None:
    """Predictions are written to a file and downloaded with rights enforced; a backup is made while services run."""
    account = {"username": "admin@routing.local", "password": stage.password()}
    token = stage.post("/api/auth/login", account)["token"]
    answer = stage.post("/api/predict/export?format=csv", {"item_codes": [ITEMS[0]]}, token)
    written = stage.disk / answer["path"].removeprefix("C:\\").replace("\\", "/")
    if not written.is_file() or written.stat().st_size != answer["bytes"]:
        raise Differs(f"nothing was exported: {answer}")
    routing_ml(stage, "backup", "C:\\ProgramData\\RoutingML\\backups\\by-hand.zip")
    if not (stage.data / "backups" / "by-hand.zip").exists():
        raise Differs("there is no backup")
    not_refused(stage)


def many_connections(stage: Stage) -> None:
    """2,000 connections with half a request each: the gateway answers with them open and after them."""
    script = stage.kit / "checks" / "connections.py"
    done = subprocess.run(["python3", str(script), str(GATEWAY_PORT), "2000"], capture_output=True, text=True)
    if done.returncode:
        raise Differs(done.stdout + done.stderr)
    print(done.stdout)
    serves("1.0.0")


def as_on_linux(stage: Stage) -> None:
    """A version that was trained on Windows is judged there and on Linux: every figure agrees to 1e-6."""
    version = stage.predictions()["version"]
    judged = ["--source", CATALOGUE, "--items", "60", "--json", "C:\\standins\\judged.json"]
    routing_ml(stage, "evaluate", version, *judged)
    own = stage.target / "judged.json"
    python = (
        str(Path(os.environ["ROUTING_ML_VENV"]) / "bin" / "python") if "ROUTING_ML_VENV" in os.environ else "python3"
    )
    command = [python, "-m", "cli", "evaluate", str(stage.data / "models" / version)]
    command += ["--source", str(ROOT / "demo" / "catalogue"), "--items", "60", "--json", str(own)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise Differs(done.stdout + done.stderr)
    there, here = (
        json.loads(path.read_text(encoding="utf-8")) for path in (stage.disk / "standins" / "judged.json", own)
    )
    found = differences(without_times(there), without_times(here))
    wrong = [line for line in found if not re.match(r"\.(source|version|model|folder|path)", line)]
    if wrong:
        raise Differs("\n".join(wrong[:20]))


STREAMS = 200
EACH = 20  # streams that one person may have
CONNECTIONS = 2000
LOGIN = "/api/auth/login"


def live_figures(stage: Stage) -> None:
    """200 people watch the live figures of the gateway while predictions are made: each gets its events, and no prediction fails."""
    watched(stage, lambda: http.client.HTTPConnection("127.0.0.1", GATEWAY_PORT, timeout=60))


def crowd_at_the_site(stage: Stage) -> None:
    """2,000 browsers hold a connection with half a request, and 200 watch the live figures: all are served, by one gateway process."""
    import resource

    if not stage.caddy:
        raise Differs("needs --caddy")
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    opened = []
    try:
        for _ in range(CONNECTIONS):
            opened.append(site_connection())
            opened[-1].connect()
            opened[-1].sock.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n")
        watched(stage, site_connection)
        said = Counter(finished(connection) for connection in opened)
    finally:
        for connection in opened:
            connection.close()
    print(f"answers of the {CONNECTIONS} once their requests were whole: {dict(said)}")
    if said != {"200": CONNECTIONS}:
        raise Differs(f"not all were answered: {said}")
    serves("1.0.0")


def site_connection() -> http.client.HTTPSConnection:
    """A browser's connection to the site, which has a certificate of Caddy's own authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection("localhost", SITE_PORT, timeout=60, context=context)


def finished(connection: http.client.HTTPSConnection) -> str:
    """Status of the answer once the request is whole, or why there is none."""
    try:
        connection.sock.sendall(b"\r\n")
        return connection.sock.recv(4096)[9:12].decode() or "closed"
    except OSError as error:
        return repr(error)


def viewers(stage: Stage) -> list[str]:
    """Tokens of as many people as may have 200 streams together."""
    admin = stage.post(LOGIN, {"username": "admin@routing.local", "password": stage.password()})["token"]
    tokens = []
    for number in range(STREAMS // EACH):
        account = {"username": f"viewer-{number}@routing.local", "password": "Figures-of-the-plant-2026"}
        with contextlib.suppress(OSError):  # it is there already
            stage.post("/api/auth/register", account)
            stage.post("/api/auth/admin/approve", {"username": account["username"]}, admin)
        tokens.append(str(stage.post(LOGIN, account)["token"]))
    return tokens


def watched(stage: Stage, connect: Callable[[], http.client.HTTPConnection]) -> None:
    """200 watch the live figures while predictions are made: each gets its events, and no prediction fails."""
    tokens = viewers(stage)
    events, failed = [0] * STREAMS, list[str]()
    stop = threading.Event()

    def watch(number: int) -> None:
        connection = connect()
        try:
            connection.request(
                "GET", "/api/system/events", headers={"Authorization": f"Bearer {tokens[number // EACH]}"}
            )
            answer = connection.getresponse()
            while not stop.is_set() and events[number] < 3:
                line = answer.readline()
                if not line:
                    raise OSError(f"the stream ended with {answer.status}")
                events[number] += line.startswith(b"data:")
        except (OSError, http.client.HTTPException) as error:
            failed.append(repr(error))
        finally:
            connection.close()

    watchers = [threading.Thread(target=watch, args=(number,)) for number in range(STREAMS)]
    for watcher in watchers:
        watcher.start()
    try:
        for _ in range(10):
            stage.predictions()
        until("everybody has three events", lambda: min(events) >= 3 or bool(failed))
    finally:
        stop.set()
        for watcher in watchers:
            watcher.join()
    if failed:
        raise Differs(f"{len(failed)} of {STREAMS} streams failed: {failed[:3]}")
