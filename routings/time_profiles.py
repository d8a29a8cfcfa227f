"""Statistics of samples of times, many samples at once: mean, spread and the profile OPTIMAL, STANDARD, SAFE of each.

A sample is the last axis of an array; NaN is an absent time and never counts. Weighted versions take weights of the same shape
(similarity squared, say); without weights every time counts alike. Times in, times out: the unit is the caller's (minutes).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from common.errors import InvalidInput

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

FEWEST_SAMPLES: Final = 3
"""Fewer times than this give their plain mean and no profile."""

LARGEST_TIME: Final = 1_000_000.0
"""Minutes; anything above is no time of an operation (it would be two years) but an error of entry."""


@dataclass(frozen=True)
class ProfileOptions:
    """How a profile is made of a sample.

    Attributes:
        strategy: sigma_profile (all times), z_score (without times far from the mean), trimmed_std (between two quantiles).
        optimal_sigma: OPTIMAL lies this many sigma above the mean.
        safe_sigma: SAFE lies this many sigma above the mean.
        trim_lower: lower quantile of trimmed_std, 0 to 1.
        trim_upper: upper quantile of trimmed_std, 0 to 1.
        z_limit: z_score drops times further from the mean than this many sigma.
        geometric: STANDARD is the geometric mean of the times kept (see `geometric_mean`) instead of the arithmetic one.
    """

    strategy: str = "sigma_profile"
    optimal_sigma: float = 0.67
    safe_sigma: float = 1.28
    trim_lower: float = 0.05
    trim_upper: float = 0.95
    z_limit: float = 2.5
    geometric: bool = False


@dataclass(frozen=True)
class TimeProfiles:
    """Profiles of samples of shape (..., n); every array has shape (...).

    Attributes:
        standard: mean of the times kept; NaN where the sample has none.
        optimal: standard + optimal_sigma sigma; NaN without a profile.
        safe: standard + safe_sigma sigma; NaN without a profile.
        sigma: spread (population) of the times kept; NaN without a profile.
        samples: times kept, int64.
    """

    standard: Floats
    optimal: Floats
    safe: Floats
    sigma: Floats
    samples: npt.NDArray[np.int64]


def without_impossible(times: Floats) -> Floats:
    """The times with negative, infinite and absurd ones (above a million minutes) made absent."""
    with np.errstate(invalid="ignore"):
        return np.where((times >= 0.0) & (times <= LARGEST_TIME), times, np.nan)


def mean_and_sigma(times: Floats, weights: Floats, kept: Mask) -> tuple[Floats, Floats]:
    """Weighted mean and population sigma over the last axis of the times in `kept`; NaN where none is kept.

    Where all kept weights are zero the kept times count alike.
    """
    return _mean_and_sigma(times, kept, *_used(weights, kept))


def _mean_and_sigma(times: Floats, kept: Mask, used: Floats, total: Floats) -> tuple[Floats, Floats]:
    values = np.where(kept, times, 0.0)
    mean = (used * values).sum(axis=-1) / total
    deviation = np.where(kept, values - mean[..., None], 0.0)  # nothing is kept where there is no mean
    sigma = np.sqrt((used * deviation * deviation).sum(axis=-1) / total)
    return mean, sigma


def geometric_mean(times: Floats, weights: Floats, kept: Mask) -> Floats:
    """Weighted geometric mean over the last axis of the times in `kept`; NaN where none is kept.

    Times that differ from item to item by factors scatter evenly in their logarithms: there the arithmetic mean lies above most of
    them. Times of 0 have no logarithm; the mean of the others counts as much as its share of the weight.
    """
    return _geometric_mean(times, kept, *_used(weights, kept))


def _geometric_mean(times: Floats, kept: Mask, used: Floats, total: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        positive = kept & (times > 0.0)
    logarithms = np.log(np.where(positive, times, 1.0))
    share = (positive * used).sum(axis=-1)
    mean = np.exp((used * logarithms).sum(axis=-1) / np.where(share > 0.0, share, 1.0))
    made: Floats = mean * share / total
    return made


def _used(weights: Floats, kept: Mask) -> tuple[Floats, Floats]:
    """Weights of the kept times, and their sums; NaN for a sum of nothing."""
    used: Floats = kept * weights
    total = used.sum(axis=-1)
    if (unweighted := (total <= 0.0) & kept.any(axis=-1)).any():
        used = np.where(unweighted[..., None], kept.astype(np.float64), used)
        total = used.sum(axis=-1)
    return used, np.where(total > 0.0, total, np.nan)


def keep_all(times: Floats, weights: Floats, options: ProfileOptions) -> Mask:
    """Every present time."""
    return ~np.isnan(times)


def keep_near_mean(times: Floats, weights: Floats, options: ProfileOptions) -> Mask:
    """Present times at most `z_limit` sigma from the mean; all of them in samples of fewer than three."""
    present = ~np.isnan(times)
    mean, sigma = mean_and_sigma(times, weights, present)
    enough = present.sum(axis=-1) >= FEWEST_SAMPLES
    # A hair of tolerance keeps samples of equal times whole, whose sigma is rounding noise.
    limit: Floats = np.where(enough, options.z_limit * sigma + 1e-9 * np.abs(mean), np.inf)
    with np.errstate(invalid="ignore"):
        near = np.abs(times - mean[..., None]) <= limit[..., None]
    return _never_nothing(present & near, present)


def keep_between_quantiles(times: Floats, weights: Floats, options: ProfileOptions) -> Mask:
    """Present times between the lower and the upper quantile (both included); all of them in samples of fewer than three."""
    present = ~np.isnan(times)
    count = present.sum(axis=-1)
    enough = count >= FEWEST_SAMPLES
    if not enough.any():
        return present
    ordered = np.sort(times, axis=-1)  # NaN last
    between = _quantiles(ordered, count, options.trim_lower, options.trim_upper)
    lower, upper = np.where(enough, between[0], -np.inf), np.where(enough, between[1], np.inf)
    with np.errstate(invalid="ignore"):
        inside = (times >= lower[..., None]) & (times <= upper[..., None])
    return _never_nothing(present & inside, present)


def _quantiles(ordered: Floats, count: npt.NDArray[np.int64], *shares: float) -> Floats:
    """Linearly interpolated quantiles of the first `count` values of each sorted sample (NumPy's default method), one row a share."""
    last = np.maximum(count - 1, 0)
    place = np.multiply.outer(shares, last)
    below = place.astype(np.int64)  # never negative: cutting off rounds down
    above = np.minimum(below + 1, last)
    flat = ordered.reshape(-1)
    starts = np.arange(0, flat.size, ordered.shape[-1]).reshape(count.shape)
    low = flat[starts + below]
    high = flat[starts + above]
    result: Floats = low + (high - low) * (place - below)
    return result


def _never_nothing(kept: Mask, present: Mask) -> Mask:
    """`kept`, or all present times where nothing would be left."""
    empty = np.asarray(~kept.any(axis=-1))
    return np.where(empty[..., None], present, kept) if empty.any() else kept


OutlierRule = Callable[[Floats, Floats, ProfileOptions], Mask]

STRATEGIES: Final[Mapping[str, OutlierRule]] = MappingProxyType(
    {"sigma_profile": keep_all, "z_score": keep_near_mean, "trimmed_std": keep_between_quantiles}
)
"""Which times of a sample a strategy uses."""


def outlier_rule(strategy: str) -> OutlierRule:
    """The rule of a strategy.

    Raises:
        InvalidInput: there is no such strategy.
    """
    rule = STRATEGIES.get(strategy)
    if rule is None:
        raise InvalidInput(f"Time profile strategy {strategy!r} does not exist; choose one of {', '.join(STRATEGIES)}")
    return rule


def time_profiles(times: Floats, weights: Floats | None = None, options: ProfileOptions | None = None) -> TimeProfiles:
    """Profiles of samples: OPTIMAL = mean + 0.67 sigma, STANDARD = mean, SAFE = mean + 1.28 sigma (the factors are options).

    Args:
        times: (..., n), NaN where absent.
        weights: broadcast to the shape of `times`, finite, not negative; None: all times count alike.
        options: strategy and factors.

    Raises:
        InvalidInput: the strategy does not exist.
    """
    options = options or ProfileOptions()
    rule = outlier_rule(options.strategy)
    if times.shape[-1] == 0:
        nothing = np.full(times.shape[:-1], np.nan)
        return TimeProfiles(nothing, nothing, nothing, nothing, np.zeros(times.shape[:-1], np.int64))
    spread: Floats = np.ones_like(times) if weights is None else np.broadcast_to(weights, times.shape)
    kept = rule(times, spread, options)
    present = (~np.isnan(times)).sum(axis=-1)
    enough = present >= FEWEST_SAMPLES
    used, total = _used(spread, kept)
    mean, sigma = _mean_and_sigma(times, kept, used, total)
    if options.geometric:
        mean = _geometric_mean(times, kept, used, total)
    sigma = np.where(enough, sigma, np.nan)
    return TimeProfiles(
        standard=mean,
        optimal=mean + options.optimal_sigma * sigma,
        safe=mean + options.safe_sigma * sigma,
        sigma=sigma,
        samples=kept.sum(axis=-1),
    )


def standard_times(times: Floats, weights: Floats, options: ProfileOptions) -> Floats:
    """`standard` of `time_profiles` alone, at half the cost.

    Raises:
        InvalidInput: the strategy does not exist.
    """
    rule = outlier_rule(options.strategy)
    some = (~np.isnan(times)).any(axis=-1)
    made = np.full(some.shape, np.nan)
    known, spread = times[some], np.broadcast_to(weights, times.shape)[some]
    if not len(known):
        return made
    kept = rule(known, spread, options)
    if options.geometric:
        made[some] = geometric_mean(known, spread, kept)
    else:
        used, total = _used(spread, kept)
        made[some] = (used * np.where(kept, known, 0.0)).sum(axis=-1) / total
    return made


def confidence(samples: npt.NDArray[np.int64], similarity: Floats, variation: Floats) -> Floats:
    """Confidence (0 to 1) of estimates from n neighbours with mean similarity s and coefficient of variation c.

    min(0.3, 0.05 n) + 0.4 s + (0.3 if c < .15, 0.2 if c < .30, 0.1 if c < .50, else 0), times 1.1 when n >= 5 and s >= 0.8, at
    most 1; 0 without samples. An unknown c (NaN) earns nothing.
    """
    steady = np.where(variation < 0.15, 0.3, np.where(variation < 0.30, 0.2, np.where(variation < 0.50, 0.1, 0.0)))
    score = np.minimum(0.3, 0.05 * samples) + 0.4 * np.clip(similarity, 0.0, 1.0) + steady
    score = np.where((samples >= 5) & (similarity >= 0.8), score * 1.1, score)
    return np.where(samples > 0, np.minimum(score, 1.0), 0.0)
