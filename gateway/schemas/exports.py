"""Answers of the export routes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from gateway.schemas.wire import AnswerModel

FileFormat = Literal["csv", "excel", "txt", "parquet", "json", "xml"]
Target = Literal["server", "download"]
FileName = Annotated[
    str, Field(max_length=120, description="Start of the file's name; empty: made from what is exported")
]


class ExportedFileModel(AnswerModel):
    """A file that was written into the export folder of the server."""

    format: FileFormat
    path: str = Field(description="Where it is on the server")
    file_name: str
    bytes: int
    operations: int = Field(description="Operations in it, one a row of the flat formats")
    compressed: bool = Field(description="Whether it lies in a ZIP file (export.compress_on_save)")
    exported_at: datetime


class GroupExportModel(ExportedFileModel):
    """A saved routing in a file on the server."""

    group_id: str
    group_name: str
    version: int


class PredictionExportModel(ExportedFileModel):
    """Predicted routings in a file on the server."""

    model_version: str
    requested_items: int
    unknown_items: list[str]
    items_without_routing: list[str]
