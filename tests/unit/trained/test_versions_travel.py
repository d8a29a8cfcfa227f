"""Versions on several hosts: what the store holds is checked, what is missing is fetched, what is damaged is told."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.errors import DataProblem, InvalidInput, PreconditionFailed, Unavailable
from common.processes import free_port
from trained.artifacts import describe_file, sha256_of, write_manifest
from trained.travel import Place, VersionCache, place_of, places
from trained.travel.cache import small
from trained.travel.places import FolderPlace, key_of

BIG = 20_000_000
ENOUGH = 10**12


def trained(folder: Path, **files: bytes) -> str:
    """A version in a folder; returns the digest of its manifest."""
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_json", ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    names = {name: name.replace("__", "/").replace("_json", ".json") for name in files}
    write_manifest(folder / "manifest.json", {name: describe_file(folder, path, name) for name, path in names.items()})
    return sha256_of(folder / "manifest.json")


class Hosts:
    """A trainer's host and others, with one store."""

    def __init__(self, folder: Path, place: Place) -> None:
        self.folder, self.place = folder, place
        self.version = folder / "trainer" / "models" / "v1"

    def host(self, name: str, most_bytes: int = ENOUGH) -> VersionCache:
        return VersionCache(self.place, self.folder / name / "versions", self.folder / name / "models", most_bytes)

    def publish(self, version: Path | None = None) -> int:
        version = version or self.version
        return self.host("trainer").publish(version, version / "manifest.json")

    def locate(self, host: VersionCache, digest: str, **more: object) -> Path:
        """Where the version is found by a host that does not have the folder of the trainer's."""
        gone = "/nowhere/on/this/host/v1"
        return host.locate("v1", gone, f"{gone}/manifest.json", digest, **more).folder  # type: ignore[arg-type]


@pytest.fixture
def hosts(tmp_path: Path) -> Hosts:
    (tmp_path / "share").mkdir()
    return Hosts(tmp_path, place_of(str(tmp_path / "share")))


def test_a_host_fetches_a_version_whole_and_only_once(hosts: Hosts) -> None:
    digest = trained(hosts.version, index=b"i" * BIG, deep__meta_json=b"{}")
    assert hosts.publish() == BIG + 2
    assert hosts.publish() == 0
    ann = hosts.host("ann")
    found = hosts.locate(ann, digest)
    assert (found / "index").read_bytes() == b"i" * BIG
    assert (found / "deep" / "meta.json").read_bytes() == b"{}"
    before = (found / "index").stat().st_mtime_ns
    shutil.rmtree(hosts.folder / "share")
    assert hosts.locate(ann, digest) == found
    assert (found / "index").stat().st_mtime_ns == before


def test_where_it_was_made_nothing_is_fetched(hosts: Hosts) -> None:
    digest = trained(hosts.version, index=b"i")
    trainer = hosts.host("trainer")
    registered = (str(hosts.version), str(hosts.version / "manifest.json"))
    assert trainer.locate("v1", *registered, digest).folder == hosts.version
    assert hosts.locate(trainer, digest) == hosts.version  # by its name in the models folder
    assert not (hosts.folder / "trainer" / "versions").exists()


def test_without_a_store_everything_is_as_it_was_registered(tmp_path: Path) -> None:
    cache = VersionCache(None, tmp_path / "versions", tmp_path / "models", ENOUGH)
    assert cache.locate("v", "/a/b", "/c/m.json", "0" * 64).folder == Path("/a/b")
    assert cache.publish(tmp_path, tmp_path / "manifest.json") == 0


def test_another_version_in_the_same_path_is_not_taken_for_it(hosts: Hosts) -> None:
    digest = trained(hosts.version, index=b"right")
    hosts.publish()
    trained(hosts.folder / "ann" / "models" / "v1", index=b"wrong")
    assert (hosts.locate(hosts.host("ann"), digest) / "index").read_bytes() == b"right"


def test_only_what_is_wanted_is_fetched_and_the_rest_later(hosts: Hosts) -> None:
    digest = trained(hosts.version, index=b"i" * BIG, meta_json=b"{}")
    hosts.publish()
    gateway = hosts.host("gateway")
    found = hosts.locate(gateway, digest, wanted=small)
    assert sorted(path.name for path in found.iterdir() if not path.name.startswith(".")) == [
        "manifest.json",
        "meta.json",
    ]
    assert (hosts.locate(gateway, digest) / "index").stat().st_size == BIG


