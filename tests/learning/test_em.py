"""Expectation maximisation on whole rows: tables, the class prior of rows with votes, samples of many rows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from helpers import assert_same_model, make_observed, make_votes
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import log_loss

from sklearn_labelmodel import DawidSkeneClassifier, LabelModelClassifier, MajorityVoteClassifier
from sklearn_labelmodel._evidence.model import expected_counts, maximise
from sklearn_labelmodel._evidence.table import one_coin
from sklearn_labelmodel._learning import observed as _observed
from sklearn_labelmodel._learning.em import em, find_copies
from sklearn_labelmodel._votes import patterns as _patterns
from sklearn_labelmodel._votes.codes import ColumnVotes, DenseVotes, SparseVotes, no_gold
from sklearn_labelmodel._votes.patterns import find_rows, patterns_of, read_patterns
from sklearn_labelmodel._votes.reader import read_votes
from sklearn_labelmodel.datasets import make_label_matrix

# Votes that each prior is worth; not imported, so that tests notice when it moves.
PRIOR_VOTES = 10


def crowd(n_samples, accuracies, shares, *, coverage=0.6, seed=0):
    """Votes of workers of these accuracies on classes of these shares, and the truth."""
    rng = np.random.default_rng(seed)
    k, shape = len(shares), (n_samples, len(accuracies))
    y = rng.choice(k, p=shares, size=n_samples)
    wrong = (y[:, None] + rng.integers(1, k, shape)) % k
    L = np.where(rng.random(shape) < accuracies, y[:, None], wrong)
    return np.where(rng.random(shape) < coverage, L, -1), y


def one_sided(L, lfs, n_classes):
    """The votes with some LFs keeping theirs for one class alone."""
    L = L.copy()
    for lf in lfs:
        L[L[:, lf] != lf % n_classes, lf] = -1
    return L


def mixed_votes(n_classes, seed=0):
    """LFs with a choice, one-sided LFs, a vote that is no class, and a row without a vote."""
    L = one_sided(make_votes(120, 6, n_classes, coverage=0.5, seed=seed)[0], [0, 4], n_classes)
    L[::7, 2] = 9
    L[5] = -1
    return L


def assumed(observed, precision=0.7, balance=None):
    """The vote model before anything is learned, and the precision of each LF."""
    settings = {"prec_init": precision, "class_balance": balance, "dependencies": None}
    model = LabelModelClassifier(**settings)._assume(observed)
    return model, np.broadcast_to(np.asarray(precision, dtype=float), observed.n_lfs)


def learn(observed, n_steps, precision=0.7, balance=None, **settings):
    """What `n_steps` of EM make of the assumed model."""
    model, precision = assumed(observed, precision, balance)
    return em(observed, model, n_steps=n_steps, **settings)


# Steps --------------------------------------------------------------------------------------------


def posterior_by_formula(row, model, likeness, tempering):
    """Symbols of a row, and P(Y | row), one vote at a time."""
    symbols = zip(model.table.lf, model.table.vote, strict=True)
    held = [u for u, (lf, vote) in enumerate(symbols) if row[lf] == vote]
    weight = [model.dependence.weight[u] / (1 + likeness[u, held].sum()) for u in held]
    says = sum(w * model.table.log_p[u] for u, w in zip(held, weight, strict=True))
    score = (np.log(model.prior.of_voted) + says) / max(sum(weight), 1.0) ** tempering
    return held, np.exp(score) / np.exp(score).sum()


def step_by_formula(L, observed, model, precision, likeness, tempering):
    """One step of EM, row by row and cell by cell."""
    k, counts, rows = len(model.classes), np.zeros_like(model.table.log_p), np.zeros(3)
    rows = np.zeros(k)
    for row in L[(L >= 0).any(axis=1)]:
        held, proba = posterior_by_formula(row, model, likeness, tempering)
        counts[held] += proba
        rows += proba
    new = model.table.log_p.copy()
    for lf in range(observed.n_lfs):
        own = np.flatnonzero(observed.lf == lf)
        if len(own) < 2:
            continue
        named = [u for u in own if observed.vote[u] < k]
        right = sum(counts[u, observed.vote[u]] for u in named)
        assumed = np.clip(precision[lf], 0.01, 0.99)
        accuracy = (right + PRIOR_VOTES * assumed) / (counts[named].sum() + PRIOR_VOTES)
        naming = counts[named].sum() / counts[own].sum()
        for u in own:
            for y in range(k):
                if u not in named:
                    implied = counts[u].sum() / counts[own].sum()
                elif observed.vote[u] == y:
                    implied = naming * accuracy
                else:
                    implied = naming * (1 - accuracy) / (k - 1)
                total = counts[own, y].sum() + PRIOR_VOTES
                new[u, y] = np.log((counts[u, y] + PRIOR_VOTES * implied) / total)
    prior = model.prior
    if not prior.known:
        shares = (rows + PRIOR_VOTES) ** observed.identified
        shares /= shares.sum()
        voted = (L >= 0).any(axis=1).mean()
        told = voted * shares + (1 - voted) / k
        prior = replace(prior, of_voted=shares, told=told)
        single = ~observed.has_choice[observed.lf]
        each = precision[observed.lf]
        implied = one_coin(observed.meaning, each, observed.frequency, told, single)
        new[single] = np.log(implied[single])
    return replace(model, table=replace(model.table, log_p=new), prior=prior)


def some_likeness(observed, seed=0):
    """A symmetric likeness between some symbols of different LFs."""
    rng = np.random.default_rng(seed)
    n = len(observed.lf)
    matrix = np.triu(rng.random((n, n)) * (rng.random((n, n)) < 0.3), 1)
    matrix[observed.lf[:, None] == observed.lf] = 0
    return matrix + matrix.T


def assert_same_evidence(found, expected, rtol=1e-10):
    assert_allclose(found.table.log_p, expected.table.log_p, rtol=rtol)
    assert_allclose(found.prior.of_voted, expected.prior.of_voted, rtol=rtol)
    assert_allclose(found.prior.of_mu, expected.prior.of_mu, rtol=rtol)


@pytest.mark.parametrize("counts", ["in_full", "less", "less_beside_its_like"])
@pytest.mark.parametrize("balance", [None, [0.2, 0.5, 0.3]], ids=str)
@pytest.mark.parametrize("precision", [0.7, [1.0, 0.0, 0.9, 0.5, 0.7, 0.4]], ids=str)
def test_a_step_equals_the_formula(counts, balance, precision):
    L = mixed_votes(3)
    observed = make_observed(L, 3)
    model, precision = assumed(observed, precision, balance)
    n = len(observed.lf)
    likeness, dependence = np.zeros((n, n)), model.dependence
    if counts == "less":
        weight = np.random.default_rng(1).uniform(0.2, 1, n)
        dependence = replace(dependence, weight=weight)
    elif counts == "less_beside_its_like":
        likeness = some_likeness(observed)
        dependence = replace(dependence, likeness=sp.csr_array(likeness))
    model = replace(model, dependence=dependence)
    expected = step_by_formula(L, observed, model, precision, likeness, 0.25)
    found = em(observed, model, n_steps=1, tempering=0.25)
    assert_same_evidence(found, expected)


@pytest.mark.parametrize("balance", [None, [0.9, 0.1]], ids=str)
@pytest.mark.parametrize("tempering", [0.0, 0.5, 1.0])
def test_several_steps_equal_the_formula(tempering, balance):
    """The E-step tempers votes and class prior together, as predictions do."""
    L = mixed_votes(2)
    observed = make_observed(L, 2)
    expected, precision = assumed(observed, balance=balance)
    alone = np.zeros((len(observed.lf),) * 2)
    for _ in range(3):
        expected = step_by_formula(L, observed, expected, precision, alone, tempering)
    assert_same_evidence(learn(observed, 3, balance=balance, tempering=tempering), expected, 1e-9)


def test_steps_are_the_same_in_small_blocks(monkeypatch):
    observed = make_observed(make_votes(800, 8, 3)[0], 3)
    model, _ = assumed(observed)
    likeness = sp.csr_array(some_likeness(observed))
    model = replace(model, dependence=replace(model.dependence, likeness=likeness))
    expected = em(observed, model, n_steps=3)
    monkeypatch.setattr(_patterns, "BLOCK_CELLS", 30)
    assert len(model.rows(observed.sample)) > 10
    assert_same_evidence(em(observed, model, n_steps=3), expected)


def test_a_known_prior_is_kept():
    found = learn(make_observed(make_votes()[0], 2), 4, balance=[0.9, 0.1])
    assert_array_equal(found.prior.of_voted, [0.9, 0.1])


def test_a_learned_prior_is_that_of_rows_with_votes_alone():
    prior = learn(make_observed(make_votes()[0], 2), 4).prior
    assert_array_equal(prior.of_all, [0.5, 0.5])
    assert_array_equal(prior.of_voteless, [0.5, 0.5])
    assert prior.of_voted[0] != 0.5
    assert prior.source == "uniform"


def test_the_table_is_of_conditional_probabilities_once_all_votes_are_classes():
    observed = make_observed(make_votes(n_classes=3)[0], 3)
    table = np.exp(learn(observed, 3).table.log_p)
    assert_allclose([table[observed.lf == lf].sum(axis=0) for lf in range(5)], 1.0, rtol=1e-12)


def test_lfs_of_one_symbol_keep_their_table_under_a_known_prior():
    observed = make_observed(mixed_votes(3), 3)
    single = ~observed.has_choice[observed.lf]
    assert_array_equal(observed.lf[single], [0, 4])
    balance = [0.2, 0.5, 0.3]
    found, start = learn(observed, 5, balance=balance), assumed(observed, balance=balance)[0]
    assert_array_equal(found.table.log_p[single], start.table.log_p[single])
    assert (found.table.log_p[~single] != start.table.log_p[~single]).any()


def test_without_a_choice_the_start_is_returned():
    observed = make_observed(one_sided(make_votes()[0], range(5), 2), 2)
    model, _ = assumed(observed)
    found = em(observed, model, n_steps=5)
    assert_array_equal(found.table.log_p, model.table.log_p)
    assert_array_equal(found.prior.of_voted, [0.5, 0.5])


def test_without_steps_the_start_is_returned():
    observed = make_observed(make_votes()[0], 2)
    assert_array_equal(learn(observed, 0).table.log_p, assumed(observed)[0].table.log_p)


def test_rows_without_a_vote_change_no_table_of_lfs_with_a_choice():
    L = make_votes(n_classes=3)[0]
    padded = np.vstack([L, np.full((400, 5), -1)])
    found, other = (learn(make_observed(votes, 3), 3) for votes in (L, padded))
    assert_allclose(other.table.log_p, found.table.log_p, rtol=1e-10)
    assert_allclose(other.prior.of_voted, found.prior.of_voted, rtol=1e-10)


def test_accuracies_of_unequal_workers_are_found():
    accuracies = [0.95, 0.9, 0.8, 0.6, 0.5, 0.5]
    L, _ = crowd(3000, accuracies, [0.5, 0.3, 0.2], seed=4)
    observed = make_observed(L, 3)
    table = np.exp(learn(observed, 20).table.log_p)
    own = table[np.arange(18), observed.vote].reshape(6, 3).mean(axis=1)
    assert_allclose(own, accuracies, atol=0.07)


def test_a_learner_leaves_the_history_of_training_alone():
    observed = make_observed(make_votes()[0], 2)
    assert learn(observed, 3).history is None


# The recipe ---------------------------------------------------------------------------------------


def crowd_with_rules():
    """Votes for three classes, and what is observed of them."""
    L = mixed_votes(3)
    L = np.where(L == 9, -1, L)
    return L, make_observed(L, 3)


def read_by_formula(L, observed, model, n_steps, tempering):
    alone, precision = np.zeros((len(observed.lf),) * 2), np.full(observed.n_lfs, 0.7)
    for _ in range(n_steps):
        model = step_by_formula(L, observed, model, precision, alone, tempering)
    return model


@pytest.mark.parametrize("balance", [None, [0.2, 0.5, 0.3]], ids=str)
def test_rows_are_read_with_scores_divided_by_the_fourth_root_of_their_votes(balance):
    """Without a search for copies; evidence is the mean of mu and the table that EM came to."""
    L, observed = crowd_with_rules()
    expected = read_by_formula(L, observed, assumed(observed, balance=balance)[0], 3, 0.25)
    settings = {"n_em_steps": 3, "dependencies": None, "class_balance": balance}
    found = LabelModelClassifier(**settings).fit(L)
    if balance is None:
        assert_allclose(found.voted_prior_, expected.prior.of_voted, rtol=1e-9)
    choosing = observed.has_choice[observed.lf]
    table = 2 * found.vote_evidence_ - np.log(found.mu_)
    table -= np.log(observed.coverage)[observed.lf][:, None]
    assert_allclose(table[choosing], expected.table.log_p[choosing], rtol=1e-8)


def test_copies_are_looked_for_after_two_steps_and_once_more_at_the_end():
    """Votes that count less are not tempered besides; what was learned before they did is forgotten."""
    rng = np.random.default_rng(3)
    L, _ = make_votes(300, 5, 3, coverage=0.8, seed=3)
    copies = np.where(rng.random((300, 2)) < 0.7, L[:, [4]], rng.integers(3, size=(300, 2)))
    L = np.hstack([L, copies])
    observed = make_observed(L, 3)

    def weighed(model):
        found = find_copies(
            observed.statistics,
            np.exp(model.table.log_p),
            model.prior.of_voted,
            model.prior.of_all,
            np.full(7, 0.7),
        )
        return replace(assumed(observed)[0], dependence=found), found

    trial = read_by_formula(L, observed, assumed(observed)[0], 2, 0.25)
    start, found = weighed(trial)
    assert (found.weight < 0.9).any()
    learned = read_by_formula(L, observed, start, 3, 0.0)
    _, found = weighed(learned)
    expected = read_by_formula(L, observed, replace(learned, dependence=found), 3, 0.0)
    model = LabelModelClassifier(n_em_steps=3).fit(L)
    assert_allclose(model.vote_weights_, found.weight, rtol=1e-9)
    assert_allclose(model.voted_prior_, expected.prior.of_voted, rtol=1e-9)


# When it ends -------------------------------------------------------------------------------------


@pytest.fixture
def symmetric():
    """A model, another one with the classes swapped, equally likely, and rows."""
    observed = make_observed(make_votes(60)[0], 2)
    model, _ = assumed(observed, 0.8)
    table = replace(model.table, log_p=np.ascontiguousarray(model.table.log_p[:, ::-1]))
    return model, replace(model, table=table), model.rows(observed.sample)


@pytest.mark.parametrize("tol", [None, 0.0, 1e-3])
def test_steps_end_where_nothing_changes(symmetric, tol):
    model, _, blocks = symmetric
    found = maximise(model, blocks, lambda model, *_: model, 50, tol)
    assert len(found.history.curve) == 2
    assert found.history.converged is (None if tol is None else True)
    *_, expected = expected_counts(model, blocks)
    assert_array_equal(found.history.curve, [expected, expected])


def test_equal_likelihoods_do_not_end_what_still_changes(symmetric):
    model, swapped, blocks = symmetric
    other = {id(model): swapped, id(swapped): model}
    seen = [model]

    def swap(*_):
        seen.append(other[id(seen[-1])])
        return seen[-1]

    found = maximise(model, blocks, swap, 7)
    assert found.history.curve == pytest.approx(np.full(7, found.history.curve[0]), rel=1e-12)
    assert len(seen) == 8


@pytest.mark.parametrize(("factor", "converged"), [(0.99, False), (1.01, True)])
def test_a_change_of_tol_and_no_more_ends_it(symmetric, factor, converged):
    model, _, blocks = symmetric
    other = replace(model, table=replace(model.table, log_p=model.table.log_p * 0.9))
    likely = [expected_counts(one, blocks)[-1] for one in (model, other)]
    tol = factor * abs(likely[1] - likely[0])
    found = maximise(model, blocks, lambda *_: other, 2, tol)
    assert found.history.converged is converged


def test_no_step_leaves_an_empty_history(symmetric):
    model, _, blocks = symmetric
    found = maximise(model, blocks, lambda *_: pytest.fail("a step"), 0)
    assert found.history.curve.shape == (0,)
    assert np.isnan(found.history.last)


@pytest.mark.parametrize("tol", [None, 0.0])
def test_dawid_skene_ends_at_a_fixed_point(tol):
    L, _ = make_votes(300, 6, accuracy=0.9, coverage=0.9)
    models = [DawidSkeneClassifier(max_iter=n, tol=tol).fit(L) for n in (2000, 4000)]
    assert models[0].n_iter_ == models[1].n_iter_ < 2000
    assert_array_equal(models[0].mu_, models[1].mu_)


# What votes identify ------------------------------------------------------------------------------


def test_identified_by_hand():
    # LFs 0 and 1 have a choice: one of them votes in 4 of the 5 rows with votes; 4 of their 6 votes meet the other.
    L = np.array([[0, 1, -1], [1, 0, 1], [1, -1, 1], [-1, 1, -1], [-1, -1, 1], [-1, -1, -1]])
    assert make_observed(L, 2).identified == pytest.approx(4 / 5 * 4 / 6)


def test_lfs_of_one_symbol_take_nothing_away_from_what_the_others_tell():
    L = make_votes(coverage=0.9)[0]
    voted = L[(L >= 0).any(axis=1)]
    beside = np.hstack([voted, one_sided(np.tile(voted[:, :1], 20), range(20), 2)])
    assert make_observed(beside, 2).identified == make_observed(voted, 2).identified > 0.9


def opposite_rules(share, seed, n_samples=300):
    """Three judges, and two scores that are each read by two opposite rules of one class."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n_samples) < share).astype(int)
    judges = np.where(rng.random((n_samples, 3)) < 0.85, y[:, None], 1 - y[:, None])
    judges[rng.random(judges.shape) < 0.15] = -1
    rating = np.clip(np.round(rng.normal(2 + 2.2 * y, 1)), 1, 5)
    proba = rng.normal(0.3 + 0.4 * y, 0.2)
    says = [(rating >= 4, 1), (rating <= 2, 0), (proba > 0.6, 1), (proba < 0.3, 0)]
    return np.column_stack([judges, *(np.where(when, vote, -1) for when, vote in says)]), y


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.5, 0.35, 0.2, 0.1])
def test_opposite_rules_of_one_class_do_not_drown_the_shares_that_judges_tell(share):
    ours, majority = [], []
    for seed in range(8):
        L, y = opposite_rules(share, seed)
        ours.append(LabelModelClassifier().fit(L).score(L, y))
        yes, no = (L == 1).sum(axis=1), (L == 0).sum(axis=1)
        majority.append(np.where(yes == no, 0.5, (yes > no) == y).mean())
    assert np.mean(ours) > np.mean(majority) - 0.005


