"""The fit report: intervals, what is found and what is not, and how it reads."""

import sys
from collections import Counter
from dataclasses import replace
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from helpers import make_votes
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from sklearn_labelmodel import DawidSkeneClassifier, LabelModelClassifier, MajorityVoteClassifier
from sklearn_labelmodel._evidence.model import ClassPrior
from sklearn_labelmodel._learning.baselines import votes_for
from sklearn_labelmodel._learning.observed import observed_rows
from sklearn_labelmodel._votes.codes import class_index, no_gold
from sklearn_labelmodel._votes.pairs import count_votes
from sklearn_labelmodel._votes.patterns import read_patterns
from sklearn_labelmodel._votes.reader import read_votes
from sklearn_labelmodel.datasets import make_label_matrix
from sklearn_labelmodel.inspection._report.agreement import consensus, consensus_of_pairs
from sklearn_labelmodel.inspection._report.likelihood import (
    accuracy_intervals,
    fit_likelihood,
    in_triangles,
    pattern_posterior,
    table_of,
    tables_of,
)
from sklearn_labelmodel.inspection._report.measure import measure_fit, powered

MODELS = [LabelModelClassifier, DawidSkeneClassifier, MajorityVoteClassifier]
SETTINGS = [
    {"n_samples": 500, "n_lfs": 6, "accuracy": (0.6, 0.95), "coverage": (0.3, 0.9)},
    {"n_samples": 1000, "n_lfs": 8, "n_classes": 3, "accuracy": (0.5, 0.9), "coverage": (0.3, 0.8)},
    {"n_samples": 500, "n_lfs": 10, "accuracy": (0.55, 0.95), "class_balance": [0.8, 0.2]},
]


def patterns_of(L):
    return read_patterns(read_votes(np.asarray(L), abstain=-1), no_gold(len(L)))


def intervals_of(L, n_classes, prior=None, **options):
    known = None if prior is None else ClassPrior.given(np.asarray(prior))
    reason, part, model = fit_likelihood(patterns_of(L), np.arange(n_classes), known)
    estimate, low, high, chance = accuracy_intervals(reason, part, model, **options)
    return SimpleNamespace(estimate=estimate, low=low, high=high, chance=chance, reason=reason)


def codes(report, lf=None):
    return {finding.code for finding in report.findings if finding.lf == lf}


def swapped(L, lf):
    L = L.copy()
    L[:, lf] = np.where(L[:, lf] < 0, -1, 1 - L[:, lf])
    return L


@pytest.fixture(scope="module")
def good():
    """Eight LFs with which nothing is wrong."""
    accuracy = [0.9, 0.85, 0.8, 0.8, 0.75, 0.75, 0.7, 0.7]
    return make_label_matrix(1000, 8, accuracy=accuracy, coverage=0.6, random_state=0)


@pytest.fixture(scope="module")
def report(good):
    return LabelModelClassifier().fit(good.L).report(good.L)


# Intervals ----------------------------------------------------------------------------------------


def covered(settings, n_sets, **options):
    """Whether each interval of many data sets holds the truth."""
    hits = []
    for seed in range(n_sets):
        data = make_label_matrix(**settings, random_state=seed)
        got = intervals_of(data.L, settings.get("n_classes", 2), **options)
        known = np.isfinite(got.low)
        hits.append(((got.low <= data.accuracies) & (data.accuracies <= got.high))[known])
    return np.concatenate(hits)


@pytest.mark.slow
@pytest.mark.parametrize("settings", SETTINGS, ids=["two classes", "three classes", "imbalanced"])
def test_intervals_hold_the_truth_as_often_as_they_say(settings):
    assert 0.90 < covered(settings, 50).mean() < 0.99


@pytest.mark.slow
def test_intervals_of_another_level():
    assert 0.72 < covered(SETTINGS[1], 50, level=0.8).mean() < 0.88


@pytest.mark.slow
def test_intervals_with_a_known_class_prior_hold_the_truth():
    prior = np.array([0.8, 0.2])
    assert 0.90 < covered(SETTINGS[2], 50, prior=prior).mean() < 0.99


@pytest.mark.slow
def test_intervals_of_tables_hold_the_truth_where_errors_differ_by_class():
    rng = np.random.default_rng(0)
    right = np.array([[0.95, 0.6], [0.9, 0.55], [0.6, 0.9], [0.7, 0.8], [0.85, 0.7]])
    hits = []
    for _ in range(50):
        y = (rng.random(1500) < 0.4).astype(int)
        votes = np.where(rng.random((1500, 5)) < right[:, y].T, y[:, None], 1 - y[:, None])
        got = intervals_of(votes, 2)
        truth = right @ [0.6, 0.4]
        hits.append((got.low <= truth) & (truth <= got.high))
    assert 0.90 < np.mean(hits) < 0.99


def test_few_votes_for_tables_mean_one_accuracy_for_each_lf():
    L, _ = make_votes(60, 5, 4)
    _, part, model = fit_likelihood(patterns_of(L), np.arange(4))
    right = table_of(model)[np.arange(len(part.lf)), part.vote]
    for lf in range(5):
        assert_allclose(right[part.lf == lf], right[part.lf == lf][0])


@pytest.mark.parametrize("n_classes", [2, 3])
def test_width_shrinks_with_the_root_of_the_rows(n_classes):
    widths = []
    for n_samples in (1000, 16000):
        L, _ = make_votes(n_samples, 6, n_classes, seed=3)
        got = intervals_of(L, n_classes)
        widths.append((got.high - got.low).mean())
    assert_allclose(widths[0] / widths[1], 4.0, rtol=0.15)


