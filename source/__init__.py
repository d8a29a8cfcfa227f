"""Plant data from an Access file or a folder of Parquet or CSV tables, in canonical frames, whatever holds it."""

from plant.columns import ColumnType, SourceColumn
from source.opening import open_mapped, open_source
from source.source import BATCH_ROWS, Source

__all__ = ["BATCH_ROWS", "ColumnType", "Source", "SourceColumn", "open_mapped", "open_source"]
