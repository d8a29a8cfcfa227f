"""Search results: neighbours to the results of `/api/similarity/search`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from common.notices import to_record
from predicting.group_search import AskedSite, GroupFound
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


def group_answer(codes: Sequence[str], found: GroupFound, generated_at: str) -> dict[str, Any]:
    """The matches of each item, what became of the search at each site, and figures."""
    counts = Counter(match.site for matches in found.matches for match in matches)
    return {
        "results": [
            {
                "item_code": code,
                "matches": [
                    {
                        "site": match.site,
                        "item_code": match.item_code,
                        "similarity_score": score_of(match.similarity),
                    }
                    for match in matches
                ],
            }
            for code, matches in zip(codes, found.matches, strict=True)
        ],
        "sites": [_asked(site, counts[site.name]) for site in found.sites],
        "metrics": {
            "requested_items": len(codes),
            "returned_matches": counts.total(),
            "unknown_items": [codes[position] for position in found.unknown],
            "generated_at": generated_at,
        },
    }


def _asked(site: AskedSite, matches: int) -> dict[str, Any]:
    problem = site.problem
    return {
        "site": site.name,
        "searched": bool(site.model_version),
        "model_version": site.model_version or None,
        "matches": matches,
        "reason": problem.reason if problem is not None else None,
        "problem": str(problem.message) if problem is not None else None,
        "problem_notice": to_record(problem.message) if problem is not None else None,
    }


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
