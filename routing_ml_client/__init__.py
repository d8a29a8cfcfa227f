"""A typed Python client of the REST API, on httpx.

with RoutingMlClient("http://plant-server:8000") as client:
    client.log_in("kim@plant.example", password)
    answer = client.predict({"item_codes": ["SLS-0000718"], "top_k": 10})

Where there are several gateways, name them all: RoutingMlClient(["https://plant-1:8443", "https://plant-2:8443"]).
"""

from routing_ml_client.client import RoutingMlClient
from routing_ml_client.transport import ApiError

__all__ = ["ApiError", "RoutingMlClient"]
