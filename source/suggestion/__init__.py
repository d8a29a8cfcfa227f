"""What an unknown source holds: which table is the items, which the operations, and what each column means."""

from source.suggestion.suggestion import NothingFound, Question, Suggestion, suggest

__all__ = ["NothingFound", "Question", "Suggestion", "suggest"]
