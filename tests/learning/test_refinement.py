"""Evidence read from whole rows: assumed tables, expectation maximisation, the class prior, gold anchors."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from helpers import assert_same_model, make_problem, make_votes
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import log_loss
from sklearn_labelmodel._learning.learn import combine, read_rows
from sklearn_labelmodel._learning.rows import maximise, refine

from sklearn_labelmodel import LabelModelClassifier, MajorityVoteClassifier
from sklearn_labelmodel._evidence import combine as _pattern_blocks
from sklearn_labelmodel._evidence.prior import anchored_prior
from sklearn_labelmodel._evidence.table import VoteTable
from sklearn_labelmodel._learning import observed as _refinement_problem
from sklearn_labelmodel._learning.gold import anchor, anchor_log_table, anchor_strength
from sklearn_labelmodel._learning.observed import assumed_table
from sklearn_labelmodel._votes import patterns as _patterns
from sklearn_labelmodel._votes.codes import ColumnVotes, DenseVotes, SparseVotes, no_gold
from sklearn_labelmodel._votes.gold import GoldCounts
from sklearn_labelmodel._votes.patterns import read_patterns
from sklearn_labelmodel._votes.reader import read_votes
from sklearn_labelmodel.datasets import make_label_matrix


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


# The start ----------------------------------------------------------------------------------------


def single_tables(problem, prior):
    """Share of each one-symbol LF's class, P(symbol | it), P(symbol | another one)."""
    table, k = np.exp(assumed_table(problem, prior)), problem.n_classes
    single = np.flatnonzero(~problem.has_choice[problem.lf])
    own = problem.symbol_class[single]
    shares = np.full(k, 1 / k) if prior is None else prior
    return single, shares[own], table[single, own], table[single, (own + 1) % k]


@pytest.mark.parametrize("prior", [None, np.array([0.05, 0.15, 0.8])])
@pytest.mark.parametrize("precision", [0.0, 0.2, 1 / 3, 0.7, 0.99, 1.0])
def test_assumed_table_of_one_sided_lfs_has_the_margins(prior, precision):
    problem = make_problem(one_sided(make_votes(n_classes=3)[0], range(5), 3), 3, precision)
    single, share, inside, outside = single_tables(problem, prior)
    assert len(single) == 5
    assert_allclose(share * inside + (1 - share) * outside, problem.frequency[single], rtol=1e-9)


@pytest.mark.parametrize("prior", [None, np.array([0.05, 0.15, 0.8])])
@pytest.mark.parametrize("precision", [0.01, 0.2, 1 / 3, 0.7, 0.99])
def test_assumed_table_of_one_sided_lfs_has_the_odds_ratio(prior, precision):
    problem = make_problem(one_sided(make_votes(n_classes=3)[0], range(5), 3), 3, precision)
    _, _, inside, outside = single_tables(problem, prior)
    ratio = inside * (1 - outside) / (outside * (1 - inside))
    assert_allclose(ratio, 2 * precision / (1 - precision), rtol=1e-9)


def test_assumed_table_of_a_worthless_lf_is_its_frequency():
    problem = make_problem(one_sided(make_votes()[0], range(5), 2), 2, 0.5)
    assert_allclose(np.exp(assumed_table(problem, None))[:, 0], problem.frequency)


@given(
    st.floats(1e-6, 1 - 1e-6),
    st.floats(1e-6, 1 - 1e-6),
    st.floats(0.01, 99 * 999),
)
def test_margin_table_is_of_probabilities_of_these_margins(frequency, share, ratio):
    inside, outside = _refinement_problem._margin_table(*np.array([[frequency], [share], [ratio]]))
    assert 0 < inside[0] < 1 + 1e-9
    assert 0 < outside[0] < 1 + 1e-9
    assert_allclose(share * inside + (1 - share) * outside, frequency, rtol=1e-6)


def test_assumed_table_of_lfs_with_a_choice_is_the_odds_of_their_class():
    problem = make_problem(make_votes(n_classes=3)[0], 3, 0.8)
    expected = np.log(8.0) * (problem.symbol_class[:, None] == np.arange(3))
    assert_allclose(assumed_table(problem, np.array([0.1, 0.2, 0.7])), expected, atol=1e-14)


