"""What `/api/metrics` repeats: the last rule check and the last time summary that this process answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class LastAnswers:
    """Figures of the last evaluations; kept in memory, a process each."""

    def __init__(self) -> None:
        self._figures: dict[str, Any] = {
            "item_code": None,
            "evaluated_rules": 0,
            "violations": 0,
            "manifest_revision": None,
            "process_count": 0,
            "total_setup_time": 0.0,
            "total_run_time": 0.0,
            "total_queue_time": 0.0,
            "total_wait_time": 0.0,
            "total_move_time": 0.0,
            "total_lead_time": 0.0,
        }

    def rules_checked(self, item_code: str, evaluated: int, violations: int, manifest_revision: str | None) -> None:
        """Remember a rule check."""
        self._figures.update(
            item_code=item_code,
            evaluated_rules=evaluated,
            violations=violations,
            manifest_revision=manifest_revision,
        )

    def times_summed(self, item_code: str, process_count: int, totals: Mapping[str, float]) -> None:
        """Remember a time summary (minutes)."""
        self._figures.update(item_code=item_code, process_count=process_count)
        self._figures.update({f"total_{name}": value for name, value in totals.items()})

    def figures(self) -> dict[str, Any]:
        """The figures, by the names of the contract."""
        return dict(self._figures)
