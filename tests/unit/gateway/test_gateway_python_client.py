"""The Python client against a gateway over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from common import errors
from protos.auth.v1 import auth_pb2
from routing_ml_client import ApiError, RoutingMlClient


@pytest.fixture
def client(plant: Any, services: Any) -> Iterator[RoutingMlClient]:
    with RoutingMlClient(plant.url, token=services.token_for("kim@plant.example", "user")) as made:
        yield made


def test_after_log_in_requests_carry_the_session(plant: Any, services: Any) -> None:
    token = services.token_for("kim@plant.example", "user")
    plant.script.answers["Login"] = auth_pb2.Session(
        token=token, account=auth_pb2.Account(username="kim@plant.example", status="approved")
    )
    with RoutingMlClient(plant.url) as client:
        with pytest.raises(ApiError) as refused:
            client.predict({"item_codes": ["A"]})
        assert (refused.value.status, refused.value.reason) == (401, "UNAUTHENTICATED")
        client.log_in("kim@plant.example", "Seal-Ring-42x")
        assert client.predict({"item_codes": ["A"]})["items"][0]["CANDIDATE_ID"] == "A_C01"


def test_many_items_are_predicted_in_batches(plant: Any, client: RoutingMlClient) -> None:
    answers = list(client.predict_many(["A", "B", "C"], batch=1, top_k=7))
    assert len(answers) == 3
    assert [list(asked.item_codes) for asked in plant.script.asked["Predict"]] == [["A"], ["B"], ["C"]]
    assert plant.script.last("Search").top_k == 7


def test_a_refused_request_says_which_field_is_wrong(client: RoutingMlClient) -> None:
    with pytest.raises(ApiError, match=r"422 body\.top_k: Input should be less than or equal to 50") as refused:
        client.predict({"item_codes": ["A"], "top_k": 51})
    assert refused.value.request_id


def test_names_in_paths_are_escaped(plant: Any, client: RoutingMlClient) -> None:
    plant.script.answers["GetItems"] = errors.NotFound("no such item")
    with pytest.raises(ApiError, match="404"):
        client.get_master_data_item("A/B?C")
    assert list(plant.script.last("GetItems").item_codes) == ["A/B?C"]


def test_a_read_is_tried_again_while_a_service_restarts(plant: Any, client: RoutingMlClient) -> None:
    answers = iter([errors.Unavailable("restarting", retry_after=1.0)])
    status = plant.script.answers["Status"]
    plant.script.answers["Status"] = lambda _request: next(answers, status)
    assert client.get_training_status()["status"] == "idle"
    plant.script.answers["Predict"] = errors.Unavailable("restarting", retry_after=1.0)
    with pytest.raises(ApiError) as failed:
        client.predict({"item_codes": ["A"]})
    assert failed.value.retry_after == 1.0


def test_a_gateway_that_is_not_there_is_an_error_of_the_transport() -> None:
    with RoutingMlClient("http://127.0.0.1:9", retries=0) as client, pytest.raises(httpx.TransportError):
        client.health_check()