def test_mu_starts_and_is_trained_under_the_shares_that_votes_tell():
    L, _ = crowd(2000, [0.8] * 6, [0.8, 0.2])
    L = np.vstack([L, np.full((1000, 6), -1)])
    model = LabelModelClassifier(n_epochs=0).fit(L)
    voted = (L >= 0).any(axis=1).mean()
    told = voted * model.voted_prior_ + (1 - voted) * model.class_prior_
    assert_array_equal(model.class_prior_, [0.5, 0.5])
    cast = np.column_stack([L[:, lf] == vote for lf, vote in model.symbols_]).astype(float)
    assert_allclose(model.mu_ @ told, cast.mean(axis=0), rtol=1e-9)
    apart = model.symbols_["lf"][:, None] != model.symbols_["lf"]
    left = apart * (cast.T @ cast / len(L) - model.mu_ * told @ model.mu_.T)
    assert model.loss_ == pytest.approx((left**2).sum())


def test_identified_of_one_sided_lfs_is_zero():
    assert make_observed(one_sided(make_votes()[0], range(5), 2), 2).identified == 0


def test_identified_of_a_full_crowd_is_one():
    assert make_observed(make_votes(coverage=1.0)[0], 2).identified == 1


# Samples of many rows -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("most_votes", "votes_per_lf", "all_read"),
    [(1000, 0, True), (900, 0, False), (0, 125, True), (0, 112, False)],
)
def test_distinct_rows_are_sampled_beyond_so_many_votes_and_so_many_of_each_lf(
    monkeypatch, most_votes, votes_per_lf, all_read
):
    L = np.array(list(np.ndindex(5, 5, 5, 2, 1, 1, 1, 1)))[:125]  # 125 distinct rows of 8 votes
    monkeypatch.setattr(_observed, "MOST_VOTES", most_votes)
    monkeypatch.setattr(_observed, "VOTES_PER_LF", votes_per_lf)
    sample = make_observed(np.repeat(L, 2, axis=0), 5).sample
    assert (len(sample.weight) == 125) == all_read
    assert sample.weight.sum() == pytest.approx(250)


