"""The class prior: where it comes from, and what few labels say beside what is known."""

import numpy as np
import pytest
from helpers import make_votes
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_labelmodel import DawidSkeneClassifier, LabelModelClassifier, MajorityVoteClassifier
from sklearn_labelmodel._evidence.model import uniform_prior
from sklearn_labelmodel._evidence.told import (
    counted_prior,
    drawn_shares,
    given_prior,
    smoothed_shares,
    told_prior,
)
from sklearn_labelmodel._votes.gold import GoldCounts

HALF = np.full(2, 0.5)


def gold_counts(rows, voteless=None):
    rows = np.array(rows, dtype=float)
    silent = np.zeros_like(rows) if voteless is None else np.array(voteless, dtype=float)
    return GoldCounts(np.zeros((0, len(rows))), rows, silent)


# Drawn to a center --------------------------------------------------------------------------------


def test_labels_that_agree_with_the_center_leave_it():
    center = np.array([0.5, 0.3, 0.2])
    assert_allclose(drawn_shares(40 * center, center, 1000), center, rtol=1e-12)


def test_few_labels_by_hand():
    # chi2 = (2 - 4)^2 / 4 + (6 - 4)^2 / 4 = 2 = 2 (k - 1): chance explains it all.
    share = 1 - 8 / 80
    smoothed = (np.array([2, 6]) + 0.5) / 9
    expected = share * HALF + (1 - share) * smoothed
    assert_allclose(drawn_shares(np.array([2.0, 6.0]), HALF, 80), expected)


def test_labels_that_contradict_the_center_by_hand():
    # chi2 = 2 * 10^2 / 10 = 20, so the center weighs 2 / 20 of the unlabelled share.
    weight = 0.1 * (1 - 20 / 200)
    smoothed = np.array([0.5, 20.5]) / 21
    expected = weight * HALF + (1 - weight) * smoothed
    assert_allclose(drawn_shares(np.array([0.0, 20.0]), HALF, 200), expected)


@pytest.mark.parametrize(("n_labels", "weight"), [(100, 1.0), (102, 100 / 102), (400, 0.25)])
def test_beside_many_labels_the_center_is_worth_a_hundred_rows(n_labels, weight):
    # chi2 is at most 0.04, which chance explains.
    labels = np.array([n_labels / 2 + 1, n_labels / 2 - 1])
    smoothed = (labels + 0.5) / (n_labels + 1)
    weight *= 1 - n_labels / 1000
    expected = weight * HALF + (1 - weight) * smoothed
    assert_allclose(drawn_shares(labels, HALF, 1000), expected, rtol=1e-12)


def test_many_labels_give_their_shares():
    prior = drawn_shares(np.array([9000.0, 1000.0]), HALF, 10**6)
    assert_allclose(prior, [0.9, 0.1], atol=1e-3)


def test_labels_of_all_rows_give_the_smoothed_shares():
    prior = drawn_shares(np.array([3.0, 7.0, 0.0]), np.full(3, 1 / 3), 10)
    assert_allclose(prior, np.array([3.5, 7.5, 0.5]) / 11.5)


def test_smoothing_adds_half_a_row_a_class_in_the_shares_of_the_center():
    shares = smoothed_shares(np.array([4.0, 0.0]), np.array([0.2, 0.8]))
    assert_allclose(shares, [(4 + 0.2) / 5, 0.8 / 5], rtol=1e-12)


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=6).filter(sum),
    st.integers(0, 10**6),
    st.integers(0, 2**16),
)
def test_drawn_shares_are_a_positive_distribution(labels, unlabelled, seed):
    center = np.random.default_rng(seed).dirichlet(np.full(len(labels), 0.3)) + 1e-9
    center /= center.sum()
    prior = drawn_shares(np.array(labels, dtype=float), center, sum(labels) + unlabelled)
    assert (prior > 0).all()
    assert prior.sum() == pytest.approx(1.0)


@given(st.integers(1, 5), st.integers(0, 2**16))
def test_drawn_shares_lie_between_the_center_and_the_labels(n_classes, seed):
    rng = np.random.default_rng(seed)
    center = rng.dirichlet(np.ones(n_classes))
    labels = rng.integers(0, 9, n_classes) + np.eye(n_classes)[0]
    smoothed = (labels + 0.5 * n_classes * center) / (labels.sum() + 0.5 * n_classes)
    prior = drawn_shares(labels, center, 500)
    assert (prior >= np.minimum(center, smoothed) - 1e-12).all()
    assert (prior <= np.maximum(center, smoothed) + 1e-12).all()


# Counted and told ---------------------------------------------------------------------------------


def test_counted_labels_are_taken_at_their_word():
    prior = counted_prior(gold_counts([6, 4], [1, 1]), np.arange(2))
    assert_allclose(prior.of_all, [0.6, 0.4], rtol=1e-15)
    assert_allclose(prior.of_voted, [(5 + 0.6) / 9, (3 + 0.4) / 9], rtol=1e-12)
    assert_array_equal(prior.of_voteless, prior.of_all)
    assert (prior.source, prior.n_labels) == ("labels", 10)


def test_a_class_without_a_counted_label_is_refused():
    with pytest.raises(ValueError, match="class 'b' has prior 0 among the gold labels"):
        counted_prior(gold_counts([6, 0]), np.array(["a", "b"]))


