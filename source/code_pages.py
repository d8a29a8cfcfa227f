"""Which code page a text without a mark is in, by whether what it says in it are words of people: Korean, Japanese, Chinese or European."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

LIKELY: Final = 0.8
"""Share of the letters beyond ASCII from which on they are taken for words."""

_WESTERN: Final = (
    "äöüßÄÖÜẞ",  # German
    "éèêëàâçîïôœùûÉÈÊÀÂÇÎÔŒÙ",  # French
    "áéíóúñüÁÉÍÓÚÑÜªº",  # Spanish
    "ãõáéíóúâêôçàÃÕÁÉÍÓÚÂÊÔÇÀªº",  # Portuguese
    "àèéìòùÀÈÉÌÒÙ",  # Italian
    "åäöæøéÅÄÖÆØÉ",  # Nordic
    "éèëïöüêáóúÉËÏ",  # Dutch
)
_CENTRAL: Final = (
    "ąćęłńóśźżĄĆĘŁŃÓŚŹŻ",  # Polish
    "áčďéěíňóřšťúůýžľĺŕôäÁČĎÉĚÍŇÓŘŠŤÚŮÝŽĽ",  # Czech, Slovak
    "áéíóöőúüűÁÉÍÓÖŐÚÜŰ",  # Hungarian
    "ăâîşţĂÂÎŞŢ",  # Romanian
    "čćđšžČĆĐŠŽ",  # Croatian, Slovene
)
_TURKISH: Final = ("çğıöşüâîÇĞİÖŞÜ",)
_SIGNS: Final = "°µ§€–—“”„‘’«»®±·½¼¡¿"
_FIRST_LEVEL_JIS: Final = b"\x98\x9f"
_FIRST_LEVEL_GB: Final = b"\xd8"
"""Where the characters of everyday words end in their encodings; behind it are rare ones, which letters of other languages look like."""


_SEVERAL_LANGUAGES: Final = 0.9
"""What letters of several languages in one text count, against those of one."""
_THRICE: Final = re.compile(r"(.)\1\1")


def _of_korean(letter: str) -> bool:
    return not _is_han(letter) and _encoded(letter, "euc_kr") is not None


def _of_japanese(letter: str) -> bool:
    kana = "\u3000" <= letter <= "\u30ff" or "\uff01" <= letter <= "\uff5e"
    encoded = _encoded(letter, "shift_jis")
    return kana or (_is_han(letter) and encoded is not None and encoded < _FIRST_LEVEL_JIS)


def _of_chinese(letter: str) -> bool:
    encoded = _encoded(letter, "gb2312")
    return encoded is not None and encoded < _FIRST_LEVEL_GB


def _is_han(letter: str) -> bool:
    return "\u4e00" <= letter <= "\u9fff"


def _encoded(letter: str, encoding: str) -> bytes | None:
    """A letter in the plain form of an encoding; EUC-KR spells others by four bytes."""
    try:
        encoded = letter.encode(encoding)
    except UnicodeEncodeError:
        return None
    return encoded if len(encoded) <= 2 else None


def _each(written: Callable[[str], bool]) -> Callable[[str], float]:
    return lambda text: sum(ord(letter) > 127 and written(letter) for letter in text)


def _among_ascii(*languages: str) -> Callable[[str], float]:
    """Languages that are mostly written in ASCII: at most three of their other letters follow one another, and a text is of one
    language, less likely of several.
    """
    one, several = [_pattern(letters) for letters in languages], _pattern("".join(languages))
    return lambda text: max(*(_count(pattern, text) for pattern in one), _SEVERAL_LANGUAGES * _count(several, text))


def _pattern(letters: str) -> re.Pattern[str]:
    return re.compile(f"(?<=[mM])[²³]|[{_SIGNS}]|(?<![{letters}])[{letters}]{{1,3}}(?![{letters}])")


def _count(pattern: re.Pattern[str], text: str) -> int:
    return sum(map(len, pattern.findall(text)))


def _own_words(capitals: str, small: str) -> Callable[[str], float]:
    """An alphabet of its own: no word touches a letter of ASCII, has a capital behind a small letter, or one letter thrice in a row."""
    letters = f"A-Za-z{capitals}{small}"
    word = re.compile(f"(?<![{letters}])(?:[{capitals}]+[{small}]*|[{small}]+)(?![{letters}])")
    return lambda text: len(re.findall(f"[{_SIGNS}№]|(?<=[мmМM])[²³]", text)) + sum(
        len(found) for found in word.findall(text) if not _THRICE.search(found)
    )


CODE_PAGES: Final[dict[str, Callable[[str], float]]] = {
    "cp949": _each(_of_korean),
    "cp932": _each(_of_japanese),
    "cp1252": _among_ascii(*_WESTERN),
    "cp1250": _among_ascii(*_CENTRAL),
    "cp1254": _among_ascii(*_TURKISH),
    "cp1251": _own_words("\u0400-\u042f\u0490", "\u0430-\u045f\u0491"),
    "cp1253": _own_words("\u0386\u0388-\u038f\u0391-\u03ab", "\u0390\u03ac-\u03ce"),
    "gb18030": _each(_of_chinese),
}
"""Code page -> how many letters beyond ASCII of a text people who use it would have written; of two that fit alike the first counts."""


def likely_code_pages(sample: bytes) -> tuple[str, ...]:
    """The code pages in which most letters of a text are ones that people write, the likeliest first.

    Args:
        sample: bytes of the text, from the beginning of a line to the end of one.
    """
    shares = {}
    for name, written in CODE_PAGES.items():
        text = sample.decode(name, "replace")
        letters = sum(ord(letter) > 127 for letter in text)
        if letters:
            shares[name] = written(text) / letters
    return tuple(name for name in sorted(shares, key=lambda one: -shares[one]) if shares[name] >= LIKELY)