def test_assumed_table_says_nothing_of_a_vote_that_is_no_class():
    problem = make_problem(mixed_votes(3), 3)
    foreign = problem.symbol_class == 3
    assert foreign.sum() == 1
    assert_array_equal(assumed_table(problem, None)[foreign], 0)


def test_assumed_table_of_one_class_says_nothing():
    L = np.where(make_votes()[0] == 0, 0, -1)
    assert_array_equal(assumed_table(make_problem(L, 1), None), 0)


# Expectation maximisation -------------------------------------------------------------------------


def posterior_by_formula(row, problem, table, tempering, likeness):
    """P(Y | row), one vote at a time."""
    held = [
        u
        for u, (lf, vote) in enumerate(zip(problem.lf, problem.vote, strict=True))
        if row[lf] == vote
    ]
    weight = [1 / (1 + likeness[u, held].sum()) for u in held]
    says = sum(w * table.log_table[u] for u, w in zip(held, weight, strict=True))
    joint = np.exp(table.log_prior + says / max(sum(weight), 1.0) ** tempering)
    return held, joint / joint.sum()


def step_by_formula(L, problem, table, tempering, learn_prior, likeness):
    """One step of EM, row by row and cell by cell."""
    k, counts, rows = problem.n_classes, np.zeros_like(table.log_table), np.zeros(problem.n_classes)
    for row in L[(L >= 0).any(axis=1)]:
        held, proba = posterior_by_formula(row, problem, table, tempering, likeness)
        counts[held] += proba
        rows += proba
    new = table.log_table.copy()
    for lf in range(problem.votes.n_lfs):
        own = np.flatnonzero(problem.lf == lf)
        if len(own) < 2:
            continue
        named = [u for u in own if problem.symbol_class[u] < k]
        right = sum(counts[u, problem.symbol_class[u]] for u in named)
        precision = np.clip(problem.precision[lf], 0.01, 0.99)
        accuracy = (right + 5 * precision) / (counts[named].sum() + 5)
        naming = counts[named].sum() / counts[own].sum()
        for u in own:
            for y in range(k):
                if u not in named:
                    implied = counts[u].sum() / counts[own].sum()
                elif problem.symbol_class[u] == y:
                    implied = naming * accuracy
                else:
                    implied = naming * (1 - accuracy) / (k - 1)
                new[u, y] = np.log((counts[u, y] + 5 * implied) / (counts[own, y].sum() + 5))
    if not learn_prior:
        return VoteTable(new, table.log_prior)
    shares = (rows + 1) ** problem.identified
    return VoteTable(new, np.log(shares / shares.sum()))


def some_likeness(problem, seed=0):
    """A symmetric likeness between some symbols of different LFs."""
    rng = np.random.default_rng(seed)
    n = len(problem.lf)
    matrix = np.triu(rng.random((n, n)) * (rng.random((n, n)) < 0.3), 1)
    matrix[problem.lf[:, None] == problem.lf] = 0
    return matrix + matrix.T


@pytest.mark.parametrize("alike", [False, True])
@pytest.mark.parametrize("known", [None, np.array([0.2, 0.5, 0.3])])
@pytest.mark.parametrize("precision", [0.7, [1.0, 0.0, 0.9, 0.5, 0.7, 0.4]])
def test_a_step_equals_the_formula(alike, known, precision):
    L = mixed_votes(3)
    problem = make_problem(L, 3, precision)
    likeness = some_likeness(problem) if alike else np.zeros((len(problem.lf),) * 2)
    prior = np.full(3, 1 / 3) if known is None else known
    start = VoteTable(assumed_table(problem, known), np.log(prior))
    expected = step_by_formula(L, problem, start, 0.25, known is None, likeness)
    table = refine(problem, known, 1, sp.csr_array(likeness) if alike else None)
    assert_allclose(table.log_table, expected.log_table, rtol=1e-10)
    assert_allclose(table.log_prior, expected.log_prior, rtol=1e-10)


