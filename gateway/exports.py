"""Files with predicted routings, written by aggregate_service."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.clients import Clients
from protos.aggregate.v1 import aggregate_pb2 as pb

EXPORT_SECONDS = 120.0


async def export_files(clients: Clients, prediction: pb.PredictResponse, formats: Sequence[str]) -> list[str]:
    """Paths of the files with the prediction, one a format, each format once; none without formats.

    Raises:
        ServiceError: a format is switched off, or the folder cannot be written.
    """
    if not formats:
        return []
    request = pb.ExportRequest(prediction=prediction, formats=list(dict.fromkeys(formats)))
    written = await clients.aggregate.call(clients.aggregate.stub.Export, request, timeout=EXPORT_SECONDS)
    return list(written.paths)
