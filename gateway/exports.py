"""Files with routings, written by aggregate_service from what the gateway hands over part by part."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final
from urllib.parse import quote

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from common.errors import Unavailable
from predicting.services import Clients, Exchange
from protos.aggregate.v1 import aggregate_pb2 as pb

MEDIA_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "excel": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "txt": "text/plain; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
    "xml": "application/xml",
}


class Export:
    """An export under way: `add` parts, `finish`, and for a download read its content."""

    def __init__(self, exchange: Exchange[pb.ExportPart, pb.ExportChunk]) -> None:
        self._exchange = exchange

    async def add(self, prediction: pb.PredictResponse) -> None:
        """Hand over routings."""
        await self._exchange.send(pb.ExportPart(prediction=prediction))

    async def finish(self) -> pb.ExportResponse:
        """Say that nothing more comes; the files are there when this returns.

        Raises:
            Unavailable: aggregate_service ended without an answer.
        """
        await self._exchange.send(pb.ExportPart(end=pb.ExportEnd()))
        await self._exchange.end()
        answer = await self._exchange.receive()
        if answer is None:
            raise Unavailable("aggregate_service ended the export without an answer. Try again", retry_after=1.0)
        return answer.files

    async def content(self) -> AsyncIterator[bytes]:
        """The content of a download, after `finish`."""
        while (chunk := await self._exchange.receive()) is not None:
            yield chunk.data


@asynccontextmanager
async def exporting(clients: Clients, start: pb.ExportStart, *, seconds: float) -> AsyncIterator[Export]:
    """An export; what is not finished when the block ends leaves no file.

    Raises:
        ServiceError: a format is switched off, or the folder cannot be written.
    """
    aggregate = clients.aggregate
    async with aggregate.exchange(aggregate.stub.ExportStream, timeout=seconds) as exchange:
        await exchange.send(pb.ExportPart(start=start))
        await exchange.receive()
        yield Export(exchange)


class Download(StreamingResponse):
    """The content of an export whose call ends with the answer, also when the client has gone before its first byte.

    Args:
        call: holds the export.
    """

    def __init__(self, export: Export, call: AsyncExitStack, files: pb.ExportResponse, kind: str) -> None:
        name, size = files.paths[0], files.bytes[0]
        plain = name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_").replace("\\", "_")
        disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
        headers = {"content-disposition": disposition, "content-length": str(size)}
        super().__init__(export.content(), headers=headers, media_type=MEDIA_TYPES[kind])
        self._call = call

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        async with self._call:
            await super().__call__(scope, receive, send)


def each_once(formats: Sequence[str]) -> list[str]:
    """Formats without repetitions, in order."""
    return list(dict.fromkeys(formats))
