"""What a version has learned, merged when some queries of a batch were searched by code and others by their features."""

from __future__ import annotations

from collections.abc import Mapping

from protos.ann.v1 import ann_pb2
from protos.common.v1 import estimates_pb2

FLOAT_BYTES = 4


def merge_estimates(
    whole: ann_pb2.SearchResponse, part: ann_pb2.SearchResponse, rows: Mapping[int, int]
) -> estimates_pb2.Estimates | None:
    """The estimates of `whole` with those of the queries in `rows` (query -> row of `part`) taken from `part`.

    Returns:
        None where the version has learned nothing.
    """
    if not part.HasField("estimates"):
        return whole.estimates if whole.HasField("estimates") else None
    count = len(whole.neighbours.offsets) - 1
    merged = estimates_pb2.Estimates(offsets=[0])
    merged.operations.extend(part.estimates.operations)
    merged.reasons.extend(part.estimates.reasons)
    merged.factors, merged.calibration = part.estimates.factors, part.estimates.calibration
    merged.time_base, merged.time_effects = part.estimates.time_base, part.estimates.time_effects
    width = part.estimates.factors * FLOAT_BYTES
    factors, near, sizes = bytearray(), bytearray(), bytearray()
    for query in range(count):
        row = rows.get(query)
        source, at = (whole, query) if row is None else (part, row)
        said = source.estimates
        if not source.HasField("estimates"):  # none of its queries was known
            factors += bytes(width)
            merged.offsets.append(len(merged.operation))
            continue
        first, last = said.offsets[at], said.offsets[at + 1]
        merged.operation.extend(said.operation[first:last])
        merged.probability.extend(said.probability[first:last])
        merged.offsets.append(len(merged.operation))
        factors += said.query_factors[at * width : (at + 1) * width]
        start, end = source.neighbours.offsets[at], source.neighbours.offsets[at + 1]
        near += said.neighbour_factors[start * width : end * width]
        sizes += said.size_differences[start * FLOAT_BYTES : end * FLOAT_BYTES]
    merged.query_factors, merged.neighbour_factors, merged.size_differences = bytes(factors), bytes(near), bytes(sizes)
    return merged
