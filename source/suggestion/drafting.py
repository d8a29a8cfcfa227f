"""From a source to the draft of its profile, with what was found and what is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from common.errors import DataProblem
from common.notices import Notice
from plant.input_profile import InputProfile
from source.source import Source
from source.suggestion.answers import Answers
from source.suggestion.draft import draft_profile
from source.suggestion.reading import read_sample
from source.suggestion.suggestion import NothingFound, Suggestion, suggest


@dataclass(frozen=True)
class Draft:
    """A suggestion and the profile made of it; `unread` are tables that could not be read, with the reason."""

    found: Suggestion
    profile: InputProfile
    unread: dict[str, Notice]


def suggest_profile(
    source: Source,
    name: str,
    on_table: Callable[[str, int, int], None] | None = None,
    answers: Answers | None = None,
) -> Draft:
    """Draft the profile of a source, with what somebody answered to the questions of an earlier draft.

    Raises:
        InvalidInput: an answer does not fit the source.
        DataProblem: the source cannot be read, or no table of it looks like operations (reason NO_OPERATIONS).
    """
    sample = read_sample(source, on_table)
    try:
        found = suggest(sample.frames, sample.totals, answers)
    except NothingFound as nothing:
        looked = ", ".join(nothing.tables[:12]) or "no tables"
        unread = next(iter(sample.unread.values()), None)
        if unread is not None:  # it may well be the one
            raise DataProblem(
                f"{unread}. Of the other tables ({looked}) none looks like operations of items",
                reason=unread.code or "NO_OPERATIONS",
                details=unread.parameters,
            ) from None
        raise DataProblem(
            f"No table of {source.description} looks like operations of items (one row an operation, with a column that names the "
            f"item, one that orders, one that says which operation); looked at {looked}. Write a profile by hand",
            reason="NO_OPERATIONS",
        ) from None
    return Draft(found, draft_profile(found, name), sample.unread)
