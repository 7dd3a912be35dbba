"""A few gold labels: counts beside what was learned, which counts for so many rows."""

from dataclasses import replace

import numpy as np
import pytest
from helpers import make_observed, make_votes
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_labelmodel import LabelModelClassifier
from sklearn_labelmodel._evidence.told import drawn_shares
from sklearn_labelmodel._learning.gold import anchor_strength, count_gold, tell_prior

# Votes that each prior is worth; not imported, so that tests notice when it moves.
PRIOR_VOTES = 10


@pytest.mark.parametrize(
    ("frequency", "rows"),
    [(0.01, 1000), (0.2, 50), (0.33, 10 / 0.33), (1 / 3, 30), (0.34, 30), (1.0, 30)],
)
def test_what_was_learned_is_worth_thirty_rows_or_ten_votes(frequency, rows):
    assert_allclose(anchor_strength(np.array([frequency])), [rows], rtol=1e-12)


@pytest.fixture
def anchored():
    """Votes and labels of which LF 0 has one symbol; a model of random numbers, and what labels make of it."""
    L, y = make_votes(90, 3, 2, coverage=0.6)
    L = L.copy()
    L[L[:, 0] != 1, 0] = -1
    L[:3] = -1
    gold = np.where(np.arange(90) < 25, y, -1)
    observed = make_observed(L, 2, gold)
    model = LabelModelClassifier(class_balance=[0.7, 0.3])._assume(observed)
    rng = np.random.default_rng(1)
    shape = (len(observed.lf), 2)
    table = replace(model.table, log_p=np.log(rng.uniform(0.1, 0.9, shape)))
    model = replace(model, table=table, mu=rng.uniform(0.1, 0.9, shape))
    return L, gold, observed, model, count_gold(observed, model)


def labelled_rows(L, gold, lf, vote, label):
    """Labelled rows of a class that hold a symbol."""
    return ((L[:, lf] == vote) & (gold == label)).sum()


def test_mu_is_the_posterior_mean_given_the_labels(anchored):
    L, gold, observed, model, found = anchored
    for u, (lf, vote) in enumerate(zip(observed.lf, observed.vote, strict=True)):
        strength = max(30, 10 / (L[:, lf] == vote).mean())
        for label in (0, 1):
            count, rows = labelled_rows(L, gold, lf, vote, label), (gold == label).sum()
            expected = (count + strength * model.mu[u, label]) / (rows + strength)
            assert found.mu[u, label] == pytest.approx(expected, rel=1e-12)


def test_tables_are_the_posterior_mean_given_the_labels(anchored):
    """That of an LF with a choice is worth ten of its votes, a joint one as much as mu."""
    L, gold, observed, model, found = anchored
    p = np.exp(model.table.log_p)
    for u, (lf, vote) in enumerate(zip(observed.lf, observed.vote, strict=True)):
        strength = PRIOR_VOTES if lf else max(30, 10 / (L[:, lf] == vote).mean())
        for label in (0, 1):
            of_class = gold == label
            rows = (of_class & (L[:, lf] != -1)).sum() if lf else of_class.sum()
            count = labelled_rows(L, gold, lf, vote, label)
            expected = (count + strength * p[u, label]) / (rows + strength)
            assert np.exp(found.table.log_p[u, label]) == pytest.approx(expected, rel=1e-12)


def test_rows_without_votes_are_counted_beside_ten_of_the_prior(anchored):
    L, gold, _, _, found = anchored
    silent = np.bincount(gold[(L == -1).all(axis=1) & (gold >= 0)], minlength=2)
    expected = (silent + PRIOR_VOTES * np.array([0.7, 0.3])) / (silent.sum() + PRIOR_VOTES)
    assert silent.sum() >= 3
    assert_allclose(found.prior.of_voteless, expected, rtol=1e-12)
    assert_array_equal(found.prior.of_all, [0.7, 0.3])


def test_coverage_is_that_of_mu(anchored):
    _, _, observed, _, found = anchored
    of_symbol = found.mu @ [0.7, 0.3]
    expected = [of_symbol[observed.lf == lf].sum() for lf in range(3)]
    assert_allclose(found.coverage, expected, rtol=1e-12)


def test_no_label_changes_no_table(anchored):
    L, _, _, model, _ = anchored
    found = count_gold(make_observed(L, 2), model)
    assert_allclose(found.table.log_p, model.table.log_p, rtol=1e-12)
    assert_allclose(found.mu, model.mu, rtol=1e-12)


def test_labels_tell_the_prior_of_all_rows_and_of_those_with_votes(anchored):
    L, gold, observed, model, _ = anchored
    learned = replace(model, prior=model.prior.for_all(np.array([0.6, 0.4]), "learned"))
    prior = tell_prior(observed, learned).prior
    voted = (L != -1).any(axis=1)
    counts = [np.bincount(gold[rows & (gold >= 0)], minlength=2) for rows in (gold >= 0, voted)]
    assert_allclose(prior.of_all, drawn_shares(counts[0], np.array([0.6, 0.4]), 90), rtol=1e-12)
    expected = drawn_shares(counts[1], np.array([0.6, 0.4]), voted.sum())
    assert_allclose(prior.of_voted, expected, rtol=1e-9)


# The model ----------------------------------------------------------------------------------------


def test_no_label_changes_nothing(binary):
    L, y = binary
    alone = LabelModelClassifier().fit(L)
    assert_array_equal(LabelModelClassifier().fit(L, np.full_like(y, -1)).mu_, alone.mu_)


def test_labels_for_every_row_lead_to_the_counts():
    L, y = make_votes(50_000, 4, 2)
    model = LabelModelClassifier().fit(L, y)
    symbols = zip(model.symbols_["lf"], model.symbols_["vote"], strict=True)
    counted = [[(L[y == c, lf] == vote).mean() for c in (0, 1)] for lf, vote in symbols]
    assert_allclose(model.mu_, counted, atol=1e-3)
    assert_allclose(model.class_prior_, np.bincount(y) / len(y), atol=1e-4)


def test_anchored_mu_is_the_trained_mu_beside_the_labelled_rows():
    L, y = make_votes(300, 4, 2)
    few = np.where(np.arange(300) < 40, y, -1)
    settings = {"class_balance": [0.5, 0.5]}
    trained = LabelModelClassifier(**settings, gold="ignore").fit(L, few)
    anchored = LabelModelClassifier(**settings).fit(L, few)
    for s, (lf, vote) in enumerate(trained.symbols_.tolist()):
        strength = max(30, 10 / (L[:, lf] == vote).mean())
        for c in (0, 1):
            count, rows = labelled_rows(L, few, lf, vote, c), (few == c).sum()
            expected = (count + strength * trained.mu_[s, c]) / (rows + strength)
            assert anchored.mu_[s, c] == pytest.approx(expected, rel=1e-12)


@pytest.mark.slow
def test_more_labels_do_not_lower_accuracy_on_average():
    scores = []
    for seed in range(24):
        L, y = make_votes(600, 6, 2, accuracy=np.linspace(0.5, 0.9, 6), seed=seed)
        for n_labelled in [0, 100, 300]:
            gold = np.where(np.arange(300) < n_labelled, y[:300], -1)
            scores.append(LabelModelClassifier().fit(L[:300], gold).score(L[300:], y[300:]))
    none, some, all_rows = np.reshape(scores, (24, 3)).mean(axis=0)
    assert none <= some <= all_rows
