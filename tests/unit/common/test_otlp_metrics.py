"""Figures over OTLP: the same as Prometheus reads, with what the process is."""

from __future__ import annotations

import queue
from concurrent import futures
from typing import Any

import grpc
import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

pytest.importorskip("opentelemetry.proto.collector.metrics.v1.metrics_service_pb2")

from common.otlp_metrics import MetricsSender, request_of


def test_counters_gauges_and_histograms_keep_their_values_and_labels() -> None:
    registry = CollectorRegistry()
    Counter("answers", "Answers given", ["site"], registry=registry).labels("busan").inc(3)
    Gauge("waiting", "Who waits", registry=registry).set(2.5)
    times = Histogram("seconds", "How long", ["method"], buckets=(0.1, 1.0), registry=registry)
    for value in (0.05, 0.5, 0.6, 7.0):
        times.labels("Search").observe(value)
    sent = request_of(registry.collect(), {"service.name": "routing-ml-ann"}, 5)
    (resource,) = sent.resource_metrics
    assert resource.resource.attributes[0].value.string_value == "routing-ml-ann"
    found = {metric.name: metric for metric in resource.scope_metrics[0].metrics}
    answers = found["answers"].sum
    assert (answers.is_monotonic, answers.data_points[0].as_double) == (True, 3)
    assert answers.data_points[0].start_time_unix_nano == 5
    assert [(one.key, one.value.string_value) for one in answers.data_points[0].attributes] == [("site", "busan")]
    assert found["waiting"].gauge.data_points[0].as_double == 2.5
    point = found["seconds"].histogram.data_points[0]
    assert (list(point.bucket_counts), list(point.explicit_bounds)) == ([1, 2, 1], [0.1, 1.0])
    assert (point.count, round(point.sum, 3)) == (4, 8.15)


def test_figures_arrive_at_a_collector_and_once_more_at_the_end() -> None:
    from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc

    got: queue.Queue[Any] = queue.Queue()

    class Servicer(metrics_service_pb2_grpc.MetricsServiceServicer):  # type: ignore[misc,unused-ignore]
        def Export(self, request: Any, context: Any) -> Any:
            got.put(request)
            return metrics_service_pb2.ExportMetricsServiceResponse()

    server = grpc.server(futures.ThreadPoolExecutor(1))
    metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(Servicer(), server)  # type: ignore[no-untyped-call,unused-ignore]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sender = MetricsSender(f"http://127.0.0.1:{port}", {"service.instance.id": "ann-1@east"}, every_seconds=0.05)
    assert got.get(timeout=30).resource_metrics
    sender.stop()
    server.stop(None)
    assert not got.empty()
