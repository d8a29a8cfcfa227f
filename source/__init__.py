"""Plant data from wherever a plant keeps it, in canonical frames, whatever holds it.

What opens sources is imported when it is first asked for: processes that only need to know where a source lies do without readers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plant.columns import ColumnType, SourceColumn
    from source.opening import open_mapped, open_source
    from source.source import BATCH_ROWS, Source

__all__ = ["BATCH_ROWS", "ColumnType", "Source", "SourceColumn", "open_mapped", "open_source"]

_PLACES = {
    "BATCH_ROWS": "source.source",
    "ColumnType": "plant.columns",
    "Source": "source.source",
    "SourceColumn": "plant.columns",
    "open_mapped": "source.opening",
    "open_source": "source.opening",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
