"""Labeling functions that copy each other: declared or found, and votes that count less for it."""

import pickle
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from helpers import assert_same_model, make_votes, tempered_posterior_by_formula
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV

from sklearn_labelmodel import LabelModelClassifier, MajorityVoteClassifier
from sklearn_labelmodel._evidence import model as _evidence
from sklearn_labelmodel._evidence.model import groups_of, weigh
from sklearn_labelmodel._evidence.told import resolve_pairs, symbol_likeness
from sklearn_labelmodel._learning import em as _dependence
from sklearn_labelmodel._learning.em import find_copies
from sklearn_labelmodel._votes.codes import no_gold
from sklearn_labelmodel._votes.pairs import count_votes
from sklearn_labelmodel._votes.reader import read_votes
from sklearn_labelmodel.datasets import make_label_matrix

NAMES = np.array(["ham", "spam", "link", "caps"], dtype=object)

NUMBERED = np.array([7, "ham", 9, 3], dtype=object)


def found_pairs(L, n_classes):
    """The near-duplicates that a fit finds."""
    model = LabelModelClassifier(classes=range(n_classes), n_epochs=0).fit(L)
    return [list(pair) for pair in model.dependencies_]


def with_copies(L, lf, n_copies, *, noise=0.0, seed=0):
    """L, and noisy copies of one of its LFs as its last columns."""
    rng = np.random.default_rng(seed)
    copies = np.tile(L[:, [lf]], (1, n_copies))
    others = rng.integers(L.max() + 1, size=copies.shape)
    changed = (rng.random(copies.shape) < noise) & (copies >= 0)
    return np.hstack([L, np.where(changed, others, copies)])


def for_one_class(L, votes):
    """L with each LF voting for one class alone."""
    return np.where(np.array(votes) == L, L, -1)


# Declared pairs -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pairs",
    [
        [("ham", "link"), ("caps", "spam")],
        [(0, 2), (3, 1)],
        [("ham", 2), (3, "spam")],
        [(np.int64(0), np.int32(2)), (np.uint8(3), 1)],
        [["ham", "link"], ["caps", "spam"]],
        np.array([[0, 2], [3, 1]]),
        np.array([["ham", "link"], ["caps", "spam"]]),
        iter([("ham", "link"), (3, 1)]),
    ],
    ids=["names", "columns", "both", "numpy_columns", "lists", "array", "name_array", "iterator"],
)
def test_pairs_are_resolved_to_columns(pairs):
    resolved = resolve_pairs(pairs, 4, NAMES)
    assert resolved.tolist() == [[0, 2], [3, 1]]
    assert resolved.dtype == np.intp


def test_no_pairs_are_an_empty_table():
    assert resolve_pairs((), 4, None).shape == (0, 2)


@pytest.mark.parametrize(
    ("pairs", "names", "message"),
    [
        (
            [("ham", "eggs")],
            NAMES,
            "names LF 'eggs', which L does not have; its LFs are called .*'ham'",
        ),
        ([("ham", "link")], None, "names LF 'ham', which L does not have; its columns are 0 to 3"),
        ([(0, 4)], None, "names LF 4, which L does not have; its columns are 0 to 3"),
        ([(0, -1)], NAMES, "names LF -1, which L does not have; its LFs are called"),
        (
            [(0, 7)],
            NUMBERED,
            r"LF 0, .* called \[7, 'ham', 9, 3\]. Numbers are names here, not positions",
        ),
        ([("a", 7)], NUMBERED, r"names LF 'a', .* called \[7, 'ham', 9, 3\]\.$"),
        ([(0, True)], None, "names LF True, which L does not have"),
        ([(0, 1.0)], None, r"names LF 1\.0, which L does not have"),
        ([(0, [1])], None, r"names LF \[1\], which L does not have"),
        ([(2, 2)], None, r"holds \(2, 2\), an LF paired with itself; leave it out"),
        ([("link", 2)], NAMES, r"holds \('link', 2\), an LF paired with itself; leave it out"),
        ([(0, 1, 2)], None, r"holds \(0, 1, 2\), which is no pair of LFs"),
        ([(0,)], None, r"holds \(0,\), which is no pair of LFs"),
        (["ab"], None, "holds 'ab', which is no pair of LFs"),
        ([0, 1], None, "holds 0, which is no pair of LFs"),
        ("ham", NAMES, "dependencies is 'ham'; it must be 'auto', None or pairs of LFs"),
        (3, None, "dependencies is 3; it must be 'auto', None or pairs of LFs"),
    ],
)
def test_what_is_no_pair_is_refused(pairs, names, message):
    with pytest.raises(ValueError, match=message):
        resolve_pairs(pairs, 4, names)