@pytest.fixture
def few_votes(monkeypatch):
    monkeypatch.setattr(_observed, "MOST_VOTES", 300)
    monkeypatch.setattr(_observed, "VOTES_PER_LF", 1)


RARE = make_votes(2000, 5, 3, seed=3)[0].copy()
RARE[:, 4] = -1
RARE[[7, 8], 4] = [0, 1]  # an LF that a sample misses
RARE[9, 3] = 9  # a vote that is no class
RARE[:, 2] = np.where(RARE[:, 2] == 2, -1, RARE[:, 2])
RARE[11, 2] = 2  # a class that an LF votes for once


def test_a_sample_holds_about_as_many_votes_as_asked_for(few_votes):
    assert abs(make_observed(RARE, 3).sample.n_votes.sum() - 300) < 30


def test_a_sample_holds_every_frequent_row(few_votes):
    L = np.vstack([np.tile([0, 0, 1, 1, 0], (500, 1)), RARE])
    sample = make_observed(L, 3).sample
    held = sample.indicators.toarray()[sample.weight == sample.weight.max()]
    named = zip(sample.lf.tolist(), sample.vote.tolist(), strict=True)
    frequent = [float((lf, vote) in enumerate([0, 0, 1, 1, 0])) for lf, vote in named]
    assert_array_equal(held, [frequent])


