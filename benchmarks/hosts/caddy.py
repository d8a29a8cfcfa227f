"""Caddy before several gateways, with the file that comes with the product."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.catalogues import ROOT
from benchmarks.hosts.waiting import takes_connections
from common.errors import PreconditionFailed
from common.processes import free_port

CADDYFILE = ROOT / "compose-linux" / "Caddyfile"
START_SECONDS = 30.0


@contextlib.contextmanager
def caddy_before(gateways: Sequence[str], address: str, folder: Path) -> Iterator[str]:
    """A Caddy that runs for as long as the context; yields its URL.

    Args:
        gateways: their URLs.
        address: that it listens on.
        folder: for what it says and keeps.

    Raises:
        PreconditionFailed: Caddy is not installed, or does not start.
    """
    program = shutil.which("caddy")
    if program is None:
        raise PreconditionFailed("Caddy is not installed (Debian: apt-get install caddy)")
    port = free_port(address)
    url = f"http://{address}:{port}"
    environment = {
        **{name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ},
        "HOME": str(folder),
        "ROUTING_ML_SITE": url,
        "ROUTING_ML_GATEWAYS": " ".join(gateway.partition("//")[2] for gateway in gateways),
    }
    command = [program, "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
    said = folder / "caddy.out"
    with open(said, "wb") as output:
        running = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
    try:
        ending = time.monotonic() + START_SECONDS
        while not takes_connections(address, port):
            if running.poll() is not None or time.monotonic() > ending:
                raise PreconditionFailed(f"Caddy does not start: {said.read_text(encoding='utf-8')[-1000:]}")
            time.sleep(0.05)
        yield url
    finally:
        running.terminate()
        running.wait(10.0)