def test_numbers_that_name_lfs_are_names():
    assert resolve_pairs([(3, 7), ("ham", np.int64(9))], 4, NUMBERED).tolist() == [[3, 0], [1, 2]]


def test_a_fit_refuses_an_unknown_lf_by_name():
    L = pd.DataFrame(make_votes(n_lfs=4)[0], columns=NAMES)
    with pytest.raises(ValueError, match=r"dependencies names LF 'eggs'.*'ham', 'spam'"):
        LabelModelClassifier(dependencies=[("ham", "eggs")]).fit(L)


def test_groups_are_transitive():
    groups = groups_of(np.array([[0, 3], [3, 1], [5, 4]]), 6).toarray()
    expected = np.zeros((6, 6))
    for group in ([0, 1, 3], [4, 5]):
        expected[np.ix_(group, group)] = 1
    np.fill_diagonal(expected, 0)
    assert_array_equal(groups, expected)


@pytest.mark.parametrize("pairs", [[(0, 1), (1, 2)], [(2, 1), (1, 0), (0, 2), (0, 1)]])
def test_how_a_group_is_declared_changes_nothing(pairs, three_classes):
    L, _ = three_classes
    expected = LabelModelClassifier(dependencies=[(0, 2), (0, 1)]).fit(L)
    model = LabelModelClassifier(dependencies=pairs).fit(L)
    assert_same_model(model, expected)
    assert_allclose(model.predict_proba(L), expected.predict_proba(L), rtol=1e-9)


def test_likeness_is_that_of_the_lfs_between_symbols_of_one_vote():
    rng = np.random.default_rng(0)
    lf, vote = np.array([0, 0, 1, 2, 2, 3]), np.array([0, 2, 2, 0, 1, 2])
    dependence = np.triu(rng.random((4, 4)), 1)
    dependence += dependence.T
    likeness = symbol_likeness(sp.csr_array(dependence), lf, vote).toarray()
    for a in range(6):
        for b in range(6):
            expected = dependence[lf[a], lf[b]] if vote[a] == vote[b] else 0
            assert likeness[a, b] == expected


# Votes that say the same --------------------------------------------------------------------------


def random_likeness(n_symbols, rng):
    likeness = np.triu(rng.random((n_symbols,) * 2) * (rng.random((n_symbols,) * 2) < 0.4), 1)
    return likeness + likeness.T


def weigh_by_formula(held, likeness):
    weights = np.zeros(held.shape)
    for row, symbol in zip(*np.nonzero(held), strict=True):
        weights[row, symbol] = 1 / (1 + likeness[symbol] @ held[row])
    return weights


@given(st.integers(1, 12), st.integers(1, 8), st.integers(0, 2**16))
def test_weights_equal_the_formula(n_rows, n_symbols, seed):
    rng = np.random.default_rng(seed)
    held = (rng.random((n_rows, n_symbols)) < 0.5).astype(float)
    likeness = random_likeness(n_symbols, rng)
    weights = weigh(sp.csr_array(held), sp.csr_array(likeness))
    assert_allclose(weights.toarray(), weigh_by_formula(held, likeness), rtol=1e-12)


def reversed_rows(matrix):
    """The same matrix with the entries of each row in descending order of columns."""
    order = np.concatenate(
        [np.arange(stop - 1, start - 1, -1) for start, stop in pairwise(matrix.indptr)]
    ).astype(int)
    return sp.csr_array((matrix.data[order], matrix.indices[order], matrix.indptr), matrix.shape)


@pytest.mark.parametrize("unsorted", ["indicators", "likeness"])
def test_weights_of_unsorted_entries_equal_the_formula(unsorted):
    rng = np.random.default_rng(1)
    held = (rng.random((20, 8)) < 0.5).astype(float)
    likeness = random_likeness(8, rng)
    given = {"indicators": sp.csr_array(held), "likeness": sp.csr_array(likeness)}
    given[unsorted] = reversed_rows(given[unsorted])
    assert not given[unsorted].has_sorted_indices
    assert_allclose(weigh(**given).toarray(), weigh_by_formula(held, likeness), rtol=1e-12)


def test_weights_are_the_same_in_small_blocks(monkeypatch):
    rng = np.random.default_rng(2)
    held = sp.csr_array((rng.random((50, 6)) < 0.5).astype(float))
    likeness = sp.csr_array(random_likeness(6, rng))
    expected = weigh(held, likeness).toarray()
    monkeypatch.setattr(_evidence, "LIKENESS_CELLS", 20)
    assert_array_equal(weigh(held, likeness).toarray(), expected)


