"""How sure a difference is: intervals and McNemar's test, against what others compute."""

import numpy as np
import pytest
from scipy import stats

from densenet_lesson.training.statistics import mcnemar, paired_bootstrap


def world(dice, seeds, images, lead, luck):
    """Two networks' runs, [seeds, images], the first of which is better by `lead`."""
    chance = 0.9 - 0.5 * dice.random(images) ** 4
    runs = (chance + extra + luck * (dice.random((seeds, 1)) - 0.5) for extra in (lead, 0))
    return [dice.random((seeds, images)) < run for run in runs]


@pytest.mark.slow
@pytest.mark.parametrize("luck", [0.0, 0.02])
def test_the_interval_holds_the_true_difference_at_least_as_often_as_it_promises(luck):
    dice, held = np.random.default_rng(0), 0
    for _ in range(300):
        low, high = paired_bootstrap(*world(dice, 5, 800, 0.02, luck), level=0.9, samples=200)
        held += low <= 0.02 <= high
    assert held / 300 > 0.87  # 0.9, less two standard errors


def test_over_the_images_of_one_seed_the_interval_is_that_of_scipy():
    one, other = world(np.random.default_rng(1), 1, 2000, 0.03, 0)
    reference = stats.bootstrap(
        (one[0] - 1.0 * other[0],), np.mean, method="percentile", n_resamples=2000, rng=0
    ).confidence_interval
    found = paired_bootstrap(one, other, samples=2000)
    assert found == pytest.approx(tuple(reference), abs=0.0015)


def test_seeds_that_scatter_make_the_interval_wide_however_many_images_there_are():
    right, wrong = np.ones((1, 50_000), bool), np.zeros((1, 50_000), bool)
    one, other = np.concatenate([right, right, wrong]), np.concatenate([wrong] * 3)
    assert paired_bootstrap(one, other) == (0, 1)
    assert paired_bootstrap(one, one) == (0, 0)


def test_the_interval_turns_round_with_its_networks_and_repeats():
    one, other = world(np.random.default_rng(2), 3, 500, 0.01, 0.02)
    low, high = paired_bootstrap(one, other, samples=4000)
    assert paired_bootstrap(one, other, samples=4000) == (low, high)
    assert paired_bootstrap(other, one, samples=4000) == pytest.approx((-high, -low), abs=0.003)


def test_mcnemar_counts_what_only_one_gets_right_and_its_p_is_the_binomial_one():
    one = np.array([True] * 12 + [False] * 5 + [True, False] * 9)
    other = np.array([False] * 12 + [True] * 5 + [True, False] * 9)
    found = mcnemar(one, other)
    assert found[:2] == (12, 5)
    assert found.p == pytest.approx(stats.binomtest(5, 17).pvalue)
    assert mcnemar(other, one) == (5, 12, found.p)
    assert mcnemar(one, one) == (0, 0, 1)
    many = mcnemar(np.arange(10_000) < 5200, np.arange(10_000) >= 5200)
    assert many.p == pytest.approx(stats.binomtest(4800, 10_000).pvalue, rel=1e-6)


@pytest.mark.parametrize(
    ("one", "other", "more", "message"),
    [
        ([True, False], [True, False], {}, r"one must be booleans of shape \[seeds, images\]"),
        ([[1, 0]], [[True, False]], {}, "not int64 of"),
        ([[True, False]], [[True]], {}, r"other has shape \(1, 1\), and must have that of one"),
        ([[True]], [[True]], {"level": 95}, "level=95 must be between 0 and 1"),
        ([[True]], [[True]], {"samples": 0}, "samples=0 at least 1"),
    ],
)
def test_what_makes_no_sense_is_refused(one, other, more, message):
    with pytest.raises(ValueError, match=message):
        paired_bootstrap(one, other, **more)
    if not more and np.ndim(one) == 2:
        with pytest.raises(ValueError, match=message):
            mcnemar(one[0], other[0])
