"""Fitting operations on the hosts of a Ray cluster: the same models as on one machine, sooner.

Only long work goes there, never a request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from common.ray_cluster import cores_of, joined

if TYPE_CHECKING:
    from trainer.operation_fitter import FittedOperation, Task


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
    with joined(task.options.cluster) as ray:
        from ray.util import ActorPool

        shared = ray.put(task)
        remote: Any = ray.remote(num_cpus=1)(Worker)
        pool: Any = ActorPool([remote.remote(shared) for _ in range(min(cores_of(ray), operations))])
        yield from pool.map(lambda worker, number: worker.fit.remote(number, needed(number)), range(operations))
