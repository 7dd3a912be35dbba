"""Known shares of the classes: probabilities of rows with votes have them, but for the slack."""

import numpy as np
import pytest
from helpers import make_problem, make_votes
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn_labelmodel._learning.learn import combine, read_rows

from sklearn_labelmodel import LabelModelClassifier, MajorityVoteClassifier
from sklearn_labelmodel._evidence import combine as _pattern_blocks
from sklearn_labelmodel._evidence.prior import ClassShares, KnownPrior
from sklearn_labelmodel._learning.gold import anchor_log_table, anchor_strength
from sklearn_labelmodel._learning.shares import MatchedRows, confirmed_table, voted_shares
from sklearn_labelmodel._votes import patterns as _patterns
from sklearn_labelmodel._votes.gold import GoldCounts
from sklearn_labelmodel.datasets import make_label_matrix

SHARES = {2: [0.3, 0.7], 3: [0.6, 0.3, 0.1]}


def assert_shares_are_met(model, L, slack):
    """The mean posterior of rows with votes is the class prior less slack c; c are the logarithms of class factors."""
    voted = L[(L != -1).any(axis=1)]
    log_factors = np.log(model.voted_prior_) - model._tempered_log_prior
    log_factors -= log_factors.mean()
    met = model.predict_proba(voted).mean(axis=0) + slack(len(voted)) * log_factors
    assert_allclose(met, model.class_prior_, atol=1e-7)


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


def test_a_few_rows_are_not_talked_out_of_their_votes():
    L = [[0, 0, 0]] * 5 + [[1, 1, 1]]
    model = LabelModelClassifier(class_balance=[0.3, 0.7]).fit(L)
    assert model.predict([[0, 0, 0], [1, 1, 1]]).tolist() == [0, 1]


@pytest.mark.parametrize("settings", [{"n_em_steps": 0}, {"init": "snorkel", "random_state": 0}])
def test_mu_alone_meets_no_shares(binary, settings):
    model = LabelModelClassifier(class_balance=[0.3, 0.7], **settings).fit(binary[0])
    assert_array_equal(model.voted_prior_, [0.3, 0.7])


def test_one_class_has_all_of_the_share():
    model = LabelModelClassifier(class_balance=[1.0], classes=[0]).fit([[0, 0, -1], [0, -1, 0]])
    assert_array_equal(model.voted_prior_, [1.0])


# LFs of one vote ----------------------------------------------------------------------------------


def test_confirmed_lfs_are_as_precise_as_rows_say_by_hand():
    # 25 of 100 rows hold a vote for class 1, which has a share of 0.2.
    problem = make_problem(np.repeat([[1], [-1]], [25, 75], axis=0), 2)
    log_table, shares = np.log([[0.15, 0.4]]), np.array([0.8, 0.2])
    table = confirmed_table(problem, log_table, np.array([[5.0, 15.0]]), shares)
    assumed = np.array([0.15 * 0.8, 0.4 * 0.2]) / (0.15 * 0.8 + 0.4 * 0.2)
    precision = (np.array([5, 15]) + 5 * assumed) / 25
    assert_allclose(np.exp(table), [precision * 0.25 / shares])


def test_lfs_that_rows_do_not_confirm_keep_their_table():
    problem = make_problem(np.repeat([[1], [-1]], [20, 80], axis=0), 2)
    log_table = np.log([[0.15, 0.4]])
    counts = np.array([[15.0, 5.0]])
    table = confirmed_table(problem, log_table, counts, np.array([0.8, 0.2]))
    assert_array_equal(table, log_table)


def test_confirmed_probabilities_are_at_most_one():
    problem = make_problem(np.repeat([[1], [-1]], [60, 40], axis=0), 2)
    counts = np.array([[0.0, 60.0]])
    table = confirmed_table(problem, np.log([[0.5, 0.7]]), counts, np.array([0.9, 0.1]))
    assert np.exp(table[0, 1]) == pytest.approx(1.0)


def test_lfs_with_a_choice_and_votes_that_are_no_class_keep_their_table():
    L = np.array([[0, 7], [1, 7], [0, -1], [1, -1]])
    problem = make_problem(L, 2)
    log_table = np.log(np.full((3, 2), 0.5))
    counts = np.array([[2.0, 0.0], [0.0, 2.0], [0.0, 2.0]])
    assert_array_equal(confirmed_table(problem, log_table, counts, np.full(2, 0.5)), log_table)