def test_a_sample_does_not_depend_on_the_order_of_rows(few_votes):
    shuffled = RARE[np.random.default_rng(0).permutation(len(RARE))]
    first, second = (learn(make_observed(L, 3), 2) for L in (RARE, shuffled))
    assert_array_equal(first.table.log_p, second.table.log_p)


def test_a_sample_is_the_same_every_time(few_votes):
    tables = [learn(make_observed(RARE, 3), 2) for _ in range(2)]
    assert_array_equal(tables[0].table.log_p, tables[1].table.log_p)


def test_sampling_leaves_the_global_generator_alone(few_votes):
    before = np.random.get_state()[1:]  # noqa: NPY002
    learn(make_observed(RARE, 3), 1)
    after = np.random.get_state()[1:]  # noqa: NPY002
    for state, earlier in zip(after, before, strict=True):
        assert_array_equal(state, earlier)


def test_symbols_that_the_sample_misses_keep_a_finite_table(few_votes):
    observed = make_observed(RARE, 3)
    table = learn(observed, 5)
    assert (observed.sample.counts() == 0).any()
    assert np.isfinite(table.table.log_p).all()


def test_an_lf_that_the_sample_misses_still_speaks_for_its_class(few_votes):
    observed = make_observed(RARE, 3)
    table = learn(observed, 5).table.log_p[observed.lf == 4]
    assert_array_equal(table.argmax(axis=1), [0, 1])