@pytest.mark.parametrize("tempering", [0.0, 0.5, 1.0])
def test_tempered_steps_equal_the_formula(tempering):
    L = mixed_votes(2)
    problem = make_problem(L, 2)
    alone = np.zeros((len(problem.lf),) * 2)
    table = VoteTable(assumed_table(problem, None), np.log([0.5, 0.5]))
    learned = maximise(problem, table, 3, tempering, learn_prior=True)
    for _ in range(3):
        table = step_by_formula(L, problem, table, tempering, True, alone)
    assert_allclose(learned.log_table, table.log_table, rtol=1e-9)
    assert_allclose(learned.log_prior, table.log_prior, rtol=1e-9)


def test_steps_are_the_same_in_small_blocks(monkeypatch):
    problem = make_problem(make_votes(800, 8, 3)[0], 3)
    likeness = sp.csr_array(some_likeness(problem))
    expected = refine(problem, None, 3, likeness)
    monkeypatch.setattr(_patterns, "BLOCK_CELLS", 30)
    table = refine(problem, None, 3, likeness)
    assert len(list(_pattern_blocks.pattern_blocks(problem.patterns, 3, 0.25))) > 10
    assert_allclose(table.log_table, expected.log_table, rtol=1e-10)
    assert_allclose(table.log_prior, expected.log_prior, rtol=1e-10)


def test_a_known_prior_is_kept():
    prior = np.array([0.9, 0.1])
    table = refine(make_problem(make_votes()[0], 2), prior, 4)
    assert_allclose(np.exp(table.log_prior), prior)


def test_the_table_is_of_conditional_probabilities_once_all_votes_are_classes():
    problem = make_problem(make_votes(n_classes=3)[0], 3)
    table = np.exp(refine(problem, None, 3).log_table)
    assert_allclose([table[problem.lf == lf].sum(axis=0) for lf in range(5)], 1.0, rtol=1e-12)


def test_lfs_of_one_symbol_keep_their_table():
    problem = make_problem(mixed_votes(3), 3)
    single = ~problem.has_choice[problem.lf]
    table = refine(problem, None, 5).log_table
    assert_array_equal(problem.lf[single], [0, 4])
    assert_array_equal(table[single], assumed_table(problem, None)[single])


def test_without_a_choice_the_start_is_returned():
    problem = make_problem(one_sided(make_votes()[0], range(5), 2), 2)
    start = VoteTable(assumed_table(problem, None), np.log([0.5, 0.5]))
    assert maximise(problem, start, 5, 0.25, learn_prior=True) is start


def test_without_steps_the_start_is_returned():
    problem = make_problem(make_votes()[0], 2)
    assert_array_equal(refine(problem, None, 0).log_table, assumed_table(problem, None))


def test_rows_without_a_vote_change_no_table_of_lfs_with_a_choice():
    L = make_votes(n_classes=3)[0]
    padded = np.vstack([L, np.full((400, 5), -1)])
    learned = [refine(make_problem(votes, 3), None, 3) for votes in (L, padded)]
    assert_allclose(learned[1].log_table, learned[0].log_table, rtol=1e-12)
    assert_allclose(learned[1].log_prior, learned[0].log_prior, rtol=1e-12)


def test_accuracies_of_unequal_workers_are_found():
    accuracies = [0.95, 0.9, 0.8, 0.6, 0.5, 0.5]
    L, _ = crowd(3000, accuracies, [0.5, 0.3, 0.2], seed=4)
    problem = make_problem(L, 3)
    table = np.exp(refine(problem, None, 20).log_table)
    own = table[np.arange(18), problem.symbol_class].reshape(6, 3).mean(axis=1)
    assert_allclose(own, accuracies, atol=0.07)


# What votes identify ------------------------------------------------------------------------------


def test_identified_by_hand():
    # LF 0 has a choice and casts 3 of the 6 votes; 4 of the votes are in rows of two.
    L = np.array([[0, 1], [1, 1], [1, -1], [-1, 1], [-1, -1]])
    assert make_problem(L, 2).identified == pytest.approx(3 / 6 * 4 / 6)


def test_identified_of_one_sided_lfs_is_zero():
    assert make_problem(one_sided(make_votes()[0], range(5), 2), 2).identified == 0


