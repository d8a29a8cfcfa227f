"""ann_service over a real channel: what a search answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import numpy as np
import pytest

from common.errors import InvalidInput, PreconditionFailed, ServiceError, Unavailable
from common.rpc.status import from_rpc_error
from common.tables import from_mapping, number_column
from protos.ann.v1 import ann_pb2
from protos.common.v1 import table_pb2
from protos.settings.v1 import settings_pb2
from tests.support.small_versions import CODES, ODD_CODES, ROWS, Running, features_of, make_version, state

Start = Callable[..., Awaitable[Running]]


def lists(response: ann_pb2.SearchResponse) -> list[list[tuple[str, float]]]:
    """Neighbours of each query as pairs."""
    found = response.neighbours
    pairs = list(zip(found.item_codes, found.similarities, strict=True))
    return [pairs[a:b] for a, b in zip(found.offsets, found.offsets[1:], strict=False)]


def table(*rows: dict[str, str | float | None]) -> table_pb2.Table:
    """A table of features."""
    names = dict.fromkeys(name for row in rows for name in row)
    columns: dict[str, Any] = {name: [row.get(name) for row in rows] for name in names}
    return from_mapping(columns, len(rows))


async def refusal(call: Awaitable[Any]) -> ServiceError:
    """The error that a call ends with."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return from_rpc_error(caught.value, "ann_service")


@pytest.fixture
async def service(start: Start, version_a: settings_pb2.ActiveVersion) -> Running:
    return await start(version_a)


async def test_known_items_get_their_neighbours_without_themselves(service: Running) -> None:
    response = await service.by_code("IT-00010", "IT-00011", top_k=5)
    assert response.model_version == "version-a"
    first, second = lists(response)
    assert len(first) == len(second) == 5
    assert "IT-00010" not in dict(first)
    similarities = [similarity for _code, similarity in first]
    assert similarities == sorted(similarities, reverse=True)
    assert all(0 <= similarity <= 1 for similarity in similarities)
    assert list(response.stored_codes) == ["IT-00010", "IT-00011"]


async def test_an_item_may_be_kept_among_its_own_neighbours(service: Running) -> None:
    (best, similarity), *_rest = lists(await service.by_code("IT-00010", top_k=3, include_self=True))[0]
    assert similarity == pytest.approx(1, abs=1e-5)
    assert best == "IT-00010"


async def test_codes_with_blanks_quotes_korean_and_emoji_are_found_in_any_case(service: Running) -> None:
    response = await service.by_code("  4h69065zz", 'o\'ring "5"', "슬리브-1\u3000", "🔩 나사", "it-00020")
    assert list(response.stored_codes) == [*ODD_CODES.values(), "IT-00020"]
    assert not response.unknown


async def test_unknown_codes_are_named_and_have_no_neighbours(service: Running) -> None:
    response = await service.by_code("IT-00010", "nothing", "  ", "IT-00011", "x" * 5000, top_k=4)
    assert list(response.unknown) == [1, 2, 4]
    assert [len(found) for found in lists(response)] == [4, 0, 0, 4, 0]
    assert list(response.stored_codes) == ["IT-00010", "", "", "IT-00011", ""]
    alone = await service.by_code("nothing")
    assert list(alone.unknown) == [0]
    assert list(alone.neighbours.offsets) == [0, 0]


async def test_a_batch_answers_as_single_calls_do(service: Running) -> None:
    codes = [CODES[row] for row in range(0, ROWS, 2)]
    together = lists(await service.by_code(*codes, top_k=7, min_similarity=0.3))
    for code, found in list(zip(codes, together, strict=True))[::40]:
        assert lists(await service.by_code(code, top_k=7, min_similarity=0.3))[0] == found


async def test_top_k_is_ten_where_none_is_given_and_fifty_at_most(service: Running) -> None:
    assert len(lists(await service.by_code("IT-00010"))[0]) == 10
    assert len(lists(await service.by_code("IT-00010", top_k=50))[0]) == 50
    error = await refusal(service.by_code("IT-00010", top_k=51))
    assert isinstance(error, InvalidInput)
    assert error.violations[0].field == "top_k"


async def test_neighbours_below_the_least_similarity_are_left_out(service: Running) -> None:
    everything = lists(await service.by_code("IT-00010", top_k=50))[0]
    limit = everything[20][1]
    kept = lists(await service.by_code("IT-00010", top_k=50, min_similarity=limit))[0]
    assert kept == [pair for pair in everything if pair[1] >= limit]
    for wrong in (-0.1, 1.1, float("nan")):
        assert isinstance(await refusal(service.by_code("IT-00010", min_similarity=wrong)), InvalidInput)


