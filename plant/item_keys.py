"""When two item codes mean the same item."""

from __future__ import annotations


def item_key(code: str) -> str:
    """What two codes of the same item have in common: blanks around it (full-width ones too) and case do not count."""
    return code.strip().lower()
