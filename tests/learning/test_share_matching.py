"""Known shares of the classes: probabilities of rows with votes have them, but for the slack."""

from dataclasses import replace

import numpy as np
import pytest
from helpers import make_observed, make_votes
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_labelmodel import LabelModelClassifier, MajorityVoteClassifier
from sklearn_labelmodel._evidence.model import expected_counts
from sklearn_labelmodel._learning.shares import (
    confirm,
    confirmed,
    left_to_voted,
    match_shares,
    offsets,
    voted_shares,
    with_silence,
)
from sklearn_labelmodel._votes import patterns as _patterns
from sklearn_labelmodel.datasets import make_label_matrix

# Votes that each prior is worth; not imported, so that tests notice when it moves.
PRIOR_VOTES = 10
SHARES = {2: [0.3, 0.7], 3: [0.6, 0.3, 0.1]}


def assert_shares_are_met(model, L, slack, shares=None):
    """The mean posterior of rows with votes is the known shares less slack c, with c the classes' offsets."""
    voted = L[(L != -1).any(axis=1)]
    added = model.vote_model_.offsets
    assert abs(added).max() > 0.01
    met = model.predict_proba(voted).mean(axis=0) + slack(len(voted)) * added
    assert_allclose(met, model.class_prior_ if shares is None else shares, atol=1e-7)


def slack_of_rows(n_rows):
    return 0.03 + 8 / n_rows


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("tempering", [0.0, 0.5])
def test_probabilities_have_the_given_shares(n_classes, tempering):
    L, _ = make_votes(n_classes=n_classes, coverage=0.4)
    model = LabelModelClassifier(class_balance=SHARES[n_classes], tempering=tempering)
    assert_shares_are_met(model.fit(L), L, slack_of_rows)


def test_labels_of_one_sided_lfs_have_the_given_shares():
    L = make_label_matrix(300, 6, one_sided=True, random_state=0).L
    model = LabelModelClassifier(class_balance=[0.8, 0.2]).fit(L)
    assert_shares_are_met(model, L, slack_of_rows)


@pytest.mark.parametrize("dependencies", [None, [(0, 1), (3, 4)]])
def test_probabilities_have_the_given_shares_whatever_votes_weigh(dependencies):
    L, _ = make_votes()
    model = LabelModelClassifier(class_balance=[0.3, 0.7], dependencies=dependencies)
    assert_shares_are_met(model.fit(L), L, slack_of_rows)


def test_probabilities_have_the_shares_of_gold_labels_with_more_slack():
    L, y = make_votes(400, coverage=0.8)
    gold = np.where(np.arange(len(y)) < 25, y, -1)
    gold[:15] = 0
    assert (L[:25] != -1).any(axis=1).all()
    model = LabelModelClassifier().fit(L, gold)
    assert_shares_are_met(model, L, lambda n_rows: slack_of_rows(n_rows) + 8 / 25)


def test_probabilities_have_the_shares_of_labels_taken_at_their_word_with_more_slack():
    L, _ = make_votes(400)
    gold = np.where(np.arange(400) < 50, np.where(np.arange(400) % 5 == 0, 1, 0), -1)
    model = LabelModelClassifier(gold="prior").fit(L, gold)
    assert_allclose(model.class_prior_, [0.8, 0.2])
    assert_shares_are_met(model, L, lambda n_rows: slack_of_rows(n_rows) + 8 / 50)


def test_a_few_labels_leave_a_given_balance_as_certain():
    L, y = make_votes(400, coverage=0.8)
    gold = np.where(np.arange(len(y)) < 4, y, -1)
    model = LabelModelClassifier(class_balance=[0.3, 0.7]).fit(L, gold)
    voted = (L != -1).any(axis=1)
    assert_allclose(model.predict_proba(L[voted]).mean(axis=0), [0.3, 0.7], atol=0.05)


