"""JSON of files that others wrote: whatever it holds, it is read or refused with what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from common.errors import DataProblem

MOST_BYTES: Final = 64 * 1024 * 1024
"""No JSON artifact comes near; a file of this size is none."""


def parsed(text: str | bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is no JSON, is nested deeper than anything here, or names a key twice in one object.
    """
    try:
        return json.loads(text, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _value in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"it names {twice[:80]!r} twice, and readers differ in which of the two counts")
    return made


def json_object(data: bytes, path: Path) -> dict[str, Any]:
    """The JSON object in the bytes of a file.

    Args:
        path: what to call the file in errors.

    Raises:
        DataProblem: it is none.
    """
    try:
        if len(data) > MOST_BYTES:
            raise ValueError(f"it has {len(data):,} bytes")
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp949")  # as Python writes text on a Korean Windows when it is not told otherwise
        document = parsed(text)
    except ValueError as error:
        raise DataProblem(
            f"{path} cannot be read ({error}): restore it from a backup", details={"path": path}
        ) from error
    if not isinstance(document, dict):
        raise DataProblem(f"{path} holds no JSON object: restore it from a backup", details={"path": path})
    return document


def read_json_object(path: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises:
        DataProblem: it cannot be read or is no JSON object.
    """
    try:
        with open(path, "rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise DataProblem(
            f"{path} cannot be read ({error.strerror or error}): restore it from a backup", details={"path": path}
        ) from error
    return json_object(data, path)