def test_identified_of_a_full_crowd_is_one():
    assert make_problem(make_votes(coverage=1.0)[0], 2).identified == 1


# Samples of many rows -----------------------------------------------------------------------------


@pytest.fixture
def few_votes(monkeypatch):
    monkeypatch.setattr(_refinement_problem, "MOST_VOTES", 300)
    monkeypatch.setattr(_refinement_problem, "VOTES_PER_LF", 1)


RARE = make_votes(2000, 5, 3, seed=3)[0].copy()
RARE[:, 4] = -1
RARE[[7, 8], 4] = [0, 1]  # an LF that a sample misses
RARE[9, 3] = 9  # a vote that is no class
RARE[:, 2] = np.where(RARE[:, 2] == 2, -1, RARE[:, 2])
RARE[11, 2] = 2  # a class that an LF votes for once


def test_a_sample_holds_about_as_many_votes_as_asked_for(few_votes):
    patterns = make_problem(RARE, 3).patterns
    assert abs(patterns.weight @ np.diff(patterns.indicators.indptr) - 300) < 30


def test_a_sample_is_the_same_every_time(few_votes):
    tables = [refine(make_problem(RARE, 3), None, 2) for _ in range(2)]
    assert_array_equal(tables[0].log_table, tables[1].log_table)


def test_sampling_leaves_the_global_generator_alone(few_votes):
    before = np.random.get_state()[1:]  # noqa: NPY002
    refine(make_problem(RARE, 3), None, 1)
    after = np.random.get_state()[1:]  # noqa: NPY002
    for state, earlier in zip(after, before, strict=True):
        assert_array_equal(state, earlier)


def test_symbols_that_the_sample_misses_keep_a_finite_table(few_votes):
    problem = make_problem(RARE, 3)
    table = refine(problem, None, 5)
    assert (problem.patterns.counts() == 0).sum() >= 4
    assert np.isfinite(table.log_table).all()


def test_an_lf_that_the_sample_misses_still_speaks_for_its_class(few_votes):
    problem = make_problem(RARE, 3)
    table = refine(problem, None, 5).log_table[problem.lf == 4]
    assert_array_equal(table.argmax(axis=1), [0, 1])


@pytest.mark.parametrize("dependencies", [None, "auto"])
def test_rows_that_the_sample_misses_have_probabilities(few_votes, dependencies):
    model = LabelModelClassifier(classes=range(3), dependencies=dependencies)
    L = np.where(RARE == 9, -1, RARE)
    proba = model.fit(L).predict_proba(L)
    assert_allclose(proba.sum(axis=1), 1.0)


def test_a_sample_gives_about_the_full_answer(monkeypatch):
    L, _ = crowd(20000, [0.9, 0.8, 0.7, 0.7, 0.6, 0.6], [0.6, 0.4])
    full = refine(make_problem(L, 2), None, 5)
    monkeypatch.setattr(_refinement_problem, "MOST_VOTES", 15000)
    monkeypatch.setattr(_refinement_problem, "VOTES_PER_LF", 1)
    sampled = refine(make_problem(L, 2), None, 5)
    assert not np.array_equal(sampled.log_table, full.log_table)
    assert_allclose(np.exp(sampled.log_table), np.exp(full.log_table), atol=0.04)
    assert_allclose(np.exp(sampled.log_prior), np.exp(full.log_prior), atol=0.04)


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
    expected = refine(make_problem(L, 3), None, 2)
    assert_allclose(
        refine(make_problem(KINDS[kind](L), 3), None, 2).log_table, expected.log_table, rtol=1e-9
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


def test_with_symbols_spreads_the_indicators():
    L = np.array([[0, 2], [1, -1], [0, 2]])
    patterns = read_patterns(read_votes(L), no_gold(3))
    lf, vote = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 1, 2, 0, 2, 1])
    spread = patterns.with_symbols(lf, vote)
    dense = patterns.indicators.toarray()
    expected = np.zeros((len(dense), 6))
    expected[:, [0, 1, 4]] = dense
    assert_array_equal(spread.indicators.toarray(), expected)
    assert_array_equal(spread.lf, lf)
    assert_array_equal(spread.vote, vote)


