"""Items of the demo catalogue that tests ask for."""

from __future__ import annotations

from pathlib import Path

import polars as pl

CATALOGUE = Path(__file__).resolve().parents[2] / "demo" / "catalogue"


def items_without_routing(count: int, folder: Path = CATALOGUE) -> list[str]:
    """The first items, by code, that have no routing of their own."""
    items = pl.read_parquet(folder / "items.parquet", columns=["ITEM_CD"])
    routed = pl.read_parquet(folder / "routing.parquet", columns=["ITEM_CD"]).unique()
    return items.join(routed, on="ITEM_CD", how="anti").sort("ITEM_CD")["ITEM_CD"].head(count).to_list()


def items_with_routing(count: int, folder: Path = CATALOGUE) -> list[str]:
    """The first items, by code, that have a routing of their own."""
    routed = pl.read_parquet(folder / "routing.parquet", columns=["ITEM_CD"]).unique()
    return routed.sort("ITEM_CD")["ITEM_CD"].head(count).to_list()
