"""One request seen through all hosts: OpenTelemetry traces over OTLP, and figures beside them, off unless the settings name a collector.

Every process begins a span for each request that it handles and passes `traceparent` on with its own calls. Off, it costs a
comparison a request, and the packages are not needed.
"""

from __future__ import annotations

from typing import Any

import common
from common.errors import InvalidInput
from common.otlp_metrics import MetricsSender
from common.request_context import RequestContext, current_request
from common.settings import Settings

_tracer: Any = None
_provider: Any = None
_metrics: MetricsSender | None = None


def start_tracing(settings: Settings, process: str, instance: str) -> None:
    """Send spans and figures to the collector of the settings; nothing where they name none.

    Raises:
        InvalidInput: the packages are not installed.
    """
    global _tracer, _provider, _metrics
    if not settings.otlp_endpoint:
        return
    try:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise InvalidInput(
            f"ROUTING_ML_OTLP_ENDPOINT is {settings.otlp_endpoint}: traces and figures need the packages opentelemetry-sdk and "
            "opentelemetry-exporter-otlp-proto-grpc, which are not installed"
        ) from None
    facts = {
        "service.name": f"routing-ml-{process}",
        "service.instance.id": instance,
        "service.version": common.__version__,
        **({"host.name": settings.host} if settings.host else {}),
    }
    exporter = OTLPSpanExporter(
        endpoint=settings.otlp_endpoint, insecure=settings.otlp_endpoint.startswith("http://"), timeout=5
    )
    _provider = TracerProvider(resource=Resource.create(facts))
    _provider.add_span_processor(BatchSpanProcessor(exporter))
    _tracer = _provider.get_tracer("routing-ml")
    _metrics = MetricsSender(settings.otlp_endpoint, facts)


def stop_tracing() -> None:
    """Send what is left."""
    global _tracer, _provider, _metrics
    if _provider is not None:
        _provider.shutdown()
    if _metrics is not None:
        _metrics.stop()
    _tracer = _provider = _metrics = None


def begin(name: str, request: RequestContext, traceparent: str = "") -> None:
    """Begin the span of a request, below the caller's where it sent one."""
    if _tracer is None:
        return
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    above = TraceContextTextMapPropagator().extract({"traceparent": traceparent}) if traceparent else None
    request.span = _tracer.start_span(
        name, context=above, kind=SpanKind.SERVER, attributes={"routing.request_id": request.request_id}
    )


def end(request: RequestContext, status: str, *, failed: bool) -> None:
    """End the span of a request."""
    span = request.span
    if span is None:
        return
    from opentelemetry.trace import StatusCode

    span.set_attribute("routing.status", status)
    version = request.fields.get("model_version")
    if isinstance(version, str) and version:
        span.set_attribute("routing.model_version", version)
    if failed:
        span.set_status(StatusCode.ERROR)
    span.end()


def traceparent() -> tuple[tuple[str, str], ...]:
    """Metadata that places calls below the current request's span; nothing where there is none."""
    if _tracer is None:
        return ()
    request = current_request()
    if request is None or request.span is None:
        return ()
    of = request.span.get_span_context()
    return (("traceparent", f"00-{of.trace_id:032x}-{of.span_id:016x}-{int(of.trace_flags):02x}"),)