def test_with_the_same_symbols_patterns_are_what_they_were():
    patterns = read_patterns(read_votes(make_votes()[0]), no_gold(200))
    assert patterns.with_symbols(patterns.lf, patterns.vote) is patterns


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
    assert_array_equal(model.class_prior_, model.voted_prior_)
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
    assert_array_equal(model.voted_prior_, model.class_prior_)


def test_class_prior_is_uniform_where_nothing_says_it():
    L, _ = crowd(400, [0.8] * 5, [0.9, 0.1])
    model = LabelModelClassifier().fit(L)
    assert_array_equal(model.class_prior_, [0.5, 0.5])


def test_voted_prior_is_learned_where_the_class_prior_is_unknown():
    L, _ = crowd(1000, [0.85] * 6, [0.8, 0.2], coverage=1.0)
    model = LabelModelClassifier().fit(L)
    assert_allclose(model.voted_prior_, [0.8, 0.2], atol=0.05)


@pytest.mark.parametrize("n_steps", [0, 3])
def test_evidence_is_the_geometric_mean_of_mu_and_the_table(n_steps):
    problem = make_problem(mixed_votes(3), 3)
    mu = np.random.default_rng(0).uniform(0.1, 0.9, (len(problem.lf), 3))
    nothing = np.zeros((0, 2), dtype=np.intp)
    reading = read_rows(problem, None, None, estimate=False, pairs=nothing, n_steps=n_steps)
    expected = mu
    if n_steps:
        table = np.exp(refine(problem, None, n_steps).log_table)
        for u, lf in enumerate(problem.lf):
            if (problem.lf == lf).sum() > 1:
                table[u] *= problem.coverage[lf]
        expected = np.sqrt(mu * table)
    final = combine(problem, reading, mu, 0.5, None)
    assert_allclose(np.exp(final.log_table), expected, rtol=1e-12)


# Gold anchors -------------------------------------------------------------------------------------


def gold_counts(by_symbol, rows):
    return GoldCounts(by_symbol, rows, np.zeros_like(rows))


def test_labels_that_agree_with_the_center_leave_it():
    center = np.array([0.5, 0.3, 0.2])
    assert_allclose(anchored_prior(40 * center, center, 1000), center, rtol=1e-12)


def test_few_labels_by_hand():
    # chi2 = (2 - 4)^2 / 4 + (6 - 4)^2 / 4 = 2 = 2 (k - 1): chance explains it all.
    center, share = np.full(2, 0.5), 1 - 8 / 80
    smoothed = (np.array([2, 6]) + 0.5) / 9
    expected = share * center + (1 - share) * smoothed
    assert_allclose(anchored_prior(np.array([2.0, 6.0]), center, 80), expected)


def test_labels_that_contradict_the_center_by_hand():
    # chi2 = 2 * 10^2 / 10 = 20, so the center weighs 2 / 20 of the unlabelled share.
    center, weight = np.full(2, 0.5), 0.1 * (1 - 20 / 200)
    smoothed = np.array([0.5, 20.5]) / 21
    expected = weight * center + (1 - weight) * smoothed
    assert_allclose(anchored_prior(np.array([0.0, 20.0]), center, 200), expected)


def test_more_than_a_hundred_labels_by_hand():
    # chi2 = 2 * 10^2 / 200 = 1, which chance explains; but the labels are 400.
    center, weight = np.full(2, 0.5), 100 / 400 * (1 - 400 / 1000)
    smoothed = np.array([210.5, 190.5]) / 401
    expected = weight * center + (1 - weight) * smoothed
    assert_allclose(anchored_prior(np.array([210.0, 190.0]), center, 1000), expected)


def test_many_labels_give_their_shares():
    prior = anchored_prior(np.array([9000.0, 1000.0]), np.full(2, 0.5), 10**6)
    assert_allclose(prior, [0.9, 0.1], atol=1e-3)


