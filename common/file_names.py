"""Names that files can have on every system, so that what one writes another can keep."""

from __future__ import annotations

import re
from typing import Final

_DEVICE: Final = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9¹²³])\s*(?:[.:].*)?", re.IGNORECASE
)


def is_reserved(name: str) -> bool:
    """Whether Windows takes a name for a device, with any ending: `CON`, `con.csv`, `COM1`, `LPT³`, `NUL .txt`."""
    return _DEVICE.fullmatch(name.strip(" ")) is not None
