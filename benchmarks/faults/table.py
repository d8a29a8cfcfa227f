"""The table of faults: for the terminal, as JSON, and as the measured section of docs/reliability.md."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.faults.outcome import Outcome
from benchmarks.report import machine

BEGIN, END = "<!-- measured faults: begin -->", "<!-- measured faults: end -->"
HEADINGS = ("fault", "how often", "went wrong", "measured", "asked for")


def show(outcomes: Sequence[Outcome]) -> None:
    """Print the table."""
    table = Table(title=machine())
    for heading in HEADINGS:
        table.add_column(heading)
    for outcome in outcomes:
        table.add_row(*cells(outcome), style="" if outcome.good else "red")
    Console().print(table)


def write_json(outcomes: Sequence[Outcome], path: Path) -> None:
    """Write everything, with examples of what went wrong."""
    document = {
        "machine": machine(),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "outcomes": [asdict(outcome) for outcome in outcomes],
    }
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_markdown(outcomes: Sequence[Outcome], path: Path, note: str = "") -> None:
    """Replace the measured section of a Markdown file: rows of the same fault are measured anew, others stay."""
    text = path.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN, 1)
    old, tail = rest.split(END, 1)
    rows = {line.split("|")[1].strip(): line for line in old.splitlines() if line.startswith("| ")}
    rows.pop(HEADINGS[0], None)
    for outcome in outcomes:
        rows[outcome.fault] = "| " + " | ".join(cell.replace("|", "\\|") for cell in cells(outcome)) + " |"
    lines = [
        BEGIN,
        "",
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {machine()}.{' ' + note if note else ''}",
        "",
        f"| {' | '.join(HEADINGS)} |",
        "|" + "---|" * len(HEADINGS),
        *rows.values(),
        "",
        END,
    ]
    path.write_text(head + "\n".join(lines) + tail, encoding="utf-8")


def cells(outcome: Outcome) -> tuple[str, ...]:
    """A row: fault, how often, what went wrong, figures, what is asked for."""
    if outcome.skipped:
        return outcome.fault, "not done", "", outcome.skipped, outcome.aim
    wrong = "; ".join(f"{kind}: {count:,}" for kind, count in outcome.faults.items() if count) or "nothing"
    return outcome.fault, f"{outcome.count:,} {outcome.unit}", wrong, outcome.measured, outcome.aim
