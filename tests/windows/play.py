"""Plays scenarios of the Windows scripts under Wine and compares what was told to the system with what is written; see README.md."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.windows import asking, changing, hosts, installing, running, withstanding
from tests.windows.stage import Differs, Stage

Scenario = Callable[[Stage], None]

ON_AN_EMPTY_MACHINE: dict[str, Scenario] = {
    "preview": asking.preview,
    "refusals": asking.refusals,
    "no-python": asking.no_python,
    "taken-port": installing.taken_port,
    "certificates": withstanding.certificates,
    "python-of-32-bits": withstanding.python_of_32_bits,
    "full-disk": withstanding.full_disk,
    "nssm": installing.nssm,
    "korean-folders": installing.korean_folders,
    "refused-by-windows": installing.refused_by_windows,
    "roles": hosts.roles,
}
ON_AN_INSTALLATION: dict[str, Scenario] = {
    "first": installing.first,
    "second": installing.second,
    "preview-installed": asking.preview_installed,
    "no-to-everything": asking.no_to_everything,
    "broken": installing.broken,
    "iis": installing.iis,
    "access-drivers": asking.access_drivers,
    "tasks": running.tasks,
    "first-version": running.first_version,
    "code-pages": running.code_pages,
    "watchdog": running.watchdog,
    "activation-under-load": running.activation_under_load,
    "exports": running.exports,
    "as-on-linux": running.as_on_linux,
    "many-connections": running.many_connections,
    "live-figures": running.live_figures,
    "crowd-at-the-site": running.crowd_at_the_site,
    "retired-version": running.retired_version,
    "upgrade-and-back": changing.upgrade_and_back,
    **{f"refused-at-{step}": changing.refused(step) for step in changing.REFUSALS},
    **{f"cut-at-{step}": changing.cut(step) for step in changing.CUTS},
    "broken-release": changing.broken_release,
    "held-file": withstanding.held_file,
    "will-not-stop": withstanding.will_not_stop,
    "second-installer": withstanding.second_installer,
    "removal-while-used": installing.removal_while_used,
    "removal": installing.removal,
}
SCENARIOS = ON_AN_EMPTY_MACHINE | ON_AN_INSTALLATION


def played(stage: Stage, names: Sequence[str]) -> Iterator[tuple[str, str, float]]:
    """Each scenario, what differed ("": nothing), and how long it took."""
    for name in names:
        started, wrong = time.monotonic(), ""
        try:
            SCENARIOS[name](stage)
        except (Differs, OSError) as error:
            wrong = str(error)
        yield name, wrong, time.monotonic() - started


def main() -> int:
    """Play scenarios; returns 1 when one differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kit", type=Path, required=True, help="folder of play.sh and release.py")
    parser.add_argument("--target", type=Path, required=True, help="the Windows environment")
    parser.add_argument("--caddy", type=Path, help="caddy.exe for Windows; without it IIS is the proxy")
    parser.add_argument("--keep-releases", action="store_true", help="the releases are unpacked already")
    parser.add_argument("--write", action="append", default=[], help="scenario whose record is written")
    parser.add_argument("scenarios", nargs="*", choices=[*SCENARIOS, []], help="default: all, in order")
    known = parser.parse_args()
    stage = Stage(known.kit.absolute(), known.target.absolute(), known.caddy, known.write)
    if known.keep_releases:
        stage.releases.update(name for name in ("r1", "r2", "r3") if (stage.disk / name / "SHA256SUMS").is_file())
    failed = 0
    for name, wrong, seconds in played(stage, known.scenarios or list(SCENARIOS)):
        failed += bool(wrong)
        sys.stdout.write(f"{name}: {wrong or 'green'} ({seconds:.0f} s)\n")
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