def test_copied_rows_count_as_rows():
    L, _ = make_votes(400, 5)
    once, twice = intervals_of(L, 2), intervals_of(np.vstack([L, L]), 2)
    assert_allclose(once.estimate, twice.estimate, atol=0.01)
    assert_allclose((once.high - once.low) / (twice.high - twice.low), np.sqrt(2), rtol=0.05)


def test_intervals_do_not_depend_on_the_order_of_rows(good):
    shuffled = np.random.default_rng(0).permutation(good.L)
    assert_allclose(intervals_of(good.L, 2).low, intervals_of(shuffled, 2).low, rtol=1e-6)


def test_thinned_rows_give_about_the_same_intervals(monkeypatch):
    L, _ = make_votes(4000, 20)
    whole = intervals_of(L, 2)
    monkeypatch.setattr("sklearn_labelmodel.inspection._report.likelihood.PRODUCTS", 1 << 20)
    thinned = intervals_of(L, 2)
    assert_allclose(thinned.estimate, whole.estimate)
    assert_allclose(thinned.high - thinned.low, whole.high - whole.low, rtol=0.2)
    assert not np.array_equal(thinned.low, whole.low)


def with_column(L, column):
    return np.column_stack([L, column])


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (lambda y: np.full(len(y), -1), "never votes"),
        (lambda y: np.where(y == 1, 1, -1), "one-sided"),
        (lambda y: np.where(y == 1, 7, y), "votes for what is no class"),
    ],
)
def test_an_lf_whose_accuracy_the_votes_do_not_tell_has_no_interval(good, column, reason):
    got = intervals_of(with_column(good.L, column(good.y)), 2)
    assert got.reason[-1] == reason
    assert np.isnan([got.estimate[-1], got.low[-1], got.high[-1], got.chance[-1]]).all()


def test_other_lfs_keep_their_interval(good):
    got = intervals_of(with_column(good.L, np.where(good.y == 1, 1, -1)), 2)
    assert_allclose(got.low[:-1], intervals_of(good.L, 2).low)


def test_two_lfs_have_no_interval(good):
    got = intervals_of(good.L[:, :2], 2)
    assert got.reason == ["too few LFs on common rows"] * 2


def test_lfs_that_never_meet_have_no_interval():
    L = np.full((90, 3), -1)
    for lf in range(3):
        L[30 * lf : 30 * lf + 30, lf] = np.arange(30) % 2
    assert np.isnan(intervals_of(L, 2).low).all()


# Consensus ----------------------------------------------------------------------------------------


def consensus_of(L, n_classes):
    patterns = patterns_of(L)
    seen = observed_rows(patterns, np.arange(n_classes))
    return consensus(patterns, seen.symbol_class, votes_for(seen, patterns.indicators))


def agreement_by_hand(L, lf, n_classes):
    """Agreement of one LF with the others, and by chance, row by row."""
    agreed, votes, shares = [], [], []
    for row in L:
        others = np.delete(row, lf)
        others = others[others >= 0]
        if len(others):
            share = np.bincount(others, minlength=n_classes) / len(others)
            shares.append(share)
            if row[lf] >= 0:
                agreed.append(share[row[lf]])
                votes.append(row[lf])
    return len(agreed), np.mean(agreed), np.mean(shares, axis=0)[votes].mean()


@pytest.mark.parametrize("lf", [0, 3])
def test_agreement_is_that_counted_row_by_row(three_classes, lf):
    L, _ = three_classes
    assert_allclose(consensus_of(L, 3)[:3, lf], agreement_by_hand(L, lf, 3), rtol=1e-12)


def test_an_lf_that_never_meets_another_has_no_agreement():
    _, agreed, _, _ = consensus_of(np.array([[0, -1, -1], [-1, 1, 1], [-1, 0, 1]]), 2)
    assert np.isnan(agreed[0])
    assert np.isfinite(agreed[1:]).all()


def test_random_votes_agree_as_by_chance(good):
    random = np.random.default_rng(0).integers(2, size=len(good.L))
    _, agreed, by_chance, error = consensus_of(with_column(good.L, random), 2)[:, -1]
    assert abs(agreed - by_chance) < 3 * error


def test_pairs_of_votes_say_what_rows_say(good):
    L = swapped(good.L, 2)
    rows, statistics = consensus_of(L, 2), count_votes(read_votes(L, abstain=-1), no_gold(len(L)))
    symbol_class = class_index(statistics.vote, np.arange(2))
    pairs = consensus_of_pairs(statistics.lf, symbol_class, statistics.cooccurrence, 8)
    assert_allclose(pairs[1] - pairs[2], rows[1] - rows[2], atol=0.02)


@pytest.mark.parametrize("n_lfs", [4, 7])
def test_votes_for_one_class_only_have_no_chance_to_be_held_against(n_lfs):
    L = np.where(np.random.default_rng(0).random((600, n_lfs)) < 0.3, 1, -1)
    statistics = count_votes(read_votes(L, abstain=-1), no_gold(len(L)))
    pairs = consensus_of_pairs(
        statistics.lf, np.ones(n_lfs, dtype=np.intp), statistics.cooccurrence, n_lfs
    )
    assert_array_equal(consensus_of(L, 2)[3], 0.0)
    assert_array_equal(pairs[3], 0.0)


