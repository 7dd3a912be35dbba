"""The loss, its closed-form gradient against autograd, and what steps down it come to."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_labelmodel import LabelModelClassifier
from sklearn_labelmodel._evidence.model import groups_of
from sklearn_labelmodel._learning import completion as _objective
from sklearn_labelmodel._learning.completion import (
    DenseObjective,
    FactoredObjective,
    make_objective,
    train,
)
from sklearn_labelmodel._votes.pairs import PairCounts

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
    statistics = PairCounts(
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
    mu, history = train(objective, start, LabelModelClassifier(n_epochs=1, lr=0.01))
    loss, gradient = autograd(statistics, prior, center, start, 0.0)
    assert_close(mu, start - 0.01 * gradient)
    assert_close(history.curve, [loss])
    assert_close(history.last, autograd(statistics, prior, center, mu, 0.0)[0])


def test_weight_decay_is_added_to_the_gradient():
    statistics, prior, center, start = random_problem((2, 2, 1), 2, 6)
    objective = make_objective(statistics, prior, center, 0.3)
    mu, _ = train(objective, start, LabelModelClassifier(n_epochs=1, lr=0.01, l2=0.3))
    _, gradient = autograd(statistics, prior, center, start, 0.3)
    assert_close(mu, start - 0.01 * (gradient + 0.3 * start))


def test_training_changes_neither_the_start_nor_the_statistics():
    statistics, prior, center, start = random_problem((2, 2, 1), 2, 7)
    before = [array.copy() for array in (statistics.cooccurrence, prior, center, start)]
    objective = make_objective(statistics, prior, center, 0.3)
    train(objective, start, LabelModelClassifier(n_epochs=3))
    for array, copy in zip((statistics.cooccurrence, prior, center, start), before, strict=True):
        assert_array_equal(array, copy)


def test_loss_vanishes_at_the_truth():
    rng = np.random.default_rng(0)
    lf, prior, mu = np.repeat(np.arange(4), 2), np.array([0.3, 0.7]), rng.random((8, 2)) / 2
    pairs = mu * prior @ mu.T
    np.fill_diagonal(pairs, mu @ prior)
    nothing = np.zeros((8, 0)), np.zeros(0)
    statistics = PairCounts(1, 4, lf, np.arange(8), pairs, *nothing)
    loss, gradient = make_objective(statistics, prior, mu, 0.0).loss_and_gradient(mu)
    assert_allclose(loss, 0, atol=1e-30)
    assert_allclose(gradient, 0, atol=1e-15)


# Steps --------------------------------------------------------------------------------------------


def steep_problem(n_symbols):
    """A problem, a start, and a rate that leads uphill unless it is halved."""
    statistics, prior, center, start = random_problem((2,) * (n_symbols // 2), 2, 10)
    objective = make_objective(statistics, prior, center, 0.0)
    loss, gradient = objective.loss_and_gradient(start)
    lr = 1.0
    while np.isfinite(lr) and objective.loss_and_gradient(start - lr / 2 * gradient)[0] > loss:
        lr /= 2
    return objective, start, lr, gradient


@pytest.mark.parametrize(("n_symbols", "halved"), [(32, False), (34, True)])
def test_only_of_more_than_32_symbols_plain_sgd_halves_a_rate_that_leads_uphill(n_symbols, halved):
    objective, start, lr, gradient = steep_problem(n_symbols)
    mu, history = train(objective, start, LabelModelClassifier(n_epochs=1, lr=lr))
    assert_close(mu, start - (lr / 2 if halved else lr) * gradient)
    assert (history.last < history.curve[0]) == halved
    assert history.diverged == (not halved)


@pytest.mark.parametrize(("n_symbols", "halvings"), [(64, 1), (66, 2), (128, 2), (130, 3)])
def test_a_rate_is_halved_as_often_as_symbols_are_twice_as_many(n_symbols, halvings):
    objective, start, _, gradient = steep_problem(n_symbols)
    lr = 1e3  # too steep, however often it is halved
    mu, _ = train(objective, start, LabelModelClassifier(n_epochs=1, lr=lr))
    assert_allclose(mu, start - lr / 2**halvings * gradient, rtol=1e-12)


@pytest.mark.parametrize(("tol", "converged"), [(None, None), (0.0, False), (1e9, True)])
def test_history_says_whether_the_curve_came_to_rest(tol, converged):
    statistics, prior, center, start = random_problem((2, 2, 1), 2, 6)
    objective = make_objective(statistics, prior, center, 0.0)
    _, history = train(objective, start, LabelModelClassifier(n_epochs=4, lr=0.01, tol=tol))
    assert history.converged is converged
    assert len(history.curve) == (2 if converged else 4)
    assert history.diverged is False


def test_history_of_no_epoch_is_empty_and_has_the_loss():
    statistics, prior, center, start = random_problem((2, 2, 1), 2, 6)
    objective = make_objective(statistics, prior, center, 0.0)
    mu, history = train(objective, start, LabelModelClassifier(n_epochs=0))
    assert_array_equal(mu, start)
    assert history.curve.shape == (0,)
    assert_close(history.last, autograd(statistics, prior, center, start, 0.0)[0])
