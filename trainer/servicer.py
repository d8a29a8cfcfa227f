"""Translates between trainer.proto and the training process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import orjson

from common.errors import PermissionDenied, Unavailable
from common.notice_messages import notice_message
from common.request_context import add_log_fields, current_caller
from common.settings import Settings
from plant.settings import PlantSettings
from protos.trainer.v1 import trainer_pb2 as pb
from protos.trainer.v1 import trainer_pb2_grpc
from trainer.registration import Registrar
from trainer.retention import RetentionRule, apply_retention, freed_bytes
from trainer.status_file import TrainingStatus, as_of
from trainer.training_process import ControlSettings, TrainingProcess, Wanted

NOT_ALLOWED = (
    "Training by API is switched off here. Let the scheduler run it (train_build_index.py --save-dir models/<version>), or set "
    "ROUTING_ML_TRAINING_BY_API=true and restart the trainer"
)


class TrainerServicer(trainer_pb2_grpc.TrainerServiceServicer):
    """Run, Status, Follow, Cancel and ApplyRetention.

    Args:
        settings: settings of the process; they say whether trainings may be started here.

    Attributes:
        control: settings that the next training works with.
    """

    def __init__(self, process: TrainingProcess, settings: Settings) -> None:
        self._process, self._settings = process, settings
        self.control = ControlSettings()

    async def Run(self, request: pb.RunRequest, context: Any) -> pb.TrainingStatus:
        if not self._settings.training_by_api:
            raise PermissionDenied(NOT_ALLOWED, reason="TRAINING_BY_API_OFF")
        wanted = Wanted(
            label=request.version_label,
            projector_metadata=tuple(request.projector_metadata),
            dry_run=request.dry_run,
            activate=request.activate,
            requested_by=current_caller().username,
            plant=request.plant,
        )
        try:
            status = await self._process.start(wanted, self.control)
        except OSError as error:
            raise Unavailable(
                f"The training cannot be started: {error.strerror or error}"
                f"{f' ({error.filename})' if error.filename else ''}: free disk space, or see to the right to write",
                reason="CANNOT_START",
                retry_after=15.0,
            ) from None
        add_log_fields(job_id=status.job_id)
        return to_message(status)

    async def Status(self, request: pb.StatusRequest, context: Any) -> pb.TrainingStatus:
        return to_message(self._process.status())

    async def Follow(self, request: pb.StatusRequest, context: Any) -> AsyncIterator[pb.TrainingStatus]:
        async for status in self._process.follow():
            yield to_message(status)

    async def Cancel(self, request: pb.CancelRequest, context: Any) -> pb.TrainingStatus:
        return to_message(await self._process.cancel(current_caller().username))

    async def ApplyRetention(self, request: pb.RetentionRequest, context: Any) -> pb.RetentionResponse:
        training = PlantSettings.parse(self.control.document_json).training
        rule = RetentionRule(
            newest=request.keep_versions or training.keep_versions,
            good=request.keep_good_versions or training.keep_good_versions,
        )
        registrar = Registrar(self._settings, loop=asyncio.get_running_loop())
        done = await asyncio.to_thread(
            apply_retention, registrar, self._settings.models_dir, rule, dry_run=request.dry_run
        )
        add_log_fields(dry_run=request.dry_run, freed_bytes=freed_bytes(done))
        return pb.RetentionResponse(
            versions=[
                pb.RetainedVersion(version_name=one.name, outcome=one.outcome, reason=one.reason, bytes=one.bytes)
                for one in done
            ],
            freed_bytes=freed_bytes(done),
            dry_run=request.dry_run,
        )


def to_message(status: TrainingStatus) -> pb.TrainingStatus:
    """The message of a status, as it is now."""
    status = as_of(status, time.time())
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
        message_notice=notice_message(status.message),
    )
