"""Figures as rows: a table for people, JSON for programs, a section of docs/performance.md."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One measured value.

    Attributes:
        area: training, search, prediction, start, memory.
        items: size of the catalogue.
        name: what was measured.
        value: the figure.
        unit: its unit.
        baseline: what it is compared with, as text; "" when with nothing.
        ratio: value / baseline; None when compared with nothing.
        target: what the project asks for, as text; "" when nothing.
    """

    area: str
    items: int
    name: str
    value: float
    unit: str
    baseline: str = ""
    ratio: float | None = None
    target: str = ""


def machine() -> str:
    """This machine in a few words."""
    memory = psutil.virtual_memory().total / 1024**3
    return f"{psutil.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}"


def show(figures: list[Figure]) -> None:
    """Print the figures as a table."""
    table = Table(title=machine())
    for heading in ("Area", "Items", "Measured", "Value", "Baseline", "Ratio", "Target"):
        table.add_column(heading, justify="right" if heading in ("Items", "Value", "Ratio") else "left")
    for row in _cells(figures):
        table.add_row(*row)
    Console().print(table)


def write_json(figures: list[Figure], path: Path) -> None:
    """Write the figures with machine and time."""
    document = {
        "machine": machine(),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "figures": [asdict(f) for f in figures],
    }
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_markdown(figures: list[Figure], path: Path) -> None:
    """Replace the measured sections of a Markdown file, or append them; that of the paths stands by itself."""
    of_paths = [figure for figure in figures if figure.area == "paths"]
    others = [figure for figure in figures if figure.area != "paths"]
    for name, chosen in (("measured", others), ("measured paths", of_paths)):
        if chosen:
            _write_section(name, chosen, path)


def _write_section(name: str, figures: list[Figure], path: Path) -> None:
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    lines = [
        begin,
        "",
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {machine()}.",
        "",
        "| area | items | measured | value | baseline | ratio | target |",
        "|---|---:|---|---:|---|---:|---|",
        *("| " + " | ".join(cells) + " |" for cells in _cells(figures)),
        "",
        end,
    ]
    text = path.read_text(encoding="utf-8") if path.exists() else "# Performance\n\n"
    section = "\n".join(lines)
    if begin in text and end in text:
        head, rest = text.split(begin, 1)
        text = head + section + rest.split(end, 1)[1]
    else:
        text = text.rstrip() + "\n\n" + section + "\n"
    path.write_text(text, encoding="utf-8")


def _cells(figures: list[Figure]) -> list[tuple[str, ...]]:
    return [
        (
            f.area,
            f"{f.items:,}",
            f.name,
            f"{f.value:,.4g} {f.unit}" if abs(f.value) < 1000 else f"{f.value:,.0f} {f.unit}",
            f.baseline,
            "" if f.ratio is None else f"{f.ratio:.2f}",
            f.target,
        )
        for f in figures
    ]
