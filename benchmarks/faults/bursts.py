"""Far more predictions at once than can be made: what is not answered is told when to come again, and everybody else is served meanwhile.

`python -m benchmarks.faults.bursts --port 8000` reads a token and item codes, one a line, from standard input, sends the burst, and prints
how its requests ended.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Final

import psutil

from benchmarks.faults.http_attacks import HOST, ask
from benchmarks.faults.outcome import Outcome

REQUESTS: Final = 300
ITEMS: Final = 500
MOST_MEGABYTES: Final = 500.0
LONGEST_SECONDS: Final = 90.0
BUSY: Final = (429, 503)


async def send(port: int, token: str, codes: Sequence[str], requests: int, items: int) -> collections.Counter[str]:
    """Send the burst; how its requests ended: a status, with `, untold` where it is busy and does not say until when, or `no answer`."""
    wanted = [codes[number % len(codes)] for number in range(items)]
    body = json.dumps({"item_codes": wanted, "top_k": 20}).encode()
    head = (
        f"POST /api/predict HTTP/1.1\r\nhost: {HOST}:{port}\r\nauthorization: Bearer {token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    ).encode()

    async def one() -> str:
        writer: asyncio.StreamWriter | None = None
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                reader, writer = await asyncio.open_connection(HOST, port)
                writer.write(head + body)
                answered = (await reader.readuntil(b"\r\n\r\n")).lower()
                while await reader.read(65_536):
                    continue
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            return "no answer"
        finally:
            if writer is not None:
                writer.transport.abort()
        status = int(answered.split()[1])
        return f"{status}{', untold' if status in BUSY and b'retry-after:' not in answered else ''}"

    return collections.Counter(await asyncio.gather(*(one() for _ in range(requests))))


def burst(
    port: int,
    gateway: int,
    token: str,
    codes: Sequence[str],
    *,
    health_ms: float,
    requests: int = REQUESTS,
    items: int = ITEMS,
) -> Outcome:
    """Send a burst from a process of its own, and watch the gateway's health and memory all the while.

    Args:
        gateway: id of the gateway's process; its workers count.
        health_ms: within which health has to be answered.
    """
    command = [sys.executable, "-m", "benchmarks.faults.bursts", "--port", str(port)]
    numbers = ["--requests", str(requests), "--items", str(items)]
    asked: list[tuple[int, float]] = []
    most = 0.0
    begun = time.monotonic()
    with subprocess.Popen([*command, *numbers], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sending:
        assert sending.stdin
        assert sending.stdout
        sending.stdin.write("\n".join([token, *codes]))
        sending.stdin.close()
        while sending.poll() is None:
            asked.append(ask(port, "/api/health"))
            most = max(most, _largest(gateway))
            time.sleep(0.05)
        ended = collections.Counter[str](json.loads(sending.stdout.read()))
    seconds = time.monotonic() - begun
    longest = max(took for _status, took in asked) * 1000
    expected = {"200", *map(str, BUSY)}
    faults = {f"ended with {kind}": count for kind, count in ended.items() if kind not in expected}
    faults["health not answered"] = sum(status != 200 for status, _took in asked)
    if longest > health_ms:
        faults[f"health later than {health_ms:.0f} ms"] = 1
    if most > MOST_MEGABYTES:
        faults[f"a gateway process above {MOST_MEGABYTES:.0f} MB"] = 1
    told = ", ".join(f"{count} x {kind}" for kind, count in sorted(ended.items()))
    return Outcome(
        f"burst: {requests} predictions of {items} items at once",
        sum(ended.values()),
        "requests",
        faults,
        measured=f"{told} in {seconds:.0f} s; health {statistics.median(took for _s, took in asked) * 1000:.0f} ms, at most "
        f"{longest:.0f} ms; gateway {most:.0f} MB at most",
        aim=f"an answer or when to come again; health within {health_ms:.0f} ms; under {MOST_MEGABYTES:.0f} MB",
    )


def _largest(pid: int) -> float:
    """Memory of the largest process of a gateway, in MB."""
    try:
        root = psutil.Process(pid)
        return max(one.memory_info().rss for one in [root, *root.children()]) / 1e6
    except psutil.Error:
        return 0.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Send one burst."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults.bursts", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port of a gateway on this machine")
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--items", type=int, default=ITEMS, help="of each request")
    chosen = parser.parse_args(arguments)
    token, *codes = sys.stdin.read().split("\n")
    print(json.dumps(asyncio.run(send(chosen.port, token, codes, chosen.requests, chosen.items))))


if __name__ == "__main__":
    main()