@pytest.mark.parametrize("silence", [False, True])
@pytest.mark.parametrize("tempering", [0.0, 0.5])
def test_expected_counts_by_formula(tempering, silence):
    L = make_label_matrix(80, 5, 3, one_sided=0.5, random_state=0).L
    problem = make_problem(L, 3)
    shares = np.array([0.6, 0.3, 0.1])
    log_table = np.log(np.random.default_rng(0).uniform(0.1, 0.9, (len(problem.lf), 3)))
    blocks = list(_pattern_blocks.pattern_blocks(problem.patterns, 3, tempering))
    telling = silence & ~problem.has_choice[problem.lf]
    rows = MatchedRows(ClassShares(shares), blocks, telling)
    silent = np.log(np.maximum(1 - np.exp(log_table), 0.2))
    factors, expected = rows.log_factors(log_table), np.zeros_like(log_table)
    assert abs(factors).max() > 0.1
    for row in L[(L != -1).any(axis=1)]:
        held = row[problem.lf] == problem.vote
        said = log_table[held].sum(axis=0) + silent[telling & ~held].sum(axis=0)
        joint = (np.log(shares) + said) / held.sum() ** tempering + factors
        expected[held] += np.exp(joint) / np.exp(joint).sum()
    assert_allclose(rows.expected_counts(log_table), expected, rtol=1e-9)


def one_sided_reading(gold=None, given=None):
    """What is combined of one-sided LFs, and the parts that it comes from."""
    settings = {"accuracy": 0.9, "class_balance": [0.8, 0.2], "one_sided": True}
    problem = make_problem(make_label_matrix(300, 6, random_state=0, **settings).L, 2)
    nothing = np.zeros((0, 2), dtype=np.intp)
    known = None if given is None else KnownPrior(given.shares, given)
    reading = read_rows(problem, known, gold, estimate=False, pairs=nothing, n_steps=5)
    mu = np.exp(reading.table.log_table) * 0.9
    return problem, reading, mu, combine(problem, reading, mu, 0.5, gold)


def test_one_sided_lfs_are_confirmed_three_times():
    known = ClassShares(np.array([0.8, 0.2]))
    problem, reading, mu, final = one_sided_reading(given=known)
    blocks = list(_pattern_blocks.pattern_blocks(problem.patterns, 2, 0.5))
    rows = MatchedRows(known, blocks, np.ones(len(problem.lf), dtype=bool))
    log_table = reading.table.log_table
    for _ in range(3):
        rows = rows.with_shares(voted_shares(problem, log_table, known.shares))
        counts = rows.expected_counts((np.log(mu) + log_table) / 2)
        log_table = confirmed_table(problem, log_table, counts, known.shares)
    assert (log_table != reading.table.log_table).any()
    combined = (np.log(mu) + log_table) / 2
    silent = np.log(np.maximum(1 - np.exp(combined), 0.2))
    assert_allclose(final.log_table, combined - silent)
    shares = voted_shares(problem, log_table, known.shares)
    assert_allclose(final.tempered_log_prior, np.log(shares) + silent.sum(axis=0))
    assert_allclose(final.voted_prior, rows.with_shares(shares).voted_prior(combined))


def test_voted_shares_by_hand():
    # Half of the rows are silent, and silence is twice as likely in class 0.
    problem = make_problem(np.repeat([[1], [-1]], [50, 50], axis=0), 2)
    shares = voted_shares(problem, np.log([[0.2, 0.6]]), np.array([0.6, 0.4]))
    silent = np.array([0.6 * 0.8, 0.4 * 0.4]) / (0.6 * 0.8 + 0.4 * 0.4)
    left = np.array([0.6, 0.4]) - 0.5 * silent
    assert_allclose(shares, left / left.sum())


def test_voted_shares_are_positive():
    problem = make_problem(np.repeat([[1], [-1]], [5, 95], axis=0), 2)
    shares = voted_shares(problem, np.log([[0.001, 0.9]]), np.array([0.9, 0.1]))
    assert (shares > 0).all()
    assert shares[1] > 0.5


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


def test_one_sided_lfs_are_not_confirmed_by_shares_of_gold_labels():
    gold = GoldCounts(np.full((6, 2), 2.0), np.array([30.0, 10.0]), np.zeros(2))
    problem, reading, mu, final = one_sided_reading(gold)
    strength = anchor_strength(problem.frequency)
    table = anchor_log_table(
        reading.table.log_table, problem.lf, problem.has_choice, gold, strength
    )
    assert_allclose(final.log_table, (np.log(mu) + table) / 2)


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
    expected = (np.array([1, 9]) + 5 * model.class_prior_) / 15
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