def test_other_bytes_in_the_store_are_noticed_and_not_kept(hosts: Hosts) -> None:
    digest = trained(hosts.version, index=b"good")
    hosts.publish()
    blob = hosts.folder / "share" / key_of(hashlib.sha256(b"good").hexdigest())
    blob.write_bytes(b"evil")
    with pytest.raises(DataProblem, match="other bytes for index of version v1"):
        hosts.locate(hosts.host("ann"), digest)
    assert not list((hosts.folder / "ann").rglob("index"))
    blob.write_bytes(b"good")
    assert (hosts.locate(hosts.host("ann"), digest) / "index").read_bytes() == b"good"


def test_a_version_that_came_half_is_told_as_such(hosts: Hosts) -> None:
    digest = trained(hosts.version, index=b"i", weights=b"w")
    hosts.publish()
    (hosts.folder / "share" / key_of(hashlib.sha256(b"w").hexdigest())).unlink()
    with pytest.raises(PreconditionFailed, match=r"weights is missing.*models publish v1"):
        hosts.locate(hosts.host("ann"), digest)
    (hosts.folder / "share" / key_of(digest)).unlink()
    with pytest.raises(PreconditionFailed, match="the manifest is missing"):
        hosts.locate(hosts.host("other"), digest)


def test_a_file_that_is_not_the_trained_one_is_not_published(hosts: Hosts) -> None:
    trained(hosts.version, index=b"trained")
    (hosts.version / "index").write_bytes(b"changed")
    with pytest.raises(DataProblem, match="not the file"):
        hosts.publish()


def test_a_store_that_is_away_or_only_read_is_told_with_what_to_do(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = trained(hosts.version, index=b"i")

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfile", full)
        with pytest.raises(Unavailable, match=r"cannot be written \(No space left"):
            hosts.publish()
    assert not list((hosts.folder / "share").rglob("*.tmp-*"))
    shutil.rmtree(hosts.folder / "share")
    with pytest.raises(Unavailable, match=r"no such folder.*ROUTING_ML_ARTIFACT_STORE"):
        hosts.publish()
    with pytest.raises((Unavailable, PreconditionFailed)):
        hosts.locate(hosts.host("ann"), digest)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 128 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root may mount a disk")
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(folder)], capture_output=True
    ).returncode:
        pytest.skip("nothing may be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_store_and_a_full_disk_of_a_host_are_told_and_nothing_half_stays(
    hosts: Hosts, small_disk: Path, tmp_path: Path
) -> None:
    digest = trained(hosts.version, index=os.urandom(300_000))
    full = Hosts(tmp_path, place_of(str(small_disk)))
    with pytest.raises(Unavailable, match=r"cannot be written \(No space left"):
        full.publish()
    assert not [path for path in small_disk.rglob("*") if path.is_file()]
    hosts.publish()
    host = VersionCache(hosts.place, small_disk / "versions", small_disk / "models", ENOUGH)
    with pytest.raises(Unavailable, match=r"cannot be kept in .*free disk space"):
        hosts.locate(host, digest)
    assert sum(path.stat().st_size for path in small_disk.rglob("*") if path.is_file()) < 2_000


def test_a_store_that_may_only_be_read_is_told(hosts: Hosts, small_disk: Path) -> None:
    trained(hosts.version, index=b"i")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(Unavailable, match=r"cannot be written \(Read-only file system"):
        Hosts(hosts.folder, place_of(str(small_disk))).publish()


def test_the_cache_keeps_what_was_used_last(hosts: Hosts) -> None:
    digests = []
    for number in range(3):
        version = hosts.folder / "trainer" / "models" / f"v{number}"
        digests.append(trained(version, index=bytes([number]) * 1000))
        hosts.publish(version)
    ann = hosts.host("ann", most_bytes=3500)
    folders = []
    for digest in digests:
        folders.append(hosts.locate(ann, digest))
        os.utime(folders[-1] / ".used", (time.time() - 100 + len(folders),) * 2)
    assert [folder.exists() for folder in folders] == [False, True, True]