def test_gold_labels_tell_that_rows_with_votes_are_not_like_the_others():
    accuracies = []
    for seed in range(5):
        L, y = make_votes(2000, 8, seed=seed)
        rng = np.random.default_rng(seed)
        L = np.where((rng.random(2000) < np.where(y == 0, 0.7, 0.05))[:, None], -1, L)
        gold = np.where(np.arange(2000) < 200, y, -1)
        voted = (L != -1).any(axis=1) & (gold == -1)
        assumed = LabelModelClassifier(class_balance=[0.5, 0.5]).fit(L)
        labelled = LabelModelClassifier().fit(L, gold)
        assert labelled.class_prior_[0] > 0.4
        assert labelled.predict_proba(L[voted])[:, 0].mean() < 0.3
        accuracies.append([model.score(L[voted], y[voted]) for model in (assumed, labelled)])
    without, told = np.mean(accuracies, axis=0)
    assert told > without + 0.02


def test_shares_are_met_in_small_blocks(monkeypatch):
    L, _ = make_votes(800, 8, 3)
    model = LabelModelClassifier(class_balance=SHARES[3])
    expected = model.fit(L).voted_prior_
    monkeypatch.setattr(_patterns, "BLOCK_CELLS", 30)
    assert_allclose(model.fit(L).voted_prior_, expected, rtol=1e-7)


@given(st.integers(0, 2**16))
def test_rows_and_lfs_in_another_order_meet_the_same_shares(seed):
    rng = np.random.default_rng(seed)
    L, _ = make_votes(60, n_classes=3, coverage=0.5)
    model = LabelModelClassifier(class_balance=SHARES[3], n_epochs=5)
    expected = model.fit(L).predict_proba(L)
    rows, lfs = rng.permutation(60), rng.permutation(5)
    assert_allclose(model.fit(L[rows][:, lfs]).predict_proba(L[:, lfs]), expected, atol=1e-7)


@pytest.mark.parametrize("dependencies", [None, "auto"])
def test_a_few_rows_are_not_talked_out_of_their_votes(dependencies):
    L = [[0, 0, 0]] * 5 + [[1, 1, 1]]
    model = LabelModelClassifier(class_balance=[0.3, 0.7], dependencies=dependencies).fit(L)
    assert model.predict([[0, 0, 0], [1, 1, 1]]).tolist() == [0, 1]


@pytest.mark.parametrize("settings", [{"n_em_steps": 0}, {"init": "snorkel", "random_state": 0}])
def test_mu_alone_meets_no_shares(binary, settings):
    model = LabelModelClassifier(class_balance=[0.3, 0.7], **settings).fit(binary[0])
    assert_array_equal(model.voted_prior_, [0.3, 0.7])


def test_one_class_has_all_of_the_share():
    model = LabelModelClassifier(class_balance=[1.0], classes=[0]).fit([[0, 0, -1], [0, -1, 0]])
    assert_array_equal(model.voted_prior_, [1.0])


# Offsets ------------------------------------------------------------------------------------------


def random_scores(n_rows, n_classes, seed=0):
    return 2 * np.random.default_rng(seed).normal(size=(n_classes, n_rows))


def mean_posterior(scores, weight, c):
    proba = np.exp(scores + c[:, None])
    return proba / proba.sum(axis=0) @ weight / weight.sum()


@pytest.mark.parametrize("n_labels", [np.inf, 40])
@given(st.integers(1, 5), st.integers(0, 2**16))
def test_offsets_solve_their_equation(n_labels, n_classes, seed):
    rng = np.random.default_rng(seed)
    scores, weight = random_scores(30, n_classes, seed), rng.integers(1, 9, 30).astype(float)
    shares = rng.dirichlet(np.full(n_classes, 2.0))
    c = offsets([(scores, weight)], shares, n_labels)
    slack = 0.03 + 8 / weight.sum() + 8 / n_labels
    assert_allclose(mean_posterior(scores, weight, c) + slack * c, shares, atol=1e-7)
    assert c.sum() == pytest.approx(0, abs=1e-6)


