"""Search results: neighbours to the results of `/api/similarity/search`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from predicting.neighbours import Found


def results(
    codes: Sequence[str],
    found: Found,
    metadata_of: Callable[[str], dict[str, Any]] | None,
    manifest_revision: str | None,
) -> list[dict[str, Any]]:
    """The matches of each item, best first.

    Args:
        metadata_of: what the manifest says about an item; None: metadata stays empty.
    """
    offsets = found.neighbours.offsets
    names, scores = list(found.neighbours.item_codes), list(found.neighbours.similarities)
    return [
        {
            "item_code": code,
            "matches": [
                {
                    "item_code": name,
                    "similarity_score": score_of(score),
                    "source": "prediction",
                    "metadata": metadata_of(name) if metadata_of else {},
                }
                for name, score in zip(
                    names[offsets[position] : offsets[position + 1]],
                    scores[offsets[position] : offsets[position + 1]],
                    strict=True,
                )
            ],
            "manifest_revision": manifest_revision,
        }
        for position, code in enumerate(codes)
    ]


def score_of(similarity: float) -> float:
    """A similarity as clients see it: 0 to 1, six digits."""
    return round(min(1.0, max(0.0, similarity)), 6)


def metrics(codes: Sequence[str], found: Found, generated_at: str) -> dict[str, Any]:
    """Figures of a search."""
    return {
        "requested_items": len(codes),
        "returned_matches": len(found.neighbours.item_codes),
        "unknown_items": [codes[position] for position in found.unknown],
        "model_version": found.model_version,
        "generated_at": generated_at,
        "ef_search": found.ef_search,
        "search_ms": round(found.search_ms, 3),
    }
