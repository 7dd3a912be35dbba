"""From precisions to what votes say: leaning, one coin, Snorkel's start, shrinkage, accuracies."""

import numpy as np
import pandas as pd
import pytest
from helpers import make_votes
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_labelmodel import LabelModelClassifier
from sklearn_labelmodel._evidence.table import (
    VoteTable,
    leaning,
    least_probability,
    one_coin,
    precision_per_lf,
    shrink,
    snorkel_start,
)

FREQUENCY = np.array([0.1, 0.4, 0.2])
PRECISION = np.array([0.7, 0.9, 0.6])
PRIOR = np.array([0.2, 0.5, 0.3])
# The third symbol is no class.
MEANING = np.array([[1.0, 0, 0], [0, 1, 0], [1 / 3, 1 / 3, 1 / 3]])
# A class, a set of classes, a lean, nothing.
SETS = np.array([[0, 0, 1, 0], [0.5, 0.5, 0, 0], [0.1, 0.2, 0.3, 0.4], [0.25] * 4])


def some_meanings(n_symbols, n_classes, rng):
    """Leans, one of them a class and one nothing."""
    meaning = rng.dirichlet(np.ones(n_classes), n_symbols)
    meaning[0] = np.eye(n_classes)[0]
    meaning[-1] = 1 / n_classes
    return meaning


# Leaning ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", [0.01, 0.2, 0.25, 0.7, 0.99])
def test_a_vote_for_a_class_favours_it_by_the_odds_of_the_closed_form(precision):
    leans = leaning(SETS[:1], np.array([precision]))[0]
    assert_allclose(leans[2] / leans[[0, 1, 3]], 3 * precision / (1 - precision), rtol=1e-12)


@pytest.mark.parametrize("precision", [0.25, 0.7, 1.0])
def test_a_set_of_classes_shares_what_a_vote_for_one_would_say(precision):
    one, both = (leaning(meaning[None], np.array([precision]))[0] for meaning in (SETS[0], SETS[1]))
    assert_allclose(both, [(one[2] + one[0]) / 2] * 2 + [one[0]] * 2, rtol=1e-12)


def test_a_lean_of_an_lf_that_knows_is_that_lean():
    assert_allclose(leaning(SETS, np.ones(4)), 4 * SETS, rtol=1e-12)


def test_a_guess_says_nothing_whatever_its_vote_means():
    assert_allclose(leaning(SETS, np.full(4, 0.25)), 1.0, rtol=1e-15)


@given(st.integers(1, 6), st.integers(2, 7), st.integers(0, 2**16))
def test_leaning_is_not_negative_and_has_a_mean_of_one(n_symbols, n_classes, seed):
    rng = np.random.default_rng(seed)
    leans = leaning(some_meanings(n_symbols, n_classes, rng), rng.random(n_symbols))
    assert (leans > -1e-12).all()
    assert_allclose(leans.mean(axis=1), 1.0, rtol=1e-12)


# One coin -----------------------------------------------------------------------------------------


def test_one_coin_is_the_closed_form():
    table = one_coin(MEANING, PRECISION, FREQUENCY, PRIOR)
    for u, (f, a) in enumerate(zip(FREQUENCY[:2], PRECISION[:2], strict=True)):
        r = a * 2 / (1 - a)
        for y in range(3):
            expected = f * (r if y == u else 1) / (r * PRIOR[u] + 1 - PRIOR[u])
            assert table[u, y] == pytest.approx(min(expected, 1.0), rel=1e-14)
    assert_allclose(table[2], FREQUENCY[2], rtol=1e-15)


@pytest.mark.parametrize("joint", [False, True])
@given(st.integers(1, 6), st.integers(1, 5), st.integers(0, 2**16))
def test_one_coin_keeps_the_frequency_of_every_symbol(joint, n_symbols, n_classes, seed):
    rng = np.random.default_rng(seed)
    prior = rng.dirichlet(np.full(n_classes, 2.0))
    prior = (prior + 0.01) / (prior + 0.01).sum()
    precision, meaning = rng.random(n_symbols), some_meanings(n_symbols, n_classes, rng)
    # No P(symbol | Y) that is not joint may exceed 1.
    frequency = rng.uniform(1e-6, 0.99 if joint else 0.01, n_symbols)
    table = one_coin(meaning, precision, frequency, prior, np.full(n_symbols, joint))
    assert ((table > 0) & (table <= 1)).all()
    assert_allclose(table @ prior, frequency, rtol=1e-8)