@pytest.mark.parametrize("dependencies", [None, "auto"])
def test_rows_that_the_sample_misses_have_probabilities(few_votes, dependencies):
    model = LabelModelClassifier(classes=range(3), dependencies=dependencies)
    L = np.where(RARE == 9, -1, RARE)
    proba = model.fit(L).predict_proba(L)
    assert_allclose(proba.sum(axis=1), 1.0)


def test_a_sample_gives_about_the_full_answer(monkeypatch):
    L, _ = crowd(20000, [0.9, 0.8, 0.7, 0.7, 0.6, 0.6], [0.6, 0.4])
    full = learn(make_observed(L, 2), 5)
    monkeypatch.setattr(_observed, "MOST_VOTES", 2500)
    monkeypatch.setattr(_observed, "VOTES_PER_LF", 1)
    sampled = learn(make_observed(L, 2), 5)
    assert not np.array_equal(sampled.table.log_p, full.table.log_p)
    assert_allclose(np.exp(sampled.table.log_p), np.exp(full.table.log_p), atol=0.04)
    assert_allclose(sampled.prior.of_voted, full.prior.of_voted, atol=0.04)


# Votes of every kind ------------------------------------------------------------------------------


def stored(L):
    rows, columns = np.nonzero(L >= 0)
    return sp.csr_array((L[rows, columns], (rows, columns)), shape=L.shape)