def test_weights_without_likeness_are_one():
    held = sp.csr_array(np.eye(4))
    assert_array_equal(weigh(held, sp.csr_array((4, 4))).toarray(), np.eye(4))


# Found pairs --------------------------------------------------------------------------------------


def copies_by_formula(L, table, voted_prior, prior, precision, symbols):
    """Weights, near-duplicates and sure copies, pair by pair and row by row; three classes."""
    n_lfs = L.shape[1]
    votes = [[vote for lf, vote in symbols if lf == j] for j in range(n_lfs)]
    place = {symbol: u for u, symbol in enumerate(symbols)}
    dependence, near, sure = np.zeros((n_lfs, n_lfs)), [], []
    for a in range(n_lfs):
        for b in range(n_lfs):
            both = (L[:, a] >= 0) & (L[:, b] >= 0)
            shared = set(votes[a]) & set(votes[b])
            if a == b or (len(votes[a]) > 1) != (len(votes[b]) > 1) or not shared:
                continue
            agreed = (both & (L[:, a] == L[:, b])).sum()
            likely = sum(table[place[a, v]] * table[place[b, v]] for v in shared)
            if len(votes[a]) > 1:
                common, expected = both.sum(), both.sum() * (voted_prior @ likely)
            else:
                common = min((L[:, a] >= 0).sum(), (L[:, b] >= 0).sum())
                expected = len(L) * prior @ likely
            ratio, z = beyond_by_formula(agreed, expected, common)
            if len(votes[a]) > 1:
                one, other = (L[L[:, lf] >= 0, lf] for lf in (a, b))
                by_chance = sum((one == v).mean() * (other == v).mean() for v in shared)
                by_coin = precision[a] * precision[b] + (1 - precision[a]) * (1 - precision[b]) / 2
                easily = beyond_by_formula(agreed, common * max(by_chance, by_coin), common)
                if easily[0] > 0.4 and easily[1] > 3 and are_contradicted_by_formula(L, a, b):
                    ratio, z = max(ratio, easily[0]), max(z, easily[1])
                    sure += [[a, b]] if a < b else []
            is_near = ratio > (0.5 if len(votes[a]) > 1 else 0.9) and z > 3
            if z > 1 and ratio * (1 - 1 / z) >= 0.1 and (is_near or len(votes[a]) > 1):
                dependence[a, b] = ratio * (1 - 1 / z)
            if is_near and a < b:
                near.append([a, b])
    weights = []
    for lf, vote in symbols:
        rows = L[L[:, lf] == vote]
        others = [j for j in range(n_lfs) if (len(votes[j]) > 1) == (len(votes[lf]) > 1)]
        equal = (rows[:, others] == vote).mean(axis=0)
        weights.append(1 / (1 + dependence[lf, others] @ equal))
    return np.array(weights), near, sure


def are_contradicted_by_formula(L, a, b):
    """Whether two LFs that are the only ones alike agree with the others less often than these among each other."""
    others = [j for j in range(L.shape[1]) if j not in (a, b)]

    def rate(pairs):
        both = [(L[:, i] >= 0) & (L[:, j] >= 0) for i, j in pairs]
        agreed = sum(
            ((L[:, i] == L[:, j]) & rows).sum() for (i, j), rows in zip(pairs, both, strict=True)
        )
        return agreed / sum(rows.sum() for rows in both)

    among = rate([(i, j) for i in others for j in others if i != j])
    return all(rate([(lf, j) for j in others]) < among for lf in (a, b))


def beyond_by_formula(agreed, expected, common):
    # Independence is worth ten votes.
    ratio = (agreed - expected) / (common - expected + 5)
    return ratio, (agreed - expected) / np.sqrt(expected * (1 - expected / common))


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("one_sided", [[], [0, 2, 3, 6], range(7)], ids=["none", "some", "all"])
def test_copies_equal_the_formula(one_sided, sparse):
    L = make_votes(900, 6, 3, coverage=0.6)[0].copy()
    L[:, 2] = np.where(L[:, 2] < 0, -1, np.random.default_rng(3).integers(3, size=900))
    L = with_copies(L, 2, 1, noise=0.02)
    one_sided = list(one_sided)
    L[:, one_sided] = for_one_class(L[:, one_sided], np.array([1, 0, 1, 2, 0, 2, 1])[one_sided])
    statistics = count_votes(read_votes(L), no_gold(len(L)))
    if sparse:
        statistics = replace(statistics, cooccurrence=sp.csr_array(statistics.cooccurrence))
    symbols = list(zip(statistics.lf.tolist(), statistics.vote.tolist(), strict=True))
    table = np.random.default_rng(0).uniform(0.05, 0.5, (len(symbols), 3))
    voted_prior, prior = np.array([0.2, 0.5, 0.3]), np.array([0.3, 0.3, 0.4])
    precision = np.linspace(0.6, 0.8, 7)
    weights, near, sure = copies_by_formula(L, table, voted_prior, prior, precision, symbols)
    copies = find_copies(statistics, table, voted_prior, prior, precision)
    assert (weights < 1).any()
    assert_allclose(copies.weight, weights, rtol=1e-9)
    assert sorted(copies.pairs.tolist()) == near
    assert copies.apart.tolist() == sure
    assert sure == ([] if one_sided else [[2, 6]])


