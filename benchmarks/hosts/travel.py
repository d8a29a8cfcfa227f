"""`python -m benchmarks.hosts.travel [--megabytes 800] [--hosts 3]`: how long a new version needs until every host has it.

A version of random bytes is put into a store, a folder and an S3 server on the loopback, and fetched by several processes at once,
each into a cache of its own, with every file checked. The last line is JSON: seconds to publish and until the last host had it, by store.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.catalogues import ROOT
from benchmarks.hosts.waiting import takes_connections, until
from common.processes import free_port
from trained.artifacts import describe_file, sha256_of, write_manifest
from trained.travel import VersionCache, place_of

PARTS = 8
PIECE_BYTES = 4 * 1024 * 1024
FETCH = """
import sys; from pathlib import Path; from trained.travel import VersionCache, place_of
store, folder, digest = sys.argv[1:]
cache = VersionCache(place_of(store), Path(folder) / "versions", Path(folder) / "models", 10**12)
cache.locate("v1", "/nowhere/v1", "/nowhere/v1/manifest.json", digest)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hosts.travel", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=800, help="size of the version")
    parser.add_argument("--hosts", type=int, default=3, help="how many fetch it at once")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="routing-ml-travel-") as temporary:
        folder = Path(temporary)
        version = folder / "v1"
        digest = make_version(version, options.megabytes * 1_000_000)
        (folder / "share").mkdir()
        found = {"folder": measure(str(folder / "share"), folder, version, digest, options.hosts)}
        with s3_server(folder / "s3") as url:
            if url:
                found["s3"] = measure(url, folder, version, digest, options.hosts)
    print(json.dumps({"megabytes": options.megabytes, "hosts": options.hosts, **found}), flush=True)
    return 0


def make_version(folder: Path, size: int) -> str:
    """A version of random files; returns the digest of its manifest."""
    folder.mkdir()
    names = [f"part{number}.bin" for number in range(PARTS)]
    for name in names:
        with open(folder / name, "wb") as stream:
            left = size // PARTS
            while left > 0:
                stream.write(os.urandom(min(left, PIECE_BYTES)))
                left -= PIECE_BYTES
    write_manifest(folder / "manifest.json", {name: describe_file(folder, name, name) for name in names})
    return sha256_of(folder / "manifest.json")


def measure(store: str, folder: Path, version: Path, digest: str, hosts: int) -> dict[str, float]:
    """Publish, then fetch on all hosts at once; returns the seconds of both."""
    began = time.perf_counter()
    own = VersionCache(place_of(store), folder / "own" / "versions", folder / "own" / "models", 0)
    own.publish(version, version / "manifest.json")
    published = time.perf_counter()
    places = [folder / f"host{number}" for number in range(hosts)]
    fetching = [
        subprocess.Popen([sys.executable, "-c", FETCH, store, str(place), digest], cwd=ROOT) for place in places
    ]
    codes = [one.wait() for one in fetching]
    ended = time.perf_counter()
    if any(codes):
        raise RuntimeError(f"a host did not get the version: {codes}")
    for place in places:
        shutil.rmtree(place)
    return {"publish_s": round(published - began, 2), "everywhere_s": round(ended - published, 2)}


@contextlib.contextmanager
def s3_server(folder: Path) -> Iterator[str]:
    """URL of a bucket on this machine; "" where rclone or obstore is not installed."""
    program = shutil.which("rclone", path=str(Path(sys.executable).parent)) or shutil.which("rclone")
    try:
        import obstore  # noqa: F401
    except ImportError:
        program = None
    if program is None:
        yield ""
        return
    (folder / "bucket").mkdir(parents=True)
    port = free_port()
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    command = [program, "serve", "s3", "--auth-key", "key,secret", "--addr", f"127.0.0.1:{port}", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: takes_connections("127.0.0.1", port) or server.poll() is not None, "rclone does not serve")
        if server.poll() is not None:
            raise RuntimeError("rclone does not serve")
        yield "s3://bucket/routing"
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
