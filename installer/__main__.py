"""`python -m installer`: install, upgrade, roll back and look at an installation; make releases.

On Windows the scripts in compose-windows/ are what to call: they use the command front-door, which also knows services, rights and the
firewall. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 nothing is installed, 10 a change failed and the former version serves again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bootstrap.environment import IS_WINDOWS, ROOT, Environment, venv_folder
from bootstrap.progress import SetupFailed, notice
from common.standard_output import json_text, prepare_standard_output
from installer import checks, current_link, front_door, settings_files, verification
from installer.change import Change, WentBack
from installer.front_door import FAILED, NOT_INSTALLED, WENT_BACK
from installer.installation_status import status
from installer.journal import exclusively, previous_version, read_operation
from installer.layout import Layout
from installer.locating import DEFAULT_DATA, DEFAULT_PROGRAM
from installer.program_files import remove_version
from installer.release_source import ReleaseSource
from installer.running_system import NothingRuns, SupervisedProcesses
from installer.wording import words


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m installer", description=__doc__.splitlines()[0] if __doc__ else "")
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--program", type=Path, default=Path(DEFAULT_PROGRAM), help="folder of the program")
    where.add_argument(
        "--data", type=Path, default=Path(DEFAULT_DATA), help="folder of settings, state, models and logs"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    install = commands.add_parser("install", parents=[where], help="install this release, or upgrade to it")
    install.add_argument(
        "--release", type=Path, default=ROOT, help="unpacked release, or a clone; default: where this runs from"
    )
    install.add_argument("--wheelhouse", type=Path, help="folder of the wheels; default: that of the release")
    install.add_argument("--no-start", action="store_true", help="leave starting and verifying to the caller")
    install.add_argument("--database-saved", action="store_true", help="the PostgreSQL database has been saved")
    install.add_argument("--site", default="", help="names that browsers use, for Caddy; default: https://localhost")
    install.add_argument("--certificate", type=Path, help="PEM file for Caddy; default: Caddy's own authority")
    install.add_argument("--certificate-key", type=Path, help="PEM file of its key")
    rollback = commands.add_parser("rollback", parents=[where], help="let the version before run again")
    rollback.add_argument("--to", metavar="VERSION", help="another installed version")
    rollback.add_argument("--database-saved", action="store_true", help="the PostgreSQL database has been saved")
    commands.add_parser("recover", parents=[where], help="take back what an interrupted change has left")
    shown = commands.add_parser("status", parents=[where], help="versions, the current one, what is being changed")
    shown.add_argument("--json", action="store_true", help="for programs")
    verify = commands.add_parser("verify", parents=[where], help="wait until the current version serves")
    verify.add_argument("--predicts", action="store_true", help="also until predictions are possible")
    verify.add_argument("--seconds", type=float, default=verification.PATIENCE_SECONDS, help="how long to wait")
    remove = commands.add_parser("remove", parents=[where], help="delete an installed version that is not current")
    remove.add_argument("version", nargs="?", default="", help="version to delete")
    remove.add_argument("--all", action="store_true", help="every version and the link; the data stay")
    commands.add_parser("front-door", help="serve a script of compose-windows/ on standard input and output")
    commands.add_parser("packages", help="install the packages of this folder into ROUTING_ML_VENV")
    release = commands.add_parser("release", help="collect program, wheels and frontend into one zip")
    release.add_argument("--platform", choices=("win_amd64", "linux_x86_64"), required=True)
    release.add_argument(
        "--python", action="append", metavar="3.N", help="Python version; may be given several times; default: all"
    )
    release.add_argument("--output", type=Path, default=ROOT / "var" / "releases", help="folder for the zip")
    release.add_argument("--winsw", type=Path, help="WinSW-x64.exe to put into the zip")
    release.add_argument("--caddy", type=Path, help="caddy.exe to put into the zip")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    prepare_standard_output()
    known = _parser().parse_args(arguments)
    try:
        if known.command == "front-door":
            return front_door.main()
        if known.command == "packages":
            environment = Environment(venv_folder())
            environment.ensure("runtime")
            environment.compile()  # the services may not write beside the program
            return 0
        if known.command == "release":
            return _release(known)
        layout = Layout(known.program.absolute(), known.data.absolute())
        if known.command == "status":
            return _status(layout, as_json=known.json)
        if known.command == "verify":
            return _verify(layout, known)
        with exclusively(layout):
            return _change(layout, known)
    except WentBack as error:
        notice(str(error))
        return WENT_BACK
    except (SetupFailed, OSError) as error:
        notice(str(error))
        return FAILED


def _change(layout: Layout, known: argparse.Namespace) -> int:
    leave = known.command == "install" and known.no_start
    if IS_WINDOWS and not leave and known.command != "remove":
        raise SetupFailed(words("check.use_scripts"))
    system = NothingRuns(layout) if leave else SupervisedProcesses(layout)
    change = Change(layout, system, on_step=_tell, verifies=not leave)
    interrupted = change.interrupted()
    recovered = change.recover()
    if recovered:
        notice(recovered)
    if known.command == "recover":
        return 0
    if known.command == "remove":
        return _remove(layout, known)
    if known.command == "install":
        release = ReleaseSource.open(known.release, known.wheelhouse)
        found = checks.check_folders(layout, needs_room=not layout.is_complete(release.version), tries_to_write=True)
        checks.refuse(
            found + checks.check_clock(release) + checks.check_certificate(known.certificate, known.certificate_key)
        )
        said = change.install(release, database_saved=known.database_saved)
        site = known.site or settings_files.site_names(layout) or settings_files.DEFAULT_SITE
        settings_files.write_caddy_env(layout, site, known.certificate, known.certificate_key)
    elif interrupted and not known.to:
        return 0  # what was wanted back is back
    else:
        wanted = known.to or previous_version(layout)
        if wanted is None:
            raise SetupFailed(words("check.no_former", known=", ".join(layout.installed())))
        said = change.go_to(wanted, database_saved=known.database_saved)
    notice(said)
    return 0


def _tell(step: str) -> None:
    notice(words("plan.step", step=step, what=words(f"doing.{step}")))


def _remove(layout: Layout, known: argparse.Namespace) -> int:
    if known.all:
        current_link.remove(layout.current)
        for version in layout.installed():
            remove_version(layout, version)
        return 0
    if known.version in (layout.active(), previous_version(layout)):
        raise SetupFailed(f"Version {known.version} is the current one or the one to go back to: it stays")
    if not layout.is_complete(known.version):
        raise SetupFailed(
            f"Version {known.version} is not installed; installed are {', '.join(layout.installed()) or 'none'}"
        )
    remove_version(layout, known.version)
    notice(f"Version {known.version} is deleted.")
    return 0


def _status(layout: Layout, *, as_json: bool) -> int:
    found = status(layout)
    print(json_text(found.as_json()) if as_json else found.in_words())
    return 0 if found.current else NOT_INSTALLED


def _verify(layout: Layout, known: argparse.Namespace) -> int:
    active = layout.active()
    if active is None or read_operation(layout) is not None:
        notice("Nothing is installed, or a change was interrupted: see python -m installer status")
        return NOT_INSTALLED
    found = verification.verify(layout, active, must_predict=known.predicts, patience_seconds=known.seconds)
    notice(f"Version {active} serves" + ("." if found.predicts else f", but cannot predict yet: {found.detail}"))
    return 0


def _release(known: argparse.Namespace) -> int:
    from installer.release_archive import make_release

    made = make_release(
        ROOT,
        known.platform,
        known.python or ["3.11", "3.12", "3.13"],
        known.output.absolute(),
        winsw=known.winsw,
        caddy=known.caddy,
    )
    print(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