KINDS = {
    "dense": np.asarray,
    "float": lambda L: np.where(L < 0, np.nan, L),
    "columns": lambda L: pd.DataFrame(L).astype(object),
    "sparse": stored,
}


@pytest.mark.parametrize("kind", ["float", "columns", "sparse"])
@pytest.mark.parametrize(
    "parameters", [{}, {"class_balance": "estimate"}, {"dependencies": "auto"}], ids=str
)
def test_every_kind_of_votes_leads_to_the_same_model(kind, parameters):
    L = make_votes(300, 6, 3, coverage=0.5, seed=2)[0]
    expected = LabelModelClassifier(**parameters).fit(L)
    model = LabelModelClassifier(**parameters).fit(KINDS[kind](L))
    assert_same_model(model, expected)
    assert_allclose(model.vote_evidence_, expected.vote_evidence_, rtol=1e-9)
    assert_allclose(model.voted_prior_, expected.voted_prior_, rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_votes_is_sampled_alike(few_votes, kind):
    L = np.where(RARE == 9, -1, RARE)
    expected = learn(make_observed(L, 3), 2)
    assert_allclose(
        learn(make_observed(KINDS[kind](L), 3), 2).table.log_p, expected.table.log_p, rtol=1e-9
    )


@pytest.mark.parametrize(
    ("kind", "votes_type"),
    [
        ("dense", DenseVotes),
        ("float", DenseVotes),
        ("columns", ColumnVotes),
        ("sparse", SparseVotes),
    ],
)
@pytest.mark.parametrize("rows", [[0, 2, 3], [4, 4, 1], [5], []], ids=str)
def test_taken_rows_are_these_rows(kind, votes_type, rows):
    # The first code of all is 0: in sparse votes a stored zero.
    L = np.array([[0, 1, -1], [-1, -1, -1], [2, -1, 0], [0, 0, 0], [-1, 2, 1], [1, -1, -1]])
    votes = read_votes(KINDS[kind](L))
    taken = votes.take(np.array(rows, dtype=np.intp))
    assert isinstance(taken, votes_type)
    assert taken.n_samples == len(rows)
    assert_array_equal(taken.block(0, len(rows)), votes.block(0, 6)[:, rows])


def patterns_with(L, lf, vote):
    votes, labels = read_votes(L), no_gold(len(L))
    found = find_rows(votes, labels)
    return patterns_of(found, votes, labels, found.scaled(), (lf, vote))


def test_cells_are_places_among_given_symbols():
    L = np.array([[0, 2], [1, -1], [0, 2]])
    lf, vote = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 2, 0, 1, 2])
    spread = patterns_with(L, lf, vote)
    dense = read_patterns(read_votes(L), no_gold(3)).indicators.toarray()
    expected = np.zeros((len(dense), 6))
    expected[:, [0, 1, 5]] = dense
    assert_array_equal(spread.indicators.toarray(), expected)
    assert_array_equal(spread.lf, lf)
    assert_array_equal(spread.vote, vote)


