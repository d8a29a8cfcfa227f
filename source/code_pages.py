"""Which code page a text without a mark is in, by whether what it says in it are words of people: Korean, Japanese, Chinese or European."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_EUROPEAN: Final = frozenset("äöüßÄÖÜéèêëàâçîïôùûáíóúñÉÈÀåøæÅØÆõãì°²³µ§€–—“”„‘’®±·½¼")
LIKELY: Final = 0.8
"""Share of the letters beyond ASCII from which on they are taken for words."""


def _of_korean(letter: str) -> bool:
    return not _is_han(letter) and _encodes(letter, "euc_kr")


def _of_japanese(letter: str) -> bool:
    kana = "\u3000" <= letter <= "\u30ff" or "\uff01" <= letter <= "\uff5e"
    return kana or (_is_han(letter) and _encodes(letter, "shift_jis"))


def _is_han(letter: str) -> bool:
    return "\u4e00" <= letter <= "\u9fff"


def _of_europe(letter: str) -> bool:
    return letter in _EUROPEAN


def _of_chinese(letter: str) -> bool:
    return _encodes(letter, "gb2312")


CODE_PAGES: Final[dict[str, Callable[[str], bool]]] = {
    "cp949": _of_korean,
    "cp932": _of_japanese,
    "cp1252": _of_europe,
    "gb18030": _of_chinese,
}
"""Code page -> whether people who use it write a letter; of two that fit alike the first counts."""


def likely_code_pages(sample: bytes) -> tuple[str, ...]:
    """The code pages in which most letters of a text are ones that people write, the likeliest first.

    Args:
        sample: bytes of the text, from the beginning of a line to the end of one.
    """
    shares = {}
    for name, written in CODE_PAGES.items():
        letters = [letter for letter in sample.decode(name, "replace") if ord(letter) > 127]
        if letters:
            shares[name] = sum(map(written, letters)) / len(letters)
    return tuple(name for name in sorted(shares, key=lambda one: -shares[one]) if shares[name] >= LIKELY)


def _encodes(letter: str, encoding: str) -> bool:
    """Whether the plain form of an encoding has a letter; EUC-KR spells others by four."""
    try:
        return len(letter.encode(encoding)) <= 2
    except UnicodeEncodeError:
        return False
