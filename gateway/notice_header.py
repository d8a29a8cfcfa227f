"""The headers that say what an answer's sentences say, where its body has no place for more than their texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

import orjson

from common.errors import FieldViolation
from common.notices import to_record

NOTICE_HEADER: Final = "x-notice"
"""Its name; the value is JSON {code, parameters}, percent-encoded."""

NOTICES_HEADER: Final = "x-notices"
"""Header with what each of the things says that are wrong with a request, in their order: JSON [{field, code, parameters}],
percent-encoded; without a code there is the text as `text`. As many of them as go into `LONGEST_NOTICE`."""

LONGEST_NOTICE: Final = 3000
"""Characters of that header; what is longer is said by its code alone."""


def notice_headers(code: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """The header with a code and values; none where there is no code."""
    if not code:
        return {}
    whole, bare = (
        quote(orjson.dumps({"code": code, "parameters": values}), safe="") for values in (dict(parameters), {})
    )
    return {NOTICE_HEADER: whole if len(whole) <= LONGEST_NOTICE else bare}


def violation_headers(violations: Iterable[FieldViolation]) -> dict[str, str]:
    """The header with what is wrong, field by field; none where nothing has a code."""
    records: list[dict[str, Any]] = []
    size = 0
    for violation in violations:
        record = {
            "field": violation.field,
            **(to_record(violation.description) or {"text": str(violation.description)}),
        }
        size += len(quote(orjson.dumps(record), safe="")) + 3
        if size > LONGEST_NOTICE:
            break
        records.append(record)
    if not any("code" in record for record in records):
        return {}
    return {NOTICES_HEADER: quote(orjson.dumps(records), safe="")}
