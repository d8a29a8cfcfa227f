"""What a fault did: how often it happened, what was lost or went wrong, and what is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Outcome:
    """One row of the table.

    Attributes:
        fault: what was done to the product, in a few words.
        count: how often; 0 together with `skipped`: it could not be done here.
        unit: of what, such as kills or requests.
        faults: what went wrong, counted by kind; empty when nothing did.
        measured: figures beside the count (writes confirmed, seconds to recovery, bytes), for people.
        aim: what is asked for, for people.
        examples: a few of the faults in full, for whoever mends them; they do not go into the table.
        skipped: why it was not done; "" when it was.
    """

    fault: str
    count: int
    unit: str
    faults: dict[str, int] = field(default_factory=dict)
    measured: str = ""
    aim: str = ""
    examples: tuple[str, ...] = ()
    skipped: str = ""

    @property
    def good(self) -> bool:
        """Whether nothing went wrong; what was skipped is not bad."""
        return not any(self.faults.values())