# What is found ------------------------------------------------------------------------------------


def test_nothing_is_wrong_with_good_lfs(report):
    assert {finding.severity for finding in report.findings} <= {"info"}


@pytest.mark.parametrize("Model", MODELS)
def test_a_swapped_lf_is_inverted_and_below_chance(good, Model):
    L = swapped(good.L, 0)
    report = Model().fit(L).report(L)
    assert codes(report, 0) == {"inverted", "below-chance"}
    assert [finding.lf for finding in report.findings if finding.severity == "danger"] == [0, 0]


def test_a_talkative_fit_warns_of_a_swapped_lf(good):
    with pytest.warns(UserWarning, match=r"LF 0 votes against the others.*; swap its labels"):
        LabelModelClassifier(verbose=1).fit(swapped(good.L, 0))


def test_a_swapped_one_sided_lf_is_inverted(good):
    L = with_column(good.L, np.where(good.y == 1, 0, -1))
    assert {"inverted", "one-sided"} <= codes(LabelModelClassifier().fit(L).report(L), 8)


def test_a_rare_class_is_not_taken_for_an_inverted_lf():
    data = make_label_matrix(
        2000, 8, class_balance=[0.9, 0.1], one_sided=0.5, accuracy=0.8, random_state=0
    )
    votes = data.L >= 0
    right = (data.y[:, None] == data.L).sum(axis=0) / votes.sum(axis=0)
    chance = np.array([[0.9, 0.1][vote] for vote in (0, 1)])
    lifted = [lf for lf in range(8) if right[lf] > chance[data.L[votes[:, lf], lf]].mean()]
    report = LabelModelClassifier(class_balance=[0.9, 0.1]).fit(data.L).report(data.L)
    assert not any("inverted" in codes(report, lf) for lf in lifted)


def test_random_votes_are_unrelated(good):
    L = with_column(good.L, np.random.default_rng(1).integers(2, size=len(good.L)))
    report = LabelModelClassifier().fit(L).report(L)
    assert codes(report, 8) & {"unrelated"}


def test_a_copy_is_named_beside_its_original(good):
    L = with_column(good.L, good.L[:, 3])
    report = LabelModelClassifier().fit(L).report(L)
    (finding,) = [f for f in report.findings if f.code == "near-duplicate"]
    assert finding.lf == 8
    assert "LF 3" in finding.message
    assert report.lfs["reason"][8] == "repeats another LF"


def test_a_copy_does_not_spoil_the_intervals(good, report):
    L = with_column(good.L, good.L[:, 3])
    columns = ["low", "accuracy", "high"]
    with_copy = LabelModelClassifier().fit(L).report(L).lfs
    assert_allclose(with_copy[columns][:8], report.lfs[columns], atol=1e-6)


def test_a_copy_that_the_fit_allows_for_is_no_warning(good):
    L = with_column(good.L, good.L[:, 3])
    report = LabelModelClassifier(dependencies=[(3, 8)]).fit(L).report(L)
    (finding,) = [f for f in report.findings if f.code == "near-duplicate"]
    assert finding.severity == "info"


@pytest.mark.parametrize(
    "declared",
    [[("copy", "lf_5")], [("copy", "again"), ("again", "lf_5")], "auto"],
    ids=["swapped", "through another", "found"],
)
def test_pairs_are_allowed_for_in_any_order_and_through_others(declared):
    data = make_label_matrix(
        1500, 6, accuracy=(0.7, 0.8), coverage=0.7, as_frame=True, random_state=1
    )
    L = data.L.assign(copy=data.L["lf_5"], again=data.L["lf_5"])
    found = LabelModelClassifier(dependencies=declared).fit(L).report(L).findings
    copies = {f.lf: f for f in found if f.code == "near-duplicate"}
    assert set(copies) == {"copy", "again"}
    assert copies["copy"].severity == "info"
    assert "which the fit allows for" in copies["copy"].message
    assert "declare" not in copies["copy"].remedy
    assert (copies["again"].severity == "warning") == (declared == [("copy", "lf_5")])


def test_the_remedy_for_a_copy_is_one_that_the_model_has(good):
    L = with_column(good.L, good.L[:, 3])
    for model in (LabelModelClassifier(dependencies=None), DawidSkeneClassifier()):
        (finding,) = [f for f in model.fit(L).report(L).findings if f.code == "near-duplicate"]
        assert ("dependencies" in finding.remedy) == hasattr(model, "dependencies")


@pytest.mark.parametrize(("n_rows", "severity"), [(25, "info"), (60, "warning")])
def test_copies_that_meet_in_few_rows_are_no_warning(good, n_rows, severity):
    seldom = np.where(np.arange(len(good.L)) < n_rows, good.L[:, 7], -1)
    L = with_column(good.L, seldom)
    findings = LabelModelClassifier(dependencies=None).fit(L).report(L).findings
    assert [f.severity for f in findings if f.code == "near-duplicate"] == [severity]


def test_every_copy_of_many_is_named(good):
    L = np.column_stack([good.L, *[good.L[:, 3]] * 6])
    report = LabelModelClassifier().fit(L).report(L)
    named = [finding.lf for finding in report.findings if finding.code == "near-duplicate"]
    assert named == [8, 9, 10, 11, 12, 13]


def test_good_lfs_that_agree_are_no_copies():
    data = make_label_matrix(2000, 8, accuracy=0.97, coverage=0.8, random_state=0)
    report = LabelModelClassifier().fit(data.L).report(data.L)
    assert report.model.copies == ()


