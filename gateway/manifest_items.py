"""What the active version's manifest says about single items: groups and metadata (`items: [{item_code, groups, metadata}]`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plant.item_keys import item_key

ITEM_KEYS = ("item_code", "ITEM_CD", "code", "id")


class ManifestItems:
    """The manifest's items by code, trimmed and ignoring case."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        self._items: dict[str, Mapping[str, Any]] = {}
        items = manifest.get("items")
        for item in items if isinstance(items, list) else ():
            if isinstance(item, Mapping):
                code = next((str(item[key]) for key in ITEM_KEYS if item.get(key)), "")
                if code:
                    self._items.setdefault(item_key(code), item)

    def metadata(self, item_code: str) -> dict[str, Any]:
        """What is said about an item; empty when nothing is."""
        metadata = self._items.get(item_key(item_code), {}).get("metadata")
        return dict(metadata) if isinstance(metadata, Mapping) else {}

    def groups(self, item_code: str) -> list[Mapping[str, Any]]:
        """The groups that the manifest gives an item, as they stand there."""
        groups = self._items.get(item_key(item_code), {}).get("groups")
        return [group for group in groups if isinstance(group, Mapping)] if isinstance(groups, list) else []
