"""The baseline of a search by gRPC: a server that answers a search-sized message without searching. Run as a process of its own."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import grpc

METHOD = "/benchmark.Echo/Answer"


async def serve(port: int, answer: bytes) -> None:
    """Answer every call on `port` with `answer` until the process is ended."""

    async def handle(request: bytes, context: Any) -> bytes:
        return answer

    handlers = grpc.method_handlers_generic_handler(
        "benchmark.Echo", {"Answer": grpc.unary_unary_rpc_method_handler(handle)}
    )
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((handlers,))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    print("ready", flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), bytes.fromhex(sys.stdin.readline().strip())))
