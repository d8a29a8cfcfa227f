"""What the installer says, in English and Korean: one table, wording.json, which the scripts read too."""

from __future__ import annotations

import json
import os
import sys
from functools import lru_cache
from pathlib import Path

TABLE_FILE = Path(__file__).with_name("wording.json")
KOREAN_LANGUAGE_NUMBER = 0x12

_chosen: list[str] = []


@lru_cache(maxsize=1)
def table() -> dict[str, dict[str, str]]:
    """Every sentence by its key, in each language."""
    found: dict[str, dict[str, str]] = json.loads(TABLE_FILE.read_text(encoding="utf-8"))
    return found


def speak(language: str) -> None:
    """Use a language (en or ko) from now on; "" goes back to the system's own."""
    _chosen[:] = [language] if language else []


def language() -> str:
    """The language that was chosen, else the system's."""
    return _chosen[0] if _chosen else system_language()


def system_language() -> str:
    """The language of the system's user: ko on a Korean system, else en."""
    if sys.platform == "win32":
        import ctypes

        return "ko" if ctypes.windll.kernel32.GetUserDefaultUILanguage() & 0x3FF == KOREAN_LANGUAGE_NUMBER else "en"
    named = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "ko" if named.startswith("ko") else "en"


def words(key: str, /, **values: object) -> str:
    """The sentence of a key, with its values put in."""
    return table()[key][language()].format(**values)
