"""`python -m benchmarks.prediction_quality`: rerun every method on one catalogue, as a table and a section of docs/quality.md."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.catalogues import ROOT
from benchmarks.prediction_quality import invented_sets, neighbour_methods, product, public_sets, spaces
from benchmarks.prediction_quality.boosting_alone import boosted
from benchmarks.prediction_quality.held_out import HeldOut, held_out
from benchmarks.prediction_quality.quality_table import (
    MethodQuality,
    read_rows,
    show,
    write_markdown,
    write_rows,
)
from common.process_end import run_and_leave
from routings.quality_metrics import Proposal, quality, score

Figures = dict[str, Any]
METHODS = ("monolith", "blocks", "boosting", "product")
TOP = 4


def main() -> None:
    """Run the chosen methods."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prediction_quality", description=__doc__)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--held-out", type=int, default=1_500)
    parser.add_argument("--hard", action="store_true", help="the hard catalogue (demo/make_catalogue.py --hard)")
    parser.add_argument("--only", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument(
        "--work", type=Path, default=ROOT / "var" / "quality", help="folder for catalogues and versions"
    )
    parser.add_argument(
        "--json", type=Path, help="also write the figures to this file; methods not run again keep what it has of them"
    )
    parser.add_argument("--markdown", type=Path, help="also write them into the section of this file")
    parser.add_argument(
        "--public",
        type=Path,
        nargs="+",
        help="folders of public data with folds.csv, in the place of a generated catalogue",
    )
    parser.add_argument(
        "--invented",
        nargs="+",
        choices=list(invented_sets.SETS),
        default=[],
        help="sets of strange shapes, made from the seed, in the place of a generated catalogue",
    )
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    invented = [
        invented_sets.write_set(name, options.work / f"invented-{options.seed}", options.seed)
        for name in options.invented
    ]
    for folder in [*(options.public or ()), *invented]:
        rows, own = _public(folder, options.work)
        show(rows)
        print(*own, sep="\n")
        if options.markdown:
            items = "held out by five folds, a fifth of the routed items at a time"
            kind = "invented" if folder in invented else "public"
            write_markdown(options.markdown, f"{kind} {folder.name}", f"{folder.name}, {items}", rows, own)
    if options.public or invented:
        return
    data = held_out(options.work, options.items, options.seed, options.held_out, hard=options.hard)
    found = read_rows(options.json) if options.json else {}
    for name in METHODS:
        if name in options.only:
            found |= {row.name: row for row in RUN[name](data, options.work)}
            show(list(found.values()))
    own = []
    if "product" in options.only:
        folder = options.work / "models" / data.folder.name
        own = [one.sentence() for one in product.own(data, folder)]
        print(*own, sep="\n")
    rows = sorted(found.values(), key=lambda row: row.order)
    title = f"{options.items:,} items, seed {options.seed}, {options.held_out:,} held out"
    if options.json:
        write_rows(options.json, rows)
    if options.markdown:
        write_markdown(options.markdown, "hard" if options.hard else f"seed {options.seed}", title, rows, own)


def _public(folder: Path, work: Path) -> tuple[list[MethodQuality], list[str]]:
    """All methods on a public set, and sentences on what the product's versions say of themselves."""
    data = public_sets.read_set(folder)
    rows = []
    for order, (name, method) in enumerate(public_sets.METHODS.items()):
        started = time.perf_counter()
        try:
            scores = public_sets.judged(data, method)
        except ImportError as error:
            print(f"{name} is left out: {error}")
            continue
        rows.append(MethodQuality.of(name, asdict(quality(scores)), time.perf_counter() - started, order))
    started = time.perf_counter()
    found, own = public_sets.product(data, work / "public")
    for name, scores in found.items():
        seconds = time.perf_counter() - started
        rows.append(MethodQuality.of(f"`{name}` of the product", asdict(quality(scores)), seconds, len(rows)))
    return rows, [one.sentence() for one in own]


def _row(
    name: str, data: HeldOut, proposals: Sequence[Sequence[Proposal]], seconds: float, order: int
) -> MethodQuality:
    scores = [score(made, right, TOP) for made, right in zip(proposals, data.right, strict=True)]
    return MethodQuality.of(name, asdict(quality(scores)), seconds, order)


def _pair(name: str, make: Callable[[], Any], data: HeldOut, order: int) -> list[MethodQuality]:
    started = time.perf_counter()
    nearest, voted = neighbour_methods.both(data, make())
    seconds = time.perf_counter() - started
    return [
        _row(f"{name}, nearest", data, nearest, seconds, order),
        _row(f"{name}, vote of 20", data, voted, seconds, order + 1),
    ]


def _monolith(data: HeldOut, _work: Path) -> list[MethodQuality]:
    return _pair("the old monolith's vectors", lambda: spaces.monolith_vectors(data.columns), data, 0)


def _blocks(data: HeldOut, _work: Path) -> list[MethodQuality]:
    return _pair("a block of dimensions a feature", lambda: spaces.block_vectors(data.columns), data, 2)


def _boosting(data: HeldOut, _work: Path) -> list[MethodQuality]:
    started = time.perf_counter()
    made = boosted(data)
    return [_row("gradient boosting alone, no neighbours", data, made, time.perf_counter() - started, 4)]


def _product(data: HeldOut, work: Path) -> list[MethodQuality]:
    started = time.perf_counter()
    folder = product.train(data, work / "models" / data.folder.name)
    seconds = time.perf_counter() - started
    rows = _pair("the product's learned space", lambda: product.space(data, folder), data, 5)
    for order, strategy in enumerate(("nearest", "consensus"), start=7):
        begun = time.perf_counter()
        figures: Figures = product.predicted(data, folder, strategy)
        whole = seconds + time.perf_counter() - begun
        rows.append(MethodQuality.of(f"`{strategy}` of the product", figures, whole, order))
    return rows


RUN: dict[str, Callable[[HeldOut, Path], list[MethodQuality]]] = {
    "monolith": _monolith,
    "blocks": _blocks,
    "boosting": _boosting,
    "product": _product,
}


if __name__ == "__main__":
    run_and_leave(main)