async def test_ef_search_is_the_calls_else_the_settings_else_the_versions(service: Running) -> None:
    assert (await service.by_code("IT-00010")).ef_search == 64
    service.searcher.ef_search = 100
    assert (await service.by_code("IT-00010")).ef_search == 100
    assert (await service.by_code("IT-00010", ef_search=33)).ef_search == 33
    for wrong in (0, 4097):
        assert isinstance(await refusal(service.by_code("IT-00010", ef_search=wrong)), InvalidInput)


async def test_features_of_a_known_item_find_it(service: Running) -> None:
    response = await service.search(features=table(features_of(30), features_of(31)), top_k=3)
    first, second = lists(response)
    assert [first[0][0], second[0][0]] == ["IT-00030", "IT-00031"]
    assert [first[0][1], second[0][1]] == pytest.approx([1, 1], abs=1e-5)
    assert not response.stored_codes
    by_code = lists(await service.by_code("IT-00030", top_k=2))[0]
    assert [code for code, _similarity in first[1:]] == [code for code, _similarity in by_code]


async def test_an_item_given_by_features_can_be_left_out_of_its_own_matches(service: Running) -> None:
    features = table(features_of(30), features_of(31))
    first, second = lists(await service.search(features=features, exclude_codes=["it-00030", "unknown"], top_k=3))
    assert "IT-00030" not in dict(first)
    assert second[0][0] == "IT-00031"
    error = await refusal(service.search(features=features, exclude_codes=["IT-00030"]))
    assert "parallel" in error.message


async def test_missing_and_unknown_columns_count_as_absent(service: Running) -> None:
    few = await service.search(features=table({"OUTDIAMETER": 50.0, "COLOUR": "red"}))
    explicit = await service.search(features=table({"OUTDIAMETER": 50.0, "ITEM_GRP1": None, "SealTypeGrup": " nan "}))
    assert lists(few) == lists(explicit)


async def test_repeated_features_are_taken_from_the_cache(service: Running) -> None:
    cache = service.searcher.cache
    await service.search(features=table(features_of(30)))
    assert (cache.hits, cache.misses) == (0, 1)
    same = {**features_of(30), "ITEM_GRP1": f" {features_of(30)['ITEM_GRP1']} ", "COLOUR": "red"}
    await service.search(features=table(same, features_of(31)))
    assert (cache.hits, cache.misses) == (1, 2)
    info = await service.stub.Info(ann_pb2.InfoRequest(), metadata=service.metadata)
    assert (info.cache_entries, info.cache_hits, info.cache_misses, info.cache_capacity) == (2, 1, 2, 10_000)


async def test_vectors_of_encode_find_what_the_features_find(service: Running) -> None:
    features = table(features_of(40), features_of(41))
    encoded = await service.stub.Encode(ann_pb2.EncodeRequest(features=features), metadata=service.metadata)
    assert encoded.model_version == "version-a"
    vectors = np.frombuffer(encoded.vectors.data, "<f4").reshape(2, encoded.vectors.dimension)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert lists(await service.search(vectors=encoded.vectors)) == lists(await service.search(features=features))


async def test_vectors_that_make_no_sense_are_refused(service: Running) -> None:
    dimension = service.searcher.slot.needed().model.dimension
    good = np.zeros((2, dimension), "<f4")
    good[:, 0] = 1
    nan, long = good.copy(), good * 3
    nan[1, 4] = np.nan
    cases = [
        (dimension - 8, good[:, 8:], "dimensions a row"),
        (dimension, nan, "no numbers"),
        (dimension, long, "length 3"),
        (dimension, good[:, :-1], "no whole number of vectors"),
        (0, good, "no whole number of vectors"),
        (dimension, good[:0], "0 vectors"),
    ]
    for size, values, message in cases:
        wrong = ann_pb2.Vectors(dimension=size, data=np.ascontiguousarray(values).tobytes())
        error = await refusal(service.search(vectors=wrong))
        assert isinstance(error, InvalidInput)
        assert message in error.message


