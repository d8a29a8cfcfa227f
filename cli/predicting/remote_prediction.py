"""Predictions by the gateway of another machine, over REST, for people who only have an account there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast

import httpx
import typer

from cli.predicting.prediction import Prediction, Routing
from common.errors import DeadlineExceeded, InvalidInput, PermissionDenied, ServiceError, Unauthenticated, Unavailable
from routing_ml_client import ApiError, RoutingMlClient
from routing_ml_client.bodies import PredictionRequest

CREDENTIAL_VARIABLE: Final = "ROUTING_ML_CLIENT_PASSWORD"
"""Name of the environment variable that commands without a terminal take the password from."""

CALL_SECONDS: Final = 120.0

_ERRORS: Final[dict[int, type[ServiceError]]] = {
    401: Unauthenticated,
    403: PermissionDenied,
    422: InvalidInput,
    429: Unavailable,
    502: Unavailable,
    503: Unavailable,
    504: DeadlineExceeded,
}


@contextmanager
def logged_in(url: str, user: str) -> Iterator[RoutingMlClient]:
    """A client of the gateway at `url` for the block, logged in; asks for the password where the environment has none.

    Raises:
        ServiceError: the gateway refused, or cannot be reached.
    """
    if not user:
        raise InvalidInput("--url needs --user: the e-mail of an account there")
    password = os.environ.get(CREDENTIAL_VARIABLE) or typer.prompt(f"Password of {user}", hide_input=True, err=True)
    with RoutingMlClient(url, timeout=CALL_SECONDS) as client, translated(url):
        client.log_in(user, password)
        yield client


def predict_remotely(
    client: RoutingMlClient, codes: Sequence[str], *, top_k: int, threshold: float | None, detailed: bool
) -> Prediction:
    """Predict the routings of items, as `cli.predicting.prediction.predict` does.

    Raises:
        ApiError: the gateway refused.
    """
    body: PredictionRequest = {
        "item_codes": list(codes),
        "top_k": top_k,
        "similarity_threshold": threshold,
        "mode": "detailed" if detailed else "summary",
    }
    answer = client.predict(body)
    metrics = answer.get("metrics", {})
    return Prediction(
        model_version=str(metrics.get("model_version", "")),
        routings=[_routing(cast("dict[str, Any]", item)) for item in answer["items"]],
        unknown=list(metrics.get("unknown_items", [])),
        without_routing=list(metrics.get("items_without_routing", [])),
        warnings=[str(warning["message"]) for warning in metrics.get("warnings", [])],
    )


def _routing(item: dict[str, Any]) -> Routing:
    columns = {name: value for name, value in item.items() if name not in ("operations", "generated_at")}
    return Routing(columns, item["operations"])


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Within this block errors of the client are raised as the errors that commands show."""
    try:
        yield
    except ApiError as error:
        kind = _ERRORS.get(error.status, ServiceError)
        raise kind(f"{url} answered {error}", retry_after=error.retry_after) from None
    except httpx.ReadTimeout:
        raise DeadlineExceeded(f"{url} did not answer within {CALL_SECONDS:.0f} s") from None
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise Unavailable(f"{url} cannot be reached: {error}. See that --url is right and the gateway runs") from None
