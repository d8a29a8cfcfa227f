"""Translates between trainer.proto and the training process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson

from common.errors import PermissionDenied, Unavailable
from common.request_context import add_log_fields, current_caller
from protos.trainer.v1 import trainer_pb2 as pb
from protos.trainer.v1 import trainer_pb2_grpc
from trainer.status_file import TrainingStatus
from trainer.training_process import ControlSettings, TrainingProcess, Wanted

NOT_ALLOWED = (
    "Training by API is switched off here. Let the scheduler run it (train_build_index.py --save-dir models/<version>), or set "
    "ROUTING_ML_TRAINING_BY_API=true and restart the trainer"
)


class TrainerServicer(trainer_pb2_grpc.TrainerServiceServicer):
    """Run, Status, Follow and Cancel.

    Args:
        allowed: whether trainings may be started here.

    Attributes:
        control: settings that the next training works with.
    """

    def __init__(self, process: TrainingProcess, *, allowed: bool) -> None:
        self._process = process
        self._allowed = allowed
        self.control = ControlSettings()

    async def Run(self, request: pb.RunRequest, context: Any) -> pb.TrainingStatus:
        if not self._allowed:
            raise PermissionDenied(NOT_ALLOWED, reason="TRAINING_BY_API_OFF")
        wanted = Wanted(
            label=request.version_label,
            projector_metadata=tuple(request.projector_metadata),
            dry_run=request.dry_run,
            activate=request.activate,
            requested_by=current_caller().username,
        )
        try:
            status = await self._process.start(wanted, self.control)
        except OSError as error:
            raise Unavailable(f"The training cannot be started: {error}", reason="CANNOT_START") from None
        add_log_fields(job_id=status.job_id)
        return to_message(status)

    async def Status(self, request: pb.StatusRequest, context: Any) -> pb.TrainingStatus:
        return to_message(self._process.status())

    async def Follow(self, request: pb.StatusRequest, context: Any) -> AsyncIterator[pb.TrainingStatus]:
        async for status in self._process.follow():
            yield to_message(status)

    async def Cancel(self, request: pb.CancelRequest, context: Any) -> pb.TrainingStatus:
        return to_message(await self._process.cancel(current_caller().username))


def to_message(status: TrainingStatus) -> pb.TrainingStatus:
    """The message of a status."""
    return pb.TrainingStatus(
        job_id=status.job_id,
        status=status.status,
        started_at=status.started_at,
        finished_at=status.finished_at,
        progress=status.progress,
        message=status.message,
        version_path=status.version_path,
        metrics_json=orjson.dumps(dict(status.metrics), default=str).decode(),
        stage=status.stage if status.running else "",
        remaining_seconds=status.remaining_seconds,
        requested_by=status.requested_by,
    )