@pytest.mark.parametrize("seed", [2, 5, 7, 10])
def test_of_many_pairs_some_agree_by_chance(seed):
    data = make_label_matrix(1000, 10, accuracy=(0.8, 0.99), coverage=0.2, random_state=seed)
    report = LabelModelClassifier().fit(data.L).report(data.L)
    assert report.model.copies == ()


def test_pairs_counted_in_few_rows_are_as_sure_as_these_rows_are(monkeypatch):
    data = make_label_matrix(4000, 40, accuracy=0.92, coverage=0.3, random_state=0)
    model = LabelModelClassifier().fit(data.L)
    monkeypatch.setattr("sklearn_labelmodel.inspection._report.likelihood.PAIR_PRODUCTS", 1)
    assert model.report(data.L).model.copies == ()


def test_noisy_copies_among_many_lfs_are_found():
    data = make_label_matrix(
        1000,
        12,
        accuracy=(0.8, 0.95),
        coverage=0.4,
        n_correlated=2,
        copy_noise=0.05,
        random_state=0,
    )
    report = LabelModelClassifier().fit(data.L).report(data.L)
    assert {(copy.first, copy.second) for copy in report.model.copies} == {
        (data.copied_from[lf], lf) for lf in (10, 11)
    }


def test_tables_are_those_of_the_votes_of_each_lf(good):
    L = with_column(good.L, np.where(good.y == 1, 1, -1))
    model = DawidSkeneClassifier().fit(L)
    seen = patterns_of(L[:500])
    table, mu = tables_of(seen, model.vote_model_), model.mu_
    of_lf = np.array([mu[seen.lf == lf].sum(axis=0) for lf in range(9)])
    of_lf[8] = 1.0
    assert_allclose(table, mu / of_lf[seen.lf])


def test_a_vote_that_the_model_does_not_know_says_nothing_of_the_class(good):
    L = good.L[:, :3].copy()
    model = DawidSkeneClassifier().fit(L)
    L[0, 1] = 2
    seen = patterns_of(L)
    table = tables_of(seen, model.vote_model_)[(seen.lf == 1) & (seen.vote == 2)]
    assert table[0, 0] > 0
    assert_allclose(table[0, 0], table[0, 1], rtol=0.1)


def test_one_sided_copies_are_found(good):
    vote = np.where((good.y == 1) & (np.random.default_rng(0).random(1000) < 0.3), 1, -1)
    L = np.column_stack([good.L, vote, vote])
    report = LabelModelClassifier().fit(L).report(L)
    assert "near-duplicate" in codes(report, 9)


def test_few_votes_no_votes_and_one_vote(good):
    few, none = np.full((2, 1000), -1)
    few[:9] = [0, 1, 0, 1, 0, 1, 0, 1, 1]
    L = np.column_stack([good.L, few, none, np.where(good.y == 1, 1, -1)])
    report = LabelModelClassifier().fit(L).report(L)
    assert "few-votes" in codes(report, 8)
    assert "never-votes" in codes(report, 9)
    assert codes(report, 10) == {"one-sided"}


@pytest.mark.filterwarnings("ignore:The votes cannot identify")
def test_an_lf_that_meets_no_other_is_named(good):
    L = np.vstack([with_column(good.L, np.full(1000, -1)), np.full((40, 9), -1)])
    L[1000:, 8] = np.arange(40) % 2
    model = LabelModelClassifier().fit(L)
    assert "never-overlapping" in codes(model.report(L), 8)
    assert "never-overlapping" in codes(model.report_, 8)


@pytest.mark.filterwarnings("ignore:The votes cannot identify")
def test_two_lfs_are_too_few(good):
    model = LabelModelClassifier().fit(good.L[:, :2])
    assert "too-few-lfs" in codes(model.report(good.L[:, :2]))
    assert "too-few-lfs" in codes(model.report_)


# Gold labels --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def anchored():
    """Three LFs that are mostly wrong outvote two good ones; a hundred labels tell. Data, the first labels, fit."""
    data = make_label_matrix(
        1000, 5, accuracy=[0.2, 0.2, 0.2, 0.9, 0.9], coverage=0.6, random_state=0
    )
    y = np.where(np.arange(1000) < 100, data.y, -1)
    return data, y, LabelModelClassifier().fit(data.L, y)


def test_lfs_that_labels_contradict_are_inverted_though_others_agree(anchored):
    data, _, model = anchored
    report = model.report(data.L)
    for lf in range(5):
        assert codes(report, lf) == ({"inverted", "below-chance"} if lf < 3 else set())
        assert codes(model.report_, lf) == ({"inverted"} if lf < 3 else set())
    (first, *_) = [finding for finding in report.findings if finding.code == "inverted"]
    right = (data.L[:100, 0] == data.y[:100]).sum() / (data.L[:100, 0] >= 0).sum()
    assert f"votes against gold labels: {right:.0%} of its 59 votes" in first.message


@pytest.mark.parametrize(
    ("accuracies", "doubted"), [([0.9, 0.9], True), ([0.9], False), ([0.9, 0.9, 0.1], False)]
)
def test_gold_labels_that_contradict_several_lfs_and_confirm_none_are_doubted(accuracies, doubted):
    accuracies = [*accuracies, *[0.5] * 3]
    data = make_label_matrix(1000, len(accuracies), accuracy=accuracies, random_state=0)
    swapped_gold = np.where(np.arange(1000) < 200, 1 - data.y, -1)
    found = MajorityVoteClassifier().fit(data.L, swapped_gold).report(data.L).findings
    (remedy,) = {finding.remedy for finding in found if finding.code == "inverted"}
    assert ("the gold labels (which confirm no LF)" in remedy) == doubted


