"""The real Caddyfile on a real Caddy in front of the real system: screens, API, events, TLS, headers, limits."""

from __future__ import annotations

import os
import shutil
import signal
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from common.processes import free_port
from tests.support.catalogue import items_without_routing
from tests.support.patience import wait_until
from tests.support.running_system import ADMIN_EMAIL, ADMIN_PASSWORD, RunningSystem

ROOT = Path(__file__).resolve().parents[2]
CADDYFILE = ROOT / "compose-windows" / "Caddyfile"
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not shutil.which("caddy"), reason="Caddy is not installed (Debian: apt-get install caddy)"),
]


@dataclass(frozen=True)
class Proxy:
    """A running Caddy: its address, and the certificate of its own authority."""

    url: str
    authority: Path

    def client(self) -> httpx.Client:
        """A client that trusts this authority and no other."""
        context = ssl.create_default_context(cafile=str(self.authority))
        return httpx.Client(base_url=self.url, verify=context, timeout=30.0, trust_env=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built frontend in a folder with blanks and Korean."""
    root = tmp_path_factory.mktemp("site") / "화면 dist"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_text("<!doctype html><title>Routing ML</title>", encoding="utf-8")
    (root / "assets" / "main-1a2b3c.js").write_text("/* screens */\n" * 2000, encoding="utf-8")
    (root / ".source-hash").write_text("secret", encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def proxy(whole_system: RunningSystem, site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("caddy")
    url = f"https://localhost:{free_port()}"
    storage = folder / "storage"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ROUTING_ML_SITE": url,
        "ROUTING_ML_SITE_TLS": "internal",
        "ROUTING_ML_SITE_ROOT": str(site),
        "ROUTING_ML_SITE_UPSTREAMS": f"127.0.0.1:{whole_system.port}",
        "ROUTING_ML_SITE_STORAGE": str(storage),
        "ROUTING_ML_SITE_LOG": str(folder / "access.jsonl"),
    }
    output = folder / "caddy.txt"
    with open(output, "wb") as stream:
        running = subprocess.Popen(
            ["caddy", "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"],
            cwd=folder,
            env=environment,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    made = Proxy(url, storage / "pki" / "authorities" / "local" / "root.crt")

    def serves() -> bool:
        try:
            with made.client() as client:
                return client.get("/favicon.ico").status_code == 200
        except (httpx.HTTPError, OSError):
            return False

    try:
        wait_until(serves, 30, lambda: output.read_text(encoding="utf-8")[-3000:])
        yield made
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(30)


def test_the_certificate_is_of_caddys_own_authority_and_no_other_is_accepted(proxy: Proxy) -> None:
    with (
        httpx.Client(trust_env=False) as stranger,
        pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        stranger.get(proxy.url)


def test_screens_come_from_the_disk_with_their_headers(proxy: Proxy) -> None:
    with proxy.client() as client:
        page = client.get("/routing/groups")
        script = client.get("/assets/main-1a2b3c.js", headers={"accept-encoding": "gzip"})
        gone = client.get("/assets/gone-1a2b3c.js")
        hidden = client.get("/.source-hash")
    assert page.status_code == 200
    assert "Routing ML" in page.text
    assert page.headers["cache-control"] == "no-cache"
    assert page.headers["strict-transport-security"] == "max-age=31536000"
    assert page.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "server" not in page.headers
    assert "alt-svc" not in page.headers
    assert script.headers["content-encoding"] == "gzip"
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert gone.status_code == 404
    assert "secret" not in hidden.text


def test_the_api_is_proxied_with_session_and_request_id(proxy: Proxy) -> None:
    with proxy.client() as client:
        login = client.post("/api/auth/login", json={"username": ADMIN_EMAIL, "password": ADMIN_PASSWORD})
        assert login.status_code == 200, login.text
        answer = client.post(
            "/api/predict", json={"item_codes": items_without_routing(1)}, headers={"x-request-id": "caddy-test-1"}
        )
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-request-id"] == "caddy-test-1"
        assert len(answer.headers.get_list("content-security-policy")) == 1
        assert client.get("/health").json()["status"] in ("ok", "degraded")
        assert client.get("/metrics").status_code == 404


def test_events_arrive_one_by_one_while_the_stream_is_open(proxy: Proxy) -> None:
    with proxy.client() as client:
        client.post("/api/auth/login", json={"username": ADMIN_EMAIL, "password": ADMIN_PASSWORD})
        with client.stream("GET", "/api/system/events", headers={"accept-encoding": "gzip"}) as stream:
            assert stream.status_code == 200
            assert stream.headers["content-type"].startswith("text/event-stream")
            assert "content-encoding" not in stream.headers
            assert next(stream.iter_bytes())


@pytest.mark.parametrize("declared", [True, False], ids=["with a declared length", "in chunks"])
def test_a_body_of_60_megabytes_is_refused(proxy: Proxy, declared: bool) -> None:
    block = b"x" * 1_000_000

    def body() -> Iterator[bytes]:
        for _number in range(60):
            yield block

    headers = {"content-type": "application/json"} | ({"content-length": str(60 * len(block))} if declared else {})
    with proxy.client() as client:
        client.post("/api/auth/login", json={"username": ADMIN_EMAIL, "password": ADMIN_PASSWORD})
        try:
            status = client.post("/api/predict", content=body(), headers=headers).status_code
        except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
            status = 413  # refused while it was being sent: the connection is closed
        # In chunks the gateway may close before the proxy has sent what it may (502).
        assert status == 413 or (status == 502 and not declared)
        assert client.get("/health").status_code == 200
