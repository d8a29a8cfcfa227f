"""The commands of manage.py: prepare what a command needs, then hand over to the virtual environment."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bootstrap import documents, frontend, lock, system_packages
from bootstrap.environment import ROOT, Environment, venv_folder
from bootstrap.progress import SetupFailed, notice
from common.exit_codes import ExitCode
from common.source_addresses import absolute_source
from common.standard_output import prepare_standard_output

MOST_TEST_PROCESSES = 8
"""Each starts the whole system once."""

DESCRIPTION = """\
Runs Routing ML from a clone.

  python3 manage.py up                     start everything, with the demo catalogue
  python3 manage.py up --data FILE.accdb   start with an Access file, or a folder of Parquet or CSV tables
  python3 manage.py up --data DIR --profile FILE.json   start with tables of any plant, as its input profile reads them
  python3 manage.py test                   run all tests and checks
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="manage.py", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="install what is missing and start all processes; Ctrl-C stops them")
    up.add_argument("--data", metavar="FILE|DIR|ADDRESS", help="data source; remembered for the next start")
    up.add_argument("--profile", metavar="FILE.json", help="input profile that says what the tables of --data mean")
    up.add_argument("--port", type=int, help="port of the gateway (8000)")
    up.add_argument("--detach", action="store_true", help="return when everything runs, and leave it running")
    commands.add_parser("down", help="stop all processes")
    status = commands.add_parser("status", help="which processes run, and how")
    status.add_argument("--json", action="store_true", help="for programs")
    commands.add_parser("test", help="run all tests and checks; arguments go to pytest", add_help=False)
    commands.add_parser("setup", help="only install what is missing, for running and for testing")
    commands.add_parser("docs", help="build the documents that the gateway serves under /docs")
    commands.add_parser("tool", help="run ruff, black, mypy ... of the virtual environment", add_help=False)
    locking = commands.add_parser("lock", help="write requirements/*.txt from requirements/*.in")
    locking.add_argument("--upgrade", action="store_true", help="take the newest versions")
    locking.add_argument("--check", action="store_true", help="compare only; exit code 1 when a file would change")
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code."""
    prepare_standard_output()
    known, rest = _parser().parse_known_args(arguments)
    if rest and known.command not in ("test", "tool"):
        _parser().error(f"unknown arguments: {' '.join(rest)}")
    try:
        if known.command == "lock":
            return _lock(known)
        if known.command in ("down", "status"):
            return _ask_running(known)
        if known.command == "test":
            return _test(rest)
        if known.command == "tool":
            return _hand_over(_prepared_for_tests(), ["-m", *(rest or ["pip", "list"])])
        if known.command == "docs":
            documents.build(_prepared_for_tests())
            return 0
        if known.command == "setup":
            return _setup()
        return _up(known)
    except SetupFailed as error:
        notice(str(error))
        return ExitCode.FAILED
    except KeyboardInterrupt:
        notice("\nInterrupted; start again to go on.")
        return 130


def _up(known: argparse.Namespace) -> int:
    environment = _prepare("runtime", [system_packages.ODBC, system_packages.TREES])
    arguments = ["up"]
    if known.data:
        arguments += ["--data", absolute_source(known.data)]
    if known.profile:
        arguments += ["--profile", str(Path(known.profile).absolute())]
    if known.port is not None:
        arguments += ["--port", str(known.port)]
    if known.detach:
        arguments.append("--detach")
    return _hand_over(environment, ["-m", "cli", *arguments])


def _ask_running(known: argparse.Namespace) -> int:
    environment = Environment(venv_folder())
    if not environment.python.exists():
        print(json.dumps({"running": False}) if getattr(known, "json", False) else "Routing ML is not running.")
        return ExitCode.NOT_RUNNING if known.command == "status" else 0
    json_option = ["--json"] if getattr(known, "json", False) else []
    return _hand_over(environment, ["-m", "cli", known.command, *json_option])


def _test(arguments: Sequence[str]) -> int:
    needs = [system_packages.ODBC, system_packages.TREES, system_packages.DATABASE]
    needs += [system_packages.DATABASE_BY_ODBC, system_packages.PROXY]
    if (ROOT / "frontend" / "package.json").exists():
        needs.append(system_packages.BROWSER)
    environment = _prepare("dev", needs)
    if not arguments:  # the suite starts hundreds of processes, some of which may not write what they have compiled
        environment.compile()
    return _hand_over(environment, ["-m", "pytest", *pytest_arguments(arguments)])


def pytest_arguments(arguments: Sequence[str]) -> list[str]:
    """Arguments for pytest: the whole suite runs on one process more than there are cores, as tests wait for the processes that they
    start, and whole files each; what somebody chose runs as asked.
    """
    if arguments:
        return list(arguments)
    processes = min(max(2, os.cpu_count() or 1) + 1, MOST_TEST_PROCESSES)
    return ["-n", str(processes), "--dist", "loadfile", "--no-loadscope-reorder"]


def _prepared_for_tests() -> Environment:
    environment = Environment(venv_folder())
    environment.ensure("dev")
    return environment


def _setup() -> int:
    environment = _prepare("dev", [system_packages.ODBC])
    documents.build(environment)
    environment.compile()
    notice(f"Ready: {environment.folder}")
    return 0


def _lock(known: argparse.Namespace) -> int:
    changed = lock.lock(upgrade=known.upgrade, check=known.check)
    for name in changed:
        notice(f"requirements/{name} {'would change: run manage.py lock' if known.check else 'written'}")
    return ExitCode.FAILED if known.check and changed else 0


def _prepare(requirements: str, needs: Sequence[system_packages.Need]) -> Environment:
    """Install what is missing of the system's packages, the Python packages and the frontend's build; the last two at the same time."""
    system_packages.ensure(needs)
    environment = Environment(venv_folder())
    screens = frontend.begin()
    try:
        if not environment.python.exists():
            system_packages.ensure_venv_module()
        environment.ensure(requirements)
    except BaseException:
        if screens is not None:
            screens.give_up()
        raise
    if screens is not None:
        screens.finish(environment)
    return environment


def _hand_over(environment: Environment, arguments: Sequence[str]) -> int:
    """Run the environment's interpreter in this terminal; its exit code is ours, and so are its signals."""
    command = [str(environment.python), *arguments]
    variables = {**os.environ, "PYTHONUTF8": "1"}
    variables.pop("PYTHONHOME", None)
    if sys.platform != "win32":
        os.chdir(ROOT)
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(command[0], command, variables)  # noqa: S606 - the same terminal, the same process id
    child = subprocess.Popen(command, env=variables, cwd=ROOT)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:  # the terminal has told the child too, which ends in order
            continue