def test_with_the_symbols_that_occur_patterns_are_those_of_none_given():
    L = make_votes()[0]
    patterns = read_patterns(read_votes(L), no_gold(200))
    again = patterns_with(L, patterns.lf, patterns.vote)
    assert (again.indicators != patterns.indicators).nnz == 0
    assert_array_equal(again.weight, patterns.weight)


# The class prior ----------------------------------------------------------------------------------


def distance(prior, y):
    """Total variation from the shares of the true classes."""
    return np.abs(prior - np.bincount(y) / len(y)).sum() / 2


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("shares", "coverage"),
    [([0.8, 0.2], 1.0), ([0.65, 0.25, 0.1], 0.6), ([0.4, 0.3, 0.2, 0.1], 0.6)],
    ids=str,
)
def test_estimate_finds_the_shares_of_independent_votes(shares, coverage, seed):
    accuracies = [0.9, 0.85, 0.85, 0.8, 0.75, 0.7, 0.65]
    L, y = crowd(3000, accuracies, shares, coverage=coverage, seed=seed)
    model = LabelModelClassifier(class_balance="estimate", n_epochs=5).fit(L)
    assert distance(model.class_prior_, y) < 0.05


@pytest.mark.parametrize("seed", range(3))
def test_estimate_of_sparse_binary_votes_is_nearer_than_uniform(seed):
    # Two classes tell accuracies from shares slowly: the estimate stays on the even side.
    L, y = crowd(3000, [0.85, 0.8, 0.75, 0.75, 0.7, 0.7, 0.65], [0.8, 0.2], seed=seed)
    prior = LabelModelClassifier(class_balance="estimate", n_epochs=5).fit(L).class_prior_
    assert distance(prior, y) < 0.7 * distance(np.array([0.5, 0.5]), y)


def test_estimate_is_the_prior_that_rows_with_votes_are_found_to_have(binary):
    model = LabelModelClassifier(class_balance="estimate").fit(binary[0])
    assert_allclose(model.class_prior_, model.voted_prior_, rtol=1e-12)
    assert_array_equal(model.voted_prior_, LabelModelClassifier().fit(binary[0]).voted_prior_)


def test_estimate_is_uniform_where_one_sided_lfs_tell_nothing():
    L = one_sided(make_votes(300, 6, 3)[0], range(6), 3)
    with pytest.warns(UserWarning, match="The votes cannot identify the class prior"):
        model = LabelModelClassifier(class_balance="estimate").fit(L)
    assert_allclose(model.class_prior_, [1 / 3] * 3)


def test_estimate_warns_of_one_sided_lfs():
    L = one_sided(make_votes()[0], range(5), 2)
    with pytest.warns(UserWarning, match="cannot identify the class prior.*class_balance"):
        LabelModelClassifier(class_balance="estimate").fit(L)


def test_estimate_warns_of_rows_with_one_vote():
    L = np.full((90, 3), -1)
    L[np.arange(90), np.arange(90) % 3] = make_votes(90)[1]
    L[:2] = 0  # rows in common, so that accuracies are no reason to warn
    with pytest.warns(UserWarning, match="cannot identify the class prior: only 6%"):
        LabelModelClassifier(class_balance="estimate").fit(L)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_estimate_does_not_warn_of_crowds(n_classes):
    L, _ = make_votes(n_classes=n_classes)
    model = LabelModelClassifier(class_balance="estimate").fit(L)
    assert model.class_prior_.sum() == pytest.approx(1.0)


def test_estimate_yields_to_gold_labels_that_anchor(binary):
    L, y = binary
    gold = np.where(np.arange(len(y)) < 30, y, -1)
    estimated = LabelModelClassifier(class_balance="estimate").fit(L, gold)
    assert_same_model(estimated, LabelModelClassifier().fit(L, gold))


