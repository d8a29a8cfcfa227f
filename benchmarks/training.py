"""Training: time by stage and peak memory, beside the bare index build with the same vectors and parameters."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from benchmarks.catalogues import ROOT, catalogue
from benchmarks.children import run_measured
from benchmarks.report import Figure
from benchmarks.system import environment, models_folder, state_folder

VERSION = "benchmark"
TARGET_RATIO, TARGET_MEMORY = "<= 1.6", "< 4 GB"


def version_folder(work: Path, items: int) -> Path:
    """Folder of the version that is trained on the catalogue of this size."""
    return models_folder(work, items) / VERSION


def train(work: Path, items: int) -> list[Figure]:
    """Train a version on a catalogue and build its index again, bare."""
    folder = version_folder(work, items)
    for old in (state_folder(work, items), models_folder(work, items)):
        shutil.rmtree(old, ignore_errors=True)
    variables = environment(work, items)
    source = catalogue(work, items)
    run = run_measured(
        [
            sys.executable,
            ROOT / "train_build_index.py",
            "--save-dir",
            folder,
            "--dataset",
            source,
            "--activate",
        ],
        variables,
        ROOT,
    )
    metrics = json.loads((folder / "training_metrics.json").read_text(encoding="utf-8"))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["metadata"]
    bare = run_measured(
        [
            sys.executable,
            "-m",
            "benchmarks.bare_build",
            folder,
            "--m",
            str(manifest["m"]),
            "--ef-construction",
            str(manifest["ef_construction"]),
            "--threads",
            str(os.cpu_count() or 1),
        ],
        variables,
        ROOT,
    )
    bare_seconds = float(json.loads(bare.output.strip().splitlines()[-1])["seconds"])
    figures = [
        Figure(
            "training",
            items,
            f"whole training, {manifest['dimension']} dimensions",
            round(run.seconds, 2),
            "s",
            f"bare index build {bare_seconds:.1f} s",
            run.seconds / bare_seconds,
            TARGET_RATIO if items >= 300_000 else "",
        ),
        Figure("training", items, "peak memory", round(run.peak_bytes / 1e9, 2), "GB", target=TARGET_MEMORY),
    ]
    stages = metrics["stages"]
    for name, seconds in stages.items():
        figures.append(Figure("training", items, f"stage {name}", round(float(seconds), 2), "s"))
    return figures
