"""Sentences for people that say their code and values beside their English text, so that a screen says them in its own language.

A `Notice` is a text like any other; lists of texts, messages of errors and fields of records hold it as it is. Where it leaves the
process, its code and values go beside the text (`common/notice_messages.py`), or in a record of its own (`to_record`, `from_record`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any


class Notice(str):
    """A sentence in English with what it says.

    Attributes:
        code: stable name of the sentence, the same in every language.
        parameters: its values, as the text has them.
    """

    __slots__ = ("code", "parameters")
    code: str
    parameters: Mapping[str, str]

    def __new__(cls, text: str, code: str = "", parameters: Mapping[str, str] | None = None) -> Notice:
        made = super().__new__(cls, text)
        made.code, made.parameters = code, dict(parameters or {})
        return made

    def __reduce__(self) -> tuple[type[Notice], tuple[str, str, dict[str, str]]]:
        return Notice, (str(self), self.code, dict(self.parameters))

    def __deepcopy__(self, _memo: object) -> Notice:
        return self

    def inside(self, text: str, /, **more: object) -> Notice:
        """The same said within a longer English text, with further values."""
        return Notice(text, self.code, {**self.parameters, **_texts(more)})


def notice(code: str, sentence: str, /, **values: object) -> Notice:
    """A sentence of a code.

    Args:
        sentence: English, with the names of values in braces.
        values: what stands in their places; whole numbers get commas between thousands.
    """
    texts = _texts(values)
    return Notice(sentence.format(**texts), code, texts)


def values_of(text: str) -> Mapping[str, str]:
    """The values of a text; none where it has no code."""
    return text.parameters if isinstance(text, Notice) else {}


def within(text: str, sentence: str, /, **more: object) -> str:
    """A longer English text around a sentence, which keeps the code that the sentence has."""
    return sentence.inside(text, **more) if isinstance(sentence, Notice) else text


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    return {
        name: f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
        for name, value in values.items()
    }


def to_record(text: str) -> dict[str, Any] | None:
    """The code and values of a text for a JSON document; None where it has none."""
    return {"code": text.code, "parameters": dict(text.parameters)} if isinstance(text, Notice) else None


def notice_json(text: str) -> str:
    """`to_record` as JSON, for a column of texts; "" where the text has no code."""
    record = to_record(text)
    return json.dumps(record, ensure_ascii=False) if record is not None else ""


_BETWEEN = "\x1f"


def to_field(text: str) -> str:
    """A text with its code and values in one, for a field that is as old as texts without codes; `from_field` reads it."""
    told = notice_json(text)
    return f"{text}{_BETWEEN}{told}" if told else text


def from_field(kept: str) -> str:
    """The text that `to_field` wrote, or one that never had a code."""
    text, between, told = kept.rpartition(_BETWEEN)
    if not between:
        return kept
    try:
        return from_record(text, json.loads(told))
    except ValueError:
        return kept


def write_texts(texts: Iterable[str]) -> list[dict[str, Any]]:
    """Texts for a JSON document, each with its code and values where it has them."""
    return [{"text": str(text), **(to_record(text) or {})} for text in texts]


def read_texts(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """The texts that `write_texts` wrote."""
    return [from_record(str(record["text"]), record) for record in records]


def from_record(text: str, record: object) -> str:
    """A text with the code and values that a JSON document has beside it, whatever else may stand there."""
    if not isinstance(record, Mapping):
        return text
    code, values = record.get("code"), record.get("parameters")
    if not isinstance(code, str) or not code or not isinstance(values, Mapping):
        return text
    return Notice(text, code, {str(name): str(value) for name, value in values.items()})