def two_that_agree(agreed, n_samples=1000):
    """Votes of two LFs that agree in so many rows, and of three others, independent, of accuracy 0.8."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=n_samples)
    others = np.where(rng.random((n_samples, 3)) < 0.8, y[:, None], 1 - y[:, None])
    guess = np.arange(n_samples) % 2
    like = np.where(rng.permutation(n_samples) < agreed, guess, 1 - guess)
    return np.column_stack([guess, like, others])


def found_in(L, table, precision):
    statistics = count_votes(read_votes(L), no_gold(len(L)))
    table = np.broadcast_to(table, (len(statistics.lf), 2))
    half, n_lfs = np.array([0.5, 0.5]), L.shape[1]
    return find_copies(statistics, table, half, half, np.full(n_lfs, precision))


@pytest.mark.parametrize(("agreed", "near"), [(752, False), (753, True)])
def test_near_duplicates_miss_half_of_the_disagreements(agreed, near):
    # Half of the rows are expected, so that the ratio is (agreed - 500) / (500 + 5).
    found = found_in(two_that_agree(agreed)[:, :2], 0.5, precision=0.95)
    assert len(found.pairs) == near
    assert len(found.apart) == 0


@pytest.mark.parametrize(("agreed", "sure"), [(750, False), (751, True)])
def test_sure_copies_miss_two_fifths_of_the_disagreements_of_assumed_lfs(agreed, sure):
    # LFs that are right in 0.7 agree in 0.58 of 1,000 rows: the ratio is (agreed - 580) / (420 + 5).
    found = found_in(two_that_agree(agreed), np.tile([[0.9, 0.1], [0.1, 0.9]], (5, 1)), 0.7)
    assert found.apart.tolist() == ([[0, 1]] if sure else [])
    assert found.pairs.tolist() == found.apart.tolist()


# The vote for 0 of an LF that agrees with its like in 0.99 of the rows.
OFTEN = (1 + np.sqrt(0.98)) / 2


@pytest.mark.parametrize(("agreed", "sure"), [(999, False), (1000, True)])
def test_sure_copies_agree_by_more_than_three_standard_errors(agreed, sure):
    # Expected are 990 of 1,000 rows: z is (agreed - 990) / 3.15, the ratio at least 9 / 15.
    L = np.tile(np.arange(1000)[:, None] % 2, (1, 5))
    L[:100, :2] = 1 - L[:100, :2]
    L[500 : 1500 - agreed, 0] = 1 - L[500 : 1500 - agreed, 0]
    found = found_in(L, np.tile([[OFTEN], [1 - OFTEN]], (5, 1)), precision=OFTEN)
    assert ([0, 1] in found.apart.tolist()) == sure


def test_near_duplicates_may_agree_by_little_more_than_three_standard_errors():
    # Expected are 1,089 of 1,100 rows: the ratio is 11 / 16, and z is 11 / 3.3.
    L = np.tile(np.arange(1100)[:, None] % 2, (1, 2))
    found = found_in(L, np.tile([[OFTEN], [1 - OFTEN]], (2, 1)), precision=0.7)
    assert found.pairs.tolist() == [[0, 1]]


@pytest.mark.parametrize(("together", "near"), [(188, False), (189, True)])
def test_near_duplicates_of_one_vote_miss_nine_tenths(together, near):
    # Each votes in a fifth of 1,000 rows, both in 40 by chance: the ratio is (together - 40) / (160 + 5).
    L = np.full((1000, 2), -1)
    L[:200, 0] = 1
    L[200 - together : 400 - together, 1] = 1
    found = found_in(L, 0.2, precision=0.7)
    assert len(found.pairs) == near
    assert (found.weight < 1).all() == near


@pytest.mark.parametrize(("agreed", "less"), [(566, False), (567, True)])
def test_votes_count_less_from_a_dependence_of_a_tenth(agreed, less):
    ratio, z = (agreed - 500) / 510, (agreed - 500) / np.sqrt(250)
    assert (ratio * (1 - 1 / z) > 0.1) == less
    found = found_in(two_that_agree(agreed)[:, :2], 0.5, precision=0.95)
    assert (found.weight < 1).all() == less


def test_too_many_lfs_are_not_compared(monkeypatch):
    monkeypatch.setattr(_dependence, "MOST_LFS", 4)
    L = with_copies(make_votes(400, 5)[0], 2, 2)
    model = LabelModelClassifier().fit(L)
    assert model.dependencies_ == []
    assert_array_equal(model.vote_weights_, 1)


@pytest.mark.parametrize("good", [(0.9, 0.85, 0.85), (0.85, 0.8, 0.8)])
@pytest.mark.parametrize("seed", range(3))
def test_prompts_of_one_poor_model_do_not_outvote_better_judges(seed, good):
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=1500)
    wrong = (y + rng.integers(1, 3, 1500)) % 3
    judges = [np.where(rng.random(1500) < accuracy, y, wrong) for accuracy in (*good, 0.55)]
    prompts = [
        np.where(rng.random(1500) < 0.9, judges[3], rng.integers(3, size=1500)) for _ in range(2)
    ]
    L = np.column_stack(judges + prompts)
    found = LabelModelClassifier().fit(L)
    assert {(3, 4), (3, 5), (4, 5)} <= set(found.dependencies_)
    assert found.score(L, y) > MajorityVoteClassifier().fit(L).score(L, y) + 0.05


@pytest.mark.parametrize("accuracies", [[0.95] * 3 + [0.7] * 5, [0.9] * 3 + [0.6] * 5, [0.95] * 8])
def test_judges_better_than_assumed_are_no_copies(accuracies):
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=2000)
    L = np.column_stack([np.where(rng.random(2000) < a, y, 1 - y) for a in accuracies])
    assert LabelModelClassifier().fit(L).dependencies_ == []


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_classes", [2, 4])
def test_a_noisy_copy_is_found(n_classes, seed):
    L, _ = make_votes(500, 6, n_classes, seed=seed)
    assert found_pairs(with_copies(L, 2, 1, noise=0.05, seed=seed), n_classes) == [[2, 6]]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_classes", [2, 4])
def test_three_of_a_kind_are_found_among_many(n_classes, seed):
    L, _ = make_votes(500, 15, n_classes, seed=seed)
    pairs = found_pairs(with_copies(L, 2, 2, noise=0.05, seed=seed), n_classes)
    assert pairs == [[2, 15], [2, 16], [15, 16]]


@pytest.mark.parametrize("seed", range(5))
def test_noisy_copies_of_one_sided_lfs_are_found(seed):
    L = for_one_class(make_votes(1600, 6, coverage=0.3, seed=seed)[0], [0, 1, 0, 1, 0, 1])
    copy = np.where(np.random.default_rng(seed).random(1600) < 0.05, -1, L[:, 1])
    assert found_pairs(np.column_stack([L, copy]), 2) == [[1, 6]]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("n_classes", [2, 3])
def test_none_are_found_among_independent_lfs(n_classes, seed):
    L, _ = make_votes(500, 8, n_classes, seed=seed)
    assert found_pairs(L, n_classes) == []


@pytest.mark.parametrize("seed", range(8))
def test_none_are_found_among_independent_one_sided_lfs(seed):
    L = for_one_class(make_votes(800, 6, coverage=0.3, seed=seed)[0], [0, 1, 0, 1, 0, 1])
    assert found_pairs(L, 2) == []


# The model ----------------------------------------------------------------------------------------


def copied(seed, n_independent=5, n_copies=2):
    """Votes of LFs of which the last is copied, and the truth; by default three of seven are alike."""
    L, y = make_votes(500, n_independent, accuracy=0.7, coverage=0.9, seed=seed)
    return with_copies(L, n_independent - 1, n_copies, noise=0.03, seed=seed), y


def mean_log_losses(votes, tempering, dependencies):
    """The mean log loss without dependencies, and with them."""
    losses = []
    for L, y in votes:
        models = [
            LabelModelClassifier(tempering=tempering, dependencies=pairs).fit(L)
            for pairs in (None, dependencies)
        ]
        losses.append([log_loss(y, model.predict_proba(L)) for model in models])
    return np.mean(losses, axis=0)


@pytest.mark.parametrize("tempering", [0, 0.5])
def test_declared_copies_lower_the_log_loss(tempering):
    votes = [copied(seed) for seed in range(6)]
    ignored, known = mean_log_losses(votes, tempering, [(4, 5), (5, 6)])
    assert known < 0.7 * ignored


@pytest.mark.parametrize("tempering", [0, 0.5])
def test_copies_that_are_found_lower_the_log_loss(tempering):
    votes = [copied(seed, 6, 1) for seed in range(6)]
    ignored, known = mean_log_losses(votes, tempering, "auto")
    assert known < ignored - 0.01


def test_declared_copies_make_labels_more_accurate():
    gains = []
    for seed in range(6):
        L, y = copied(seed)
        known = LabelModelClassifier(dependencies=[(4, 5), (5, 6)]).fit(L).score(L, y)
        gains.append(known - LabelModelClassifier(dependencies=None).fit(L).score(L, y))
    assert np.mean(gains) > 0.03


@pytest.mark.parametrize(("n_independent", "n_copies"), [(5, 1), (10, 2)])
def test_the_default_withstands_copies(n_independent, n_copies):
    gains = []
    for seed in range(6):
        L, y = copied(seed, n_independent, n_copies)
        scores = [
            LabelModelClassifier(dependencies=found).fit(L).score(L, y) for found in ("auto", None)
        ]
        gains.append(scores[0] - scores[1])
    assert np.mean(gains) > 0.03


def test_auto_names_the_copies_it_found():
    model = LabelModelClassifier(dependencies="auto").fit(copied(0, 6, 1)[0])
    assert model.dependencies_ == [(5, 6)]


def test_auto_names_the_copies_of_a_frame():
    L = pd.DataFrame(copied(0, 6, 1)[0], columns=list("abcdefg"))
    model = LabelModelClassifier(dependencies="auto").fit(L)
    assert model.dependencies_ == [("f", "g")]


def test_declared_pairs_are_named_as_the_frame_names_them():
    L = pd.DataFrame(make_votes(n_lfs=4)[0], columns=NAMES)
    model = LabelModelClassifier(dependencies=[("caps", "ham"), (1, "link")]).fit(L)
    assert model.dependencies_ == [("caps", "ham"), ("spam", "link")]


def test_pairs_by_name_and_by_column_are_the_same_model():
    L = make_votes(n_lfs=4)[0]
    by_name = LabelModelClassifier(dependencies=[("ham", "link")])
    by_name.fit(pd.DataFrame(L, columns=NAMES))
    by_column = LabelModelClassifier(dependencies=[(0, 2)]).fit(L)
    assert_same_model(by_name, by_column)
    assert_array_equal(by_name.vote_evidence_, by_column.vote_evidence_)


@pytest.mark.parametrize(
    "dependencies",
    [
        [],
        (),
        np.zeros((0, 2), dtype=int),
    ],
    ids=["list", "tuple", "array"],
)
def test_no_dependencies_are_none(dependencies, binary):
    model = LabelModelClassifier(dependencies=dependencies).fit(binary[0])
    expected = LabelModelClassifier(dependencies=None).fit(binary[0])
    assert model.dependencies_ == expected.dependencies_ == []
    assert_array_equal(model.predict_proba(binary[0]), expected.predict_proba(binary[0]))


def test_pairs_may_be_an_array(binary):
    model = LabelModelClassifier(dependencies=np.array([[0, 1], [1, 3]])).fit(binary[0])
    assert model.dependencies_ == [(0, 1), (1, 3)]


def test_snorkels_start_looks_for_no_copies():
    L, _ = copied(0, 6, 1)
    model = LabelModelClassifier(init="snorkel", random_state=0).fit(L)
    assert model.dependencies_ == []
    assert_array_equal(model.vote_weights_, 1)


def sure_pairs(L):
    """Near-duplicates that training leaves out, where tables explain that all of them agree."""
    statistics = count_votes(read_votes(L), no_gold(len(L)))
    own = np.where(np.equal.outer(statistics.vote, [0, 1]), 0.99, 0.01)
    precision = np.full(statistics.n_lfs, 0.99)
    even = np.array([0.5, 0.5])
    return find_copies(statistics, own, even, even, precision).apart.tolist()


@pytest.mark.parametrize("n_copies", [1, 6])
def test_the_same_votes_in_the_same_rows_are_copies_whatever_tables_say(n_copies):
    L = with_copies(make_votes(400, 3, coverage=0.6, accuracy=0.99)[0], 2, n_copies)
    copies = range(2, 3 + n_copies)
    assert sure_pairs(L) == [[i, j] for i in copies for j in copies if i < j]


@pytest.mark.parametrize(("n_votes", "found"), [(29, []), (30, [[0, 1]])])
def test_the_same_few_votes_are_no_copies(n_votes, found):
    L = np.full((400, 3), -1)
    L[:, 2] = np.arange(400) % 2
    L[:n_votes, :2] = L[:n_votes, [2]]
    assert sure_pairs(L) == found


@pytest.mark.parametrize(("n_silent", "found"), [(9, []), (10, [[0, 1]])])
def test_lfs_that_hardly_abstain_are_no_copies_for_being_right(n_silent, found):
    L = np.tile(np.arange(400)[:, None] % 2, (1, 3))
    L[:n_silent, :2] = -1
    assert sure_pairs(L) == found


def test_many_copies_do_not_outvote_the_others():
    alone, beside = [], []
    for seed in (1, 3, 5):
        data = make_label_matrix(
            2000, 8, accuracy=(0.65, 0.9), coverage=(0.4, 0.8), random_state=seed
        )
        L = np.column_stack([data.L, *[data.L[:, 3]] * 6])
        alone.append(LabelModelClassifier().fit(data.L).score(data.L, data.y))
        beside.append(LabelModelClassifier().fit(L).score(L, data.y))
    assert np.mean(beside) > np.mean(alone) - 0.02


# Where the class prior is known, training looks at nothing else that copies change.
EVEN = [0.5, 0.5]


def test_likely_copies_are_not_left_out_of_training():
    L = with_copies(make_votes(400, 6)[0], 5, 1, noise=0.25)
    found = LabelModelClassifier(class_balance=EVEN).fit(L)
    assert found.dependencies_ == [(5, 6)]
    assert_array_equal(
        found.mu_, LabelModelClassifier(class_balance=EVEN, dependencies=None).fit(L).mu_
    )


def test_sure_copies_are_left_out_of_training_like_declared_ones():
    guess = np.random.default_rng(1).integers(2, size=(400, 1))
    L = with_copies(np.hstack([make_votes(400, 5)[0], guess]), 5, 1)
    found = LabelModelClassifier(class_balance=EVEN).fit(L)
    assert found.dependencies_ == [(5, 6)]
    assert_array_equal(
        found.mu_, LabelModelClassifier(class_balance=EVEN, dependencies=[(5, 6)]).fit(L).mu_
    )


def test_lfs_that_are_nearly_always_right_are_no_sure_copies():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=2000)
    right = rng.random((2000, 8)) < [0.985] * 3 + [0.7] * 5
    L = np.where(right, y[:, None], 1 - y[:, None])
    assert LabelModelClassifier().fit(L).score(L, y) > 0.995


def test_many_copies_of_a_guess_are_not_taken_for_the_truth():
    L, y = make_votes(1500, 8, accuracy=0.8, coverage=0.6)
    guess = np.random.default_rng(1).integers(2, size=(1500, 1))
    copies = np.where(np.random.default_rng(2).random((1500, 8)) < 0.6, guess, -1)
    alone = LabelModelClassifier().fit(L).score(L, y)
    together = np.hstack([L, copies])
    assert LabelModelClassifier().fit(together).score(together, y) > alone - 0.03


def test_accurate_lfs_are_no_sure_copies():
    L, _ = make_votes(1000, 6, accuracy=0.95)
    model = LabelModelClassifier().fit(L)
    assert model.dependencies_ == []


def test_lfs_that_nearly_always_say_the_same_are_no_sure_copies():
    y = np.random.default_rng(0).random(2000) < 0.02
    wrong = np.random.default_rng(1).random((2000, 5)) < 0.01
    L = np.where(wrong, ~y[:, None], y[:, None]).astype(int)
    model = LabelModelClassifier(class_balance=EVEN).fit(L)
    assert_array_equal(
        model.mu_, LabelModelClassifier(class_balance=EVEN, dependencies=None).fit(L).mu_
    )


@pytest.mark.parametrize("n_em_steps", [0, 5])
@pytest.mark.parametrize("tempering", [0, 0.5])
def test_exact_copies_count_once(tempering, n_em_steps):
    L, _ = make_votes(300, 5, 3, seed=5)
    balance = [0.5, 0.3, 0.2]
    start = {"n_epochs": 0, "class_balance": balance, "tempering": tempering}
    alone = LabelModelClassifier(n_em_steps=n_em_steps, dependencies=None, **start).fit(L)
    pairs = [(2, 5), (2, 6)]
    model = LabelModelClassifier(n_em_steps=n_em_steps, dependencies=pairs, **start)
    thrice = with_copies(L, 2, 2)
    assert_allclose(
        model.fit(thrice).predict_proba(thrice), alone.predict_proba(L), rtol=1e-9, atol=1e-14
    )


def test_votes_of_exact_copies_add_up_to_one_after_training():
    L, _ = make_votes(300, 5, 3, seed=5)
    thrice = with_copies(L, 2, 2)
    model = LabelModelClassifier(n_em_steps=0, dependencies=[(2, 5), (2, 6)]).fit(thrice)
    expected = tempered_posterior_by_formula(model, thrice, (2, 5, 6))
    assert_allclose(model.predict_proba(thrice), expected, rtol=1e-9)


def test_training_leaves_out_how_often_dependent_lfs_agree():
    # Copies that are not declared look better than they are.
    L, _ = make_votes(2000, 5, accuracy=0.7, coverage=0.9, seed=1)
    thrice = with_copies(L, 4, 2)
    models = [
        LabelModelClassifier(n_epochs=500, dependencies=pairs).fit(thrice)
        for pairs in (None, [(4, 5), (5, 6)])
    ]
    ignored, known = (model.lf_accuracies_[4] for model in models)
    assert abs(known - 0.7) < abs(ignored - 0.7)


@pytest.mark.parametrize("dependencies", ["auto", [(0, 2), (2, 5)]], ids=["auto", "declared"])
def test_contributions_add_up_to_the_posterior(dependencies):
    L = with_copies(make_votes(150, 5, 3, coverage=0.5)[0], 2, 1, noise=0.1)
    model = LabelModelClassifier(dependencies=dependencies).fit(L)
    total = model.contributions(L).sum(axis=1)
    assert_allclose(softmax(total, axis=1), model.predict_proba(L), rtol=1e-9)


@pytest.mark.parametrize("dependencies", ["auto", [(4, 5)]], ids=["auto", "declared"])
def test_a_pickled_model_gives_the_same_posterior(dependencies):
    L, _ = copied(0)
    model = LabelModelClassifier(dependencies=dependencies).fit(L)
    again = pickle.loads(pickle.dumps(model))
    assert again.dependencies_ == model.dependencies_
    assert_array_equal(again.predict_proba(L), model.predict_proba(L))


@pytest.mark.parametrize("dependencies", ["auto", [("a", "b")], ((0, 1),)], ids=str)
def test_a_clone_has_the_dependencies(dependencies):
    model = clone(LabelModelClassifier(dependencies=dependencies))
    assert model.get_params()["dependencies"] == dependencies


def test_a_search_may_choose_dependencies():
    L, y = copied(1)
    choices = [None, "auto", [(4, 5), (4, 6)]]
    search = GridSearchCV(
        LabelModelClassifier(gold="ignore"),
        {"dependencies": choices},
        cv=2,
        scoring="neg_log_loss",
        error_score="raise",
    ).fit(L, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_params_["dependencies"] is not None


@pytest.mark.parametrize("dependencies", [None, "auto", [(0, 1)]], ids=str)
def test_a_single_class_is_certain(dependencies):
    L = for_one_class(make_votes()[0], [0] * 5)
    model = LabelModelClassifier(classes=[0], dependencies=dependencies).fit(L)
    assert_array_equal(model.predict_proba(L), 1)


@pytest.mark.parametrize("dependencies", [None, "auto"])
def test_a_single_lf_has_no_dependencies(dependencies):
    L = make_votes(n_lfs=1)[0]
    model = LabelModelClassifier(dependencies=dependencies)
    with pytest.warns(UserWarning, match="cannot identify the accuracies of 1 LF"):
        model.fit(L)
    assert model.dependencies_ == []


def test_auto_of_lfs_that_share_no_row_finds_none():
    L = np.full((90, 3), -1)
    L[np.arange(90), np.arange(90) % 3] = make_votes(90)[1]
    model = LabelModelClassifier(dependencies="auto")
    with pytest.warns(UserWarning, match="share no row"):
        model.fit(L)
    assert model.dependencies_ == []


def test_refused_dependencies_leave_a_fitted_model_as_it_was(binary):
    model = LabelModelClassifier().fit(binary[0])
    before = model.predict_proba(binary[0])
    model.set_params(dependencies=[(0, 9)])
    with pytest.raises(ValueError, match="names LF 9"):
        model.fit(binary[0])
    assert_array_equal(model.predict_proba(binary[0]), before)
