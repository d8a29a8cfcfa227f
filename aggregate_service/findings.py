"""What was found in the data that does not stop a reading: counted, with examples, told to people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from common.notices import within

EXAMPLES = 5


@dataclass
class Findings:
    """Findings of one reading, in the order they were made."""

    texts: list[str] = field(default_factory=list)

    def add(self, count: int, what: str, examples: Iterable[str] = ()) -> None:
        """Note a finding; nothing when the count is 0.

        Args:
            count: how many rows or items.
            what: sentence after the count, such as `routing rows of items that the item master does not have were left out`.
            examples: item codes.
        """
        if not count:
            return
        shown = list(islice(dict.fromkeys(examples), EXAMPLES + 1))
        suffix = ""
        if shown:
            more = ", ..." if len(shown) > EXAMPLES or count > len(shown) else ""
            suffix = f" ({', '.join(repr(code) for code in shown[:EXAMPLES])}{more})"
        self.texts.append(within(f"{count:,} {what}{suffix}", what, count=count, examples=suffix))
