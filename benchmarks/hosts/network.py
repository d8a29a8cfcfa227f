"""Hosts as network namespaces on a bridge, each with a mount of its own: what they have in common is only the network."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from benchmarks.catalogues import ROOT
from common.errors import PreconditionFailed


@dataclass
class Host:
    """One host.

    Attributes:
        name: of the host.
        address: its IP address.
        folder: what it sees at `Network.mount`.
        processes: what runs on it, by name.
        program: folder of the program that it runs.
    """

    name: str
    address: str
    folder: Path
    namespace: str
    cable: str
    mount: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    program: Path = ROOT

    def start(self, name: str, command: Sequence[str], variables: Mapping[str, str]) -> None:
        """Start a program on it; what it says goes to a file of the host."""
        shell = f'mount --bind "{self.folder}" "{self.mount}" && exec "$@"'
        whole = ["ip", "netns", "exec", self.namespace, "unshare", "--mount", "sh", "-c", shell, "sh", *command]
        with open(self.folder / f"{name}.out", "ab") as output:
            self.processes[name] = subprocess.Popen(
                whole, cwd=self.program, env=dict(variables), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip

    def run(self, command: Sequence[str], variables: Mapping[str, str]) -> None:
        """Run a program on it to its end.

        Raises:
            RuntimeError: it failed.
        """
        self.start("run", command, variables)
        if self.processes.pop("run").wait():
            said = (self.folder / "run.out").read_text(encoding="utf-8", errors="replace")
            raise RuntimeError(f"{command} failed on {self.name}: {said[-3000:]}")

    def send(self, number: signal.Signals) -> None:
        """Send a signal to everything that runs on it."""
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)

    def stop(self) -> None:
        """Stop everything that runs on it as its administrator does."""
        self.send(signal.SIGTERM)
        for process in self.processes.values():
            process.wait()
        self.processes.clear()

    def kill(self) -> None:
        """End everything that runs on it, without a word."""
        self.send(signal.SIGKILL)
        for process in self.processes.values():
            process.wait()
        self.processes.clear()

    def plug(self, plugged: bool) -> None:
        """Pull the cable, or plug it in again."""
        _ip("link", "set", self.cable, "up" if plugged else "down")


class Network:
    """A bridge with hosts, used as a context. This machine is on it too.

    Args:
        folder: of the hosts' folders.

    Raises:
        PreconditionFailed: this account may not make network namespaces.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = os.getpid() % 250
        self._bridge = f"rml{os.getpid() % 100_000}"
        self.own_address = self._address(1)
        self.mount = folder / "here"
        self.hosts: dict[str, Host] = {}

    def _address(self, number: int) -> str:
        return f"10.213.{self._number}.{number}"

    def __enter__(self) -> Network:
        self.mount.mkdir(parents=True)
        try:
            _ip("link", "add", self._bridge, "type", "bridge")
            self._try_a_namespace()
        except (OSError, subprocess.CalledProcessError):
            self.__exit__(None, None, None)
            raise PreconditionFailed(
                "Network namespaces cannot be made here: run this on Linux as root, with the program `ip`"
            ) from None
        _ip("address", "add", f"{self.own_address}/24", "dev", self._bridge)
        _ip("link", "set", self._bridge, "up")
        return self

    def _try_a_namespace(self) -> None:
        """Enter one, which takes more than making it: a container or a changed root may refuse that."""
        namespace = f"{self._bridge}-tried"
        _ip("netns", "add", namespace)
        try:
            _ip("-n", namespace, "link", "set", "lo", "up")
        finally:
            _ip("netns", "delete", namespace)

    def add(self, name: str) -> Host:
        """A host."""
        number = len(self.hosts) + 10
        namespace, cable = f"{self._bridge}-{name}", f"{self._bridge}h{number}"
        folder = self._folder / name
        folder.mkdir()
        host = self.hosts[name] = Host(name, self._address(number), folder, namespace, cable, self.mount)
        _ip("netns", "add", namespace)
        _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        _ip("link", "set", cable, "master", self._bridge, "up")
        _ip("-n", namespace, "address", "add", f"{host.address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _ip("-n", namespace, "link", "set", device, "up")
        return host

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for host in self.hosts.values():
            host.send(signal.SIGCONT)
            host.kill()
            with contextlib.suppress(subprocess.CalledProcessError):
                _ip("netns", "delete", host.namespace)
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            _ip("link", "delete", self._bridge)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
