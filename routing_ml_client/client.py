"""The client that programs use: the routes, plus logging in and predicting many items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Unpack, cast

from routing_ml_client.bodies import LoginResponse, PredictionRequest, PredictionResponse
from routing_ml_client.options import PredictionOptions
from routing_ml_client.routes import Routes


class RoutingMlClient(Routes):
    """A client of one gateway; a context manager. Each route is a method, see `routes.py`."""

    def log_in(self, username: str, password: str) -> LoginResponse:
        """Log in; later requests carry the session's token.

        Raises:
            ApiError: 401 when name or password are wrong, or the account is not approved.
        """
        session = self.login({"username": username, "password": password})
        self.http.headers["Authorization"] = f"Bearer {session['token']}"
        return session

    def predict_many(
        self, item_codes: Sequence[str], *, batch: int = 500, **options: Unpack[PredictionOptions]
    ) -> Iterator[PredictionResponse]:
        """Routings of any number of items, an answer for each `batch` of them, in order."""
        for start in range(0, len(item_codes), batch):
            codes = list(item_codes[start : start + batch])
            yield self.predict(cast(PredictionRequest, {"item_codes": codes, **options}))