def test_labels_choose_between_likelihoods_that_are_alike(anchored):
    data, _, model = anchored
    lfs = model.report(data.L).lfs
    assert ((lfs["low"] <= data.accuracies) & (data.accuracies <= lfs["high"])).all()
    unlabelled = LabelModelClassifier().fit(data.L).report(data.L).lfs
    assert (unlabelled["high"][3:] < 0.2).all()


@pytest.mark.parametrize("n_labels", [10, 30])
def test_few_labels_leave_no_lf_both_good_and_inverted(anchored, n_labels):
    data, y, _ = anchored
    report = LabelModelClassifier().fit(data.L, np.where(np.arange(1000) < n_labels, y, -1))
    report = report.report(data.L)
    good = report.lfs["low"] > report.lfs["chance"]
    assert good.tolist() == [False, False, False, True, True]
    assert not any("inverted" in codes(report, lf) for lf in np.flatnonzero(good))


def test_labels_of_two_rows_say_nothing_against_the_others(good):
    L = swapped(good.L, 0)
    y = np.full(1000, -1)
    y[:2] = [0, 1]
    assert codes(LabelModelClassifier().fit(L, y).report(L), 0) == {"inverted", "below-chance"}


def test_labels_that_the_fit_has_not_learned_from_change_nothing(anchored):
    data, y, _ = anchored
    without = LabelModelClassifier().fit(data.L).report(data.L)
    with_ignored = LabelModelClassifier(gold="ignore").fit(data.L, y).report(data.L)
    assert str(with_ignored) == str(without)
    pd.testing.assert_frame_equal(with_ignored.lfs, without.lfs)


def test_a_few_labels_do_not_overrule_the_others(good):
    L = swapped(good.L, 0)
    model = LabelModelClassifier().fit(L, np.where(np.arange(1000) < 5, good.y, np.nan))
    assert codes(model.report(L), 0) == {"inverted", "below-chance"}


def test_differing_from_majority_vote_is_no_fault_of_a_fit_with_labels(anchored):
    data, _, model = anchored
    report = model.report(data.L)
    (finding,) = [found for found in report.findings if found.code == "against-majority"]
    assert finding.severity == "info"
    assert "knows nothing of the 100 gold labels" in finding.message
    assert report.model.held_out is None


def test_labels_are_found_by_the_votes_that_these_rows_have(anchored):
    data, _, model = anchored
    rows = data.L.copy()
    rows[rows[:, 0] == 0, 0] = -1
    assert (model.report(rows).lfs["low"][3:] > 0.8).all()


def test_class_shares_that_contradict_the_prior():
    data = make_label_matrix(1000, 8, class_balance=[0.9, 0.1], accuracy=0.85, random_state=0)
    report = LabelModelClassifier().fit(data.L).report(data.L)
    assert "shifted-shares" in codes(report)
    right = LabelModelClassifier(class_balance=[0.9, 0.1]).fit(data.L).report(data.L)
    assert "shifted-shares" not in codes(right)


def shares_finding(model, L, y=None):
    (finding,) = [f for f in model.fit(L, y).report(L).findings if f.code == "shifted-shares"]
    return finding


def test_the_remedy_for_shares_is_one_that_the_model_has():
    data = make_label_matrix(1000, 8, class_balance=[0.9, 0.1], accuracy=0.85, random_state=0)
    L = np.vstack([data.L, np.full((200, 8), -1)])
    uniform, given = {}, {"class_balance": [0.5, 0.5]}
    assert "'estimate'" in shares_finding(LabelModelClassifier(), L).remedy
    for known in (uniform, given):
        finding = shares_finding(MajorityVoteClassifier(**known), L)
        assert "estimate" not in finding.remedy
        assert "lean on" not in finding.message
        assert "MajorityVoteClassifier heeds it in rows without votes only" in finding.message
    labelled = np.where(data.L[:, 0] >= 0, 1 - data.L[:, 0], -1)
    y = np.append(labelled, np.full(200, -1))
    assert "labelled rows" in shares_finding(MajorityVoteClassifier(), L, y).remedy


def test_where_the_class_prior_is_from(good):
    y = np.where(np.arange(1000) < 100, good.y, -1)
    given, learned = {"class_balance": [0.5, 0.5]}, {"class_balance": "estimate"}
    for model, labels, origin in [
        (LabelModelClassifier(), None, "uniform"),
        (LabelModelClassifier(), y, "labels"),
        (LabelModelClassifier(**given), y, "given"),
        (LabelModelClassifier(**learned), None, "learned"),
        (DawidSkeneClassifier(), None, "learned"),
        (DawidSkeneClassifier(**given), None, "given"),
        (MajorityVoteClassifier(), y, "labels"),
    ]:
        assert measure_fit(model.fit(good.L, labels)).model.prior_source == origin


@pytest.mark.slow
@pytest.mark.parametrize("n_classes", [2, 3])
def test_few_rows_shift_no_shares_and_lose_no_class(n_classes):
    data = make_label_matrix(1000, 8, n_classes, accuracy=0.8, coverage=0.6, random_state=0)
    model = LabelModelClassifier().fit(data.L)
    batches = [model.report(data.L[rows : rows + 10]) for rows in range(0, 1000, 10)]
    found = set().union(*(codes(batch) for batch in batches))
    assert not found & {"shifted-shares", "lost-classes"}


