"""Messages of ann.proto to the searcher's terms and back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ann_service.learned_answers import to_message
from ann_service.searcher import Answer, Wanted
from common.errors import InvalidInput
from protos.ann.v1 import ann_pb2 as pb
from protos.common.v1 import table_pb2

Vectors = npt.NDArray[np.float32]


def wanted_of(request: pb.SearchRequest) -> Wanted:
    """What a request asks for beside its queries."""
    return Wanted(
        top_k=request.top_k,
        ef_search=request.ef_search if request.HasField("ef_search") else None,
        min_similarity=request.min_similarity if request.HasField("min_similarity") else None,
        feature_weights=dict(request.feature_weights),
        weight_profile=request.weight_profile,
        exclude_codes=list(request.exclude_codes),
        include_self=request.include_self,
        model_version=request.model_version,
        estimates=request.estimates,
        with_vectors=request.with_vectors,
        model=request.model,
    )


def vectors_of(message: pb.Vectors) -> Vectors:
    """Vectors as an array, float32 (n, dimension).

    Raises:
        InvalidInput: the bytes are no whole number of vectors.
    """
    length = message.dimension * 4
    if not length or len(message.data) % length:
        raise InvalidInput(
            f"The vectors have {len(message.data)} bytes, which is no whole number of vectors of {message.dimension} "
            "float32 values"
        )
    return np.frombuffer(message.data, "<f4").reshape(-1, message.dimension)


def to_vectors(vectors: Vectors) -> pb.Vectors:
    """An array as vectors."""
    return pb.Vectors(dimension=vectors.shape[1], data=np.ascontiguousarray(vectors, "<f4").tobytes())


def to_response(answer: Answer) -> pb.SearchResponse:
    """An answer as a message."""
    response = pb.SearchResponse(
        model_version=answer.model_version,
        neighbours=table_pb2.Neighbours(
            offsets=answer.offsets, item_codes=answer.codes, similarities=answer.similarities
        ),
        unknown=answer.unknown,
        ef_search=answer.ef_search,
        search_ms=answer.search_ms,
        stored_codes=answer.stored_codes,
        unlike=answer.unlike,
        without_features=answer.without_features,
        model=answer.model,
    )
    if answer.vectors is not None:
        response.vectors.CopyFrom(to_vectors(answer.vectors))
    if answer.estimates is not None:
        to_message(answer.estimates, response.estimates)
    return response
