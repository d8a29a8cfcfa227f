"""What people type into a search."""

from __future__ import annotations

from typing import Final

from aggregate_service.item_search import parse_query

SEEDS: Final = (b"seal 50", "슬리브 OR O-RING | a & b".encode(), b"%_ AND OR", "\u3000İ\u0130ﬀ".encode())


def read(data: bytes) -> None:
    """Parse it."""
    parse_query(data.decode("utf-8", "replace"))
