"""Prometheus figures that every server and client keeps."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

calls = Counter("routing_rpc_requests", "Calls answered", ["method", "status"])
seconds = Histogram("routing_rpc_seconds", "Time of a call inside the server", ["method"], buckets=BUCKETS)
