"""What `/api/metrics` repeats: the last rule check and the last time summary that the gateway answered."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

_NOTHING: Mapping[str, Any] = {
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


class LastAnswers:
    """Figures of the last evaluations of one process; with those of the other processes, of the gateway as a whole."""

    def __init__(self) -> None:
        self._known: list[tuple[float, dict[str, Any]]] = []

    def rules_checked(self, item_code: str, evaluated: int, violations: int, manifest_revision: str | None) -> None:
        """Remember a rule check."""
        self._remember(
            {
                "item_code": item_code,
                "evaluated_rules": evaluated,
                "violations": violations,
                "manifest_revision": manifest_revision,
            }
        )

    def times_summed(self, item_code: str, process_count: int, totals: Mapping[str, float]) -> None:
        """Remember a time summary (minutes)."""
        named = {f"total_{name}": value for name, value in totals.items()}
        self._remember({"item_code": item_code, "process_count": process_count, **named})

    def as_json(self) -> list[Any]:
        """What is remembered, for the other processes."""
        return [[at, figures] for at, figures in self._known]

    def figures(self, others: Iterable[tuple[float, Mapping[str, Any]]] = ()) -> dict[str, Any]:
        """The figures, by the names of the contract; of the newest evaluation of each kind among all processes."""
        made = dict(_NOTHING)
        for _at, figures in sorted([*self._known, *others], key=lambda one: one[0]):
            made.update(figures)
        return made

    def _remember(self, figures: dict[str, Any]) -> None:
        same = set(figures)
        self._known = [known for known in self._known if set(known[1]) != same]
        self._known.append((time.time(), figures))
