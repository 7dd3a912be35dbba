"""The loss, its closed-form gradient against autograd, and where training starts."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_labelmodel._evidence.model import groups_of
from sklearn_labelmodel._evidence.table import precision_start, snorkel_start
from sklearn_labelmodel._learning import completion as _objective
from sklearn_labelmodel._learning.completion import (
    DenseObjective,
    FactoredObjective,
    make_objective,
)
from sklearn_labelmodel._learning.trainer import TrainingSettings, train
from sklearn_labelmodel._votes.pairs import VoteStatistics

# Symbols of each LF (the mask is zero between symbols of one LF), classes, and l2.
PROBLEMS = [
    ((2, 2, 2), 2, 0.0),
    ((1, 3, 1, 2), 5, 0.7),
    ((1,), 1, 0.7),
    ((4, 4), 5, 0.0),
    ((3, 1, 0, 2, 2), 2, 0.7),
    ((2,) * 90, 1, 0.0),
    ((1, 2, 3) * 40, 5, 0.7),
]


def random_problem(symbols_per_lf, n_classes, seed, *, sparse=False):
    """Random statistics, mu, prior and center: nothing that votes could not give up to scale."""
    rng = np.random.default_rng(seed)
    lf = np.repeat(np.arange(len(symbols_per_lf)), symbols_per_lf)
    n = len(lf)
    pairs = rng.random((n, n)) * (rng.random((n, n)) < (0.2 if sparse else 1.0))
    pairs = np.triu(pairs) + np.triu(pairs, 1).T + np.diag(rng.random(n))
    statistics = VoteStatistics(
        n_samples=3,
        n_lfs=len(symbols_per_lf),
        lf=lf,
        vote=np.arange(n),
        cooccurrence=sp.csr_array(pairs) if sparse else pairs,
        gold_counts=np.zeros((n, 0)),
        gold_rows=np.zeros(0),
    )
    prior = rng.dirichlet(np.ones(n_classes))
    return statistics, prior, rng.random((n, n_classes)), rng.random((n, n_classes))


def random_groups(n_lfs, seed):
    """Groups of dependent LFs, and which LFs they make dependent, shape (n_lfs, n_lfs)."""
    group = np.random.default_rng(seed).integers(max(1, n_lfs // 2), size=n_lfs)
    pairs = [(a, b) for a in range(n_lfs) for b in range(a) if group[a] == group[b]]
    return groups_of(np.array(pairs, dtype=np.intp).reshape(-1, 2), n_lfs), group[:, None] == group


def autograd(statistics, prior, center, mu, l2, dependent=None):
    """Loss and gradient as DESIGN.md writes the loss, the gradient by torch."""
    pairs = statistics.cooccurrence
    overlap = torch.tensor(pairs.toarray() if sp.issparse(pairs) else pairs) / statistics.n_samples
    masked = statistics.lf[:, None] == statistics.lf
    if dependent is not None:
        masked |= dependent[np.ix_(statistics.lf, statistics.lf)]
    mask = torch.tensor(~masked).to(torch.float64)
    p, center = torch.tensor(prior), torch.tensor(center)
    mu = torch.tensor(mu, requires_grad=True)
    loss = (
        (mask * (overlap - mu @ torch.diag(p) @ mu.T)).square().sum()
        + (mu @ p - torch.diagonal(overlap)).square().sum()
        + l2**2 * (mu - center).square().sum()
    )
    loss.backward()
    return loss.item(), mu.grad.numpy()


def assert_close(actual, expected):
    scale = max(1.0, np.abs(expected).max(initial=0.0))
    assert_allclose(actual, expected, rtol=0, atol=1e-12 * scale)


@pytest.fixture(params=["dense", "factored"])
def form(request, monkeypatch):
    """Ask for one form of the objective whatever the number of symbols."""
    monkeypatch.setattr(_objective, "DENSE_SYMBOLS", 10**9 if request.param == "dense" else -1)
    return DenseObjective if request.param == "dense" else FactoredObjective


every_form = pytest.mark.parametrize(
    ("form", "sparse"),
    [("dense", False), ("factored", False), ("factored", True)],
    ids=["dense", "factored", "factored_sparse"],
    indirect=["form"],
)
every_problem = pytest.mark.parametrize(
    ("symbols_per_lf", "n_classes", "l2"),
    PROBLEMS,
    ids=[f"{len(sizes)}_lfs_{n_classes}_classes" for sizes, n_classes, _ in PROBLEMS],
)


@every_form
@every_problem
def test_gradient_equals_autograd(form, sparse, symbols_per_lf, n_classes, l2):
    statistics, prior, center, mu = random_problem(symbols_per_lf, n_classes, 0, sparse=sparse)
    objective = make_objective(statistics, prior, center, l2)
    loss, gradient = objective.loss_and_gradient(mu)
    expected_loss, expected_gradient = autograd(statistics, prior, center, mu, l2)
    assert isinstance(objective, form)
    assert_close(gradient, expected_gradient)
    assert_close(loss, expected_loss)


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=6).filter(sum),
    st.integers(1, 4),
    st.integers(0, 2**16),
    st.sampled_from([0.0, 1e-3, 2.0]),
)
def test_both_forms_agree(symbols_per_lf, n_classes, seed, l2):
    statistics, prior, center, mu = random_problem(symbols_per_lf, n_classes, seed)
    answers = []
    for most in [10**9, -1]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_objective, "DENSE_SYMBOLS", most)
            objective = make_objective(statistics, prior, center, l2)
        answers.append(objective.loss_and_gradient(mu))
    assert_close(answers[1][0], answers[0][0])
    assert_close(answers[1][1], answers[0][1])


@every_form
@every_problem
def test_gradient_without_dependent_lfs_equals_autograd(
    form, sparse, symbols_per_lf, n_classes, l2
):
    statistics, prior, center, mu = random_problem(symbols_per_lf, n_classes, 1, sparse=sparse)
    groups, dependent = random_groups(len(symbols_per_lf), 2)
    objective = make_objective(statistics, prior, center, l2, groups)
    loss, gradient = objective.loss_and_gradient(mu)
    expected_loss, expected_gradient = autograd(statistics, prior, center, mu, l2, dependent)
    assert isinstance(objective, form)
    assert_close(gradient, expected_gradient)
    assert_close(loss, expected_loss)


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=6).filter(sum),
    st.integers(1, 4),
    st.integers(0, 2**16),
)
def test_both_forms_agree_without_dependent_lfs(symbols_per_lf, n_classes, seed):
    statistics, prior, center, mu = random_problem(symbols_per_lf, n_classes, seed)
    groups, _ = random_groups(len(symbols_per_lf), seed)
    answers = []
    for most in [10**9, -1]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_objective, "DENSE_SYMBOLS", most)
            objective = make_objective(statistics, prior, center, 0.3, groups)
        answers.append(objective.loss_and_gradient(mu))
    assert_close(answers[1][0], answers[0][0])
    assert_close(answers[1][1], answers[0][1])


def test_votes_that_dependent_lfs_share_do_not_change_the_objective(form):
    statistics, prior, center, mu = random_problem((2, 3, 2, 2), 3, 8)
    groups = groups_of(np.array([[0, 2]]), 4)
    changed = statistics.cooccurrence.copy()
    changed[:2, 5:7] = changed[5:7, :2] = 77.0
    answers = [
        make_objective(
            replace(statistics, cooccurrence=pairs), prior, center, 0.0, groups
        ).loss_and_gradient(mu)
        for pairs in (statistics.cooccurrence, changed)
    ]
    assert_close(answers[1][0], answers[0][0])
    assert_close(answers[1][1], answers[0][1])


def test_all_lfs_dependent_leave_the_marginals_to_fit(form):
    statistics, prior, center, mu = random_problem((2, 3, 2), 3, 9)
    groups = groups_of(np.array([[0, 1], [1, 2]]), 3)
    loss, _ = make_objective(statistics, prior, center, 0.0, groups).loss_and_gradient(mu)
    frequency = statistics.counts / statistics.n_samples
    assert_close(loss, ((mu @ prior - frequency) ** 2).sum())


@every_form
def test_one_epoch_of_sgd_is_one_step_down_the_gradient(form, sparse):
    statistics, prior, center, start = random_problem((1, 3, 1, 2), 3, 5, sparse=sparse)
    objective = make_objective(statistics, prior, center, 0.0)
    result = train(objective, start, TrainingSettings(n_epochs=1, lr=0.01))
    loss, gradient = autograd(statistics, prior, center, start, 0.0)
    assert_close(result.mu, start - 0.01 * gradient)
    assert_close(result.loss_curve, [loss])


def test_weight_decay_is_added_to_the_gradient():
    statistics, prior, center, start = random_problem((2, 2, 1), 2, 6)
    objective = make_objective(statistics, prior, center, 0.3)
    result = train(objective, start, TrainingSettings(n_epochs=1, lr=0.01, weight_decay=0.3))
    _, gradient = autograd(statistics, prior, center, start, 0.3)
    assert_close(result.mu, start - 0.01 * (gradient + 0.3 * start))


def test_training_changes_neither_the_start_nor_the_statistics():
    statistics, prior, center, start = random_problem((2, 2, 1), 2, 7)
    before = [array.copy() for array in (statistics.cooccurrence, prior, center, start)]
    objective = make_objective(statistics, prior, center, 0.3)
    train(objective, start, TrainingSettings(n_epochs=3))
    for array, copy in zip((statistics.cooccurrence, prior, center, start), before, strict=True):
        assert_array_equal(array, copy)


def test_loss_vanishes_at_the_truth():
    rng = np.random.default_rng(0)
    lf, prior, mu = np.repeat(np.arange(4), 2), np.array([0.3, 0.7]), rng.random((8, 2)) / 2
    pairs = mu * prior @ mu.T
    np.fill_diagonal(pairs, mu @ prior)
    nothing = np.zeros((8, 0)), np.zeros(0)
    statistics = VoteStatistics(1, 4, lf, np.arange(8), pairs, *nothing)
    loss, gradient = make_objective(statistics, prior, mu, 0.0).loss_and_gradient(mu)
    assert_allclose(loss, 0, atol=1e-30)
    assert_allclose(gradient, 0, atol=1e-15)


# Starts -------------------------------------------------------------------------------------------

FREQUENCY = np.array([0.1, 0.4, 0.2])
PRECISION = np.array([0.7, 0.9, 0.6])
CLASS = np.array([0, 1, 3])  # the third symbol is no class
PRIOR = np.array([0.2, 0.5, 0.3])


def test_precision_start_is_the_formula_of_the_design():
    mu = precision_start(FREQUENCY, PRECISION, CLASS, PRIOR)
    for symbol, (f, precision, v) in enumerate(zip(FREQUENCY, PRECISION, CLASS, strict=True)):
        for y in range(3):
            r = precision * 2 / (1 - precision)
            expected = f * (r if y == v else 1) / (r * PRIOR[v] + 1 - PRIOR[v]) if v < 3 else f
            assert mu[symbol, y] == pytest.approx(min(expected, 1.0), rel=1e-14)


def test_precision_start_keeps_the_frequency_of_every_symbol():
    assert_allclose(precision_start(FREQUENCY / 4, PRECISION, CLASS, PRIOR) @ PRIOR, FREQUENCY / 4)


def test_precision_start_makes_a_vote_evidence_for_its_class_whatever_the_prior():
    mu = precision_start(FREQUENCY[:2] / 4, PRECISION[:2], CLASS[:2], np.array([0.98, 0.01, 0.01]))
    assert_array_equal(mu.argmax(axis=1), CLASS[:2])


def test_precision_under_a_uniform_prior_is_prec_init():
    prior = np.full(3, 1 / 3)
    mu = precision_start(FREQUENCY / 4, PRECISION, CLASS, prior)
    posterior = mu[:2] * prior / (mu[:2] @ prior)[:, None]
    assert_allclose(posterior[[0, 1], CLASS[:2]], PRECISION[:2])


@pytest.mark.parametrize(("given", "clipped"), [(0.0, 0.01), (1.0, 0.99)])
def test_precision_start_clips_certainty(given, clipped):
    prior = np.full(3, 1 / 3)
    mu = precision_start(FREQUENCY[:1] / 4, np.array([given]), CLASS[:1], prior)
    assert_allclose(mu[0, 0] / mu[0].sum(), clipped, rtol=1e-12)


def test_precision_start_of_one_class_is_the_frequency():
    mu = precision_start(FREQUENCY, PRECISION, np.zeros(3, dtype=int), np.ones(1))
    assert_array_equal(mu[:, 0], FREQUENCY)


def test_snorkel_start_is_the_formula_of_the_design():
    mu = snorkel_start(FREQUENCY, PRECISION, CLASS, PRIOR)
    expected = [[0.1 * 0.7 / 0.2, 0, 0], [0, 0.4 * 0.9 / 0.5, 0], [0.2, 0.2, 0.2]]
    assert_allclose(mu, expected, rtol=1e-14)


def test_snorkel_start_is_clipped_to_one():
    mu = snorkel_start(np.array([0.9]), np.array([1.0]), np.array([0]), np.array([0.1, 0.9]))
    assert_array_equal(mu, [[1.0, 0.0]])