def test_nothing_is_wrong_with_one_row(good):
    model = LabelModelClassifier().fit(good.L)
    row = good.L[[0]]
    assert (row < 0).any()
    assert model.report(row).findings == ()


def test_an_lf_that_fell_silent_is_named(good):
    model = LabelModelClassifier().fit(good.L)
    L = good.L.copy()
    L[:, 0] = -1
    (finding,) = [f for f in model.report(L).findings if f.code == "never-votes"]
    assert (finding.lf, finding.severity) == (0, "warning")
    assert f"in those of fit it did in {(good.L[:, 0] >= 0).mean():.0%}" in finding.message
    L[:, 0] = model.fit(L) and good.L[:, 0]
    (finding,) = [f for f in model.report(L).findings if f.code == "never-votes"]
    assert "did not vote in fit" in finding.message


def test_rows_without_votes_and_lost_classes(good):
    L = np.vstack([good.L, np.full((1500, 8), -1)])
    report = LabelModelClassifier(classes=[0, 1, 2]).fit(L).report(L)
    silent = (L < 0).all(axis=1).mean()
    assert_allclose(report.model.silent, silent)
    assert {"silent-rows", "lost-classes"} <= codes(report)


def test_labels_far_from_majority_vote(good):
    L = good.L[:, :3]
    upside_down = DawidSkeneClassifier(prec_init=0.7).fit(L)
    learned = upside_down.vote_model_
    upside_down.vote_model_ = replace(learned, classes=learned.classes[::-1].copy())
    found = upside_down.report(L)
    assert found.model.agreement < 0.2
    (finding,) = [f for f in found.findings if f.code == "against-majority"]
    assert finding.severity == "danger"


def test_of_two_classes_that_tie_a_label_agrees_by_half_and_is_not_outvoted():
    L = np.array([[0, 1, -1], [0, 0, 1], [-1, -1, -1], [1, 1, 1]] * 10)
    facts = MajorityVoteClassifier().fit(L).report(L).model
    assert facts.agreement == (0.5 + 1 + 1) / 3
    assert facts.outvoted == 0.0


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_training_that_did_not_converge(good):
    model = DawidSkeneClassifier(max_iter=2, tol=1e-12).fit(good.L)
    assert "not-converged" in codes(model.report(good.L))
    assert "not-converged" in codes(model.report_)
    assert "not-converged" not in codes(DawidSkeneClassifier().fit(good.L).report_)


def test_training_that_diverged():
    data = make_label_matrix(500, 150, coverage=1.0, random_state=0)
    steep = LabelModelClassifier(lr=0.02, optimizer_params={"momentum": 0.9}, n_epochs=10)
    message = r"diverged: the loss rose from .* Lower lr \(it is 0.02\)"
    with pytest.warns(ConvergenceWarning, match=message):
        steep.fit(data.L)
    (finding,) = [found for found in steep.report_.findings if found.code == "diverged"]
    assert finding.severity == "danger"


@pytest.mark.parametrize(
    "kind", [LabelModelClassifier, DawidSkeneClassifier, MajorityVoteClassifier]
)
def test_labels_tell_every_model_which_lfs_are_inverted(kind):
    data = make_label_matrix(
        1000, 5, accuracy=[0.2, 0.2, 0.2, 0.9, 0.9], coverage=0.6, random_state=0
    )
    model = kind().fit(data.L, np.where(np.arange(1000) < 100, data.y, -1))
    found = model.report(data.L).findings
    assert {f.lf for f in found if f.code in ("inverted", "below-chance")} == {0, 1, 2}


# Held-out rows ------------------------------------------------------------------------------------


def test_a_model_that_foresees_votes_worse_than_majority_vote_says_so():
    # All LFs are alike, as majority vote takes them to be; the model is told otherwise.
    data = make_label_matrix(2000, 6, accuracy=0.75, coverage=0.6, random_state=0)
    model = LabelModelClassifier(prec_init=[0.9, 0.2, 0.2, 0.2, 0.6, 0.6]).fit(data.L)
    worse = model.report(data.L)
    assert model.score(data.L, data.y) < MajorityVoteClassifier().fit(data.L).score(data.L, data.y)
    (finding,) = [found for found in worse.findings if found.code == "worse-than-majority"]
    assert finding.severity == "warning"


@pytest.mark.slow
@pytest.mark.parametrize(
    "model", [LabelModelClassifier(), DawidSkeneClassifier(one_coin=True)], ids=["label", "coin"]
)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "settings",
    [
        {"n_samples": 2000, "n_classes": 10, "accuracy": (0.4, 0.8), "coverage": 0.5},
        {"n_samples": 1000, "accuracy": (0.8, 0.99), "coverage": 0.2},
    ],
    ids=["ten classes", "few votes"],
)
def test_a_model_that_labels_better_is_not_called_worse(model, seed, settings):
    data = make_label_matrix(n_lfs=10, **settings, random_state=seed)
    assert "worse-than-majority" not in codes(model.fit(data.L).report(data.L))


def test_how_far_all_lfs_are_trusted_is_not_what_is_judged():
    data = make_label_matrix(2000, 6, accuracy=0.6, coverage=0.9, random_state=0)
    model = LabelModelClassifier(n_epochs=0, n_em_steps=0, prec_init=0.95).fit(data.L)
    scores = model.report(data.L).model.held_out
    # How far is searched for to 5% only, and then with no gradient left.
    assert_allclose(scores.own, scores.majority, atol=1e-3)
    assert model.score(data.L) < scores.own - 1


