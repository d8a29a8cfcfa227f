"""`/api/predict`: neighbours, then routings, in two calls for a batch; files of them on request."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack

from starlette.responses import Response

from common.request_context import allow_more_time
from gateway.admission import admits_itself
from gateway.answers import now_iso
from gateway.exports import Export, each_once, exporting
from gateway.guarded_routes import AreaRouter
from gateway.joined_predictions import MOST_ITEMS
from gateway.prediction_answer import PredictionAnswer, predicted_items
from gateway.schemas.prediction import PredictionRequest, PredictionResponse
from gateway.state import Gateway, TheGateway
from gateway.translate.visualization import visualization_of
from plant.settings.sections import PredictionSection
from predicting.neighbours import DEFAULT_TOP_K, SearchOptions
from predicting.parts import PART_ITEMS, parts_of, seconds_for, with_one_version
from protos.aggregate.v1 import aggregate_pb2 as pb

DEFAULT_THRESHOLD = 0.8

area = AreaRouter("/api", "routing-ml")


@area.user.post("/predict", response_model=PredictionResponse)
@admits_itself
async def predict(body: PredictionRequest, gateway: TheGateway) -> Response:
    """Predicts routings: an item's own where it has one, else from its neighbours."""
    await gateway.admission.enter(len(body.item_codes), work_of(body))
    if len(body.item_codes) > PART_ITEMS or body.export_formats:
        allow_more_time(seconds_for(len(body.item_codes)))
    return await with_one_version(lambda: _predicted(body, gateway))


async def _predicted(body: PredictionRequest, gateway: Gateway) -> Response:
    clients, aggregate, plant = gateway.clients, gateway.clients.aggregate, gateway.plant
    threshold = body.similarity_threshold
    if threshold is None:
        threshold = float(plant.section("trainer").get("similarity_threshold", DEFAULT_THRESHOLD))
    answer = PredictionAnswer(threshold)
    formats, version = each_once(body.export_formats or []), ""
    if len(body.item_codes) <= MOST_ITEMS and not formats and not body.feature_weights:
        share = await gateway.joined.predict(body.item_codes, search_options(body), wanted_of(body))
        answer.add(share)
        return await _whole(answer, share.metrics["model_version"], [], body, gateway)
    generated_at = now_iso()
    async with AsyncExitStack() as call:
        export: Export | None = None
        if formats:
            start = pb.ExportStart(formats=formats)
            export = await call.enter_async_context(
                exporting(clients, start, seconds=seconds_for(len(body.item_codes)))
            )
        async for part in parts_of(clients, body.item_codes, search_options(body), wanted_of(body)):
            version = part.found.model_version
            response = await aggregate.call(aggregate.stub.Predict, part.request)
            answer.add((await predicted_items(part, response, generated_at)).share(0, len(part.codes)))
            if export is not None:
                if not part.request.detailed:  # files have all columns, whatever the answer shows
                    part.request.detailed, part.request.evidence = True, False
                    response = await aggregate.call(aggregate.stub.Predict, part.request)
                await export.add(response)
        files = list((await export.finish()).paths) if export is not None else []
    return await _whole(answer, version, files, body, gateway)


async def _whole(
    answer: PredictionAnswer, version: str, files: Sequence[str], body: PredictionRequest, gateway: Gateway
) -> Response:
    """The answer with the figures of the version and of the snapshot."""
    plant = gateway.plant
    weights = await gateway.models.feature_weights(version, body.feature_weights)
    cache = await gateway.snapshots.caches()
    more = {"visualization": visualization_of(plant)} if body.with_visualization else {}
    more["strategy"] = plant.section("prediction").get("strategy", PredictionSection().strategy)
    return answer.response(feature_weights=weights, cache=cache, exported_files=files, **more)


def search_options(body: PredictionRequest) -> SearchOptions:
    """How a request wants neighbours to be found."""
    return SearchOptions(
        top_k=body.top_k,
        feature_weights=body.feature_weights,
        weight_profile=body.weight_profile or "",
        ef_search=body.ef_search,
    )


def work_of(body: PredictionRequest) -> int:
    """What a prediction counts as work: its items, more often where their answers are larger than usual."""
    times = 1 + (body.mode.strip().lower() == "detailed") + body.with_evidence
    return len(body.item_codes) * max(times, (body.top_k or DEFAULT_TOP_K) // DEFAULT_TOP_K)


def wanted_of(body: PredictionRequest) -> pb.PredictRequest:
    """How a request wants routings to be predicted, without codes."""
    return pb.PredictRequest(
        similarity_threshold=body.similarity_threshold,
        detailed=body.mode.strip().lower() == "detailed",
        evidence=body.with_evidence,
        ignore_own_routing=body.ignore_own_routing,
    )
