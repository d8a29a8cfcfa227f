"""Fitting operations on the hosts of a Ray cluster (`pip install ray`, Linux): the same models as on one machine, sooner.

Only long work goes there, never a request. Every host of the cluster has this program in the same version.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from common.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from trainer.operation_fitter import FittedOperation, Task

LOCAL: Final = "local"
"""Address of a cluster that is started on this machine for the while."""


class Worker:
    """One processor core of the cluster: bins the rows once, then fits operation after operation."""

    def __init__(self, task: Task) -> None:
        from trainer.operation_fitter import OperationFitter

        self._fitter = OperationFitter(task)

    def fit(self, operation: int, needed: npt.NDArray[np.bool_]) -> FittedOperation:
        """Fit one operation, see OperationFitter."""
        return self._fitter.fit(operation, needed)


def fitted_on_cluster(
    task: Task, needed: Callable[[int], npt.NDArray[np.bool_]], operations: int
) -> Iterator[FittedOperation]:
    """The operations in their order, as many at once as the cluster has cores.

    Raises:
        InvalidInput: Ray is not installed. Unavailable: the cluster cannot be reached, or fails.
    """
    address = task.options.cluster
    try:
        import ray
        from ray.util import ActorPool
    except ImportError:
        raise InvalidInput(
            f"ROUTING_ML_RAY_ADDRESS is {address}: Ray is not installed here (`pip install ray`, Linux); leave the setting "
            "empty to fit the models on this machine"
        ) from None
    try:
        _join(ray, address)
        cores = max(1, int(ray.cluster_resources().get("CPU", 1)))
        shared = ray.put(task)
        remote: Any = ray.remote(num_cpus=1)(Worker)
        pool = ActorPool([remote.remote(shared) for _ in range(min(cores, operations))])
        yield from pool.map(lambda worker, number: worker.fit.remote(number, needed(number)), range(operations))
    except (ray.exceptions.RayError, ConnectionError, RuntimeError) as error:
        raise Unavailable(
            f"The Ray cluster {address} of ROUTING_ML_RAY_ADDRESS cannot be used ({str(error).strip()[:300]}): see that its head "
            "answers and that its hosts have this program and Ray in the same versions",
            reason="RAY_UNAVAILABLE",
        ) from error
    finally:
        ray.shutdown()


def _join(ray: Any, address: str) -> None:
    if address == LOCAL:
        paths = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
        environment = {"env_vars": {"PYTHONPATH": paths}}
        ray.init(include_dashboard=False, log_to_driver=False, runtime_env=environment, logging_level="ERROR")
    else:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