@pytest.mark.parametrize("precision", [0.01, 0.2, 0.7, 0.99])
def test_odds_of_joint_symbols_are_in_proportion_to_what_they_lean_to(precision):
    prior, each = np.array([0.1, 0.2, 0.3, 0.4]), np.full(4, precision)
    table = one_coin(SETS, each, np.array([0.02, 0.5, 0.9, 0.3]), prior, np.ones(4, dtype=bool))
    odds = table / (1 - table)
    leans = leaning(SETS, each)
    assert_allclose(odds / odds[:, :1], leans / leans[:, :1], rtol=1e-8)


def test_only_joint_symbols_have_such_odds():
    joint = np.array([True, False, False])
    together = one_coin(MEANING, PRECISION, FREQUENCY, PRIOR, joint)
    assert_array_equal(together[1:], one_coin(MEANING, PRECISION, FREQUENCY, PRIOR)[1:])
    assert together[0, 0] < one_coin(MEANING, PRECISION, FREQUENCY, PRIOR)[0, 0]


def test_a_joint_symbol_of_every_row_is_certain():
    table = one_coin(MEANING[:1], PRECISION[:1], np.ones(1), PRIOR, np.ones(1, dtype=bool))
    assert_array_equal(table, 1.0)


def test_a_frequent_vote_for_a_rare_class_has_at_most_all_of_its_rows():
    table = one_coin(MEANING[:1], PRECISION[:1], np.array([0.9]), np.array([0.01, 0.5, 0.49]))
    assert table[0, 0] == 1.0


def test_one_coin_makes_a_vote_evidence_for_its_class_whatever_the_prior():
    prior = np.array([0.98, 0.01, 0.01])
    table = one_coin(MEANING[:2], PRECISION[:2], FREQUENCY[:2] / 4, prior)
    assert_array_equal(table.argmax(axis=1), [0, 1])


def test_precision_under_a_uniform_prior_is_the_assumed_one():
    prior = np.full(3, 1 / 3)
    table = one_coin(MEANING[:2], PRECISION[:2], FREQUENCY[:2] / 4, prior)
    posterior = table * prior / (table @ prior)[:, None]
    assert_allclose(posterior[[0, 1], [0, 1]], PRECISION[:2], rtol=1e-12)


@pytest.mark.parametrize(("given", "clipped"), [(0.0, 0.01), (1.0, 0.99)])
def test_one_coin_clips_certainty(given, clipped):
    table = one_coin(MEANING[:1], np.array([given]), FREQUENCY[:1] / 4, np.full(3, 1 / 3))
    assert_allclose(table[0, 0] / table[0].sum(), clipped, rtol=1e-12)


@pytest.mark.parametrize("joint", [False, True])
def test_one_coin_of_one_class_is_the_frequency(joint):
    table = one_coin(np.ones((3, 1)), PRECISION, FREQUENCY, np.ones(1), np.full(3, joint))
    assert_allclose(table[:, 0], FREQUENCY, rtol=1e-12)


# Snorkel's start ----------------------------------------------------------------------------------


def test_snorkel_start_is_the_formula_of_snorkel():
    mu = snorkel_start(MEANING, PRECISION, FREQUENCY, PRIOR)
    expected = [[0.1 * 0.7 / 0.2, 0, 0], [0, 0.4 * 0.9 / 0.5, 0], [0.2, 0.2, 0.2]]
    assert_allclose(mu, expected, rtol=1e-14)


def test_snorkel_start_is_clipped_to_one():
    mu = snorkel_start(np.eye(2)[:1], np.ones(1), np.array([0.9]), np.array([0.1, 0.9]))
    assert_array_equal(mu, [[1.0, 0.0]])


# Shrinkage ----------------------------------------------------------------------------------------


def test_shrink_by_hand():
    assert_allclose(shrink(np.array([3.0, 1.0]), np.array([0.2, 0.8]), 6, 4), [0.42, 0.58])


