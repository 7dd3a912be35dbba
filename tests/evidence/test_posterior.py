"""Posterior and log-likelihood against their formulae, and the probabilities that a fit shows."""

import tracemalloc
from itertools import pairwise, product

import numpy as np
import pytest
from helpers import (
    FEW_EPOCHS,
    make_votes,
    posterior_by_formula,
    tempered_posterior_by_formula,
)
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp
from sklearn.model_selection import ParameterGrid

from sklearn_labelmodel import LabelModelClassifier, MajorityVoteClassifier


@pytest.mark.parametrize("n_classes", [2, 3, 7])
@pytest.mark.parametrize("n_lfs", [3, 8, 30])
def test_posterior_equals_the_formula(n_classes, n_lfs):
    L, _ = make_votes(80, n_lfs, n_classes, seed=n_lfs)
    prior = np.arange(1, n_classes + 1) / np.arange(1, n_classes + 1).sum()
    model = LabelModelClassifier(
        class_balance=prior, classes=range(n_classes), n_epochs=20, n_em_steps=0, tempering=0
    ).fit(L)
    assert_allclose(model.predict_proba(L), posterior_by_formula(model, L), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("tempering", [0, 0.5, 1])
@pytest.mark.parametrize("group", [(), (0, 2), (0, 1, 3)])
def test_tempered_posterior_equals_the_formula(tempering, group):
    L, _ = make_votes(80, 5, 3, coverage=0.4)
    pairs = list(pairwise(group)) or "auto"
    model = LabelModelClassifier(tempering=tempering, dependencies=pairs).fit(L)
    expected = tempered_posterior_by_formula(model, L, group)
    assert_allclose(model.predict_proba(L), expected, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("tempering", [0, 0.5, 1])
@pytest.mark.parametrize("group", [(), (0, 2)])
def test_tempering_divides_a_known_prior_too(tempering, group):
    L, _ = make_votes(80, 5, 3, coverage=0.4)
    pairs, prior = list(pairwise(group)) or "auto", np.array([0.7, 0.2, 0.1])
    model = LabelModelClassifier(class_balance=prior, tempering=tempering, dependencies=pairs)
    expected = tempered_posterior_by_formula(model.fit(L), L, group)
    assert_allclose(model.predict_proba(L), expected, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("dependencies", [None, "auto", [(0, 1), (5, 6)]], ids=str)
def test_a_row_is_labelled_alike_alone_and_among_others(dependencies):
    L, _ = make_votes(3000, 14, 4, coverage=0.3)
    model = LabelModelClassifier(dependencies=dependencies).fit(L)
    alone = np.vstack([model.predict_proba(row[None]) for row in L[:20]])
    assert_allclose(model.predict_proba(L)[:20], alone, rtol=1e-12)


def test_evidence_is_mu_alone_without_expectation_maximisation(binary):
    model = LabelModelClassifier(n_em_steps=0).fit(binary[0])
    assert_array_equal(model.vote_evidence_, np.log(model.mu_))
    assert_array_equal(model.voted_prior_, model.class_prior_)


@pytest.mark.parametrize("parameters", [{"tempering": 1.0}, {"n_em_steps": 20}])
def test_snorkels_posterior_is_snorkels(parameters, binary):
    L, _ = binary
    model = LabelModelClassifier(init="snorkel", random_state=0, **parameters).fit(L)
    assert_allclose(model.predict_proba(L), posterior_by_formula(model, L), rtol=1e-10)


@pytest.mark.filterwarnings("ignore:L has .* rows and .* LFs")
def test_posterior_adds_up_to_one_however_many_the_votes():
    L, _ = make_votes(30, 600, coverage=1.0, accuracy=0.6)
    proba = LabelModelClassifier(**FEW_EPOCHS).fit(L).predict_proba(L)
    assert np.isfinite(proba).all()
    assert_allclose(proba.sum(axis=1), 1.0, rtol=1e-12)


def test_log_proba_is_the_logarithm(binary):
    model = LabelModelClassifier().fit(binary[0])
    proba = model.predict_proba(binary[0])
    assert_allclose(model.predict_log_proba(binary[0]), np.log(proba), rtol=1e-12)


@pytest.mark.filterwarnings("ignore:L has .* rows and .* LFs")
def test_log_proba_of_a_probability_that_underflows_is_minus_infinity():
    L = np.zeros((4, 1000), dtype=int)
    L[::2] = 1
    model = LabelModelClassifier(n_epochs=0, tempering=0, dependencies=None).fit(L)
    assert model.predict_log_proba(L[:1])[0, 0] == -np.inf


def test_rows_without_a_vote_get_the_prior(binary):
    model = LabelModelClassifier(class_balance=[0.3, 0.7]).fit(binary[0])
    assert_allclose(model.predict_proba([[-1] * 5]), [[0.3, 0.7]], rtol=1e-14)


@pytest.mark.parametrize("parameters", [{}, {"gold": "prior"}, {"init": "snorkel"}])
def test_likelihood_of_all_possible_rows_adds_up_to_one(parameters):
    L, y = make_votes(60, 3, 2)
    y = np.where(np.arange(60) < 20, y, -1)
    model = LabelModelClassifier(**{"random_state": 0, **parameters}).fit(L, y)
    unseen = 9
    rows = np.array(list(product([-1, 0, 1, unseen], repeat=3)))
    log_likelihood = [model.score(row[None]) for row in rows]
    assert logsumexp(log_likelihood) == pytest.approx(0, abs=1e-12)


def test_score_without_labels_is_the_mean_over_rows(binary):
    L, _ = binary
    model = LabelModelClassifier().fit(L)
    assert model.score(L) == pytest.approx(np.mean([model.score(row[None]) for row in L]))


def test_likelihood_prefers_a_model_of_these_votes(binary):
    L, _ = binary
    shuffled = np.random.default_rng(0).permuted(L, axis=0)
    settings = {"n_epochs": 2000, "lr": 0.05}
    fitted, other = (LabelModelClassifier(**settings).fit(votes) for votes in (L, shuffled))
    assert fitted.score(L) > other.score(L)


def test_likelihood_under_a_known_prior_does_not_depend_on_how_votes_are_tempered_and_reread(
    binary,
):
    L, _ = binary
    grid = {"tempering": [1, 0.5, 0], "n_em_steps": [7, 1, 0], "dependencies": ["auto", None]}
    scores = [
        LabelModelClassifier(class_balance=[0.6, 0.4], **settings).fit(L).score(L)
        for settings in ParameterGrid(grid)
    ]
    assert_array_equal(scores, scores[0])


def test_likelihood_does_not_depend_on_tempering(binary):
    L, _ = binary
    scores = [LabelModelClassifier(tempering=t).fit(L).score(L) for t in (1, 0.5, 0)]
    assert_array_equal(scores, scores[0])


def test_likelihood_depends_on_mu_eps_by_itself(binary):
    L, _ = binary
    low, high = (LabelModelClassifier(mu_eps=mu_eps).fit(L).score(L) for mu_eps in (1e-3, 0.1))
    assert high < low - 0.1


# Conditional probabilities and accuracies ------------------------------------------------------------


def test_conditional_probabilities_hold_mu_and_what_is_left():
    L, _ = make_votes(100, 4, 3)
    L = np.array(L)
    L[L[:, 0] == 2, 0] = 1  # LF 0 never votes 2
    model = LabelModelClassifier().fit(L)
    table = model.conditional_probs_
    assert table.shape == (4, 4, 3)
    for (lf, vote), mu in zip(model.symbols_.tolist(), model.mu_, strict=True):
        assert_array_equal(table[lf, 1 + vote], mu)
    assert_array_equal(table[0, 3], np.full(3, 0.01))
    assert_allclose(table.sum(axis=1), 1.0)


@pytest.mark.parametrize("settings", [{"n_em_steps": 0}, {"init": "snorkel", "random_state": 0}])
def test_accuracies_of_mu_alone_are_the_shares_of_right_votes(settings, three_classes):
    model = LabelModelClassifier(class_balance=[0.2, 0.3, 0.5], **settings).fit(three_classes[0])
    table, coverage = model.conditional_probs_, (three_classes[0] != -1).mean(axis=0)
    right = sum(table[:, 1 + y, y] * model.class_prior_[y] for y in range(3))
    assert_allclose(model.lf_accuracies_, np.clip(right / coverage, 1e-6, 1), rtol=1e-12)
    assert_allclose(model.coverage_, coverage)


@pytest.mark.parametrize("mu_eps", [None, 0.05])
def test_accuracies_of_mu_alone_are_those_of_the_whole_table(mu_eps):
    L = np.array(make_votes(200, 6, 4)[0])
    L[:, 1] = -1  # votes for no class
    L[L[:, 2] == 3, 2] = 0  # never sees a class
    L[L[:, 4] == 2, 4] = 7  # votes for what is no class
    gold = np.arange(200) % 4
    model = LabelModelClassifier(gold="prior", mu_eps=mu_eps, n_em_steps=0, n_epochs=5)
    with pytest.warns(UserWarning, match="7"):
        model.fit(L, gold)
    right = np.diagonal(model.conditional_probs_[:, 1:], axis1=1, axis2=2) @ model.class_prior_
    voted = model.coverage_ > 0
    expected = np.clip(right[voted] / model.coverage_[voted], 1e-6, 1)
    assert_allclose(model.lf_accuracies_[voted], expected, rtol=1e-12)
    assert model.lf_accuracies_[1] == 1


def test_accuracies_of_many_classes_need_no_table_of_them():
    n_lfs, k = 100, 200
    model = MajorityVoteClassifier(classes=range(k)).fit(np.arange(n_lfs * 5).reshape(5, n_lfs) % k)
    tracemalloc.start()
    accuracies = model.lf_accuracies_
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert accuracies.shape == (n_lfs,)
    assert peak < accuracies.nbytes * k * k / 100


def test_trained_accuracies_recover_the_truth():
    L, y = make_votes(20_000, 6, accuracy=np.array([0.9, 0.8, 0.7, 0.6, 0.75, 0.85]))
    model = LabelModelClassifier(n_epochs=1000, lr=0.1, n_em_steps=0).fit(L)
    truth = [(L[L[:, j] != -1, j] == y[L[:, j] != -1]).mean() for j in range(6)]
    assert_allclose(model.lf_accuracies_, truth, atol=0.03)
