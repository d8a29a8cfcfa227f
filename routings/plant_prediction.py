"""What the settings document means for predictions."""

from __future__ import annotations

from plant.settings import PlantSettings
from routings.routing_prediction import PredictionOptions
from routings.time_profiles import ProfileOptions


def prediction_options(document: PlantSettings) -> PredictionOptions:
    """How the plant predicts, unless a request says otherwise."""
    trainer, predictor = document.trainer, document.predictor
    return PredictionOptions(
        strategy=document.prediction.strategy,
        threshold=trainer.similarity_threshold,
        max_variants=predictor.max_routing_variants,
        outliers=ProfileOptions(
            strategy="trimmed_std" if predictor.trim_std_enabled else "z_score",
            trim_lower=predictor.trim_lower_percent,
            trim_upper=predictor.trim_upper_percent,
        ),
        profile=ProfileOptions(
            strategy=trainer.time_profile_strategy,
            optimal_sigma=trainer.time_profile_optimal_sigma,
            safe_sigma=trainer.time_profile_safe_sigma,
            trim_lower=trainer.trim_lower_percent,
            trim_upper=trainer.trim_upper_percent,
        ),
    )