def test_estimate_with_gold_labels_that_anchor_does_not_warn():
    L, y = make_votes()
    gold = np.where(np.arange(len(y)) < 30, y, -1)
    model = LabelModelClassifier(class_balance="estimate").fit(one_sided(L, range(5), 2), gold)
    assert model.class_prior_.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("gold", ["prior", "ignore"])
def test_estimate_does_not_read_labels_that_do_not_anchor(binary, gold):
    L, y = binary
    labels = np.where(np.arange(len(y)) < 30, y, -1)
    model = LabelModelClassifier(class_balance="estimate", gold=gold).fit(L, labels)
    assert_same_model(model, LabelModelClassifier(class_balance="estimate").fit(L))


def test_estimate_serves_snorkels_start_too(binary):
    model = LabelModelClassifier(class_balance="estimate", init="snorkel", random_state=0)
    expected = LabelModelClassifier(class_balance="estimate").fit(binary[0]).class_prior_
    assert_allclose(model.fit(binary[0]).class_prior_, expected, rtol=1e-12)


def test_snorkels_evidence_is_mu_alone_whatever_the_class_balance(binary):
    model = LabelModelClassifier(class_balance="estimate", init="snorkel", random_state=0)
    model.fit(binary[0])
    assert_array_equal(model.vote_evidence_, np.log(model.mu_))
    assert_allclose(model.voted_prior_, model.class_prior_, rtol=1e-12)


def test_class_prior_is_uniform_where_nothing_says_it():
    L, _ = crowd(400, [0.8] * 5, [0.9, 0.1])
    model = LabelModelClassifier().fit(L)
    assert_array_equal(model.class_prior_, [0.5, 0.5])


def test_voted_prior_is_learned_where_the_class_prior_is_unknown():
    L, _ = crowd(1000, [0.85] * 6, [0.8, 0.2], coverage=1.0)
    model = LabelModelClassifier().fit(L)
    assert_allclose(model.voted_prior_, [0.8, 0.2], atol=0.05)


# Quality ------------------------------------------------------------------------------------------

SEEDS = range(8)


def test_refined_evidence_is_more_accurate_on_unequal_workers():
    gains = []
    for seed in SEEDS:
        accuracies = np.random.default_rng(seed).uniform(0.3, 0.95, 8)
        L, y = crowd(600, accuracies, [0.4, 0.3, 0.3], seed=seed)
        refined, plain = LabelModelClassifier(), LabelModelClassifier(n_em_steps=0)
        gains.append(refined.fit(L).score(L, y) - plain.fit(L).score(L, y))
    assert np.mean(gains) > 0.01


def correlated(seed):
    """Votes of six LFs that mistake the same rows, and the truth."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=500)
    seen = np.where(rng.random(500) < 0.7, y, 1 - y)
    shared = rng.random((500, 6)) < 0.6
    own = np.where(rng.random((500, 6)) < 0.7, y[:, None], 1 - y[:, None])
    return np.where(shared, seen[:, None], own), y


def test_tempering_lowers_the_log_loss_of_votes_that_err_together():
    losses = []
    for seed in SEEDS:
        L, y = correlated(seed)
        models = [LabelModelClassifier(tempering=tempering).fit(L) for tempering in (0, 0.5)]
        losses.append([log_loss(y, model.predict_proba(L)) for model in models])
    plain, tempered = np.mean(losses, axis=0)
    assert tempered < plain - 0.1


@pytest.mark.parametrize(("n_lfs", "share"), [(10, 0.02), (20, 0.02), (10, 0.05)])
def test_a_rare_class_is_found_where_many_vote(n_lfs, share):
    data = make_label_matrix(
        5000,
        n_lfs,
        accuracy=(0.7, 0.9),
        coverage=1.0,
        class_balance=[1 - share, share],
        random_state=0,
    )
    model = LabelModelClassifier().fit(data.L)
    majority = MajorityVoteClassifier().fit(data.L)
    assert model.score(data.L, data.y) > majority.score(data.L, data.y) - 0.005
    assert (model.predict(data.L)[data.y == 1] == 1).mean() > 0.6


@pytest.mark.parametrize("n_samples", [3000, 30_000])
def test_many_steps_on_independent_votes_stay_with_the_truth(n_samples):
    data = make_label_matrix(
        n_samples, 8, accuracy=0.75, coverage=0.5, class_balance=[0.9, 0.1], random_state=0
    )
    few, many = (
        LabelModelClassifier(class_balance="estimate", n_em_steps=steps).fit(data.L)
        for steps in (5, 50)
    )
    assert_array_equal(many.vote_weights_, 1)
    assert many.score(data.L, data.y) > few.score(data.L, data.y) - 0.01
    assert 0.85 < many.class_prior_[0] < 0.92