async def test_the_weights_of_a_call_change_its_answer_only(service: Running) -> None:
    plain = lists(await service.by_code("IT-00010", top_k=20))
    heavy = lists(await service.by_code("IT-00010", top_k=20, feature_weights={"OUTDIAMETER": 50.0}))
    profile = lists(await service.by_code("IT-00010", top_k=20, weight_profile="geometry"))
    tenfold = lists(await service.by_code("IT-00010", top_k=20, feature_weights={"OUTDIAMETER": 10.0}))
    assert heavy != plain
    assert [code for code, _s in profile[0]] == [code for code, _s in tenfold[0]]
    assert lists(await service.by_code("IT-00010", top_k=20)) == plain
    assert lists(await service.by_code("IT-00010", top_k=20, feature_weights={"OUTDIAMETER": 1.0})) == plain


@pytest.mark.parametrize(
    "weights", [{"OUTDIAMETER": -1.0}, {"OUTDIAMETER": float("nan")}, {"OUTDIAMETER": float("inf")}, {"WIDTH": 1.0}]
)
async def test_weights_that_make_no_sense_are_refused(service: Running, weights: dict[str, float]) -> None:
    error = await refusal(service.by_code("IT-00010", feature_weights=weights))
    assert isinstance(error, InvalidInput)
    assert next(iter(weights)) in error.message
    assert "geometry" in (await refusal(service.by_code("IT-00010", weight_profile="none"))).message


async def test_a_query_that_is_unlike_everything_is_marked(service: Running) -> None:
    odd: dict[str, str | float | None] = {"ITEM_GRP1": "never", "SealTypeGrup": "seen", "OUTDIAMETER": 1e-4}
    response = await service.search(features=table(odd, features_of(30)))
    assert list(response.unlike) == [0]
    assert len(lists(response)[0]) == 10


async def test_another_model_version_than_the_wanted_one_does_not_answer(service: Running) -> None:
    assert (await service.by_code("IT-00010", model_version="version-a")).model_version == "version-a"
    error = await refusal(service.by_code("IT-00010", model_version="version-b"))
    assert isinstance(error, PreconditionFailed)
    assert error.reason == "MODEL_VERSION_CHANGED"


async def test_batches_have_one_to_ten_thousand_codes(service: Running) -> None:
    response = await service.by_code(*(CODES[row % ROWS] for row in range(10_000)), top_k=2)
    assert len(response.neighbours.offsets) == 10_001
    for codes in ([], ["IT-00010"] * 10_001):
        error = await refusal(service.by_code(*codes))
        assert isinstance(error, InvalidInput)
        assert "1 to 10,000" in error.message


async def test_a_call_without_queries_or_with_a_contradictory_table_is_refused(service: Running) -> None:
    assert "no queries" in (await refusal(service.search(top_k=3))).message
    wrong = table_pb2.Table(rows=3, columns=[number_column("OUTDIAMETER", [1.0])])
    assert "OUTDIAMETER" in (await refusal(service.search(features=wrong))).message
    assert "0 rows" in (await refusal(service.search(features=table_pb2.Table()))).message


async def test_without_an_active_version_the_answer_says_what_to_do(start: Start) -> None:
    service = await start(None)
    await service.control.apply(state(None))
    error = await refusal(service.by_code("IT-00010"))
    assert isinstance(error, Unavailable)
    assert error.reason == "MODEL_NOT_LOADED"
    assert "activate" in error.message
    info = await service.stub.Info(ann_pb2.InfoRequest(), metadata=service.metadata)
    assert (info.model_version, info.items) == ("", 0)


async def test_a_call_without_credential_is_refused(service: Running) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await service.stub.Search(ann_pb2.SearchRequest(items=ann_pb2.ItemCodes(codes=["IT-00010"])))
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_info_tells_what_is_served(service: Running) -> None:
    await service.by_code("IT-00010", "IT-00011")
    info = await service.stub.Info(ann_pb2.InfoRequest(), metadata=service.metadata)
    assert (info.model_version, info.engine, info.items, info.ef_search) == ("version-a", "faiss", ROWS, 64)
    assert len(info.features) == len(info.feature_weights) == len(info.active_features) == 41
    assert info.features[0] == "ITEM_CD"
    assert {"default", "geometry", "geometry-focus", "operation-history"} == set(info.weight_profiles)
    assert info.searches == 2
    assert info.resident_bytes > 0


async def test_a_version_of_the_other_engine_serves_alike(
    start: Start, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pytest.importorskip("hnswlib")
    active = make_version(tmp_path_factory.mktemp("models") / "version-h", 1, "hnswlib")
    service = await start(active)
    response = await service.by_code("IT-00010", "nothing", top_k=5)
    assert len(lists(response)[0]) == 5
    assert list(response.unknown) == [1]