def test_labels_tell_shares_of_all_rows_and_of_those_with_votes():
    gold = gold_counts([8, 4], [0, 3])
    learned = uniform_prior(2).for_all(np.array([0.7, 0.3]), "learned")
    prior = told_prior(gold, learned, 200, 0.75)
    assert_allclose(prior.of_all, drawn_shares(gold.rows, learned.of_voted, 200), rtol=1e-15)
    of_voted = drawn_shares(np.array([8.0, 1.0]), learned.of_voted, 150)
    assert_allclose(prior.of_voted, of_voted, rtol=1e-15)
    assert_array_equal(prior.of_voteless, prior.of_all)
    assert (prior.source, prior.n_labels) == ("labels", 9)


def test_labels_of_rows_without_votes_alone_tell_all_rows_alike():
    gold = gold_counts([2, 4], [2, 4])
    prior = told_prior(gold, uniform_prior(2), 100, 0.5)
    assert_array_equal(prior.of_voted, prior.of_all)
    assert prior.n_labels == 6


def test_labels_leave_a_given_prior_as_it_is_but_for_rows_with_votes():
    given = given_prior([0.8, 0.2], np.arange(2))
    prior = told_prior(gold_counts([5, 5]), given, 100, 1.0)
    assert_array_equal(prior.of_all, [0.8, 0.2])
    assert_array_equal(prior.of_voteless, [0.8, 0.2])
    expected = drawn_shares(np.array([5.0, 5.0]), np.array([0.8, 0.2]), 100)
    assert_allclose(prior.of_voted, expected, rtol=1e-15)
    assert (prior.source, prior.n_labels) == ("given", np.inf)


# Sources ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "known"), [("given", True), ("labels", True), ("learned", False), ("uniform", False)]
)
def test_only_votes_leave_a_prior_unknown(source, known):
    assert uniform_prior(2).for_all(HALF, source).known is known


GIVEN = {"class_balance": [0.4, 0.6]}
ESTIMATE = {"class_balance": "estimate"}
SNORKEL = {"init": "snorkel", "random_state": 0}
SOURCES = [
    (LabelModelClassifier, {}, False, "uniform"),
    (LabelModelClassifier, ESTIMATE, False, "learned"),
    (LabelModelClassifier, GIVEN, False, "given"),
    (LabelModelClassifier, {}, True, "labels"),
    (LabelModelClassifier, GIVEN, True, "given"),
    (LabelModelClassifier, ESTIMATE, True, "labels"),
    (LabelModelClassifier, {"gold": "prior"}, True, "labels"),
    (LabelModelClassifier, {"gold": "prior", **GIVEN}, True, "given"),
    (LabelModelClassifier, {"gold": "prior"}, False, "uniform"),
    (LabelModelClassifier, {"gold": "ignore"}, True, "uniform"),
    (LabelModelClassifier, {"gold": "ignore", **ESTIMATE}, True, "learned"),
    (LabelModelClassifier, {"n_em_steps": 0}, False, "uniform"),
    (LabelModelClassifier, SNORKEL, False, "uniform"),
    (LabelModelClassifier, {**SNORKEL, **ESTIMATE}, False, "learned"),
    (LabelModelClassifier, {**SNORKEL, **GIVEN}, False, "given"),
    (LabelModelClassifier, {**SNORKEL, "gold": "prior"}, True, "labels"),
    (LabelModelClassifier, SNORKEL, True, "labels"),
    (DawidSkeneClassifier, {}, False, "learned"),
    (DawidSkeneClassifier, {}, True, "learned"),
    (DawidSkeneClassifier, GIVEN, True, "given"),
    (DawidSkeneClassifier, {"gold": "ignore"}, True, "learned"),
    (MajorityVoteClassifier, {}, False, "uniform"),
    (MajorityVoteClassifier, {}, True, "labels"),
    (MajorityVoteClassifier, GIVEN, True, "given"),
    (MajorityVoteClassifier, {"gold": "ignore"}, True, "uniform"),
]


@pytest.mark.parametrize(("kind", "settings", "labelled", "source"), SOURCES)
def test_a_fitted_prior_says_where_it_is_from(kind, settings, labelled, source):
    L, y = make_votes(120)
    gold = np.where(np.arange(120) < 30, y, -1) if labelled else None
    model = kind(**settings).fit(L, gold)
    prior = model.vote_model_.prior
    assert prior.source == source
    if source in ("given", "uniform"):
        assert_array_equal(model.class_prior_, [0.4, 0.6] if source == "given" else [0.5, 0.5])
    else:
        assert model.class_prior_[0] not in (0.4, 0.5)
    assert_allclose([prior.of_all.sum(), prior.of_voted.sum(), prior.of_voteless.sum()], 1.0)


@pytest.mark.parametrize(
    ("settings", "labelled", "n_labels"),
    [({}, False, 0), ({}, True, 30), (GIVEN, True, np.inf), ({"gold": "prior"}, True, 30)],
)
def test_a_fitted_prior_says_how_many_labels_it_was_counted_from(settings, labelled, n_labels):
    L, y = make_votes(120, coverage=1.0)
    gold = np.where(np.arange(120) < 30, y, -1) if labelled else None
    assert LabelModelClassifier(**settings).fit(L, gold).vote_model_.prior.n_labels == n_labels