def test_offsets_of_blocks_are_those_of_all_rows():
    scores, weight = random_scores(30, 3), np.arange(1.0, 31)
    shares = np.array([0.6, 0.3, 0.1])
    blocks = [(scores[:, rows].copy(), weight[rows]) for rows in (slice(7), slice(7, 30))]
    whole = offsets([(scores, weight)], shares, np.inf)
    assert_allclose(offsets(blocks, shares, np.inf), whole, atol=1e-7)


def test_shares_that_are_met_need_no_offsets():
    scores, weight = random_scores(40, 3), np.ones(40)
    shares = mean_posterior(scores, weight, np.zeros(3))
    assert_allclose(offsets([(scores, weight)], shares, np.inf), 0, atol=1e-8)


# LFs of one vote ----------------------------------------------------------------------------------


def rules(n_votes, n_samples=100):
    """What is observed of one LF that votes for class 1."""
    return make_observed(np.repeat([[1], [-1]], [n_votes, n_samples - n_votes], axis=0), 2)


def test_confirmed_lfs_are_as_precise_as_rows_say_by_hand():
    # 25 of 100 rows hold a vote for class 1, which has a share of 0.2.
    log_p, shares = np.log([[0.15, 0.4]]), np.array([0.8, 0.2])
    table = confirmed(rules(25), log_p, np.array([[5.0, 15.0]]), shares)
    assumed = np.array([0.15 * 0.8, 0.4 * 0.2]) / (0.15 * 0.8 + 0.4 * 0.2)
    precision = (np.array([5, 15]) + PRIOR_VOTES * assumed) / (20 + PRIOR_VOTES)
    assert_allclose(np.exp(table), [precision * 0.25 / shares])


@pytest.mark.parametrize(("right", "more"), [(7.9, False), (8.1, True)])
def test_only_lfs_that_rows_confirm_change_their_table(right, more):
    # Before, the precision is 0.08 / (0.12 + 0.08) = 0.4: 8 of 20 rows.
    log_p, counts = np.log([[0.15, 0.4]]), np.array([[20 - right, right]])
    table = confirmed(rules(20), log_p, counts, np.array([0.8, 0.2]))
    assert (table != log_p).any() == more
    assert (table[0, 1] - table[0, 0] > log_p[0, 1] - log_p[0, 0]) == more


def test_confirmed_probabilities_are_at_most_one():
    counts = np.array([[0.0, 60.0]])
    table = confirmed(rules(60), np.log([[0.5, 0.7]]), counts, np.array([0.9, 0.1]))
    assert np.exp(table[0, 1]) == pytest.approx(1.0)


def test_lfs_with_a_choice_and_votes_that_are_no_class_keep_their_table():
    observed = make_observed(np.array([[0, 7], [1, 7], [0, -1], [1, -1]]), 2)
    log_p = np.log(np.full((3, 2), 0.5))
    counts = np.array([[2.0, 0.0], [0.0, 2.0], [0.0, 2.0]])
    assert_array_equal(confirmed(observed, log_p, counts, np.full(2, 0.5)), log_p)


def a_model(observed, shares, seed=0):
    """A vote model of random numbers whose shares are given."""
    model = LabelModelClassifier(class_balance=shares, dependencies=None)._assume(observed)
    rng = np.random.default_rng(seed)
    shape = observed.meaning.shape
    table = replace(model.table, log_p=np.log(rng.uniform(0.1, 0.9, shape)))
    return replace(model, table=table, mu=rng.uniform(0.1, 0.9, shape))


def scores_by_formula(row, observed, model, log_p, *, silence):
    """Log P(Y | votes) of a row with a vote, and without offsets; the silence of LFs of one symbol may count."""
    held = row[observed.lf] == observed.vote
    said = np.log(model.prior.of_voted) + log_p[held].sum(axis=0)
    if silence:
        telling = ~observed.has_choice[observed.lf] & ~held
        said = said + np.log(np.maximum(1 - np.exp(log_p[telling]), 0.2)).sum(axis=0)
    return said / held.sum() ** model.tempering