def test_powers_keep_how_often_votes_occur():
    mu, prior = np.array([[0.5, 0.1], [0.1, 0.3]]), np.array([0.3, 0.7])
    got = powered(mu, prior, 2.0)
    assert_allclose(got @ prior, mu @ prior)
    assert_allclose(got[:, 0] / got[:, 1], (mu[:, 0] / mu[:, 1]) ** 2)
    assert_allclose(powered(mu, prior, 1.0), mu)


def test_a_model_that_foresees_votes_better_says_nothing():
    accuracy = [0.95, 0.9, 0.9, 0.6, 0.55, 0.5]
    data = make_label_matrix(2000, 6, accuracy=accuracy, coverage=0.9, random_state=0)
    better = DawidSkeneClassifier(max_iter=50).fit(data.L).report(data.L)
    assert better.model.held_out.own > better.model.held_out.majority
    assert "worse-than-majority" not in codes(better)


def test_majority_vote_is_not_held_against_itself(good):
    assert MajorityVoteClassifier().fit(good.L).report(good.L).model.held_out is None


def test_few_rows_are_not_split(good):
    assert LabelModelClassifier().fit(good.L[:19]).report(good.L[:19]).model.held_out is None


# The object ---------------------------------------------------------------------------------------


def test_printing_names_lfs_and_counts(good):
    L = pd.DataFrame(swapped(good.L, 5), columns=list("abcdefgh"))
    text = str(LabelModelClassifier().fit(L).report(L))
    assert text.startswith("LabelModelClassifier on 1,000 rows, 8 LFs, 2 classes: 2 dangers")
    assert "LF 'f' votes against the others" in text


def test_lfs_with_the_same_fault_share_a_line(good):
    vote = np.where(good.y == 1, 1, -1)
    sparse = np.where(np.random.default_rng(0).random((1000, 7)) < 0.3, vote[:, None], -1)
    L = np.column_stack([good.L, sparse])
    text = str(LabelModelClassifier().fit(L).report_)
    assert "Likewise 9, 10, 11, 12 and 2 more." in text


def test_html_escapes_names(good):
    L = pd.DataFrame(swapped(good.L, 0), columns=["<b>&", *"bcdefgh"])
    html = LabelModelClassifier().fit(L).report(L)._repr_html_()
    assert "<b>&" not in html.replace("<b>danger", "")
    assert "&lt;b&gt;&amp;" in html


def test_the_table_of_lfs(good, report):
    assert report.lfs.index.tolist() == list(range(8))
    assert report.lfs.index.name == "lf"
    assert_allclose(report.lfs["votes"], (good.L >= 0).sum(axis=0))
    assert (
        (report.lfs["low"] < report.lfs["accuracy"]) & (report.lfs["accuracy"] < report.lfs["high"])
    ).all()
    assert_array_equal(report.lfs["reason"], "")


def test_the_table_lists_findings_by_lf(good):
    L = swapped(good.L, 0)
    table = LabelModelClassifier().fit(L).report(L).lfs
    assert table["findings"].tolist() == ["inverted, below-chance", *[""] * 7]


# Estimators and containers ------------------------------------------------------------------------


@pytest.mark.parametrize("Model", MODELS)
@pytest.mark.parametrize("method", ["report", "report_"])
def test_reports_need_a_fit(good, Model, method):
    with pytest.raises(NotFittedError):
        Model().report(good.L) if method == "report" else Model().report_


def test_what_fit_tells_without_the_votes(good):
    L = swapped(good.L, 0)
    model = LabelModelClassifier().fit(L)
    assert codes(model.report_, 0) == {"inverted"}
    assert model.report_.lfs["low"].isna().all()
    assert model.report_.model.shares is None
    assert_allclose(model.report_.lfs["votes"], (L >= 0).sum(axis=0))


def test_many_symbols_are_not_kept(good, monkeypatch):
    monkeypatch.setattr("sklearn_labelmodel._learning.observed.MOST_SYMBOLS", 10)
    model = LabelModelClassifier().fit(swapped(good.L, 0))
    assert codes(model.report_, 0) == set()


def containers(L):
    names = np.array(["ham", "spam"], dtype=object)
    stored = sp.coo_array(np.where(L < 0, 0, L + 1))
    return {
        "list": L.tolist(),
        "sparse": stored,
        "float": np.where(L < 0, np.nan, L),
        "strings": pd.DataFrame(np.where(L < 0, None, names[L])),
        "categories": pd.DataFrame(np.where(L < 0, None, names[L])).astype("category"),
    }


@pytest.mark.parametrize("kind", ["list", "sparse", "float", "strings", "categories"])
def test_the_container_does_not_matter(good, report, kind):
    L = containers(good.L)[kind]
    got = LabelModelClassifier().fit(L).report(L)
    assert_allclose(got.lfs["low"], report.lfs["low"], rtol=1e-6)
    assert_allclose(got.model.held_out, report.model.held_out)


@pytest.mark.filterwarnings("ignore:The votes .* are none of y's classes")
def test_votes_that_are_no_class_are_left_out(good):
    report = LabelModelClassifier().fit(good.L, good.y + 10).report(good.L)
    assert set(report.lfs["reason"]) == {"votes for what is no class"}
    assert report.model.held_out is None
    assert report.model.agreement is None