def test_labels_of_all_rows_give_the_smoothed_shares():
    prior = anchored_prior(np.array([3.0, 7.0, 0.0]), np.full(3, 1 / 3), 10)
    assert_allclose(prior, np.array([3.5, 7.5, 0.5]) / 11.5)


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=6).filter(sum),
    st.integers(0, 10**6),
    st.integers(0, 2**16),
)
def test_anchored_prior_is_a_positive_distribution(labels, unlabelled, seed):
    center = np.random.default_rng(seed).dirichlet(np.full(len(labels), 0.3)) + 1e-9
    center /= center.sum()
    prior = anchored_prior(np.array(labels, dtype=float), center, sum(labels) + unlabelled)
    assert (prior > 0).all()
    assert prior.sum() == pytest.approx(1.0)


@given(st.integers(1, 5), st.integers(0, 2**16))
def test_anchored_prior_lies_between_the_center_and_the_labels(n_classes, seed):
    rng = np.random.default_rng(seed)
    center = rng.dirichlet(np.ones(n_classes))
    labels = rng.integers(0, 9, n_classes) + np.eye(n_classes)[0]
    smoothed = (labels + 0.5 * n_classes * center) / (labels.sum() + 0.5 * n_classes)
    prior = anchored_prior(labels, center, 500)
    assert (prior >= np.minimum(center, smoothed) - 1e-12).all()
    assert (prior <= np.maximum(center, smoothed) + 1e-12).all()


def test_anchor_strength_by_hand():
    assert_allclose(anchor_strength(np.array([0.01, 1 / 3, 1.0])), [1000, 30, 30])


def test_anchor_log_table_by_hand():
    # LF 0 has a choice, LF 1 one symbol; two labelled rows of class 0 and four of class 1.
    table = np.array([[0.8, 0.3], [0.2, 0.7], [0.1, 0.4]])
    counts, rows = np.array([[1.0, 1.0], [1.0, 2.0], [0.0, 3.0]]), np.array([2.0, 4.0])
    strength = np.array([30.0, 30.0, 50.0])
    lf, has_choice = np.array([0, 0, 1]), np.array([True, False])
    expected = [
        [(1 + 5 * 0.8) / (2 + 5), (1 + 5 * 0.3) / (3 + 5)],
        [(1 + 5 * 0.2) / (2 + 5), (2 + 5 * 0.7) / (3 + 5)],
        [(0 + 50 * 0.1) / (2 + 50), (3 + 50 * 0.4) / (4 + 50)],
    ]
    anchored = anchor_log_table(np.log(table), lf, has_choice, gold_counts(counts, rows), strength)
    assert_allclose(np.exp(anchored), expected, rtol=1e-12)


def test_anchoring_to_no_label_changes_no_table():
    table, nothing = np.log([[0.8, 0.3], [0.2, 0.7]]), gold_counts(np.zeros((2, 2)), np.zeros(2))
    where = np.zeros(2, dtype=np.intp), np.array([True])
    anchored = anchor_log_table(table, *where, nothing, np.full(2, 30.0))
    assert_allclose(anchored, table, rtol=1e-12)


def test_anchored_evidence_combines_both_anchored_tables(binary):
    L, y = binary
    gold = np.where(np.arange(len(y)) < 40, y, -1)
    settings = {"class_balance": [0.5, 0.5], "dependencies": None}
    model = LabelModelClassifier(**settings).fit(L, gold)
    plain = LabelModelClassifier(**settings).fit(L)
    problem = make_problem(L, 2)
    held = (L[:40, problem.lf] == problem.vote).T.astype(float)
    gold = gold_counts(held @ np.eye(2)[y[:40]], np.bincount(y[:40]).astype(float))
    strength = anchor_strength(problem.frequency)
    voted = np.bincount(y[:40][(L[:40] != -1).any(axis=1)]).astype(float)
    half = np.array([0.5, 0.5])
    shares = anchored_prior(voted, half, (L != -1).any(axis=1).sum())
    table = refine(problem, half, 5, voted_prior=shares).log_table
    table = anchor_log_table(table, problem.lf, problem.has_choice, gold, strength)
    mu = anchor(plain.mu_, gold, strength)
    members = problem.lf[:, None] == problem.lf
    mu *= problem.coverage[problem.lf][:, None] / (members @ mu)
    expected = (np.log(mu) + table + np.log(problem.coverage[problem.lf])[:, None]) / 2
    assert_allclose(model.vote_evidence_, expected, rtol=1e-10)


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