@pytest.mark.parametrize("silence", [False, True])
@pytest.mark.parametrize("tempering", [0.0, 0.5])
def test_matched_rows_by_formula(tempering, silence):
    L = make_label_matrix(80, 5, 3, one_sided=0.5, random_state=0).L
    observed, shares = make_observed(L, 3), [0.6, 0.3, 0.1]
    model = replace(a_model(observed, shares), tempering=tempering)
    voted = L[(L != -1).any(axis=1)]
    log_p = model.table.log_p
    scores = [scores_by_formula(row, observed, model, log_p, silence=silence) for row in voted]
    c = offsets([(np.transpose(scores), np.ones(len(voted)))], np.array(shares), np.inf)
    expected = np.zeros_like(log_p)
    for row, score in zip(voted, scores, strict=True):
        expected[row[observed.lf] == observed.vote] += np.exp(score + c) / np.exp(score + c).sum()
    found = match_shares(observed, model, silence=silence)
    counts, *_ = expected_counts(found, found.rows(observed.sample))
    assert np.abs(c).max() > 0.1
    assert_allclose(found.offsets, c, atol=1e-7)
    assert_allclose(counts, expected, rtol=1e-6)


def test_silence_is_at_least_a_fifth():
    observed = rules(30)
    model = a_model(observed, [0.5, 0.5])
    model = replace(model, table=replace(model.table, log_p=np.log([[0.79, 0.9]])))
    told = with_silence(model)
    assert_allclose(np.exp(told.table.log_p), [[0.79 / 0.21, 0.9 / 0.2]], rtol=1e-12)
    assert_allclose(told.prior.of_voted, np.array([0.21, 0.2]) / 0.41, rtol=1e-12)


def test_only_lfs_of_one_symbol_tell_by_their_silence():
    observed = make_observed(make_votes(60)[0], 2)
    model = a_model(observed, [0.3, 0.7])
    told = with_silence(model)
    assert_array_equal(told.table.log_p, model.table.log_p)
    assert_allclose(told.prior.of_voted, [0.3, 0.7], rtol=1e-12)


def confirmed_by_formula(observed, model, L, n_times):
    """The table of LFs of one symbol, row by row."""
    log_p, voted = model.table.log_p, L[(L != -1).any(axis=1)]
    shares, k = model.prior.of_all, len(model.classes)
    for _ in range(n_times):
        prior = replace(model.prior, of_voted=voted_by_formula(log_p, shares, len(voted) / len(L)))
        mean = (np.log(model.mu) + log_p) / 2
        told = replace(model, prior=prior)
        scores = [scores_by_formula(row, observed, told, mean, silence=True) for row in voted]
        c = offsets([(np.transpose(scores), np.ones(len(voted)))], prior.of_voted, np.inf)
        counts = np.zeros_like(log_p)
        for row, score in zip(voted, scores, strict=True):
            held = row[observed.lf] == observed.vote
            counts[held] += np.exp(score + c) / np.exp(score + c).sum()
        new = log_p.copy()
        for u, own in enumerate(observed.vote):
            before = np.exp(log_p[u]) * shares / (np.exp(log_p[u]) @ shares)
            learned = (counts[u] + PRIOR_VOTES * before) / (counts[u].sum() + PRIOR_VOTES)
            if learned[own] > before[own]:
                new[u] = np.log(np.minimum(learned * observed.frequency[u] / shares, 1))
        log_p = new
    assert k == 2
    return log_p


def voted_by_formula(log_p, shares, voted):
    """Shares among rows with votes: what rows without one leave, and a fifth of their share at least."""
    silent = shares * np.prod(np.maximum(1 - np.exp(log_p), 0.2), axis=0)
    left = shares - (1 - voted) * silent / silent.sum()
    left = np.maximum(left, 0.2 * voted * shares)
    return left / left.sum()


