"""Predictions as the JSON texts that clients get, straight from the columns: the gateway has nothing to unpack and to write again."""

from __future__ import annotations

import itertools
from typing import Final

import orjson

from aggregate_service.prediction import PredictionAnswer
from common.json_rows import row_members

JSON_LISTS: Final = ("NEIGHBOURS_FOR", "NEIGHBOURS_AGAINST", "REASONS", "CHANGES")
"""Columns of the evidence whose texts are JSON lists."""


def routing_texts(answer: PredictionAnswer, generated_at: str) -> list[bytes]:
    """A JSON object for each routing, with its operations in it and their evidence where it was asked for.

    Args:
        generated_at: ISO time.
    """
    count = answer.operation_offsets[-1]
    members = row_members(answer.operations.items(), count)
    if answer.evidence is not None and count:
        evidence = row_members(answer.evidence.items(), count, JSON_LISTS)
        operations = [b'{%b,"EVIDENCE":{%b}}' % both for both in zip(members, evidence, strict=True)]
    else:
        operations = [b"{%b}" % one for one in members]
    made = orjson.dumps(generated_at)
    routings = row_members(answer.routings.items(), len(answer.operation_offsets) - 1)
    return [
        b'{%b,"generated_at":%b,"operations":[%b]}' % (routing, made, b",".join(operations[start:end]))
        for routing, (start, end) in zip(routings, itertools.pairwise(answer.operation_offsets), strict=True)
    ]


def candidate_texts(answer: PredictionAnswer) -> list[bytes]:
    """A JSON object for each candidate."""
    members = row_members(answer.candidates.items(), len(answer.candidates["ITEM_CD"]))
    return [b'{%b,"metadata":{}}' % one for one in members]
