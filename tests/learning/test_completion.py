"""Columns of mu are given back to their classes."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from sklearn_labelmodel._learning.completion import align_columns


def agreement(mu, symbol_class, prior):
    return sum(mu[s, c] * prior[c] for s, c in enumerate(symbol_class) if c < len(prior))


@given(st.integers(0, 2**16), st.sampled_from([(0.25,) * 4, (0.2, 0.2, 0.3, 0.3), (0.1, 0.3, 0.6)]))
def test_alignment_is_the_best_permutation_among_classes_of_equal_prior(seed, prior):
    rng = np.random.default_rng(seed)
    k, prior = len(prior), np.array(prior)
    symbol_class = rng.integers(k + 1, size=8)
    mu = rng.random((8, k))
    allowed = [list(p) for p in permutations(range(k)) if (prior[list(p)] == prior).all()]
    best = max(agreement(mu[:, p], symbol_class, prior) for p in allowed)
    aligned = align_columns(mu, symbol_class, prior)
    assert agreement(aligned, symbol_class, prior) == pytest.approx(best, rel=1e-12)
    assert any(np.array_equal(aligned, mu[:, p]) for p in allowed)


def test_alignment_leaves_columns_where_nothing_is_gained():
    mu = np.arange(6.0).reshape(2, 3)
    assert_array_equal(align_columns(mu, np.array([3, 3]), np.full(3, 1 / 3)), mu)


@pytest.mark.parametrize(("difference", "moves"), [(2e-4, True), (4e-3, False)])
def test_priors_are_equal_to_three_digits(difference, moves):
    mu, prior = np.array([[0.1, 0.9], [0.9, 0.1]]), np.array([0.5 - difference, 0.5 + difference])
    aligned = align_columns(mu, np.array([0, 1]), prior)
    assert_array_equal(aligned, mu[:, ::-1] if moves else mu)
