"""Time statistics: means, spreads, outliers and confidence."""

from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import InvalidInput
from routings.time_profiles import ProfileOptions, TimeProfiles, confidence, time_profiles, without_impossible

times = st.lists(st.floats(0.001, 1e5), min_size=1, max_size=40)
strategies = st.sampled_from(["sigma_profile", "z_score", "trimmed_std"])


def one(values: Any, weights: Any = None, **options: Any) -> TimeProfiles:
    return time_profiles(
        np.array(values, float), None if weights is None else np.array(weights, float), ProfileOptions(**options)
    )


def test_a_profile_is_mean_and_sigma_times_the_factors() -> None:
    profile = one([10.0, 12.0, 14.0])
    sigma = np.std([10.0, 12.0, 14.0])
    assert profile.standard == pytest.approx(12.0)
    assert profile.optimal == pytest.approx(12.0 + 0.67 * sigma)
    assert profile.safe == pytest.approx(12.0 + 1.28 * sigma)


def test_two_samples_give_their_mean_and_no_profile() -> None:
    profile = one([10.0, 20.0])
    assert profile.standard == 15.0
    assert np.isnan([profile.optimal, profile.safe, profile.sigma]).all()


def test_no_sample_gives_nothing() -> None:
    for empty in (one([]), one([np.nan, np.nan])):
        assert np.isnan(empty.standard)
        assert empty.samples == 0


def test_z_score_drops_what_is_further_than_two_and_a_half_sigma() -> None:
    values = [10.0] * 5 + [10.5, 9.5, 10.2, 9.8, 10.1, 100.0]
    profile = one(values, strategy="z_score")
    assert profile.samples == len(values) - 1
    assert profile.standard == pytest.approx(np.mean(values[:-1]))


def test_trimmed_std_uses_the_values_between_the_quantiles() -> None:
    values = np.arange(1.0, 42.0)
    profile = one(values, strategy="trimmed_std")
    kept = values[(values >= np.quantile(values, 0.05)) & (values <= np.quantile(values, 0.95))]
    assert profile.samples == len(kept)
    assert profile.standard == pytest.approx(kept.mean())
    assert profile.sigma == pytest.approx(kept.std())


def test_weights_move_the_mean_towards_the_heavier_times() -> None:
    profile = one([10.0, 20.0, 30.0], [1.0, 1.0, 2.0])
    assert profile.standard == pytest.approx(22.5)


def test_weights_that_are_all_zero_count_alike() -> None:
    assert one([10.0, 20.0, 30.0], [0.0, 0.0, 0.0]).standard == pytest.approx(20.0)


def test_a_geometric_mean_lies_in_the_middle_of_times_that_differ_by_factors() -> None:
    found = time_profiles(np.array([10.0, 20.0, 40.0]), options=ProfileOptions(geometric=True))
    assert found.standard == pytest.approx(20.0)
    assert found.optimal == pytest.approx(20.0 + 0.67 * np.std([10.0, 20.0, 40.0]))


def test_times_of_zero_lower_a_geometric_mean_by_their_share() -> None:
    found = time_profiles(np.array([0.0, 10.0, 40.0, np.nan]), options=ProfileOptions(geometric=True))
    assert found.standard == pytest.approx(20.0 * 2 / 3)
    assert time_profiles(np.zeros(3), options=ProfileOptions(geometric=True)).standard == 0.0
    assert np.isnan(time_profiles(np.full(3, np.nan), options=ProfileOptions(geometric=True)).standard)


def test_an_unknown_strategy_names_those_that_exist() -> None:
    with pytest.raises(InvalidInput, match="sigma_profile, z_score, trimmed_std"):
        one([1.0], strategy="median")


def test_negative_infinite_and_absurd_times_are_absent() -> None:
    cleaned = without_impossible(np.array([-1.0, 0.0, 5.0, 1e6, 1e6 + 1, np.inf, np.nan]))
    np.testing.assert_array_equal(cleaned, [np.nan, 0.0, 5.0, 1e6, np.nan, np.nan, np.nan])


@given(times, strategies)
def test_every_profile_lies_within_its_sample(values: list[float], strategy: str) -> None:
    profile = one(values, strategy=strategy)
    assert min(values) * (1 - 1e-9) <= profile.standard <= max(values) * (1 + 1e-9)
    assert 1 <= profile.samples <= len(values)
    if len(values) >= 3:
        assert profile.standard <= profile.optimal <= profile.safe


@given(times, strategies)
def test_equal_weights_give_the_unweighted_profile(values: list[float], strategy: str) -> None:
    plain, weighted = one(values, strategy=strategy), one(values, [0.64] * len(values), strategy=strategy)
    np.testing.assert_allclose(weighted.standard, plain.standard, rtol=1e-9)
    np.testing.assert_allclose(weighted.sigma, plain.sigma, rtol=1e-6, atol=1e-9)
    assert weighted.samples == plain.samples


@given(times, strategies, st.randoms(use_true_random=False))
def test_the_order_of_the_times_and_absent_ones_between_them_do_not_matter(
    values: list[float], strategy: str, shuffler: Random
) -> None:
    mixed = [*values, *[np.nan] * 3]
    shuffler.shuffle(mixed)
    np.testing.assert_allclose(
        one(mixed, strategy=strategy).standard, one(values, strategy=strategy).standard, rtol=1e-9
    )


@given(st.lists(times, min_size=1, max_size=6), strategies)
def test_many_samples_at_once_give_what_each_gives_alone(samples: list[list[float]], strategy: str) -> None:
    together = np.full((len(samples), max(map(len, samples))), np.nan)
    for row, values in zip(together, samples, strict=True):
        row[: len(values)] = values
    profiles = time_profiles(together, None, ProfileOptions(strategy))
    for k, values in enumerate(samples):
        np.testing.assert_allclose(profiles.standard[k], one(values, strategy=strategy).standard, rtol=1e-12)
        np.testing.assert_allclose(profiles.safe[k], one(values, strategy=strategy).safe, rtol=1e-9)


@pytest.mark.parametrize(
    ("n", "s", "c", "expected"),
    [
        (0, 0.9, 0.1, 0.0),
        (1, 0.5, np.nan, 0.05 + 0.2),
        (2, 0.5, 0.4, 0.1 + 0.2 + 0.1),
        (4, 0.9, 0.2, 0.2 + 0.36 + 0.2),
        (5, 0.8, 0.2, (0.25 + 0.32 + 0.2) * 1.1),
        (5, 0.79, 0.2, 0.25 + 0.316 + 0.2),
        (10, 1.0, 0.1, 1.0),
    ],
)
def test_confidence_grows_with_samples_similarity_and_steadiness(n: int, s: float, c: float, expected: float) -> None:
    assert confidence(np.array([n]), np.array([s]), np.array([c]))[0] == pytest.approx(expected)
