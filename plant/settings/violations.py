"""What is wrong with a settings document: where, why, and whether it breaks a bound or names something that does not exist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from common.errors import FieldViolation, InvalidInput

Kind = Literal["bound", "name"]
"""`bound`: a type, range or rule is broken (HTTP 422). `name`: a column, profile, switch or file is not one that can be used (HTTP 400)."""

UNKNOWN_NAME = "SETTINGS_UNKNOWN_NAME"
"""Reason of an InvalidInput all of whose violations are of kind `name`: HTTP 400. Any other InvalidInput about settings: 422."""

CHANGED_MEANWHILE = "SETTINGS_CHANGED"
"""Reason of a Conflict between two editors; its details have `current_revision`, `expected_revision`, `theirs` and `yours`."""


@dataclass(frozen=True)
class Violation:
    """One thing that is wrong.

    Attributes:
        path: keys and positions from the document's root, such as ("graph", "edges", 0, "target").
        description: why, for people.
        kind: see `Kind`.
    """

    path: tuple[str | int, ...]
    description: str
    kind: Kind = "bound"

    @property
    def field(self) -> str:
        """The path with dots, such as graph.edges.0.target."""
        return ".".join(str(part) for part in self.path)


def refuse(violations: Sequence[Violation]) -> InvalidInput:
    """The error that says all of it. Broken bounds hide unknown names in `violations`: they decide the HTTP status."""
    bounds = [violation for violation in violations if violation.kind == "bound"]
    told = bounds or list(violations)
    text = "; ".join(f"{violation.field}: {violation.description}" for violation in told[:5])
    more = f" (and {len(told) - 5} more)" if len(told) > 5 else ""
    return InvalidInput(
        f"The settings were not changed: {text}{more}",
        reason="SETTINGS_INVALID" if bounds else UNKNOWN_NAME,
        violations=[FieldViolation(violation.field, violation.description) for violation in told],
    )
