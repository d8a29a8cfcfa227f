"""A generated catalogue whose held-out items have lost their routings, and what is right for them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.catalogues import ROOT
from plant.input_profile import InputProfile
from plant.item_keys import item_key
from plant.mechanical_seals import MECHANICAL_SEALS
from routings.quality_metrics import RightRouting
from source import open_source
from trained.encoding.dictionary_columns import Columns
from trained.item_codes import ItemCodeIndex
from trainer.catalogue import read_catalogue
from trainer.current_routings import CurrentRoutings, read_current_routings
from trainer.right_routings import own_routings, truth_of

PROFILE = InputProfile.built_in()


@dataclass(frozen=True)
class HeldOut:
    """What every method works with.

    Attributes:
        folder: the catalogue without the routings of the held-out items.
        columns: features of all items.
        index: codes of all items.
        routings: of the items that were not held out.
        items: positions of the held-out items, int64.
        right: what is right for them, parallel to `items`.
        codes: their codes.
        entered: what planners had entered for those of them that had a routing, by position.
    """

    folder: Path
    columns: Columns
    index: ItemCodeIndex
    routings: CurrentRoutings
    items: npt.NDArray[np.int64]
    right: list[RightRouting]
    codes: list[str]
    entered: Mapping[int, RightRouting]


def held_out(work: Path, items: int, seed: int, count: int, *, hard: bool) -> HeldOut:
    """The catalogue of a seed with `count` items held out; generated when it is not there yet."""
    name = f"{'hard' if hard else 'plain'}-{items}-{seed}"
    whole = work / name
    if not (whole / "truth.parquet").exists():
        command = [sys.executable, str(ROOT / "demo" / "make_catalogue.py"), "--items", str(items), "--seed", str(seed)]
        command += ["--out", str(whole), *(["--hard"] if hard else [])]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    folder = work / f"{name}-without-{count}"
    if not (folder / "truth.parquet").exists():
        _without_routings(whole, folder, count, seed)
    source = open_source(folder)
    catalogue = read_catalogue(source, PROFILE)
    index = ItemCodeIndex.of(catalogue.codes.to_pylist())
    codes = (folder / "held_out.txt").read_text(encoding="utf-8").splitlines()
    positions = index.find_many(codes).astype(np.int64)
    truth = truth_of(source, index, MECHANICAL_SEALS.routing)
    return HeldOut(
        folder,
        catalogue.columns,
        index,
        read_current_routings(source, PROFILE, index),
        positions,
        [truth.routings[position] for position in positions.tolist()],
        codes,
        own_routings(read_current_routings(open_source(whole), PROFILE, index), positions, {}).routings,
    )


def _without_routings(whole: Path, folder: Path, count: int, seed: int) -> None:
    """Copy a catalogue, the routings and work results of a random sample of items left out."""
    folder.mkdir(parents=True, exist_ok=True)
    codes = sorted(pl.read_parquet(whole / "truth.parquet", columns=["ITEM_CD"])["ITEM_CD"].unique().to_list())
    chosen = sorted(np.random.default_rng(seed).choice(len(codes), count, replace=False).tolist())
    names = [codes[place] for place in chosen]
    keys = {item_key(code) for code in names}
    for table in ("routing", "work_orders"):
        rows = pl.read_parquet(whole / f"{table}.parquet")
        odd = [code for code in rows["ITEM_CD"].unique().to_list() if item_key(code) in keys]
        rows.filter(~pl.col("ITEM_CD").is_in(odd)).write_parquet(folder / f"{table}.parquet")
    (folder / "held_out.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    for table in ("items", "truth"):
        shutil.copyfile(whole / f"{table}.parquet", folder / f"{table}.parquet")