def test_what_two_versions_share_is_fetched_once(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    first = trained(hosts.version, index=b"same", meta_json=b"1")
    hosts.publish()
    other = hosts.folder / "trainer" / "models" / "v2"
    second = trained(other, index=b"same", meta_json=b"2")
    hosts.publish(other)
    ann = hosts.host("ann")
    hosts.locate(ann, first)
    read: list[str] = []
    original = FolderPlace.read

    def noted(place: FolderPlace, key: str) -> Iterator[bytes]:
        read.append(key)
        return original(place, key)

    monkeypatch.setattr(FolderPlace, "read", noted)
    hosts.locate(ann, second)
    assert key_of(hashlib.sha256(b"same").hexdigest()) not in read


@pytest.fixture(scope="module", params=["rclone", "moto"])
def s3(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a bucket of an S3 server that runs here."""
    pytest.importorskip("obstore")
    port, folder = free_port(), tmp_path_factory.mktemp("s3")
    programs = Path(sys.executable).parent
    program = shutil.which("moto_server" if request.param == "moto" else "rclone", path=str(programs))
    if program is None:
        pytest.skip(f"{request.param} is not installed")
    (folder / "bucket").mkdir()
    commands = {
        "moto": [program, "-p", str(port), "-H", "127.0.0.1"],
        "rclone": [program, "serve", "s3", "--auth-key", "key,secret", "--addr", f"127.0.0.1:{port}", str(folder)],
    }
    named = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    server = subprocess.Popen(commands[request.param], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with pytest.MonkeyPatch.context() as patched:
        for name, value in named.items():
            patched.setenv(name, value)
        try:
            _until_it_listens(port)
            if request.param == "moto":
                urllib.request.urlopen(
                    urllib.request.Request(f"{named['AWS_ENDPOINT_URL']}/bucket", method="PUT"), timeout=10
                ).close()
            yield "s3://bucket/routing"
        finally:
            server.kill()
            server.wait()


def _until_it_listens(port: int) -> None:
    deadline = time.monotonic() + 60.0
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_versions_travel_through_an_object_store(s3: str, tmp_path: Path) -> None:
    hosts = Hosts(tmp_path, place_of(s3))
    digest = trained(hosts.version, index=os.urandom(BIG), meta_json=b"{}")
    assert hosts.publish() == BIG + 2
    assert hosts.publish() == 0
    found = hosts.locate(hosts.host("ann"), digest)
    assert sha256_of(found / "index") == sha256_of(hosts.version / "index")
    other = hosts.folder / "trainer" / "models" / "v2"
    with pytest.raises(PreconditionFailed, match="models publish"):
        hosts.locate(hosts.host("ann"), trained(other, index=b"never published"))


def test_an_object_store_that_is_away_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("obstore")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    hosts = Hosts(tmp_path, place_of("s3://bucket"))
    trained(hosts.version, index=b"i")
    with pytest.raises(Unavailable, match="AWS_ENDPOINT_URL"):
        hosts.publish()


def test_an_object_store_that_takes_connections_and_says_nothing_is_told_in_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("obstore")
    monkeypatch.setattr(places, "ANSWER_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        for name, value in (("ACCESS_KEY_ID", "k"), ("SECRET_ACCESS_KEY", "s"), ("REGION", "us-east-1")):
            monkeypatch.setenv(f"AWS_{name}", value)
        began = time.monotonic()
        with pytest.raises(Unavailable, match=r"cannot be read.*AWS_ENDPOINT_URL"):
            place_of("s3://bucket").has("sha256/aa")
        assert time.monotonic() - began < 30.0


def test_an_address_that_is_no_store_is_refused() -> None:
    with pytest.raises(InvalidInput, match="ROUTING_ML_ARTIFACT_STORE"):
        place_of("gopher://somewhere")


def test_a_manifest_that_names_files_outside_is_refused_as_everywhere(hosts: Hosts) -> None:
    trained(hosts.version, index=b"i")
    manifest = hosts.version / "manifest.json"
    document = json.loads(manifest.read_text(encoding="utf-8"))
    document["artifacts"]["index"]["path"] = "../../etc/passwd"
    manifest.write_text(json.dumps(document), encoding="utf-8")
    hosts.place.put(key_of(sha256_of(manifest)), manifest)
    with pytest.raises(PreconditionFailed, match="not below"):
        hosts.locate(hosts.host("ann"), sha256_of(manifest))
