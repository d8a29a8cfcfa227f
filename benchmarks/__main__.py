"""`python -m benchmarks`: measure training, search, serving, predictions in bulk, activation and memory at several catalogue sizes."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.activation import activate
from benchmarks.bulk import bulk
from benchmarks.catalogues import ROOT
from benchmarks.control_plane import control
from benchmarks.limit import limit
from benchmarks.paths import paths
from benchmarks.report import Figure, show, write_json, write_markdown
from benchmarks.searching import in_process
from benchmarks.serving import serve
from benchmarks.training import train
from common.process_end import run_and_leave
from common.standard_output import prepare_standard_output

SECTIONS = ("training", "search", "serving", "limit", "paths", "bulk", "activation", "control")


def main() -> None:
    """Run the chosen sections at the chosen sizes, one after the other."""
    prepare_standard_output()
    parser = argparse.ArgumentParser(prog="routing-ml bench", description=__doc__)
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 50_000, 321_305], help="catalogue sizes")
    parser.add_argument(
        "--only", nargs="+", choices=SECTIONS, default=list(SECTIONS), help="sections; search needs training before"
    )
    parser.add_argument(
        "--work", type=Path, default=ROOT / "var" / "benchmarks", help="folder for catalogues and models"
    )
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--markdown", type=Path, help="also write them into the measured section of this file")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    figures: list[Figure] = []
    for items in options.items:
        if "training" in options.only:
            figures += train(options.work, items)
        if "search" in options.only:
            figures += in_process(options.work, items)
        if "serving" in options.only:
            figures += serve(options.work, items)
        if "limit" in options.only:
            figures += limit(options.work, items)
        if "paths" in options.only:
            figures += paths(options.work, items)
        if "bulk" in options.only:
            figures += bulk(options.work, items)
        if "activation" in options.only:
            figures += activate(options.work, items)
        if "control" in options.only:
            figures += control(options.work, items)
        show(figures)
    if options.json:
        write_json(figures, options.json)
    if options.markdown:
        write_markdown(figures, options.markdown)


if __name__ == "__main__":
    run_and_leave(main)
