"""Prometheus figures of several processes as one text: each sample gets the labels `process` and `worker`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector


@dataclass(frozen=True)
class ProcessFigures:
    """The figures of one process.

    Attributes:
        process: its kind, such as ann.
        worker: its instance, such as ann-50051.
        text: Prometheus text exposition format.
    """

    process: str
    worker: str
    text: str


class _Merged(Collector):
    def __init__(self, families: dict[str, Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from self._families.values()


def merged_text(parts: Iterable[ProcessFigures]) -> str:
    """One text with every sample of every process."""
    families: dict[str, Metric] = {}
    for part in parts:
        for family in text_string_to_metric_families(part.text):
            if family.name.endswith("_created"):
                continue
            merged = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            for sample in family.samples:
                labels = {**sample.labels, "process": part.process, "worker": part.worker}
                merged.add_sample(sample.name, labels, sample.value)
    return generate_latest(_Merged(families)).decode("utf-8")
