"""Whether the installation serves: the gateway's own health, which asks every process and makes a real search."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass

from bootstrap.progress import SetupFailed
from installer.layout import Layout
from installer.settings_files import read_env

PROBE_SECONDS = 5.0
PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Served:
    """What the gateway says.

    Attributes:
        answers: whether it answers at all.
        predicts: whether predictions are possible.
        version: version of the software that answers.
        detail: what is wrong, in its words.
    """

    answers: bool
    predicts: bool = False
    version: str = ""
    detail: str = ""


def gateway_port(layout: Layout) -> int:
    """Port of the gateway by the installation's settings."""
    return int(read_env(layout.env_file).get("ROUTING_ML_GATEWAY_PORT") or 8000)


def ask(port: int) -> Served:
    """Ask the gateway on this machine how it is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", "/health")
        response = connection.getresponse()
        body = json.loads(response.read() or b"{}")
    except (OSError, http.client.HTTPException, ValueError):
        return Served(answers=False)
    finally:
        connection.close()
    return Served(True, response.status == 200, str(body.get("version", "")), str(body.get("detail") or ""))


def verify(layout: Layout, version: str, *, must_predict: bool, patience_seconds: float = PATIENCE_SECONDS) -> Served:
    """Wait until the gateway of `version` serves.

    Args:
        must_predict: also wait until predictions are possible, as they were before.

    Raises:
        SetupFailed: it does not within the patience; says what it said last.
    """
    port = gateway_port(layout)
    deadline = time.monotonic() + patience_seconds
    while True:
        found = ask(port)
        if found.answers and found.version == version and (found.predicts or not must_predict):
            return found
        if time.monotonic() > deadline:
            raise SetupFailed(f"Version {version} does not serve on port {port}: {_what_is_wrong(found, version)}")
        time.sleep(POLL_SECONDS)


def _what_is_wrong(found: Served, version: str) -> str:
    if not found.answers:
        return "nothing answers there. See the newest files in the folder of the logs"
    if found.version != version:
        return f"version {found.version or 'unknown'} answers there instead"
    return found.detail or "it cannot predict"
