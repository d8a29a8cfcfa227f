"""Names that files and folders can have on every system, so that what one writes another can keep."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PureWindowsPath
from typing import Final

from common.notices import notice

_DEVICE: Final = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9¹²³])\s*(?:[.:].*)?", re.IGNORECASE
)


def is_reserved(name: str) -> bool:
    """Whether Windows takes a name for a device, with any ending: `CON`, `con.csv`, `COM1`, `LPT³`, `NUL .txt`."""
    return _DEVICE.fullmatch(name.strip(" ")) is not None


_NOT_IN_NAMES: Final = frozenset('<>:"|?*')
_TURNS_TEXT_AROUND: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def folder_name_problem(path: str) -> str:
    """Why not every system can have a folder of this path, or why people would read another one; "" where nothing is wrong."""
    whole = PureWindowsPath(path)
    for part in whole.parts[1 if whole.anchor else 0 :]:
        if part == "..":
            continue
        if is_reserved(part):
            return notice(
                "FOLDER_IS_A_DEVICE", "{part} is a device on Windows and no folder: choose another name", part=part
            )
        if part.endswith((".", " ")):
            return notice(
                "FOLDER_ENDS_WITH_A_DOT",
                "{part} ends with a dot or a blank, which Windows leaves out: choose another name",
                part=repr(part),
            )
        if wrong := next((one for one in part if _unusable(one)), ""):
            return notice(
                "FOLDER_CHARACTER", "the name of a folder cannot hold {character}: leave it out", character=repr(wrong)
            )
    return ""


def _unusable(character: str) -> bool:
    return (
        character in _NOT_IN_NAMES
        or unicodedata.category(character) in ("Cc", "Cs")
        or unicodedata.bidirectional(character) in _TURNS_TEXT_AROUND
    )
