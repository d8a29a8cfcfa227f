"""The figures of methods as a table for people, and as a section of a Markdown file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

HEADINGS = ("method", "sequence exact", "set F1", "run time MAPE", "top 4", "edits", "calibration", "seconds")


@dataclass(frozen=True)
class MethodQuality:
    """The figures of one method; None where it has none.

    Attributes:
        name: the method.
        sequence_exact, set_f1, run_time_mape, top_recall, edit_distance, calibration_error: see `routings.quality_metrics.Quality`.
        seconds: for learning and predicting on the machine at hand.
        order: place in the table.
    """

    name: str
    sequence_exact: float
    set_f1: float
    run_time_mape: float | None
    top_recall: float
    edit_distance: float
    calibration_error: float | None
    seconds: float
    order: int

    @classmethod
    def of(cls, name: str, figures: Mapping[str, Any], seconds: float, order: int) -> MethodQuality:
        """A row from the figures of `Quality`."""
        return cls(
            name,
            figures["sequence_exact"],
            figures["set_f1"],
            figures["run_time_mape"],
            figures["top_recall"],
            figures["edit_distance"],
            figures["calibration_error"],
            round(seconds, 1),
            order,
        )

    def cells(self) -> tuple[str, ...]:
        """The row as texts."""
        figures = (
            self.sequence_exact,
            self.set_f1,
            self.run_time_mape,
            self.top_recall,
            self.edit_distance,
            self.calibration_error,
        )
        return (self.name, *("–" if one is None else f"{one:.3f}" for one in figures), f"{self.seconds:.0f}")


def show(rows: Sequence[MethodQuality]) -> None:
    """Print the table."""
    table = Table(box=None)
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading == "method" else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row.cells())
    Console(width=160).print(table)


def read_rows(path: Path) -> dict[str, MethodQuality]:
    """The rows of a file that `write_rows` wrote, by name; none where there is no such file."""
    if not path.exists():
        return {}
    return {row["name"]: MethodQuality(**row) for row in json.loads(path.read_text(encoding="utf-8"))}


def write_rows(path: Path, rows: Sequence[MethodQuality]) -> None:
    """Keep rows in a JSON file."""
    path.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")


def write_markdown(
    path: Path, section: str, title: str, rows: Sequence[MethodQuality], notes: Sequence[str] = ()
) -> None:
    """Replace a section of a Markdown file between its marks, or append it; notes stand below the table."""
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    lines = [
        begin,
        "",
        f"{title}, measured {datetime.now(UTC):%Y-%m-%d}.",
        "",
        f"| {' | '.join(HEADINGS)} |",
        f"|---|{'---:|' * (len(HEADINGS) - 1)}",
        *(f"| {' | '.join(row.cells())} |" for row in rows),
        "",
        *(f"- {note}" for note in notes),
        *([""] if notes else []),
        end,
    ]
    text = path.read_text(encoding="utf-8") if path.exists() else "# Quality of predictions\n"
    made = "\n".join(lines)
    if begin in text and end in text:
        head, _begin, rest = text.partition(begin)
        text = head + made + rest.partition(end)[2]
    else:
        text = f"{text.rstrip()}\n\n{made}\n"
    path.write_text(text, encoding="utf-8")
