"""When two item codes mean the same item, and what items without a group are listed under."""

from __future__ import annotations

from typing import Final

from plant.mechanical_seals import CLIENT_TEXTS

UNNAMED: Final = CLIENT_TEXTS["unnamed"]
"""Label of items without a group or a family, by the contract with clients; such groups and families come last."""


def item_key(code: str) -> str:
    """What two codes of the same item have in common: blanks around it (full-width ones too) and case do not count."""
    return code.strip().lower()
