"""`python -m benchmarks.fuzzing`: fuzz what reads foreign bytes, guided by coverage, for a while each; say how many inputs were tried.

Needs atheris, which has wheels for Linux only (pip install atheris); elsewhere nothing is run, and that is said. Inputs that fail
are kept in a folder: copied to tests/data/fuzzing/TARGET they are tried by every run of the tests.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import pkgutil
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fuzzing import targets
from common.processes import python_module

ROOT = Path(__file__).resolve().parents[2]
NAMES = tuple(sorted(module.name for module in pkgutil.iter_modules(targets.__path__)))
MEMORY_MB = 2_048


@dataclass(frozen=True)
class Fuzzed:
    """One target's run: inputs tried, branches reached, files with inputs that failed, the last lines that it said then."""

    target: str
    tried: int
    reached: int
    found: tuple[Path, ...]
    said: str


def fuzz(target: str, seconds: int, folder: Path) -> Fuzzed:
    """Fuzz a target for some seconds; its corpus stays in the folder for the next time."""
    corpus, found = folder / target / "corpus", folder / target / "found"
    for place in (corpus, found):
        place.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(importlib.import_module(f"benchmarks.fuzzing.targets.{target}").SEEDS):
        (corpus / f"seed-{number}").write_bytes(seed)
    before = set(found.iterdir())
    limits = [f"-max_total_time={seconds}", f"-rss_limit_mb={MEMORY_MB}", "-timeout=20", "-max_len=4096"]
    options = [*limits, "-print_final_stats=1", f"-artifact_prefix={found}/", str(corpus)]
    done = subprocess.run(
        python_module("benchmarks.fuzzing.one", target, *options),
        cwd=ROOT,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds + 300,
        check=False,
    )
    tried = _last(r"stat::number_of_executed_units:\s+(\d+)", done.stderr) or _last(r"#(\d+)", done.stderr)
    said = "" if done.returncode == 0 else "\n".join([*done.stdout.splitlines(), *done.stderr.splitlines()][-40:])
    return Fuzzed(target, tried, _last(r"cov: (\d+)", done.stderr), tuple(sorted(set(found.iterdir()) - before)), said)


def _last(pattern: str, text: str) -> int:
    numbers = re.findall(pattern, text)
    return int(numbers[-1]) if numbers else 0


def main() -> int:
    """Fuzz the chosen targets one after the other; 1 when an input failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzzing", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=NAMES, default=list(NAMES), help="targets")
    parser.add_argument("--seconds", type=int, default=60, help="time of each")
    parser.add_argument("--work", type=Path, default=ROOT / "var" / "fuzzing", help="folder of corpora and finds")
    options = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("Nothing was fuzzed: atheris is not installed. On Linux: pip install atheris")
        return 0
    failed = False
    print(f"{'target':<14} {'inputs':>12} {'branches':>9} {'failed':>7}")
    for target in options.only:
        result = fuzz(target, options.seconds, options.work.absolute())
        print(f"{target:<14} {result.tried:>12,} {result.reached:>9,} {len(result.found):>7}", flush=True)
        if result.said:
            failed = True
            print("\n".join([*map(str, result.found), result.said]), flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
