"""Whole numbers in texts from elsewhere: `str.isdigit` says yes to superscripts, and `int` refuses those and thousands of digits."""

from __future__ import annotations


def whole_number(text: str, most: int = 2**31 - 1) -> int | None:
    """The number that ASCII digits stand for; None where the text is anything else, or the number is above `most`."""
    if not (text.isascii() and text.isdigit()) or len(text) > 4 * len(str(most)):
        return None
    number = int(text)
    return number if number <= most else None
