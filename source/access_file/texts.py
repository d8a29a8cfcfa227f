"""Texts as Access stores them: UTF-16, compressed by leaving out zero bytes, or in the code page of a file of Access 97."""

from __future__ import annotations

import codecs
from typing import Final

_COMPRESSED: Final = b"\xff\xfe"
_OF_TWO_BYTES: Final = ("cp932", "cp936", "cp949", "cp950")
_AS_WINDOWS: Final = "source.access_file.windows"


def _control(error: UnicodeError) -> tuple[str, int]:
    """A byte that a code page leaves free as the control character of its number, which is how Windows reads it."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error(_AS_WINDOWS, _control)


def decoded(stored: bytes, encoding: str) -> str:
    """The text of stored bytes.

    Args:
        encoding: of a file of Access 97; "" for Unicode.

    Raises:
        UnicodeDecodeError: they are no text of the code page.
    """
    if encoding:
        return stored.decode(encoding, "strict" if encoding in _OF_TWO_BYTES else _AS_WINDOWS)
    if not stored.startswith(_COMPRESSED):
        return stored.decode("utf-16-le", "replace")
    rest = stored[2:]
    if b"\0" not in rest:
        return rest.decode("latin-1")
    return _alternating(rest)


def _alternating(stored: bytes) -> str:
    """Text whose zero bytes switch between one byte and two bytes a character."""
    parts, narrow, at = [], True, 0
    while at < len(stored):
        if narrow:
            end = stored.find(b"\0", at)
            end = len(stored) if end < 0 else end
            parts.append(stored[at:end].decode("latin-1"))
        else:
            end = at
            while end < len(stored) and stored[end] != 0:
                end += 2
            end = min(end, at + (len(stored) - at) // 2 * 2)
            parts.append(stored[at:end].decode("utf-16-le", "replace"))
        at, narrow = end + 1, not narrow
    return "".join(parts)
