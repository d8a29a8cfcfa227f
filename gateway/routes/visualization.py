"""`/api/visualization`: the Projector export of the active version."""

from __future__ import annotations

from typing import Literal

from starlette.responses import FileResponse, Response

from common.errors import NotFound
from gateway.guarded_routes import AreaRouter
from gateway.state import TheGateway
from gateway.translate.visualization import projector_folder

MEDIA_TYPES = {"json": "application/json", "tsv": "text/tab-separated-values; charset=utf-8"}

area = AreaRouter("/api/visualization", "visualization")


@area.user.get("/projector/{file_name}", response_class=Response)
async def get_projector_file(
    file_name: Literal["projector_config.json", "vectors.tsv", "metadata.tsv"], gateway: TheGateway
) -> Response:
    """A file of the Projector export."""
    folder = projector_folder(gateway.plant)
    if folder is None:
        raise NotFound("The active version has no Projector export: train with --export-projector")
    return FileResponse(folder / file_name, media_type=MEDIA_TYPES[file_name.rpartition(".")[2]])