def rule_set(n_samples=300):
    """Votes of one-sided LFs, what is observed of them, and a model of what they are assumed to be."""
    settings = {"accuracy": 0.9, "class_balance": [0.8, 0.2], "one_sided": True}
    L = make_label_matrix(n_samples, 6, random_state=0, **settings).L
    observed = make_observed(L, 2)
    model = LabelModelClassifier(class_balance=[0.8, 0.2])._assume(observed)
    return L, observed, replace(model, mu=model.mu * 0.9)


@pytest.mark.parametrize("tempering", [0.0, 0.5])
def test_one_sided_lfs_are_confirmed_three_times(tempering):
    L, observed, model = rule_set()
    found = confirm(observed, model, tempering=tempering)
    model = replace(model, tempering=tempering)
    tables = [confirmed_by_formula(observed, model, L, times) for times in (2, 3, 4)]
    assert_allclose(found.table.log_p, tables[1], atol=1e-5)
    for other in (tables[0], tables[2]):
        assert np.abs(found.table.log_p - other).max() > 1e-3
    shares = voted_by_formula(tables[1], np.array([0.8, 0.2]), observed.voted_share)
    assert_allclose(found.prior.of_voted, shares, atol=1e-5)


def test_lfs_with_a_choice_are_not_confirmed():
    observed = make_observed(make_votes(60)[0], 2)
    model = a_model(observed, [0.3, 0.7])
    assert confirm(observed, model, tempering=0.0) is model


def test_voted_shares_by_hand():
    # Half of the rows are silent, and silence is twice as likely in class 0.
    shares = voted_shares(np.log([[0.2, 0.6]]), np.array([0.6, 0.4]), 0.5)
    silent = np.array([0.6 * 0.8, 0.4 * 0.4]) / (0.6 * 0.8 + 0.4 * 0.4)
    left = np.array([0.6, 0.4]) - 0.5 * silent
    assert_allclose(shares, left / left.sum())


def test_a_fifth_of_their_share_is_left_to_classes_that_silent_rows_seem_to_hold():
    shares = voted_shares(np.log([[0.001, 0.9]]), np.array([0.9, 0.1]), 0.05)
    silent = np.array([0.9 * 0.999, 0.1 * 0.2])
    right = 0.1 - 0.95 * silent[1] / silent.sum()
    assert_allclose(shares, np.array([0.01 * 0.9, right]) / (0.01 * 0.9 + right), rtol=1e-12)


@pytest.mark.parametrize(("kept", "least"), [(0.21, 0.21), (0.19, 0.2)])
def test_rows_with_votes_keep_a_fifth_of_a_share_at_least(kept, least):
    # Rows without votes take all but so much of what those with votes would have of class 1.
    shares, voted = np.array([0.6, 0.4]), 0.5
    of_voteless = (0.4 - kept * voted * 0.4) / (1 - voted)
    left = left_to_voted(shares, np.array([1 - of_voteless, of_voteless]), voted)
    expected = np.array([0.6 - (1 - voted) * (1 - of_voteless), least * voted * 0.4])
    assert_allclose(left, expected / expected.sum(), rtol=1e-12)


def test_a_known_prior_finds_the_rare_class_that_rules_are_written_for():
    rng = np.random.default_rng(0)
    y = (rng.random(5000) < 0.1).astype(int)
    recall = np.array([0.5, 0.4, 0.3])
    L = np.where(rng.random((5000, 3)) < np.where(y[:, None] == 1, recall, 0.01), 1, -1)
    model = LabelModelClassifier(classes=[0, 1], class_balance=[0.9, 0.1]).fit(L)
    assert model.score(L, y) > 0.92
    assert model.predict(L)[y == 1].mean() > 0.25


@pytest.mark.parametrize("settings", [{"class_balance": [0.9, 0.1]}, {"gold": "prior"}, {}])
def test_labels_of_all_rows_tell_the_shares_among_rows_with_votes(settings):
    rng = np.random.default_rng(0)
    y = (rng.random(5000) < 0.1).astype(int)
    recall = np.array([0.5, 0.4, 0.3])
    L = np.where(rng.random((5000, 3)) < np.where(y[:, None] == 1, recall, 0.01), 1, -1)
    model = LabelModelClassifier(**settings).fit(L, y)
    assert model.predict(L)[y == 1].mean() > 0.7


