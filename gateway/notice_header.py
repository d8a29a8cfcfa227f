"""The header that says what an answer's one sentence says, where its body has no place for more than the text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import orjson

NOTICE_HEADER: Final = "x-notice"
"""Its name; the value is JSON {code, parameters}, percent-encoded."""

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
