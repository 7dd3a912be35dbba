"""Columns of scores: cut into bins, learned, tempered, told."""

import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import rankdata

from sklearn_labelmodel import (
    DawidSkeneClassifier,
    LabelModelClassifier,
    MajorityVoteClassifier,
    WeakSupervisionClassifier,
)
from sklearn_labelmodel._votes.scores import quantile_bins
from sklearn_labelmodel.inspection import LFAccuracyDisplay, lf_summary, score_summary
from sklearn_labelmodel.labeling import LabelingFunctions, ScoreLF

MODELS = [LabelModelClassifier, DawidSkeneClassifier, MajorityVoteClassifier]
each_model = pytest.mark.parametrize("kind", MODELS)


def make_ratings(n_samples=600, n_judges=6, *, shift=1.2, common=0.0, share=0.5, seed=0):
    """Ratings of judges that see the truth through noise, some of it common to all; and the truth."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n_samples) < share).astype(int)
    seen = rng.normal(size=(n_samples, n_judges)) + common * rng.normal(size=(n_samples, 1))
    return seen + shift * y[:, None], y


def accuracy_of(model, L, y):
    return (model.predict(L) == y).mean()


# Bins ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scores", "ranges"),
    [
        ([1, 2, 3, 4, 5, 6, 7, 8], [[1, 2], [3, 4], [5, 6], [7, 8]]),
        ([3, 1, 2, np.nan, 2, 1], [[1, 1], [2, 2], [3, 3]]),
        # Ties stay together, whatever that leaves of the other bins.
        ([0, 0, 0, 0, 0, 0, 1, 2, 3, 4], [[0, 0], [1, 1], [2, 4]]),
        ([5, 5, 5], [[5, 5]]),
        # Five values of which two are to share one of four bins.
        ([1, 2, 3, 4, 5] * 2, [[1, 1], [2, 2], [3, 4], [5, 5]]),
        ([-np.pi, 1e9, 0.5, 0.25], [[-np.pi, -np.pi], [0.25, 0.25], [0.5, 0.5], [1e9, 1e9]]),
        ([np.nan, np.nan], np.zeros((0, 2))),
    ],
)
def test_bins_are_as_equal_in_number_as_ties_allow(scores, ranges):
    assert_array_equal(quantile_bins(np.array(scores, dtype=float), 4), ranges)


@each_model
def test_a_score_is_read_by_the_bins_of_fit(kind):
    L, _ = make_ratings(n_judges=3)
    model = kind(classes=[0, 1], scores="all").fit(L)
    assert_allclose(model.predict_proba(L[:1]), model.predict_proba(L)[:1], rtol=1e-12)
    edges = np.array(list(model.score_bins_.values()))
    for far, near in ((-1e6, edges[:, 0, 0]), (1e6, edges[:, -1, 1])):
        assert_array_equal(model.predict_proba([[far] * 3]), model.predict_proba([near]))
    # The greatest score of a bin is in it, the least one above is in the next.
    below, above = model.predict_proba([edges[:, 0, 1]]), model.predict_proba([edges[:, 1, 0]])
    between = model.predict_proba([(edges[:, 0, 1] + edges[:, 1, 0]) / 2])
    assert_array_equal(between, above)
    assert abs(below - above).max() > 0.01


@each_model
def test_the_scale_of_a_judge_does_not_matter(kind):
    L, _ = make_ratings()
    other = np.column_stack(
        [L[:, 0], 100 * L[:, 1], L[:, 2] - 50, np.exp(L[:, 3]), L[:, 4] ** 3, rankdata(L[:, 5])]
    )
    proba = [
        kind(classes=[0, 1], scores="all").fit(ratings).predict_proba(ratings)
        for ratings in (L, other)
    ]
    assert_allclose(*proba, rtol=1e-9)


def test_a_column_of_many_scores_has_four_bins():
    L, _ = make_ratings(n_judges=3)
    model = MajorityVoteClassifier(classes=[0, 1], scores="all").fit(L)
    assert [len(cut) for cut in model.score_bins_.values()] == [4, 4, 4]


def test_score_bins_are_told_by_name():
    frame = pd.DataFrame({"vote": [0, 1, 0, 1], "rating": [1.0, 2.0, 2.0, 5.0]})
    with pytest.warns(UserWarning, match="cannot identify"):
        model = LabelModelClassifier(scores=["rating"]).fit(frame)
    assert list(model.score_bins_) == ["rating"]
    assert_array_equal(model.score_bins_["rating"], [[1, 1], [2, 2], [5, 5]])


def test_without_scores_there_are_no_bins(binary):
    assert LabelModelClassifier().fit(binary[0]).score_bins_ == {}


# What is learned ----------------------------------------------------------------------------------


@each_model
def test_labels_are_those_that_the_scores_tell(kind):
    L, y = make_ratings()
    model = kind(classes=[0, 1], scores="all").fit(L)
    best = (L.mean(axis=1) > 0.6).astype(int)
    assert accuracy_of(model, L, y) > (best == y).mean() - 0.02


def test_majority_vote_is_the_mean_of_ranks():
    L = np.tile([1.0, 2.0, 3.0, 4.0], (3, 1)).T
    L[0, 1:] = L[1, 2] = np.nan
    model = MajorityVoteClassifier(classes=["no", "yes"], scores="all").fit(L)
    ranks = [
        (rankdata(column, nan_policy="omit") - 0.5) / np.isfinite(column).sum() for column in L.T
    ]
    assert_allclose(model.predict_proba(L)[:, 1], np.nanmean(ranks, axis=0))


def test_an_inverted_judge_is_learned_and_told():
    L, y = make_ratings(n_judges=7, shift=1.5)
    plain = LabelModelClassifier(classes=[0, 1], scores="all").fit(L)
    L[:, 2] *= -1
    model = LabelModelClassifier(classes=[0, 1], scores="all").fit(L)
    assert accuracy_of(model, L, y) > accuracy_of(plain, L * [1, 1, -1, 1, 1, 1, 1], y) - 0.02
    assert model.lf_accuracies_[2] < 0.5 < np.delete(model.lf_accuracies_, 2).min()
    summary = score_summary(model)
    assert summary.loc[2, 1].is_monotonic_decreasing
    assert summary.loc[0, 1].is_monotonic_increasing
    found = {finding.lf for finding in model.report(L).findings if finding.code == "inverted"}
    assert found == {2}


def test_few_judges_do_not_come_out_upside_down():
    L, y = make_ratings(n_samples=400, n_judges=12, shift=0.5, common=0.6)
    rng = np.random.default_rng(0)
    for _ in range(8):
        six = L[:, rng.permutation(12)[:6]]
        model = LabelModelClassifier(classes=[0, 1], scores="all").fit(six)
        assert accuracy_of(model, six, y) > 0.55


@pytest.mark.parametrize("n_judges", [4, 16])
def test_judges_that_err_together_are_believed_less(n_judges):
    L, y = make_ratings(2000, n_judges, shift=1.0, common=1.0)
    proba = LabelModelClassifier(classes=[0, 1], scores="all").fit(L).predict_proba(L)
    log_loss = -np.log(proba[np.arange(len(y)), y]).mean()
    # What the mean of all judges tells, by the formula of its two normal distributions.
    mean = L.mean(axis=1)
    odds = (mean - 0.5) / (1 + 1 / n_judges)
    best = np.logaddexp(0, np.where(y == 1, -odds, odds)).mean()
    assert log_loss < best + 0.06


def test_identical_judges_count_as_one():
    L, _ = make_ratings(n_judges=1)
    model = LabelModelClassifier(classes=[0, 1], scores="all", dependencies=None)
    assert model.fit(np.repeat(L, 5, axis=1)).vote_model_.tempering == pytest.approx(1.0)


def test_judges_that_agree_on_nothing_are_not_tempered():
    L = np.random.default_rng(0).normal(size=(5000, 5))
    model = LabelModelClassifier(classes=[0, 1], scores="all", n_em_steps=1).fit(L)
    assert model.vote_model_.tempering < 0.1


def test_tempering_zero_is_heeded():
    L, _ = make_ratings()
    model = LabelModelClassifier(classes=[0, 1], scores="all", tempering=0).fit(L)
    assert model.vote_model_.tempering == 0


def test_a_judge_that_is_there_twice_weighs_less():
    L, _ = make_ratings()
    L = np.column_stack([L, 10 * L[:, 0] + 3])
    model = LabelModelClassifier(classes=[0, 1], scores="all").fit(L)
    assert model.dependencies_ == [(0, 6)]
    weight = model.vote_weights_.reshape(7, 4)
    assert_allclose(weight[[0, 6]], 0.5, atol=0.05)
    assert_allclose(weight[1:6], 1)


def test_gold_labels_anchor_what_bins_mean():
    L, y = make_ratings(1000, shift=0.8)
    reverse = 1 - y
    gold = np.where(np.arange(1000) < 300, reverse, -1)
    model = LabelModelClassifier(scores="all").fit(L, gold)
    assert accuracy_of(model, L, reverse) > 0.6


def test_a_known_rare_class_is_found():
    L, y = make_ratings(2000, shift=1, share=0.2)
    blind = LabelModelClassifier(classes=[0, 1], scores="all").fit(L)
    told = LabelModelClassifier(classes=[0, 1], scores="all", class_balance=[0.8, 0.2]).fit(L)
    assert accuracy_of(told, L, y) > accuracy_of(blind, L, y) + 0.02


# Forms --------------------------------------------------------------------------------------------


def mixture():
    ratings, y = make_ratings(n_judges=3)
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(ratings, columns=["a", "b", "c"])
    words = np.array(["no", "yes"])
    for name, accuracy in (("rule", 0.8), ("regex", 0.75), ("llm", 0.7)):
        votes = words[np.where(rng.random(len(y)) < accuracy, y, 1 - y)].astype(object)
        votes[rng.random(len(y)) < 0.3] = None
        frame.insert(1, name, votes)
    frame.loc[rng.random(len(y)) < 0.2, "b"] = np.nan
    return frame, words[y]


@each_model
def test_votes_and_scores_are_read_side_by_side(kind):
    frame, y = mixture()
    model = kind(scores=["a", "b", "c"]).fit(frame)
    assert model.classes_.tolist() == ["no", "yes"]
    votes_alone = kind().fit(frame[["llm", "regex", "rule"]])
    with_scores = accuracy_of(model, frame, y)
    assert with_scores > accuracy_of(votes_alone, frame[["llm", "regex", "rule"]], y) + 0.02


@each_model
@pytest.mark.parametrize(
    "as_kind",
    [
        pl.from_pandas,
        lambda frame: frame.to_numpy(),
        lambda frame: frame.to_numpy().tolist(),
        lambda frame: frame.astype({"a": "Float64", "b": "Float64"}),
        lambda frame: frame.astype({"a": object, "c": object}),
    ],
    ids=["polars", "array", "list", "nullable", "objects"],
)
def test_every_container_is_read_alike(kind, as_kind):
    frame, _ = mixture()
    scores = [0, 4, 5]
    L = as_kind(frame)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*feature names")
        proba = kind(scores=scores).fit(L).predict_proba(L)
    assert_array_equal(proba, kind(scores=scores).fit(frame).predict_proba(frame))


@pytest.mark.parametrize("n_scores", [3, 5])
def test_entries_of_a_sparse_matrix_may_be_scores(n_scores):
    L, _ = make_ratings(n_judges=5)
    L[:, n_scores:] = (L[:, n_scores:] > 0.5).astype(float)
    rng = np.random.default_rng(0)
    L[rng.random(L.shape) < 0.4] = np.nan
    rows, columns = np.nonzero(~np.isnan(L))
    sparse = sp.csr_array((L[rows, columns], (rows, columns)), shape=L.shape)
    model = LabelModelClassifier(classes=[0, 1], scores=list(range(n_scores)))
    assert_allclose(
        model.fit(sparse).predict_proba(sparse), model.fit(L).predict_proba(L), rtol=1e-9
    )


@pytest.mark.parametrize(
    "scores",
    [
        ["b", "a"],
        [0, 5, 4][::2],
        np.array([1, 0, 0, 0, 1, 0], dtype=bool),
        {"a": "yes", "b": "yes"},
    ],
)
def test_columns_are_named_in_every_way(scores):
    frame, _ = mixture()
    L = frame.drop(columns="c").assign(d=frame["llm"])
    model = LabelModelClassifier(scores=scores).fit(L)
    assert list(model.score_bins_) == ["a", "b"]


def test_probabilities_of_classes_are_the_dict_form():
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=900)
    logits = 1.2 * np.eye(3)[y][:, None] + rng.normal(size=(900, 4, 3))
    proba = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    names = [f"{judge}{label}" for judge in "abcd" for label in "xyz"]
    frame = pd.DataFrame(proba.reshape(900, 12), columns=names)
    labels = np.array(list("xyz"))
    for kind in MODELS:
        model = kind(classes=["z", "x", "y"], scores={name: name[1] for name in names}).fit(frame)
        best = labels[proba.mean(axis=1).argmax(axis=1)]
        assert accuracy_of(model, frame, labels[y]) > (best == labels[y]).mean() - 0.04


def test_scores_may_speak_for_either_class():
    L, _ = make_ratings()
    plain = LabelModelClassifier(classes=["no", "yes"], scores="all").fit(L)
    turned = LabelModelClassifier(classes=["no", "yes"], scores=dict.fromkeys(range(6), "no"))
    assert_allclose(turned.fit(-L).predict_proba(-L), plain.predict_proba(L), rtol=1e-6, atol=1e-9)


def test_y_names_the_classes():
    L, y = make_ratings()
    model = LabelModelClassifier(scores="all").fit(L, np.array(["bad", "good"])[y])
    assert model.classes_.tolist() == ["bad", "good"]
    assert model.score(L, np.array(["bad", "good"])[y]) > 0.8


@each_model
def test_a_missing_score_abstains(kind):
    L, _ = make_ratings(n_judges=4)
    model = kind(classes=[0, 1], scores="all").fit(L)
    assert_allclose(model.predict_proba(np.full((1, 4), np.nan))[0], model.class_prior_)


def test_negative_scores_do_not_abstain():
    L = np.round(make_ratings()[0]) - 1
    assert (L == -1).any()
    model = LabelModelClassifier(classes=[0, 1], scores="all").fit(L)
    assert_allclose(model.coverage_, 1)


def test_a_marker_among_scores_warns():
    L = np.round(make_ratings()[0]).clip(0, 5)
    L[3, 1] = -1
    with pytest.warns(UserWarning, match=r"LF 1, row 3: the score -1 looks like the marker"):
        LabelModelClassifier(classes=[0, 1], scores="all").fit(L)
    LabelModelClassifier(classes=[0, 1], scores="all", abstain=None).fit(L)


@each_model
def test_a_fitted_model_survives_pickling(kind):
    frame, _ = mixture()
    model = kind(scores=["a", "b", "c"]).fit(frame)
    other = pickle.loads(pickle.dumps(model))
    assert_array_equal(other.predict_proba(frame), model.predict_proba(frame))
    assert score_summary(other).equals(score_summary(model))


def test_a_column_without_any_score_says_nothing():
    L, _ = make_ratings()
    empty = np.column_stack([L, np.full(len(L), np.nan)])
    proba = LabelModelClassifier(classes=[0, 1], scores="all").fit(L).predict_proba(L)
    model = LabelModelClassifier(classes=[0, 1], scores="all").fit(empty)
    assert_allclose(model.predict_proba(empty), proba)
    assert_allclose(model.predict_proba(np.column_stack([L, L[:, 0]])), proba)


def test_an_end_model_is_trained_on_scores():
    L, y = make_ratings(n_judges=4)
    labeler = LabelingFunctions([ScoreLF(judge, name=f"judge{judge}") for judge in range(4)])
    label_model = LabelModelClassifier(classes=[0, 1], scores=labeler.scores)
    model = WeakSupervisionClassifier(labeler, label_model).fit(L)
    assert accuracy_of(model, L, y) > 0.8


# Errors -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ("rating", r"scores is 'rating'; give a list of columns such as \['rating'\], or 'all'"),
        (["ratin"], r"names the column 'ratin', which L does not have; its columns are \['a', 'b'"),
        ([7], "names the column 7, which L does not have"),
        (["a", 0], "scores names 0 twice"),
        ([True, False], "a mask of 2 columns, and L has 3"),
        ([], "scores names no column"),
        (
            {"a": "maybe"},
            r"LF 'a' speaks for 'maybe', which is none of the classes \['no', 'yes'\]",
        ),
    ],
)
def test_scores_that_name_what_is_not_there_are_an_error(scores, message):
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["no", "yes"], "c": ["yes", "no"]})
    with pytest.raises(ValueError, match=message):
        MajorityVoteClassifier(scores=scores, classes=["no", "yes"]).fit(frame)


@pytest.mark.parametrize(
    ("cell", "error", "message"),
    [
        (np.inf, ValueError, "LF 'a', row 1: the score is inf. Put a number"),
        ("7 of 10", TypeError, "LF 'a', row 1: the score '7 of 10' is a str.*pandas.to_numeric"),
        ([3], TypeError, r"LF 'a', row 1: the score \[3\] is a list"),
    ],
)
def test_what_is_no_score_is_an_error_with_its_place(cell, error, message):
    frame = pd.DataFrame({"a": [1.0, cell, 3.0]})
    with pytest.raises(error, match=message):
        MajorityVoteClassifier(scores="all", classes=[0, 1]).fit(frame)


def test_scores_alone_name_no_classes():
    with pytest.raises(ValueError, match=r"Neither votes nor labels name a class.*`classes`"):
        MajorityVoteClassifier(scores="all").fit([[1.0], [2.0]])


def test_of_more_than_two_classes_scores_say_for_which_they_speak():
    with pytest.raises(ValueError, match=r"LF 0 holds scores, and there are 3 classes.*scores=\{"):
        MajorityVoteClassifier(scores="all", classes=[0, 1, 2]).fit([[1.0], [2.0]])


def test_other_columns_than_in_fit_are_an_error():
    L, _ = make_ratings()
    model = MajorityVoteClassifier(scores="all", classes=[0, 1]).fit(L)
    with pytest.raises(ValueError, match=r"X has 5 features, but .* expecting 6"):
        model.predict(L[:, :5])


def test_votes_beside_scores_are_still_checked():
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["yes", "nope"]})
    with pytest.raises(ValueError, match="LF 'b', row 1: the vote 'nope' is none of the classes"):
        MajorityVoteClassifier(scores=["a"], classes=["no", "yes"]).fit(frame)


# Looking at a fit ---------------------------------------------------------------------------------


def test_the_summary_of_scores_adds_up():
    frame, _ = mixture()
    model = LabelModelClassifier(scores=["a", "b", "c"]).fit(frame.round({"a": 0}))
    summary = score_summary(model)
    assert_allclose(summary["share"].groupby("lf").sum(), 1)
    assert_allclose(summary[["no", "yes"]].sum(axis=1), 1)
    words = [
        f"{low:.0f}" if low == high else f"{low:.0f} to {high:.0f}"
        for low, high in model.score_bins_["a"]
    ]
    assert summary.loc["a"].index.tolist() == words


def test_there_is_no_summary_without_scores(binary):
    with pytest.raises(ValueError, match="without scores"):
        score_summary(MajorityVoteClassifier().fit(binary[0]))


@each_model
def test_an_explanation_names_the_scores_of_the_bin(kind):
    frame, _ = mixture()
    frame["a"] = frame["a"].round()
    model = kind(scores=["a", "b", "c"]).fit(frame)
    explained = model.explain(frame.iloc[[0]])
    low, *high = explained.loc["a", "vote"].split(" to ")
    assert float(low) <= frame.loc[0, "a"] <= float(*high or [low])


@each_model
def test_summaries_and_displays_read_a_score_as_the_class_it_leans_to(kind):
    frame, y = mixture()
    model = kind(scores=["a", "b", "c"]).fit(frame)
    summary = lf_summary(frame, y, model)
    assert summary.loc["a", "polarity"] == ["no", "yes"]
    above = np.where(frame["a"] > model.score_bins_["a"][1, 1], "yes", "no")
    assert summary.loc["a", "empirical_accuracy"] == pytest.approx((above == y).mean())
    assert summary.loc["b", "coverage"] == pytest.approx(frame["b"].notna().mean())
    LFAccuracyDisplay.from_estimator(model, frame, y)


@each_model
def test_the_report_reads_scores(kind):
    frame, _ = mixture()
    report = kind(scores=["a", "b", "c"]).fit(frame).report(frame)
    assert report.lfs.loc["a", "reason"] == "gives scores"
    assert not [finding for finding in report.findings if finding.severity == "danger"]


@each_model
def test_columns_without_a_score_are_no_evidence(kind):
    L = pd.DataFrame({"a": [0, 1, 1, 0] * 5, "b": [0, 1, 0, 0] * 5, "c": [0, 1, 1, 1] * 5})
    beside = kind(scores=["s"]).fit(L.assign(s=np.nan)).predict_proba(L.assign(s=np.nan))
    assert_allclose(beside, kind().fit(L).predict_proba(L), rtol=1e-12)


def test_scores_beside_votes_for_one_class_ask_for_the_classes():
    L = pd.DataFrame({"a": [1, None, 1] * 9, "b": [None, 1, 1] * 9, "s": np.linspace(0, 1, 27)})
    told = r"1 is the only class .*`classes`, such as classes=\[0, 1\]"
    with (
        pytest.warns(UserWarning, match="All votes name one class"),
        pytest.raises(ValueError, match=told),
    ):
        LabelModelClassifier(scores=["s"]).fit(L)
    assert LabelModelClassifier(scores=["s"], classes=[0, 1]).fit(L).classes_.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("scores", ["a"]),
        ("dependencies", [("a", "b")]),
        ("prec_init", pd.Series([0.9, 0.6, 0.7, 0.7], index=list("aabc"))),
    ],
)
def test_a_name_that_two_columns_have_says_of_neither(parameter, value):
    L = pd.DataFrame(np.tile([[0, 1, 1, 0], [1, 1, 0, 0]], (9, 1)), columns=list("aabc"))
    with pytest.raises(
        ValueError, match=f"{parameter} names 'a', and L has several columns of this name"
    ):
        LabelModelClassifier(**{parameter: value}).fit(L)
