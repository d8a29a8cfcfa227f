"""Whether the installation serves: the gateway's own health, which asks every process and makes a real search."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from bootstrap.progress import SetupFailed
from installer.layout import Layout
from installer.settings_files import read_env
from installer.wording import words

PROBE_SECONDS = 5.0
PATIENCE_SECONDS = 300.0
POLL_SECONDS = 0.5
LONGEST_SECONDS = 6 * 3600.0
"""After which nothing that it says gives it more time."""


@dataclass(frozen=True)
class Served:
    """What the gateway says.

    Attributes:
        answers: whether it answers at all.
        predicts: whether predictions are possible.
        version: version of the software that answers.
        detail: what is wrong, in its words.
        knows_accounts: whether the control plane answers it, so that people can log in.
    """

    answers: bool
    predicts: bool = False
    version: str = ""
    detail: str = ""
    knows_accounts: bool = True


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
    control = (body.get("checks") or {}).get("database") or {}
    knows_accounts = bool(control.get("ok", True))
    detail = str(body.get("detail") or "") if knows_accounts else str(control.get("problem") or "")
    return Served(True, response.status == 200, str(body.get("version", "")), detail, knows_accounts)


def verify(layout: Layout, version: str, *, must_predict: bool, patience_seconds: float = PATIENCE_SECONDS) -> Served:
    """Wait until the gateway of `version` serves, and its control plane with it, as long as it has something new to say of itself.

    Args:
        must_predict: also wait until predictions are possible, as they were before.
        patience_seconds: how long it may say nothing new: a bigger catalogue takes longer to be read, and tells how far it is.

    Raises:
        SetupFailed: it does not within the patience; says what it said last.
    """
    port = gateway_port(layout)
    begun = time.monotonic()
    deadline, said = begun + patience_seconds, set[Served]()
    while True:
        found = ask(port)
        if found not in said and time.monotonic() - begun < LONGEST_SECONDS:
            said.add(found)
            deadline = time.monotonic() + patience_seconds
        right = found.answers and found.version == version and found.knows_accounts
        if right and (found.predicts or not must_predict):
            return found
        if time.monotonic() > deadline:
            reason = _what_is_wrong(found, version)
            raise SetupFailed(words("verify.does_not_serve", version=version, port=port, reason=reason))
        time.sleep(POLL_SECONDS)


def _what_is_wrong(found: Served, version: str) -> str:
    if not found.answers:
        return words("verify.no_answer")
    if found.version != version:
        return words("verify.other_version", version=found.version or "?")
    return found.detail or words("verify.cannot_predict")


def verify_site(site: str, port: int, *, patience_seconds: float) -> None:
    """Wait until the site answers on this machine as a browser would ask it, through the proxy.

    Args:
        site: names of the site; the one with this port is asked for. Its certificate is not checked: who made it is not known here.
        port: port of the proxy.

    Raises:
        SetupFailed: it does not within the patience; says what went wrong last.
    """
    address = _name_at(site, port)
    deadline = time.monotonic() + patience_seconds
    while True:
        wrong = _ask_site(address.hostname or "localhost", port, tls=address.scheme != "http")
        if not wrong:
            return
        if time.monotonic() > deadline:
            raise SetupFailed(words("verify.site", site=address.geturl(), port=port, reason=wrong))
        time.sleep(POLL_SECONDS)


def _name_at(site: str, port: int) -> SplitResult:
    names = [name if "://" in name else f"https://{name}" for name in site.replace(",", " ").split()]
    found = [urlsplit(name) for name in names]
    fitting = [one for one in found if (one.port or (80 if one.scheme == "http" else 443)) == port]
    return (fitting or found or [urlsplit(f"https://localhost:{port}")])[0]


def _ask_site(host: str, port: int, *, tls: bool) -> str:
    """What is wrong with the site; "" when it answers."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PROBE_SECONDS) as plain:
            if tls:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                stream: socket.socket = context.wrap_socket(plain, server_hostname=host)
            else:
                stream = plain
            with stream:
                stream.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                first = stream.recv(64).split(b"\r\n")[0].decode("latin-1")
    except OSError as error:
        return str(error)
    parts = first.split()
    return "" if len(parts) > 1 and parts[1].startswith(("2", "3")) else first or "an empty answer"