@pytest.mark.parametrize("share", [0.02, 0.1])
@pytest.mark.parametrize("precision", [0.3, 0.8])
def test_a_vote_for_a_rare_class_is_never_evidence_against_it(share, precision):
    rng = np.random.default_rng(0)
    y = (rng.random(10_000) < share).astype(int)
    false = 0.5 * share / (1 - share) * (1 - precision) / precision
    rare = np.where(rng.random(10_000) < np.where(y == 1, 0.5, false), 1, -1)
    common = np.where(rng.random((10_000, 4)) < np.where(y == 0, 0.4, 0.08)[:, None], 0, -1)
    L = np.column_stack([rare, common])
    model = LabelModelClassifier(class_balance=[1 - share, share]).fit(L)
    lone, silent = [1, -1, -1, -1, -1], [-1, -1, -1, -1, -1]
    assert model.predict_proba([lone])[0, 1] > 2 * model.predict_proba([silent])[0, 1]


def test_silence_of_one_sided_lfs_tells_classes_whose_prior_is_given():
    settings = {"accuracy": 0.75, "coverage": 0.5, "class_balance": [0.8, 0.2], "one_sided": True}
    data = make_label_matrix(3000, 10, random_state=0, **settings)
    model = LabelModelClassifier(class_balance=[0.8, 0.2]).fit(data.L)
    assert model.score(data.L, data.y) > MajorityVoteClassifier().fit(data.L).score(data.L, data.y)


def test_known_shares_tell_precise_one_sided_lfs():
    settings = {"class_balance": [0.8, 0.2], "one_sided": True, "random_state": 0}
    data = make_label_matrix(1000, 10, accuracy=0.9, coverage=0.4, **settings)
    model = LabelModelClassifier(class_balance=[0.8, 0.2]).fit(data.L)
    majority = MajorityVoteClassifier().fit(data.L).score(data.L, data.y)
    assert model.score(data.L, data.y) > majority


# Rows without votes -------------------------------------------------------------------------------


def test_rows_without_votes_get_the_given_shares():
    L, _ = make_votes(100)
    model = LabelModelClassifier(class_balance=[0.3, 0.7]).fit(np.vstack([L, np.full((20, 5), -1)]))
    assert_allclose(model.predict_proba([[-1] * 5]), [[0.3, 0.7]])


def test_gold_labels_of_rows_without_votes_move_their_prior():
    L, y = make_votes(100)
    L = np.vstack([L, np.full((12, 5), -1)])
    gold = np.concatenate([np.where(np.arange(100) < 20, y, -1), [1] * 9, [0], [-1] * 2])
    model = LabelModelClassifier().fit(L, gold)
    expected = np.array([1, 9]) + PRIOR_VOTES * model.class_prior_
    expected /= 10 + PRIOR_VOTES
    assert_allclose(model.voteless_prior_, expected)
    assert_allclose(model.predict_proba([[-1] * 5]), [expected])


def test_gold_labels_of_rows_with_votes_leave_the_others_their_class_prior():
    L, y = make_votes(100, coverage=1.0)
    model = LabelModelClassifier().fit(L, np.where(np.arange(100) < 20, y, -1))
    assert_allclose(model.voteless_prior_, model.class_prior_)


@pytest.mark.parametrize("settings", [{"gold": "prior"}, {"gold": "ignore"}, {"n_em_steps": 0}])
def test_gold_labels_that_do_not_refine_leave_rows_without_votes_alone(settings):
    L, y = make_votes(100)
    L = np.vstack([L, np.full((12, 5), -1)])
    gold = np.concatenate([np.where(np.arange(100) < 20, y, -1), [1] * 12])
    model = LabelModelClassifier(**settings).fit(L, gold)
    assert_array_equal(model.voteless_prior_, model.class_prior_)
