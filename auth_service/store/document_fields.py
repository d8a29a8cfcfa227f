"""Fields of documents as they come in: text, names, JSON. What is wrong is collected by field, so that one answer names all of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

import orjson

from common.errors import FieldViolation, InvalidInput
from common.notices import notice

MAX_DOCUMENT_BYTES = 1024 * 1024


class Violations:
    """What is wrong in a request, by field."""

    def __init__(self) -> None:
        self._found: list[FieldViolation] = []

    def add(self, field: str, description: str) -> None:
        """Note that `field` (a path such as `steps.2.seq`) is wrong."""
        self._found.append(FieldViolation(field, description))

    def check(self, what: str) -> None:
        """Refuse when anything was noted.

        Raises:
            InvalidInput: with all violations; the message starts with `what`.
        """
        if self._found:
            first = self._found[0]
            more = f" (and {len(self._found) - 1} more)" if len(self._found) > 1 else ""
            raise InvalidInput(f"{what}: {first.field}: {first.description}{more}", violations=self._found)


def has_control_characters(text: str) -> bool:
    """Whether `text` holds characters that no field of a document may hold (line breaks and tabs apart)."""
    return any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\r\t" for c in text)


def text_field(found: Violations, field: str, value: str, *, at_least: int = 0, at_most: int = 4000) -> str:
    """`value` without blanks around it; notes when it is too short, too long or holds control characters."""
    kept = value.strip()
    if has_control_characters(kept):
        found.add(field, notice("HOLDS_CONTROL_CHARACTERS", "holds control characters"))
        return ""
    if len(kept) < at_least:
        empty = notice("IS_MISSING", "must not be empty")
        few = notice("AT_LEAST_CHARACTERS", "must have {count} characters or more", count=f"{at_least}")
        found.add(field, empty if at_least == 1 else few)
    elif len(kept) > at_most:
        more = "must have {count} characters or fewer, has {length}"
        found.add(field, notice("AT_MOST_CHARACTERS", more, count=f"{at_most}", length=f"{len(kept)}"))
    return kept


def name_field(found: Violations, field: str, value: str, *, at_least: int, at_most: int) -> str:
    """A name: as `text_field`, with every run of blanks collapsed into one."""
    return text_field(found, field, " ".join(value.split()), at_least=at_least, at_most=at_most)


def distinct(values: Iterable[str]) -> list[str]:
    """The values without blanks around them, empty ones and duplicates (ignoring case) dropped, in order."""
    seen: dict[str, str] = {}
    for value in values:
        kept = value.strip()
        if kept:
            seen.setdefault(kept.casefold(), kept)
    return list(seen.values())


def json_value(found: Violations, field: str, text: str, *, at_most: int = MAX_DOCUMENT_BYTES) -> object:
    """The JSON value that `text` holds, None when it is ""; notes when it is not JSON or too large."""
    if not text:
        return None
    if len(text.encode("utf-8", "surrogatepass")) > at_most:
        found.add(field, notice("AT_MOST_BYTES", "is larger than {count} bytes", count=f"{at_most}"))
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        found.add(field, notice("INPUT_JSON_INVALID", "is not JSON ({error})", error=error))
        return None


def json_object(found: Violations, field: str, text: str, *, at_most: int = MAX_DOCUMENT_BYTES) -> dict[str, object]:
    """The JSON object that `text` holds, {} when it is ""; notes when it is something else."""
    value = json_value(found, field, text, at_most=at_most)
    if value is None:
        return {}
    if not isinstance(value, dict):
        found.add(field, notice("INPUT_DICT_TYPE", "must be a JSON object"))
        return {}
    return value


def to_json(value: object) -> str:
    """JSON text of a document, keys in their order."""
    return orjson.dumps(value).decode("utf-8")


def like_pattern(words: str) -> str:
    """Pattern that finds `words`, casefolded, anywhere in a text; escape character is the backslash."""
    escaped = words.strip().casefold().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def check_filters(**filters: str) -> None:
    """Refuse filters of a list that hold control characters or are longer than any text they could find.

    Raises:
        InvalidInput: names every filter that is wrong.
    """
    found = Violations()
    for field, value in filters.items():
        text_field(found, field, value, at_most=256)
    found.check("The list cannot be filtered")
