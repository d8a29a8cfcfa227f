"""`/api/visualization`: what there is to look at, and the Projector export of the active version."""

from __future__ import annotations

from typing import Literal

from starlette.responses import FileResponse, Response

from common.errors import NotFound
from gateway.answers import json_answer
from gateway.guarded_routes import AreaRouter
from gateway.schemas.visualization import VisualizationModel
from gateway.state import TheGateway
from gateway.translate.visualization import projector_folder, visualization_of

MEDIA_TYPES = {"json": "application/json", "tsv": "text/tab-separated-values; charset=utf-8"}

area = AreaRouter("/api/visualization", "visualization")


@area.user.get("", response_model=VisualizationModel)
async def get_visualization(gateway: TheGateway) -> Response:
    """What the settings say about visualisation, and what of it really is there."""
    return json_answer(visualization_of(gateway.plant))


@area.user.get("/projector/{file_name}", response_class=Response)
async def get_projector_file(
    file_name: Literal["projector_config.json", "vectors.tsv", "metadata.tsv"], gateway: TheGateway
) -> Response:
    """A file of the Projector export."""
    folder = projector_folder(gateway.plant)
    if folder is None:
        raise NotFound("The active version has no Projector export: train with --export-projector")
    return FileResponse(folder / file_name, media_type=MEDIA_TYPES[file_name.rpartition(".")[2]])