def test_a_report_changes_nothing(good):
    model = LabelModelClassifier().fit(good.L)
    before = model.predict_proba(good.L)
    assert str(model.report(good.L)) == str(model.report(good.L))
    assert_array_equal(model.predict_proba(good.L), before)


@pytest.mark.parametrize("Model", MODELS)
def test_a_report_parses_the_votes_once(good, Model):
    model, called = Model().fit(good.L), Counter()

    def note(frame, event, _):
        if event == "call" and "sklearn_labelmodel" in frame.f_code.co_filename:
            called[frame.f_code.co_name] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        model.report(good.L)
    finally:
        sys.setprofile(before)
    assert called["make_report"] == 1
    assert called["read_votes"] == 1


def test_the_fit_of_lfs_with_unlike_votes_declared_to_depend_is_reported(good):
    L = np.column_stack([good.L, np.where(good.y == 1, 1, -1), np.where(good.y == 0, 0, -1)])
    report = LabelModelClassifier(dependencies=[(8, 9)]).fit(L).report(L)
    assert report.model.copies == ()


def test_what_the_fit_finds_and_what_the_report_calls_copies_is_the_same():
    data = make_label_matrix(
        2000, 10, accuracy=(0.6, 0.9), n_correlated=3, copy_noise=0.02, random_state=0
    )
    model = LabelModelClassifier().fit(data.L)
    copies = model.report(data.L).model.copies
    assert {(copy.first, copy.second) for copy in copies} == set(model.dependencies_)
    assert all(copy.allowed_for for copy in copies)


def test_a_report_leaves_the_global_generator_alone(good):
    model = LabelModelClassifier().fit(good.L)
    np.random.seed(0)  # noqa: NPY002
    first = np.random.random()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    model.report(good.L)
    assert np.random.random() == first  # noqa: NPY002


def test_distinct_rows_have_the_posterior_of_the_rows(good):
    model = LabelModelClassifier().fit(good.L)
    patterns = patterns_of(good.L)
    proba = pattern_posterior(patterns, model.vote_model_)
    assert_allclose(patterns.weight @ proba / 1000, model.predict_proba(good.L).mean(axis=0))


@pytest.mark.parametrize("share_of_votes", [0.9, 0.05])
def test_two_lfs_agree_where_their_votes_leave_a_class_in_common(share_of_votes):
    rng = np.random.RandomState(0)
    meanings = {"ab": ["a", "b"], "bc": ["b", "c"]}
    L = rng.choice(["a", "b", "c", *meanings], size=(2000, 6)).astype(object)
    L[rng.rand(*L.shape) > share_of_votes] = None
    pairs = LabelModelClassifier(vote_meanings=meanings).fit(L).report(L).pairs
    for i, j in combinations(range(6), 2):
        both = [(u, v) for u, v in zip(L[:, i], L[:, j], strict=True) if u and v]
        assert pairs.table[i, j] == np.mean([bool({*u} & {*v}) for u, v in both])


@pytest.mark.parametrize("share_of_votes", [0.15, 0.3, 0.6])
def test_lfs_that_meet_two_others_that_meet_are_found_in_whatever_rows(share_of_votes):
    rng = np.random.RandomState(0)
    for _ in range(30):
        voted = np.vstack([rng.rand(8, 7) < share_of_votes, np.eye(7, dtype=bool)])
        usable = rng.rand(7) < 0.8
        meet = voted.T.astype(int) @ voted > 0
        triples = [(i, j, k) for i, j, k in combinations(np.flatnonzero(usable), 3)]
        expected = {
            lf for i, j, k in triples if meet[i, j] & meet[j, k] & meet[i, k] for lf in (i, j, k)
        }
        found = in_triangles(patterns_of(np.where(voted, 1, -1)), usable)
        assert set(np.flatnonzero(found)) == expected


def test_of_many_rows_evenly_spaced_ones_are_read(good, monkeypatch):
    monkeypatch.setattr("sklearn_labelmodel.inspection._report.report.MOST_CELLS", 8 * 500)
    model = LabelModelClassifier().fit(good.L)
    numbers = model.report(good.L).model
    assert numbers.n_samples == 500
    assert numbers.n_rows == 1000


def test_a_report_shows_itself_wherever_it_stands():
    L, _ = make_votes()
    model = LabelModelClassifier().fit(L)
    report = model.report(L)
    assert repr([report]) == f"[{report}]"
    assert " object at 0x" not in model._repr_html_()


def test_gold_labels_that_match_no_class_are_not_held_against_labels(good):
    names = np.array(["no", "yes", None], dtype=object)
    L, y = names[good.L], names[good.y]
    model = LabelModelClassifier().fit(L)
    with pytest.raises(ValueError, match=r"labels of y .* are of unlike kinds"):
        model.report(L, good.y)
    with pytest.warns(UserWarning, match=r"y holds 'Yes', .*counts as wrong"):
        model.report(L, np.where(y == "yes", "Yes", "no"))


def test_no_pair_is_both_most_alike_and_most_at_odds():
    data = make_label_matrix(300, 4, accuracy=0.8, random_state=0)
    pairs = LabelModelClassifier().fit(data.L).report(data.L).pairs
    alike, at_odds = ({pair[:2] for pair in some} for some in (pairs.alike, pairs.at_odds))
    assert len(alike) == len(at_odds) == 3
    assert not alike & at_odds
