"""What votes say in the end, by mu and the rows together or mu alone, and how often each LF is right."""

from dataclasses import replace

import numpy as np
import pytest
from helpers import make_observed, make_votes
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_labelmodel import LabelModelClassifier
from sklearn_labelmodel._evidence.model import accuracies_by_mu
from sklearn_labelmodel._learning.completion import believe_mu
from sklearn_labelmodel._learning.em import judge_lfs, mean_with_mu
from sklearn_labelmodel._learning.observed import observe, with_classes
from sklearn_labelmodel._votes.codes import no_gold
from sklearn_labelmodel._votes.reader import read_votes
from sklearn_labelmodel.datasets import make_label_matrix


@pytest.fixture
def problem():
    """LFs with a choice, a one-sided one (LF 0), one that never votes (LF 2); a model of random numbers."""
    L = make_votes(120, 4, 3, coverage=0.5)[0].copy()
    L[L[:, 0] != 1, 0] = -1
    L[:, 2] = -1
    L[::7, 3] = 9
    observed = make_observed(L, 3)
    model = LabelModelClassifier(class_balance=[0.5, 0.3, 0.2])._assume(observed)
    rng = np.random.default_rng(0)
    shape = (len(observed.lf), 3)
    prior = replace(model.prior, of_voted=np.array([0.6, 0.3, 0.1]))
    table = replace(model.table, log_p=np.log(rng.uniform(0.1, 0.9, shape)))
    return observed, replace(model, mu=rng.uniform(0.1, 0.9, shape), table=table, prior=prior)


def test_evidence_is_the_geometric_mean_of_mu_and_the_table(problem):
    observed, model = problem
    table = np.exp(model.table.log_p)
    for u, lf in enumerate(observed.lf):
        if lf != 0:  # given that the LF votes; that of LF 0 is joint with its silence
            table[u] *= observed.coverage[lf]
    found = mean_with_mu(observed, model, tempering=0.3)
    assert_allclose(np.exp(found.table.log_p), np.sqrt(model.mu * table), rtol=1e-12)
    assert_array_equal(found.mu, model.mu)
    assert found.tempering == 0.3


def test_whoever_believes_mu_knows_one_prior_for_all_rows(problem):
    observed, model = problem
    found = believe_mu(observed, model, tempering=0.3)
    assert_array_equal(found.table.log_p, np.log(model.mu))
    assert found.table.joint.all()
    assert found.tempering == 0.3
    assert_array_equal(found.prior.of_voted, model.prior.of_all)
    assert_array_equal(found.prior.of_voteless, model.prior.of_all)
    assert_array_equal(found.accuracies, accuracies_by_mu(model, observed.is_right))


def test_an_lf_is_right_as_often_as_its_table_says_or_mu_where_it_has_one_vote(problem):
    observed, model = problem
    table, found = np.exp(model.table.log_p), judge_lfs(observed, model).accuracies
    (own,) = np.flatnonzero(observed.lf == 0)
    joint = model.mu[own] * [0.5, 0.3, 0.2]
    assert found[0] == pytest.approx(joint[1] / joint.sum(), rel=1e-12)
    for lf in (1, 3):
        joint = table[observed.lf == lf] * [0.6, 0.3, 0.1]
        votes = observed.vote[observed.lf == lf]
        right = sum(joint[u, vote] for u, vote in enumerate(votes) if vote != 9)
        assert found[lf] == pytest.approx(right / joint.sum(), rel=1e-12)


def test_an_lf_that_never_votes_keeps_its_assumed_accuracy(problem):
    observed, model = problem
    model = replace(model, accuracies=np.array([0.1, 0.2, 0.3, 0.4]))
    assert judge_lfs(observed, model).accuracies[2] == 0.3


def test_accuracies_by_hand():
    # LF 0 votes for classes 0 and 1, LF 1 for what is no class, LF 2 for {0, 1} of three, LF 3 never.
    votes = read_votes([[0, 9, 8, -1], [1, 9, 8, -1]])
    counted = observe(votes, no_gold(2), by_pairs=True)
    observed = with_classes(counted, np.arange(3), sets={8: np.array([0, 1])})
    model = LabelModelClassifier(prec_init=[0.7, 0.7, 0.7, 0.6])._assume(observed)
    joint = np.array([[0.2, 0.1, 0.01], [0.01, 0.3, 0.2], [0.1] * 3, [0.1, 0.2, 0.1]])
    table = replace(model.table, log_p=np.log(3 * joint))
    found = judge_lfs(observed, replace(model, mu=3 * joint, table=table)).accuracies
    assert_allclose(found, [0.5 / 0.82, 1e-6, 0.3 / 0.4, 0.6], rtol=1e-12)


def test_accuracies_of_one_class_are_certain():
    observed = make_observed(np.zeros((3, 2), dtype=int), 1)
    model = LabelModelClassifier()._assume(observed)
    assert_array_equal(judge_lfs(observed, replace(model, mu=model.mu / 2)).accuracies, 1)


@pytest.mark.parametrize("settings", [{}, {"class_balance": [0.5, 0.5]}], ids=["none", "given"])
@pytest.mark.parametrize("accuracy", [0.9, (0.6, 0.9), (0.55, 0.95)], ids=str)
@pytest.mark.parametrize("n_samples", [1000, 10_000])
def test_accuracies_are_what_people_may_trust(n_samples, accuracy, settings):
    for seed in range(3):
        data = make_label_matrix(n_samples, 6, accuracy=accuracy, coverage=0.6, random_state=seed)
        votes = np.ma.masked_equal(data.L, -1)
        truth = np.asarray((votes == data.y[:, None]).mean(axis=0))
        model = LabelModelClassifier(**settings).fit(data.L)
        assert np.abs(model.lf_accuracies_ - truth).mean() < 0.04


@pytest.mark.parametrize("shares", [[0.6, 0.25, 0.15], [0.34, 0.33, 0.33]], ids=str)
def test_accuracies_among_several_classes_are_what_people_may_trust(shares):
    data = make_label_matrix(
        2000, 8, 3, accuracy=(0.5, 0.9), coverage=0.5, class_balance=shares, random_state=0
    )
    votes = np.ma.masked_equal(data.L, -1)
    truth = np.asarray((votes == data.y[:, None]).mean(axis=0))
    model = LabelModelClassifier().fit(data.L)
    assert np.abs(model.lf_accuracies_ - truth).mean() < 0.02


def test_gold_labels_of_all_rows_leave_accuracies_that_are_counted():
    L, y = make_votes(20_000, 5, accuracy=np.array([0.9, 0.8, 0.7, 0.6, 0.3]))
    votes = np.ma.masked_equal(L, -1)
    truth = np.asarray((votes == y[:, None]).mean(axis=0))
    assert_allclose(LabelModelClassifier().fit(L, y).lf_accuracies_, truth, atol=2e-3)
