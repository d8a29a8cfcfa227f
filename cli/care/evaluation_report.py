"""The HTML report of an evaluation: one file that needs no network, with plots as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jinja2

BARS_SHOWN: Final = 30
LABEL_WIDTH, BAR_WIDTH, ROW_HEIGHT = 170, 420, 20
PLOT_SIZE: Final = 300
FIGURES: Final = (
    ("sequence_exact", "Sequence exact", "share of items with the right operations in the right order", True),
    ("set_f1", "Set F1", "operations whatever their order", True),
    ("run_time_mape", "Run time MAPE", "mean relative error of run times", True),
    ("run_time_median_error", "Run time, median error", "half of the run times are off by less", True),
    ("run_time_bias", "Run time, bias", "median share by which run times are too long (below 0: too short)", True),
    ("top_recall", "Right one proposed", "share whose right sequence is among the proposals", True),
    ("edit_distance", "Edit distance", "operations to insert, delete or replace", False),
    ("calibration_error", "Calibration error", "distance of confidence and reality", True),
)
"""Name, title, meaning, and whether it is a share."""


@dataclass(frozen=True)
class Bar:
    """A bar of a chart: its label, its length (0 to 1), and what is written beside it."""

    label: str
    length: float
    text: str


@dataclass(frozen=True)
class Bars:
    """A chart of horizontal bars."""

    title: str
    bars: Sequence[Bar]

    @property
    def height(self) -> int:
        """Height in pixels."""
        return ROW_HEIGHT * len(self.bars) + 6


@dataclass(frozen=True)
class Point:
    """A point of the calibration plot: pixels from the top left, radius, and its words."""

    x: float
    y: float
    radius: float
    text: str


def html_report(document: Mapping[str, Any]) -> str:
    """The report of one or more evaluations of a version.

    Args:
        document: {version, source, evaluations: documents of `routings.quality_report`}.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent, encoding="utf-8"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = figure
    return environment.get_template("evaluation_report.html.j2").render(
        version=document["version"],
        source=document["source"],
        figures=FIGURES,
        label_width=LABEL_WIDTH,
        bar_width=BAR_WIDTH,
        row_height=ROW_HEIGHT,
        plot_size=PLOT_SIZE,
        evaluations=[
            {"found": found, "charts": charts_of(found), "points": calibration_points(found["calibration"])}
            for found in document["evaluations"]
        ],
    )


def charts_of(found: Mapping[str, Any]) -> list[Bars]:
    """The bar charts of one evaluation."""
    timed = [one for one in found["operations"] if one["run_time_mape"] is not None]
    longest = max((one["run_time_mape"] for one in timed), default=1.0) or 1.0
    wrong = sorted(found["operations"], key=lambda one: -(one["missed"] + one["added"]))
    most = max((one["missed"] + one["added"] for one in wrong), default=1) or 1
    return [
        Bars("Sequence exact by family", [_share(one, str(one["family"])) for one in found["by_family"][:BARS_SHOWN]]),
        Bars(
            "Sequence exact by number of neighbours", [_share(one, range_text(one)) for one in found["by_neighbours"]]
        ),
        Bars(
            "Run time MAPE by operation",
            [
                Bar(one["operation"], one["run_time_mape"] / longest, f"{one['run_time_mape']:.1%} of {one['items']}")
                for one in timed[:BARS_SHOWN]
            ],
        ),
        Bars(
            "Operations missed and added",
            [
                Bar(
                    one["operation"],
                    (one["missed"] + one["added"]) / most,
                    f"{one['missed']} missed, {one['added']} added",
                )
                for one in wrong[:BARS_SHOWN]
                if one["missed"] + one["added"]
            ],
        ),
    ]


def _share(group: Mapping[str, Any], label: str) -> Bar:
    return Bar(label, group["sequence_exact"], f"{group['sequence_exact']:.1%} of {group['items']}")


def range_text(group: Mapping[str, Any]) -> str:
    """A range of numbers of neighbours in words."""
    start, end = group["from"], group["to"]
    if end is None:
        return f"{start} and more"
    return str(start) if start == end else f"{start} to {end}"


def calibration_points(bins: Sequence[Mapping[str, Any]]) -> list[Point]:
    """Where the bins of confidence stand in a plot of what was observed against what was said."""
    most = max((one["operations"] for one in bins), default=1)
    return [
        Point(
            x=round(one["confidence"] * PLOT_SIZE, 1),
            y=round((1 - one["observed"]) * PLOT_SIZE, 1),
            radius=round(3 + 7 * (one["operations"] / most) ** 0.5, 1),
            text=f"confidence {one['confidence']:.2f}: {one['observed']:.1%} right of {one['operations']:,} operations",
        )
        for one in bins
    ]


def figure(value: float | None, is_share: bool) -> str:
    """A figure as text; a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:.1%}" if is_share else f"{value:.2f}"
