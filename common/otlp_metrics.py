"""The figures that Prometheus reads, sent to an OpenTelemetry collector as well where the settings name one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client import REGISTRY
from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample

from common.logs import get_logger

log = get_logger(__name__)

EVERY_SECONDS = 15.0
ANSWER_SECONDS = 3.0
CUMULATIVE: Any = 2
"""AGGREGATION_TEMPORALITY_CUMULATIVE of the protocol: counts since the start of the process."""


class MetricsSender:
    """Sends all figures of this process every few seconds, on a thread of its own; what cannot be sent is dropped.

    Args:
        endpoint: the collector, such as http://otel:4317.
        facts: what the process is, as attributes of the resource.

    Raises:
        ImportError: the packages are not installed.
    """

    def __init__(self, endpoint: str, facts: Mapping[str, str], every_seconds: float = EVERY_SECONDS) -> None:
        import grpc
        from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2_grpc

        scheme, _, place = endpoint.rpartition("://")
        if scheme == "https":
            self._channel = grpc.secure_channel(place, grpc.ssl_channel_credentials())
        else:
            self._channel = grpc.insecure_channel(place)
        self._stub = metrics_service_pb2_grpc.MetricsServiceStub(self._channel)  # type: ignore[no-untyped-call,unused-ignore]
        self._facts, self._every = dict(facts), every_seconds
        self._since = time.time_ns()
        self._ended = threading.Event()
        self._told = False
        self._thread = threading.Thread(target=self._send_often, name="otlp-metrics", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send the last figures, and no more."""
        self._ended.set()
        self._thread.join(ANSWER_SECONDS + 1.0)
        self._channel.close()

    def _send_often(self) -> None:
        import grpc

        over = False
        while not over:
            over = self._ended.wait(self._every)
            try:
                self._stub.Export(request_of(REGISTRY.collect(), self._facts, self._since), timeout=ANSWER_SECONDS)
                self._told = False
            except (grpc.RpcError, ValueError) as error:
                if not self._told:
                    self._told = True
                    log.warning("figures cannot be sent to the collector", error=str(error)[:300])


def request_of(families: Iterable[Metric], facts: Mapping[str, str], since: int) -> Any:
    """Figures as a message of the protocol.

    Args:
        families: as a Prometheus registry collects them.
        facts: attributes of the resource.
        since: when counting began, nanoseconds since 1970 UTC.
    """
    from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
    from opentelemetry.proto.metrics.v1 import metrics_pb2

    request = metrics_service_pb2.ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    _set(resource.resource.attributes, facts)
    scope = resource.scope_metrics.add()
    scope.scope.name = "routing-ml"
    span = {"start_time_unix_nano": since, "time_unix_nano": time.time_ns()}
    for family in families:
        metric = metrics_pb2.Metric(name=family.name, description=family.documentation)
        if family.type == "histogram":
            metric.histogram.aggregation_temporality = CUMULATIVE
            for labels, samples in _by_labels(family.samples).items():
                _fill(metric.histogram.data_points.add(**span), dict(labels), samples)
        elif family.type == "counter":
            metric.sum.aggregation_temporality, metric.sum.is_monotonic = CUMULATIVE, True
            for sample in family.samples:
                if sample.name.endswith("_total"):
                    _set(metric.sum.data_points.add(as_double=sample.value, **span).attributes, sample.labels)
        elif family.type in ("gauge", "unknown"):
            for sample in family.samples:
                _set(metric.gauge.data_points.add(as_double=sample.value, **span).attributes, sample.labels)
        if metric.WhichOneof("data") is not None:
            scope.metrics.append(metric)
    return request


def _by_labels(samples: Iterable[Sample]) -> dict[tuple[tuple[str, str], ...], list[Sample]]:
    """The samples of each histogram of a family."""
    found: dict[tuple[tuple[str, str], ...], list[Sample]] = {}
    for sample in samples:
        labels = tuple(sorted((name, value) for name, value in sample.labels.items() if name != "le"))
        found.setdefault(labels, []).append(sample)
    return found


def _fill(point: Any, labels: Mapping[str, str], samples: Iterable[Sample]) -> None:
    """A histogram: its cumulative buckets become the counts of each."""
    before = 0
    for sample in samples:
        if sample.name.endswith("_bucket"):
            point.bucket_counts.append(int(sample.value) - before)
            before = int(sample.value)
            if sample.labels["le"] != "+Inf":
                point.explicit_bounds.append(float(sample.labels["le"]))
        elif sample.name.endswith("_count"):
            point.count = int(sample.value)
        elif sample.name.endswith("_sum"):
            point.sum = sample.value
    _set(point.attributes, labels)


def _set(attributes: Any, said: Mapping[str, str]) -> None:
    for name, value in said.items():
        attributes.add(key=name).value.string_value = value