@pytest.mark.parametrize(("rows", "total", "expected"), [(0, 4, 0.75), (5, 0, 0.2)])
def test_shrink_without_a_prior_is_the_share_and_without_counts_the_prior(rows, total, expected):
    assert shrink(0.75 * total, 0.2, rows, total) == pytest.approx(expected)


def test_shrink_is_the_mean_of_a_dirichlet_posterior():
    counts, towards = np.array([4.0, 0.0, 2.0]), np.array([0.5, 0.3, 0.2])
    draws = np.random.default_rng(0).dirichlet(counts + 10 * towards, 200_000)
    assert_allclose(shrink(counts, towards, 10, counts.sum()), draws.mean(axis=0), atol=1e-3)


# Tables -------------------------------------------------------------------------------------------


def test_a_table_names_its_symbols():
    lf, vote = np.array([0, 0, 2]), np.array(["ham", "spam", "ham"])
    table = VoteTable(lf, vote, np.zeros((3, 2)), np.ones(3, dtype=bool))
    assert table.symbols.tolist() == [(0, "ham"), (0, "spam"), (2, "ham")]
    assert table.symbols.dtype.names == ("lf", "vote")


@pytest.mark.parametrize(
    ("n_samples", "least"), [(1, 0.01), (100, 0.01), (101, 1e-3), (1000, 1e-3), (1001, 1e-4)]
)
def test_least_probability(n_samples, least):
    assert least_probability(n_samples) == pytest.approx(least)


def test_precision_per_lf_repeats_a_number_and_keeps_a_list():
    assert_array_equal(precision_per_lf(0.6, 3, None), [0.6] * 3)
    assert_array_equal(precision_per_lf([0, 0.5, 1], 3, None), [0, 0.5, 1])


ABC = np.array(["a", "b", "c"], dtype=object)


@pytest.mark.parametrize(
    ("precision", "names", "expected"),
    [
        ({"c": 0.1, "a": 0.2, "b": 0.3}, ABC, [0.2, 0.3, 0.1]),
        ({2: 0.1, 0: 0.2, 1: 0.3}, None, [0.2, 0.3, 0.1]),
        (pd.Series([0.1, 0.2, 0.3], index=["c", "a", "b"]), ABC, [0.2, 0.3, 0.1]),
        (pd.Series([0.1, 0.2, 0.3], index=[2, 0, 1]), None, [0.2, 0.3, 0.1]),
        (pd.Series([0.1, 0.2, 0.3]), ABC, [0.1, 0.2, 0.3]),
        (pd.Series([0.1, 0.2, 0.3]), np.array([2, 1, 0], dtype=object), [0.3, 0.2, 0.1]),
    ],
    ids=["dict", "dict_of_columns", "series", "columns", "counted_rows", "numbered_names"],
)
def test_precision_per_lf_goes_by_names(precision, names, expected):
    assert_array_equal(precision_per_lf(precision, 3, names), expected)


@pytest.mark.parametrize("kind", [dict, pd.Series])
@pytest.mark.parametrize(
    ("precision", "message"),
    [
        ({"a": 0.1, "b": 0.2, "d": 0.3}, r"LF 'd', which L does not have; .* \['a', 'b', 'c'\]"),
        ({"a": 0.1, "c": 0.3}, r"lacks LF 'b'. Name every LF, as dict.fromkeys\(L.columns, 0.7\)"),
        ({"a": 0.1, "b": 2.0, "c": 0.3}, "prec_init of LF 'b' is 2.0; a precision is in"),
    ],
)
def test_precision_of_other_lfs_is_refused(precision, message, kind):
    with pytest.raises(ValueError, match=message):
        precision_per_lf(kind(precision), 3, ABC)


@pytest.mark.parametrize("kind", [dict, pd.Series])
def test_a_fit_takes_precision_by_name(kind):
    L = pd.DataFrame(make_votes()[0], columns=list("abcde"))
    each = dict(zip("edcba", [0.5, 0.6, 0.7, 0.8, 0.9], strict=True))
    found = LabelModelClassifier(prec_init=kind(each)).fit(L)
    expected = LabelModelClassifier(prec_init=[0.9, 0.8, 0.7, 0.6, 0.5]).fit(L)
    assert_array_equal(found.mu_, expected.mu_)
