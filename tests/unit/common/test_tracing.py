"""Traces over OTLP: off by default and free, on they lead through every host to a collector."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest

from common import tracing
from common.errors import InvalidInput
from common.identity import Caller as Who
from common.processes import free_port
from common.request_context import RequestContext, enter_request, leave_request
from common.settings import Settings
from tests.support.describing_service import Asker, host_settings, serve


class Collector:
    """An OTLP collector that keeps the spans it gets."""

    def __init__(self) -> None:
        from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

        self.spans: list[Any] = []
        collector = self

        class Servicer(trace_service_pb2_grpc.TraceServiceServicer):  # type: ignore[misc,unused-ignore]
            def Export(self, request: Any, context: Any) -> Any:
                for resource in request.resource_spans:
                    for scope in resource.scope_spans:
                        collector.spans += scope.spans
                return trace_service_pb2.ExportTraceServiceResponse()

        self.server = grpc.server(futures.ThreadPoolExecutor(1))
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(Servicer(), self.server)  # type: ignore[no-untyped-call,unused-ignore]
        self.url = f"http://127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()


@pytest.fixture
def collector() -> Iterator[Collector]:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.grpc")
    made = Collector()
    yield made
    tracing.stop_tracing()
    made.server.stop(None)


async def test_a_request_is_one_trace_through_its_processes(collector: Collector, tmp_path: Path) -> None:
    settings = host_settings(tmp_path, otlp_endpoint=collector.url)
    tracing.start_tracing(settings, "gateway", "gateway-1@east")
    address = f"127.0.0.1:{free_port()}"
    server = await serve(host_settings(tmp_path), address, "one")
    asker = Asker(host_settings(tmp_path), [address])
    request = RequestContext("abc", Who.nobody(), token=asker._caller._own)
    tracing.begin("GET /api/health", request)
    token = enter_request(request)
    await asker.ask()
    leave_request(token)
    tracing.end(request, "200", failed=False)
    await asker.channel.close()
    await server.stop()
    await asyncio.to_thread(tracing.stop_tracing)
    below, above = sorted(collector.spans, key=lambda span: span.name.startswith("GET"))
    assert (above.name, below.name) == ("GET /api/health", "/routing.common.v1.ProcessService/Describe")
    assert (below.trace_id, below.parent_span_id) == (above.trace_id, above.span_id)
    assert {entry.key: entry.value.string_value for entry in below.attributes}["routing.request_id"] == "abc"


def test_off_nothing_is_loaded_and_nothing_is_sent() -> None:
    tracing.start_tracing(Settings(_env_file=None), "gateway", "gateway-1")
    request = RequestContext("abc", Who.nobody())
    tracing.begin("GET /", request)
    tracing.end(request, "200", failed=False)
    assert request.span is None
    assert tracing.traceparent() == ()


def test_packages_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(InvalidInput, match="opentelemetry-sdk"):
        tracing.start_tracing(Settings(_env_file=None, otlp_endpoint="http://127.0.0.1:9"), "ann", "ann-1")
