"""Joining a Ray cluster for long work (`pip install ray`, Linux). Every host of the cluster has this program in the same version."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from common.errors import InvalidInput, Unavailable

LOCAL: Final = "local"
"""Address of a cluster that is started on this machine for the while."""


@contextmanager
def joined(address: str, variables: Mapping[str, str] | None = None) -> Iterator[Any]:
    """Ray, connected to a cluster within the block.

    Args:
        variables: environment of processes on a cluster of this machine; elsewhere each host has its own settings.

    Raises:
        InvalidInput: Ray is not installed. Unavailable: the cluster cannot be reached, or fails.
    """
    try:
        import ray
    except ImportError:
        raise InvalidInput(
            f"ROUTING_ML_RAY_ADDRESS is {address}: Ray is not installed here (`pip install ray`, Linux); leave the setting "
            "empty to do the work on this machine"
        ) from None
    try:
        _join(ray, address, variables or {})
        yield ray
    except (ray.exceptions.RayError, ConnectionError, RuntimeError) as error:
        raise Unavailable(
            f"The Ray cluster {address} of ROUTING_ML_RAY_ADDRESS cannot be used ({str(error).strip()[:300]}): see that its head "
            "answers and that its hosts have this program and Ray in the same versions",
            reason="RAY_UNAVAILABLE",
        ) from error
    finally:
        ray.shutdown()


def cores_of(ray: Any) -> int:
    """Processor cores of the cluster, at least 1."""
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def _join(ray: Any, address: str, variables: Mapping[str, str]) -> None:
    if address == LOCAL:
        paths = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
        environment = {"env_vars": {**variables, "PYTHONPATH": paths}}
        ray.init(include_dashboard=False, log_to_driver=False, runtime_env=environment, logging_level="ERROR")
    else:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
