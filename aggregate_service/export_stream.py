"""An export whose routings come over a stream: written by a thread of its own, ended cleanly however the stream ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from aggregate_service.export_files import Exporter, ExportSession
from common.errors import InvalidInput
from protos.aggregate.v1 import aggregate_pb2 as pb

CHUNK_BYTES: Final = 256 * 1024
T = TypeVar("T")


class Run:
    """Runs functions on one thread, in order."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    def __call__(self, function: Callable[..., T], *arguments: object) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)


async def export_stream(
    exporter_for: Callable[[pb.ExportStart], Exporter], parts: AsyncIterator[pb.ExportPart]
) -> AsyncGenerator[pb.ExportChunk]:
    """Write what comes; answer the files, and for a download the content.

    Args:
        exporter_for: the exporter for what the first part asks for.

    Raises:
        InvalidInput: the parts are out of order, a format is unknown or off, a prediction contradicts itself.
        PreconditionFailed: the directory is not allowed or cannot be written. Unavailable: the disk is full.
    """
    first = await anext(aiter(parts), None)
    if first is None or first.WhichOneof("part") != "start":
        raise InvalidInput("The first part of an export says what to write (start)")
    work = _Work(exporter_for(first.start), first.start)
    async with _thread() as run:
        try:
            await run(work.begin)
            yield pb.ExportChunk()  # the caller sends on only now, so that a refusal reaches it as what it is
            ended = False
            async for part in parts:
                kind = part.WhichOneof("part")
                if ended or kind not in ("prediction", "end"):
                    raise InvalidInput("After its start an export has predictions, and then its end")
                ended = kind == "end"
                if not ended:
                    await run(work.add, part.prediction)
            if not ended:  # a call that is cancelled can look like one that ends
                raise InvalidInput("The export was cut off before its end, so nothing was written")
            yield pb.ExportChunk(files=await run(work.finish))
            while data := await run(work.read):
                yield pb.ExportChunk(data=data)
        finally:
            # the thread takes one piece of work after the other, so what it is doing is finished before
            await asyncio.shield(run(work.clear_away))


class _Work:
    """What the thread does; nothing of it is left when `clear_away` has run, but the files of an export that was finished."""

    def __init__(self, exporter: Exporter, start: pb.ExportStart) -> None:
        self._exporter, self._start = exporter, start
        self._session: ExportSession | None = None
        self._download: Path | None = None
        self._stream: BinaryIO | None = None

    def begin(self) -> None:
        start = self._start
        self._session = self._exporter.begin(list(start.formats), start.name, download=start.download)

    def add(self, prediction: pb.PredictResponse) -> None:
        assert self._session is not None
        self._session.add(prediction)

    def finish(self) -> pb.ExportResponse:
        assert self._session is not None
        files = self._session.finish()
        names = [str(file.path) for file in files]
        if self._start.download:
            self._download, names = files[0].path, [files[0].path.name]
            self._stream = open(self._download, "rb")  # noqa: SIM115 - closed by clear_away
        return pb.ExportResponse(paths=names, bytes=[file.bytes for file in files], operations=files[0].operations)

    def read(self) -> bytes:
        """The next piece of a download; empty at its end and for other exports."""
        return self._stream.read(CHUNK_BYTES) if self._stream else b""

    def clear_away(self) -> None:
        if self._session is not None:
            self._session.abandon()
        if self._stream is not None:
            self._stream.close()
        if self._download is not None:
            self._download.unlink(missing_ok=True)


@contextlib.asynccontextmanager
async def _thread() -> AsyncIterator[Run]:
    pool = ThreadPoolExecutor(1, thread_name_prefix="export")
    try:
        yield Run(pool)
    finally:
        pool.shutdown(wait=False)
